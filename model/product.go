package model

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/tensor"
)

// dense adds the layer that a product with a constant matrix is: rows of x times the matrix w of depth x width, and a
// bias for each column. x has its depth last; the result has the other axes of x, and width last.
func (c *compiler) dense(n *node, x *value, w, bias []float32, depth, width int) error {
	if by, ok := c.flattened(n, x); ok {
		return c.overImages(n, by, x, w, bias, width)
	}
	rows := x.view.Count() / depth
	one := conv.Axis{In: 1, Out: 1, Filter: 1, Stride: 1, Dilation: 1}
	p := conv.Problem{Batch: 1, Groups: 1, InChannels: depth, OutChannels: width, Z: one, H: one, W: one}
	p.W.In, p.W.Out = rows, rows
	f := tensor.Filters{Banks: 1, K: width, Z: 1, H: 1, W: 1, D: depth, Data: make([]float32, len(w)), Bias: bias}
	if f.Bias == nil {
		f.Bias = make([]float32, width)
	}
	for d := range depth {
		for k := range width {
			f.Data[k*depth+d] = w[d*width+k]
		}
	}
	p, err := conv.New(p)
	if err != nil {
		return err
	}
	shape := append(slices.Clone(x.shape()[:x.rank()-1]), width)
	// A pixel of the layer is a row.
	pixels := func(v *value) (*value, error) {
		v, err := c.reshaped(v, []int{1, rows, v.shape()[v.rank()-1]})
		if err != nil {
			return nil, err
		}
		view, err := v.view.Permute(0, 2, 1)
		return v.seen(view), err
	}
	if x, err = pixels(x); err != nil {
		return err
	}
	return c.layer([]*node{n}, x, p, f, plain(x.dtype, shape), 0, pixels)
}

// gemm is alpha * A' * B' + beta * C, where B and C follow from constants: a layer. A' and B' are A and B, or
// transposed.
func (c *compiler) gemm(n *node) (done bool, err error) {
	a, b, add := c.in(n, 0), c.in(n, 1), c.in(n, 2)
	if a.rank() != 2 || b.rank() != 2 || !isFloat(a.dtype) || a.dtype != b.dtype {
		return true, fmt.Errorf("%w: Gemm of %v %s and %v %s", ErrUnsupported, a.dtype, a, b.dtype, b)
	}
	if b.known == nil || add != nil && add.known == nil {
		return false, nil
	}
	g, err := gemmOf(n)
	if err != nil {
		return true, err
	}
	if b = b.seen(g.turn(b, 1)); g.turned[0] {
		a = a.seen(g.turn(a, 0))
	}
	depth, width := b.shape()[0], b.shape()[1]
	if a.shape()[1] != depth {
		return true, fmt.Errorf("%w: Gemm of %s and %s, transposed: %v", ErrGraph, a, b, g.turned)
	}
	w := slices.Clone(b.numbers().floats)
	for i := range w {
		w[i] *= g.alpha
	}
	bias, ok := gemmBias(add, width, g.beta)
	if !ok {
		return false, nil
	}
	return true, c.dense(n, a, w, bias, depth, width)
}

// gemmBias is beta * C, where it is the same for all rows.
func gemmBias(add *value, width int, beta float32) (bias []float32, ok bool) {
	bias = make([]float32, width)
	if add == nil {
		return bias, true
	}
	if add.rank() == 2 && add.shape()[0] != 1 || add.rank() > 2 {
		return nil, false
	}
	from := add.numbers().floats
	if len(from) != width && len(from) != 1 {
		return nil, false
	}
	for k := range bias {
		bias[k] = beta * from[k%len(from)]
	}
	return bias, true
}

// lowerGemm is a layer where it can be one, and else a product of two matrices and what is added to it.
func lowerGemm(c *compiler, n *node) error {
	if done, err := c.gemm(n); done || err != nil {
		return err
	}
	a, b, add := c.in(n, 0), c.in(n, 1), c.in(n, 2)
	g, err := gemmOf(n)
	if err != nil {
		return err
	}
	rows, depth, other, width := g.turn(a, 0).Shape[0], g.turn(a, 0).Shape[1], g.turn(b, 1).Shape[0],
		g.turn(b, 1).Shape[1]
	if depth != other {
		return fmt.Errorf("%w: Gemm of %s and %s, transposed: %v", ErrGraph, a, b, g.turned)
	}
	reads := []*value{a, b}
	if add != nil {
		reads = append(reads, add)
	}
	v := plain(a.dtype, []int{rows, width})
	err = c.apply(n.String(), call{
		reads:  reads,
		writes: []*value{v},
		plan: func(p *exec.Plan, in, out []op.Tensor) error {
			a, b := turnedTensor(in[0], g.turned[0]), turnedTensor(in[1], g.turned[1])
			if len(in) < 3 {
				return op.MatMul(p, a, b, out[0], g.alpha)
			}
			product, scaled := between(p, "the product", out[0]), between(p, "what is added", in[2])
			if err := op.MatMul(p, a, b, product, g.alpha); err != nil {
				return err
			}
			if err := op.Pointwise(p, "scale", g.beta, 0, scaled, in[2]); err != nil {
				return err
			}
			return op.Pointwise(p, "add", 0, 0, out[0], product, scaled)
		},
		judge: c.reference(n, reads, 0),
	})
	c.set(n, 0, v)
	return err
}

