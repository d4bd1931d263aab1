package model

import (
	"errors"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// TestShapeArithmetic runs networks whose shapes follow from those of their inputs by arithmetic on the host, as
// PyTorch writes it, and holds the shapes that come out.
func TestShapeArithmetic(t *testing.T) {
	for name, c := range map[string]struct {
		build func(g *graph, x string) string
		want  []int
	}{
		"expand, where -1 keeps a size": {func(g *graph, x string) string {
			want := g.whole(5, -1, -1)
			ones := g.node("ConstantOfShape", value1(1), g.whole(3))
			kept := g.node("Equal", nil, want, g.node("Mul", nil, ones, g.whole(-1)))
			size := g.node("Where", nil, kept, ones, want)
			return g.node("Expand", nil, g.node("Unsqueeze", nil, x, g.whole(0)), size)
		}, []int{5, 4, 6}},
		"reshape to a product": {func(g *graph, x string) string {
			all := g.node("ReduceProd", nil, g.node("Shape", nil, x))
			return g.node("Reshape", nil, x, g.node("Concat", integer("axis", 0), all, g.whole(1)))
		}, []int{24, 1}},
		"padded to a multiple": {func(g *graph, x string) string {
			size := g.node("Shape", nil, x)
			rest := g.node("Mod", nil, g.node("Neg", nil, size), g.whole(4))
			return g.node("Pad", nil, x, g.node("Concat", integer("axis", 0), g.whole(0, 0), rest))
		}, []int{4, 8}},
		"the largest of three": {func(g *graph, x string) string {
			size := g.node("Max", nil, g.node("Shape", nil, x), g.whole(5), g.whole(1, 2))
			return g.node("Expand", nil, g.node("ReduceMax", nil, x), size)
		}, []int{5, 6}},
		"a size replaced": {func(g *graph, x string) string {
			size := g.node("ScatterND", nil, g.node("Shape", nil, x), g.matrix(2, 1, 0, 1), g.whole(3, 8))
			return g.node("Reshape", nil, x, size)
		}, []int{3, 8}},
		"powers and halves": {func(g *graph, x string) string {
			half := g.node("Div", nil, g.node("Shape", nil, x), g.node("Pow", nil, g.whole(2), g.whole(1)))
			return g.node("Slice", nil, x, g.whole(0, 0), half)
		}, []int{2, 3}},
		"places where sizes are": {func(g *graph, x string) string {
			at := g.node("ArgMax", nil, g.node("Shape", nil, x)) // 1
			sum := g.node("CumSum", nil, g.node("Shape", nil, x), g.whole(0))
			return g.node("Expand", nil, g.node("ReduceMax", nil, x),
				g.node("Concat", integer("axis", 0), at, g.node("GatherElements", nil, sum, g.whole(1))))
		}, []int{1, 10}},
		"held between ends": {func(g *graph, x string) string {
			g.Graph.Initializers = append(g.Graph.Initializers, onnx.IntTensor("low", nil, []int64{5}))
			return g.node("Expand", nil, g.node("ReduceMax", nil, x),
				g.node("Clip", nil, g.node("Shape", nil, x), "low"))
		}, []int{5, 6}},
	} {
		g := newGraph()
		out := c.build(g, g.input("x", -1, -1))
		net := g.output(out).network(t, Options{})
		got, err := net.Run(t.Context(), map[string]tensor.Array{"x": g.array(4, 6)})
		if err != nil || !slices.Equal(got[out].Shape, c.want) {
			t.Errorf("%s: shape %v, must be %v, error %v", name, got[out].Shape, c.want, err)
		}
	}
}

// TestFoldRefuses holds that arithmetic on the host that goes wrong is an error that says so.
func TestFoldRefuses(t *testing.T) {
	for name, build := range map[string]func(g *graph) string{
		"an index too large": func(g *graph) string {
			return g.node("GatherND", nil, g.whole(1, 2), g.matrix(1, 1, 2))
		},
		"updates too few": func(g *graph) string {
			return g.node("ScatterND", nil, g.whole(1, 2), g.matrix(2, 1, 0, 1), g.whole(3))
		},
		"shapes that do not fit": func(g *graph) string { return g.node("Mod", nil, g.whole(1, 2), g.whole(1, 2, 3)) },
		"an axis that is none":   func(g *graph) string { return g.node("ReduceSum", nil, g.whole(1, 2), g.whole(1)) },
	} {
		g := newGraph()
		out := build(g)
		net := g.output(out).network(t, Options{})
		if _, err := net.Run(t.Context(), nil); !errors.Is(err, ErrGraph) {
			t.Errorf("%s: error %v, must wrap ErrGraph", name, err)
		}
	}
}

// TestPower holds powers of whole numbers, of negative exponents too.
func TestPower(t *testing.T) {
	for _, c := range [][3]int64{
		{2, 10, 1024}, {-3, 3, -27}, {0, 0, 1}, {7, 0, 1}, {1, -5, 1}, {-1, -5, -1}, {-1, -4, 1}, {2, -1, 0},
		{0, -1, 0}, {3, 64, power(3, 32) * power(3, 32)},
	} {
		if got := power(c[0], c[1]); got != c[2] {
			t.Errorf("%d to the power of %d is %d, must be %d", c[0], c[1], got, c[2])
		}
	}
}

func integer(name string, i int64) map[string]onnx.Attribute {
	return map[string]onnx.Attribute{name: {Kind: onnx.KindInt, Int: i}}
}

// value1 is the attribute value of ConstantOfShape.
func value1(i int64) map[string]onnx.Attribute {
	of := onnx.IntTensor("", []int64{1}, []int64{i})
	return map[string]onnx.Attribute{"value": {Kind: onnx.KindTensor, Tensor: &of}}
}

// matrix adds a constant of whole numbers with two axes.
func (g *graph) matrix(rows, columns int64, numbers ...int64) string {
	name := g.whole(numbers...)
	g.Graph.Initializers[len(g.Graph.Initializers)-1].Dims = []int64{rows, columns}
	return name
}
