package model

import (
	"context"
	"errors"
	"testing"

	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

func init() {
	layoutCases = append(layoutCases, []layoutCase{
		{op: "Gather", others: []any{[]int64{3, 0, -1, 3}}, with: attributes{"axis": 1}},
		{op: "Gather", others: []any{[]int64{-2}}, with: attributes{"axis": 2}},
		{op: "TopK", others: []any{[]int64{3}}, with: attributes{"axis": 1}},
		{op: "TopK", others: []any{[]int64{5}}, with: attributes{"axis": 2, "largest": 0}},
		{op: "Trilu"}, {op: "Trilu", with: attributes{"upper": 0}, others: []any{[]int64{-1}}},
	}...)
}

// TestPicks runs operators whose indices are computed on the device, or known.
func TestPicks(t *testing.T) {
	for name, c := range map[string]struct {
		op    string
		with  attributes
		by    []int // the shape of the indices, from -2 to 2
		known bool
	}{
		"Gather":                  {"Gather", attributes{"axis": 1}, []int{2, 5}, false},
		"Gather of one":           {"Gather", attributes{"axis": -1}, []int{}, false},
		"Gather of one, known":    {"Gather", attributes{"axis": -1}, []int{1, 1}, true},
		"GatherElements":          {"GatherElements", attributes{"axis": 1}, []int{2, 7, 4}, false},
		"GatherElements, known":   {"GatherElements", attributes{"axis": 2}, []int{3, 3, 2}, true},
		"GatherND":                {"GatherND", nil, []int{5, 2}, false},
		"GatherND behind an axis": {"GatherND", attributes{"batch_dims": 1}, []int{3, 2, 2}, false},
		"GatherND, known":         {"GatherND", nil, []int{3}, true},
		"OneHot":                  {"OneHot", nil, []int{2, 5}, false},
		"OneHot along an axis":    {"OneHot", attributes{"axis": 0}, []int{7}, true},
		"EyeLike":                 {"EyeLike", attributes{"k": 1, "dtype": 1}, []int{3, 4}, false},
		"EyeLike, below":          {"EyeLike", attributes{"k": -1, "dtype": 1}, []int{4, 3}, true},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGraph()
			x, by := g.input("x", 3, 3, 4), ""
			inputs := map[string]tensor.Array{"x": g.array(3, 3, 4)}
			if c.known {
				count := 1
				for _, size := range c.by {
					count *= size
				}
				var list []int64
				for i := range count {
					list = append(list, int64(i%5)-2)
				}
				by = "by"
				g.Graph.Initializers = append(g.Graph.Initializers, onnx.IntTensor(by, int64s(c.by), list))
			} else {
				inputs["y"] = g.array(c.by...)
				g.Graph.Initializers = append(g.Graph.Initializers, onnx.FloatTensor("three", nil, []float32{2.99}))
				by = g.node("Cast", attributes{"to": int(onnx.Int64)}.onnx(),
					g.node("Mul", nil, g.input("y", c.by...), "three"))
			}
			in := []string{x, by}
			switch c.op {
			case "OneHot":
				in = []string{by, g.whole(4), g.weights(2)}
			case "EyeLike":
				in = []string{by}
			}
			last := g.node(c.op, c.with.onnx(), in...)
			g.output(last)
			net := g.network(t, Options{})
			_, verdict, err := net.Check(context.Background(), inputs)
			if err := errors.Join(err, verdict.Err()); err != nil {
				t.Fatal(err)
			}
			out, err := net.Run(context.Background(), inputs)
			if err != nil {
				t.Fatal(err)
			}
			near(t, out[last], g.reference(t, inputs)[last])
		})
	}
}

// TestPickErrors gives operators what they can not pick.
func TestPickErrors(t *testing.T) {
	for name, c := range map[string]struct {
		op   string
		with attributes
		by   []int64
		want error
	}{
		"an index too large":    {"Gather", nil, []int64{0, 3}, ErrGraph},
		"one index too large":   {"Gather", nil, []int64{-4}, ErrGraph},
		"no such axis":          {"Gather", attributes{"axis": 3}, []int64{0}, ErrGraph},
		"elements of less axes": {"GatherElements", nil, []int64{0}, ErrGraph},
		"coordinates too long":  {"GatherND", nil, []int64{0, 0, 0, 0}, ErrGraph},
		"more than there are":   {"TopK", attributes{"axis": 0}, []int64{4}, ErrUnsupported},
		"none":                  {"TopK", attributes{"axis": 0}, []int64{0}, ErrUnsupported},
		"two numbers":           {"TopK", nil, []int64{1, 2}, ErrGraph},
	} {
		g := newGraph()
		g.output(g.node(c.op, c.with.onnx(), g.input("x", 3, 3, 4), g.whole(c.by...)))
		net := g.network(t, Options{})
		if _, err := net.Run(context.Background(), map[string]tensor.Array{"x": g.array(3, 3, 4)}); !errors.Is(err,
			c.want) {
			t.Errorf("%s: %v, must wrap %v", name, err, c.want)
		}
	}
}
