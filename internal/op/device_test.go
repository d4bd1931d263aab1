package op_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/shaders"
)

func device(t testing.TB) *exec.Device { return exec.On(hosttest.Open(t).GPU()) }

// ramp are words, no two alike.
func ramp(n int) []uint32 {
	words := make([]uint32, n)
	for i := range words {
		words[i] = math.Float32bits(float32(i) + 0.5)
	}
	return words
}

// one runs steps from one tensor to another of n words.
func one(t *testing.T, dev *exec.Device, x []uint32, n int, add func(p *exec.Plan, x, v int) error) []uint32 {
	t.Helper()
	from := []hosttest.Numbers{{DType: shaders.Float32, Words: x}}
	to := []hosttest.Numbers{{DType: shaders.Float32, Words: make([]uint32, n)}}
	got, err := hosttest.RunSteps(dev, from, to, func(p *exec.Plan, in, out []int) error { return add(p, in[0], out[0]) })
	if err != nil {
		t.Fatal(err)
	}
	return got[0]
}

// TestRanks turns around all axes of tensors of no axis to eight.
func TestRanks(t *testing.T) {
	dev := device(t)
	sizes := []int{3, 2, 4, 1, 2, 3, 2, 5}
	for rank := range len(sizes) + 1 {
		shape := sizes[:rank]
		n := op.Contiguous(shape...).Count()
		axes := make([]int, rank)
		for i := range axes {
			axes[i] = rank - 1 - i
		}
		x := must[op.View](t)(op.Contiguous(shape...).Permute(axes...))
		v := op.Contiguous(x.Shape...)
		got := one(t, dev, ramp(n), n, func(p *exec.Plan, in, out int) error { return op.Copy(p, v.Of(out), x.Of(in)) })
		if want := hosttest.Seen(x, ramp(n)); !slices.Equal(got, want) {
			t.Errorf("%v: %v, must be %v", shape, got, want)
		}
	}
}

// TestSizes copies as many numbers as a workgroup copies, and about as many, on one axis and on two.
func TestSizes(t *testing.T) {
	dev := device(t)
	for _, n := range []int{1, 2, 3, 4, 255, 256, 257, 1023, 1024, 1025, 4096, 70001} {
		wide := must[op.View](t)(op.Contiguous(n, 2).Slice(1, 1, 1, 1))
		for name, x := range map[string]op.View{"flat": op.Contiguous(n, 1), "strided": wide} {
			got := one(t, dev, ramp(2*n), n, func(p *exec.Plan, in, out int) error {
				return op.Pointwise(p, "neg", 0, 0, op.Contiguous(n, 1).Of(out), x.Of(in))
			})
			for i, w := range hosttest.Seen(x, ramp(2*n)) {
				if got[i] != w|1<<31 {
					t.Fatalf("%s, %d numbers: number %d is %#x, must be %#x", name, n, i, got[i], w|1<<31)
				}
			}
		}
	}
}

// TestPointwiseErrors gives kernels what they can not compute.
func TestPointwiseErrors(t *testing.T) {
	var p exec.Plan
	x := p.Add(exec.Operand{Name: "x", Role: exec.Input, Count: 12, DType: shaders.Float32})
	i := p.Add(exec.Operand{Name: "i", Role: exec.Input, Count: 12, DType: shaders.Int32})
	h := p.Add(exec.Operand{Name: "h", Role: exec.Input, Count: 12, DType: shaders.Float16})
	v := p.Add(exec.Operand{Name: "v", Role: exec.Output, Count: 1 << 10, DType: shaders.Float32})
	row, nine := op.Contiguous(12), slices.Repeat([]int{2}, 9)
	apart := op.View{Shape: nine, Strides: slices.Repeat([]int{1}, 9)}
	turned := []op.Axis{{Start: 11, Step: -1}}
	for name, c := range map[string]struct {
		err   error
		want  error
		names []string // that the error must have
	}{
		"no kernel":        {op.Pointwise(&p, "plus", 0, 0, row.Of(v), row.Of(x), row.Of(x)), op.ErrKernel, []string{"plus"}},
		"of one":           {op.Pointwise(&p, "add", 0, 0, row.Of(v), row.Of(x)), op.ErrKernel, []string{"add"}},
		"of both types":    {op.Pointwise(&p, "add", 0, 0, row.Of(v), row.Of(x), row.Of(i)), op.ErrKernel, []string{"int32"}},
		"of float16":       {op.Pointwise(&p, "neg", 0, 0, row.Of(v), row.Of(h)), op.ErrType, []string{"float16"}},
		"of whole":         {op.Pointwise(&p, "neg", 0, 0, row.Of(v), row.Of(i)), op.ErrType, []string{"neg", "float32"}},
		"shapes":           {op.Pointwise(&p, "neg", 0, 0, op.Contiguous(3, 4).Of(v), op.Contiguous(4, 3).Of(x)), op.ErrShape, []string{"[3 4]", "[4 3]"}},
		"nine axes":        {op.Copy(&p, op.Contiguous(nine...).Of(v), apart.Of(x)), op.ErrRank, []string{"9", "8"}},
		"too large":        {op.Copy(&p, row.Of(v), op.Contiguous(13).Of(x)), op.ErrView, []string{"13"}},
		"maps":             {op.Map(&p, row.Of(v), row.Of(x), nil, op.Constant, 0), op.ErrShape, []string{"[12]"}},
		"outsides":         {op.Map(&p, row.Of(v), row.Of(x), turned, "mirror", 0), op.ErrKernel, []string{"mirror", "reflect"}},
		"far away":         {op.Map(&p, row.Of(v), row.Of(x), []op.Axis{{Start: 0, Step: 1 << 40}}, op.Wrap, 0), op.ErrShape, []string{"1099511627776"}},
		"a map of types":   {op.Map(&p, row.Of(v), row.Of(i), turned, op.Wrap, 0), op.ErrType, []string{"int32"}},
		"a map of nine":    {op.Map(&p, op.Contiguous(nine...).Of(v), apart.Of(x), make([]op.Axis, 9), op.Wrap, 0), nil, nil},
		"nothing is wrong": {op.Map(&p, row.Of(v), row.Of(x), turned, op.Constant, 0), nil, nil},
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
