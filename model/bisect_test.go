package model

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"testing"

	"github.com/gpuconv/gpuconv/cpuref/operators"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// chain is a network of a fused layer, v1, and three nodes behind it: Abs, v2, Sub, v3, and Exp, v4.
func chain() *graph {
	g := newGraph()
	v := g.node("Conv", nil, g.input("x", 1, 4, 6, 5), g.weights(8, 4, 3, 3), g.weights(8))
	v = g.node("Relu", nil, v)
	v = g.node("Abs", nil, v)
	v = g.node("Sub", nil, v, g.weights(8, 1, 1))
	return g.output(g.node("Exp", nil, v))
}

// float32s is a reference's array as another runtime would give it.
func float32s(a *operators.Array) tensor.Array {
	to := tensor.Array{Shape: a.Shape}
	for _, x := range a.Data {
		to.Data = append(to.Data, float32(x))
	}
	return to
}

// bisected is the graph held against expected values, which must not fail.
func (g *graph) bisected(t *testing.T, inputs, expected map[string]tensor.Array) *Bisection {
	t.Helper()
	b, err := Bisect(context.Background(), device(t), &g.Model, Options{}, inputs, expected, 0)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestBisectRight holds that nothing is found where both are right, by outputs alone and with all tensors.
func TestBisectRight(t *testing.T) {
	g := chain()
	inputs := map[string]tensor.Array{"x": g.array(1, 4, 6, 5)}
	values := g.reference(t, inputs)
	expected := map[string]tensor.Array{"v4": float32s(values["v4"])}
	for _, more := range []string{"", "v0", "v2", "v3"} {
		if more != "" {
			expected[more] = float32s(values[more])
		}
		b := g.bisected(t, inputs, expected)
		if !b.OK() || b.File() != nil || b.Drift() != nil || b.Apart() != nil || len(b.Tensors) < 4 {
			t.Errorf("with %q: %v, %+v", more, b.Err(), b.Tensors)
		}
	}
}

// TestBisectFile holds that expected values which are wrong are found: where they are known, at the node that gives
// them and at none behind it, and of outputs alone somewhere among all nodes; and that what was saved fails again.
func TestBisectFile(t *testing.T) {
	g := chain()
	inputs := map[string]tensor.Array{"x": g.array(1, 4, 6, 5)}
	// The other runtime adds where it must subtract.
	other := chain()
	other.Graph.Nodes[3].Op = "Add"
	values := other.reference(t, inputs)
	expected := map[string]tensor.Array{"v4": float32s(values["v4"])}
	b := g.bisected(t, inputs, expected)
	if d := b.File(); !b.OK() || d == nil || d.Tensor != "v4" || d.Nodes != 5 || b.Drift() != nil || b.Apart() != d {
		t.Fatalf("%v, %+v", b.Err(), b.Tensors)
	}
	for _, name := range []string{"v1", "v2", "v3"} {
		expected[name] = float32s(values[name])
	}
	b = g.bisected(t, inputs, expected)
	d := b.File()
	if !b.OK() || d == nil || d.Tensor != "v3" || d.Nodes != 1 || d.Node != "node 3, Sub" || b.Drift() != nil {
		t.Fatalf("%v, %+v", b.Err(), b.Tensors)
	}
	for _, of := range b.Tensors {
		if of.Tensor == "v4" && of.Expected > b.Tolerance {
			t.Errorf("%+v: it follows from what is expected before it", of)
		}
	}
	folder := t.TempDir()
	if err := b.SaveFile(folder); err != nil {
		t.Fatal(err)
	}
	alone, err := onnx.ReadFile(filepath.Join(folder, "model.onnx"))
	if err != nil || len(alone.Graph.Nodes) != 1 || len(alone.Graph.Inputs) != 1 {
		t.Fatalf("%+v, error %v, must be one node with one input", alone.Graph, err)
	}
	for file, name := range map[string]string{"input_0.pb": "v2", "output_0.pb": "v3"} {
		read, err := onnx.ReadTensorFile(filepath.Join(folder, "test_data_set_0", file))
		if err != nil {
			t.Fatal(err)
		}
		a, err := ArrayOf(read)
		if err != nil || read.Name != name {
			t.Errorf("%s is %q, error %v, must be %q", file, read.Name, err, name)
		}
		near(t, a, values[name])
	}
}

// TestBisectDevice holds that a device which is wrong is found at its node, and that right values are not blamed.
func TestBisectDevice(t *testing.T) {
	g := chain()
	inputs := map[string]tensor.Array{"x": g.array(1, 4, 6, 5)}
	right := lowerings["Sub"]
	t.Cleanup(func() { lowerings["Sub"] = right })
	lowerings["Sub"] = lowering{lower: func(c *compiler, n *node) error {
		return c.pointwise(n, onnx.Float, formula{{name: "add"}}, c.in(n, 0), c.in(n, 1))
	}}
	b := g.bisected(t, inputs, map[string]tensor.Array{"v4": float32s(g.reference(t, inputs)["v4"])})
	d := b.Drift()
	if w := b.Wrong(); w == nil || w.Name != "node 3, Sub" || b.File() != nil || b.SaveFile(t.TempDir()) == nil ||
		d == nil || d.Tensor != "v3" || b.Apart() == nil || b.Apart().Tensor != "v4" {
		t.Errorf("%v, %+v", b.Err(), b.Tensors)
	}
}

// TestBisectDrift holds that what no node's bound shows is found: a layer that was folded wrongly.
func TestBisectDrift(t *testing.T) {
	g := newGraph()
	v := g.node("Conv", nil, g.input("x", 1, 4, 6, 5), g.weights(8, 4, 3, 3))
	v = g.node("BatchNormalization", nil, v, g.positive(8), g.weights(8), g.weights(8), g.positive(8))
	g.output(g.node("Exp", nil, v))
	inputs := map[string]tensor.Array{"x": g.array(1, 4, 6, 5)}
	expected := map[string]tensor.Array{"v2": float32s(g.reference(t, inputs)["v2"])}
	if b := g.bisected(t, inputs, expected); b.Drift() != nil {
		t.Errorf("%+v, must be right", b.Tensors)
	}
	// The layer's epsilon is another one than the reference's.
	wrong := *g
	wrong.Graph.Nodes = append([]onnx.Node{}, g.Graph.Nodes...)
	wrong.Graph.Nodes[1].Attributes = map[string]onnx.Attribute{"epsilon": {Kind: onnx.KindFloat, Float: 0.5}}
	net := wrong.network(t, Options{})
	out, err := net.Run(context.Background(), inputs)
	if err != nil {
		t.Fatal(err)
	}
	b := g.bisected(t, inputs, expected)
	b.Tensors = nil
	given, err := net.given(inputs)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.judge(context.Background(), given, out); err != nil {
		t.Fatal(err)
	}
	if d := b.Drift(); !b.OK() || d == nil || d.Tensor != "v2" || b.File() != nil {
		t.Errorf("%+v", b.Tensors)
	}
}

// TestBisectRefuses holds what is said of expected values that make no sense.
func TestBisectRefuses(t *testing.T) {
	g := chain()
	inputs := map[string]tensor.Array{"x": g.array(1, 4, 6, 5)}
	right := float32s(g.reference(t, inputs)["v4"])
	for what, c := range map[string]struct {
		expected  map[string]tensor.Array
		tolerance float64
	}{
		"none":            {nil, 0},
		"an input":        {map[string]tensor.Array{"x": inputs["x"]}, 0},
		"nothing":         {map[string]tensor.Array{"v9": right}, 0},
		"a shape":         {map[string]tensor.Array{"v4": inputs["x"]}, 0},
		"too few numbers": {map[string]tensor.Array{"v4": {Shape: right.Shape, Data: right.Data[1:]}}, 0},
		"a tolerance":     {map[string]tensor.Array{"v4": right}, -1},
	} {
		expected := maps.Clone(c.expected)
		_, err := Bisect(context.Background(), device(t), &g.Model, Options{}, inputs, expected, c.tolerance)
		if !errors.Is(err, ErrInput) {
			t.Errorf("%s: error %v, must be %v", what, err, ErrInput)
		}
	}
}
