package train

import (
	"context"
	"fmt"

	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// ModelOptions say how a trained network is written.
type ModelOptions struct {
	Name string // of the graph; "" is "trained"
	// Scale is what the network's pictures are multiplied with first, by a node of its own: 1.0/255 where training had
	// pictures from 0 to 1 and users have bytes. 0 is 1, without a node.
	Scale float64
	// Softmax has the scores be probabilities, which add up to 1.
	Softmax bool
}

// opset is the version of ONNX's operators that models name.
const opset = 17

// Model is the network as it is now: an input "picture" of N x C x H x W, ONNX's order, for any number of pictures,
// and an output "scores" of N x classes.
func (n *Network) Model(ctx context.Context, o ModelOptions) (*onnx.Model, error) {
	filters, err := n.Weights(ctx)
	if err != nil {
		return nil, err
	}
	if o.Name == "" {
		o.Name = "trained"
	}
	w := &writer{at: "picture"}
	in, last := n.options.Input, n.layers[len(n.layers)-1].out
	w.graph.Name = o.Name
	w.graph.Inputs = []onnx.ValueInfo{valueOf("picture", in.C, in.H, in.W)}
	w.graph.Outputs = []onnx.ValueInfo{valueOf("scores", last.C)}
	if o.Scale != 0 && o.Scale != 1 {
		w.graph.Initializers = append(w.graph.Initializers, onnx.FloatTensor("scale", []int64{1},
			[]float32{float32(o.Scale)}))
		w.node("Mul", "scaled", nil, "scale")
	}
	weighted := 0
	for i, l := range n.layers {
		if l.pool != nil {
			w.pool(i, l)
			continue
		}
		w.weighted(i, l, filters[weighted])
		weighted++
	}
	if !n.layers[len(n.layers)-1].linear {
		w.node("Flatten", "flat scores", nil)
	}
	if o.Softmax {
		w.node("Softmax", "probabilities", nil)
	}
	w.graph.Nodes[len(w.graph.Nodes)-1].Outputs = []string{"scores"}
	return &onnx.Model{IRVersion: 8, Producer: "gpuconv", Opsets: map[string]int64{"": opset}, Graph: w.graph}, nil
}

// valueOf is a value with any number of pictures.
func valueOf(name string, dims ...int) onnx.ValueInfo {
	v := onnx.ValueInfo{Name: name, Type: onnx.Float, HasShape: true, Dims: []onnx.Dim{{Size: -1, Param: "N"}}}
	for _, d := range dims {
		v.Dims = append(v.Dims, onnx.Dim{Size: int64(d)})
	}
	return v
}

// writer writes a chain of nodes.
type writer struct {
	graph onnx.Graph
	at    string // the value that comes next
	flat  bool
}

// node adds a node behind the last one.
func (w *writer) node(op, name string, attributes map[string]onnx.Attribute, inputs ...string) {
	w.graph.Nodes = append(w.graph.Nodes, onnx.Node{Name: name, Op: op, Attributes: attributes,
		Inputs: append([]string{w.at}, inputs...), Outputs: []string{name}})
	w.at = name
}

func ints(values ...int) onnx.Attribute {
	a := onnx.Attribute{Kind: onnx.KindInts}
	for _, v := range values {
		a.Ints = append(a.Ints, int64(v))
	}
	return a
}

func (w *writer) pool(i int, l layer) {
	w.node("MaxPool", fmt.Sprintf("pool%d", i), map[string]onnx.Attribute{
		"kernel_shape": ints(l.pool.Size, l.pool.Size), "strides": ints(l.pool.Stride, l.pool.Stride)})
}

// weighted adds a convolution or a linear layer, and its ReLU.
func (w *writer) weighted(i int, l layer, f tensor.Filters) {
	bias := fmt.Sprintf("b%d", i)
	weights := onnx.FloatTensor(fmt.Sprintf("W%d", i), []int64{int64(f.K), int64(f.D), int64(f.H), int64(f.W)},
		channelsFirst(f))
	if l.linear {
		weights.Dims = []int64{int64(f.K), int64(f.D * f.H * f.W)}
		if !w.flat {
			w.node("Flatten", "flat", nil)
			w.flat = true
		}
		w.node("Gemm", fmt.Sprintf("linear%d", i), map[string]onnx.Attribute{
			"transB": {Kind: onnx.KindInt, Int: 1}},
			weights.Name, bias)
	} else {
		p := l.conv
		w.node("Conv", fmt.Sprintf("conv%d", i), map[string]onnx.Attribute{
			"strides": ints(p.H.Stride, p.W.Stride), "pads": ints(p.H.Pad, p.W.Pad, p.H.Pad, p.W.Pad)}, weights.Name,
			bias)
	}
	w.graph.Initializers = append(w.graph.Initializers, weights,
		onnx.FloatTensor(bias, []int64{int64(f.K)}, f.Bias))
	if l.relu {
		w.node("Relu", fmt.Sprintf("relu%d", i), nil)
	}
}

// channelsFirst are filters in ONNX's order, OIHW.
func channelsFirst(f tensor.Filters) []float32 {
	to := make([]float32, 0, len(f.Data))
	taps := f.H * f.W
	for k := range f.K {
		for c := range f.D {
			for tap := range taps {
				to = append(to, f.Data[(k*taps+tap)*f.D+c])
			}
		}
	}
	return to
}
