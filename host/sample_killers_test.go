package host_test

import (
	"fmt"
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/shaders"
)

// sampled is a tensor that is read at the coordinates of a grid: (N, C, sizes), and the sizes of the result.
type sampled struct {
	op.SampleOptions
	x, sizes []int
	order    []int // of axes in memory
	gap      int
}

// The killers of sample.wgsl: every mode with every padding, aligned and not, of one to three axes, some far outside;
// the columns of deformed windows, with offsets, masks and groups of both; and as many numbers as fill the folded
// grid.
func init() {
	kill := func(name string, build func(c *tensorCase) error) {
		killers[shaders.Sampling] = append(killers[shaders.Sampling], tensorKiller(name, build))
	}
	last := []int{0, 2, 3, 1}
	for _, s := range []sampled{
		{op.SampleOptions{Mode: "linear", Padding: "zeros"}, []int{2, 3, 5, 4}, []int{3, 5}, last, 1},
		{op.SampleOptions{Mode: "linear", Padding: "border", AlignCorners: true}, []int{2, 3, 4, 6}, []int{3, 4}, last,
			0},
		{op.SampleOptions{Mode: "linear", Padding: "reflection"}, []int{1, 2, 4, 3}, []int{6, 5}, []int{0, 1, 2, 3},
			2},
		{op.SampleOptions{Mode: "linear", Padding: "reflection", AlignCorners: true}, []int{1, 2, 1, 5}, []int{4, 7},
			last, 0},
		{op.SampleOptions{Mode: "nearest", Padding: "zeros", AlignCorners: true}, []int{1, 2, 5, 3}, []int{4, 7}, last,
			0},
		{op.SampleOptions{Mode: "nearest", Padding: "reflection"}, []int{1, 2, 3, 5}, []int{4, 7}, last, 0},
		{op.SampleOptions{Mode: "cubic", Padding: "zeros"}, []int{1, 2, 7, 5}, []int{4, 7}, last, 0},
		{op.SampleOptions{Mode: "cubic", Padding: "border"}, []int{1, 2, 5, 6}, []int{4, 7}, last, 0},
		{op.SampleOptions{Mode: "linear", Padding: "zeros"}, []int{2, 2, 3, 5, 4}, []int{2, 3, 4},
			[]int{0, 1, 2, 3, 4}, 1},
		{op.SampleOptions{Mode: "nearest", Padding: "border"}, []int{2, 3, 9}, []int{7}, []int{0, 1, 2}, 0},
		{op.SampleOptions{Mode: "cubic", Padding: "zeros"}, []int{1, 3, 9}, []int{7}, []int{0, 1, 2}, 0},
		{op.SampleOptions{Mode: "cubic", Padding: "border"}, []int{1, 2, 3, 5, 4}, []int{2, 3, 4},
			[]int{0, 1, 2, 3, 4}, 0},
		{op.SampleOptions{Mode: "linear", Padding: "reflection"}, []int{1, 2, 2, 5, 3}, []int{2, 4, 3},
			[]int{0, 2, 3, 4, 1}, 0},
		{op.SampleOptions{Mode: "linear", Padding: "zeros"}, []int{1, 10, 3, 3}, []int{8, 8}, last, 0},
		{op.SampleOptions{Mode: "cubic", Padding: "reflection"}, []int{1, 2, 3, 5}, []int{9, 7}, last, 0},
	} {
		kill(fmt.Sprintf("%s, %s, %v to %v", s.Mode, s.Padding, s.x, s.sizes), s.build)
	}
	kill("deformed windows", func(c *tensorCase) error { return deformed(c, true) })
	kill("deformed windows without mask and bias", func(c *tensorCase) error { return deformed(c, false) })
}

// scattered are numbers of either sign, no two alike, of a size up to most.
func scattered(n int, most float64) []float64 {
	all := make([]float64, n)
	for i := range all {
		all[i] = float64(float32(most * math.Sin(1.7*float64(i+1)+0.3*float64(i%7))))
	}
	return all
}

func (s sampled) build(c *tensorCase) error {
	axes := len(s.sizes)
	v := append(slices.Clone(s.x[:2]), s.sizes...)
	grid := append(append([]int{s.x[0]}, s.sizes...), axes)
	far := 2.3
	if s.Padding == "reflection" {
		far = 5.1
	}
	numbers, given := whole(op.Contiguous(s.x...).Count(), 50), scattered(op.Contiguous(grid...).Count(), far)
	for i := 5; i < len(given); i += 7 { // at the borders
		given[i] = float64(1 - i%2*2)
	}
	var want []float64
	for i := range op.Contiguous(v...).Count() {
		at := coordinates(v, i)
		var by [][]tapOf
		for d := range axes { // the grid has the last axis first
			place := append(append([]int{at[0]}, at[2:]...), axes-1-d)
			by = append(by, s.taps(given[broadcastPlace(grid, place)], s.x[2+d]))
		}
		want = append(want, mixOf(numbers, s.x, at[:2], by))
	}
	gridOrder := make([]int, len(grid))
	for i := range gridOrder {
		gridOrder[i] = i
	}
	x := c.input(shaders.Float32, permuted(s.x, s.gap, s.order...), numbers)
	to := c.input(shaders.Float32, permuted(grid, 2*s.gap, gridOrder...), given)
	result := c.output(shaders.Float32, permuted(v, 3*s.gap, s.order...), want, 1e-4)
	return op.GridSample(&c.plan, x, to, result, s.SampleOptions)
}

