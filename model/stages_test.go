package model

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// detector is a graph that computes boxes and scores, keeps the best of them, and gives these boxes: three outputs, of
// which one is the node's own that the host computes, and one was computed before it.
func detector() (g *graph, outputs []string) {
	g = newGraph()
	x := g.input("x", 0, 4, 6, 5)
	v := g.node("Relu", nil, g.node("Conv", nil, x, g.weights(9, 4, 1, 1), g.weights(9)))
	v = g.node("Reshape", nil, v, g.whole(0, 9, 30))
	boxes := g.node("Slice", nil, v, g.whole(0), g.whole(4), g.whole(1))
	turned := map[string]onnx.Attribute{"perm": {Kind: onnx.KindInts, Ints: []int64{0, 2, 1}}}
	boxes = g.node("Transpose", turned, boxes)
	scores := g.node("Softmax", nil, g.node("Slice", nil, v, g.whole(4), g.whole(9), g.whole(1)))
	threshold := g.node("ReduceMean", map[string]onnx.Attribute{"keepdims": {Kind: onnx.KindInt}}, scores)
	kept := g.node("NonMaxSuppression", nil, boxes, scores, g.whole(3), g.scalar(0.4), threshold)
	columns := g.node("Gather", map[string]onnx.Attribute{"axis": {Kind: onnx.KindInt, Int: 1}}, kept, g.whole(0, 2))
	best := g.node("Relu", nil, g.node("GatherND", nil, boxes, columns))
	outputs = []string{best, kept, scores}
	g.output(outputs...)
	return g, outputs
}

// scalar adds a constant of one number.
func (g *graph) scalar(v float32) string {
	name := fmt.Sprintf("w%d", len(g.Graph.Initializers))
	g.Graph.Initializers = append(g.Graph.Initializers, onnx.FloatTensor(name, nil, []float32{v}))
	return name
}

// TestStages holds a network with a node that the host computes in its midst against the reference of all its nodes,
// for several shapes and values, and that it says where its nodes ran.
func TestStages(t *testing.T) {
	g, outputs := detector()
	net := g.network(t, Options{})
	for _, images := range []int{1, 2, 1} {
		inputs := map[string]tensor.Array{"x": g.array(images, 4, 6, 5)}
		got, err := net.Run(context.Background(), inputs)
		if err != nil {
			t.Fatal(err)
		}
		want := g.reference(t, inputs)
		for _, name := range outputs {
			a := got[name]
			for _, i := range a.Ints {
				a.Data = append(a.Data, float32(i))
			}
			near(t, a, want[name])
		}
		if len(got[outputs[1]].Ints) == 0 || len(got) != len(outputs) {
			t.Errorf("%v", got)
		}
		checked, verdict, err := net.Check(context.Background(), inputs)
		if err := errors.Join(err, verdict.Err()); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(checked[outputs[1]].Ints, got[outputs[1]].Ints) {
			t.Errorf("checked %v, ran %v", checked[outputs[1]], got[outputs[1]])
		}
		node := slices.IndexFunc(verdict.Nodes, func(n host.NodeReport) bool {
			return strings.Contains(n.Node, "NonMaxSuppression")
		})
		if node < 1 || node == len(verdict.Nodes)-1 {
			t.Errorf("node %d of %d is the host's, must be in their midst", node, len(verdict.Nodes))
		}
	}
	s, err := net.Plan(t.Context(), map[string]tensor.Array{"x": g.array(1, 4, 6, 5)})
	if err != nil || s.Submissions != 2 || len(s.Elsewhere) != 1 || len(s.Nodes) < 5 || s.Memory.Planned == 0 {
		t.Errorf("%+v, error %v", s, err)
	}
	layers, err := net.Layers(t.Context(), map[string]tensor.Array{"x": g.array(1, 4, 6, 5)})
	if err != nil || len(layers) != 1 {
		t.Errorf("layers %v, error %v", layers, err)
	}
	net.Close()
	if _, err := net.Run(context.Background(), map[string]tensor.Array{"x": g.array(1, 4, 6, 5)}); !errors.Is(err,
		gpu.ErrClosed) {
		t.Errorf("error %v, must wrap %v", err, gpu.ErrClosed)
	}
}

