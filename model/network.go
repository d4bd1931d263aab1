package model

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/turn"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tuning"
)

// Options are what a network has beyond its model. The zero value is fine.
type Options struct {
	// Dims gives sizes to symbolic dimensions of the inputs, by their names, for [Network.Inputs] and what is built
	// before the first run. A run binds those that are left open by the shapes of its inputs.
	Dims map[string]int
	// Exact leaves out algorithms whose transforms round: see [host.LayerOptions].
	Exact bool
	// Tunings choose the algorithms of layers that were measured; nil has the rules choose.
	Tunings *tuning.Cache
	// Autotune measures the algorithms of layers that Tunings do not know, which takes its time.
	Autotune bool
	// VariableFilters has layers read filters that follow from inputs on the device, so that each run may have
	// others: without it each value of such an input is compiled anew. They take longer, for their algorithms must
	// read filters as they are, or in another order, and nothing is fused into them.
	VariableFilters bool
	// Fuse says which depthwise layers are computed together with the 1x1 layer behind them.
	Fuse host.Fusing
	// CheckSample is how many outputs of each layer [Network.Check] judges, chosen by CheckSeed, where judging all
	// takes too long: corners always among them. 0 judges all. Other nodes are judged whole.
	CheckSample int
	CheckSeed   uint64
	// Reopen opens a device in place of one that was lost, which the network then closes: a run that the loss ended is
	// checked on it, node by node, and repeated. With nil such a run fails, and so do all after it.
	Reopen func() (*host.Device, error)
}

// Network is a model on a device. It may be used from many goroutines.
type Network struct {
	dev     *host.Device
	options Options
	opset   int64
	name    string
	nodes   []*node // those that the outputs need, in their order
	inputs  []Port
	outputs []Port
	initial map[string]*value // the initializers
	stages  *stages           // of a network that the host computes a node of, nil of all others

	mu    turn.Lock // held for a run, a check or a compilation
	plans []*plan   // the newest last
	baked map[string]bool

	devices *devices // of the whole network, where this is a stage of one
	stage   bool

	state  sync.Mutex // guards what follows, and dev, and is held for moments: others write them while they hold mu
	closed bool
	gave   map[string]onnx.DataType // the types of the outputs of the newest plan
}

// Port is an input or an output of a network.
type Port struct {
	Name string
	Type onnx.DataType
	// Shape has a size for each axis, -1 where it is open. Ranked is false where even their number is open.
	Shape  []int
	Ranked bool
	// Dims names the axes that are symbolic, "" where an axis has a size.
	Dims []string
}

// String is, for example, data_0 float32 [1 3 224 224], or with names for open sizes [N 3 224 224].
func (p Port) String() string {
	if !p.Ranked {
		return fmt.Sprintf("%s %v of any shape", p.Name, p.Type)
	}
	var axes []string
	for i, size := range p.Shape {
		text := fmt.Sprint(size)
		if size < 0 {
			text = p.Dims[i]
			if text == "" {
				text = "?"
			}
		}
		axes = append(axes, text)
	}
	return fmt.Sprintf("%s %v [%s]", p.Name, p.Type, strings.Join(axes, " "))
}

// newestOpset is the newest version of ONNX's operators that networks may have.
const newestOpset = 23

// node is one of a graph's, with what later steps find out about it.
type node struct {
	onnx.Node
	index int
	whole bool // of a layer: of whole numbers, and float32 has each sum of them exactly
}

// input is the name of an input, "" where it is left out.
func (n *node) input(i int) string {
	if i >= len(n.Inputs) {
		return ""
	}
	return n.Inputs[i]
}

func (n *node) String() string {
	if n.Name != "" {
		return fmt.Sprintf("node %d, %s %q", n.index, n.Op, n.Name)
	}
	return fmt.Sprintf("node %d, %s", n.index, n.Op)
}

// Load reads an ONNX file and makes a network of it: see [New].
func Load(dev *host.Device, path string, o Options) (*Network, error) {
	m, err := onnx.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return New(dev, m, o)
}

// New makes a network of a model, of whose weights it keeps the host's copies. It is compiled for a shape of its
// inputs when a run first has it. The error wraps [ErrUnsupported] with all operators that no network runs,
// [ErrGraph], or says that the device is no GPU.
func New(dev *host.Device, m *onnx.Model, o Options) (*Network, error) {
	if err := dev.Usable(); err != nil {
		return nil, err
	}
	if m == nil {
		return nil, fmt.Errorf("%w: no model", ErrGraph)
	}
	net := &Network{
		dev:     dev,
		options: o,
		opset:   m.Opsets[""],
		name:    m.Graph.Name,
		initial: map[string]*value{},
		baked:   map[string]bool{},
		devices: &devices{open: o.Reopen, on: dev},
	}
	if err := net.read(m); err != nil {
		return nil, fmt.Errorf("model %q: %w", net.name, err)
	}
	return net, nil
}

