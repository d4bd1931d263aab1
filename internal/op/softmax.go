package op

import (
	"fmt"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// Softmax adds a step that makes powers of e of numbers, divided by the sum of those of each row along the axes:
// ONNX's Softmax. A row whose largest number is an infinity is NaN. The errors wrap [ErrType], [ErrShape], [ErrRank],
// [ErrView] and [ErrLong].
func Softmax(p *exec.Plan, out, in Tensor, axes []int) error {
	return softmax(p, "softmax", out, in, axes)
}

// LogSoftmax adds a step that computes the logarithms of [Softmax].
func LogSoftmax(p *exec.Plan, out, in Tensor, axes []int) error {
	return softmax(p, "log_softmax", out, in, axes)
}

func softmax(p *exec.Plan, kernel string, out, in Tensor, axes []int) error {
	r, params, err := ofRows(p, out, in, axes, kernel == "log_sum_exp", shaders.Float32, shaders.Float32)
	if err != nil {
		return fmt.Errorf("%s: %w", kernel, err)
	}
	const passes = 3
	k := shaders.Softmax{Kernel: kernel, Rows: r.form(passes)}
	if err := r.fits(k.Rows, passes); err != nil {
		return fmt.Errorf("%s: %w", kernel, err)
	}
	p.Dispatch(k, shaders.Encode(params), workgroups(r.number, k.Lanes), uses(out, in)...)
	return nil
}

// Extreme adds a step that says where the largest or the smallest number of each row along an axis is, of several the
// first one, or the last one: ONNX's ArgMax and ArgMin. The kernel is largest or smallest. NaN is larger and smaller
// than any number. Out is of int32, in's shape without the axis, or with the size 1 there. The errors wrap
// [ErrKernel], [ErrType], [ErrShape], [ErrRank], [ErrView] and [ErrLong].
func Extreme(p *exec.Plan, kernel string, out, in Tensor, axis int, last bool) error {
	if err := in.check(p, shaders.Float32, shaders.Int32); err != nil {
		return fmt.Errorf("%s: %w", kernel, err)
	}
	if kernel != "largest" && kernel != "smallest" {
		return fmt.Errorf("%w: %s, must be largest or smallest", ErrKernel, kernel)
	}
	return extreme(p, kernel, out, in, []int{axis}, last)
}

// Hardmax adds a step that writes 1 where the largest number of each row along the axes is, of several the first one,
// and 0 else: ONNX's Hardmax. The errors wrap [ErrType], [ErrShape], [ErrRank], [ErrView] and [ErrLong].
func Hardmax(p *exec.Plan, out, in Tensor, axes []int) error {
	if err := in.check(p, shaders.Float32); err != nil {
		return fmt.Errorf("hardmax: %w", err)
	}
	return extreme(p, "hardmax", out, in, axes, false)
}

func extreme(p *exec.Plan, kernel string, out, in Tensor, axes []int, last bool) error {
	t, gives := p.Operands[in.Operand].DType, shaders.Int32
	if kernel == "hardmax" {
		gives = shaders.Float32
	}
	r, params, err := ofRows(p, out, in, axes, kernel != "hardmax", gives, t)
	if err != nil {
		return fmt.Errorf("%s: %w", kernel, err)
	}
	const passes = 12 // three, of one number a round
	k := shaders.ExtremeOf(kernel, t, r.form(passes))
	if err := r.fits(k.Rows, passes); err != nil {
		return fmt.Errorf("%s: %w", kernel, err)
	}
	if last {
		params.Last = 1
	}
	p.Dispatch(k, shaders.Encode(params), workgroups(r.number, k.Lanes), uses(out, in)...)
	return nil
}

// ofRows checks a kernel's tensors of the types that it gives and takes, and gives its rows and parameters. With one,
// out has one number of each row, and else as many as in.
func ofRows(
	p *exec.Plan, out, in Tensor, axes []int, one bool, gives, takes shaders.DType,
) (r rows, params shaders.RowsParams, err error) {
	if err := in.check(p, takes); err != nil {
		return r, params, err
	}
	if err := out.check(p, gives); err != nil {
		return r, params, err
	}
	if one {
		r, err = reducedRows(out.View, in.View, axes)
	} else {
		r, err = sameRows(axes, in.View, out.View)
	}
	if err != nil {
		return r, params, err
	}
	return r, shaders.RowsParams{
		Kept: shapeOf(r.kept[0].Shape), Reduced: shapeOf(r.reduced[0].Shape),
		X: viewOf(r.kept[0]), Terms: viewOf(r.reduced[0]), V: viewOf(r.kept[1]), Results: viewOf(r.reduced[1]),
		Rows: uint32(r.number), Count: uint32(r.count),
	}, nil
}
