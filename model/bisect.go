package model

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// This file finds out which of two is wrong: the device, or values that another runtime gave.

// Tolerance is how far [Bisect] lets values be apart where it is given no other: the relative tolerance of ONNX's own
// runner, as a part of a tensor's largest number.
const Tolerance = 1e-3

// Bisection says where the device and values that another runtime gave depart from the reference in float64, and so
// which of the two is wrong.
type Bisection struct {
	// Verdict is that on each node of the device, within its own bound, given what the node really read.
	Verdict
	// Tensors are those with expected values, and those that the device's steps give, in the order of their nodes.
	Tensors   []Departure
	Tolerance float64

	graph    *onnx.Model
	inputs   map[string]tensor.Array
	expected map[string]tensor.Array
	types    map[string]onnx.DataType
}

// Departure says how far the values of a tensor are apart, each time the largest distance of two numbers as a part of
// the reference's largest number, and infinite where one of them alone is not finite.
type Departure struct {
	Tensor string
	Node   string  // that gives it
	Device float64 // of the device from the reference of the whole network
	Given  bool    // whether values are expected
	// Expected is how far those are from a reference that is given the expected values before them, and Nodes how many
	// nodes it computed of these; Between is how far the device is from them.
	Expected, Between float64
	Nodes             int
}

// File is the first tensor whose expected values depart from what the reference makes of those before them, nil where
// there is none.
func (b *Bisection) File() *Departure {
	return b.first(func(d Departure) bool { return d.Given && d.Expected > b.Tolerance })
}

// Drift is the first tensor at which the device departs from the reference of the whole network, nil where there is
// none. Where no node is wrong, what nodes may round was amplified, or a layer was folded wrongly.
func (b *Bisection) Drift() *Departure {
	return b.first(func(d Departure) bool { return d.Device > b.Tolerance })
}

// Apart is the first tensor at which the device and what is expected differ, nil where there is none.
func (b *Bisection) Apart() *Departure {
	return b.first(func(d Departure) bool { return d.Given && d.Between > b.Tolerance })
}

func (b *Bisection) first(is func(Departure) bool) *Departure {
	if i := slices.IndexFunc(b.Tensors, is); i >= 0 {
		return &b.Tensors[i]
	}
	return nil
}

// Bisect runs a model as [Network.Check] does, and its steps once more with what each gives read back; then it
// computes the whole network in float64, and holds the device and the expected values of tensors, by their names,
// against that. Expected are outputs, and of what lies before them as much as is known: the more, the nearer [File]
// comes to the node. Where a tensor is expected amid what is fused, it is not fused when values are read back.
// tolerance is that of float32 and another order of sums in the other runtime, 0 is [Tolerance]. The error wraps
// [ErrInput] where a tensor is none of the model's, or of another shape.
func Bisect(
	ctx context.Context,
	dev *host.Device,
	m *onnx.Model,
	o Options,
	inputs, expected map[string]tensor.Array,
	tolerance float64,
) (b *Bisection, err error) {
	if tolerance == 0 {
		tolerance = Tolerance
	}
	if !(tolerance > 0) || math.IsInf(tolerance, 1) {
		return nil, fmt.Errorf("bisecting a network: %w: tolerance %v, must be more than 0", ErrInput, tolerance)
	}
	net, err := New(dev, m, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, net.Close()) }()
	if err := expects(m, expected); err != nil {
		return nil, net.failed("bisecting", err)
	}
	b = &Bisection{Tolerance: tolerance, graph: m, inputs: inputs, expected: expected}
	if _, b.Verdict, err = net.Check(ctx, inputs); err != nil {
		return nil, err
	}
	given, err := net.given(inputs)
	if err != nil {
		return nil, net.failed("bisecting", err)
	}
	device, err := b.device(ctx, dev, o)
	if err != nil {
		return nil, err
	}
	if err := b.judge(ctx, given, device); err != nil {
		return nil, net.failed("bisecting", err)
	}
	return b, nil
}

