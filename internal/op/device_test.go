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
	got, err := hosttest.RunSteps(dev, from, to, func(p *exec.Plan, in, out []int) error {
		return add(p, in[0], out[0])
	})
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
		got := one(t, dev, ramp(n), n, func(p *exec.Plan, in, out int) error {
			return op.Copy(p, v.Of(out), x.Of(in))
		})
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

// refuse holds that an error wraps another one and names some values.
func refuse(t *testing.T, err, want error, values ...string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%v, must wrap %v", err, want)
	}
	for _, value := range values {
		if err == nil || !strings.Contains(err.Error(), value) {
			t.Errorf("%v, must name %s", err, value)
		}
	}
}

func accept(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
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
	wide := op.Contiguous(nine...)
	apart := op.View{Shape: nine, Strides: slices.Repeat([]int{1}, 9)}
	refuse(t, op.Pointwise(&p, "plus", 0, 0, row.Of(v), row.Of(x), row.Of(x)), op.ErrKernel, "plus")
	refuse(t, op.Pointwise(&p, "add", 0, 0, row.Of(v), row.Of(x)), op.ErrKernel, "add")
	refuse(t, op.Pointwise(&p, "add", 0, 0, row.Of(v), row.Of(x), row.Of(i)), op.ErrKernel, "add", "int32")
	refuse(t, op.Pointwise(&p, "neg", 0, 0, row.Of(v), row.Of(h)), op.ErrType, "float16")
	refuse(t, op.Pointwise(&p, "neg", 0, 0, row.Of(v), row.Of(i)), op.ErrType, "neg", "float32")
	from, to := op.Contiguous(4, 3), op.Contiguous(3, 4)
	refuse(t, op.Pointwise(&p, "neg", 0, 0, to.Of(v), from.Of(x)), op.ErrShape, "[3 4]", "[4 3]")
	refuse(t, op.Copy(&p, wide.Of(v), apart.Of(x)), op.ErrRank, "9", "8")
	refuse(t, op.Copy(&p, row.Of(v), op.Contiguous(13).Of(x)), op.ErrView, "13")

	back, far := []op.Axis{{Start: 11, Step: -1}}, []op.Axis{{Start: 0, Step: 1 << 40}}
	refuse(t, op.Map(&p, row.Of(v), row.Of(x), nil, op.Constant, 0), op.ErrShape, "[12]")
	refuse(t, op.Map(&p, row.Of(v), row.Of(x), back, "mirror", 0), op.ErrKernel, "mirror", "reflect")
	refuse(t, op.Map(&p, row.Of(v), row.Of(x), far, op.Wrap, 0), op.ErrShape, "1099511627776")
	refuse(t, op.Map(&p, row.Of(v), row.Of(i), back, op.Wrap, 0), op.ErrType, "int32")
	outside := slices.Repeat([]op.Axis{{Start: 1, Step: 1}}, 9)
	refuse(t, op.Map(&p, wide.Of(v), apart.Of(x), outside, op.Wrap, 0), op.ErrRank, "9", "8")
	accept(t, op.Map(&p, wide.Of(v), apart.Of(x), make([]op.Axis, 9), op.Wrap, 0)) // all of one number
	accept(t, op.Map(&p, row.Of(v), row.Of(x), back, op.Constant, 0))
}
