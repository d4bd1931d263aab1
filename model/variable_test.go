package model

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/op"
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
	swapped    bool // computed as the gradient with respect to another layer's filters
}{
	{"Conv", wholes("pads", 1, 1), []int{2, 3, 7}, []int{4, 3, 3}, 4, false, false},
	{"Conv", with(wholes("pads", 1, 0, 2, 1), wholes("strides", 2, 1), wholes("dilations", 1, 2), group(2)),
		[]int{2, 4, 6, 7}, []int{6, 2, 3, 2}, 6, true, false},
	{"Conv", nil, []int{1, 2, 4, 5, 3}, []int{3, 2, 2, 3, 2}, 3, true, false},
	{"ConvTranspose", with(wholes("strides", 2, 3), wholes("pads", 1, 0, 0, 1)), []int{2, 3, 4, 3}, []int{3, 5, 3, 2},
		5, false, false},
	{"ConvTranspose", with(wholes("strides", 2), group(2)), []int{1, 4, 5}, []int{4, 3, 3}, 6, true, false},
	{"Conv", with(wholes("pads", 1, 0, 2, 1), wholes("strides", 2, 1), wholes("dilations", 1, 2)),
		[]int{3, 2, 7, 8}, []int{5, 2, 5, 4}, 5, false, true},
	{"Conv", wholes("pads", 1, 1), []int{2, 3, 7}, []int{4, 3, 6}, 4, false, true},
	{"Conv", nil, []int{2, 3, 4, 3, 5}, []int{2, 3, 3, 3, 4}, 2, false, true},
	{"Conv", nil, []int{2, 3, 5}, []int{4, 3, 5}, 4, true, false}, // which has biases
	{"Conv", group(2), []int{2, 4, 5}, []int{6, 2, 5}, 6, false, false},
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
				if s, err := net.Plan(t.Context(), inputs); err != nil || v.swapped != computes(s, "filter") {
					t.Errorf("%q, error %v, must be a gradient: %v", s.Nodes, err, v.swapped)
				}
			}
			if len(net.plans) != 1 || len(net.baked) != 0 {
				t.Errorf("%d plans, inputs %v compiled in, must be one plan for any filters", len(net.plans),
					net.baked)
			}
		})
	}
}

// computes tells whether one of the network's kernels has such a name.
func computes(s Summary, kernel string) bool {
	return slices.ContainsFunc(s.Nodes, func(name string) bool { return strings.Contains(name, kernel) })
}

// TestVariableFailure holds that what a layer of variable filters read is known where it is wrong, by its names.
func TestVariableFailure(t *testing.T) {
	for i, order := range map[int][]int{1: {0, 2, 3, 1}, 5: {1, 2, 3, 0}} {
		v := variables[i]
		g := newGraph()
		inputs := map[string]tensor.Array{"x": g.array(v.x...), "w": g.array(v.w...)}
		read := []string{g.input("x", v.x...), g.input("w", v.w...)}
		words := [][]uint32{wordsBy(t, inputs["x"], order), wordsBy(t, inputs["w"], order)}
		if v.bias {
			inputs["b"], read = g.array(v.channels), append(read, g.input("b", v.channels))
			words = append(words, wordsBy(t, inputs["b"], []int{0}))
		}
		net := g.output(g.node(v.op, v.attributes, read...)).network(t, Options{VariableFilters: true})
		_, verdict, err := net.Check(context.Background(), inputs)
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(verdict.Nodes, func(n host.NodeReport) bool { return n.Name == net.nodes[0].String() })
		if at < 0 {
			t.Fatalf("%+v: none is the layer", verdict.Nodes)
		}
		n := &verdict.Nodes[at]
		n.Report.Failed++
		n.Read = words
		for name, want := range inputs {
			got, _, err := verdict.Failure().tensor(name)
			if err != nil {
				t.Fatal(err)
			}
			if floats, err := got.Floats(); err != nil || !slices.Equal(floats, want.Data) {
				t.Errorf("layer %d, %s: %v, error %v, must be %v", i, name, floats, err, want.Data)
			}
		}
	}
}

// wordsBy are the words of an array in another order of axes.
func wordsBy(t *testing.T, a tensor.Array, order []int) []uint32 {
	t.Helper()
	view, err := op.Contiguous(a.Shape...).Permute(order...)
	if err != nil {
		t.Fatal(err)
	}
	words, err := numbers{floats: a.Data}.gather(view).words()
	if err != nil {
		t.Fatal(err)
	}
	return words
}
