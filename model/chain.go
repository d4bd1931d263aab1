package model

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/shaders"
)

// This file fuses nodes that are computed number by number, one after the other, into one kernel. It gives the bits
// that the nodes give one by one. A checked program computes them one by one, and the chain beside them, which its
// judge holds against the last node's bits.

// link is a node of a chain, as it would be computed alone.
type link struct {
	n      *node
	t      onnx.DataType
	f      formula
	values []*value
	shape  []int
}

// nodeChain are nodes each of which is all that reads the one before it.
type nodeChain struct {
	links  []link
	at     []int // the nodes' places, but for the first's
	values []*value
	steps  []op.Link
}

// errNoLink is about nodes that are no link of a chain.
var errNoLink = errors.New("no link of a chain")

// chained are the operators that may be links: each is one formula, and what it reads is all that it needs.
func chained(n *node) bool {
	_, function := activationKernels[n.Op]
	_, parametric := parametric[n.Op]
	_, binary := binary[n.Op]
	_, variadic := variadic[n.Op]
	_, comparison := comparisons[n.Op]
	return function || parametric || binary || variadic || comparison ||
		slices.Contains([]string{"Clip", "Gelu", "Cast", "QuantizeLinear", "DequantizeLinear"}, n.Op)
}

// chainFrom finds the chain that begins with a link: nil where there is no more than one kernel.
func (c *compiler) chainFrom(first link) *nodeChain {
	ch := &nodeChain{}
	if c.net.opset < 7 || !ch.add(first, nil) { // of old opsets nodes may have to be made others first
		return nil
	}
	before := first
	for {
		next, at := c.follower(before.n)
		if next == nil || !chained(next) {
			break
		}
		l, ok := c.captured(next, before)
		if !ok || !slices.Equal(l.shape, before.shape) || !ch.add(l, &before) {
			break
		}
		ch.at, before = append(ch.at, at), l
	}
	if len(ch.steps) < 2 {
		return nil
	}
	return ch
}

// captured is a node as a link behind another one, if all else that it reads is there.
func (c *compiler) captured(n *node, before link) (l link, ok bool) {
	name := before.n.Outputs[0]
	had, given := c.values[name]
	c.values[name] = &value{name: name, dtype: before.t, view: op.Contiguous(before.shape...)}
	defer func() {
		if delete(c.values, name); given {
			c.values[name] = had
		}
		if c.capture = nil; !ok {
			delete(c.values, n.Outputs[0]) // what was given up may have set it
		}
	}()
	for _, in := range n.Inputs {
		if in != "" && c.values[in] == nil {
			return l, false
		}
	}
	c.capture = &l
	return l, c.lowerings[n.Op].lower(c, n) == nil && l.n == n
}

// computed adds a link, and where a chain begins with it all of that.
func (c *compiler) computed(l link) error {
	if c.inChain[l.n] {
		return c.alone(l)
	}
	ch := c.chainFrom(l)
	switch {
	case ch == nil:
		return c.alone(l)
	case !c.checked:
		return c.fuseChain(ch)
	}
	for _, of := range ch.links {
		c.inChain[of.n] = true
	}
	c.pending[ch.links[len(ch.links)-1].n] = ch
	return c.alone(l)
}

// alone adds a link as a step of its own, and behind the last one of a chain the chain.
func (c *compiler) alone(l link) error {
	to := result(l.t, l.shape, ranked(c.leader(l.values, l.shape)))
	err := c.apply(l.n.String(), call{
		reads:  l.values,
		writes: []*value{to},
		plan:   func(p *exec.Plan, in, out []op.Tensor) error { return l.f.plan(p, in, out[0]) },
		judge:  c.reference(l.n, l.values, 0),
	})
	c.set(l.n, 0, to)
	if ch := c.pending[l.n]; ch != nil && err == nil {
		return c.proveChain(ch)
	}
	return err
}

