package model

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// hostile are the attributes that operators read, and values for which few of them are made.
var hostile = struct {
	names    []string
	integers []int64
	texts    []string
	floats   []float32
}{
	[]string{"axis", "axes", "perm", "kernel_shape", "strides", "pads", "dilations", "group", "keepdims", "to", "mode",
		"auto_pad", "output_padding", "output_shape", "split", "num_outputs", "blocksize", "k", "largest", "sorted",
		"batch_dims", "alpha", "beta", "gamma", "epsilon", "bias", "size", "p", "count_include_pad", "ceil_mode",
		"storage_order", "value", "start", "end", "min", "max", "transA", "transB", "scales", "sizes",
		"coordinate_transformation_mode", "nearest_mode", "align_corners", "padding_mode", "exclusive", "reverse",
		"direction", "num_groups", "offset_group", "fmod", "upper", "allowzero", "starts", "ends", "steps", "tiles",
		"block_size", "reduction", "select_last_index", "noop_with_empty_axes", "training_mode", "stash_type"},
	[]int64{0, 1, -1, 2, 3, 4, -2, 7, -9, 1 << 20, -1 << 31, 1<<31 - 1, 1 << 40, -1 << 63},
	[]string{"", "linear", "cubic", "SAME_UPPER", "VALID", "reflect", "wrap", "CRD", "tf_crop_and_resize", "sum",
		"\xff"},
	[]float32{0, 1, -1, 0.5, 1e30, -1e-30},
}

// TestHostileNodes compiles nodes of every operator with seeded shapes, types and attributes, most of which fit
// nothing: each must end with an error or a plan, and never panic.
func TestHostileNodes(t *testing.T) {
	dev := device(t)
	rounds := 100
	if testing.Short() {
		rounds = 6
	}
	for _, op := range slices.Sorted(maps.Keys(lowerings)) {
		for seed := range rounds {
			rng := rand.New(rand.NewPCG(uint64(seed), 4))
			g, inputs := hostileGraph(op, rng)
			func() {
				defer func() {
					if r := recover(); r != nil {
						t.Errorf("%s, seed %d: panic: %v\n%s", op, seed, r, debug.Stack())
					}
				}()
				net, err := New(dev, &g.Model, Options{})
				if err != nil {
					return
				}
				defer net.Close()
				_, _ = net.Plan(t.Context(), inputs)
			}()
		}
	}
}

// hostileGraph is a graph of one such node, and what it is run with.
func hostileGraph(op string, rng *rand.Rand) (*graph, map[string]tensor.Array) {
	g, inputs := newGraph(), map[string]tensor.Array{}
	g.rng = rng
	g.Opsets[""] = []int64{7, 9, 11, 13, 17, 18, 21, 23}[rng.IntN(8)]
	common := hostileShape(rng)
	var in []string
	for i := range 1 + rng.IntN(5) {
		shape := common
		if rng.IntN(3) == 0 {
			shape = hostileShape(rng)
		}
		switch rng.IntN(5) {
		case 0:
			in = append(in, g.whole([][]int64{{1}, {0, 1}, {2, 2, 2}, {-1}, {1 << 40}, {}}[rng.IntN(6)]...))
		case 1:
			in = append(in, g.weights(shape...))
		case 2:
			types := []onnx.DataType{onnx.Int8, onnx.Uint8, onnx.Int32, onnx.Int64, onnx.Bool}
			in = append(in, g.constant(types[rng.IntN(len(types))], shape, make([]int64, len(g.numbers(shape)))...))
		default:
			name := g.typed(fmt.Sprintf("x%d", i), onnx.Float, shape...)
			in, inputs[name] = append(in, name), g.array(shape...)
		}
	}
	attributes := map[string]onnx.Attribute{}
	for range rng.IntN(5) {
		attributes[hostile.names[rng.IntN(len(hostile.names))]] = hostileAttribute(rng)
	}
	n := onnx.Node{Op: op, Inputs: in, Outputs: []string{"a", "b", "c"}[:1+rng.IntN(3)], Attributes: attributes}
	g.Graph.Nodes = append(g.Graph.Nodes, n)
	return g.output(n.Outputs...), inputs
}

// hostileShape is one of few numbers.
func hostileShape(rng *rand.Rand) []int {
	shape := make([]int, rng.IntN(6))
	for i := range shape {
		shape[i] = []int{1, 2, 3, 4, 5}[rng.IntN(5)]
	}
	return shape
}

func hostileAttribute(rng *rand.Rand) onnx.Attribute {
	integer := func() int64 { return hostile.integers[rng.IntN(len(hostile.integers))] }
	switch rng.IntN(5) {
	case 0:
		var list []int64
		for range rng.IntN(5) {
			list = append(list, integer())
		}
		return onnx.Attribute{Kind: onnx.KindInts, Ints: list}
	case 1:
		return onnx.Attribute{Kind: onnx.KindString, String: hostile.texts[rng.IntN(len(hostile.texts))]}
	case 2:
		return onnx.Attribute{Kind: onnx.KindFloat, Float: hostile.floats[rng.IntN(len(hostile.floats))]}
	case 3:
		of := onnx.FloatTensor("", []int64{1}, []float32{2})
		return onnx.Attribute{Kind: onnx.KindTensor, Tensor: &of}
	}
	return onnx.Attribute{Kind: onnx.KindInt, Int: integer()}
}
