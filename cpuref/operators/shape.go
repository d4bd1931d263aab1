package operators

import (
	"slices"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/onnx"
)

// shaping are operators that only move numbers. All are exact.
var shaping = map[string]operator{
	"Reshape":   {1, 2, reshape},
	"Flatten":   {1, 1, flatten},
	"Squeeze":   {1, 2, squeeze},
	"Unsqueeze": {1, 2, unsqueeze},
	"Transpose": {1, 1, transpose},
	"Tile":      {2, 2, tile},
	"Expand": {2, 2, func(c *call) []Result {
		shape := broadcast(c.in[0].Shape, c.whole(1))
		return one(copied(c.in[0], shape, spread(c.in[0].Shape, shape)))
	}},
	"Concat":       {1, many, concat},
	"Split":        {1, 2, splitUp},
	"Slice":        {1, 5, slice},
	"Pad":          {1, 4, pad},
	"DepthToSpace": {1, 1, depthToSpace},
	"SpaceToDepth": {1, 1, spaceToDepth},
	"Trilu":        {1, 2, triangle},
	"Dropout":      {1, 3, dropout},
}

// as is the same numbers in another shape.
func (a *Array) as(shape []int) []Result {
	if size(shape) != len(a.Data) {
		refuse("%d numbers of shape %v do not have shape %v", len(a.Data), a.Shape, shape)
	}
	return one(copied(a, shape, every(len(a.Data))))
}

// reshape: 0 is the size that was there, unless allowzero says otherwise, and -1 what is left.
func reshape(c *call) []Result {
	a := c.in[0]
	shape := slices.Clone(c.whole(1))
	if c.input(1) == nil {
		refuse("input 1, the shape, is left out")
	}
	known, left := 1, -1
	for d, n := range shape {
		switch {
		case n == -1 && left < 0:
			left = d
			continue
		case n == 0 && !c.flag("allowzero", false):
			if d >= len(a.Shape) {
				refuse("shape %v copies size %d of shape %v", shape, d, a.Shape)
			}
			shape[d] = a.Shape[d]
		}
		known = size([]int{known, shape[d]})
	}
	if left >= 0 {
		if known == 0 || len(a.Data)%known != 0 {
			refuse("%d numbers of shape %v do not have shape %v", len(a.Data), a.Shape, shape)
		}
		shape[left] = len(a.Data) / known
	}
	return a.as(shape)
}

// flatten is a matrix: the axes before one, and those from it on.
func flatten(c *call) []Result {
	a := c.in[0]
	axis := c.integer("axis", 1)
	if axis != len(a.Shape) {
		axis = axisOf(axis, len(a.Shape))
	}
	return a.as([]int{size(a.Shape[:axis]), size(a.Shape[axis:])})
}

// squeeze drops axes of size 1: those that are named, else all. They are an input since opset 13.
func squeeze(c *call) []Result {
	a := c.in[0]
	axes := c.moved("axes", 1, 13)
	if axes == nil {
		for d, n := range a.Shape {
			if n == 1 {
				axes = append(axes, d)
			}
		}
	}
	axes = axesOf(axes, len(a.Shape))
	for _, d := range axes {
		if a.Shape[d] != 1 {
			refuse("axis %d of shape %v, must be of size 1", d, a.Shape)
		}
	}
	return a.as(reduced(a.Shape, axes, false))
}

// unsqueeze adds axes of size 1, named by where they come to be. They are an input since opset 13.
func unsqueeze(c *call) []Result {
	a := c.in[0]
	axes := c.moved("axes", 1, 13)
	rank := len(a.Shape) + len(axes)
	axes = axesOf(axes, rank)
	shape, next := slices.Repeat([]int{1}, rank), 0
	for d := range shape {
		if !slices.Contains(axes, d) {
			shape[d] = a.Shape[next]
			next++
		}
	}
	return a.as(shape)
}

func transpose(c *call) []Result {
	a := c.in[0]
	perm := c.list("perm")
	if perm == nil {
		perm = every(len(a.Shape))
		slices.Reverse(perm)
	}
	if len(perm) != len(a.Shape) {
		refuse("attribute perm is %v, x of shape %v", perm, a.Shape)
	}
	for _, p := range perm {
		if p < 0 {
			refuse("attribute perm is %v, must be of axes from 0", perm)
		}
	}
	return one(turned(a, axesOf(perm, len(a.Shape))))
}

// turned is a with its axes in another order.
func turned(a *Array, perm []int) Result {
	shape, step := make([]int, len(perm)), make([]int, len(perm))
	old := strides(a.Shape)
	for d, p := range perm {
		shape[d], step[d] = a.Shape[p], old[p]
	}
	return copied(a, shape, places(shape, step, 0))
}

// folded gives the numbers of a shape by the places that each axis takes them from; -1 is none.
func folded(a *Array, from [][]int, none float64) Result {
	shape := make([]int, len(from))
	for d, list := range from {
		shape[d] = len(list)
	}
	r := Result{Array: Array{Type: a.Type, Shape: shape, Data: make([]float64, size(shape))}}
	steps := strides(a.Shape)
	at := make([]int, len(shape))
	for i := range r.Data {
		coordinates(i, shape, at)
		place := 0
		for d, x := range at {
			if from[d][x] < 0 {
				place = -1
				break
			}
			place += from[d][x] * steps[d]
		}
		if r.Data[i] = none; place >= 0 {
			r.Data[i] = a.Data[place]
		}
	}
	return r
}

