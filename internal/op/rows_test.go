package op_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/shaders"
)

// ones are so many numbers 1, but that the one at a place is another.
func ones(n, place int, other float32) []uint32 {
	words := make([]uint32, n)
	for i := range words {
		words[i] = math.Float32bits(1)
	}
	words[place] = math.Float32bits(other)
	return words
}

// TestLongRows reduces rows of more numbers than a thread could go through, of which none may be left out.
func TestLongRows(t *testing.T) {
	dev := device(t)
	const n = 5 << 20
	for _, place := range []int{0, n / 3, n - 1} {
		for kernel, want := range map[string]float32{"sum": n + 7, "max": 8, "l2": float32(math.Sqrt(n + 63)), "mean": (n + 7.0) / n} {
			got := one(t, dev, ones(n, place, 8), 1, func(p *exec.Plan, in, out int) error {
				return op.Reduce(p, kernel, op.Contiguous(1).Of(out), op.Contiguous(n).Of(in), []int{0})
			})
			if v := math.Float32frombits(got[0]); math.Abs(float64(v-want)) > 1e-6*float64(want) {
				t.Errorf("%s with 8 at %d is %v, must be %v", kernel, place, v, want)
			}
		}
	}
}

// TestManyOfARow normalizes a row of 2^20 numbers, and one of as many beside 31 others.
func TestManyOfARow(t *testing.T) {
	dev := device(t)
	for name, c := range map[string]struct {
		shape []int
		axis  int
	}{"alone": {[]int{1, 1 << 20}, 1}, "beside others": {[]int{1 << 15, 32}, 0}} {
		x := op.Contiguous(c.shape...)
		words := make([]uint32, x.Count())
		for i := range words {
			words[i] = math.Float32bits(float32(3 + 2*(i/32%2))) // 3 and 5
		}
		got := one(t, dev, words, len(words), func(p *exec.Plan, in, out int) error {
			return op.Normalize(p, x.Of(out), x.Of(in), []int{c.axis}, op.Normalization{})
		})
		for i, w := range got {
			want := float32(i/32%2*2 - 1)
			if v := math.Float32frombits(w); math.Abs(float64(v-want)) > 1e-5 {
				t.Fatalf("%s: number %d is %v, must be %v", name, i, v, want)
			}
		}
	}
}

// TestRowErrors gives kernels of rows what they can not compute.
func TestRowErrors(t *testing.T) {
	var p exec.Plan
	x := p.Add(exec.Operand{Name: "x", Role: exec.Input, Count: 24, DType: shaders.Float32})
	i := p.Add(exec.Operand{Name: "i", Role: exec.Input, Count: 24, DType: shaders.Int32})
	v := p.Add(exec.Operand{Name: "v", Role: exec.Output, Count: 24, DType: shaders.Float32})
	long := p.Add(exec.Operand{Name: "long", Role: exec.Input, Count: 1 << 25, DType: shaders.Float32})
	large := op.Contiguous(1 << 25)
	in, none := op.Contiguous(2, 3, 4), op.Contiguous(0, 3)
	whole := op.Contiguous(24).Of(v)
	wide := op.Contiguous(5).Of(x)
	for name, c := range map[string]struct {
		err   error
		want  error
		names []string
	}{
		"no numbers":     {op.Reduce(&p, "sum", op.Contiguous(3).Of(v), none.Of(x), []int{0}), op.ErrShape, []string{"[0 3]"}},
		"no kernel":      {op.Reduce(&p, "median", op.Contiguous(2, 3).Of(v), in.Of(x), []int{2}), op.ErrKernel, []string{"median"}},
		"of whole":       {op.Reduce(&p, "l2", op.Contiguous(2, 3).Of(i), in.Of(i), []int{2}), op.ErrKernel, []string{"l2", "int32"}},
		"two types":      {op.Reduce(&p, "sum", op.Contiguous(2, 3).Of(v), in.Of(i), []int{2}), op.ErrType, []string{"int32"}},
		"shape":          {op.Reduce(&p, "sum", op.Contiguous(2, 4).Of(v), in.Of(x), []int{2}), op.ErrShape, []string{"[2 3 4]", "[2]", "[2 4]"}},
		"more axes":      {op.Reduce(&p, "sum", op.Contiguous(2, 3, 1, 1).Of(v), in.Of(x), []int{2}), op.ErrShape, []string{"[2 3 1 1]"}},
		"fewer axes":     {op.Reduce(&p, "sum", op.Contiguous(2).Of(v), in.Of(x), []int{2}), op.ErrShape, nil},
		"no axis":        {op.Reduce(&p, "sum", in.Of(v), in.Of(x), []int{3}), op.ErrView, []string{"[3]"}},
		"an axis twice":  {op.Softmax(&p, in.Of(v), in.Of(x), []int{1, 1}), op.ErrView, []string{"[1 1]"}},
		"other shape":    {op.Softmax(&p, whole, in.Of(x), []int{1}), op.ErrShape, []string{"[24]", "[2 3 4]"}},
		"of integers":    {op.LogSoftmax(&p, in.Of(v), in.Of(i), []int{1}), op.ErrType, []string{"i"}},
		"places as real": {op.Extreme(&p, "largest", op.Contiguous(2, 3).Of(v), in.Of(x), 2, false), op.ErrType, []string{"int32"}},
		"no extreme":     {op.Extreme(&p, "middle", op.Contiguous(2, 3).Of(i), in.Of(x), 2, false), op.ErrKernel, []string{"smallest"}},
		"one hot":        {op.Hardmax(&p, in.Of(v), in.Of(i), []int{2}), op.ErrType, []string{"float32"}},
		"too long":       {op.Softmax(&p, large.Of(long), large.Of(long), []int{0}), op.ErrLong, []string{"33554432"}},
		"scale":          {op.Normalize(&p, in.Of(v), in.Of(x), []int{2}, op.Normalization{Scale: &wide, Bias: &wide}), op.ErrShape, []string{"[5]", "[2 3 4]"}},
		"a scale alone":  {op.Normalize(&p, in.Of(v), in.Of(x), []int{2}, op.Normalization{Scale: &wide}), op.ErrShape, []string{"bias"}},
		"statistics":     {op.Normalize(&p, in.Of(v), in.Of(x), []int{2}, op.Normalization{Mean: &whole, Inverse: &whole}), op.ErrShape, []string{"6 rows", "[24]"}},
		"sums":           {op.Cumulate(&p, in.Of(v), in.Of(i), 1, false, false), op.ErrType, []string{"int32"}},
		"sums of what":   {op.Cumulate(&p, in.Of(v), in.Of(x), -1, false, false), op.ErrView, []string{"[-1]"}},
		"right":          {op.Reduce(&p, "sum", op.Contiguous(2, 1, 1).Of(v), in.Of(x), []int{2, 1}), nil, nil},
		"right too":      {op.Reduce(&p, "sum", op.Contiguous().Of(v), in.Of(x), []int{0, 1, 2}), nil, nil},
		"of no axes":     {op.Reduce(&p, "sum", in.Of(v), in.Of(x), nil), nil, nil},
	} {
		if !errors.Is(c.err, c.want) || c.want == nil && c.err != nil {
			t.Errorf("%s: %v, must wrap %v", name, c.err, c.want)
		}
		for _, part := range c.names {
			if c.err == nil || !strings.Contains(c.err.Error(), part) {
				t.Errorf("%s: %v, must name %s", name, c.err, part)
			}
		}
	}
}
