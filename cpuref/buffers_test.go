package cpuref

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestPoison(t *testing.T) {
	data := make([]float32, 5)
	Poison(data)
	for i, v := range data {
		if bits := math.Float32bits(v); v == v || bits != poison || bits&0x00400000 == 0 {
			t.Errorf("element %d is %v (%#08x), must be the quiet NaN %#08x", i, v, bits, poison)
		}
	}
	Poison(nil)
}

func TestGuard(t *testing.T) {
	words := make([]uint32, 64)
	FillGuard(words)
	if err := CheckGuard("guard", words); err != nil {
		t.Fatal(err)
	}
	for i, right := range words {
		// What a kernel may write there: a zero, a number, NaNs, one bit.
		for _, bad := range []uint32{0, math.Float32bits(1), 0x7fffffff, 0xffffffff, 0x7fc00000, 0xffc00000, poison,
			right ^ 1, right ^ 1<<31} {
			words[i] = bad
			if err := CheckGuard("guard behind the output", words); !errors.Is(err, ErrGuard) {
				t.Fatalf("word %d overwritten with %#08x: error %v, must be ErrGuard", i, bad, err)
			}
		}
		words[i] = right
	}
	words[3], words[9] = 0, 0x3f800000
	err := CheckGuard("guard behind the output", words)
	for _, part := range []string{"guard behind the output", "2 of 64", "word 3:", "0x00000000"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not say %q", err, part)
		}
	}
	if err := CheckGuard("guard", nil); !errors.Is(err, ErrGuard) {
		t.Errorf("no words: error %v, must be ErrGuard", err)
	}
	FillGuard(nil)
}

// Words that were moved are noticed, and every word computes NaN.
func TestGuardWords(t *testing.T) {
	words := make([]uint32, 300)
	FillGuard(words)
	if CheckGuard("guard", words[1:]) == nil {
		t.Error("moved by one word: no error")
	}
	for i, w := range words {
		if v := math.Float32frombits(w); v == v || w>>22 != 0x3ff {
			t.Errorf("word %d is %#08x, must be a quiet NaN with its sign set", i, w)
		}
		if i > 0 && w == words[i-1] {
			t.Errorf("words %d and %d are both %#08x", i-1, i, w)
		}
	}
}

func TestUnchanged(t *testing.T) {
	nan, zero := float32(math.NaN()), float32(0)
	before := []float32{1, nan, zero, -2}
	if err := CheckUnchanged("input volume", before, []float32{1, nan, zero, -2}); err != nil {
		t.Fatal(err)
	}
	for _, after := range [][]float32{
		{math.Nextafter32(1, 2), nan, zero, -2}, {1, 1, zero, -2}, {1, -nan, zero, -2},
		{1, nan, -1 / float32(math.Inf(1)), -2}, {1, nan, zero, 2},
	} {
		if err := CheckUnchanged("input volume", before, after); !errors.Is(err, ErrChanged) {
			t.Errorf("%v to %v: error %v, must be ErrChanged", before, after, err)
		}
	}
	err := CheckUnchanged("input volume", before, []float32{1, 5, zero, 3})
	for _, part := range []string{"input volume", "2 of 4", "element 1", "5"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not say %q", err, part)
		}
	}
	if err := CheckUnchanged("filters", before, before[1:]); !errors.Is(err, ErrShape) {
		t.Errorf("lost an element: error %v, must be ErrShape", err)
	}
	if err := CheckUnchanged("biases", nil, nil); err != nil {
		t.Error(err)
	}
}
