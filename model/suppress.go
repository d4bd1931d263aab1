package model

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// This file computes NonMaxSuppression, on the host: how many boxes it keeps follows from their values, and no shape
// of a program may.

// rectangle is a box by its sides.
type rectangle struct{ top, left, bottom, right float64 }

// rectangleOf reads four numbers: two opposite corners (y, x), or the middle (x, y), the width and the height.
func rectangleOf(v []float32, centred bool) rectangle {
	a, b, c, d := float64(v[0]), float64(v[1]), float64(v[2]), float64(v[3])
	if centred {
		return rectangle{b - d/2, a - c/2, b + d/2, a + c/2}
	}
	return rectangle{min(a, c), min(b, d), max(a, c), max(b, d)}
}

func (r rectangle) area() float64 { return (r.bottom - r.top) * (r.right - r.left) }

// overlap is the part that two boxes share of what both cover, 0 where they cover nothing.
func (r rectangle) overlap(s rectangle) float64 {
	high := max(0, min(r.bottom, s.bottom)-max(r.top, s.top))
	shared := high * max(0, min(r.right, s.right)-max(r.left, s.left))
	if all := r.area() + s.area() - shared; all > 0 {
		return shared / all
	}
	return 0
}

// suppression is a node's inputs.
type suppression struct {
	boxes, scores tensor.Array
	most          int
	overlap       float64  // above which the box of the lower score is dropped
	score         *float64 // above which scores must be; nil: all are
	centred       bool
}

// suppressionOf reads a node's inputs, nil where one is left out.
func suppressionOf(n *node, in []*tensor.Array) (s suppression, err error) {
	in = append(slices.Clone(in), make([]*tensor.Array, 5)...)
	if in[0] == nil || in[1] == nil {
		return s, fmt.Errorf("%w: %s without boxes or scores", ErrGraph, n.Op)
	}
	s.boxes, s.scores = *in[0], *in[1]
	b, of := s.boxes.Shape, s.scores.Shape
	if len(of) != 3 || !slices.Equal(b, []int{of[0], of[2], 4}) || s.boxes.Ints != nil || s.scores.Ints != nil {
		return s, fmt.Errorf("%w: %s of boxes of %v and scores of %v, must be real numbers of (images, boxes, 4) and "+
			"(images, classes, boxes)", ErrGraph, n.Op, b, of)
	}
	for i, a := range in[2:5] {
		if a != nil && len(a.Data)+len(a.Ints) != 1 || a != nil && (i == 0) != (a.Ints != nil) {
			return s, fmt.Errorf("%w: input %d of %s, must be one number of its type", ErrGraph, 2+i, n.Op)
		}
	}
	if in[2] != nil {
		s.most = int(min(max(in[2].Ints[0], 0), int64(of[2])))
	}
	if in[3] != nil {
		s.overlap = float64(in[3].Data[0])
	}
	if in[4] != nil {
		score := float64(in[4].Data[0])
		s.score = &score
	}
	centred, err := n.integer("center_point_box", 0)
	s.centred = centred != 0
	return s, err
}

// kept are (image, class, box) of the boxes that are kept: of each image and class from the highest score on, those of
// equal scores in their order, each unless it overlaps one that is kept.
func (s suppression) kept() tensor.Array {
	classes, count := s.scores.Shape[1], s.scores.Shape[2]
	to := tensor.Array{Ints: []int64{}}
	for row := range s.scores.Shape[0] * classes {
		image := row / classes
		for _, i := range s.best(s.boxes.Data[image*count*4:][:count*4], s.scores.Data[row*count:][:count]) {
			to.Ints = append(to.Ints, int64(image), int64(row%classes), int64(i))
		}
	}
	to.Shape = []int{len(to.Ints) / 3, 3}
	return to
}

// best are the boxes of one class that are kept.
func (s suppression) best(boxes, scores []float32) (kept []int) {
	var sides []rectangle
	order := upFrom(0, len(scores))
	slices.SortStableFunc(order, func(i, k int) int { return cmp.Compare(scores[k], scores[i]) })
	for _, i := range order {
		if len(kept) == s.most || s.score != nil && !(float64(scores[i]) > *s.score) {
			break
		}
		r := rectangleOf(boxes[4*i:], s.centred)
		if !slices.ContainsFunc(sides, func(k rectangle) bool { return r.overlap(k) > s.overlap }) {
			kept, sides = append(kept, i), append(sides, r)
		}
	}
	return kept
}

// suppress computes a node of NonMaxSuppression.
func suppress(n *node, in []*tensor.Array) (tensor.Array, onnx.DataType, error) {
	s, err := suppressionOf(n, in)
	if err != nil {
		return tensor.Array{}, onnx.Int64, err
	}
	return s.kept(), onnx.Int64, nil
}
