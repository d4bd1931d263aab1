package model

import (
	"fmt"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/onnx"
)

// lowerMixedPow is Pow of a whole number and one of floating point, in either order. The result has the type of the
// first.
func lowerMixedPow(c *compiler, n *node, x, y *value) error {
	shape, err := op.BroadcastShape(x.shape(), y.shape())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrGraph, err)
	}
	to := plain(x.dtype, shape)
	reads := []*value{x, y}
	err = c.apply(n.String(), call{
		reads:  reads,
		writes: []*value{to},
		plan: func(p *exec.Plan, in, out []op.Tensor) error {
			if isWhole(x.dtype) {
				return wholePow(p, x.dtype, in[0], in[1], out[0])
			}
			convert := kernel{name: "to_float"}
			exponent := scratch(p, convert, in[1], in[1:])
			if err := op.Pointwise(p, convert.name, 0, 0, exponent, in[1]); err != nil {
				return err
			}
			return formula{{name: "pow"}}.plan(p, []op.Tensor{in[0], exponent}, out[0])
		},
		judge: c.reference(n, reads, 0),
	})
	c.set(n, 0, to)
	return err
}

// nearWhole is the part of a power that its roundings may take from a whole number.
const nearWhole = 1.0 / (1 << 18)

// wholePow adds the steps that compute the power of a whole number, as ONNX cuts it off to one: what lies next to a
// whole number is that number, for roundings would cut off a whole one else.
func wholePow(p *exec.Plan, t onnx.DataType, x, y, v op.Tensor) error {
	var err error
	step := func(k kernel, in ...op.Tensor) op.Tensor {
		to := scratch(p, k, v, in)
		if err == nil {
			err = op.Pointwise(p, k.name, k.alpha, k.beta, to, in...)
		}
		return to
	}
	power := step(kernel{name: "pow"}, step(kernel{name: "to_float"}, x), y)
	whole := step(kernel{name: "round"}, power)
	off := step(kernel{name: "abs"}, step(kernel{name: "sub"}, power, whole))
	most := step(kernel{name: "scale", alpha: nearWhole}, step(kernel{name: "abs"}, power))
	near := step(kernel{name: "less_or_equal"}, off, most)
	number := step(kernel{name: "where"}, near, whole, power)
	if err != nil {
		return err
	}
	return append(formula{{name: "to_int"}}, narrow(t)...).plan(p, []op.Tensor{number}, v)
}
