package model

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/onnx"
)

// compiler lowers a network's nodes, in their order, to a program for one shape of its inputs. What follows from
// constants and shapes alone is computed on the way.
type compiler struct {
	net       *Network
	b         *host.Builder
	checked   bool
	values    map[string]*value
	uses      map[string]int       // how many nodes read a value, and whether the graph gives it out
	fused     []bool               // nodes that were computed with one before them
	padded    map[string]padding   // values that the convolution which reads them pads
	at        int                  // the node that is being lowered
	lowerings map[string]lowering  // the table of all operators, which itself calls the compiler
	capture   *link                // where a node that may be a link of a chain goes, instead of into the program
	inChain   map[*node]bool       // of a checked program, those that are computed one by one, and their chains
	pending   map[*node]*nodeChain // behind their last nodes
	plan      *plan
	proofs    []host.Value     // what a checked program computes for its judges alone
	doing     map[string]doing // what the program's steps compute, by their names
}

func newCompiler(net *Network, given map[string]*value, checked bool) *compiler {
	c := &compiler{
		net:       net,
		b:         host.NewProgram(net.dev),
		checked:   checked,
		values:    map[string]*value{},
		uses:      map[string]int{},
		padded:    map[string]padding{},
		doing:     map[string]doing{},
		lowerings: lowerings,
		inChain:   map[*node]bool{},
		pending:   map[*node]*nodeChain{},
		fused:     make([]bool, len(net.nodes)),
		plan:      &plan{},
	}
	c.b.Fuse(net.options.Fuse)
	for name, v := range net.initial {
		c.values[name] = v
	}
	for _, n := range net.nodes {
		for _, name := range n.Inputs {
			c.uses[name]++
		}
	}
	for _, o := range net.outputs {
		c.uses[o.Name]++
	}
	for _, port := range net.inputs {
		c.values[port.Name] = c.input(port, given[port.Name])
	}
	return c
}

// input is a graph's input: a constant where its value must be known, or has no numbers.
func (c *compiler) input(port Port, given *value) *value {
	if c.net.baked[port.Name] || given.empty() {
		return given
	}
	count := given.view.Count()
	volume := c.b.InputBuffer(host.Buffer{Count: int64(count), DType: dtypeOf(port.Type)})
	c.plan.inputs = append(c.plan.inputs, port.Name)
	return &value{
		name:    port.Name,
		dtype:   port.Type,
		view:    op.Contiguous(given.shape()...),
		buffer:  buffer{volume: volume, count: count, input: true},
		origins: []string{port.Name},
	}
}

// compile makes the plan. The error has all nodes that no network of ours computes so, but for those that read what
// such a one would give.
func (c *compiler) compile(ctx context.Context) (*plan, error) {
	var refused refusals
	lost := map[string]bool{}
	for i, n := range c.net.nodes {
		if c.at = i; c.fused[i] {
			continue
		}
		if !slices.ContainsFunc(n.Inputs, func(name string) bool { return lost[name] }) {
			err := c.lower(n)
			if err == nil {
				continue
			}
			err = fmt.Errorf("%s: %w", n, err)
			var unknown *unknownError
			if !errors.Is(err, ErrUnsupported) || errors.As(err, &unknown) {
				return nil, cmp.Or(refused.err(), err)
			}
			refused = append(refused, err)
		}
		for _, name := range n.Outputs {
			lost[name] = name != ""
		}
	}
	if err := refused.err(); err != nil {
		return nil, err
	}
	return c.plan, c.finish(ctx)
}

// refusals are errors about several nodes.
type refusals []error

func (r refusals) Error() string {
	var all []string
	for _, err := range r {
		all = append(all, err.Error())
	}
	return strings.Join(all, "; ")
}

func (r refusals) Unwrap() []error { return r }

// err is nil where there are none.
func (r refusals) err() error {
	if len(r) == 0 {
		return nil
	}
	return r
}

