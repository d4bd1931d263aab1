package model

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/onnx"
)

// This file lowers the operators between floating-point and quantized numbers, which are whole ones in words of 32
// bits on the device: x stands for scale * (x - zero).

// rangeOf are the ends of a quantized type.
func rangeOf(t onnx.DataType) (low, high int64, ok bool) {
	switch t {
	case onnx.Int8:
		return -128, 127, true
	case onnx.Uint8:
		return 0, 255, true
	case onnx.Int16:
		return -32768, 32767, true
	case onnx.Uint16:
		return 0, 65535, true
	}
	return 0, 0, false
}

// saturated are the kernels that round what they get, add a zero point, and hold the result in the range of its type;
// and the values that they read beside the numbers.
func saturated(t onnx.DataType, zero *value) (formula, []*value, error) {
	low, high, ok := rangeOf(t)
	if !ok {
		return nil, nil, fmt.Errorf("%w: quantized numbers of %v", ErrUnsupported, t)
	}
	f := formula{{name: "round"}, {name: "to_int"}, {name: "add"}, {name: "max"}, {name: "min"}}
	return f, []*value{zero, knownAs(t, nil, numbers{ints: []int64{low}}),
		knownAs(t, nil, numbers{ints: []int64{high}})}, nil
}

// alongAxis is a scale or a zero point as it broadcasts to a tensor of this rank: one number, or one for each place of
// an axis. One that is left out is zero, of this type.
func (c *compiler) alongAxis(v *value, t onnx.DataType, axis, rank int) (*value, error) {
	switch {
	case v == nil:
		return knownAs(t, nil, numbers{ints: []int64{0}}), nil
	case v.view.Count() == 1:
		return c.reshaped(v, nil)
	case v.rank() != 1:
		return nil, fmt.Errorf("%w: a scale or zero point %s, must have one axis or none", ErrUnsupported, v)
	case axis >= rank:
		return nil, fmt.Errorf("%w: a scale or zero point %s of no axis, must be one number", ErrGraph, v)
	}
	shape := slices.Repeat([]int{1}, rank)
	shape[axis] = v.view.Count()
	return c.reshaped(v, shape)
}

// scales are a node's scale and zero point, inputs 1 and 2, along its axis.
func (c *compiler) scales(n *node, t onnx.DataType) (scale, zero *value, err error) {
	x := c.in(n, 0)
	if block, err := n.integer("block_size", 0); err != nil || block != 0 {
		return nil, nil, fmt.Errorf("%w: %s in blocks of %d, error %v", ErrUnsupported, n.Op, block, err)
	}
	axis := 0
	if x.rank() > 1 {
		if axis, err = n.axisOf(1, x.rank()); err != nil {
			return nil, nil, err
		}
	}
	if scale, err = c.alongAxis(c.in(n, 1), onnx.Float, axis, x.rank()); err != nil {
		return nil, nil, err
	}
	zero, err = c.alongAxis(c.in(n, 2), t, axis, x.rank())
	return scale, zero, err
}

func lowerQuantize(c *compiler, n *node) error {
	x, t := c.in(n, 0), onnx.Uint8
	if zero := c.in(n, 2); zero != nil {
		t = zero.dtype
	}
	if err := floating(n, x); err != nil {
		return err
	}
	scale, zero, err := c.scales(n, t)
	if err != nil {
		return err
	}
	f, beside, err := saturated(t, zero)
	if err != nil {
		return err
	}
	return c.pointwise(n, t, append(formula{{name: "div"}}, f...), append([]*value{x, scale}, beside...)...)
}

func lowerDequantize(c *compiler, n *node) error {
	x := c.in(n, 0)
	if !isWhole(x.dtype) {
		return fmt.Errorf("%w: DequantizeLinear of %v", ErrUnsupported, x.dtype)
	}
	scale, zero, err := c.scales(n, x.dtype)
	if err != nil {
		return err
	}
	return c.pointwise(n, onnx.Float, formula{{name: "sub"}, {name: "to_float"}, {name: "mul"}}, x, zero, scale)
}

// foldDequantize gives known numbers what they stand for, as filters of a layer must have it that is no quantized one.
func foldDequantize(c *compiler, n *node) error {
	x := c.in(n, 0)
	if !isWhole(x.dtype) {
		return errNotFolded
	}
	scale, zero, err := c.scales(n, x.dtype)
	if err != nil {
		return err
	}
	var wide [2]numbers
	for i, v := range []*value{scale, zero} {
		view, err := op.Broadcast(v.view, x.shape())
		if err != nil {
			return fmt.Errorf("%w: %w", ErrGraph, err)
		}
		wide[i] = v.known.gather(view)
	}
	if !isFloat(scale.dtype) || !isWhole(zero.dtype) {
		return fmt.Errorf("%w: %s with a scale of %v and a zero point of %v", ErrGraph, n.Op, scale.dtype, zero.dtype)
	}
	to := make([]float32, 0, x.view.Count())
	for i, whole := range x.numbers().ints {
		to = append(to, float32(whole-wide[1].ints[i])*wide[0].floats[i])
	}
	c.set(n, 0, knownAs(onnx.Float, x.shape(), numbers{floats: to}))
	return nil
}

