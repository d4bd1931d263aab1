package model

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/onnx"
)

// lowerConvInteger lowers ConvInteger and QLinearConv: the windows are copied one behind the other (im2col), and their
// product with the filters is one of matrices, with exact sums.
func lowerConvInteger(c *compiler, n *node) (err error) {
	q := quantizedProduct{
		n: n, a: c.in(n, 0), b: c.in(n, 1), aZero: c.in(n, 2), bZero: c.in(n, 3), result: onnx.Int32, channelAxis: 1,
	}
	linear := n.Op == "QLinearConv"
	if linear {
		q.b, q.aZero, q.bZero = c.in(n, 3), c.in(n, 2), c.in(n, 5)
	}
	x, w := q.a, q.b
	if x.rank() < 3 || x.rank() > 4 || w.rank() != x.rank() || !isWhole(x.dtype) || !isWhole(w.dtype) {
		return fmt.Errorf("%w: %s of %v %s with filters %v %s, must have one or two places",
			ErrUnsupported, n.Op, x.dtype, x, w.dtype, w)
	}
	p, err := convProblem(n, x, w, padding{})
	if err != nil {
		return err
	}
	q.shape = convShape(p, x.rank())
	if q.aZero, err = c.alongAxis(q.aZero, x.dtype, 0, 1); err != nil {
		return err
	}
	zero, err := c.ints(n, q.aZero)
	if err != nil {
		return err
	}
	if q.bZero, err = c.alongAxis(q.bZero, w.dtype, 0, 1); err != nil {
		return err
	}
	if linear {
		if err := q.linear(c, len(q.shape)); err != nil {
			return err
		}
	}
	q.sums = func(plan *exec.Plan, a, b, aZero, bZero, sums op.Tensor) error {
		return windowProducts{p, uint32(int32(zero[0]))}.add(plan, a, b, aZero, bZero, sums)
	}
	return q.add(c)
}

// linear has the sums of a QLinearConv get their biases, and requantizes them.
func (q *quantizedProduct) linear(c *compiler, rank int) error {
	by, err := c.factor(q.n, 1, 4, 6)
	if err != nil {
		return err
	}
	if by, err = c.alongAxis(by, onnx.Float, 1, rank); err != nil {
		return err
	}
	if err := q.requantize(c, by, c.in(q.n, 7)); err != nil {
		return err
	}
	if bias := c.in(q.n, 8); bias != nil {
		if bias, err = c.alongAxis(bias, onnx.Int32, 1, rank); err != nil {
			return err
		}
		q.finish, q.beside = append(formula{{name: "add"}}, q.finish...), append([]*value{bias}, q.beside...)
	}
	return nil
}

// windowProducts are the sums of a convolution of whole numbers, whose padding stands for 0.
type windowProducts struct {
	p    conv.Problem
	zero uint32
}

// add adds the steps: X padded, its windows one behind the other, and their product with the filters.
func (s windowProducts) add(plan *exec.Plan, x, w, aZero, bZero, sums op.Tensor) error {
	p := s.p
	padded, err := s.pad(plan, x)
	if err != nil {
		return err
	}
	inputs, outputs := p.InChannels/p.Groups, p.OutChannels/p.Groups
	places, taps := p.H.Out*p.W.Out, inputs*p.H.Filter*p.W.Filter
	columns := op.Contiguous(p.Batch, p.Groups, p.H.Out, p.W.Out, inputs, p.H.Filter, p.W.Filter)
	at := whole(plan, "the windows", columns.Count())
	step := padded.Strides
	windows := op.View{
		Shape: columns.Shape,
		Strides: []int{
			step[0], inputs * step[1], p.H.Stride * step[2], p.W.Stride * step[3],
			step[1], p.H.Dilation * step[2], p.W.Dilation * step[3],
		},
	}
	if err := op.Copy(plan, columns.Of(at), windows.Of(padded.Operand)); err != nil {
		return err
	}
	filters, err := w.Reshape(1, p.Groups, outputs, taps)
	if err != nil {
		return err
	}
	if filters, err = filters.Permute(0, 1, 3, 2); err != nil {
		return err
	}
	if bZero.Count() > 1 {
		if bZero.View, err = bZero.Reshape(1, p.Groups, 1, outputs); err != nil {
			return err
		}
	}
	v, err := s.results(sums, places)
	if err != nil {
		return err
	}
	a := op.Contiguous(p.Batch, p.Groups, places, taps).Of(at)
	return op.MatMulInteger(plan, a, filters.Of(w.Operand), &aZero, &bZero, v)
}

// results are the sums as matrices of places and output channels, for each image and group.
func (s windowProducts) results(sums op.Tensor, places int) (op.Tensor, error) {
	p := s.p
	view, err := sums.Reshape(p.Batch, p.Groups, p.OutChannels/p.Groups, places)
	if err == nil {
		view, err = view.Permute(0, 1, 3, 2)
	}
	return view.Of(sums.Operand), err
}

// pad gives X of two places with its padding around it.
func (s windowProducts) pad(plan *exec.Plan, x op.Tensor) (op.Tensor, error) {
	p := s.p
	var err error
	if x.View, err = x.Reshape(p.Batch, p.InChannels, p.H.In, p.W.In); err != nil {
		return x, err
	}
	shape := slices.Clone(x.Shape)
	maps := []op.Axis{{Step: 1}, {Step: 1}, {Start: -p.H.Pad, Step: 1}, {Start: -p.W.Pad, Step: 1}}
	for i, a := range []conv.Axis{p.H, p.W} {
		shape[2+i] = a.In + a.Pad + max(a.PadAfter(), 0)
	}
	view := laidOut(shape, channelsLast(4))
	to := view.Of(whole(plan, "X with its padding", view.Count()))
	return to, remapped(plan, to, x, maps, op.Constant, s.zero)
}

// whole is an operand of whole numbers that kernels write for each other.
func whole(plan *exec.Plan, name string, count int) int {
	return plan.Add(exec.Operand{Name: name, Role: exec.Scratch, Count: int64(count), DType: dtypeOf(onnx.Int32)})
}