// expects reports expected values of what no node gives.
func expects(m *onnx.Model, expected map[string]tensor.Array) error {
	if len(expected) == 0 {
		return fmt.Errorf("%w: no expected values", ErrInput)
	}
	for _, name := range slices.Sorted(maps.Keys(expected)) {
		if !gives(m.Graph, name) {
			return fmt.Errorf("%w: no node gives the tensor %q", ErrInput, name)
		}
		if err := expected[name].Validate(); err != nil {
			return fmt.Errorf("%w: expected values of %q: %w", ErrInput, name, err)
		}
	}
	return nil
}

func gives(g onnx.Graph, name string) bool {
	return name != "" &&
		slices.ContainsFunc(g.Nodes, func(n onnx.Node) bool { return slices.Contains(n.Outputs, name) })
}

// device gives what the device makes of tensors: the last of each step of the network, and those that are expected.
// What ends a step is fused with nothing behind it, so that the steps stay as they are.
func (b *Bisection) device(
	ctx context.Context, dev *host.Device, o Options,
) (values map[string]tensor.Array, err error) {
	names := map[string]bool{}
	for name := range b.expected {
		names[name] = true
	}
	for _, part := range b.parts {
		for _, d := range part.doing {
			for _, name := range d.nodes[len(d.nodes)-1].Outputs {
				if name != "" {
					names[name] = true
				}
			}
		}
	}
	marked := *b.graph
	marked.Graph.Outputs = nil
	for _, name := range slices.Sorted(maps.Keys(names)) {
		marked.Graph.Outputs = append(marked.Graph.Outputs, onnx.ValueInfo{Name: name})
	}
	net, err := New(dev, &marked, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, net.Close()) }()
	given := map[string]tensor.Array{}
	for _, port := range net.inputs {
		given[port.Name] = b.inputs[port.Name]
	}
	return net.Run(ctx, given)
}

// from are the nodes by which the reference comes to a tensor from the expected ones before it.
func (b *Bisection) from(name string) []*node {
	given := inputsOf(b.graph.Graph)
	for other := range b.expected {
		given[other] = other != name
	}
	return needed(b.graph.Graph, []string{name}, given)
}

// SaveFile writes the nodes between the expected values of [Bisection.File]'s tensor and those before them as a model
// of their own with both, to a folder in the layout of ONNX's operator tests.
func (b *Bisection) SaveFile(folder string) error {
	d := b.File()
	if d == nil {
		return fmt.Errorf("%w: all expected values agree with the reference", ErrInput)
	}
	m := &onnx.Model{IRVersion: 8, Producer: "gpuconv", Opsets: b.graph.Opsets}
	m.Graph.Name = fmt.Sprintf("nodes of %s", b.graph.Graph.Name)
	inputs, err := alone(m, b.from(d.Tensor), b.held, d.Tensor)
	if err != nil {
		return err
	}
	m.Graph.Outputs[0].Type = b.types[d.Tensor]
	want, _, err := b.held(d.Tensor)
	if err != nil {
		return err
	}
	return saveCase(folder, m, inputs, []onnx.Tensor{want})
}

// held is what a tensor holds that nodes read of others: a constant, an input or expected values.
func (b *Bisection) held(name string) (t onnx.Tensor, known bool, err error) {
	a, ok := b.expected[name]
	if !ok {
		a, ok = b.inputs[name]
	}
	i := slices.IndexFunc(b.graph.Graph.Initializers, func(t onnx.Tensor) bool { return t.Name == name })
	switch {
	case ok:
	case i >= 0:
		return b.graph.Graph.Initializers[i], true, nil
	default:
		return t, false, fmt.Errorf("%w: what %q held is not known", ErrUnsupported, name)
	}
	v := typedAs(b.types[name], a)
	return tensorOf(name, v, *v.known), false, nil
}

// typedAs is an array as numbers of a type, which a file may not have said.
func typedAs(t onnx.DataType, a tensor.Array) *value {
	n := numbers{floats: a.Data, ints: a.Ints}
	switch {
	case isFloat(t) && a.Ints != nil:
		n = numbers{floats: make([]float32, len(a.Ints))}
		for i, x := range a.Ints {
			n.floats[i] = float32(x)
		}
	case !isFloat(t) && a.Data != nil:
		n = numbers{ints: make([]int64, len(a.Data))}
		for i, x := range a.Data {
			n.ints[i] = int64(x)
		}
	}
	return knownAs(t, a.Shape, n)
}
