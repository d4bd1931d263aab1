package model

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/tensor"
)

// flattening are networks that flatten images and multiply them with a constant matrix; the last of each is whether
// the images are read as they are.
var flattening = map[string]struct {
	build func(g *graph, v string) string // of a volume of 2x4x3x5
	asIs  bool
}{
	"Reshape and MatMul": {func(g *graph, v string) string {
		return g.node("MatMul", nil, g.node("Reshape", nil, v, g.whole(2, 60)), g.weights(60, 8))
	}, true},
	"Flatten and Gemm": {func(g *graph, v string) string {
		v = g.node("Flatten", nil, v)
		return g.node("Relu", nil, g.node("Gemm", attributes{"transB": 1}.onnx(), v, g.weights(8, 60), g.weights(8)))
	}, true},
	"with a residual": {func(g *graph, v string) string {
		flat := g.node("Reshape", nil, v, g.whole(2, -1))
		r := g.node("MatMul", nil, flat, g.weights(60, 8))
		return g.node("Relu", nil, g.node("Add", nil, g.node("MatMul", nil, flat, g.weights(60, 8)), r))
	}, true},
	"images together": {func(g *graph, v string) string {
		return g.node("MatMul", nil, g.node("Reshape", nil, v, g.whole(1, 120)), g.weights(120, 8))
	}, false},
	"of other rows": {func(g *graph, v string) string {
		return g.node("MatMul", nil, g.node("Reshape", nil, v, g.whole(4, 30)), g.weights(30, 8))
	}, false},
	"transposed": {func(g *graph, v string) string {
		flat := g.node("Flatten", nil, v)
		return g.node("Gemm", attributes{"transA": 1}.onnx(), flat, g.weights(2, 8))
	}, false},
}

// TestFlattened holds that products of flattened images read these as they are, where each row is an image, and are
// right, judged and saved; and that others are as ever.
func TestFlattened(t *testing.T) {
	ctx := context.Background()
	for name, c := range flattening {
		g := newGraph()
		x := g.input("x", 2, 3, 3, 5)
		y := c.build(g, g.node("Relu", nil, g.node("Conv", nil, x, g.weights(4, 3, 1, 1))))
		g.output(y)
		inputs := map[string]tensor.Array{"x": g.array(2, 3, 3, 5)}
		values := g.reference(t, inputs)
		net := g.network(t, Options{})
		out, err := net.Run(ctx, inputs)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		near(t, out[y], values[y])
		plan, err := net.Plan(ctx, inputs)
		if err != nil {
			t.Fatal(err)
		}
		// The input and the product are copied, and what is flattened only where it must be.
		copies := slices.ContainsFunc(plan.Names, func(n string) bool {
			return strings.Contains(n, `copy of "v1"`)
		})
		if copies == c.asIs {
			t.Errorf("%s: images are read as they are: %v, by %v", name, !copies, plan.Names)
		}
		_, verdict, err := net.Check(ctx, inputs)
		if err != nil || verdict.Err() != nil {
			t.Fatalf("%s: error %v, verdict %v", name, err, verdict.Err())
		}
		if !c.asIs {
			continue
		}
		// Both nodes are the layer's.
		node := slices.IndexFunc(verdict.Nodes, func(n host.NodeReport) bool {
			return len(verdict.parts[0].doing[n.Name].nodes) > 1 && strings.Contains(n.Node, "kh3kw5")
		})
		if node < 0 {
			t.Fatalf("%s: no layer over images was judged", name)
		}
		nodes := verdict.parts[0].doing[verdict.Nodes[node].Name].nodes
		last := nodes[len(nodes)-1].Outputs[0]
		if nodes[0].Op != "Reshape" && nodes[0].Op != "Flatten" {
			t.Errorf("%s: the layer begins with %s", name, nodes[0])
		}
		near(t, savedAlone(t, verdict, node, values)[last], values[last])
	}
}
