package model

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/onnx"
)

// doing is what a step of a plan computes.
type doing struct {
	nodes []*node  // one, or a layer's with those that were fused into it
	reads []*value // what the step reads
	layer bool     // in the order of a layer's volumes
}

// with is a layer with the one behind it that alone reads what it gives, and was computed together with it.
func (d doing) with(behind doing) doing {
	return doing{
		nodes: append(slices.Clone(d.nodes), behind.nodes...),
		reads: append(slices.Clone(d.reads), behind.reads[1:]...),
		layer: true,
	}
}

// Failure is a node that left its bound, with what it read on the device.
type Failure struct {
	Report host.NodeReport
	net    *Network
	values map[string]*value
	doing  doing
}

// Failure is the first node that left its bound, nil where there is none, or where it is one that a user's model does
// not have, as a copy.
func (v Verdict) Failure() *Failure {
	w := v.Wrong()
	if w == nil {
		return nil
	}
	of := v.partOf(w)
	d, ok := of.doing[w.Name]
	if !ok {
		return nil
	}
	if before, ok := of.doing[w.Before]; ok {
		d = before.with(d)
	}
	return &Failure{*w, of.net, of.values, d}
}

// partOf is the part that has one of the verdict's nodes.
func (v Verdict) partOf(node *host.NodeReport) (of part) {
	first := 0
	for _, of = range v.parts {
		for i := range v.Nodes[min(first, len(v.Nodes)):] {
			if i < of.nodes && node == &v.Nodes[first+i] {
				return of
			}
		}
		first += of.nodes
	}
	return part{}
}

// Save writes the node as a model of its own, with those that were computed together with it, and what it read, to a
// folder in the layout of ONNX's operator tests, which the command gpuconv conformance runs: model.onnx and
// test_data_set_0.
func (f *Failure) Save(folder string) error {
	m, tensors, err := f.model()
	if err != nil {
		return err
	}
	return saveCase(folder, m, tensors, nil)
}

// saveCase writes a model with its inputs, and what is expected of its outputs, as one of ONNX's operator tests.
func saveCase(folder string, m *onnx.Model, inputs, outputs []onnx.Tensor) error {
	set := filepath.Join(folder, "test_data_set_0")
	if err := os.MkdirAll(set, 0o755); err != nil {
		return err
	}
	for what, tensors := range map[string][]onnx.Tensor{"input": inputs, "output": outputs} {
		for i, t := range tensors {
			data, err := onnx.MarshalTensor(t)
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(set, fmt.Sprintf("%s_%d.pb", what, i)), data, 0o644); err != nil {
				return err
			}
		}
	}
	return m.WriteFile(filepath.Join(folder, "model.onnx"))
}

// model is the node as a network, and its inputs.
func (f *Failure) model() (*onnx.Model, []onnx.Tensor, error) {
	nodes := f.doing.nodes
	m := &onnx.Model{IRVersion: 8, Producer: "gpuconv", Opsets: map[string]int64{"": f.net.opset}}
	m.Graph.Name = fmt.Sprintf("a node of %s", f.net.name)
	inputs, err := alone(m, nodes, f.tensor, nodes[len(nodes)-1].Outputs...)
	return m, inputs, err
}

// alone adds nodes to a model of their own, with these outputs, and gives its inputs: what the nodes read of others.
func alone(
	m *onnx.Model,
	nodes []*node,
	held func(name string) (t onnx.Tensor, known bool, err error),
	outputs ...string,
) (inputs []onnx.Tensor, err error) {
	for _, name := range outputs {
		if name != "" {
			m.Graph.Outputs = append(m.Graph.Outputs, onnx.ValueInfo{Name: name, Type: onnx.Float})
		}
	}
	given := map[string]bool{"": true}
	for _, n := range nodes {
		m.Graph.Nodes = append(m.Graph.Nodes, n.Node)
		for _, name := range n.Inputs {
			if given[name] {
				continue
			}
			given[name] = true
			t, known, err := held(name)
			if err != nil {
				return nil, err
			}
			if known {
				m.Graph.Initializers = append(m.Graph.Initializers, t)
				continue
			}
			info := onnx.ValueInfo{Name: name, Type: t.Type, HasShape: true}
			for _, d := range t.Dims {
				info.Dims = append(info.Dims, onnx.Dim{Size: d})
			}
			m.Graph.Inputs, inputs = append(m.Graph.Inputs, info), append(inputs, t)
		}
		for _, name := range n.Outputs {
			given[name] = true
		}
	}
	return inputs, nil
}

// tensor is what an input held: known to the host, or read by the device.
func (f *Failure) tensor(name string) (t onnx.Tensor, known bool, err error) {
	if v := f.values[name]; v != nil && v.known != nil {
		return tensorOf(name, v, v.numbers()), true, nil
	}
	for i, v := range f.doing.reads {
		if v.name != name || i >= len(f.Report.Read) {
			continue
		}
		view := v.view
		if f.doing.layer {
			view = laidOut(v.shape(), channelsLast(v.rank()))
		}
		return tensorOf(name, v, fromWords(v.dtype, gather(f.Report.Read[i], view))), false, nil
	}
	return t, false, fmt.Errorf("%w: what %q held is not known", ErrUnsupported, name)
}

// tensorOf is a value as ONNX has it. What was float16 is float32 here.
func tensorOf(name string, v *value, n numbers) onnx.Tensor {
	dims := make([]int64, v.rank())
	for i, size := range v.shape() {
		dims[i] = int64(size)
	}
	if isFloat(v.dtype) {
		return onnx.FloatTensor(name, dims, n.floats)
	}
	return onnx.WholeTensor(name, v.dtype, dims, n.ints)
}
