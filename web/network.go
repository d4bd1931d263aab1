package main

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// network is the model that was given last, on the device that it was compiled for.
type network struct {
	model *onnx.Model
	on    *host.Device
	net   *model.Network
}

// portAnswer is an input or an output of a network; sizes that are open are -1.
type portAnswer struct {
	Name  string `json:"name"`
	About string `json:"about"`
	Shape []int  `json:"shape"`
}

// load reads the ONNX file that comes with the question.
func (p *program) load(_ context.Context, q question) (answer, error) {
	m, err := onnx.Read(q.data, nil)
	if err != nil {
		return answer{}, err
	}
	p.mu.Lock()
	old := p.network
	p.network = network{model: m}
	p.mu.Unlock()
	if old.net != nil {
		old.net.Close() // what a lost device says of it does not matter
	}
	net, err := p.compiled()
	if err != nil {
		return answer{}, err
	}
	return answer{value: map[string][]portAnswer{"inputs": ports(net.Inputs()), "outputs": ports(net.Outputs())}}, nil
}

func ports(list []model.Port) (all []portAnswer) {
	for _, port := range list {
		all = append(all, portAnswer{port.Name, port.String(), port.Shape})
	}
	return all
}

// compiled gives the network on the device that is open now.
func (p *program) compiled() (*model.Network, error) {
	dev, err := p.open()
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.network.model == nil {
		return nil, errors.New("no network was given: drop an ONNX file first")
	}
	if p.network.on != dev {
		net, err := model.New(dev, p.network.model, model.Options{})
		if err != nil {
			return nil, err
		}
		p.network.on, p.network.net = dev, net
	}
	return p.network.net, nil
}

// inferAnswer is a run of a network; the outputs of floating-point type are beside it, by their names.
type inferAnswer struct {
	Outputs []portAnswer `json:"outputs"`
	MS      float64      `json:"ms"` // of a second run with its transfers, by the wall clock
	Nodes   []nodeAnswer `json:"nodes,omitempty"`
	Verdict string       `json:"verdict,omitempty"`
	Right   bool         `json:"right"`
}

// nodeAnswer is the time of a node by the GPU's clock.
type nodeAnswer struct {
	Node      string  `json:"node"`
	Algorithm string  `json:"algorithm"`
	MS        float64 `json:"ms"`
}

// infer runs the network on one input of float32 numbers, in ONNX's order, which come with the question.
func (p *program) infer(ctx context.Context, q question) (answer, error) {
	var wanted struct {
		Name  string
		Shape []int
		Check bool
	}
	if err := q.read(&wanted); err != nil {
		return answer{}, err
	}
	net, err := p.compiled()
	if err != nil {
		return answer{}, err
	}
	x := tensor.Array{Shape: wanted.Shape, Data: make([]float32, len(q.data)/4)}
	for i := range x.Data {
		x.Data[i] = math.Float32frombits(binary.LittleEndian.Uint32(q.data[4*i:]))
	}
	if err := x.Validate(); err != nil {
		return answer{}, err
	}
	inputs := map[string]tensor.Array{wanted.Name: x}
	if _, err := net.Run(ctx, inputs); err != nil { // compiles
		return answer{}, err
	}
	begun := time.Now()
	outputs, err := net.Run(ctx, inputs)
	if err != nil {
		return answer{}, err
	}
	a := answer{numbers: map[string][]float32{}}
	found := inferAnswer{MS: float64(time.Since(begun)) / 1e6}
	for _, port := range net.Outputs() {
		v := outputs[port.Name]
		found.Outputs = append(found.Outputs, portAnswer{port.Name, port.String(), v.Shape})
		a.numbers[port.Name] = v.Data
	}
	if found.Nodes, err = p.profile(ctx, net, inputs); err != nil {
		return answer{}, err
	}
	if wanted.Check {
		_, verdict, err := net.Check(ctx, inputs)
		if err != nil {
			return answer{}, err
		}
		found.Verdict, found.Right = verdictText(verdict), verdict.OK()
	}
	a.value = found
	return a, nil
}

func verdictText(v model.Verdict) string {
	if err := v.Err(); err != nil {
		return err.Error()
	}
	return fmt.Sprintf("all %d numbers of %d nodes hold", v.Numbers(), len(v.Nodes))
}

// profile gives the nodes' times, the longest first; none where the device has no clock.
func (p *program) profile(
	ctx context.Context,
	net *model.Network,
	inputs map[string]tensor.Array,
) (all []nodeAnswer, err error) {
	if !p.network.on.GPU().Info().HasFeature(gpu.FeatureTimestamps) {
		return nil, nil
	}
	times, err := net.Profile(ctx, inputs)
	if err != nil {
		return nil, err
	}
	for _, t := range times {
		ms := float64(t.Time) / 1e6
		if i := slices.IndexFunc(all, func(n nodeAnswer) bool { return n.Node == t.Node }); i >= 0 {
			all[i].MS += ms
			continue
		}
		all = append(all, nodeAnswer{t.Node, t.Algorithm, ms})
	}
	slices.SortStableFunc(all, func(a, b nodeAnswer) int { return cmp.Compare(b.MS, a.MS) })
	return all, nil
}
