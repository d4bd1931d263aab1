package model

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/cpuref/operators"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// reference computes a graph in float64 twice, node by node: from the inputs alone, and from what is expected. As long
// as nothing is, both are the same arrays.
type reference struct {
	opset           int64
	alone, expected map[string]*array
	readers         map[string]int // nodes that are still to read a value
}

// judge walks through the nodes with the reference, and notes how far what the device gave and what is expected are
// from it.
func (b *Bisection) judge(ctx context.Context, given map[string]*value, device map[string]tensor.Array) error {
	g := b.graph.Graph
	r := reference{b.graph.Opsets[""], map[string]*array{}, map[string]*array{}, map[string]int{}}
	b.types = map[string]onnx.DataType{}
	for _, t := range g.Initializers {
		v, err := initializer(t)
		if err != nil {
			return err
		}
		r.set(t.Name, arrayOf(v))
	}
	for name, v := range given {
		r.set(name, arrayOf(v))
		b.types[name] = v.dtype
	}
	nodes := needed(g, slices.Collect(maps.Keys(device)), inputsOf(g))
	for _, n := range nodes {
		for _, name := range n.Inputs {
			r.readers[name]++
		}
	}
	for _, n := range nodes {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.compute(n); err != nil {
			return fmt.Errorf("%s: %w", n, err)
		}
		for _, name := range n.Outputs {
			if err := b.compare(&r, n, name, device); err != nil {
				return err
			}
		}
		r.drop(n)
	}
	return nil
}

// compare notes a tensor that is there, and puts what is expected of it in the place of the reference.
func (b *Bisection) compare(r *reference, n *node, name string, device map[string]tensor.Array) error {
	of, ok := device[name]
	if !ok || name == "" {
		return nil
	}
	want, got := r.alone[name], arrayOf(typedAs(r.alone[name].Type, of))
	d := Departure{Tensor: name, Node: n.String(), Device: apart(got, want, want)}
	b.types[name] = want.Type
	if e, ok := b.expected[name]; ok {
		if !slices.Equal(e.Shape, want.Shape) {
			return fmt.Errorf("%w: expected values of %q have shape %v, must have %v", ErrInput, name, e.Shape,
				want.Shape)
		}
		from := r.expected[name]
		expected := arrayOf(typedAs(from.Type, e))
		d.Given, d.Nodes = true, len(b.from(name))
		d.Expected, d.Between = apart(expected, from, from), apart(got, expected, want)
		r.expected[name] = expected
	}
	b.Tensors = append(b.Tensors, d)
	return nil
}

// set gives a value that both references have.
func (r *reference) set(name string, a *array) { r.alone[name], r.expected[name] = a, a }

// compute gives a node's outputs to both, by one computation where both have the same inputs.
func (r *reference) compute(n *node) error {
	same := true
	for _, name := range n.Inputs {
		same = same && r.alone[name] == r.expected[name]
	}
	for i, values := range []map[string]*array{r.alone, r.expected} {
		var in []*array
		for _, name := range n.Inputs {
			in = append(in, values[name])
		}
		results, err := operators.Reference(n.Node, r.opset, in)
		if err != nil {
			return err
		}
		for o, name := range n.Outputs {
			switch {
			case name == "":
				continue
			case o >= len(results):
				return fmt.Errorf("%w: no output %d by the reference", cpuref.ErrShape, o)
			}
			if values[name] = &results[o].Array; i == 0 && same {
				r.expected[name] = values[name]
			}
		}
		if same {
			break
		}
	}
	return nil
}

// drop lets go of what no node behind this one reads.
func (r *reference) drop(n *node) {
	for _, name := range n.Inputs {
		if r.readers[name]--; r.readers[name] == 0 {
			delete(r.alone, name)
			delete(r.expected, name)
		}
	}
}

// arrayOf is a known value as the reference takes it.
func arrayOf(v *value) *array {
	return &array{Type: v.dtype, Shape: v.shape(), Data: v.numbers().float64s()}
}

// apart is the largest distance of numbers of two tensors, as a part of the largest number of a third one.
func apart(a, b, of *array) (worst float64) {
	most := 0.0
	for _, x := range of.Data {
		if x = math.Abs(x); x <= math.MaxFloat64 {
			most = max(most, x)
		}
	}
	if len(a.Data) != len(b.Data) {
		return math.Inf(1)
	}
	for i, x := range a.Data {
		d := math.Abs(x - b.Data[i])
		switch {
		case x == b.Data[i] || math.IsNaN(x) && math.IsNaN(b.Data[i]):
		case !(d <= math.MaxFloat64):
			return math.Inf(1)
		default:
			worst = max(worst, d/max(most, cpuref.SmallestNormal))
		}
	}
	return worst
}
