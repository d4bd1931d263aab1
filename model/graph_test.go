package model

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// graph builds small networks for tests.
type graph struct {
	onnx.Model
	rng *rand.Rand
}

func newGraph() *graph {
	g := &graph{rng: rand.New(rand.NewPCG(1, 2))}
	g.IRVersion, g.Opsets, g.Graph.Name = 8, map[string]int64{"": 17}, "test"
	return g
}

// input adds an input of float32 whose sizes below 1 are symbolic.
func (g *graph) input(name string, shape ...int) string { return g.typed(name, onnx.Float, shape...) }

func (g *graph) typed(name string, t onnx.DataType, shape ...int) string {
	g.Graph.Inputs = append(g.Graph.Inputs, valueInfo(name, t, shape))
	return name
}

func valueInfo(name string, t onnx.DataType, shape []int) onnx.ValueInfo {
	v := onnx.ValueInfo{Name: name, Type: t, HasShape: true}
	for i, size := range shape {
		d := onnx.Dim{Size: int64(size)}
		if size < 1 {
			d = onnx.Dim{Size: -1, Param: fmt.Sprintf("%s_%d", name, i)}
		}
		v.Dims = append(v.Dims, d)
	}
	return v
}

// output says that values are outputs.
func (g *graph) output(names ...string) *graph {
	for _, name := range names {
		g.Graph.Outputs = append(g.Graph.Outputs, onnx.ValueInfo{Name: name, Type: onnx.Float})
	}
	return g
}

// weights adds a constant of numbers from -1 to 1.
func (g *graph) weights(shape ...int) string {
	name := fmt.Sprintf("w%d", len(g.Graph.Initializers))
	g.Graph.Initializers = append(g.Graph.Initializers, onnx.FloatTensor(name, int64s(shape), g.numbers(shape)))
	return name
}

// positive adds a constant of numbers from 0.5 to 1.5.
func (g *graph) positive(shape ...int) string {
	name, numbers := fmt.Sprintf("w%d", len(g.Graph.Initializers)), g.numbers(shape)
	for i := range numbers {
		numbers[i] = 1 + numbers[i]/2
	}
	g.Graph.Initializers = append(g.Graph.Initializers, onnx.FloatTensor(name, int64s(shape), numbers))
	return name
}

// whole adds a constant of whole numbers.
func (g *graph) whole(numbers ...int64) string {
	name := fmt.Sprintf("w%d", len(g.Graph.Initializers))
	g.Graph.Initializers = append(g.Graph.Initializers, onnx.IntTensor(name, []int64{int64(len(numbers))}, numbers))
	return name
}

func int64s(shape []int) (all []int64) {
	for _, size := range shape {
		all = append(all, int64(size))
	}
	return all
}

func (g *graph) numbers(shape []int) []float32 {
	count := 1
	for _, size := range shape {
		count *= size
	}
	data := make([]float32, count)
	for i := range data {
		data[i] = g.rng.Float32()*2 - 1
	}
	return data
}

// array is one of seeded numbers.
func (g *graph) array(shape ...int) tensor.Array {
	return tensor.Array{Shape: shape, Data: g.numbers(shape)}
}

// node adds a node of one output, whose name it gives.
func (g *graph) node(op string, attributes map[string]onnx.Attribute, inputs ...string) string {
	name := fmt.Sprintf("v%d", len(g.Graph.Nodes))
	g.Graph.Nodes = append(
		g.Graph.Nodes,
		onnx.Node{Op: op, Inputs: inputs, Outputs: []string{name}, Attributes: attributes},
	)
	return name
}

func wholes(name string, list ...int64) map[string]onnx.Attribute {
	return map[string]onnx.Attribute{name: {Kind: onnx.KindInts, Ints: list}}
}

// network is the graph as one on the device, which the test closes.
func (g *graph) network(t *testing.T, o Options) *Network {
	t.Helper()
	net, err := New(device(t), &g.Model, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := net.Close(); err != nil {
			t.Error(err)
		}
	})
	return net
}