// tile repeats x on each axis.
func tile(c *call) []Result {
	a, repeats := c.in[0], c.whole(1)
	if len(repeats) != len(a.Shape) {
		refuse("repeats %v of x of shape %v", repeats, a.Shape)
	}
	from := make([][]int, len(repeats))
	for d, n := range repeats {
		size([]int{n, a.Shape[d]})
		from[d] = slices.Repeat(every(a.Shape[d]), n)
	}
	return one(folded(a, from, 0))
}

func concat(c *call) []Result {
	c.sameTypes()
	first := c.in[0]
	if !c.has("axis") {
		refuse("attribute axis is left out")
	}
	axis := axisOf(c.integer("axis", 0), len(first.Shape))
	shape, like := slices.Clone(first.Shape), reduced(first.Shape, []int{axis}, true)
	for i, a := range c.in[1:] {
		if len(a.Shape) != len(shape) || !slices.Equal(reduced(a.Shape, []int{axis}, true), like) {
			refuse("input %d of shape %v, must be like %v but for axis %d", i+1, a.Shape, first.Shape, axis)
		}
		shape[axis] += a.Shape[axis]
	}
	r := Result{Array: Array{Type: first.Type, Shape: shape, Data: make([]float64, 0, size(shape))}}
	for n := range size(shape[:axis]) {
		for _, a := range c.in {
			run := size(a.Shape[axis:])
			r.Data = append(r.Data, a.Data[n*run:(n+1)*run]...)
		}
	}
	return one(r)
}

// splitUp is Split: into as many parts as the node has outputs, or of the sizes that are an attribute before opset 13
// and an input since. Equal parts must be so before opset 18; since, the last one may be smaller.
func splitUp(c *call) []Result {
	a := c.in[0]
	axis := axisOf(c.integer("axis", 0), len(a.Shape))
	parts := c.moved("split", 1, 13)
	if parts == nil {
		count := len(c.node.Outputs)
		if c.opset >= 18 {
			count = c.integer("num_outputs", count)
		}
		if count < 1 || count > len(c.node.Outputs) || a.Shape[axis]%count != 0 && c.opset < 18 {
			refuse("%d outputs of an axis of size %d", count, a.Shape[axis])
		}
		each := (a.Shape[axis] + count - 1) / count
		for n := range count {
			parts = append(parts, max(0, min(each, a.Shape[axis]-n*each)))
		}
	}
	var results []Result
	begin := 0
	for _, n := range parts {
		if n < 0 || begin+n > a.Shape[axis] {
			refuse("parts %v of an axis of size %d", parts, a.Shape[axis])
		}
		shape := slices.Clone(a.Shape)
		shape[axis] = n
		steps := strides(a.Shape)
		results = append(results, copied(a, shape, places(shape, steps, begin*steps[axis])))
		begin += n
	}
	if begin != a.Shape[axis] || len(results) != len(c.node.Outputs) {
		refuse("parts %v of an axis of size %d, for %d outputs", parts, a.Shape[axis], len(c.node.Outputs))
	}
	return results
}

// slice takes from each axis what lies between a start and an end, in steps. All were attributes before opset 10.
func slice(c *call) []Result {
	a := c.in[0]
	starts, ends, axes := c.moved("starts", 1, 10), c.moved("ends", 2, 10), c.moved("axes", 3, 10)
	steps := c.whole(4)
	if axes == nil {
		axes = every(len(starts))
	}
	if steps == nil {
		steps = slices.Repeat([]int{1}, len(starts))
	}
	if len(ends) != len(starts) || len(axes) != len(starts) || len(steps) != len(starts) {
		refuse("starts %v, ends %v, axes %v and steps %v, must be equally many", starts, ends, axes, steps)
	}
	from := make([][]int, len(a.Shape))
	for d, n := range a.Shape {
		from[d] = every(n)
	}
	for i, d := range axesOf(axes, len(a.Shape)) {
		from[d] = sliced(a.Shape[d], starts[i], ends[i], steps[i])
	}
	return one(folded(a, from, 0))
}

// sliced are the places of one axis: negative ones count from the back, and those outside are held to it.
func sliced(n, start, end, step int) []int {
	if step == 0 {
		refuse("a step of 0")
	}
	if start < 0 {
		start += n
	}
	if end < 0 {
		end += n
	}
	list := []int{}
	if step > 0 {
		for i := max(start, 0); i < min(end, n); i += step {
			list = append(list, i)
		}
		return list
	}
	for i := min(start, n-1); i > max(end, -1); i += step {
		list = append(list, i)
	}
	return list
}

