package model

import (
	"context"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/tensor"
)

// Verdict is what [Network.Check] found: a report on each node, in the order in which they ran.
type Verdict struct {
	Nodes []host.NodeReport
	parts []part // of what the nodes are, in their order
}

// part is some of a verdict's nodes: those of one plan, or one that the host computed, of which no more is known.
type part struct {
	nodes  int
	net    *Network
	values map[string]*value
	doing  map[string]doing
}

// OK reports whether there are nodes and all of them are right.
func (v Verdict) OK() bool { return len(v.Nodes) > 0 && v.Wrong() == nil }

// Wrong is the first node whose outputs left their bound, nil where there is none.
func (v Verdict) Wrong() *host.NodeReport {
	for i := range v.Nodes {
		if !v.Nodes[i].Report.OK() {
			return &v.Nodes[i]
		}
	}
	return nil
}

// Numbers is how many numbers were judged.
func (v Verdict) Numbers() (n int) {
	for _, node := range v.Nodes {
		n += node.Report.Checked
	}
	return n
}

// All is how many numbers the nodes gave: more than were judged where these were a sample.
func (v Verdict) All() (n int) {
	for _, node := range v.Nodes {
		n += node.Report.Total
	}
	return n
}

// Worst is the node that used most of its bound.
func (v Verdict) Worst() (worst host.NodeReport) {
	for i, node := range v.Nodes {
		if i == 0 || node.Report.BoundUsed > worst.Report.BoundUsed {
			worst = node
		}
	}
	return worst
}

// Err is nil where all nodes are right, and otherwise names the first one that is not, and wraps [cpuref.ErrMismatch].
func (v Verdict) Err() error {
	if w := v.Wrong(); w != nil {
		return &nodeError{w.Node, w.Report.Err()}
	}
	return nil
}

// nodeError is about one node of a network.
type nodeError struct {
	node string
	err  error
}

func (e *nodeError) Error() string { return e.node + ": " + e.err.Error() }
func (e *nodeError) Unwrap() error { return e.err }

// Check runs the network with each tensor in memory of its own, poisoned before and between guards, and holds the
// outputs of every node within its own bound against the reference in float64, given what the node really read. The
// error says that it could not run, that memory was damaged or ctx ended; whether nodes are right is in the verdict.
func (net *Network) Check(
	ctx context.Context,
	inputs map[string]tensor.Array,
) (outputs map[string]tensor.Array, verdict Verdict, err error) {
	if net != nil && net.stages != nil {
		outputs, verdict, err = net.stages.check(ctx, inputs)
		return outputs, verdict, net.failedAs("checking", err)
	}
	given, err := net.given(inputs)
	if err != nil {
		return nil, verdict, net.failed("checking", err)
	}
	if err := net.mu.LockFor(ctx); err != nil {
		return nil, verdict, net.failed("checking", err)
	}
	defer net.mu.Unlock()
	p, err := net.compile(ctx, given, true)
	if err != nil {
		return nil, verdict, net.failed("checking", err)
	}
	net.give(p)
	o := host.VerifyOptions{Mode: cpuref.Bounded, Sample: net.options.CheckSample, Seed: net.options.CheckSeed}
	if outputs, verdict.Nodes, err = p.check(ctx, given, o); err != nil {
		return nil, verdict, net.failed("checking", err)
	}
	verdict.parts = []part{{len(verdict.Nodes), net, p.values, p.doing}}
	return outputs, verdict, nil
}

func (p *plan) check(
	ctx context.Context,
	given map[string]*value,
	o host.VerifyOptions,
) (map[string]tensor.Array, []host.NodeReport, error) {
	if p.program == nil {
		return p.arrays(nil), nil, nil
	}
	words, err := p.words(given)
	if err != nil {
		return nil, nil, err
	}
	computed, reports, err := p.program.VerifyWords(ctx, o, words...)
	if closed := p.program.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, reports, err
	}
	return p.arrays(computed), reports, nil
}
