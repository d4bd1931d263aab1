package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/onnx"
)

// inspectLayer is what the notes count of one layer: of a convolution, or of a product with a matrix, which is a layer
// of 1x1 filters. Operations are those of all images, or of one where their number is open.
type inspectLayer struct {
	Node     int    `json:"node"`
	Op       string `json:"op"`
	Filters  string `json:"filters"`            // K filters of a size
	Shared   int64  `json:"shared"`             // parameters, a bias for each filter among them
	Unshared int64  `json:"unshared,omitempty"` // if each neuron had its own; left out where sizes are unknown
	FLOPs    int64  `json:"flop,omitempty"`     // left out where sizes are unknown
}

// layersOf are the graph's layers, whose filters follow from what the file holds.
func layersOf(g onnx.Graph, shapes map[string]axes) (all []inspectLayer) {
	known := constants(g)
	for i, n := range g.Nodes {
		var p conv.Problem
		ok := false
		if len(n.Inputs) < 2 || len(n.Outputs) == 0 || !known[n.Inputs[1]] {
			continue
		}
		switch n.Op {
		case "Conv", "ConvTranspose":
			p, ok = convolution(n, shapes)
		case "Gemm", "MatMul":
			p, ok = product(n, shapes)
		}
		if ok {
			all = append(all, layerCounts(i, n.Op, p))
		}
	}
	return all
}

// constants are the values that follow from nothing but what the file holds.
func constants(g onnx.Graph) map[string]bool {
	known := map[string]bool{"": true} // an input that is left out
	for _, t := range g.Initializers {
		known[t.Name] = true
	}
	for _, n := range g.Nodes { // which stand in an order in which they can run
		if slices.ContainsFunc(n.Inputs, func(name string) bool { return !known[name] }) {
			continue
		}
		for _, name := range n.Outputs {
			known[name] = true
		}
	}
	return known
}

// layerNode is the number of a layer's node, in the name that a compiled layer has.
var layerNode = regexp.MustCompile(`^node (\d+), (\w+)`)

// complete counts the layers of the compiled network whose sizes the file does not say.
func (r *inspectReport) complete(layers []conv.Problem) {
	for _, p := range layers {
		m := layerNode.FindStringSubmatch(p.Name)
		if m == nil {
			continue
		}
		node, err := strconv.Atoi(m[1])
		if err != nil {
			continue
		}
		if op := m[2]; op == "MatMul" || op == "Gemm" {
			// The compiled layer has their rows as places of one image, or their depth as places of its filters.
			p.Batch *= p.Z.Out * p.H.Out * p.W.Out
			p.InChannels *= p.Z.Filter * p.H.Filter * p.W.Filter
			one := conv.Axis{In: 1, Out: 1, Filter: 1, Stride: 1, Dilation: 1}
			p.Z, p.H, p.W = one, one, one
		}
		at, found := slices.BinarySearchFunc(
			r.Layers,
			node,
			func(l inspectLayer, node int) int { return l.Node - node },
		)
		switch l := layerCounts(node, m[2], p); {
		case !found:
			r.Layers = slices.Insert(r.Layers, at, l)
		case r.Layers[at].FLOPs == 0:
			r.Layers[at] = l
		}
	}
}

// layerCounts counts a problem whose outputs have the size 0 where it is unknown, and whose batch is then 1.
func layerCounts(node int, op string, p conv.Problem) inspectLayer {
	c := p.Counts()
	l := inspectLayer{
		Node: node,
		Op:   op,
		Filters: fmt.Sprintf(
			"%d of %s",
			p.OutChannels,
			sizeText(p.Z.Filter, p.H.Filter, p.W.Filter, p.InChannels/p.Groups),
		),
		Shared: c.Shared,
	}
	if c.Neurons > 0 {
		l.Unshared, l.FLOPs = c.Unshared, p.FLOPs()
	}
	return l
}

// convolution is the problem of a Conv or ConvTranspose as far as its counts need it: no strides and paddings. ok is
// false where not even the filters are known.
func convolution(n onnx.Node, shapes map[string]axes) (p conv.Problem, ok bool) {
	w, ok := shapes[n.Inputs[1]].sizes()
	groups := int64(1)
	if a, has := n.Attributes["group"]; has {
		groups = a.Int
	}
	if !ok || len(w) < 3 || len(w) > 5 || groups < 1 {
		return p, false
	}
	p = conv.Problem{
		Batch:       1,
		Groups:      int(groups),
		InChannels:  w[1] * int(groups),
		OutChannels: w[0],
		Transposed:  n.Op == "ConvTranspose",
	}
	if p.Transposed { // filters are (D, K / groups, sizes)
		p.InChannels, p.OutChannels = w[0], w[1]*int(groups)
	}
	places := func(shape []int) [3]int {
		all := [3]int{1, 1, 1}
		copy(all[3-len(shape):], shape)
		return all
	}
	filter, in, out := places(w[2:]), [3]int{}, [3]int{}
	x, has := shapes[n.Inputs[0]].images()
	y, gives := shapes[n.Outputs[0]].images()
	if has && gives && len(x) == len(w) && len(y) == len(w) && x[0] > 0 {
		p.Batch, in, out = x[0], places(x[2:]), places(y[2:])
	}
	for i, axis := range []*conv.Axis{&p.Z, &p.H, &p.W} {
		*axis = conv.Axis{In: in[i], Out: out[i], Filter: filter[i], Stride: 1, Dilation: 1}
	}
	return p, p.InChannels >= p.Groups
}

// product is the problem of a product with a matrix that the file holds: a layer of 1x1 filters over images of one
// pixel.
func product(n onnx.Node, shapes map[string]axes) (p conv.Problem, ok bool) {
	w, ok := shapes[n.Inputs[1]].sizes()
	if !ok || len(w) != 2 {
		return p, false
	}
	in, out := w[0], w[1]
	if n.Attributes["transB"].Int == 1 {
		in, out = out, in
	}
	one := conv.Axis{In: 1, Filter: 1, Stride: 1, Dilation: 1}
	p = conv.Problem{Batch: 1, Groups: 1, InChannels: in, OutChannels: out, Z: one, H: one, W: one}
	if x, has := shapes[n.Inputs[0]].images(); has && in > 0 {
		p.Batch = 1
		for _, size := range x {
			p.Batch *= max(size, 1)
		}
		p.Batch /= in
		p.Z.Out, p.H.Out, p.W.Out = 1, 1, 1
	}
	return p, in > 0 && out > 0 && p.Batch > 0
}
