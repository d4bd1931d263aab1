package onnx

import (
	"math"
	"slices"
	"testing"
)

// What a tensor's numbers become in each form that a caller can ask for.
func TestNumbers(t *testing.T) {
	half := func(bits ...byte) Tensor {
		return Tensor{Type: Float16, Dims: []int64{int64(len(bits) / 2)}, data: bits}
	}
	values, err := half(0, 0, 0, 0x80, 1, 0, 0xff, 0x03, 0, 0x04, 0, 0x7c, 0, 0xfc, 1, 0x7c).Doubles()
	want := []float64{0, math.Copysign(0, -1), 0x1p-24, 1023 * 0x1p-24, 0x1p-14, math.Inf(1), math.Inf(-1), math.NaN()}
	same := func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) || a != a && b != b }
	if err != nil || !slices.EqualFunc(values, want, same) {
		t.Errorf("%v, %v, must be %v", values, err, want)
	}
	// All of a binary16's numbers are in order, one last place apart.
	for h := uint16(1); h < 0x7c00; h++ {
		step := fromHalf(h) - fromHalf(h-1)
		if exponent := max(int(h-1)>>10, 1); step != math.Ldexp(1, exponent-25) || fromHalf(h|0x8000) != -fromHalf(h) {
			t.Fatalf("%#x is %v, and %#x is %v", h, fromHalf(h), h-1, fromHalf(h-1))
		}
	}

	// A whole number is rounded to float32 once: by way of float64 this one would become 1<<60.
	const odd = 1<<60 + 1<<36 + 1
	whole := IntTensor("", nil, []int64{odd})
	for _, x := range []Tensor{whole, {Type: Uint64, data: whole.data}} {
		if f, err := x.Floats(); err != nil || f[0] != 1<<60+1<<37 {
			t.Errorf("%v: %v, %v", x.Type, f, err)
		}
		if n, err := x.Ints(); err != nil || n[0] != odd {
			t.Errorf("%v: %v, %v", x.Type, n, err)
		}
	}
	signalling := []float32{math.Float32frombits(0x7f800001)}
	if f, err := FloatTensor("", nil, signalling).Floats(); err != nil || !sameFloats(f, signalling) {
		t.Errorf("%x, %v", math.Float32bits(f[0]), err)
	}
	big := Tensor{Type: Double, data: []byte{0, 0, 0, 0, 0, 0, 0xf0, 0x7e}}
	if f, err := big.Floats(); err != nil || !math.IsInf(float64(f[0]), 1) {
		t.Errorf("%v, %v", f, err)
	}
	yes := Tensor{Type: Bool, Dims: []int64{3}, data: []byte{0, 1, 255}}
	if n, err := yes.Ints(); err != nil || !slices.Equal(n, []int64{0, 1, 1}) {
		t.Errorf("%v, %v", n, err)
	}
	words := Tensor{Type: String, Dims: []int64{2}, strings: []string{"a", ""}}
	if s, err := words.Strings(); err != nil || !slices.Equal(s, []string{"a", ""}) {
		t.Errorf("%q, %v", s, err)
	}
}

// What cannot be asked of a tensor, and tensors that nobody can have read.
func TestNoNumbers(t *testing.T) {
	words := Tensor{Name: "s", Type: String, strings: []string{"a"}}
	high := Tensor{Name: "u", Type: Uint64, data: []byte{0, 0, 0, 0, 0, 0, 0, 0x80}}
	for _, c := range []struct {
		tensor Tensor
		ask    func(x Tensor) error
		kind   error
		words  string
	}{
		{words, floatsOf, ErrUnsupported, `tensor "s" is of strings, must be of numbers`},
		{words, intsOf, ErrUnsupported, `tensor "s" is of strings, must be of numbers`},
		{FloatTensor("f", nil, []float32{1}), intsOf, ErrUnsupported,
			`tensor "f" is of float32, must be of whole numbers`},
		{FloatTensor("f", nil, []float32{1}), stringsOf, ErrUnsupported,
			`tensor "f" is of float32, must be of strings`},
		{high, intsOf, ErrUnsupported, `tensor "u" holds 9223372036854775808, must be 9223372036854775807 at most`},
		{FloatTensor("f", []int64{2}, []float32{1}), floatsOf, ErrFormat, `tensor "f" of shape [2] has 4 bytes`},
		{FloatTensor("f", []int64{1 << 40, 1 << 22}, nil), floatsOf, ErrFormat,
			"must have 4611686018427387904 of 4 bytes"},
		{IntTensor("i", []int64{-1}, nil), intsOf, ErrFormat, `tensor "i": dimension 0 is -1`},
		{Tensor{Name: "s", Type: String}, stringsOf, ErrFormat, `tensor "s" of shape [] has 0 strings, must have 1`},
		{Tensor{Type: Float, Dims: []int64{0}, strings: []string{""}}, floatsOf, ErrFormat, "tensor without a name"},
		{Tensor{Type: String, Dims: []int64{0}, data: []byte{1}}, stringsOf, ErrFormat, "has 0 strings, must have 0"},
		{Tensor{}, floatsOf, ErrUnsupported, "tensor without a name is of undefined"},
		{Tensor{}, marshalled, ErrUnsupported, "undefined"},
	} {
		wantError(t, c.ask(c.tensor), c.kind, c.words)
	}
}

func floatsOf(x Tensor) error  { _, err := x.Floats(); return err }
func intsOf(x Tensor) error    { _, err := x.Ints(); return err }
func stringsOf(x Tensor) error { _, err := x.Strings(); return err }

func marshalled(x Tensor) error { _, err := MarshalTensor(x); return err }
