package op

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// DeformOptions are the attributes of ONNX's DeformConv (opset 19), with a number for y and one for x.
type DeformOptions struct {
	Stride, Dilation, PadBegin [2]int
	Groups, OffsetGroups       int
}

// DeformConv computes v of x (N, C, H, W) and the filters w (M, C / groups, KH, KW) as ONNX's DeformConv (opset 19)
// does, all float32: each tap of a window is read at its place and what offset (N, 2 * offset groups * KH * KW, OH,
// OW) adds to it, and multiplied by mask (N, offset groups * KH * KW, OH, OW), if there is one. bias has a number for
// each of v's channels, if it is not nil. What is read is scratch memory, of which the filters' product is taken. The
// errors wrap [ErrShape], [ErrView], [ErrRank] or [ErrType].
func DeformConv(p *exec.Plan, x, w, offset Tensor, bias, mask *Tensor, v Tensor, o DeformOptions) error {
	d := deform{x: x, w: w, offset: offset, bias: bias, mask: mask, v: v, o: o}
	if err := d.check(p); err != nil {
		return fmt.Errorf("deform conv: %w", err)
	}
	if err := d.add(p); err != nil {
		return fmt.Errorf("deform conv: %w", err)
	}
	return nil
}

type deform struct {
	x, w, offset, v Tensor
	bias, mask      *Tensor
	o               DeformOptions
}

// tensors are all that there are.
func (d deform) tensors() []Tensor {
	all := []Tensor{d.x, d.w, d.offset, d.v}
	for _, t := range []*Tensor{d.bias, d.mask} {
		if t != nil {
			all = append(all, *t)
		}
	}
	return all
}

func (d deform) check(p *exec.Plan) error {
	for _, t := range d.tensors() {
		if err := t.check(p, shaders.Float32); err != nil {
			return err
		}
	}
	x, w, v, o := d.x.Shape, d.w.Shape, d.v.Shape, d.o
	if len(x) != 4 || len(w) != 4 || len(v) != 4 || o.Groups < 1 || o.OffsetGroups < 1 || x[0] != v[0] ||
		w[0] != v[1] ||
		w[1]*o.Groups != x[1] || v[1]%o.Groups != 0 || x[1]%o.OffsetGroups != 0 {
		return fmt.Errorf("%w: %v by filters %v is %v, of %d groups and %d of offsets", ErrShape, x, w, v, o.Groups,
			o.OffsetGroups)
	}
	taps := o.OffsetGroups * w[2] * w[3]
	if want := []int{v[0], 2 * taps, v[2], v[3]}; !slices.Equal(d.offset.Shape, want) {
		return fmt.Errorf("%w: offsets %v, must be %v", ErrShape, d.offset.Shape, want)
	}
	if want := []int{v[0], taps, v[2], v[3]}; d.mask != nil && !slices.Equal(d.mask.Shape, want) {
		return fmt.Errorf("%w: a mask %v, must be %v", ErrShape, d.mask.Shape, want)
	}
	if want := v[1:2]; d.bias != nil && !slices.Equal(d.bias.Shape, want) {
		return fmt.Errorf("%w: a bias %v, must be %v", ErrShape, d.bias.Shape, want)
	}
	for i := range 2 {
		last := int64(v[2+i]-1)*int64(o.Stride[i]) + int64(w[2+i]-1)*int64(o.Dilation[i])
		if o.Stride[i] < 1 || o.Dilation[i] < 1 || o.PadBegin[i] < 0 || max(last, int64(o.PadBegin[i])) >= 1<<23 {
			return fmt.Errorf(
				"%w: stride %v, dilation %v and padding %v, must be 1 or more, and 0, below 2^23 all together",
				ErrShape, o.Stride, o.Dilation, o.PadBegin)
		}
	}
	return nil
}

// add adds the steps: what windows read, the filters' products with that, and the bias.
func (d deform) add(p *exec.Plan) error {
	x, w, v, groups := d.x.Shape, d.w.Shape, d.v.Shape, d.o.Groups
	rows, err := d.columns(p)
	if err != nil {
		return err
	}
	columns := Contiguous(x[0], groups, w[1]*w[2]*w[3], v[2]*v[3]).Of(rows)
	filters := d.w
	if !filters.IsContiguous() {
		filters = Contiguous(w...).Of(p.Scratch("the filters", int64(d.w.Count())))
		if err := Copy(p, filters, d.w); err != nil {
			return err
		}
	}
	if filters.View, err = filters.Reshape(groups, w[0]/groups, w[1]*w[2]*w[3]); err != nil {
		return err
	}
	sums := p.Scratch("sums of products", int64(d.v.Count()))
	matrices := Contiguous(v[0], groups, v[1]/groups, v[2]*v[3]).Of(sums)
	if err := MatMul(p, filters, columns, matrices, 1); err != nil {
		return err
	}
	if d.bias == nil {
		return Copy(p, d.v, Contiguous(v...).Of(sums))
	}
	each, err := d.bias.Reshape(v[1], 1, 1)
	if err != nil {
		return err
	}
	return Pointwise(p, "add", 0, 0, d.v, Contiguous(v...).Of(sums), each.Of(d.bias.Operand))
}

// columns adds the step that reads what each tap of each window does, and gives its operand: for images, channels and
// taps the numbers of all windows.
func (d deform) columns(p *exec.Plan) (int, error) {
	x, w, v, o := d.x, d.w.Shape, d.v.Shape, d.o
	each := x.Shape[1] / o.OffsetGroups
	shape := []int{x.Shape[0], o.OffsetGroups, each, w[2], w[3], v[2], v[3]}
	s := newSampling(x.Shape[2:], x.Strides[2:], 2)
	s.params.Factor = [3]float32{0, 1, 1}
	s.params.Shift = [3]float32{0, -float32(o.PadBegin[0]), -float32(o.PadBegin[1])}
	s.params.GridStep = [3]uint32{0, 0, uint32(d.offset.Strides[1])}
	s.x = View{shape, []int{x.Strides[0], each * x.Strides[1], x.Strides[1], 0, 0, 0, 0}, x.Offset}
	perTap := func(t Tensor, numbers int) View {
		step := t.Strides
		tap := numbers * step[1]
		return View{shape, []int{step[0], w[2] * w[3] * tap, 0, w[3] * tap, tap, step[2], step[3]}, t.Offset}
	}
	s.grid = perTap(d.offset, 2)
	if d.mask != nil {
		s.mask = perTap(*d.mask, 1)
	}
	s.row = View{shape, []int{0, 0, 0, o.Dilation[0], 0, o.Stride[0], 0}, 0}
	s.column = View{shape, []int{0, 0, 0, 0, o.Dilation[1], 0, o.Stride[1]}, 0}
	to := Contiguous(shape...).Of(p.Scratch("what windows read", int64(product(shape))))
	return to.Operand, s.add(p, x, d.offset, d.mask, to)
}
