package host

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
)

// quantization is what the numbers of an int8 volume stand for: x for scale * (x - zero).
type quantization struct {
	scale float32
	zero  int8
}

func (q quantization) String() string {
	return fmt.Sprintf("scale %v and zero point %d", q.scale, q.zero)
}

// Quantize is a float32 volume as int8, as ONNX's QuantizeLinear defines it: saturate(round(x / scale) + zero); see
// [QuantizedLayer.RunInt8]. The scale is from 2^-126 to 2^126.
func (b *Builder) Quantize(x Value, scale float32, zero int8) Value {
	from, err := b.check(x)
	if err == nil {
		err = validScale("scale", scale)
	}
	if err != nil {
		return b.fail(err)
	}
	return b.add(
		node{kind: quantizeNode, shape: b.nodes[from[0]].shape, from: from, quantization: &quantization{scale, zero}},
	)
}

// Dequantize is an int8 volume as float32: what its numbers stand for, scale * (x - zero), both of which the volume
// has from the node that gave it.
func (b *Builder) Dequantize(x Value) Value {
	from, err := b.checkInt8("Dequantize", x)
	if err != nil {
		return b.fail(err)
	}
	return b.add(node{kind: dequantizeNode, shape: b.nodes[from].shape, from: []int{from}})
}

// checkInt8 gives the node of an int8 volume.
func (b *Builder) checkInt8(what string, x Value) (int, error) {
	from, err := b.checkAny(x)
	if err != nil {
		return 0, err
	}
	if b.nodes[from[0]].quantization == nil {
		return 0, fmt.Errorf(
			"%w: %s reads a volume of float32, must be of int8: take it through Quantize",
			gpu.ErrMisuse,
			what,
		)
	}
	return from[0], nil
}

// QuantizedConv is V of a layer of 8-bit whole numbers whose input is the int8 volume x, and whose residual, if its
// epilogue adds one, is the float32 volume behind the options. V is of int8 where the options have a VScale, so that
// such layers can be chained, else of float32. XScale and XZero must be those that x has. The filters are copied.
func (b *Builder) QuantizedConv(
	x Value,
	p conv.Problem,
	filters QuantizedFilters,
	o QuantizedOptions,
	residual ...Value,
) Value {
	first, err := b.checkInt8("QuantizedConv", x)
	if err != nil {
		return b.fail(err)
	}
	from, err := b.check(residual...)
	if err != nil {
		return b.fail(err)
	}
	from = append([]int{first}, from...)
	q := &quantizedData{problem: p, options: o}
	if err := b.checkQuantized(q, filters, from); err != nil {
		return b.fail(err)
	}
	q.keep(filters)
	n := node{kind: quantizedNode, shape: outputShape(p), from: from, quantized: q}
	if o.VScale != 0 {
		n.quantization = &quantization{o.VScale, o.VZero}
	}
	return b.add(n)
}

// checkQuantized reports a layer that is wrong, or that the volumes do not fit.
func (b *Builder) checkQuantized(q *quantizedData, filters QuantizedFilters, from []int) error {
	if err := q.validate(filters); err != nil {
		return err
	}
	o, has := q.options, *b.nodes[from[0]].quantization
	want := quantization{o.XScale, o.XZero}
	if want.scale == 0 {
		want.scale = 1
	}
	if has != want {
		return fmt.Errorf(
			"%w: layer %s reads a volume of %s, its options have %s for X, must be equal",
			gpu.ErrMisuse,
			q.problem,
			has,
			want,
		)
	}
	return b.checkVolumes(q.problem, o.Epilogue, from)
}
