package operators

import (
	"slices"

	"github.com/gpuconv/gpuconv/cpuref"
)

// window is what convolutions and pools slide over the spatial axes of a volume.
type window struct {
	in, kernel, out  []int // sizes
	stride, dilation []int
	before, after    []int // padding on both sides
}

// extent is how many numbers of an axis the window spans.
func (w *window) extent(d int) int { return (w.kernel[d]-1)*w.dilation[d] + 1 }

// newWindow reads the attributes that Conv and the pools have in common. in is the shape of the spatial axes.
func newWindow(c *call, in, kernel []int) *window {
	rank := len(in)
	if rank == 0 || len(kernel) != rank {
		refuse("a kernel of shape %v over spatial axes %v, must be of the same rank, 1 or more", kernel, in)
	}
	for _, k := range kernel {
		if k < 1 || k > cpuref.MaxOutputs {
			refuse("a kernel of shape %v, each size must be from 1 to %d", kernel, cpuref.MaxOutputs)
		}
	}
	pads := c.sized("pads", 2*rank, 0, 0)
	return &window{
		in: in, kernel: kernel, out: make([]int, rank),
		stride: c.sized("strides", rank, 1, 1), dilation: c.sized("dilations", rank, 1, 1),
		before: slices.Clone(pads[:rank]), after: slices.Clone(pads[rank:]),
	}
}

// autoPad is the attribute of that name.
func (c *call) autoPad() string {
	return c.choice("auto_pad", "NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")
}

// slide finds the output's sizes, and the padding that auto_pad asks for. With ceil, a last window that is not whole
// counts too, unless it begins in the padding behind.
func (w *window) slide(auto string, ceil bool) {
	for d, in := range w.in {
		switch auto {
		case "VALID":
			w.before[d], w.after[d] = 0, 0
		case "SAME_UPPER", "SAME_LOWER":
			out := (in + w.stride[d] - 1) / w.stride[d]
			total := max((out-1)*w.stride[d]+w.extent(d)-in, 0)
			w.before[d], w.after[d] = halves(total, auto == "SAME_LOWER")
		}
		room := in + w.before[d] + w.after[d] - w.extent(d)
		if room < 0 {
			refuse("a window of %d on axis %d, of %d numbers with padding", w.extent(d), d,
				in+w.before[d]+w.after[d])
		}
		w.out[d] = room/w.stride[d] + 1
		if ceil && auto == "NOTSET" && room%w.stride[d] > 0 && w.out[d]*w.stride[d] < in+w.before[d] {
			w.out[d]++
		}
	}
	size(w.out)
}

// halves are both sides of a padding; the odd one goes behind, or before.
func halves(total int, before bool) (int, int) {
	if before {
		return total - total/2, total / 2
	}
	return total / 2, total - total/2
}

// run is some numbers of the volume that windows slide over, and the windows that they are in: of the last axis, each
// a stride behind the one before.
type run struct{ in, out, count int }

// taps gives for each place in the kernel, row-major, the runs of input and output that it joins. Padding is in none.
func (w *window) taps() [][]run {
	kernels, last := size(w.kernel), len(w.in)-1
	rows := size(w.out[:last])
	size([]int{kernels, rows, w.out[last]}) // together not too many either
	all := make([][]run, kernels)
	tap, at := make([]int, last+1), make([]int, last)
	steps := strides(w.in)
	for k := range all {
		coordinates(k, w.kernel, tap)
		for row := range rows {
			coordinates(row, w.out[:last], at)
			place, inside := 0, true
			for d, x := range at {
				i := x*w.stride[d] - w.before[d] + tap[d]*w.dilation[d]
				inside = inside && i >= 0 && i < w.in[d]
				place += i * steps[d]
			}
			// The first and the last output whose number is inside: the number of output o is o*stride - shift.
			stride, shift := w.stride[last], w.before[last]-tap[last]*w.dilation[last]
			from := max(0, (shift+stride-1)/stride)
			to := min(w.out[last], floorDiv(w.in[last]-1+shift, stride)+1)
			if inside && from < to {
				r := run{place + from*stride - shift, row*w.out[last] + from, to - from}
				all[k] = append(all[k], r)
			}
		}
	}
	return all
}

// floorDiv is a/b rounded down.
func floorDiv(a, b int) int {
	if a < 0 {
		return -((b - 1 - a) / b)
	}
	return a / b
}
