package model

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// TestMissingInputs gives every operator too few inputs, too many, and none at some place, constants and others: each
// must end with an error or outputs, and never panic.
func TestMissingInputs(t *testing.T) {
	dev := device(t)
	build := func(op string, count, none int, constants bool) (g *graph) {
		g = newGraph()
		var in []string
		for i := range count {
			switch {
			case i == none:
				in = append(in, "")
			case constants:
				in = append(in, g.whole(1, 2))
			default:
				in = append(in, g.typed(fmt.Sprintf("x%d", i), onnx.Float, 1, 2, 3, 4))
			}
		}
		return g.output(g.node(op, nil, in...))
	}
	run := func(what string, g *graph) {
		defer func() {
			if r := recover(); r != nil {
				t.Errorf("%s: panic: %v", what, r)
			}
		}()
		net, err := New(dev, &g.Model, Options{})
		if err != nil {
			return
		}
		defer net.Close()
		inputs := map[string]tensor.Array{}
		for _, p := range net.Inputs() {
			inputs[p.Name] = g.array(1, 2, 3, 4)
		}
		_, _ = net.Plan(t.Context(), inputs)
	}
	for _, op := range slices.Sorted(maps.Keys(lowerings)) {
		for count := range 10 {
			for none := -1; none < count; none++ {
				for _, constants := range []bool{false, true} {
					run(fmt.Sprintf("%s of %d inputs, without number %d, constants %v", op, count, none, constants),
						build(op, count, none, constants))
				}
			}
		}
	}
}