// lower computes a node now, where all that it reads is known and small enough, else adds it to the program.
func (c *compiler) lower(n *node) error {
	for _, name := range n.Inputs {
		if name != "" && c.values[name] == nil {
			return fmt.Errorf("%w: nothing gives its input %q", ErrGraph, name)
		}
	}
	l := lowerings[n.Op]
	if l.fold != nil && c.allKnown(n) {
		if err := l.fold(c, n); l.lower == nil || !errors.Is(err, errNotFolded) {
			return cmp.Or(err, c.tooLarge(n))
		}
	}
	if l.lower == nil {
		return c.unknown(n, c.inputs(n)...)
	}
	return cmp.Or(l.lower(c, n), c.tooLarge(n))
}

// tooLarge reports outputs that follow from constants and of which nobody could hold the numbers: a shape may say
// anything.
func (c *compiler) tooLarge(n *node) error {
	for _, name := range n.Outputs {
		if v := c.values[name]; v != nil && v.known != nil && !holds(v.shape()) {
			return fmt.Errorf("%w: %s of constants, must have no more than %d numbers", ErrGraph, v, mostHeld)
		}
	}
	return nil
}

// in is a node's input, nil where it is left out.
func (c *compiler) in(n *node, i int) *value {
	return c.values[n.input(i)]
}

// inputs are all of a node's, nil where one is left out.
func (c *compiler) inputs(n *node) (all []*value) {
	for i := range n.Inputs {
		all = append(all, c.in(n, i))
	}
	return all
}

func (c *compiler) allKnown(n *node) bool {
	return !slices.ContainsFunc(c.inputs(n), func(v *value) bool { return v != nil && v.known == nil })
}

// set gives a node's output its value. Outputs that nobody reads are dropped.
func (c *compiler) set(n *node, i int, v *value) { c.setFrom(n, i, v, c.inputs(n)) }

// setFrom is set where the value follows from others than the node's inputs.
func (c *compiler) setFrom(n *node, i int, v *value, from []*value) {
	if i >= len(n.Outputs) || n.Outputs[i] == "" {
		return
	}
	named := *v
	named.name = n.Outputs[i]
	switch {
	case named.known != nil:
	case named.empty(): // there is nothing left to know
		named = *knownAs(named.dtype, named.shape(), numbers{})
		named.name = n.Outputs[i]
	default:
		named.origins = origins(from)
	}
	c.values[named.name] = &named
}

// origins are the graph's inputs that values follow from.
func origins(values []*value) (all []string) {
	for _, v := range values {
		if v == nil {
			continue
		}
		for _, o := range v.origins {
			if !slices.Contains(all, o) {
				all = append(all, o)
			}
		}
	}
	return all
}

// unknownError is about values that must be known when a network is compiled, and follow from these inputs.
type unknownError struct {
	what    string
	origins []string
}

func (e *unknownError) Error() string {
	return fmt.Sprintf("%v: %s must follow from constants and shapes", ErrUnsupported, e.what)
}

func (e *unknownError) Unwrap() error { return ErrUnsupported }

// unknown says which of the values must be known, and are not.
func (c *compiler) unknown(n *node, values ...*value) error {
	e := &unknownError{what: fmt.Sprintf("what operator %s reads", n.Op)}
	for _, v := range values {
		if v != nil && v.known == nil {
			e.what = fmt.Sprintf("input %s of %s", v, n.Op)
			e.origins = append(e.origins, v.origins...)
		}
	}
	return e
}

// finish makes the program of what the graph gives out.
func (c *compiler) finish(ctx context.Context) (err error) {
	var outputs []host.Value
	for _, port := range c.net.outputs {
		v := c.values[port.Name]
		if v == nil {
			return fmt.Errorf("%w: nothing gives output %q", ErrGraph, port.Name)
		}
		o := output{name: port.Name, dtype: v.dtype, shape: v.shape()}
		if v.known != nil {
			n := v.numbers()
			o.known = &n
		} else {
			if v, err = c.givenOut(v, outputs); err != nil {
				return err
			}
			outputs = append(outputs, v.buffer.volume)
		}
		c.plan.outputs = append(c.plan.outputs, o)
	}
	if len(outputs) == 0 {
		return nil
	}
	if c.checked {
		outputs = append(outputs, c.proofs...)
	}
	if c.plan.program, err = c.b.CompileContext(ctx, c.checked, outputs...); err != nil {
		return err
	}
	c.plan.summary = c.summary(c.plan.program)
	if c.checked {
		c.plan.doing, c.plan.values = c.doing, c.values
	}
	return nil
}

