package cpuref

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// onnxTensor is a tensor of ONNX's test data, in float64.
type onnxTensor struct {
	shape  []int
	values []float64
	kind   onnx.DataType
}

// array is the tensor as package tensor has it.
func (t onnxTensor) array() tensor.Array {
	a := tensor.Array{Shape: t.shape, Data: make([]float32, len(t.values))}
	for i, v := range t.values {
		a.Data[i] = float32(v)
	}
	return a
}

// onnxNode is a node with its attributes by what they hold.
type onnxNode struct {
	op      string
	inputs  []string
	ints    map[string][]int
	floats  map[string]float64
	strings map[string]string
}

// onnxCase is one test of an operator: a model of a single node, its operands and what must come out.
type onnxCase struct {
	name    string
	nodes   []onnxNode
	tensors map[string]onnxTensor
	want    onnxTensor
}

// readOnnxCase reads a folder with model.onnx and test_data_set_0.
func readOnnxCase(folder string) (c onnxCase, err error) {
	c = onnxCase{name: filepath.Base(folder), tensors: map[string]onnxTensor{}}
	model, err := onnx.ReadFile(filepath.Join(folder, "model.onnx"))
	if err != nil {
		return c, err
	}
	for _, n := range model.Graph.Nodes {
		c.nodes = append(c.nodes, newOnnxNode(n))
	}
	for _, t := range model.Graph.Initializers {
		if c.tensors[t.Name], err = newOnnxTensor(t); err != nil {
			return c, err
		}
	}
	data, given := filepath.Join(folder, "test_data_set_0"), 0
	for _, v := range model.Graph.Inputs {
		if _, has := c.tensors[v.Name]; has {
			continue // an initializer, which older files list as an input too
		}
		input := filepath.Join(data, fmt.Sprintf("input_%d.pb", given))
		if c.tensors[v.Name], err = readOnnxTensor(input); err != nil {
			return c, err
		}
		given++
	}
	c.want, err = readOnnxTensor(filepath.Join(data, "output_0.pb"))
	return c, err
}

func newOnnxNode(n onnx.Node) onnxNode {
	node := onnxNode{op: n.Op, inputs: n.Inputs,
		ints: map[string][]int{}, floats: map[string]float64{}, strings: map[string]string{}}
	for name, a := range n.Attributes {
		switch a.Kind {
		case onnx.KindFloat:
			node.floats[name] = float64(a.Float)
		case onnx.KindString:
			node.strings[name] = a.String
		case onnx.KindInt:
			node.ints[name] = []int{int(a.Int)}
		case onnx.KindInts:
			node.ints[name] = intsOf(a.Ints)
		}
	}
	return node
}

func intsOf(list []int64) (ints []int) {
	for _, v := range list {
		ints = append(ints, int(v))
	}
	return ints
}

func newOnnxTensor(t onnx.Tensor) (onnxTensor, error) {
	values, err := t.Doubles()
	return onnxTensor{shape: intsOf(t.Dims), values: values, kind: t.Type}, err
}

func readOnnxTensor(path string) (onnxTensor, error) {
	t, err := onnx.ReadTensorFile(path)
	if err != nil {
		return onnxTensor{}, err
	}
	return newOnnxTensor(t)
}

// input is operand i of the node, ok false where it is left out.
func (c onnxCase) input(i int) (t onnxTensor, ok bool) {
	if i >= len(c.nodes[0].inputs) || c.nodes[0].inputs[i] == "" {
		return t, false
	}
	t, ok = c.tensors[c.nodes[0].inputs[i]]
	return t, ok
}

// list is an attribute of so many whole numbers.
func (n onnxNode) list(name string, length, fallback int) []int {
	if v := n.ints[name]; len(v) == length {
		return v
	}
	return slices.Repeat([]int{fallback}, length)
}
