package op_test

import (
	"testing"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/shaders"
)

// BenchmarkBandwidth counts the bytes that each operator must read and write at least.
func BenchmarkBandwidth(b *testing.B) {
	dev := exec.On(hosttest.Open(b).GPU())
	const n = 1 << 22
	for _, c := range []struct {
		name    string
		numbers []int // of inputs and of the output
		steps   func(p *exec.Plan, t []int) error
	}{
		{"flat add", []int{n, n, n}, func(p *exec.Plan, t []int) error {
			return op.Pointwise(p, "add", 0, 0, op.Contiguous(n).Of(t[2]), op.Contiguous(n).Of(t[0]), op.Contiguous(n).Of(t[1]))
		}},
		{"add a number", []int{n, 1, n}, func(p *exec.Plan, t []int) error {
			return op.Pointwise(p, "add", 0, 0, op.Contiguous(n).Of(t[2]), op.Contiguous(n).Of(t[0]), op.Contiguous(1).Of(t[1]))
		}},
		{"exp", []int{n, n}, func(p *exec.Plan, t []int) error {
			return op.Pointwise(p, "exp", 0, 0, op.Contiguous(n).Of(t[1]), op.Contiguous(n).Of(t[0]))
		}},
		{"broadcast add, channels last", []int{n, 64, n}, func(p *exec.Plan, t []int) error {
			v := op.Contiguous(n/64, 64)
			return op.Pointwise(p, "add", 0, 0, v.Of(t[2]), v.Of(t[0]), op.Contiguous(64).Of(t[1]))
		}},
		{"broadcast add, channels first", []int{n, 64, n}, func(p *exec.Plan, t []int) error {
			v := op.Contiguous(1, 64, n/64)
			return op.Pointwise(p, "add", 0, 0, v.Of(t[2]), v.Of(t[0]), op.Contiguous(64, 1).Of(t[1]))
		}},
		{"transpose copy", []int{n, n}, func(p *exec.Plan, t []int) error {
			x, err := op.Contiguous(64, n/64).Permute(1, 0)
			if err != nil {
				return err
			}
			return op.Pointwise(p, "copy", 0, 0, op.Contiguous(n/64, 64).Of(t[1]), x.Of(t[0]))
		}},
		{"transpose of four axes", []int{n, n}, func(p *exec.Plan, t []int) error {
			x, err := op.Contiguous(16, 32, 32, n/16/32/32).Permute(0, 2, 1, 3)
			if err != nil {
				return err
			}
			return op.Pointwise(p, "copy", 0, 0, op.Contiguous(x.Shape...).Of(t[1]), x.Of(t[0]))
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var p exec.Plan
			var t []int
			for i, numbers := range c.numbers {
				role := exec.Input
				if i == len(c.numbers)-1 {
					role = exec.Output
				}
				t = append(t, p.Add(exec.Operand{Name: "t", Role: role, Count: int64(numbers), DType: shaders.Float32}))
				b.SetBytes(0)
			}
			if err := c.steps(&p, t); err != nil {
				b.Fatal(err)
			}
			s, err := exec.Open(dev, p, exec.Pooled)
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			var bytes int64
			for _, numbers := range c.numbers {
				bytes += 4 * int64(numbers)
			}
			b.SetBytes(bytes)
			for b.Loop() {
				if err := s.Run(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
