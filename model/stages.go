package model

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// This file runs networks that the host computes a node of, which is counted and said. Such a network is two others,
// each a program of its own, with the node between them: what the node reads comes from the first, which gives
// whatever the second reads of it too. The second may be of two again.

// onHost are the operators that the host computes.
var onHost = map[string]func(n *node, in []*tensor.Array) (tensor.Array, onnx.DataType, error){
	"NonMaxSuppression": suppress,
}

// stages are such a network.
type stages struct {
	net    *Network    // the whole
	model  *onnx.Model // until after is made
	node   *node
	before *Network // nil where the node reads inputs and constants alone
	mu     sync.Mutex
	after  *Network // made by the first run, when types are known; nil where nothing follows
	made   bool
}

// staged splits a network at its first node that the host computes, nil where there is none.
func (net *Network) staged(m *onnx.Model) (*stages, error) {
	i := slices.IndexFunc(net.nodes, func(n *node) bool { return onHost[n.Op] != nil })
	if i < 0 {
		return nil, nil
	}
	s := &stages{net: net, model: m, node: net.nodes[i]}
	// The stages have constants of their own.
	maps.DeleteFunc(net.initial, func(name string, _ *value) bool { return !slices.Contains(s.node.Inputs, name) })
	first := needed(m.Graph, s.node.Inputs, inputsOf(m.Graph))
	if len(first) == 0 {
		return s, nil
	}
	var gives []onnx.ValueInfo
	for _, name := range s.crossing(first) {
		gives = append(gives, onnx.ValueInfo{Name: name})
	}
	graph := *m
	graph.Graph.Outputs = gives
	var err error
	s.before, err = New(net.dev, &graph, net.options)
	s.before.share(net.devices)
	return s, err
}

// crossing are the values that these nodes give, and which others or the caller need.
func (s *stages) crossing(first []*node) (names []string) {
	of, given := map[string]bool{}, map[string]bool{}
	for _, n := range append(slices.Clone(first), s.node) {
		for _, name := range n.Outputs {
			of[name], given[name] = n != s.node && name != "", true
		}
	}
	wanted := slices.Clone(s.node.Inputs)
	for _, o := range s.model.Graph.Outputs {
		wanted = append(wanted, o.Name)
	}
	for _, n := range needed(s.model.Graph, wanted[len(s.node.Inputs):], given) {
		wanted = append(wanted, n.Inputs...)
	}
	for _, name := range wanted {
		if of[name] && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// follow gives the network of what comes behind the node, nil where nothing does, by the types of what it is given.
func (s *stages) follow(given map[string]onnx.DataType) (*Network, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made {
		return s.after, nil
	}
	graph := *s.model
	graph.Graph.Inputs, graph.Graph.Outputs = slices.Clone(s.model.Graph.Inputs), nil
	for _, name := range slices.Sorted(maps.Keys(given)) {
		graph.Graph.Inputs = append(graph.Graph.Inputs, onnx.ValueInfo{Name: name, Type: given[name]})
	}
	for _, o := range s.model.Graph.Outputs {
		if _, ok := given[o.Name]; !ok {
			graph.Graph.Outputs = append(graph.Graph.Outputs, o)
		}
	}
	var err error
	if len(graph.Graph.Outputs) > 0 {
		s.after, err = New(s.net.devices.newest(), &graph, s.net.options)
		s.after.share(s.net.devices)
	}
	if s.made = err == nil; s.made {
		s.model = nil
	}
	return s.after, err
}

// use is what is done with each stage. run gives the outputs of one, and node looks at what the host computed.
type use struct {
	run  func(stage *Network, inputs map[string]tensor.Array) (map[string]tensor.Array, error)
	node func(in []*tensor.Array, out tensor.Array) error
}

// do goes through the stages, and gives the outputs of the whole.
func (s *stages) do(inputs map[string]tensor.Array, by use) (map[string]tensor.Array, error) {
	if _, err := s.net.given(inputs); err != nil {
		return nil, err
	}
	if s.net.isClosed() {
		return nil, fmt.Errorf("network %w", gpu.ErrClosed)
	}
	all, types := map[string]tensor.Array{}, map[string]onnx.DataType{}
	if s.before != nil {
		out, err := by.run(s.before, inputs)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, out)
		types = s.before.types()
	}
	in := s.reads(inputs, all)
	out, t, err := onHost[s.node.Op](s.node, in)
	if err == nil && by.node != nil {
		err = by.node(in, out)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.node, err)
	}
	all[s.node.Outputs[0]], types[s.node.Outputs[0]] = out, t
	after, err := s.follow(types)
	if err != nil || after == nil {
		return s.given(all), err
	}
	given := maps.Clone(inputs)
	maps.Copy(given, all)
	last, err := by.run(after, given)
	maps.Copy(all, last)
	return s.given(all), err
}

