package gomlx

import (
	"context"
	"fmt"

	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// background is the context of runs: GoMLX gives none.
var background = context.Background()

// onNetwork computes a stage on the GPU.
type onNetwork struct {
	stage *stage
	net   *model.Network
	names map[*value]string
}

// network writes a stage as an ONNX network, and compiles it.
func (b *Backend) network(graph string, s *stage) (runner, error) {
	to := newNetwork(graph)
	for _, v := range s.inputs {
		name := to.next()
		to.values[v] = name
		to.Graph.Inputs = append(to.Graph.Inputs, b.info(name, v))
	}
	for i, n := range s.nodes {
		if err := to.write(n, i); err != nil {
			return nil, err
		}
	}
	for _, v := range s.outputs {
		to.Graph.Outputs = append(to.Graph.Outputs, b.info(to.values[v], v))
	}
	net, err := model.New(b.device, &to.Model, model.Options{Exact: true, VariableFilters: true})
	if err != nil {
		return nil, err
	}
	r := &onNetwork{stage: s, net: net, names: to.values}
	if err := r.compile(); err != nil {
		net.Close()
		return nil, err
	}
	return r, nil
}

// write adds a node, and the constants that it reads.
func (n *network) write(of *node, i int) error {
	n.doing = fmt.Sprintf("%s %d", of.op, i)
	var in []string
	for _, v := range of.inputs {
		if _, ok := n.values[v]; !ok {
			n.values[v] = n.embed(v)
		}
		in = append(in, n.values[v])
	}
	v, err := of.gpu(n, in)
	if err != nil {
		return fmt.Errorf("%s: %w", n.doing, err)
	}
	n.values[of.outputs[0]] = v
	return nil
}

// embed adds a constant of one number.
func (n *network) embed(v *value) string {
	if number, ok := v.node.number(); ok {
		return n.floats([]float32{number}, v.shape.Dimensions...)
	}
	name, truth := n.next(), int64(0)
	if yes, ok := v.node.constant.([]bool); ok && yes[0] {
		truth = 1
	}
	n.Graph.Initializers = append(n.Graph.Initializers,
		onnx.WholeTensor(name, onnx.Bool, int64s(v.shape.Dimensions), []int64{truth}))
	return name
}

// info is what a network says of an input or an output.
func (b *Backend) info(name string, v *value) onnx.ValueInfo {
	t, _ := b.onGPU(v.shape.DType)
	info := onnx.ValueInfo{Name: name, Type: t, HasShape: true}
	for _, size := range v.shape.Dimensions {
		info.Dims = append(info.Dims, onnx.Dim{Size: int64(size)})
	}
	return info
}

// compile has the network compiled, and refuses one that does not compute what the stage is to give.
func (r *onNetwork) compile() error {
	inputs := map[string]tensor.Array{}
	for _, v := range r.stage.inputs {
		a := tensor.Array{Shape: append([]int{}, v.shape.Dimensions...)}
		if isFloat(v.shape.DType) {
			a.Data = make([]float32, v.shape.Size())
		} else {
			a.Ints = make([]int64, v.shape.Size())
		}
		inputs[r.names[v]] = a
	}
	s, err := r.net.Plan(background, inputs)
	if err == nil && (len(s.Nodes) == 0 || len(s.Elsewhere) > 0) {
		err = fmt.Errorf("its network computes %d nodes on the GPU and %d elsewhere", len(s.Nodes), len(s.Elsewhere))
	}
	return err
}

// run computes the stage. What a later stage on the GPU reads stays there.
func (r *onNetwork) run(h *held) error {
	given, plain, resident := map[string]model.Input{}, map[string]tensor.Array{}, r.stage.kept
	for _, v := range r.stage.inputs {
		in, err := h.input(v)
		if err != nil {
			return err
		}
		given[r.names[v]] = in
		plain[r.names[v]] = in.Array
		resident = resident || in.Resident != nil
	}
	if resident {
		outputs, err := r.net.RunResident(background, given)
		if err != nil {
			return err
		}
		for _, v := range r.stage.outputs {
			h.residents[v] = outputs[r.names[v]]
		}
		return nil
	}
	outputs, err := r.net.Run(background, plain)
	if err != nil {
		return err
	}
	for _, v := range r.stage.outputs {
		if err := h.put(v, outputs[r.names[v]]); err != nil {
			return err
		}
	}
	return nil
}

func (r *onNetwork) close() error { return r.net.Close() }
