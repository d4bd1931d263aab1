package model

import (
	"math"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// wholeCases are products of 8-bit whole numbers, and whether layers of float32 compute them.
var wholeCases = map[string]struct {
	build func(g *graph, x string) string
	t     onnx.DataType // of x
	shape []int
	whole bool
}{
	"QLinearConv by channel, grouped, with biases": {func(g *graph, x string) string {
		w := g.constant(onnx.Int8, []int{6, 2, 3, 3}, g.some([]int{6, 2, 3, 3}, 127)...)
		zeros := g.constant(onnx.Int8, []int{6}, 3, 0, -5, 127, -128, 1)
		return g.node("QLinearConv", attributes{"group": 2, "pads": []int{1, 0, 1, 2}, "strides": []int{2, 1}}.onnx(),
			x, g.reals(0.02), g.constant(onnx.Uint8, nil, 130), w, g.reals(0.1, 0.2, 0.3, 0.4, 0.5, 0.6), zeros,
			g.reals(9), g.constant(onnx.Uint8, nil, 7), g.constant(onnx.Int32, []int{6}, 1000, -2000, 30, 0, 7, 9999))
	}, onnx.Uint8, []int{2, 4, 6, 5}, true},
	"ConvInteger without zero points": {func(g *graph, x string) string {
		return g.node("ConvInteger", nil, x, g.constant(onnx.Int8, []int{3, 4, 3}, g.some([]int{3, 4, 3}, 127)...))
	}, onnx.Uint8, []int{2, 4, 9}, true},
	"MatMulInteger": {func(g *graph, x string) string {
		w := g.constant(onnx.Uint8, []int{5, 3}, 0, 255, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6)
		return g.node("MatMulInteger", nil, x, w, g.constant(onnx.Int8, nil, -128),
			g.constant(onnx.Uint8, []int{3}, 9, 0, 255))
	}, onnx.Int8, []int{2, 7, 5}, true},
	"QLinearMatMul": {func(g *graph, x string) string {
		w := g.constant(onnx.Int8, []int{5, 2}, g.some([]int{5, 2}, 127)...)
		return g.node("QLinearMatMul", nil, x, g.reals(0.1), g.constant(onnx.Int8, nil, 4), w, g.reals(0.5),
			g.constant(onnx.Int8, nil, -3), g.reals(11), g.constant(onnx.Int8, nil, 0))
	}, onnx.Int8, []int{6, 5}, true},
	"sums of 2^24": {func(g *graph, x string) string { // 255 * 257 * 256 is 65,536 less
		w := g.constant(onnx.Uint8, []int{1, 258, 1, 1}, append(slices.Repeat([]int64{255}, 257), 255)...)
		return g.node("ConvInteger", nil, x, w)
	}, onnx.Uint8, []int{1, 258, 2, 2}, true},
	"sums beyond 2^24": {func(g *graph, x string) string {
		return g.node("ConvInteger", nil, x, g.constant(onnx.Uint8, []int{1, 259, 1, 1},
			slices.Repeat([]int64{255}, 259)...))
	}, onnx.Uint8, []int{1, 259, 2, 2}, false},
	"biases beyond 2^24": {func(g *graph, x string) string {
		return g.node("QLinearConv", nil, x, g.reals(1), g.constant(onnx.Uint8, nil, 0),
			g.constant(onnx.Int8, []int{1, 1, 1, 1}, 1), g.reals(1), g.constant(onnx.Int8, nil, 0), g.reals(1<<17),
			g.constant(onnx.Uint8, nil, 0), g.constant(onnx.Int32, []int{1}, 1<<24))
	}, onnx.Uint8, []int{1, 1, 2, 2}, false},
	"filters from a node": {func(g *graph, x string) string {
		w := g.constant(onnx.Int8, []int{2, 1, 1, 1}, 1, -1)
		return g.node("ConvInteger", nil, x, g.node("Identity", nil, w))
	}, onnx.Uint8, []int{1, 1, 2, 2}, false},
}

// TestWholeLayers holds products of 8-bit whole numbers against their references in whole numbers, to the last one,
// whichever way they are computed, and that a check says so.
func TestWholeLayers(t *testing.T) {
	for name, c := range wholeCases {
		t.Run(name, func(t *testing.T) {
			g := newGraph()
			y := c.build(g, g.typed("x", c.t, c.shape...))
			g.output(y)
			net := g.network(t, Options{})
			if got := slices.ContainsFunc(net.nodes, func(n *node) bool { return n.whole }); got != c.whole {
				t.Errorf("by a layer of float32: %v, must be %v", got, c.whole)
			}
			low, high, _ := rangeOf(c.t)
			x := tensor.Array{Shape: c.shape}
			for i := range g.numbers(c.shape) { // with the ends of the range
				x.Ints = append(x.Ints, []int64{low, high, low + g.rng.Int64N(high-low+1)}[i%3])
			}
			inputs := map[string]tensor.Array{"x": x}
			got, err := net.Run(t.Context(), inputs)
			if err != nil {
				t.Fatal(err)
			}
			want := g.reference(t, inputs)[y]
			for i, w := range want.Data {
				if float64(got[y].Ints[i]) != math.Round(w) {
					t.Fatalf("number %d is %d, must be %v", i, got[y].Ints[i], w)
				}
			}
			if _, verdict, err := net.Check(t.Context(), inputs); err != nil || !verdict.OK() {
				t.Errorf("%v, error %v", verdict.Err(), err)
			}
		})
	}
}