// gemmOptions are Gemm's attributes.
type gemmOptions struct {
	alpha, beta float32
	turned      [2]bool // of A and B
}

func gemmOf(n *node) (g gemmOptions, err error) {
	for i, name := range []string{"transA", "transB"} {
		turned, err := n.integer(name, 0)
		if err != nil {
			return g, err
		}
		g.turned[i] = turned != 0
	}
	if g.alpha, err = n.float("alpha", 1); err != nil {
		return g, err
	}
	g.beta, err = n.float("beta", 1)
	return g, err
}

// turn is the view of A or B, transposed where it is to be. They are matrices.
func (g gemmOptions) turn(v *value, i int) op.View {
	return turnedTensor(v.view.Of(0), g.turned[i]).View
}

func turnedTensor(t op.Tensor, turned bool) op.Tensor {
	if turned {
		t.Shape, t.Strides = []int{t.Shape[1], t.Shape[0]}, []int{t.Strides[1], t.Strides[0]}
	}
	return t
}

// lowerMatMul is a layer where its second matrix follows from constants.
func lowerMatMul(c *compiler, n *node) error {
	a, b := c.in(n, 0), c.in(n, 1)
	if a.dtype != b.dtype || !isFloat(a.dtype) {
		return fmt.Errorf("%w: MatMul of %v and %v", ErrUnsupported, a.dtype, b.dtype)
	}
	if a.rank() == 0 || b.rank() == 0 || a.shape()[a.rank()-1] != b.shape()[max(b.rank()-2, 0)] {
		return fmt.Errorf("%w: MatMul of %s and %s", ErrGraph, a, b)
	}
	if b.known != nil && b.rank() == 2 && a.rank() > 1 && a.known == nil {
		return c.dense(n, a, b.numbers().floats, nil, b.shape()[0], b.shape()[1])
	}
	m, err := matricesOf(a.shape(), b.shape())
	if err != nil {
		return err
	}
	v := plain(a.dtype, m.shape)
	reads := []*value{a, b}
	err = c.apply(n.String(), call{
		reads:  reads,
		writes: []*value{v},
		plan: func(p *exec.Plan, in, out []op.Tensor) error {
			a, b, v, err := m.views(in[0], in[1], out[0])
			if err != nil {
				return err
			}
			return op.MatMul(p, a, b, v, 1)
		},
		judge: c.reference(n, reads, 0),
	})
	c.set(n, 0, v)
	return err
}

// matrices are the shapes of a product's operands as matrices, those of one axis as a row or a column.
type matrices struct{ a, b, v, shape []int }

// matricesOf gives them, and the shape of the product as ONNX has it.
func matricesOf(a, b []int) (m matrices, err error) {
	m.a, m.b = slices.Clone(a), slices.Clone(b)
	if len(a) == 1 {
		m.a = []int{1, a[0]}
	}
	if len(b) == 1 {
		m.b = []int{b[0], 1}
	}
	many, err := op.BroadcastShape(m.a[:len(m.a)-2], m.b[:len(m.b)-2])
	if err != nil {
		return m, fmt.Errorf("%w: %w", ErrGraph, err)
	}
	m.v = append(slices.Clone(many), m.a[len(m.a)-2], m.b[len(m.b)-1])
	m.shape = slices.Clone(many)
	if len(a) > 1 {
		m.shape = append(m.shape, m.a[len(m.a)-2])
	}
	if len(b) > 1 {
		m.shape = append(m.shape, m.b[len(m.b)-1])
	}
	return m, nil
}

// views are the operands as matrices.
func (m matrices) views(a, b, v op.Tensor) (_, _, _ op.Tensor, err error) {
	for _, t := range []struct {
		of    *op.Tensor
		shape []int
	}{{&a, m.a}, {&b, m.b}, {&v, m.v}} {
		if t.of.View, err = t.of.Reshape(t.shape...); err != nil {
			return a, b, v, err
		}
	}
	return a, b, v, nil
}
