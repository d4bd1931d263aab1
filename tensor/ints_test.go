package tensor

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestInts holds that arrays of whole numbers are written as NumPy writes int64, and taken nowhere as float32 ones.
func TestInts(t *testing.T) {
	a := Array{Shape: []int{2, 2}, Ints: []int64{1, -2, 1 << 40, 0}}
	var b bytes.Buffer
	if err := WriteNPY(&b, a); err != nil {
		t.Fatal(err)
	}
	header, data := b.String()[:128], b.Bytes()[128:]
	want := []byte{1, 0, 0, 0, 0, 0, 0, 0, 254, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0}
	if !strings.Contains(header, "'<i8'") || !slices.Equal(data, want) {
		t.Errorf("%q %v, must be %v", header, data, want)
	}
	if read, err := ReadNPY(&b); err != nil || !slices.Equal(read.Data, []float32{1, -2, 1 << 40, 0}) {
		t.Errorf("read back as %v, error %v", read, err)
	}
	both := Array{Shape: []int{1}, Data: []float32{1}, Ints: []int64{1}}
	short := Array{Shape: []int{2}, Ints: []int64{1}}
	for _, err := range []error{
		both.Validate(),
		short.Validate(),
		func() error { _, err := VolumeFrom(a, NHWC); return err }(),
		func() error { _, err := BiasFrom(a); return err }(),
		func() error {
			_, err := FilterBanksFrom(Array{Shape: []int{1, 1, 1, 1, 1}, Ints: []int64{1}}, OHWI)
			return err
		}(),
	} {
		if !errors.Is(err, ErrShape) {
			t.Errorf("error %v, must be ErrShape", err)
		}
	}
}
