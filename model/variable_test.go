package model

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/cpuref/operators"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// variables are layers whose filters an input gives, in other orders of axes than layers have them.
var variables = []struct {
	op         string
	attributes map[string]onnx.Attribute
	x, w       []int
	channels   int
	bias       bool
}{
	{"Conv", wholes("pads", 1, 1), []int{2, 3, 7}, []int{4, 3, 3}, 4, false},
	{"Conv", with(wholes("pads", 1, 0, 2, 1), wholes("strides", 2, 1), wholes("dilations", 1, 2), group(2)),
		[]int{2, 4, 6, 7}, []int{6, 2, 3, 2}, 6, true},
	{"Conv", nil, []int{1, 2, 4, 5, 3}, []int{3, 2, 2, 3, 2}, 3, true},
	{"ConvTranspose", with(wholes("strides", 2, 3), wholes("pads", 1, 0, 0, 1)), []int{2, 3, 4, 3}, []int{3, 5, 3, 2},
		5, false},
	{"ConvTranspose", with(wholes("strides", 2), group(2)), []int{1, 4, 5}, []int{4, 3, 3}, 6, true},
}

func with(all ...map[string]onnx.Attribute) map[string]onnx.Attribute {
	to := map[string]onnx.Attribute{}
	for _, some := range all {
		maps.Copy(to, some)
	}
	return to
}

func group(n int64) map[string]onnx.Attribute {
	return map[string]onnx.Attribute{"group": {Kind: onnx.KindInt, Int: n}}
}

// TestVariableFilters runs layers with filters that change from run to run, by one plan, and with some that the device
// computed before.
func TestVariableFilters(t *testing.T) {
	ctx := context.Background()
	for i, v := range variables {
		t.Run(fmt.Sprintf("%d %s", i, v.op), func(t *testing.T) {
			g := newGraph()
			read := []string{g.input("x", v.x...), g.node("Neg", nil, g.input("w", v.w...))}
			if v.bias {
				read = append(read, g.input("b", v.channels))
			}
			last := g.node(v.op, v.attributes, read...)
			net := g.output(last).network(t, Options{VariableFilters: true})
			for range 2 {
				inputs := map[string]tensor.Array{"x": g.array(v.x...), "w": g.array(v.w...)}
				if v.bias {
					inputs["b"] = g.array(v.channels)
				}
				got, err := net.Run(ctx, inputs)
				if err != nil {
					t.Fatal(err)
				}
				near(t, got[last], g.reference(t, inputs)[last])
				_, verdict, err := net.Check(ctx, inputs)
				if err := errors.Join(err, verdict.Err()); err != nil {
					t.Fatal(err)
				}
			}
			if len(net.plans) != 1 || len(net.baked) != 0 {
				t.Errorf("%d plans, inputs %v compiled in, must be one plan for any filters", len(net.plans),
					net.baked)
			}
		})
	}
}

// TestVariableFailure holds that what a layer of variable filters read is known where it is wrong, by its names.
func TestVariableFailure(t *testing.T) {
	v := variables[1]
	g := newGraph()
	last := g.node(v.op, v.attributes, g.input("x", v.x...), g.input("w", v.w...), g.input("b", v.channels))
	net := g.output(last).network(t, Options{VariableFilters: true})
	inputs := map[string]tensor.Array{"x": g.array(v.x...), "w": g.array(v.w...), "b": g.array(v.channels)}
	_, verdict, err := net.Check(context.Background(), inputs)
	if err != nil {
		t.Fatal(err)
	}
	layer := slices.IndexFunc(verdict.Nodes, func(n host.NodeReport) bool { return n.Name == net.nodes[0].String() })
	if layer < 0 {
		t.Fatalf("%+v: none is the layer", verdict.Nodes)
	}
	n := &verdict.Nodes[layer]
	n.Report.Failed++
	bias, err := numbers{floats: inputs["b"].Data}.words()
	if err != nil {
		t.Fatal(err)
	}
	n.Read = [][]uint32{innermost(doubles(inputs["x"])), innermost(doubles(inputs["w"])), bias}
	for name, want := range inputs {
		got, _, err := verdict.Failure().tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		if floats, err := got.Floats(); err != nil || !slices.Equal(floats, want.Data) {
			t.Errorf("%s: %v, error %v, must be %v", name, floats, err, want.Data)
		}
	}
}

func doubles(a tensor.Array) *operators.Array {
	return &operators.Array{Type: onnx.Float, Shape: a.Shape, Data: numbers{floats: a.Data}.float64s()}
}