// reads are the node's inputs, nil where one is left out.
func (s *stages) reads(inputs, computed map[string]tensor.Array) (in []*tensor.Array) {
	for _, name := range s.node.Inputs {
		a, ok := inputs[name]
		if c, is := computed[name]; is {
			a, ok = c, true
		}
		if v := s.net.initial[name]; !ok && v != nil {
			a, ok = v.known.array(v.dtype, v.shape()), true
		}
		if in = append(in, nil); ok {
			in[len(in)-1] = &a
		}
	}
	return in
}

// given are those of the values that are outputs of the whole.
func (s *stages) given(all map[string]tensor.Array) map[string]tensor.Array {
	outputs := map[string]tensor.Array{}
	for _, o := range s.net.outputs {
		if a, ok := all[o.Name]; ok {
			outputs[o.Name] = a
		}
	}
	return outputs
}

// types are those of what the network gave last.
func (net *Network) types() map[string]onnx.DataType {
	net.state.Lock()
	defer net.state.Unlock()
	return maps.Clone(net.gave)
}

func (net *Network) isClosed() bool {
	net.state.Lock()
	defer net.state.Unlock()
	return net.closed
}

// run computes the whole.
func (s *stages) run(ctx context.Context, inputs map[string]tensor.Array) (map[string]tensor.Array, error) {
	return s.do(inputs, use{run: func(n *Network, in map[string]tensor.Array) (map[string]tensor.Array, error) {
		return n.Run(ctx, in)
	}})
}

// profile times each stage, and runs it for what the next one is given.
func (s *stages) profile(ctx context.Context, inputs map[string]tensor.Array) (all []host.NodeTime, err error) {
	_, err = s.do(inputs, use{run: func(n *Network, in map[string]tensor.Array) (map[string]tensor.Array, error) {
		times, err := n.Profile(ctx, in)
		if err != nil {
			return nil, err
		}
		all = append(all, times...)
		return n.Run(ctx, in)
	}})
	return all, err
}

// time adds up what each stage takes, and runs it for what the next one is given.
func (s *stages) time(ctx context.Context, runs int, inputs map[string]tensor.Array) (sum time.Duration, err error) {
	_, err = s.do(inputs, use{run: func(n *Network, in map[string]tensor.Array) (map[string]tensor.Array, error) {
		took, err := n.Time(ctx, runs, in)
		if err != nil {
			return nil, err
		}
		sum += took
		return n.Run(ctx, in)
	}})
	return sum, err
}

// look does something with the plan of each stage. Where another one follows, a stage is run for what that is given.
func (s *stages) look(
	ctx context.Context,
	inputs map[string]tensor.Array,
	with func(*Network, map[string]tensor.Array) error,
) error {
	_, err := s.do(inputs, use{run: func(n *Network, in map[string]tensor.Array) (map[string]tensor.Array, error) {
		if err := with(n, in); err != nil || n != s.before {
			return nil, err
		}
		return n.Run(ctx, in)
	}})
	return err
}

// plan joins what the stages are computed by.
func (s *stages) plan(ctx context.Context, inputs map[string]tensor.Array) (sum Summary, err error) {
	sum.Elsewhere, sum.Shapes = []string{s.node.String()}, map[string][]int{}
	err = s.look(ctx, inputs, func(n *Network, in map[string]tensor.Array) error {
		of, err := n.Plan(ctx, in)
		sum.Nodes, sum.Elsewhere = append(sum.Nodes, of.Nodes...), append(sum.Elsewhere, of.Elsewhere...)
		sum.Names, sum.Fused = append(sum.Names, of.Names...), append(sum.Fused, of.Fused...)
		maps.Copy(sum.Shapes, of.Shapes)
		sum.Submissions += of.Submissions
		sum.Memory.Planned += of.Memory.Planned
		sum.Memory.Naive += of.Memory.Naive
		sum.Memory.LowerBound += of.Memory.LowerBound
		sum.Memory.Live += of.Memory.Live
		sum.Memory.Textures += of.Memory.Textures
		return err
	})
	return sum, err
}

func (s *stages) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.before.Close(), s.after.Close())
}
