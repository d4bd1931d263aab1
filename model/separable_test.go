package model

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// invertedResidual is a block of MobileNetV2: 1x1, depthwise 3x3 and 1x1, with a sum, and the same without one behind
// it, whose depthwise layer is an output, too.
func invertedResidual() *graph {
	g := newGraph()
	x := g.input("x", 2, 8, 9, 7)
	relu6 := func(v string) string {
		return g.node("Clip", nil, v, g.scalar(0), g.scalar(6))
	}
	depthwise := map[string]onnx.Attribute{
		"group": {Kind: onnx.KindInt, Int: 24}, "pads": {Kind: onnx.KindInts, Ints: []int64{1, 1, 1, 1}},
	}
	block := func(x string) (middle, out string) {
		v := relu6(g.node("Conv", nil, x, g.weights(24, 8, 1, 1), g.weights(24)))
		middle = relu6(g.node("Conv", depthwise, v, g.weights(24, 1, 3, 3), g.weights(24)))
		return middle, g.node("Conv", nil, middle, g.weights(8, 24, 1, 1), g.weights(8))
	}
	_, v := block(x)
	v = g.node("Add", nil, v, x)
	middle, w := block(v)
	return g.output(w, middle)
}

// TestFuse holds that depthwise layers are computed together with the 1x1 layers that alone read them, and no others,
// where that is asked for; that the network then gives what it gave, and that what a fused one computes is judged,
// named and saved.
func TestFuse(t *testing.T) {
	g := invertedResidual()
	ctx, inputs := context.Background(), map[string]tensor.Array{"x": g.array(2, 8, 9, 7)}
	values := g.reference(t, inputs)
	fused := 0
	for _, f := range []host.Fusing{host.FuseByRules, host.FuseNever, host.FuseAlways} {
		net := g.network(t, Options{Fuse: f})
		out, err := net.Run(ctx, inputs)
		if err != nil {
			t.Fatal(err)
		}
		for name, got := range out {
			near(t, got, values[name])
		}
		plan, err := net.Plan(ctx, inputs)
		if err != nil {
			t.Fatal(err)
		}
		_, verdict, err := net.Check(ctx, inputs)
		if err != nil || verdict.Err() != nil {
			t.Fatalf("%q: error %v, verdict %v", f, err, verdict.Err())
		}
		isSeparable := func(name string) bool { return strings.HasPrefix(name, "separable/") }
		at := slices.IndexFunc(plan.Nodes, isSeparable)
		if f != host.FuseAlways {
			if f == host.FuseNever && at >= 0 {
				t.Errorf("%q: %v", f, plan.Nodes)
			}
			continue
		}
		fused++
		others := plan.Nodes[at+1:]
		if at < 0 || slices.ContainsFunc(others, isSeparable) {
			t.Fatalf("%v, must have one separable layer", plan.Nodes)
		}
		// Conv, Clip, Conv, Add
		if len(plan.Fused[at]) != 4 || !strings.Contains(plan.Names[at], " and ") {
			t.Errorf("%s: nodes %v", plan.Names[at], plan.Fused[at])
		}
		node := slices.IndexFunc(verdict.Nodes, func(n host.NodeReport) bool { return n.Before != "" })
		if node < 0 {
			t.Fatal("no node of two layers was judged")
		}
		name := verdict.parts[0].doing[verdict.Nodes[node].Name].nodes[1].Outputs[0]
		near(t, savedAlone(t, verdict, node, values)[name], values[name])
	}
	if fused != 1 {
		t.Error("nothing was fused")
	}
	wrong := g.network(t, Options{Fuse: "sometimes"})
	_, err := wrong.Run(ctx, inputs)
	if !errors.Is(err, gpu.ErrMisuse) || !strings.Contains(err.Error(), "sometimes") {
		t.Errorf("error %v, must name the wrong option", err)
	}
}
