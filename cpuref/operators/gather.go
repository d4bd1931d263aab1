package operators

import (
	"slices"
)

// gathering are operators that read or write where indices say. All that copies is exact.
var gathering = map[string]operator{
	"Gather":          {2, 2, gather},
	"GatherElements":  {2, 2, gatherElements},
	"GatherND":        {2, 2, gatherND},
	"Scatter":         {3, 3, scatterElements}, // its name until opset 10
	"ScatterElements": {3, 3, scatterElements},
	"ScatterND":       {3, 3, scatterND},
	"ReverseSequence": {2, 2, reverseSequence},
}

// indexed is an index held against the size of its axis; negative ones count from the back.
func indexed(i, n int) int {
	if i < -n || i >= n {
		refuse("index %d of an axis of size %d", i, n)
	}
	if i < 0 {
		return i + n
	}
	return i
}

// gather takes whole slices of an axis.
func gather(c *call) []Result {
	a, indices := c.in[0], c.whole(1)
	axis := axisOf(c.integer("axis", 0), len(a.Shape))
	shape := slices.Concat(a.Shape[:axis], c.in[1].Shape, a.Shape[axis+1:])
	run := size(a.Shape[axis+1:])
	from := make([]int, 0, size(shape))
	for n := range size(a.Shape[:axis]) {
		for _, i := range indices {
			begin := (n*a.Shape[axis] + indexed(i, a.Shape[axis])) * run
			for j := range run {
				from = append(from, begin+j)
			}
		}
	}
	return one(copied(a, shape, from))
}

// elements are the places that indices of x's rank name: each its own but for the axis.
func elements(shape []int, indices *Array, list []int, axis int) []int {
	if len(indices.Shape) != len(shape) {
		refuse("indices of shape %v for x of shape %v, must be of the same rank", indices.Shape, shape)
	}
	for d, n := range indices.Shape {
		if d != axis && n > shape[d] {
			refuse("indices of shape %v for x of shape %v and axis %d", indices.Shape, shape, axis)
		}
	}
	steps := strides(shape)
	step := slices.Clone(steps)
	step[axis] = 0
	at := places(indices.Shape, step, 0)
	for i := range at {
		at[i] += indexed(list[i], shape[axis]) * steps[axis]
	}
	return at
}

func gatherElements(c *call) []Result {
	a := c.in[0]
	axis := axisOf(c.integer("axis", 0), len(a.Shape))
	return one(copied(a, c.in[1].Shape, elements(a.Shape, c.in[1], c.whole(1), axis)))
}

// tuples are where the slices begin that the last axis of indices names, behind some axes of batches, and how long a
// slice is.
func tuples(shape []int, indices *Array, list []int, batch int) (begins []int, run int) {
	rank := len(indices.Shape)
	if batch < 0 || batch >= rank || batch > len(shape) || !slices.Equal(indices.Shape[:batch], shape[:batch]) {
		refuse("indices of shape %v for x of shape %v and %d axes of batches", indices.Shape, shape, batch)
	}
	width := indices.Shape[rank-1]
	if width < 1 || batch+width > len(shape) {
		refuse("indices of shape %v for x of shape %v: the last size, must be from 1 to %d",
			indices.Shape, shape, len(shape)-batch)
	}
	run = size(shape[batch+width:])
	each := size(indices.Shape[batch : rank-1])
	for i := range size(indices.Shape[:rank-1]) {
		at := i / each // of the batch
		for d := range width {
			n := shape[batch+d]
			at = at*n + indexed(list[i*width+d], n)
		}
		begins = append(begins, at*run)
	}
	return begins, run
}

func gatherND(c *call) []Result {
	a, indices := c.in[0], c.in[1]
	batch := c.integer("batch_dims", 0)
	begins, run := tuples(a.Shape, indices, c.whole(1), batch)
	rank := len(indices.Shape)
	shape := slices.Concat(indices.Shape[:rank-1], a.Shape[batch+indices.Shape[rank-1]:])
	from := make([]int, 0, size(shape))
	for _, begin := range begins {
		for j := range run {
			from = append(from, begin+j)
		}
	}
	return one(copied(a, shape, from))
}

// scatter writes updates to places of a copy of x, one after the other. Of what is added or multiplied each number has
// the error of as many roundings as it has updates.
func (c *call) scatter(places []int) []Result {
	a, updates := c.in[0], c.in[2]
	if updates.Type != a.Type || len(updates.Data) != len(places) {
		refuse("updates of shape %v and data type %v, must be %d numbers of type %v",
			updates.Shape, updates.Type, len(places), a.Type)
	}
	r := newResult(a.Type, a.Shape)
	copy(r.Data, a.Data)
	mode := c.choice("reduction", "none", "add", "mul", "max", "min")
	count, magnitude := make([]int, len(r.Data)), make([]float64, len(r.Data))
	for i, p := range places {
		x, v := r.Data[p], updates.Data[i]
		if count[p]++; count[p] == 1 {
			magnitude[p] = max(x, -x)
		}
		magnitude[p] += max(v, -v)
		switch mode {
		case "add":
			r.set(p, x+v, summed(count[p]+1, magnitude[p], 0))
		case "mul":
			r.set(p, x*v, rounded(x*v, float64(count[p])))
		case "max":
			r.Data[p] = max(x, v)
		case "min":
			r.Data[p] = min(x, v)
		default:
			r.Data[p] = v
		}
	}
	return one(r)
}

func scatterElements(c *call) []Result {
	a := c.in[0]
	axis := axisOf(c.integer("axis", 0), len(a.Shape))
	if !slices.Equal(c.in[1].Shape, c.in[2].Shape) {
		refuse("indices of shape %v and updates of shape %v, must be the same", c.in[1].Shape, c.in[2].Shape)
	}
	return c.scatter(elements(a.Shape, c.in[1], c.whole(1), axis))
}

func scatterND(c *call) []Result {
	a, indices, updates := c.in[0], c.in[1], c.in[2]
	begins, run := tuples(a.Shape, indices, c.whole(1), 0)
	rank := len(indices.Shape)
	shape := slices.Concat(indices.Shape[:rank-1], a.Shape[indices.Shape[rank-1]:])
	if !slices.Equal(updates.Shape, shape) {
		refuse("updates of shape %v, must be of shape %v", updates.Shape, shape)
	}
	var to []int
	for _, begin := range begins {
		for j := range run {
			to = append(to, begin+j)
		}
	}
	return c.scatter(to)
}

// reverseSequence turns around the first numbers of each sequence of a batch.
func reverseSequence(c *call) []Result {
	a, lengths := c.in[0], c.whole(1)
	batch, time := c.integer("batch_axis", 1), c.integer("time_axis", 0)
	if len(a.Shape) < 2 || batch+time != 1 || batch*time != 0 {
		refuse("batch_axis %d and time_axis %d of shape %v, must be 0 and 1 or 1 and 0", batch, time, a.Shape)
	}
	if len(lengths) != a.Shape[batch] || len(c.in[1].Shape) != 1 {
		refuse("lengths of shape %v, must be %d", c.in[1].Shape, a.Shape[batch])
	}
	from := every(len(a.Data))
	steps := strides(a.Shape)
	for i := range from {
		t, b := i/steps[time]%a.Shape[time], i/steps[batch]%a.Shape[batch]
		switch n := lengths[b]; {
		case n < 0 || n > a.Shape[time]:
			refuse("a length of %d, must be from 0 to %d", n, a.Shape[time])
		case t < n:
			from[i] += (n - 1 - 2*t) * steps[time]
		}
	}
	return one(copied(a, a.Shape, from))
}
