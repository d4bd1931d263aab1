package model

import (
	"errors"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/tensor"
)

// TestAllRefused holds that an error names all nodes that no network of ours computes so, and none that only read what
// these would give.
func TestAllRefused(t *testing.T) {
	g := newGraph()
	x := g.input("x", 2, 4, 6, 5)
	a := g.node("LRN", attributes{"size": 3}.onnx(), g.node("Cast", attributes{"to": 8}.onnx(), x))
	b := g.node("BatchNormalization", nil, x, g.weights(4), g.weights(4), g.weights(4), g.positive(4))
	last := &g.Graph.Nodes[len(g.Graph.Nodes)-1]
	last.Outputs = append(last.Outputs, "mean", "variance")
	g.output(a, g.node("Relu", nil, x), b, "mean")
	_, err := g.network(t, Options{}).Run(t.Context(), map[string]tensor.Array{"x": g.array(2, 4, 6, 5)})
	if !errors.Is(err, ErrUnsupported) {
		t.Fatal(err)
	}
	for word, want := range map[string]bool{"Cast": true, "BatchNormalization": true, "LRN": false, "Relu": false} {
		if strings.Contains(err.Error(), word) != want {
			t.Errorf("%s is named, %v, must be %v: %v", word, !want, want, err)
		}
	}
}
