package op

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/shaders"
)

// ErrLong is about rows of more numbers than the threads of a workgroup can go through.
var ErrLong = errors.New("too long a row")

// rows are tensors as kernels of rows see them: by the axes that are kept, and by those that are reduced.
type rows struct {
	kept, reduced []View // of each tensor, merged
	count         int    // numbers of a row
	number        int    // of rows
}

// rowsOf splits the axes of tensors of one shape. The axes are each other's and not doubled.
func rowsOf(axes []int, tensors ...View) (r rows, err error) {
	rank := tensors[0].Rank()
	reduces := make([]bool, rank)
	for _, axis := range axes {
		if axis < 0 || axis >= rank || reduces[axis] {
			return r, fmt.Errorf("%w: axes %v of %v, must be some of its axes once", ErrView, axes, tensors[0].Shape)
		}
		reduces[axis] = true
	}
	var kept, reduced []View
	for _, v := range tensors {
		k, d := View{Offset: v.Offset}, View{}
		for axis := range v.Shape {
			to := &k
			if reduces[axis] {
				to = &d
			}
			to.Shape, to.Strides = append(to.Shape, v.Shape[axis]), append(to.Strides, v.Strides[axis])
		}
		kept, reduced = append(kept, k), append(reduced, d)
	}
	if r.kept, err = Merge(kept...); err != nil {
		return r, err
	}
	r.count, r.number = reduced[0].Count(), kept[0].Count()
	r.reduced, err = Merge(reduced...)
	return r, err
}

// most is how many rounds of loops a thread may go through: llvmpipe ends them silently after 65,535.
const most = 60000

// form chooses how many rows a workgroup has, for kernels that go through a row so many times.
func (r rows) form(passes int) shaders.Rows {
	form := shaders.Rows{Flat: r.reduced[0].Rank() < 2, Lanes: 1, Threads: 256}
	switch {
	case r.count <= 32, r.count <= 128 && r.number >= 1<<12:
		form.Lanes = 256
	case r.count <= 1024 || r.besideEachOther():
		form.Lanes = 16
	}
	if r.rounds(form)*passes > most {
		form.Lanes = 1
	}
	return form
}

// fits reports rows that are too long for a form.
func (r rows) fits(form shaders.Rows, passes int) error {
	if r.rounds(form)*passes > most {
		return fmt.Errorf("%w: %d numbers, %d times", ErrLong, r.count, passes)
	}
	return nil
}

// besideEachOther tells whether numbers of different rows are nearer to each other than those of one row.
func (r rows) besideEachOther() bool {
	k, d := r.kept[0], r.reduced[0]
	if k.Rank() == 0 || d.Rank() == 0 {
		return false
	}
	last := k.Rank() - 1
	return k.Shape[last] >= 16 && k.Strides[last] < d.Strides[d.Rank()-1]
}

// rounds is how many a thread goes through for a row: one for four numbers, and where these are found axis by axis,
// for
// each of them one for each axis and one to see that there are no more, twice, for kernels that read and write.
func (r rows) rounds(form shaders.Rows) int {
	each := 4 * int(form.Threads/form.Lanes)
	rounds := (r.count + each - 1) / each
	if !form.Flat {
		rounds *= 1 + 2*4*(r.reduced[0].Rank()+1)
	}
	return rounds
}

// sameRows are the rows of tensors that must have one shape.
func sameRows(axes []int, tensors ...View) (rows, error) {
	for _, v := range tensors {
		if !slices.Equal(v.Shape, tensors[0].Shape) {
			return rows{}, fmt.Errorf("%w: %v and %v, must be equal", ErrShape, tensors[0].Shape, v.Shape)
		}
	}
	return rowsOf(axes, tensors...)
}

// spreadBack is a result by the shape of what it was reduced from: along the axes its stride is 0. The result has that
// shape without the axes, or with the size 1 there, as ONNX's keepdims leaves them.
func spreadBack(v View, shape, axes []int) (View, error) {
	to := View{Shape: shape, Strides: make([]int, len(shape)), Offset: v.Offset}
	keeps, at := v.Rank() == len(shape), 0
	for axis, size := range shape {
		reduced := slices.Contains(axes, axis)
		if reduced && !keeps {
			continue
		}
		if reduced {
			size = 1
		}
		if at >= v.Rank() || v.Shape[at] != size {
			at = -1
			break
		}
		if !reduced {
			to.Strides[axis] = v.Strides[at]
		}
		at++
	}
	if at != v.Rank() {
		return to, fmt.Errorf("%w: of %v by the axes %v comes no %v", ErrShape, shape, axes, v.Shape)
	}
	return to, nil
}
