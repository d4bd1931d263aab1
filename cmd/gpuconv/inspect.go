package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/spf13/cobra"
)

func (a *app) inspectCommand() *cobra.Command {
	var dims []string
	var dot bool
	var tunings tuningFlags
	var fuse fuseFlag
	c := &cobra.Command{
		Use:   "inspect MODEL",
		Short: "What an ONNX network is made of, and how it is computed",
		Long: `Shows the nodes of an ONNX network, the shapes that its file says, the parameters of its
layers with and without sharing, as the CS231n notes count them, and the operations of
each. With an adapter, and where all sizes of the inputs are known, it also compiles the
network and shows what is computed at once and by which algorithms, in how much memory,
and the shapes that the file does not say. All but that needs no GPU.`,
		Example: `  gpuconv inspect squeezenet.onnx
  gpuconv inspect net.onnx --dim N=1
  gpuconv inspect net.onnx --dot | dot -Tsvg -o net.svg`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := refuseEmpty(c, "cache"); err != nil {
				return err
			}
			if dot && a.json {
				return usagef("--dot and --json: only one of them can go to stdout")
			}
			o := model.Options{Exact: tunings.exact, Tunings: tunings.open(a)}
			var err error
			if o.Fuse, err = fuse.fusing(); err != nil {
				return err
			}
			return a.inspect(c.Context(), args[0], dims, dot, o)
		},
	}
	c.Flags().StringArrayVar(&dims, "dim", nil, "NAME=N: the size of a symbolic dimension")
	c.Flags().BoolVar(&dot, "dot", false, "print the graph in the language of Graphviz")
	tunings.add(c.Flags())
	fuse.add(c.Flags())
	return c
}

func (a *app) inspect(ctx context.Context, path string, dims []string, dot bool, o model.Options) error {
	m, err := a.readModel(path)
	if err != nil {
		return err
	}
	n := &network{path: path, model: m}
	if n.dims, err = parseDims(m, dims); err != nil {
		return err
	}
	r := newInspectReport(n)
	if dot {
		return a.report(r, func(*app) { r.dot(a.stdout) })
	}
	switch err := n.look(); {
	case errors.Is(err, model.ErrUnsupported):
		r.Unsupported = err.Error()
	case err != nil:
		return err
	default:
		if r.Plan, err = a.planOf(ctx, n, o); err == nil {
			r.complete(r.Plan.layers)
			r.infer(*r.Plan)
		} else if r.NoPlan = noPlan(err); r.NoPlan == "" {
			return err
		}
	}
	return a.report(r, r.print)
}

// noPlan says why there is no plan, and nothing where that is a failure.
func noPlan(err error) string {
	for _, reason := range []error{gpu.ErrNoAdapter, model.ErrUnsupported, model.ErrGraph, host.ErrUnsupported} {
		if errors.Is(err, reason) {
			return err.Error()
		}
	}
	if errors.As(err, &usageError{}) {
		return err.Error()
	}
	return ""
}

// inspectPlan is how a network is compiled.
type inspectPlan struct {
	Device     string         `json:"device"`
	Inputs     []inspectValue `json:"inputs"`     // with the shapes for which it is; of one image where that is open
	Algorithms []string       `json:"algorithms"` // or first kernels, of what runs on the GPU, in its order
	Fused      [][]int        `json:"fused"`      // the nodes of each, by their places in the graph
	Memory     host.Memory    `json:"memory"`
	// Submissions is how many a run has, and OnCPU are the nodes that the CPU computes between them.
	Submissions int      `json:"submissions"`
	OnCPU       []string `json:"nodes_on_cpu,omitempty"`
	layers      []conv.Problem
	shapes      map[string][]int
}

// planOf compiles the network for the sizes that its inputs have, and one image where their number is open.
func (a *app) planOf(ctx context.Context, n *network, o model.Options) (p *inspectPlan, err error) {
	n.bindFirst()
	inputs := map[string]tensor.Array{}
	if err := (&inputFlags{}).fill(n, inputs); err != nil {
		return nil, err
	}
	dev, err := a.openGPU("inspect")
	if err != nil {
		return nil, err
	}
	defer dev.Close()
	ctx, stop := interruptible(ctx)
	defer stop()
	bar := a.progress("compiling "+n.path, -1)
	defer bar.end()
	o.Dims = n.dims
	net, err := model.New(dev, n.model, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, net.Close()) }()
	s, err := net.Plan(ctx, inputs)
	if err != nil {
		return nil, err
	}
	p = &inspectPlan{Device: dev.String(), Algorithms: append([]string{}, s.Nodes...), Memory: s.Memory,
		Fused: append([][]int{}, s.Fused...), Submissions: s.Submissions, OnCPU: s.Elsewhere, shapes: s.Shapes}
	for _, port := range n.inputs {
		p.Inputs = append(p.Inputs, inspectValue{Name: port.Name, Shape: known(inputs[port.Name].Shape)})
	}
	p.layers, err = net.Layers(ctx, inputs)
	return p, err
}

// newInspectReport reads the graph.
func newInspectReport(n *network) inspectReport {
	g, shapes := n.model.Graph, fileShapes(n.model.Graph, n.dims)
	r := inspectReport{
		Model:     n.path,
		Graph:     g.Name,
		Producer:  strings.TrimSpace(n.model.Producer + " " + n.model.ProducerVersion),
		IR:        n.model.IRVersion,
		Opsets:    n.model.Opsets,
		Operators: map[string]int{},
		Nodes:     []inspectNode{},
		Layers:    layersOf(g, shapes),
	}
	held := map[string]bool{}
	for _, t := range g.Initializers {
		held[t.Name] = true
		r.count(t)
	}
	port := func(v onnx.ValueInfo) inspectPort {
		return inspectPort{inspectValue{v.Name, shapes[v.Name]}, v.Type.String()}
	}
	for _, v := range g.Inputs {
		if !held[v.Name] {
			r.Inputs = append(r.Inputs, port(v))
		}
	}
	for _, v := range g.Outputs {
		r.Outputs = append(r.Outputs, port(v))
	}
	for i, node := range g.Nodes {
		r.Operators[node.Op]++
		if t := node.Attributes["value"].Tensor; node.Op == "Constant" && t != nil {
			r.count(*t)
		}
		values := func(names []string) (all []inspectValue) {
			for _, name := range names {
				all = append(all, inspectValue{name, shapes[name]})
			}
			return all
		}
		r.Nodes = append(
			r.Nodes,
			inspectNode{i, node.Op, node.Domain, node.Name, values(node.Inputs), values(node.Outputs)},
		)
	}
	return r
}

// count adds a tensor of the file to the parameters: whole numbers of 16 bits and more are shapes and indices, and
// none.
func (r *inspectReport) count(t onnx.Tensor) {
	if !isFloat(t.Type) && !slices.Contains([]onnx.DataType{onnx.Int8, onnx.Uint8}, t.Type) {
		return
	}
	count := int64(1)
	for _, size := range t.Dims {
		count *= size
	}
	r.Parameters += count
}

// operators lists them, the most frequent first.
func (r inspectReport) operators() string {
	var all []string
	for _, op := range byCount(r.Operators) {
		all = append(all, fmt.Sprintf("%d %s", r.Operators[op], op))
	}
	return strings.Join(all, ", ")
}
