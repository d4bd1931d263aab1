package shaders

import (
	"errors"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
)

func TestPlacementCheck(t *testing.T) {
	for _, c := range []struct {
		at               Placement
		pixels, channels int64
		words            string // of the error, empty for none
	}{
		{Placement{}, 1 << 20, 7, ""}, // alone, where Fits tells whether it may be so large
		{Placement{Pitch: 7}, 100, 7, ""},
		{Placement{Pitch: 12, First: 5}, 100, 7, ""},
		{Placement{Pitch: 11, First: 5}, 100, 7, "channels 5 to 11 of volumes with 11"},
		{Placement{First: 1}, 100, 7, "channels 1 to 7 of volumes with 0"},
		{Placement{Pitch: 1<<32 - 1, First: 1<<32 - 1}, 1, 7, "channels 4294967295 to 4294967301"},
		{Placement{Pitch: 1 << 16}, 1<<16 - 1, 7, ""},
		{Placement{Pitch: 1 << 16}, 1 << 16, 7, "65536 pixels of 65536 channels"},
	} {
		err := c.at.Check(c.pixels, c.channels)
		if c.words == "" && err != nil || c.words != "" &&
			(!errors.Is(err, ErrPlacement) || !strings.Contains(err.Error(), c.words)) {
			t.Errorf("%+v of %d channels of %d pixels: %v, must say %q", c.at, c.channels, c.pixels, err, c.words)
		}
	}
}

func TestPlacementAligned(t *testing.T) {
	for at, want := range map[Placement]bool{{}: true, {8, 4}: true, {8, 2}: false, {6, 4}: false} {
		if got := at.Aligned(4); got != want {
			t.Errorf("%+v at multiples of 4: %v", at, got)
		}
	}
}

// TestPlace: a volume that is placed nowhere stands alone, whatever was placed before.
func TestPlace(t *testing.T) {
	p, err := conv.Parse("ic4ih5oc6kh3")
	if err != nil {
		t.Fatal(err)
	}
	alone := Forward(p, conv.Epilogue{})
	placed := alone.Place(Placement{9, 2}, Placement{8, 1}, Placement{7, 0})
	want := alone
	want.XPitch, want.XFirst, want.VPitch, want.VFirst, want.RPitch, want.RFirst = 9, 2, 8, 1, 7, 0
	if placed != want {
		t.Errorf("placed %+v, must be %+v", placed, want)
	}
	if again := placed.Place(Placement{}, Placement{}, Placement{}); again != alone {
		t.Errorf("alone again %+v, must be %+v", again, alone)
	}
	if got := ReLUInPlace(p, Placement{}); got != (ReLUParams{3 * 3 * 6, 6, 6, 0}) {
		t.Errorf("relu alone %+v", got)
	}
	if got := ReLUInPlace(p, Placement{9, 2}); got != (ReLUParams{3 * 3 * 6, 6, 9, 2}) {
		t.Errorf("relu placed %+v", got)
	}
}