// TestStagesWrong holds that a wrong choice of boxes is found, and named.
func TestStagesWrong(t *testing.T) {
	honest := onHost["NonMaxSuppression"]
	defer func() { onHost["NonMaxSuppression"] = honest }()
	for name, spoil := range map[string]func(a *tensor.Array){
		"another box":  func(a *tensor.Array) { a.Ints[2]++ },
		"one too few":  func(a *tensor.Array) { a.Ints, a.Shape = a.Ints[3:], []int{a.Shape[0] - 1, 3} },
		"one too many": func(a *tensor.Array) { a.Ints, a.Shape = append(a.Ints, 0, 0, 0), []int{a.Shape[0] + 1, 3} },
	} {
		onHost["NonMaxSuppression"] = func(n *node, in []*tensor.Array) (tensor.Array, onnx.DataType, error) {
			a, of, err := honest(n, in)
			spoil(&a)
			return a, of, err
		}
		g, _ := detector()
		net := g.network(t, Options{})
		_, verdict, err := net.Check(context.Background(), map[string]tensor.Array{"x": g.array(1, 4, 6, 5)})
		if err != nil || verdict.Wrong() == nil || !strings.Contains(verdict.Err().Error(), "NonMaxSuppression") {
			t.Errorf("%s: verdict %v, error %v", name, verdict.Err(), err)
		}
		if verdict.Failure() != nil {
			t.Errorf("%s: the host's node is no failure that a device shows again", name)
		}
	}
}

// TestStagesEmpty holds that no box is a right answer where no score is high enough.
func TestStagesEmpty(t *testing.T) {
	g := newGraph()
	x := g.node("Relu", nil, g.input("x", 1, 5, 4))
	kept := g.node("NonMaxSuppression", nil, x, g.weights(1, 2, 5), g.whole(3), g.scalar(0.5), g.scalar(2))
	g.output(kept)
	net := g.network(t, Options{})
	out, verdict, err := net.Check(context.Background(), map[string]tensor.Array{"x": g.array(1, 5, 4)})
	if err := errors.Join(err, verdict.Err()); err != nil {
		t.Fatal(err)
	}
	if a := out[kept]; !slices.Equal(a.Shape, []int{0, 3}) || a.Ints == nil || len(a.Ints) != 0 {
		t.Errorf("%+v, must be of shape [0 3]", a)
	}
}

// TestStagesRefused holds what is wrong with the node's inputs, and with the whole network's.
func TestStagesRefused(t *testing.T) {
	for name, build := range map[string]func(g *graph) string{
		"boxes of three numbers": func(g *graph) string {
			return g.node("NonMaxSuppression", nil, g.input("x", 1, 5, 3), g.weights(1, 2, 5))
		},
		"scores of other boxes": func(g *graph) string {
			return g.node("NonMaxSuppression", nil, g.input("x", 1, 5, 4), g.weights(1, 2, 6))
		},
		"two thresholds": func(g *graph) string {
			x := g.input("x", 1, 5, 4)
			return g.node("NonMaxSuppression", nil, x, g.weights(1, 2, 5), g.whole(1), g.weights(2))
		},
		"a real number of boxes": func(g *graph) string {
			return g.node("NonMaxSuppression", nil, g.input("x", 1, 5, 4), g.weights(1, 2, 5), g.weights(1))
		},
	} {
		g := newGraph()
		g.output(build(g))
		net := g.network(t, Options{})
		shape := net.Inputs()[0].Shape
		_, err := net.Run(context.Background(), map[string]tensor.Array{"x": g.array(shape...)})
		if !errors.Is(err, ErrGraph) {
			t.Errorf("%s: error %v, must wrap %v", name, err, ErrGraph)
		}
		if _, err := net.Run(context.Background(), nil); !errors.Is(err, ErrInput) {
			t.Errorf("%s: error %v without inputs, must wrap %v", name, err, ErrInput)
		}
	}
}

// TestStagesHoldWeightsOnce holds that each constant is kept by the stage that reads it.
func TestStagesHoldWeightsOnce(t *testing.T) {
	g, _ := detector()
	net := g.network(t, Options{})
	if _, err := net.Run(context.Background(), map[string]tensor.Array{"x": g.array(1, 4, 6, 5)}); err != nil {
		t.Fatal(err)
	}
	kept := map[string]int{}
	for _, n := range []*Network{net, net.stages.before, net.stages.after} {
		for name := range n.initial {
			kept[name]++
		}
	}
	if len(kept) != len(g.Graph.Initializers) {
		t.Errorf("%d constants are kept, must be all %d", len(kept), len(g.Graph.Initializers))
	}
	for name, times := range kept {
		if times > 1 {
			t.Errorf("%s is kept %d times", name, times)
		}
	}
}
