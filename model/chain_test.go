package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// chainCase is a graph of x and y with nodes that are computed number by number, and how many kernels there must be.
type chainCase struct {
	name  string
	build func(g *graph, x, y string) (out string)
	steps int
	y     []int // its shape; nil is x's
}

func number(name string, f float32) map[string]onnx.Attribute {
	return map[string]onnx.Attribute{name: {Kind: onnx.KindFloat, Float: f}}
}

var chainCases = []chainCase{
	{"hard swish in four nodes", func(g *graph, x, _ string) string {
		v := g.node("Clip", nil, g.node("Add", nil, x, g.scalar(3)), g.scalar(0), g.scalar(6))
		return g.node("Div", nil, g.node("Mul", nil, x, v), g.scalar(6))
	}, 1, nil},
	{"gelu in five nodes", func(g *graph, x, _ string) string {
		v := g.node("Erf", nil, g.node("Div", nil, x, g.scalar(1.4142135)))
		return g.node("Mul", nil, g.node("Mul", nil, g.node("Add", nil, v, g.scalar(1)), x), g.scalar(0.5))
	}, 1, nil},
	{"behind the other operand, and read twice", func(g *graph, x, y string) string {
		v := g.node("Sub", nil, y, g.node("Exp", nil, x))
		return g.node("LeakyRelu", number("alpha", 0.3), g.node("Mul", nil, v, v))
	}, 2, nil},
	{"of several kernels", func(g *graph, x, y string) string {
		return g.node("Tanh", nil, g.node("Mean", nil, g.node("Neg", nil, x), y, x))
	}, 1, nil},
	{"channels that are broadcast", func(g *graph, x, y string) string {
		return g.node("Sigmoid", nil, g.node("Mul", nil, g.node("Add", nil, x, y), g.positive(3, 1, 1)))
	}, 1, []int{3, 1, 1}},
	{"truth values", func(g *graph, x, y string) string {
		v := g.node("Not", nil, g.node("Less", nil, g.node("Abs", nil, x), y))
		return g.node("Cast", map[string]onnx.Attribute{"to": {Kind: onnx.KindInt, Int: int64(onnx.Float)}}, v)
	}, 1, nil},
	{"a shape that grows", func(g *graph, x, y string) string {
		return g.node("Relu", nil, g.node("Add", nil, g.node("Neg", nil, y), x))
	}, 2, []int{3, 1, 1}},
	{"more links than a chain has", func(g *graph, x, _ string) string {
		for range 11 {
			x = g.node("Softsign", nil, x)
		}
		return x
	}, 2, nil},
	{"more inputs than a chain has", func(g *graph, x, y string) string {
		for range 7 {
			x = g.node("Add", nil, x, g.weights(3, 4, 5))
		}
		return g.node("Mul", nil, x, y)
	}, 2, nil},
	{"numbers of 8 bits and back, in two kernels", func(g *graph, x, y string) string {
		return g.bits(g.node("Add", nil, x, y), onnx.Uint8, 0.02, 120, true)
	}, 2, nil},
	{"words", func(g *graph, x, y string) string {
		v := g.node("Where", nil, g.node("Less", nil, x, y), x, y)
		return g.node("Relu", nil, v)
	}, 3, nil},
}

// TestChains computes chains in as few kernels as they fit into, to the bits that the nodes give one by one, which
// they are computed as where each is an output.
func TestChains(t *testing.T) {
	for _, c := range chainCases {
		t.Run(c.name, func(t *testing.T) {
			var bits [2][]float32
			for i, alone := range []bool{false, true} {
				g := newGraph()
				shape := c.y
				if shape == nil {
					shape = []int{2, 3, 4, 5}
				}
				out := c.build(g, g.input("x", 2, 3, 4, 5), g.input("y", shape...))
				g.output(out)
				if alone {
					for _, n := range g.Graph.Nodes[:len(g.Graph.Nodes)-1] {
						g.Graph.Outputs = append(g.Graph.Outputs, onnx.ValueInfo{Name: n.Outputs[0]})
					}
				}
				inputs := map[string]tensor.Array{"x": g.array(2, 3, 4, 5), "y": g.array(shape...)}
				inputs["x"].Data[7], inputs["x"].Data[9] = float32(math.NaN()), float32(math.Inf(-1))
				net := g.network(t, Options{})
				got, err := net.Run(context.Background(), inputs)
				if err != nil {
					t.Fatal(err)
				}
				bits[i] = got[out].Data
				s, err := net.Plan(t.Context(), inputs)
				if err != nil {
					t.Fatal(err)
				}
				if len(s.Nodes) != c.steps && !alone || alone && len(s.Nodes) < len(g.Graph.Nodes) {
					t.Errorf("computed by %q, must be %d kernels, or with outputs one for each node", s.Nodes, c.steps)
				}
				inputs["x"].Data[7], inputs["x"].Data[9] = 1, 2
				if _, verdict, err := net.Check(context.Background(), inputs); err != nil || !verdict.OK() {
					t.Errorf("error %v, verdict %v", err, verdict.Err())
				}
			}
			for i := range bits[0] {
				a, b := bits[0][i], bits[1][i]
				if math.Float32bits(a) != math.Float32bits(b) && (a == a || b == b) {
					t.Fatalf("number %d is %g, and %g by nodes one by one", i, a, b)
				}
			}
		})
	}
}

// TestChainIsProved holds that a check computes the chain beside its nodes, and notices where it differs from them.
func TestChainIsProved(t *testing.T) {
	build := func() (*graph, map[string]tensor.Array) {
		g := newGraph()
		x := g.input("x", 2, 3)
		g.output(g.node("Relu", nil, g.node("Add", nil, x, g.weights(2, 3))))
		return g, map[string]tensor.Array{"x": g.array(2, 3)}
	}
	g, inputs := build()
	_, verdict, err := g.network(t, Options{}).Check(context.Background(), inputs)
	if err != nil || !verdict.OK() {
		t.Fatalf("error %v, verdict %v", err, verdict.Err())
	}
	if !strings.Contains(fmt.Sprint(verdict.Nodes), "chain of node 0, Add, Relu") {
		t.Errorf("the check is of %v, must be of the chain, too", verdict.Nodes)
	}
	g, inputs = build()
	net := g.network(t, Options{})
	relu := lowerings["Relu"]
	t.Cleanup(func() { lowerings["Relu"] = relu })
	lowerings["Relu"] = lowering{lower: func(c *compiler, n *node) error { // wrong where a chain asks for it
		if c.capture != nil {
			return c.pointwise(n, onnx.Float, formula{{name: "abs"}}, c.in(n, 0))
		}
		return relu.lower(c, n)
	}}
	if _, verdict, err = net.Check(context.Background(), inputs); err == nil {
		err = verdict.Err()
	}
	if !errors.Is(err, cpuref.ErrMismatch) || !strings.Contains(err.Error(), "chain of") {
		t.Errorf("error %v, must be that the chain is wrong", err)
	}
}