// factor is what sums of products are multiplied with: both scales by the result's, of which the second may be one for
// each output channel. All must be known.
func (c *compiler) factor(n *node, x, w, y int) (*value, error) {
	var scales [3][]float32
	for i, input := range []int{x, w, y} {
		v := c.in(n, input)
		if v == nil {
			return nil, fmt.Errorf("%w: %s without its scale, input %d", ErrGraph, n.Op, input)
		}
		list, err := c.floats(n, v)
		if err != nil {
			return nil, err
		}
		if len(list) != 1 && i != 1 {
			return nil,
				fmt.Errorf("%w: %s with %d scales at input %d, must be one", ErrUnsupported, n.Op, len(list), input)
		}
		scales[i] = list
	}
	by := factors(scales)
	return knownAs(onnx.Float, []int{len(by)}, numbers{floats: by}), nil
}

// factors are what sums are multiplied with, by the scales of X, the filters and the result.
func factors(scales [3][]float32) []float32 {
	by := make([]float32, len(scales[1]))
	for i, w := range scales[1] {
		by[i] = scales[0][0] * w / scales[2][0]
	}
	return by
}

// quantizedProduct is a product of whole numbers: its operands, zero points, and what is made of the sums.
type quantizedProduct struct {
	n           *node
	a, b        *value
	aZero       *value // one number, or one for each row
	bZero       *value // one number, or one for each column
	finish      formula
	beside      []*value // what finish reads beside the sums
	result      onnx.DataType
	shape       []int
	sums        func(p *exec.Plan, a, b, aZero, bZero, sums op.Tensor) error
	channelAxis int // of the result, for what is one for each channel
}

// add adds the node.
func (q quantizedProduct) add(c *compiler) error {
	order := ranked(op.Contiguous(q.shape...))
	if q.channelAxis == 1 && len(q.shape) > 2 {
		order = channelsLast(len(q.shape))
	}
	to := result(q.result, q.shape, order)
	reads := append([]*value{q.a, q.b, q.aZero, q.bZero}, q.beside...)
	err := c.apply(q.n.String(), call{
		reads:  reads,
		writes: []*value{to},
		plan: func(p *exec.Plan, in, out []op.Tensor) error {
			sums := out[0]
			if len(q.finish) > 0 {
				sums.Operand = p.Add(exec.Operand{
					Name: "the sums", Role: exec.Scratch, Count: int64(out[0].Count()), DType: dtypeOf(onnx.Int32),
				})
			}
			if err := q.sums(p, in[0], in[1], in[2], in[3], sums); err != nil {
				return err
			}
			if len(q.finish) == 0 {
				return nil
			}
			return q.finish.plan(p, append([]op.Tensor{sums}, in[4:]...), out[0])
		},
		judge: c.reference(q.n, reads, 0),
	})
	c.set(q.n, 0, to)
	return err
}

// lowerMatMulInteger lowers MatMulInteger and QLinearMatMul.
func lowerMatMulInteger(c *compiler, n *node) (err error) {
	q := quantizedProduct{n: n, a: c.in(n, 0), b: c.in(n, 1), aZero: c.in(n, 2), bZero: c.in(n, 3), result: onnx.Int32}
	if n.Op == "QLinearMatMul" {
		q.b, q.aZero, q.bZero = c.in(n, 3), c.in(n, 2), c.in(n, 5)
		by, err := c.factor(n, 1, 4, 6)
		if err != nil {
			return err
		}
		if err := q.requantize(c, by, c.in(n, 7)); err != nil {
			return err
		}
	}
	if !isWhole(q.a.dtype) || !isWhole(q.b.dtype) || q.a.rank() < 1 || q.b.rank() < 1 {
		return fmt.Errorf("%w: %s of %v %s and %v %s", ErrUnsupported, n.Op, q.a.dtype, q.a, q.b.dtype, q.b)
	}
	if q.a.shape()[q.a.rank()-1] != q.b.shape()[max(q.b.rank()-2, 0)] {
		return fmt.Errorf("%w: %s of %s and %s", ErrGraph, n.Op, q.a, q.b)
	}
	m, err := matricesOf(q.a.shape(), q.b.shape())
	if err != nil {
		return err
	}
	q.shape = m.shape
	if q.aZero, err = c.rowZero(q.aZero, q.a); err != nil {
		return err
	}
	if q.bZero, err = c.alongAxis(q.bZero, q.b.dtype, 0, 1); err != nil {
		return err
	}
	q.sums = func(p *exec.Plan, a, b, aZero, bZero, sums op.Tensor) error {
		a, b, sums, err := m.views(a, b, sums)
		if err != nil {
			return err
		}
		return op.MatMulInteger(p, a, b, &aZero, &bZero, sums)
	}
	return q.add(c)
}

