package model

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/onnx"
)

// lowerNormalization lowers BatchNormalization, where no layer takes it. At inference its parameters follow from
// constants most often: then it is x * scale + shift for each channel.
func lowerNormalization(c *compiler, n *node) error {
	x := c.in(n, 0)
	if err := floating(n, x); err != nil {
		return err
	}
	training, err := n.integer("training_mode", 0)
	if err != nil {
		return err
	}
	if training == 0 && len(n.Outputs) > 1 {
		return fmt.Errorf("%w: BatchNormalization with more than one output before opset 14", ErrUnsupported)
	}
	var parameters [4]*value
	known := training == 0
	for i := range parameters {
		p := c.in(n, 1+i)
		if p == nil || !isFloat(p.dtype) || x.rank() < 2 || p.rank() != 1 || p.shape()[0] != x.shape()[1] {
			return fmt.Errorf("%w: BatchNormalization of %s with %s, which must have a number for each channel",
				ErrGraph, x, p)
		}
		parameters[i], known = p, known && p.known != nil
	}
	if known {
		return c.scaledAndShifted(n, x)
	}
	b := batchNormalization{x: x, learns: training != 0}
	if b.epsilon, err = n.float("epsilon", 1e-5); err == nil {
		b.momentum, err = n.float("momentum", 0.9)
	}
	if err != nil {
		return err
	}
	return c.normalizeBatch(n, b, parameters)
}

// scaledAndShifted is BatchNormalization whose parameters are known.
func (c *compiler) scaledAndShifted(n *node, x *value) error {
	channels := x.shape()[1]
	t := tail{filters: identityFilters(channels)}
	if !c.fuseNormalization(&t, n) {
		return fmt.Errorf("%w: BatchNormalization of %s", ErrGraph, x)
	}
	shape := append([]int{channels}, slices.Repeat([]int{1}, x.rank()-2)...)
	scale := knownAs(onnx.Float, shape, numbers{floats: t.filters.Data})
	shift := knownAs(onnx.Float, shape, numbers{floats: t.filters.Bias})
	to := result(x.dtype, x.shape(), ranked(x.view))
	err := c.apply(n.String(), call{
		reads:  []*value{x, scale, shift},
		writes: []*value{to},
		plan: func(p *exec.Plan, in, out []op.Tensor) error {
			return formula{{name: "affine"}}.plan(p, in, out[0])
		},
		judge: c.reference(n, []*value{x}, 0),
	})
	c.set(n, 0, to)
	return err
}

// batchNormalization is one whose parameters the device computes, or that learns: then it takes mean and variance of
// the batch itself, and its outputs 1 and 2 are running ones.
type batchNormalization struct {
	x                 *value
	learns            bool
	epsilon, momentum float32
}

// normalizeBatch adds the node. parameters are the scale, the bias, the mean and the variance of each channel.
func (c *compiler) normalizeBatch(n *node, b batchNormalization, parameters [4]*value) error {
	reads, channels := []*value{b.x}, b.x.shape()[1]
	row := slices.Concat([]int{1, channels}, slices.Repeat([]int{1}, b.x.rank()-2))
	for _, v := range parameters {
		v, err := c.reshaped(v, row)
		if err != nil {
			return err
		}
		reads = append(reads, v)
	}
	writes, outputs := []*value{result(b.x.dtype, b.x.shape(), ranked(b.x.view))}, []int{0}
	if b.learns {
		writes, outputs = append(writes, plain(onnx.Float, row), plain(onnx.Float, row)), []int{0, 1, 2}
	}
	held := c.reference(n, reads, outputs...)
	err := c.apply(n.String(), call{
		reads:  reads,
		writes: writes,
		plan:   b.plan,
		judge:  func(in, out []*array) (cpuref.Report, error) { return held(in, flatRows(out, channels)) },
	})
	if err != nil {
		return err
	}
	for i, v := range writes {
		if i > 0 {
			if v, err = c.reshaped(v, []int{channels}); err != nil {
				return err
			}
		}
		c.set(n, i, v)
	}
	return nil
}

// flatRows are outputs whose second and later ones have one axis.
func flatRows(out []*array, channels int) []*array {
	all := slices.Clone(out)
	for i := range all[1:] {
		flat := *all[1+i]
		flat.Shape = []int{channels}
		all[1+i] = &flat
	}
	return all
}

// plan adds the steps. in are x and the parameters, out what the node gives.
func (b batchNormalization) plan(p *exec.Plan, in, out []op.Tensor) error {
	s := steps{plan: p}
	x, scale, bias, mean, variance := in[0], in[1], in[2], in[3], in[4]
	distance := between(p, "the distances from the mean", out[0])
	if b.learns {
		over := slices.Concat([]int{0}, upFrom(2, x.Rank()))
		batchMean, batchVariance := s.row("the mean", scale), s.row("the variance", scale)
		s.reduce("mean", batchMean, x, over)
		s.pointwise(kernel{name: "sub"}, distance, x, batchMean)
		squares := between(p, "their squares", out[0])
		s.pointwise(kernel{name: "mul"}, squares, distance, distance)
		s.reduce("mean", batchVariance, squares, over)
		for i, of := range [][2]op.Tensor{{mean, batchMean}, {variance, batchVariance}} {
			old, now := s.row("the running part", scale), s.row("the batch's part", scale)
			s.pointwise(kernel{name: "scale", alpha: b.momentum}, old, of[0])
			s.pointwise(kernel{name: "scale", alpha: 1 - b.momentum}, now, of[1])
			s.pointwise(kernel{name: "add"}, out[1+i], old, now)
		}
		variance = batchVariance
	} else {
		s.pointwise(kernel{name: "sub"}, distance, x, mean)
	}
	sum, width := s.row("the variance and epsilon", scale), s.row("the width", scale)
	factor := s.row("the factor", scale)
	s.pointwise(kernel{name: "scale", alpha: 1, beta: b.epsilon}, sum, variance)
	s.pointwise(kernel{name: "sqrt"}, width, sum)
	s.pointwise(kernel{name: "div"}, factor, scale, width)
	s.formula(formula{{name: "affine"}}, out[0], distance, factor, bias)
	return s.err
}

// steps are added to a plan until one cannot be.
type steps struct {
	plan *exec.Plan
	err  error
}

// row is a number for each channel.
func (s *steps) row(name string, as op.Tensor) op.Tensor {
	return op.Contiguous(as.Shape...).Of(s.plan.Scratch(name, int64(as.Count())))
}

func (s *steps) reduce(kernel string, out, in op.Tensor, axes []int) {
	if s.err == nil {
		s.err = op.Reduce(s.plan, kernel, out, in, axes)
	}
}

func (s *steps) pointwise(k kernel, out op.Tensor, in ...op.Tensor) {
	s.formula(formula{k}, out, in...)
}

func (s *steps) formula(f formula, out op.Tensor, in ...op.Tensor) {
	if s.err == nil {
		s.err = f.plan(s.plan, in, out)
	}
}