// pad adds to both sides of each axis, or takes away where negative. Pads and value were attributes before opset 11;
// axes are an input since opset 18.
func pad(c *call) []Result {
	a := c.in[0]
	pads, value := c.moved("pads", 1, 11), c.number("value", 0)
	if c.opset >= 11 {
		value = c.scalar(2, 0)
	}
	axes := every(len(a.Shape))
	if c.input(3) != nil {
		axes = axesOf(c.whole(3), len(a.Shape))
	}
	if len(pads) != 2*len(axes) {
		refuse("pads %v, must be two for each of %d axes", pads, len(axes))
	}
	mode := c.choice("mode", "constant", "reflect", "edge", "wrap")
	from := make([][]int, len(a.Shape))
	for d, n := range a.Shape {
		from[d] = every(n)
	}
	for i, d := range axes {
		from[d] = padded(a.Shape[d], pads[i], pads[len(axes)+i], mode)
	}
	return one(folded(a, from, value))
}

// padded are the places of one axis that a padded one takes its numbers from; -1 is the constant.
func padded(n, before, after int, mode string) []int {
	most := max(before, after)
	if n+before+after < 0 || most > cpuref.MaxOutputs || n == 0 && mode != "constant" && most > 0 {
		refuse("pads of %d and %d on an axis of size %d, mode %s", before, after, n, mode)
	}
	list := make([]int, size([]int{n + before + after}))
	for i := range list {
		p := i - before
		switch {
		case p >= 0 && p < n:
		case mode == "constant":
			p = -1
		case mode == "edge":
			p = max(0, min(p, n-1))
		case mode == "wrap":
			p = ((p % n) + n) % n
		case n == 1:
			p = 0
		default: // reflect: at the outermost numbers, which are not repeated
			period := 2 * (n - 1)
			if p = ((p % period) + period) % period; p >= n {
				p = period - p
			}
		}
		list[i] = p
	}
	return list
}

// blocks is the attribute blocksize, of a volume (N, C, H, W).
func (c *call) blocks() int {
	b := c.integer("blocksize", 0)
	if len(c.in[0].Shape) != 4 || b < 1 || b > cpuref.MaxOutputs {
		refuse("attribute blocksize is %d, must be 1 or more, and x of shape %v must have four axes", b, c.in[0].Shape)
	}
	return b
}

// depthToSpace: the channels are (b, b, C/b^2) in mode DCR, and (C/b^2, b, b) in mode CRD.
func depthToSpace(c *call) []Result {
	a, b := c.in[0], c.blocks()
	n, ch, h, w := a.Shape[0], a.Shape[1]/(b*b), a.Shape[2], a.Shape[3]
	if ch*b*b != a.Shape[1] {
		refuse("%d channels, must be a multiple of %d", a.Shape[1], b*b)
	}
	inner, perm := []int{n, b, b, ch, h, w}, []int{0, 3, 4, 1, 5, 2}
	if c.choice("mode", "DCR", "CRD") == "CRD" {
		inner, perm = []int{n, ch, b, b, h, w}, []int{0, 1, 4, 2, 5, 3}
	}
	r := turned(&Array{a.Type, inner, a.Data}, perm)
	return r.as([]int{n, ch, h * b, w * b})
}

// spaceToDepth: the channels become (b, b, C) in mode DCR, and (C, b, b) in mode CRD, which opset 28 added.
func spaceToDepth(c *call) []Result {
	a, b := c.in[0], c.blocks()
	n, ch, h, w := a.Shape[0], a.Shape[1], a.Shape[2]/b, a.Shape[3]/b
	if h*b != a.Shape[2] || w*b != a.Shape[3] {
		refuse("x of shape %v, its last two sizes must be multiples of %d", a.Shape, b)
	}
	perm := []int{0, 3, 5, 1, 2, 4}
	if c.opset >= 28 && c.choice("mode", "DCR", "CRD") == "CRD" {
		perm = []int{0, 1, 3, 5, 2, 4}
	}
	r := turned(&Array{a.Type, []int{n, ch, h, b, w, b}, a.Data}, perm)
	return r.as([]int{n, ch * b * b, h, w})
}

// triangle keeps the numbers on and above a diagonal, or on and below it.
func triangle(c *call) []Result {
	a := c.in[0]
	rank := len(a.Shape)
	if rank < 2 {
		refuse("x of shape %v, must be matrices", a.Shape)
	}
	upper, k := c.flag("upper", true), held(c.scalar(1, 0))
	r := copied(a, a.Shape, every(len(a.Data)))
	for i := range r.Data {
		column, row := i%a.Shape[rank-1], i/a.Shape[rank-1]%a.Shape[rank-2]
		if upper && column-row < k || !upper && column-row > k {
			r.Data[i] = 0
		}
	}
	return one(r)
}

// dropout lets everything through. Its mask is of truth values since opset 10, before of x's type.
func dropout(c *call) []Result {
	a := c.in[0]
	if c.scalar(2, 0) != 0 && c.scalar(1, 0.5) != 0 {
		refuse("input training_mode is true, must be false: there is no reference of what is random")
	}
	mask := copied(a, a.Shape, every(len(a.Data)))
	for i := range mask.Data {
		mask.Data[i] = 1
	}
	if c.opset >= 10 {
		mask.Type = onnx.Bool
	}
	return append(a.as(a.Shape), mask)
}
