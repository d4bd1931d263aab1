package tensor

import (
	"errors"
	"slices"
	"testing"
)

func TestFiltersAreOHWI(t *testing.T) {
	f, err := NewFilters(2, 3, 4, 2)
	if err != nil {
		t.Fatal(err)
	}
	f.Set(1, 3, 2, 1, 5) // the last weight of all
	f.Set(1, 2, 0, 0, 6)
	if f.Data[47] != 5 || f.Data[24+4] != 6 {
		t.Errorf("Set: %v", f.Data)
	}
	if got := f.At(1, 3, 2, 1); got != 5 {
		t.Errorf("At: got %v, want 5", got)
	}
	if got := f.Filter(1); len(got) != 24 || cap(got) != 24 || got[23] != 5 {
		t.Errorf("Filter(1): %v", got)
	}
	if f.Len() != 48 || f.String() != "2x3x4x2 (OHWI)" {
		t.Errorf("Len %d, String %s", f.Len(), f)
	}
	if got := f.Array().Shape; !slices.Equal(got, []int{2, 3, 4, 2}) {
		t.Errorf("Array: shape %v", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("At with x = W did not panic")
		}
	}()
	f.At(0, 4, 0, 0)
}

func TestFiltersBias(t *testing.T) {
	f, _ := NewFilters(2, 1, 1, 1)
	f.Bias[1] = 3
	if f.BiasAt(0) != 0 || f.BiasAt(1) != 3 {
		t.Errorf("BiasAt: %v %v, want 0 3", f.BiasAt(0), f.BiasAt(1))
	}
	if err := f.Validate(); err != nil {
		t.Error(err)
	}
	f.Bias = nil
	if f.BiasAt(1) != 0 {
		t.Error("a nil Bias is not 0")
	}
	if err := f.Validate(); err != nil {
		t.Error(err)
	}
	f.Bias = make([]float32, 3)
	if err := f.Validate(); !errors.Is(err, ErrShape) {
		t.Errorf("3 biases for 2 filters: %v", err)
	}
	f.Bias, f.Data = nil, f.Data[:1]
	if err := f.Validate(); !errors.Is(err, ErrShape) {
		t.Errorf("1 weight of 2: %v", err)
	}
}
