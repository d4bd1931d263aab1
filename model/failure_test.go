package model

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/cpuref/operators"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// TestFailureIsSaved holds that a node which left its bound can be run alone, from what was saved, with what it read.
func TestFailureIsSaved(t *testing.T) {
	g := newGraph()
	x := g.input("x", 1, 4, 6, 5)
	v := g.node("Conv", nil, x, g.weights(8, 4, 3, 3), g.weights(8))
	v = g.node("Relu", nil, v)
	v = g.node("Abs", nil, v)
	v = g.node("Sub", nil, v, g.weights(8, 1, 1))
	g.output(v)
	right := lowerings["Sub"]
	t.Cleanup(func() { lowerings["Sub"] = right })
	lowerings["Sub"] = lowering{lower: func(c *compiler, n *node) error {
		return c.pointwise(n, onnx.Float, formula{{name: "add"}}, c.in(n, 0), c.in(n, 1))
	}}
	ctx, inputs := context.Background(), map[string]tensor.Array{"x": g.array(1, 4, 6, 5)}
	net := g.network(t, Options{})
	_, verdict, err := net.Check(ctx, inputs)
	if err != nil || !errors.Is(verdict.Err(), cpuref.ErrMismatch) {
		t.Fatalf("error %v, verdict %v, must be wrong", err, verdict.Err())
	}
	folder := t.TempDir()
	if err := verdict.Failure().Save(folder); err != nil {
		t.Fatal(err)
	}
	alone, err := Load(device(t), filepath.Join(folder, "model.onnx"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer alone.Close()
	if len(alone.nodes) != 1 || len(alone.inputs) != 1 {
		t.Fatalf("%d nodes with %d inputs, must be one", len(alone.nodes), len(alone.inputs))
	}
	read, err := onnx.ReadTensorFile(filepath.Join(folder, "test_data_set_0", "input_0.pb"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := ArrayOf(read)
	if err != nil {
		t.Fatal(err)
	}
	want := g.reference(t, inputs)["v2"]
	near(t, a, want)
	_, again, err := alone.Check(ctx, map[string]tensor.Array{alone.inputs[0].Name: a})
	if err != nil || !errors.Is(again.Err(), cpuref.ErrMismatch) {
		t.Errorf("alone: error %v, verdict %v, must be wrong again", err, again.Err())
	}
	lowerings["Sub"] = right
	if net, err = Load(device(t), filepath.Join(folder, "model.onnx"), Options{}); err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	if _, v, err := net.Check(ctx, map[string]tensor.Array{alone.inputs[0].Name: a}); err != nil || v.Err() != nil {
		t.Errorf("mended: error %v, verdict %v", err, v.Err())
	}
}

// TestLayerFailureIsSaved is the same of a layer with what is fused into it, whose volumes have another order.
func TestLayerFailureIsSaved(t *testing.T) {
	g := body()
	ctx, inputs := context.Background(), map[string]tensor.Array{"x": g.array(1, 4, 6, 5)}
	net := g.network(t, Options{})
	_, verdict, err := net.Check(ctx, inputs)
	if err != nil || verdict.Failure() != nil {
		t.Fatalf("error %v, verdict %v, must be right", err, verdict.Err())
	}
	// The last layer is taken for wrong, with what it reads taken from the reference.
	values := g.reference(t, inputs)
	last := slices.IndexFunc(verdict.Nodes,
		func(n host.NodeReport) bool { return len(verdict.parts[0].doing[n.Name].nodes) == 4 })
	if last < 0 {
		t.Fatal("no layer of four nodes")
	}
	near(t, savedAlone(t, verdict, last, values)["v6"], values["v6"])
}

// savedAlone takes a node of a verdict for wrong, with what it reads taken from these values, saves it, and gives what
// the saved network gives.
func savedAlone(
	t *testing.T, verdict Verdict, node int, values map[string]*operators.Array,
) map[string]tensor.Array {
	t.Helper()
	n := &verdict.Nodes[node]
	n.Report.Failed++
	n.Read = nil
	for _, v := range verdict.Failure().doing.reads {
		n.Read = append(n.Read, innermost(values[v.name]))
	}
	folder := t.TempDir()
	if err := verdict.Failure().Save(folder); err != nil {
		t.Fatal(err)
	}
	alone, err := Load(device(t), filepath.Join(folder, "model.onnx"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer alone.Close()
	given := map[string]tensor.Array{}
	for i, port := range alone.inputs {
		read, err := onnx.ReadTensorFile(filepath.Join(folder, "test_data_set_0", "input_"+string(rune('0'+i))+".pb"))
		if err != nil {
			t.Fatal(err)
		}
		if given[port.Name], err = ArrayOf(read); err != nil {
			t.Fatal(err)
		}
	}
	out, err := alone.Run(t.Context(), given)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// innermost are the words of an array of NCHW with its channels innermost.
func innermost(a *operators.Array) []uint32 {
	floats := make([]float32, len(a.Data))
	for i, x := range a.Data {
		floats[i] = float32(x)
	}
	view, err := op.Contiguous(a.Shape...).Permute(0, 2, 3, 1)
	if err != nil {
		panic(err)
	}
	words, err := numbers{floats: floats}.gather(view).words()
	if err != nil {
		panic(err)
	}
	return words
}
