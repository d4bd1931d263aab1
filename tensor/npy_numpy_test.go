package tensor

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func numpyFile(name string) string { return filepath.Join("testdata", "npy", name+".npy") }

// The files are NumPy's own; see testdata/make.py.
func TestReadNumPyTypes(t *testing.T) {
	want := map[byte][]float32{
		'f': {0, 1, -2, 0.5, 1024, -0.25},
		'i': {0, 1, -2, 3, 100, -128},
		'u': {0, 1, 2, 3, 100, 255},
		'b': {0, 1, 1, 0, 0, 1},
	}
	for _, kind := range strings.Fields("f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1") {
		marks := []string{"le", "be"}
		if kind[1] == '1' {
			marks = []string{"na"}
		}
		for _, mark := range marks {
			for _, order := range []string{"c", "fortran"} {
				name := kind + "_" + mark + "_" + order
				a, err := ReadNPYFile(numpyFile(name))
				if err != nil {
					t.Errorf("%s: %v", name, err)
				} else if !slices.Equal(a.Shape, []int{2, 3}) || !slices.Equal(a.Data, want[kind[0]]) {
					t.Errorf("%s: got %v %v, want [2 3] %v", name, a.Shape, a.Data, want[kind[0]])
				}
			}
		}
	}
}

func TestReadNumPyShapes(t *testing.T) {
	for _, test := range []struct {
		name string
		want Array
	}{
		{"rank0", Array{Shape: []int{}, Data: []float32{7.5}}},
		{"rank1", upTo(5)},
		{"rank3_fortran", upTo(2, 3, 4)},
		{"rank4", upTo(2, 1, 3, 4)},
		{"rank32", upTo(append(slices.Repeat([]int{1}, 31), 2)...)},
		{"empty", upTo(0, 3)},
		{"version2", upTo(3)},
		{"version3", upTo(3)},
	} {
		a, err := ReadNPYFile(numpyFile(test.name))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		} else if !slices.Equal(a.Shape, test.want.Shape) || !slices.Equal(a.Data, test.want.Data) {
			t.Errorf("%s: got %v, want %v", test.name, a, test.want)
		}
	}
}

func TestReadNumPyRounding(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for name, want := range map[string][]float32{
		"round_f8":   {0x1.555556p-2, inf, -inf, 0, nan, inf},
		"round_i8":   {0x1p24, 0x1p24 + 4, 0x1p62, -0x1p63},
		"round_u8":   {0x1p64, 0x1p53},
		"special_f2": {65504, 0x1p-24, -0x3efp-24, inf, -inf, nan, float32(math.Copysign(0, -1))},
	} {
		a, err := ReadNPYFile(numpyFile(name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// By bits, so that -0 is not 0; any NaN is as good as another.
		same := func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b }
		if !slices.EqualFunc(a.Data, want, same) {
			t.Errorf("%s: got %v, want %v", name, a.Data, want)
		}
	}
}

func TestNumPyTypesRefused(t *testing.T) {
	for name, want := range map[string]string{"complex": `dtype "<c8" is not supported`,
		"record": "the dtype is structured"} {
		_, err := ReadNPYFile(numpyFile(name))
		if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q in it", name, err, want)
		}
	}
}

// What NumPy writes and what WriteNPY writes are the same bytes.
func TestWriteLikeNumPy(t *testing.T) {
	for _, name := range []string{"f4_le_c", "rank0", "rank1", "rank4", "rank32", "empty"} {
		want, err := os.ReadFile(numpyFile(name))
		if err != nil {
			t.Fatal(err)
		}
		a, err := ReadNPY(bytes.NewReader(want))
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		if err := WriteNPY(&got, a); err != nil {
			t.Error(err)
		}
		if !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%s: got %q, want %q", name, got.Bytes(), want)
		}
	}
}

// All finite halves against the definition: sign * fraction * 2^exponent.
func TestHalfToFloat(t *testing.T) {
	for h := range 1 << 16 {
		exponent, fraction := h>>10&31, h&1023
		want := math.Ldexp(float64(fraction), -24)
		switch {
		case exponent == 31 && fraction != 0:
			want = math.NaN()
		case exponent == 31:
			want = math.Inf(1)
		case exponent > 0:
			want = math.Ldexp(float64(1024+fraction), exponent-25)
		}
		if h>>15 == 1 {
			want = -want
		}
		got := float64(FromHalf(uint16(h)))
		if got != want && !(got != got && want != want) || math.Signbit(got) != math.Signbit(want) && want == want {
			t.Fatalf("%#04x: got %v, want %v", h, got, want)
		}
	}
}