// rowZero is the zero point of a product's first operand: one number, or one for each row.
func (c *compiler) rowZero(zero, a *value) (*value, error) {
	if zero != nil && zero.view.Count() > 1 {
		return c.reshaped(zero, []int{zero.view.Count(), 1})
	}
	return c.alongAxis(zero, a.dtype, 0, 1)
}

// requantize has the sums multiplied, and rounded to what the result's zero point is of.
func (q *quantizedProduct) requantize(c *compiler, by, zero *value) error {
	if zero == nil {
		return fmt.Errorf("%w: %s without the zero point of its result", ErrGraph, q.n.Op)
	}
	q.result = zero.dtype
	f, beside, err := saturated(q.result, zero)
	if err != nil {
		return err
	}
	if beside[0], err = c.alongAxis(zero, zero.dtype, 0, 1); err != nil {
		return err
	}
	q.finish = append(formula{{name: "to_float"}, {name: "mul"}}, f...)
	q.beside = append([]*value{by}, beside...)
	return nil
}

// lowerDynamicQuantize lowers DynamicQuantizeLinear: numbers of uint8, and the scale and zero point by which they
// stand for those of x, which follow from the least and the largest of these and 0.
func lowerDynamicQuantize(c *compiler, n *node) error {
	x := c.in(n, 0)
	if err := floating(n, x); err != nil {
		return err
	}
	flat, err := c.reshaped(x, []int{x.view.Count()})
	if err != nil {
		return err
	}
	f, beside, err := saturated(onnx.Uint8, knownAs(onnx.Uint8, nil, numbers{ints: []int64{0}}))
	if err != nil {
		return err
	}
	real := func(v float32) *value { return knownAs(onnx.Float, nil, numbers{floats: []float32{v}}) }
	reads := append([]*value{flat, real(0), real(255)}, beside...)
	writes := []*value{plain(onnx.Uint8, flat.shape()), plain(onnx.Float, nil), plain(onnx.Uint8, nil)}
	err = c.apply(n.String(), call{
		reads:  reads,
		writes: writes,
		plan:   func(p *exec.Plan, in, out []op.Tensor) error { return dynamicQuantize(p, f, in, out) },
		judge:  c.normalizedReference(n, reads, x.shape(), []int{0, 1, 2}),
	})
	if err != nil {
		return err
	}
	if writes[0], err = c.reshaped(writes[0], x.shape()); err != nil {
		return err
	}
	for i, v := range writes {
		c.set(n, i, v)
	}
	return nil
}

// dynamicQuantize adds the steps: in are x, 0 and 255 of float32, and 0, 0 and 255 of uint8; out are the numbers, the
// scale and the zero point. saturate are the kernels that make uint8 of a quotient.
func dynamicQuantize(p *exec.Plan, saturate formula, in, out []op.Tensor) error {
	x, zero, most, least := in[0], in[1], in[2], in[4]
	y, scale, point := out[0], out[1], out[2]
	ends := map[string]op.Tensor{}
	for _, kernel := range []string{"min", "max"} {
		one := between(p, "an end of x", scale)
		row, err := one.Reshape(1)
		if err != nil {
			return err
		}
		if err := op.Reduce(p, kernel, row.Of(one.Operand), x, []int{0}); err != nil {
			return err
		}
		ends[kernel] = between(p, "an end of x and 0", scale)
		if err := (formula{{name: kernel}}).plan(p, []op.Tensor{one, zero}, ends[kernel]); err != nil {
			return err
		}
	}
	width := formula{{name: "sub"}, {name: "div"}}
	if err := width.plan(p, []op.Tensor{ends["max"], ends["min"], most}, scale); err != nil {
		return err
	}
	quotient := append(formula{{name: "neg"}, {name: "div"}}, saturate...)
	if err := quotient.plan(p, append([]op.Tensor{ends["min"], scale}, in[3:]...), point); err != nil {
		return err
	}
	numbers := append(formula{{name: "div"}}, saturate...)
	return numbers.plan(p, []op.Tensor{x, scale, point, least, in[5]}, y)
}
