package operators

import (
	"slices"

	"github.com/gpuconv/gpuconv/cpuref"
)

// size is the number of elements of a shape. It refuses negative sizes, and more than cpuref.MaxOutputs elements.
func size(shape []int) int {
	n := 1
	for _, s := range shape {
		if s < 0 || s > cpuref.MaxOutputs {
			refuse("shape %v, each size must be from 0 to %d", shape, cpuref.MaxOutputs)
		}
		if n *= s; n > cpuref.MaxOutputs {
			refuse("shape %v has too many numbers, a reference holds at most %d", shape, cpuref.MaxOutputs)
		}
	}
	return n
}

// strides are how far apart neighbours on each axis lie.
func strides(shape []int) []int {
	s := make([]int, len(shape))
	step := 1
	for d := len(shape) - 1; d >= 0; d-- {
		s[d] = step
		step *= shape[d]
	}
	return s
}

// places are the indices of a view's numbers, row-major: of its shape, with these strides, from an offset.
func places(shape, strides []int, offset int) []int {
	if size(shape) == 0 {
		return nil
	}
	at := []int{offset}
	for d, n := range shape {
		next := make([]int, 0, len(at)*n)
		for _, p := range at {
			for i := range n {
				next = append(next, p+i*strides[d])
			}
		}
		at = next
	}
	return at
}

// coordinates are where element i of a shape is, written to at.
func coordinates(i int, shape, at []int) {
	for d := len(shape) - 1; d >= 0; d-- {
		at[d], i = i%shape[d], i/shape[d]
	}
}

// broadcast is the shape that ONNX's multidirectional broadcasting gives (docs/Broadcasting.md).
func broadcast(shapes ...[]int) []int {
	rank := 0
	for _, s := range shapes {
		rank = max(rank, len(s))
	}
	out := slices.Repeat([]int{1}, rank)
	for _, s := range shapes {
		for d, n := range s {
			switch to := &out[rank-len(s)+d]; {
			case *to == 1:
				*to = n
			case n != 1 && n != *to:
				refuse("shapes %v do not broadcast", shapes)
			}
		}
	}
	size(out)
	return out
}

// spread are the places of a's numbers when its shape is broadcast to out, which it must be able to.
func spread(shape, out []int) []int {
	front := len(out) - len(shape)
	if front < 0 {
		refuse("shape %v does not broadcast to %v", shape, out)
	}
	step := make([]int, len(out))
	for d, s := range strides(shape) {
		switch {
		case shape[d] == out[front+d]:
			step[front+d] = s
		case shape[d] != 1:
			refuse("shape %v does not broadcast to %v", shape, out)
		}
	}
	return places(out, step, 0)
}

// axisOf is an axis from 0 to rank-1; negative ones count from the back.
func axisOf(axis, rank int) int {
	if axis < -rank || axis >= rank {
		refuse("axis %d of a tensor of rank %d", axis, rank)
	}
	return (axis + rank) % rank
}

// axesOf are axes of which none may come twice.
func axesOf(axes []int, rank int) []int {
	out := make([]int, len(axes))
	for i, a := range axes {
		out[i] = axisOf(a, rank)
		if slices.Contains(out[:i], out[i]) {
			refuse("axes %v name one twice", axes)
		}
	}
	return out
}

// every are all axes of a rank.
func every(rank int) []int {
	all := make([]int, rank)
	for i := range all {
		all[i] = i
	}
	return all
}

// split are the places of a tensor's lines: where each begins, and how far its numbers are from there. A line runs
// along the axes, in the order of memory.
func split(shape, axes []int) (begins, offsets []int) {
	var kept, keptSteps, taken, takenSteps []int
	for d, s := range strides(shape) {
		if slices.Contains(axes, d) {
			taken, takenSteps = append(taken, shape[d]), append(takenSteps, s)
		} else {
			kept, keptSteps = append(kept, shape[d]), append(keptSteps, s)
		}
	}
	return places(kept, keptSteps, 0), places(taken, takenSteps, 0)
}