// add adds a link's kernels, whose input is what the link before gives; it is false where there are too many.
func (ch *nodeChain) add(l link, before *link) bool {
	places := make([]int, len(l.values))
	values := slices.Clone(ch.values)
	for i, v := range l.values {
		if before != nil && v.name == before.n.Outputs[0] {
			places[i] = shaders.Before
			continue
		}
		if places[i] = slices.Index(values, v); places[i] < 0 {
			places[i] = len(values)
			values = append(values, v)
		}
	}
	steps, ok := l.f.links(places, l.values)
	if before != nil && (len(steps) == 0 || !slices.Contains(steps[0].From, shaders.Before)) {
		return false
	}
	// What the link before gives can be read by its first kernel alone.
	for _, s := range steps[min(1, len(steps)):] {
		ok = ok && countOf(s.From, shaders.Before) == 1
	}
	if !ok || len(ch.steps)+len(steps) > shaders.MostLinks || len(values) > shaders.MostInputs {
		return false
	}
	ch.links, ch.values, ch.steps = append(ch.links, l), values, append(ch.steps, steps...)
	return true
}

func countOf(all []int, of int) (n int) {
	for _, i := range all {
		if i == of {
			n++
		}
	}
	return n
}

// links are the formula's kernels, of values that stand at these places. ok is false for kernels of words.
func (f formula) links(places []int, values []*value) (all []op.Link, ok bool) {
	var types []shaders.DType
	for _, v := range values {
		types = append(types, dtypeOf(v.dtype))
	}
	for _, k := range f {
		take := len(types)
		row, _, found := shaders.PointwiseOf(k.name, types...)
		for !found && take > 1 {
			take--
			row, _, found = shaders.PointwiseOf(k.name, types[:take]...)
		}
		if !found || strings.Contains(row.In, "w") {
			return nil, false
		}
		all = append(all, op.Link{Kernel: k.name, Alpha: k.alpha, Beta: k.beta, From: slices.Clone(places[:take])})
		types = append([]shaders.DType{row.Gives(types[:take]...)}, types[take:]...)
		places = append([]int{shaders.Before}, places[take:]...)
	}
	return all, true
}

// String names the chain by its nodes.
func (ch *nodeChain) String() string {
	names := []string{ch.links[0].n.String()}
	for _, l := range ch.links[1:] {
		names = append(names, l.n.Op)
	}
	return strings.Join(names, ", ")
}

// plan adds the chain's step.
func (ch *nodeChain) plan(p *exec.Plan, in []op.Tensor, out op.Tensor) error {
	reads, v, err := inOrder(out, in)
	if err != nil {
		return err
	}
	return op.Chain(p, ch.steps, v, reads...)
}

// fuseChain adds the chain in the place of its nodes.
func (c *compiler) fuseChain(ch *nodeChain) error {
	last := ch.links[len(ch.links)-1]
	to := result(last.t, last.shape, ranked(c.leader(ch.values, last.shape)))
	err := c.apply(ch.String(), call{
		reads:  ch.values,
		writes: []*value{to},
		plan:   func(p *exec.Plan, in, out []op.Tensor) error { return ch.plan(p, in, out[0]) },
		judge:  equal, // no checked program has it
	})
	var nodes []*node
	for _, of := range ch.links {
		nodes = append(nodes, of.n)
	}
	c.doing[ch.String()] = doing{nodes: nodes, reads: ch.values}
	for _, at := range ch.at {
		c.fused[at] = true
	}
	c.setFrom(last.n, 0, to, ch.values)
	return err
}

// proveChain adds the chain beside its nodes, and holds it against the last one.
func (c *compiler) proveChain(ch *nodeChain) error {
	last := ch.links[len(ch.links)-1]
	v := c.values[last.n.Outputs[0]]
	to := result(last.t, last.shape, ranked(c.leader(ch.values, last.shape)))
	reads := append(slices.Clone(ch.values), v)
	err := c.apply(fmt.Sprintf("chain of %s", ch), call{
		reads:  reads,
		writes: []*value{to},
		plan:   func(p *exec.Plan, in, out []op.Tensor) error { return ch.plan(p, in[:len(in)-1], out[0]) },
		judge: func(in, out []*array) (cpuref.Report, error) {
			return equal(in[len(in)-1:], out)
		},
	})
	if err == nil {
		c.proofs = append(c.proofs, to.buffer.volume)
	}
	return err
}
