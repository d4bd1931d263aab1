package op

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// SampleOptions are the attributes of ONNX's GridSample (opset 20), by their values there.
type SampleOptions struct {
	Mode         string // linear, nearest or cubic
	Padding      string // zeros, border or reflection
	AlignCorners bool
}

// GridSample computes v of x as ONNX's GridSample (opset 20) does: x is (N, C, one to three axes), the grid (N, axes
// of v, one number for each axis of x, the last axis first), and v (N, C, axes of v), all float32. The errors wrap
// [ErrShape], [ErrView], [ErrRank], [ErrType] or [ErrKernel].
func GridSample(p *exec.Plan, x, grid, v Tensor, o SampleOptions) error {
	for _, t := range []Tensor{x, grid, v} {
		if err := t.check(p, shaders.Float32); err != nil {
			return fmt.Errorf("grid sample: %w", err)
		}
	}
	axes := x.Rank() - 2
	if axes < 1 || axes > 3 || v.Rank() != x.Rank() || grid.Rank() != x.Rank() || grid.Shape[axes+1] != axes ||
		!slices.Equal(v.Shape[:2], x.Shape[:2]) || v.Shape[0] != grid.Shape[0] ||
		!slices.Equal(v.Shape[2:], grid.Shape[1:axes+1]) {
		return fmt.Errorf("grid sample: %w: %v at %v is %v", ErrShape, x.Shape, grid.Shape, v.Shape)
	}
	taps, padding := map[string]int{"nearest": 1, "linear": 2, "cubic": 4}[o.Mode],
		slices.Index([]string{"zeros", "border", "reflection"}, o.Padding)
	if taps == 0 || padding < 0 {
		return fmt.Errorf("grid sample: %w: mode %q and padding %q", ErrKernel, o.Mode, o.Padding)
	}
	s := newSampling(x.Shape[2:], x.Strides[2:], taps)
	s.params.Padding = uint32(padding)
	s.params.Low = -0.5
	if o.AlignCorners {
		s.params.Low = 0
	}
	for i, size := range x.Shape[2:] { // an axis that x lacks is read at 0
		at := 3 - axes + i
		s.params.GridStep[at] = uint32((axes - 1 - i) * grid.Strides[axes+1])
		s.params.Factor[at], s.params.Shift[at] = float32(size-1)/2-s.params.Low, float32(size-1)/2
	}
	still := make([]int, axes)
	s.x = View{v.Shape, slices.Concat(x.Strides[:2], still), x.Offset}
	s.grid = View{v.Shape, slices.Concat(grid.Strides[:1], []int{0}, grid.Strides[1:axes+1]), grid.Offset}
	if err := s.add(p, x, grid, nil, v); err != nil {
		return fmt.Errorf("grid sample: %w", err)
	}
	return nil
}

// sampling are the views by which a tensor is read between its numbers. Those left out are of zeros.
type sampling struct {
	params                     shaders.SampleParams
	x, grid, mask, row, column View
}

// newSampling is of one to three axes, with so many taps along each.
func newSampling(sizes, strides []int, taps int) *sampling {
	s := &sampling{}
	s.params.Size, s.params.Taps = [3]uint32{1, 1, 1}, [3]uint32{1, 1, 1}
	for i, size := range sizes {
		at := 3 - len(sizes) + i
		s.params.Size[at], s.params.Taps[at], s.params.Step[at] = uint32(size), uint32(taps), uint32(strides[i])
	}
	return s
}

// add adds the step. Numbers of v stand in memory in the order in which threads compute them.
func (s *sampling) add(p *exec.Plan, x, grid Tensor, mask *Tensor, v Tensor) error {
	views := []View{s.x, s.grid, s.mask, s.row, s.column, v.View}
	order := make([]int, v.Rank())
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return v.Strides[b] - v.Strides[a] })
	for i, view := range views {
		if view.Shape == nil {
			view = View{v.Shape, make([]int, v.Rank()), 0}
		}
		turned, err := view.Permute(order...)
		if err != nil {
			return err
		}
		views[i] = turned
	}
	merged, err := Merge(views...)
	if err != nil {
		return err
	}
	k, to := shaders.Sampling, &s.params
	to.Outputs, to.Shape = uint32(v.Count()), shapeOf(merged[0].Shape)
	for i, view := range []*shaders.View{&to.X, &to.Grid, &to.Mask, &to.Row, &to.Column, &to.V} {
		*view = viewOf(merged[i])
	}
	masks := x.Operand // which nothing reads
	if mask != nil {
		to.Masked, masks = 1, mask.Operand
	}
	p.Threads(k, shaders.Encode(*to), int64(v.Count()), int64(k.Threads),
		exec.Whole(x.Operand), exec.Whole(grid.Operand), exec.Whole(masks), exec.Whole(v.Operand))
	return nil
}
