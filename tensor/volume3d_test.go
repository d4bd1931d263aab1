package tensor

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

func TestVolumeIsNZHWC(t *testing.T) {
	v, err := NewVolume3D(2, 3, 2, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	copy(v.Data, upTo(48).Data)
	if v.Len() != 48 || v.Planes() != 3 || v.String() != "2x3x2x2x2 (NZHWC)" ||
		!slices.Equal(v.Array().Shape, []int{2, 3, 2, 2, 2}) {
		t.Errorf("%v: Len %d, Planes %d, shape %v", v, v.Len(), v.Planes(), v.Array().Shape)
	}
	if got := v.Index3D(1, 2, 1, 0, 1); got != 24+16+4+1 {
		t.Errorf("Index3D(1, 2, 1, 0, 1) is %d, must be 45", got)
	}
	if got := v.Index(1, 1, 0, 1); got != 24+4+1 {
		t.Errorf("Index(1, 1, 0, 1) is %d, must be 29", got)
	}
	image := v.Image(1)
	if image.Planes() != 3 || len(image.Data) != 24 || image.Plane(2).At(1, 1, 0) != 24+16+6 ||
		image.Plane(2).Planes() != 1 {
		t.Errorf("image 1 is %v %v, its plane 2 %v", image, image.Data, image.Plane(2).Data)
	}
	for _, z := range []int{-1, 3} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Plane(%d) did not panic", z)
				}
			}()
			v.Plane(z)
		}()
	}
	if _, err := Maps(v, MapOptions{}); err != nil {
		t.Errorf("Maps: %v", err)
	}
}

// A literal without Z is a volume of one plane.
func TestNoZIsOne(t *testing.T) {
	v := Volume{N: 2, H: 1, W: 2, D: 2, Data: upTo(8).Data}
	if err := v.Validate(); err != nil || v.Planes() != 1 || v.Len() != 8 || v.Index(1, 0, 1, 1) != 7 ||
		v.Index3D(1, 0, 0, 1, 1) != 7 {
		t.Errorf("%v: %v, Planes %d, Len %d", v, err, v.Planes(), v.Len())
	}
	if v.String() != "2x1x2x2 (NHWC)" || !slices.Equal(v.Array().Shape, []int{2, 1, 2, 2}) ||
		v.Image(1).At(1, 0, 1) != 7 {
		t.Errorf("%v, shape %v, image 1 %v", v, v.Array().Shape, v.Image(1).Data)
	}
	f := Filters{K: 2, H: 1, W: 2, D: 2, Data: upTo(8).Data, Bias: []float32{1, 2}}
	if err := f.Validate(); err != nil || f.Len() != 8 || f.At(1, 1, 0, 1) != 7 || f.Bank(0).BiasAt(1) != 2 {
		t.Errorf("%v: %v, Len %d", f, err, f.Len())
	}
}

func TestShapes3D(t *testing.T) {
	for name, err := range map[string]error{
		"volume of Z -1":  Volume{N: 1, Z: -1, H: 1, W: 1, D: 1, Data: make([]float32, 1)}.Validate(),
		"volume's data":   Volume{N: 1, Z: 2, H: 1, W: 1, D: 1, Data: make([]float32, 1)}.Validate(),
		"filters of Z -1": Filters{K: 1, Z: -1, H: 1, W: 1, D: 1, Data: make([]float32, 1)}.Validate(),
		"banks -1":        Filters{Banks: -1, K: 1, H: 1, W: 1, D: 1, Data: make([]float32, 1)}.Validate(),
		"filters' data":   Filters{Banks: 2, K: 1, Z: 2, H: 1, W: 1, D: 1, Data: make([]float32, 3)}.Validate(),
		"biases of banks": Filters{Banks: 2, K: 1, H: 1, W: 1, D: 1, Data: make([]float32, 2),
			Bias: make([]float32, 1)}.Validate(),
		"NewVolume3D":       second(NewVolume3D(1, 0, 1, 1, 1)),
		"NewVolume3D huge":  second(NewVolume3D(1<<20, 1<<20, 1<<20, 1, 1)),
		"NewFilterBanks":    second(NewFilterBanks(0, 1, 1, 1, 1, 1)),
		"NewFilterBanks z":  second(NewFilterBanks(1, 1, 0, 1, 1, 1)),
		"NewFilterBanks -k": second(NewFilterBanks(1, -1, 1, 1, 1, 1)),
	} {
		if !errors.Is(err, ErrShape) {
			t.Errorf("%s: error %v, must be ErrShape", name, err)
		}
	}
	if err := second(NewVolume3D(1, -2, 1, 1,
		1)); fmt.Sprint(err) != "tensor: volume: Z is -2; it must be at least 1" {
		t.Error(err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestFilterBanks(t *testing.T) {
	f, err := NewFilterBanks(3, 2, 2, 1, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	copy(f.Data, upTo(48).Data)
	copy(f.Bias, upTo(6).Data)
	if err := f.Validate(); err != nil || f.Len() != 48 || f.String() != "3 banks of 2x2x1x2x2 (OZHWI)" {
		t.Errorf("%v: %v, Len %d", f, err, f.Len())
	}
	if got := f.Array().Shape; !slices.Equal(got, []int{3, 2, 2, 1, 2, 2}) {
		t.Errorf("shape %v", got)
	}
	b := f.Bank(2)
	if b.Validate() != nil || b.BiasAt(1) != 5 || len(b.Filter(1)) != 8 || b.Filter(1)[7] != 47 ||
		b.String() != "2x2x1x2x2 (OZHWI)" {
		t.Errorf("bank 2 is %v %v, biases %v", b, b.Data, b.Bias)
	}
	f.Bias = nil
	if f.Bank(1).BiasAt(1) != 0 || f.Validate() != nil {
		t.Error("a nil Bias is not 0")
	}
}
