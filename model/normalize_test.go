package model

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// TestStraight holds that rows of a normalization are one axis to its kernel: those of a cropped volume, of groups of
// channels that are innermost, with a scale for each group, and of a scale for each number.
func TestStraight(t *testing.T) {
	whole := func(name string, n ...int64) map[string]onnx.Attribute {
		if len(n) == 1 {
			return map[string]onnx.Attribute{name: {Kind: onnx.KindInt, Int: n[0]}}
		}
		return map[string]onnx.Attribute{name: {Kind: onnx.KindInts, Ints: n}}
	}
	for name, add := range map[string]func(g *graph, v string) string{
		"crop": func(g *graph, v string) string {
			ends := []string{g.whole(1, 1), g.whole(6, 5), g.whole(2, 3)}
			v = g.node("Slice", nil, v, ends[0], ends[1], ends[2])
			return g.node("InstanceNormalization", nil, v, g.weights(8), g.weights(8))
		},
		"groups": func(g *graph, v string) string {
			return g.node("GroupNormalization", whole("num_groups", 2), v, g.weights(2), g.weights(2))
		},
		"groups with a scale for each channel": func(g *graph, v string) string {
			g.Opsets[""] = 21
			return g.node("GroupNormalization", whole("num_groups", 2), v, g.weights(8), g.weights(8))
		},
		"layer": func(g *graph, v string) string {
			return g.node("LayerNormalization", whole("axis", 1), v, g.weights(8, 8, 7), g.weights(8, 8, 7))
		},
		"all": func(g *graph, v string) string {
			return g.node("MeanVarianceNormalization", whole("axes", 1, 2, 3), v)
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGraph()
			g.Opsets[""] = 18
			x, pads := g.input("x", 0, 4, 8, 7), whole("pads", 1, 1, 1, 1)
			v := g.node("Conv", pads, x, g.weights(8, 4, 3, 3), g.weights(8))
			last := add(g, v)
			g.output(last)
			net := g.network(t, Options{})
			inputs := map[string]tensor.Array{"x": g.array(2, 4, 8, 7)}
			got, err := net.Run(context.Background(), inputs)
			if err != nil {
				t.Fatal(err)
			}
			near(t, got[last], g.reference(t, inputs)[last])
			s, err := net.Plan(t.Context(), inputs)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(s.Nodes, func(n string) bool {
				return strings.HasPrefix(n, "normalize") && strings.Contains(n, "_flat_")
			}) {
				t.Errorf("computed by %q, must have rows of one axis", s.Nodes)
			}
			_, verdict, err := net.Check(context.Background(), inputs)
			if err := errors.Join(err, verdict.Err()); err != nil {
				t.Error(err)
			}
		})
	}
}
