package op_test

import (
	"math"
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
		root := float32(math.Sqrt(n + 63))
		for kernel, want := range map[string]float32{"sum": n + 7, "max": 8, "l2": root, "mean": (n + 7.0) / n} {
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
	in, sums, large := op.Contiguous(2, 3, 4), op.Contiguous(2, 3), op.Contiguous(1<<25)
	whole, wide := op.Contiguous(24).Of(v), op.Contiguous(5).Of(x)
	last := []int{2}
	refuse(t, op.Reduce(&p, "sum", op.Contiguous(3).Of(v), op.Contiguous(0, 3).Of(x), last), op.ErrShape, "[0 3]")
	refuse(t, op.Reduce(&p, "median", sums.Of(v), in.Of(x), last), op.ErrKernel, "median")
	refuse(t, op.Reduce(&p, "l2", sums.Of(i), in.Of(i), last), op.ErrKernel, "l2", "int32")
	refuse(t, op.Reduce(&p, "sum", sums.Of(v), in.Of(i), last), op.ErrType, "int32")
	refuse(t, op.Reduce(&p, "sum", op.Contiguous(2, 4).Of(v), in.Of(x), last), op.ErrShape, "[2 3 4]", "[2]", "[2 4]")
	refuse(t, op.Reduce(&p, "sum", op.Contiguous(2, 3, 1, 1).Of(v), in.Of(x), last), op.ErrShape, "[2 3 1 1]")
	refuse(t, op.Reduce(&p, "sum", op.Contiguous(2).Of(v), in.Of(x), last), op.ErrShape, "[2 3 4]")
	refuse(t, op.Reduce(&p, "sum", in.Of(v), in.Of(x), []int{3}), op.ErrView, "[3]")
	accept(t, op.Reduce(&p, "sum", op.Contiguous(2, 1, 1).Of(v), in.Of(x), []int{2, 1}))
	accept(t, op.Reduce(&p, "sum", op.Contiguous().Of(v), in.Of(x), []int{0, 1, 2}))
	accept(t, op.Reduce(&p, "sum", in.Of(v), in.Of(x), nil))

	refuse(t, op.Softmax(&p, in.Of(v), in.Of(x), []int{1, 1}), op.ErrView, "[1 1]")
	refuse(t, op.Softmax(&p, whole, in.Of(x), last), op.ErrShape, "[24]", "[2 3 4]")
	refuse(t, op.LogSoftmax(&p, in.Of(v), in.Of(i), last), op.ErrType, "int32")
	refuse(t, op.Softmax(&p, large.Of(long), large.Of(long), []int{0}), op.ErrLong, "33554432")
	refuse(t, op.Extreme(&p, "largest", sums.Of(v), in.Of(x), 2, false), op.ErrType, "int32")
	refuse(t, op.Extreme(&p, "middle", sums.Of(i), in.Of(x), 2, false), op.ErrKernel, "middle", "smallest")
	refuse(t, op.Hardmax(&p, in.Of(v), in.Of(i), last), op.ErrType, "float32")

	scaled := op.Normalization{Scale: &wide, Bias: &wide}
	refuse(t, op.Normalize(&p, in.Of(v), in.Of(x), last, scaled), op.ErrShape, "[5]", "[2 3 4]")
	refuse(t, op.Normalize(&p, in.Of(v), in.Of(x), last, op.Normalization{Scale: &wide}), op.ErrShape, "bias")
	measured := op.Normalization{Mean: &whole, Inverse: &whole}
	refuse(t, op.Normalize(&p, in.Of(v), in.Of(x), last, measured), op.ErrShape, "6 rows", "[24]")
	refuse(t, op.Cumulate(&p, in.Of(v), in.Of(i), 1, false, false), op.ErrType, "int32")
	refuse(t, op.Cumulate(&p, in.Of(v), in.Of(x), -1, false, false), op.ErrView, "[-1]")
}