// givenOut is a value alone in a buffer that kernels write and no other output has.
func (c *compiler) givenOut(v *value, others []host.Value) (*value, error) {
	if v.whole() && !v.buffer.input && !slices.Contains(others, v.buffer.volume) {
		return v, nil
	}
	return c.copied(v, op.Contiguous(v.shape()...))
}

// onDevice is the value in a buffer of the device, as a constant where it is known.
func (c *compiler) onDevice(v *value) (*value, error) {
	if v.known == nil {
		return v, nil
	}
	if v.empty() {
		return nil, fmt.Errorf("%w: %s has no numbers", ErrUnsupported, v)
	}
	n := v.numbers()
	words, err := n.words()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", v, err)
	}
	to := *v
	to.view, to.known = op.Contiguous(v.shape()...), nil
	of := host.Buffer{Count: int64(len(words)), DType: dtypeOf(v.dtype)}
	to.buffer = buffer{volume: c.b.Constant(of, words), count: len(words)}
	return &to, nil
}

// call is what a node does on the device.
type call struct {
	reads  []*value
	writes []*value // whose views say how each fills its buffer; the buffers are made
	plan   func(p *exec.Plan, in, out []op.Tensor) error
	judge  judge
}

// apply adds a call's steps. What it reads is brought to the device.
func (c *compiler) apply(name string, k call) error {
	if c.capture != nil {
		return errNoLink
	}
	var volumes []host.Value
	reads := make([]*value, len(k.reads))
	for i, v := range k.reads {
		on, err := c.onDevice(v)
		if err != nil {
			return err
		}
		reads[i], volumes = on, append(volumes, on.buffer.volume)
	}
	of := host.Kernels{Name: name}
	if n := c.net.nodes[c.at]; name == n.String() {
		c.doing[name] = doing{nodes: []*node{n}, reads: reads}
	}
	for _, v := range k.writes {
		of.Outputs = append(of.Outputs, host.Buffer{Count: int64(v.view.Count()), DType: dtypeOf(v.dtype)})
	}
	writes := slices.Clone(k.writes)
	of.Plan = func(p *exec.Plan, in, out []int) error {
		return k.plan(p, tensors(reads, in), tensors(writes, out))
	}
	of.Judge = func(in, out [][]uint32) (cpuref.Report, error) {
		return k.judge(arrays(reads, in), arrays(writes, out))
	}
	for i, volume := range c.b.Apply(of, volumes...) {
		writes[i].buffer = buffer{volume: volume, count: writes[i].view.Count()}
	}
	return nil
}

func tensors(values []*value, operands []int) (all []op.Tensor) {
	for i, v := range values {
		all = append(all, v.view.Of(operands[i]))
	}
	return all
}

// result is a new value of this type and shape, laid out in the given order of axes.
func result(t onnx.DataType, shape, order []int) *value {
	return &value{dtype: t, view: laidOut(shape, order)}
}

// plain is a new value in ONNX's own order.
func plain(t onnx.DataType, shape []int) *value {
	return &value{dtype: t, view: op.Contiguous(shape...)}
}

// contiguous is the value alone in a buffer, in ONNX's order: copied where it is not.
func (c *compiler) contiguous(v *value) (*value, error) {
	on, err := c.onDevice(v)
	if err != nil || on.whole() {
		return on, err
	}
	return c.copied(on, op.Contiguous(v.shape()...))
}

// copied is the value in a buffer of its own that a view of its shape fills.
func (c *compiler) copied(v *value, view op.View) (*value, error) {
	to := &value{name: v.name, dtype: v.dtype, view: view, origins: v.origins}
	return to, c.apply(fmt.Sprintf("copy of %s", v), call{
		reads:  []*value{v},
		writes: []*value{to},
		plan:   func(p *exec.Plan, in, out []op.Tensor) error { return op.Copy(p, out[0], in[0]) },
		judge:  equal,
	})
}
