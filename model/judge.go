package model

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/cpuref/operators"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
)

// array is a tensor as judges take it.
type array = operators.Array

// judge holds what a call wrote against what it read.
type judge func(in, out []*array) (cpuref.Report, error)

// arrays are what values hold of these words of their buffers.
func arrays(values []*value, words [][]uint32) (all []*array) {
	for i, v := range values {
		n := fromWords(v.dtype, gather(words[i], v.view))
		all = append(all, &array{Type: v.dtype, Shape: v.shape(), Data: n.float64s()})
	}
	return all
}

// equal is the judge of what only moves numbers.
func equal(in, out []*array) (cpuref.Report, error) {
	return operators.Check(*out[0], operators.Result{Array: *in[0]})
}

// reference is the judge of a node's outputs, of which the call writes these, given what it reads.
func (c *compiler) reference(n *node, reads []*value, outputs ...int) judge {
	inputs := c.inputs(n)
	return func(in, out []*array) (cpuref.Report, error) {
		results, err := operators.Reference(n.Node, c.net.opset, given(inputs, reads, in))
		if err != nil {
			return cpuref.Report{}, err
		}
		var all cpuref.Report
		for i, o := range outputs {
			if o >= len(results) {
				return all, fmt.Errorf("%w: %s has no output %d by its reference", cpuref.ErrShape, n, o)
			}
			report, err := operators.Check(*out[i], results[o])
			if err != nil {
				return all, err
			}
			all = joined(all, report)
		}
		return all, nil
	}
}

// reshapedReference is the judge of a node that reads x, whose call writes its output with the size 1 along axes that
// the node's output may lack.
func (c *compiler) reshapedReference(n *node, x *value, keep bool, over []int) judge {
	held := c.reference(n, []*value{x}, 0)
	return func(in, out []*array) (cpuref.Report, error) {
		got := *out[0]
		if !keep {
			got.Shape = without(x.shape(), over)
		}
		return held(in, []*array{&got})
	}
}

// normalizedReference is the judge of a normalization, whose x and result may have been split into groups.
func (c *compiler) normalizedReference(n *node, reads []*value, as []int, outputs []int) judge {
	held := c.reference(n, reads, outputs...)
	return func(in, out []*array) (cpuref.Report, error) {
		got := *out[0]
		got.Shape = as
		return held(in, append([]*array{&got}, out[1:]...))
	}
}

// given are a node's inputs as the reference takes them: what the device read, by the input's own shape or another
// one, what the host knows, and zeros for what neither has, of which operators need no more than the shape.
func given(inputs, reads []*value, in []*array) (all []*array) {
	for _, v := range inputs {
		i := -1
		if v != nil {
			i = slices.IndexFunc(reads, func(r *value) bool {
				return r == v || r != nil && r.name == v.name && v.name != "" && r.view.Count() == v.view.Count()
			})
		}
		switch {
		case v == nil || i >= 0 && in[i] == nil:
			all = append(all, nil)
		case i >= 0:
			a := *in[i]
			a.Shape = v.shape()
			all = append(all, &a)
		case v.known != nil:
			all = append(all, &array{Type: v.dtype, Shape: v.shape(), Data: v.numbers().float64s()})
		default:
			all = append(all, &array{Type: v.dtype, Shape: v.shape(), Data: make([]float64, v.view.Count())})
		}
	}
	return all
}

// joined is the verdict on two outputs of one node.
func joined(a, b cpuref.Report) cpuref.Report {
	if a.Total == 0 {
		return b
	}
	a.Checked, a.Total, a.Failed, a.NaNs = a.Checked+b.Checked, a.Total+b.Total, a.Failed+b.Failed, a.NaNs+b.NaNs
	if a.First == nil {
		a.First = b.First
	}
	if b.BoundUsed > a.BoundUsed {
		a.Worst, a.BoundUsed = b.Worst, b.BoundUsed
	}
	return a
}

// moved gives a node's outputs views of what it reads. A checked program also copies what each view shows, for a judge
// that holds the view against the reference.
func (c *compiler) moved(n *node, outputs ...*value) error {
	for i, v := range outputs {
		c.set(n, i, v)
		if !c.checked || v.known != nil || i >= len(n.Outputs) || n.Outputs[i] == "" {
			continue
		}
		if err := c.prove(n, i, v); err != nil {
			return err
		}
	}
	return nil
}

// prove adds a copy of what a view shows.
func (c *compiler) prove(n *node, output int, v *value) error {
	var reads []*value
	for _, in := range c.inputs(n) {
		if in != nil && in.known == nil {
			reads = append(reads, in)
		}
	}
	held := c.reference(n, reads, output)
	to := plain(v.dtype, v.shape())
	err := c.apply(n.String(), call{
		reads:  append(slices.Clone(reads), v),
		writes: []*value{to},
		plan:   func(p *exec.Plan, in, out []op.Tensor) error { return op.Copy(p, out[0], in[len(reads)]) },
		judge:  held,
	})
	if err == nil {
		c.proofs = append(c.proofs, to.buffer.volume)
	}
	return err
}
