package gomlx

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/backends/notimplemented"
	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/shapes"
)

// Builder collects the nodes of a graph. It belongs to one goroutine.
type Builder struct {
	notimplemented.Builder
	backend    *Backend
	name       string
	nodes      []*node
	parameters []*value
	// shadow is given each node too, and never compiled: it holds operands against what operators want, and says which
	// shapes they give.
	shadow   backends.Builder
	compiled bool
}

// value is a result of a node: what GoMLX knows as an Op.
type value struct {
	builder *Builder
	node    *node
	index   int // among the node's results
	shape   shapes.Shape
	shadow  backends.Op
}

// node is an operator with its operands.
type node struct {
	op      backends.OpType
	inputs  []*value
	outputs []*value
	// elsewhere adds the operator to a builder of simplego.
	elsewhere elsewhereFunc
	// gpu adds the operator to a network, and names its result; nil where there is no such.
	gpu gpuFunc
	// why the GPU does not compute the node; "" where it does.
	why string
	// moves says that the node computes nothing: it only moves numbers.
	moves bool
	// folds says that networks compute the node on the host where they know its operands.
	folds bool
	// fixed says that the node has a number from a constant of one number, or more of them: networks know it when they
	// are compiled.
	fixed bool
	// constant are a constant's numbers, as GoMLX gave them.
	constant any
	// name is a parameter's.
	name string
	// source says that the node is a parameter or a constant.
	source bool
}

type (
	elsewhereFunc func(b backends.Builder, in []backends.Op) ([]backends.Op, error)
	gpuFunc       func(n *network, in []string) (string, error)
)

func newBuilder(backend *Backend, name string) *Builder {
	b := &Builder{backend: backend, name: name, shadow: backend.other.Builder(name)}
	b.Builder.ErrFn = func(op backends.OpType) error {
		return fmt.Errorf("operator %s in backend gpuconv: %w", op, notimplemented.NotImplementedError)
	}
	return b
}

// Name is the graph's.
func (b *Builder) Name() string { return b.name }

// OpShape is the shape of a value.
func (b *Builder) OpShape(op backends.Op) (shapes.Shape, error) {
	of, err := b.values(op)
	if err != nil {
		return shapes.Invalid(), err
	}
	return of[0].shape, nil
}

// values holds that these are of this graph.
func (b *Builder) values(ops ...backends.Op) ([]*value, error) {
	if b.compiled {
		return nil, fmt.Errorf("graph %q is compiled already", b.name)
	}
	all := make([]*value, len(ops))
	for i, op := range ops {
		v, ok := op.(*value)
		if !ok || v == nil || v.builder != b {
			return nil, fmt.Errorf("operand %d is %T, must be a value of graph %q of backend gpuconv", i, op, b.name)
		}
		all[i] = v
	}
	return all, nil
}

// addAll adds a node with any number of results.
func (b *Builder) addAll(n *node, ops ...backends.Op) ([]*value, error) {
	in, err := b.values(ops...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n.op, err)
	}
	n.inputs = in
	shadows := make([]backends.Op, len(in))
	for i, v := range in {
		shadows[i] = v.shadow
	}
	results, err := n.on(b.shadow, shadows)
	if err != nil {
		return nil, err
	}
	for i, r := range results {
		shape, err := b.shadow.OpShape(r)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n.op, err)
		}
		n.outputs = append(n.outputs, &value{builder: b, node: n, index: i, shape: shape, shadow: r})
	}
	b.place(n)
	b.nodes = append(b.nodes, n)
	return n.outputs, nil
}

// add adds a node with one result.
func (b *Builder) add(n *node, ops ...backends.Op) (backends.Op, error) {
	out, err := b.addAll(n, ops...)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// place decides whether the GPU may compute a node, by what it is and by its operands.
func (b *Builder) place(n *node) {
	if n.source || n.why != "" {
		n.fixed = n.embedded()
		return
	}
	for _, v := range slices.Concat(n.inputs, n.outputs) {
		if _, ok := b.backend.onGPU(v.shape.DType); !ok {
			n.why = fmt.Sprintf("data type %s", v.shape.DType)
			return
		}
		if v.shape.Size() == 0 {
			n.why = "an operand has no numbers"
			return
		}
	}
	if n.gpu == nil {
		n.why = "gpuconv has no such operator"
		return
	}
	known := !slices.ContainsFunc(n.inputs, func(v *value) bool { return !v.node.fixed })
	if n.fixed = known && n.moves; known && n.folds {
		n.why = "all operands follow from constants of one number"
	}
}

// embedded tells whether networks hold the node's numbers as a constant: those of others are uploaded in each run.
func (n *node) embedded() bool {
	return n.source && n.constant != nil && n.outputs[0].shape.Size() == 1
}

// Parameter is an input of the graph.
func (b *Builder) Parameter(name string, shape shapes.Shape, sharding *backends.ShardingSpec) (backends.Op, error) {
	if sharding != nil {
		return nil, fmt.Errorf("parameter %q: backend gpuconv has one device, and no sharding", name)
	}
	op, err := b.add(&node{
		op:     backends.OpTypeParameter,
		name:   name,
		source: true,
		elsewhere: func(on backends.Builder, _ []backends.Op) ([]backends.Op, error) {
			return one(on.Parameter(name, shape, nil))
		},
	})
	if err == nil {
		b.parameters = append(b.parameters, op.(*value))
	}
	return op, err
}

// Constant is a tensor of these numbers, in C order, which are copied.
func (b *Builder) Constant(flat any, dims ...int) (backends.Op, error) {
	n := &node{op: backends.OpTypeConstant, source: true}
	n.elsewhere = func(on backends.Builder, _ []backends.Op) ([]backends.Op, error) {
		return one(on.Constant(n.constant, dims...))
	}
	var err error
	if n.constant, err = cloned(flat); err != nil {
		return nil, fmt.Errorf("Constant: %w", err)
	}
	return b.add(n)
}

// one is a result as a list of one.
func one(op backends.Op, err error) ([]backends.Op, error) { return []backends.Op{op}, err }

// dimensionsOf are a value's.
func dimensionsOf(op backends.Op) []int { return op.(*value).shape.Dimensions }

// isFloat tells whether numbers are of a floating-point type.
func isFloat(t dtypes.DType) bool { return t.IsFloat() }
