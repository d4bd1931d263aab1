package model

import (
	"context"
	"errors"
	"testing"

	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// TestComputedNormalization holds BatchNormalization whose parameters other nodes compute, and the one that learns, of
// volumes with one to three places and none: each output, and each judged.
func TestComputedNormalization(t *testing.T) {
	for _, shape := range [][]int{{3, 8, 5, 6}, {2, 8, 7}, {2, 4, 3, 4, 5}, {9, 8}} {
		for _, learns := range []bool{false, true} {
			g := newGraph()
			x := g.node("Neg", nil, g.input("x", shape...))
			var parameters [4]string
			for i := range parameters {
				parameters[i] = g.node("Abs", nil, g.input("p"+string(rune('0'+i)), shape[1]))
			}
			y := g.node("BatchNormalization", attributes{"training_mode": 0}.onnx(), append([]string{x},
				parameters[:]...)...)
			outputs := []string{y}
			if n := &g.Graph.Nodes[len(g.Graph.Nodes)-1]; learns {
				n.Attributes = attributes{"training_mode": 1}.onnx()
				n.Attributes["momentum"] = onnx.Attribute{Kind: onnx.KindFloat, Float: 0.75}
				outputs = append(outputs, "mean", "variance")
				n.Outputs = outputs
			}
			g.output(outputs...)
			g.Opsets[""] = 15
			inputs := map[string]tensor.Array{"x": g.array(shape...)}
			for i := range parameters {
				inputs["p"+string(rune('0'+i))] = g.array(shape[1])
			}
			checked(t, g, inputs, outputs...)
		}
	}
}

// TestMixedPow holds whole numbers to real powers, whole ones among them, and real numbers to whole powers.
func TestMixedPow(t *testing.T) {
	g := newGraph()
	bases := g.typed("bases", onnx.Int32, 7, 1)
	exponents := g.input("exponents", 6)
	whole := g.typed("whole", onnx.Int64, 6)
	a := g.node("Pow", nil, bases, exponents)
	b := g.node("Pow", nil, exponents, whole)
	g.output(a, b)
	checked(t, g, map[string]tensor.Array{
		"bases":     {Shape: []int{7, 1}, Ints: []int64{1, 2, 3, 121, 225, 441, 625}},
		"exponents": {Shape: []int{6}, Data: []float32{0, 1, 2, 1.5, 0.5, 2.5}},
		"whole":     {Shape: []int{6}, Ints: []int64{0, 1, 2, 3, 4, 5}},
	}, a, b)
}

// checked holds what a graph gives against its reference, and each of its nodes.
func checked(t *testing.T, g *graph, inputs map[string]tensor.Array, outputs ...string) {
	t.Helper()
	net := g.network(t, Options{})
	got, err := net.Run(context.Background(), inputs)
	if err != nil {
		t.Fatal(err)
	}
	want := g.reference(t, inputs)
	for _, name := range outputs {
		if got[name].Ints == nil {
			near(t, got[name], want[name])
		}
		for i, n := range got[name].Ints {
			if float64(n) != want[name].Data[i] {
				t.Errorf("%s: number %d is %d, must be %v", name, i, n, want[name].Data[i])
			}
		}
	}
	_, verdict, err := net.Check(context.Background(), inputs)
	if err := errors.Join(err, verdict.Err()); err != nil {
		t.Error(err)
	}
}
