package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/onnx"
)

// axes is a shape as a file has it: a size for each axis, or its name, or ? where it is open. nil where even the
// number of axes is unknown.
type axes []any

// known are axes whose sizes are all known.
func known[size int | int64](shape []size) axes {
	a := make(axes, len(shape))
	for i, n := range shape {
		a[i] = int(n)
	}
	return a
}

func (a axes) String() string {
	if a == nil {
		return "?"
	}
	return "[" + strings.Trim(fmt.Sprint([]any(a)), "[]") + "]"
}

// sizes are the axes as numbers; ok is false where one has none.
func (a axes) sizes() (all []int, ok bool) {
	for _, axis := range a {
		size, known := axis.(int)
		if !known {
			return nil, false
		}
		all = append(all, size)
	}
	return all, a != nil
}

// images are the axes as numbers, one image where their number is open.
func (a axes) images() ([]int, bool) {
	if len(a) == 0 {
		return nil, a != nil
	}
	if _, known := a[0].(int); known {
		return a.sizes()
	}
	rest, ok := a[1:].sizes()
	return append([]int{1}, rest...), ok
}

// infer fills in the shapes that the file does not say with those of the plan. What fused nodes give each other stands
// nowhere, and has the shape of what the next of them gives whose shape is known: they are computed number by number.
func (r *inspectReport) infer(p inspectPlan) {
	for _, nodes := range p.Fused {
		var shape []int
		for _, n := range slices.Backward(nodes) {
			name := r.Nodes[n].Outputs[0].Name
			if known, ok := p.shapes[name]; ok {
				shape = known
			} else if shape != nil {
				p.shapes[name] = shape
			}
		}
	}
	for _, n := range r.Nodes {
		for _, values := range [][]inspectValue{n.Inputs, n.Outputs} {
			for i, v := range values {
				if shape, ok := p.shapes[v.Name]; ok && v.Shape == nil {
					values[i].Shape = known(shape)
				}
			}
		}
	}
}

// fileShapes are the shapes of values that a model's file says, symbolic dimensions with the sizes of --dim.
func fileShapes(g onnx.Graph, dims map[string]int) map[string]axes {
	shapes := map[string]axes{}
	for _, list := range [][]onnx.ValueInfo{g.Values, g.Inputs, g.Outputs} {
		for _, v := range list {
			if v.HasShape {
				shapes[v.Name] = axesOf(v.Dims, dims)
			}
		}
	}
	for _, t := range g.Initializers {
		shapes[t.Name] = known(t.Dims)
	}
	return shapes
}

func axesOf(list []onnx.Dim, dims map[string]int) axes {
	shape := axes{}
	for _, d := range list {
		size, bound := dims[d.Param]
		switch {
		case d.Param != "" && bound:
			shape = append(shape, size)
		case d.Param != "":
			shape = append(shape, d.Param)
		case d.Size < 0:
			shape = append(shape, "?")
		default:
			shape = append(shape, int(d.Size))
		}
	}
	return shape
}
