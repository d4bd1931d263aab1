package op_test

import (
	"testing"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/shaders"
)

// BenchmarkWindows runs operators that read some numbers more than once, on tensors of a network's sizes.
func BenchmarkWindows(b *testing.B) {
	dev := exec.On(hosttest.Open(b).GPU())
	channelsLast := func(n, c, h, w int) op.View {
		return op.View{Shape: []int{n, c, h, w}, Strides: []int{h * w * c, 1, w * c, c}}
	}
	pool := func(o op.PoolOptions) func(p *exec.Plan, in []op.Tensor, v op.Tensor) error {
		return func(p *exec.Plan, in []op.Tensor, v op.Tensor) error { return op.Pool(p, in[0], v, nil, o) }
	}
	product := func(p *exec.Plan, in []op.Tensor, v op.Tensor) error { return op.MatMul(p, in[0], in[1], v, 1) }
	resize := func(mode string) func(p *exec.Plan, in []op.Tensor, v op.Tensor) error {
		return func(p *exec.Plan, in []op.Tensor, v op.Tensor) error {
			return op.Resize(p, in[0], v, op.ResizeOptions{Mode: mode,
				Axes: []op.ResizeAxis{{Axis: 2, Scale: 2}, {Axis: 3, Scale: 2}}})
		}
	}
	large, half, square := channelsLast(1, 64, 112, 112), channelsLast(1, 64, 56, 56), op.Contiguous(512, 512)
	turned := op.View{Shape: square.Shape, Strides: []int{1, 512}}
	for _, c := range []struct {
		name string
		in   []op.View
		v    op.View
		add  func(p *exec.Plan, in []op.Tensor, v op.Tensor) error
	}{
		{"max 2x2", []op.View{large}, half,
			pool(op.PoolOptions{Kind: op.MaxPool, Window: []int{2, 2}, Stride: []int{2, 2}})},
		{"max 3x3", []op.View{large}, half, pool(op.PoolOptions{
			Kind: op.MaxPool, Window: []int{3, 3}, Stride: []int{2, 2}, PadBegin: []int{1, 1},
		})},
		{"mean 3x3", []op.View{half}, half,
			pool(op.PoolOptions{Kind: op.AveragePool, Window: []int{3, 3}, PadBegin: []int{1, 1}})},
		{"matmul 512", []op.View{square, square}, square, product},
		{"matmul 512, transposed", []op.View{square, turned}, square, product},
		{"resize nearest", []op.View{half}, large, resize("nearest")},
		{"resize linear", []op.View{half}, large, resize("linear")},
	} {
		b.Run(c.name, func(b *testing.B) {
			var p exec.Plan
			operand := func(role exec.Role, of op.View) op.Tensor {
				return of.Of(p.Add(exec.Operand{Name: "t", Role: role, Count: int64(of.Count()),
					DType: shaders.Float32}))
			}
			var in []op.Tensor
			for _, view := range c.in {
				in = append(in, operand(exec.Input, view))
			}
			if err := c.add(&p, in, operand(exec.Output, c.v)); err != nil {
				b.Fatal(err)
			}
			s, err := exec.Open(dev, p, exec.Pooled)
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			for b.Loop() {
				if err := s.Run(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
