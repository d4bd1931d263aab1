package model

import (
	"context"
	"errors"
	"testing"

	"github.com/gpuconv/gpuconv/cpuref/operators"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// reduction is the attribute, none where there is no word.
func reduction(word string) map[string]onnx.Attribute {
	if word == "" {
		return nil
	}
	return map[string]onnx.Attribute{"reduction": {Kind: onnx.KindString, String: word}}
}

// scatters adds a Conv, whose channels are innermost, and a scatter of updates along its axis 0.
func scatters(g *graph, word, by string) string {
	v := g.node("Conv", nil, g.input("x", 2, 3, 5, 4), g.weights(6, 3, 1, 1), g.weights(6))
	return g.node("ScatterElements", reduction(word), v, by, g.weights(3, 2, 2, 1))
}

// TestScatter holds each reduction of updates that meet, by indices that are known and by some that a run gives.
func TestScatter(t *testing.T) {
	indices := []int64{0, 1, -1, 1, 0, 0, 1, -2, -1, 0, 0, 1}
	for _, word := range []string{"", "none", "add", "mul", "max", "min"} {
		var want *operators.Array
		for _, known := range []bool{true, false} {
			g := newGraph()
			g.Opsets[""] = 18
			inputs := map[string]tensor.Array{"x": g.array(2, 3, 5, 4)}
			by := "by"
			if known {
				by = g.node("Reshape", nil, g.whole(indices...), g.whole(3, 2, 2, 1))
			} else {
				g.typed(by, onnx.Int64, 3, 2, 2, 1)
				inputs[by] = tensor.Array{Shape: []int{3, 2, 2, 1}, Ints: indices}
			}
			last := scatters(g, word, by)
			g.output(last)
			net := g.network(t, Options{})
			out, verdict, err := net.Check(context.Background(), inputs)
			if err := errors.Join(err, verdict.Err()); err != nil {
				t.Fatalf("%q, known %v: %v", word, known, err)
			}
			if known {
				want = g.reference(t, inputs)[last]
			}
			near(t, out[last], want) // the same weights in both
		}
	}
}

// TestScatterRefused holds what networks do not run.
func TestScatterRefused(t *testing.T) {
	for name, c := range map[string]struct {
		build func(g *graph) string
		want  error
	}{
		"an index beyond the axis": {func(g *graph) string {
			by := g.node("Reshape", nil, g.whole(0, 1, 2, 1, 0, 0, 1, 0, 1, 0, 0, 1), g.whole(3, 2, 2, 1))
			return scatters(g, "", by)
		}, ErrGraph},
		"a coordinate beyond its axis": {func(g *graph) string {
			return g.node("ScatterND", nil, g.input("x", 2, 3, 5, 4), g.whole(1, 3), g.weights(5, 4))
		}, ErrGraph},
		"another reduction": {func(g *graph) string {
			return g.node("ScatterND", reduction("mean"), g.input("x", 2, 3, 5, 4), g.whole(1, 2), g.weights(5, 4))
		}, ErrUnsupported},
		"updates of another shape": {func(g *graph) string {
			return g.node("ScatterND", nil, g.input("x", 2, 3, 5, 4), g.whole(1, 2), g.weights(4, 5))
		}, ErrGraph},
		"sums of bytes": {func(g *graph) string {
			x := g.node("Cast", map[string]onnx.Attribute{"to": {Kind: onnx.KindInt, Int: int64(onnx.Uint8)}},
				g.input("x", 2, 3, 5, 4))
			updates := g.node("Slice", nil, x, g.whole(0), g.whole(1))
			return g.node("ScatterND", reduction("add"), x, g.whole(1, 2), updates)
		}, ErrUnsupported},
	} {
		g := newGraph()
		g.Opsets[""] = 18
		g.output(c.build(g))
		_, err := g.network(t, Options{}).Run(context.Background(), map[string]tensor.Array{"x": g.array(2, 3, 5, 4)})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, must wrap %v", name, err, c.want)
		}
	}
}
