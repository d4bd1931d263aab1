package model

import (
	"fmt"
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/shaders"
)

// pools are ONNX's pools over windows. LpPool is the sum of powers, and the root of it.
var pools = map[string]op.PoolKind{"MaxPool": op.MaxPool, "AveragePool": op.AveragePool, "LpPool": op.SumPool}

// lowerPool lowers MaxPool, with its second output where somebody reads it, AveragePool and LpPool.
func lowerPool(c *compiler, n *node) error {
	x := c.in(n, 0)
	if x.rank() < 3 || x.rank() > 5 || !isFloat(x.dtype) && n.Op != "MaxPool" {
		return fmt.Errorf("%w: %s of %v %s, must have one to three axes of windows", ErrUnsupported, n.Op, x.dtype, x)
	}
	o, out, err := poolOptions(n, x.shape()[2:])
	if err != nil {
		return err
	}
	power, err := n.integer("p", 2)
	if err != nil {
		return err
	}
	if power < 1 {
		return fmt.Errorf("%w: p of %d, must be 1 or more", ErrGraph, power)
	}
	shape := slices.Concat(x.shape()[:2], out)
	order := channelsLast(x.rank())
	writes, outputs := []*value{result(x.dtype, shape, order)}, []int{0}
	if len(n.Outputs) > 1 && n.Outputs[1] != "" {
		writes, outputs = append(writes, result(onnx.Int64, shape, order)), append(outputs, 1)
	}
	err = c.apply(n.String(), call{
		reads:  []*value{x},
		writes: writes,
		plan: func(p *exec.Plan, in, out []op.Tensor) error {
			var indices *op.Tensor
			if len(out) > 1 {
				indices = &out[1]
			}
			if n.Op == "LpPool" {
				return lpPool(p, in[0], out[0], power, o)
			}
			return op.Pool(p, in[0], out[0], indices, o)
		},
		judge: c.reference(n, []*value{x}, outputs...),
	})
	for i, v := range writes {
		c.set(n, i, v)
	}
	return err
}

// lpPool adds the steps of LpPool: the p-th root of the sum of |x|^p.
func lpPool(p *exec.Plan, x, v op.Tensor, power int, o op.PoolOptions) error {
	to := between(p, "the powers", x)
	sums := between(p, "the sums of powers", v)
	if err := powers(p, x, to, float32(power)); err != nil {
		return err
	}
	if err := op.Pool(p, to, sums, nil, o); err != nil {
		return err
	}
	return powers(p, sums, v, 1/float32(power))
}

// between is a float32 tensor that kernels write for each other, laid out as another one.
func between(p *exec.Plan, name string, as op.Tensor) op.Tensor {
	view := laidOut(as.Shape, ranked(as.View))
	return view.Of(p.Scratch(name, int64(as.Count())))
}

// powers adds steps that raise |x| to a power.
func powers(p *exec.Plan, x, to op.Tensor, power float32) error {
	switch power {
	case 1:
		return op.Pointwise(p, "abs", 0, 0, to, x)
	case 2:
		return op.Pointwise(p, "mul", 0, 0, to, x, x)
	case 0.5:
		return op.Pointwise(p, "sqrt", 0, 0, to, x)
	}
	size := between(p, "the sizes", x)
	if err := op.Pointwise(p, "abs", 0, 0, size, x); err != nil {
		return err
	}
	exponent := op.Contiguous(1).Of(constant(p, "the exponent", power))
	return op.Pointwise(p, "pow", 0, 0, to, size, exponent)
}

// constant is an operand of one number.
func constant(p *exec.Plan, name string, number float32) int {
	return p.Add(exec.Operand{
		Name:  name,
		Role:  exec.Constant,
		Count: 1,
		DType: shaders.Float32,
		Fill:  func() ([]uint32, error) { return []uint32{math.Float32bits(number)}, nil },
	})
}

// poolOptions reads a pool's attributes, and gives the sizes of its output.
func poolOptions(n *node, in []int) (o op.PoolOptions, out []int, err error) {
	kernel, err := n.integers("kernel_shape")
	if err != nil {
		return o, nil, err
	}
	if len(kernel) != len(in) || slices.Min(kernel) < 1 || slices.Max(kernel) > 1<<30 {
		return o, nil, fmt.Errorf("%w: kernel_shape %v of %s over %v", ErrGraph, kernel, n.Op, in)
	}
	o.Kind = pools[n.Op]
	for _, k := range kernel {
		o.Window = append(o.Window, int(k))
	}
	w, err := windows(n, len(in), o.Window)
	if err != nil {
		return o, nil, err
	}
	var flags [3]int
	for i, name := range []string{"ceil_mode", "count_include_pad", "storage_order"} {
		if flags[i], err = n.integer(name, 0); err != nil {
			return o, nil, err
		}
	}
	o.CountIncludePad, o.ColumnMajorIndices = flags[1] != 0, flags[2] != 0
	for i := range in {
		size, err := w.pooled(in, i, o.Window[i], flags[0] != 0)
		if err != nil {
			return o, nil, fmt.Errorf("%s: %w", n.Op, err)
		}
		out = append(out, size)
	}
	o.Stride, o.Dilation, o.PadBegin, o.PadEnd = w.strides, w.dilations, w.begins, w.ends
	return o, out, nil
}

// pooled is how many windows an axis has; it sets the padding that auto_pad asks for. With ceil, a last window that
// reaches beyond the padding counts, if it begins in the input or the padding before it.
func (w window) pooled(in []int, i, kernel int, ceil bool) (int, error) {
	stride, extent := w.strides[i], (kernel-1)*w.dilations[i]+1
	if stride < 1 || w.dilations[i] < 1 {
		return 0, fmt.Errorf("%w: stride %d and dilation %d of axis %d", ErrGraph, stride, w.dilations[i], i)
	}
	switch w.auto {
	case "SAME_UPPER", "SAME_LOWER":
		out := (in[i] + stride - 1) / stride
		total := max((out-1)*stride+extent-in[i], 0)
		w.begins[i], w.ends[i] = total/2, total-total/2
		if w.auto == "SAME_LOWER" {
			w.begins[i], w.ends[i] = w.ends[i], w.begins[i]
		}
		return out, nil
	case "VALID":
		w.begins[i], w.ends[i] = 0, 0
	}
	span := in[i] + w.begins[i] + w.ends[i] - extent
	if span < 0 {
		return 0, fmt.Errorf("%w: a window of %d on %d padded inputs of axis %d", ErrGraph, extent, span+extent, i)
	}
	out := span/stride + 1
	if ceil && span%stride != 0 && out*stride < in[i]+w.begins[i] {
		out++
	}
	return out, nil
}
