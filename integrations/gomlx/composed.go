package gomlx

import (
	"slices"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/shapes"
)

// This file composes operators of others.

// formula is values that follow from each other, and the first error on the way.
type formula struct {
	b   *Builder
	err error
}

// of is what a method of the builder gives.
func (f *formula) of(v backends.Op, err error) backends.Op {
	if f.err == nil {
		f.err = err
	}
	return v
}

// then calls do where nothing failed before.
func (f *formula) then(do func() (backends.Op, error)) backends.Op {
	if f.err != nil {
		return nil
	}
	return f.of(do())
}

// pair is an operator of two operands.
func (f *formula) pair(do func(x, y backends.Op) (backends.Op, error), x, y backends.Op) backends.Op {
	return f.then(func() (backends.Op, error) { return do(x, y) })
}

// number is a scalar of a floating-point type.
func (f *formula) number(t dtypes.DType, x float64) backends.Op {
	return f.then(func() (backends.Op, error) {
		switch t {
		case dtypes.Float32:
			return f.b.Constant([]float32{float32(x)})
		case dtypes.Float64:
			return f.b.Constant([]float64{x})
		}
		one, err := f.b.Constant([]float32{float32(x)})
		if err != nil {
			return nil, err
		}
		return f.b.ConvertDType(one, t)
	})
}

// scattered is what SelectAndScatter gives.
func (f *formula) scattered(w windows, shape, source shapes.Shape, x, of backends.Op,
	better func(x, y backends.Op) (backends.Op, error), worst float64) (backends.Op, error) {
	pads := make([]backends.PadAxis, len(w.dims))
	for i, p := range w.paddings {
		pads[i] = backends.PadAxis{Start: p[0], End: p[1]}
	}
	t := shape.DType
	lowest, zero := f.number(t, worst), f.number(t, 0)
	wide := f.then(func() (backends.Op, error) { return f.b.Pad(x, lowest, pads...) })
	var best, where backends.Op
	w.each(func(place int, offset []int) {
		this := f.then(func() (backends.Op, error) {
			return f.b.Slice(wide, offset, w.limits(offset, source), w.strides)
		})
		if place == 0 {
			best, where = this, zero
			return
		}
		yes, number := f.pair(better, this, best), f.number(t, float64(place))
		best = f.then(func() (backends.Op, error) { return f.b.Where(yes, this, best) })
		where = f.then(func() (backends.Op, error) { return f.b.Where(yes, number, where) })
	})
	var sum backends.Op
	w.each(func(place int, offset []int) {
		yes := f.pair(f.b.Equal, where, f.number(t, float64(place)))
		given := f.then(func() (backends.Op, error) { return f.b.Where(yes, of, zero) })
		there := f.then(func() (backends.Op, error) { return f.b.Pad(given, zero, w.spots(offset, source)...) })
		if sum == nil {
			sum = there
			return
		}
		sum = f.pair(f.b.Add, sum, there)
	})
	for i := range pads {
		pads[i].Start, pads[i].End = -pads[i].Start, -pads[i].End
	}
	sum = f.then(func() (backends.Op, error) { return f.b.Pad(sum, zero, pads...) })
	return sum, f.err
}

// each goes through the places of a window, in their order.
func (w windows) each(do func(place int, offset []int)) {
	offset := make([]int, len(w.size))
	for place := range product(w.size) {
		do(place, slices.Clone(offset))
		for i := len(offset) - 1; i >= 0; i-- {
			if offset[i]++; offset[i] < w.size[i] {
				break
			}
			offset[i] = 0
		}
	}
}

// limits are where the slice ends that has a window's place at this offset of all windows.
func (w windows) limits(offset []int, source shapes.Shape) []int {
	to := slices.Clone(offset)
	for i, n := range source.Dimensions {
		to[i] += (n-1)*w.strides[i] + 1
	}
	return to
}

// spots are the pads that bring a number for each window to the window's place at this offset.
func (w windows) spots(offset []int, source shapes.Shape) []backends.PadAxis {
	pads := make([]backends.PadAxis, len(offset))
	for i, limit := range w.limits(offset, source) {
		wide := w.dims[i] + w.paddings[i][0] + w.paddings[i][1]
		pads[i] = backends.PadAxis{Start: offset[i], End: wide - limit, Interior: w.strides[i] - 1}
	}
	return pads
}