func (net *Network) read(m *onnx.Model) error {
	if net.opset < 1 || net.opset > newestOpset {
		return fmt.Errorf("%w: opset %d, must be from 1 to %d", ErrUnsupported, net.opset, newestOpset)
	}
	for _, t := range m.Graph.Initializers {
		v, err := initializer(t)
		if err != nil {
			return err
		}
		net.initial[t.Name] = v
	}
	for _, i := range m.Graph.Inputs {
		if net.initial[i.Name] == nil { // what is an initializer too has its value
			net.inputs = append(net.inputs, net.port(i))
		}
	}
	for _, o := range m.Graph.Outputs {
		net.outputs = append(net.outputs, net.port(o))
	}
	if len(net.outputs) == 0 {
		return fmt.Errorf("%w: no outputs", ErrGraph)
	}
	net.nodes = needed(m.Graph, outputsOf(m.Graph), inputsOf(m.Graph))
	if err := net.known(); err != nil {
		return err
	}
	if err := net.complete(); err != nil {
		return err
	}
	net.foldQuantized()
	net.expandQuantized()
	net.forget()
	var err error
	net.stages, err = net.staged(m)
	return err
}

// forget lets go of constants that nobody reads: of a network in stages each has its own.
func (net *Network) forget() {
	read := map[string]bool{}
	for _, n := range net.nodes {
		for _, name := range n.Inputs {
			read[name] = true
		}
	}
	for _, o := range net.outputs {
		read[o.Name] = true
	}
	maps.DeleteFunc(net.initial, func(name string, _ *value) bool { return !read[name] })
}

// outputsOf and inputsOf are the names of what a graph gives, and is given.
func outputsOf(g onnx.Graph) (names []string) {
	for _, o := range g.Outputs {
		names = append(names, o.Name)
	}
	return names
}

func inputsOf(g onnx.Graph) map[string]bool {
	names := map[string]bool{}
	for _, i := range g.Inputs {
		names[i.Name] = true
	}
	return names
}

// initializer is a constant of the graph.
func initializer(t onnx.Tensor) (*value, error) {
	n, err := numbersOf(t)
	if err != nil {
		return nil, err
	}
	shape := make([]int, len(t.Dims))
	for i, d := range t.Dims {
		shape[i] = int(d)
	}
	v := knownAs(t.Type, shape, n)
	v.name = t.Name
	return v, nil
}

func (net *Network) port(i onnx.ValueInfo) Port {
	p := Port{Name: i.Name, Type: i.Type, Ranked: i.HasShape}
	for _, d := range i.Dims {
		size, bound := int(d.Size), net.options.Dims[d.Param]
		switch {
		case d.Param != "" && bound > 0:
			size = bound
		case d.Param != "" || size < 0:
			size = -1
		}
		p.Shape, p.Dims = append(p.Shape, size), append(p.Dims, d.Param)
	}
	return p
}

// needed are the nodes that these values follow from, in their order, but for what is given.
func needed(g onnx.Graph, values []string, given map[string]bool) (nodes []*node) {
	want := map[string]bool{}
	for _, name := range values {
		want[name] = name != ""
	}
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		n := g.Nodes[i]
		if slices.ContainsFunc(n.Outputs, func(name string) bool { return given[name] }) {
			continue
		}
		if !slices.ContainsFunc(n.Outputs, func(name string) bool { return want[name] }) {
			continue
		}
		for _, name := range n.Inputs {
			want[name] = true
		}
		delete(want, "")
		nodes = append(nodes, &node{Node: n, index: i})
	}
	slices.Reverse(nodes)
	return nodes
}

// known reports all nodes whose operators no network runs.
func (net *Network) known() error {
	var unknown []string
	for _, n := range net.nodes {
		if _, ok := lowerings[n.Op]; !ok || n.Domain != "" && n.Domain != "ai.onnx" {
			op := n.Op
			if n.Domain != "" {
				op = n.Domain + "." + op
			}
			unknown = append(unknown, fmt.Sprintf("%s (node %d %q, opset %d)", op, n.index, n.Name, net.opset))
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	return fmt.Errorf("%w: operators %s", ErrUnsupported, strings.Join(unknown, ", "))
}

// Operators are the names of the operators that networks may have, in alphabetical order.
func Operators() []string { return slices.Sorted(maps.Keys(lowerings)) }

// Inputs are the network's inputs, in the model's order. Those that have a value in the model are none.
func (net *Network) Inputs() []Port { return slices.Clone(net.inputs) }

// Outputs are the network's outputs, in the model's order.
func (net *Network) Outputs() []Port { return slices.Clone(net.outputs) }

// Close frees what the network has on the device. Closing twice is fine.
func (net *Network) Close() error {
	if net == nil {
		return nil
	}
	net.mu.Lock()
	defer net.mu.Unlock()
	var errs []error
	for _, p := range net.plans {
		errs = append(errs, p.program.Close())
	}
	if net.stages != nil {
		errs = append(errs, net.stages.close())
	}
	if !net.stage {
		errs = append(errs, net.devices.close())
	}
	net.plans = nil
	net.state.Lock()
	defer net.state.Unlock()
	net.closed = true
	return errors.Join(errs...)
}