// tapOf is a number on an axis, or none, and its weight.
type tapOf struct {
	at     int // -1 is none
	weight float64
}

// mixOf is the sum of numbers of x by all products of taps behind some coordinates.
func mixOf(numbers []float64, x, at []int, by [][]tapOf) float64 {
	if len(by) == 0 {
		return numbers[broadcastPlace(x, at)]
	}
	sum := 0.0
	for _, t := range by[0] {
		if t.at >= 0 {
			sum += t.weight * mixOf(numbers, x, append(slices.Clone(at), t.at), by[1:])
		}
	}
	return sum
}

// taps are those of one coordinate of the grid, as ONNX's GridSample has them.
func (s sampled) taps(coordinate float64, size int) []tapOf {
	n := float64(size)
	x, low, high := ((coordinate+1)*n-1)/2, -0.5, n-0.5
	if s.AlignCorners {
		x, low, high = (coordinate+1)/2*(n-1), 0, n-1
	}
	if s.Mode == "nearest" {
		x = math.RoundToEven(x)
	}
	inside := func(x float64) float64 {
		for range 1000 {
			switch {
			case low == high:
				return low
			case x < low:
				x = 2*low - x
			case x > high:
				x = 2*high - x
			}
		}
		return x
	}
	number := func(i float64) int {
		switch {
		case s.Padding == "border":
			return int(max(0, min(i, n-1)))
		case s.Padding == "reflection":
			return int(inside(i))
		case i < 0 || i >= n:
			return -1
		}
		return int(i)
	}
	switch s.Padding {
	case "border":
		if x < low || x > high {
			x = max(0, min(x, n-1))
		}
	case "reflection":
		x = inside(x)
	}
	below := math.Floor(x)
	f := x - below
	keys := func(d float64) float64 {
		const a = -0.75
		if d <= 1 {
			return (a+2)*d*d*d - (a+3)*d*d + 1
		}
		return a*d*d*d - 5*a*d*d + 8*a*d - 4*a
	}
	switch s.Mode {
	case "nearest":
		return []tapOf{{number(x), 1}}
	case "linear":
		return []tapOf{{number(below), 1 - f}, {number(below + 1), f}}
	}
	return []tapOf{{number(below - 1), keys(1 + f)}, {number(below), keys(f)}, {number(below + 1), keys(1 - f)},
		{number(below + 2), keys(2 - f)}}
}

// deformed are windows of two groups, and of two groups of offsets, no two sizes of which are alike.
func deformed(c *tensorCase, all bool) error {
	const images, channels, outputs, height, width, kh, kw, oh, ow = 2, 4, 6, 5, 7, 3, 2, 4, 3
	o := op.DeformOptions{
		Stride: [2]int{1, 2}, Dilation: [2]int{2, 1}, PadBegin: [2]int{2, 1}, Groups: 2, OffsetGroups: 2,
	}
	shapes := [][]int{{images, channels, height, width}, {outputs, channels / 2, kh, kw},
		{images, 4 * kh * kw, oh, ow},
		{images, 2 * kh * kw, oh, ow}, {outputs}, {images, outputs, oh, ow}}
	count := func(i int) int { return op.Contiguous(shapes[i]...).Count() }
	x, w, offset, mask := whole(count(0), 9), whole(count(1), 3), scattered(count(2), 2.2), scattered(count(3), 1)
	bias := whole(count(4), 5)
	var want []float64
	for i := range count(5) {
		at := coordinates(shapes[5], i)
		n, k := at[0], at[1]
		sum := 0.0
		if all {
			sum = bias[k]
		}
		for d := range channels / 2 {
			channel := k/(outputs/2)*(channels/2) + d
			for tap := range kh * kw {
				g := channel / (channels / 2)
				number := g*kh*kw + tap
				where := func(axis int) float64 {
					return offset[broadcastPlace(shapes[2], []int{n, 2*number + axis, at[2], at[3]})] +
						float64(at[2+axis]*o.Stride[axis]-o.PadBegin[axis]+[]int{tap / kw,
							tap % kw}[axis]*o.Dilation[axis])
				}
				by := func(axis int) []tapOf {
					at := where(axis)
					below := math.Floor(at)
					taps := []tapOf{{int(below), 1 - (at - below)}, {int(below) + 1, at - below}}
					for i := range taps {
						if taps[i].at >= shapes[0][2+axis] {
							taps[i].at = -1
						}
					}
					return taps
				}
				read := mixOf(x, shapes[0], []int{n, channel}, [][]tapOf{by(0), by(1)})
				if all {
					read *= mask[broadcastPlace(shapes[3], []int{n, number, at[2], at[3]})]
				}
				sum += read * w[broadcastPlace(shapes[1], []int{k, d, tap / kw, tap % kw})]
			}
		}
		want = append(want, sum)
	}
	last := []int{0, 2, 3, 1}
	tensor := func(i, gap int, numbers []float64) op.Tensor {
		return c.input(shaders.Float32, permuted(shapes[i], gap, last[:len(shapes[i])]...), numbers)
	}
	in, filters, offsets := tensor(0, 1, x), tensor(1, 0, w), tensor(2, 2, offset)
	v := c.output(shaders.Float32, permuted(shapes[5], 0, last...), want, 1e-5)
	if !all {
		return op.DeformConv(&c.plan, in, filters, offsets, nil, nil, v, o)
	}
	masks, biases := tensor(3, 3, mask), c.input(shaders.Float32, op.Contiguous(outputs), bias)
	return op.DeformConv(&c.plan, in, filters, offsets, &biases, &masks, v, o)
}
