package model

import (
	"fmt"
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/onnx"
)

// This file takes DequantizeLinear, a layer and QuantizeLinear for the layer of 8-bit whole numbers that they stand
// for: Conv and Gemm for a QLinearConv, MatMul for a QLinearMatMul. A Relu or Clip between is one of whole numbers, or
// nothing at all where the result's range does the same.

// folding looks for such layers.
type folding struct {
	net     *Network
	gives   map[string]*node // the node that gives a value
	readers map[string]int   // and how many read it, the caller among them
	added   []*node          // in the place of the node at hand
}

// foldQuantized puts quantized layers in the place of nodes that stand for them.
func (net *Network) foldQuantized() {
	if !slices.ContainsFunc(net.nodes, func(n *node) bool { return n.Op == "QuantizeLinear" }) {
		return
	}
	f := newFolding(net)
	f.replace(func(n *node) bool { return n.Op == "QuantizeLinear" && f.fold(n) })
}

func newFolding(net *Network) *folding {
	f := &folding{net: net, gives: map[string]*node{}, readers: map[string]int{}}
	for _, n := range net.nodes {
		for _, name := range n.Outputs {
			f.gives[name] = n
		}
		for _, name := range n.Inputs {
			f.readers[name]++
		}
	}
	for _, o := range net.outputs {
		f.readers[o.Name]++
	}
	return f
}

// replace puts what by adds in the place of the nodes for which it adds any.
func (f *folding) replace(by func(n *node) bool) {
	var nodes []*node
	for _, n := range f.net.nodes {
		if f.added = nil; by(n) {
			nodes = append(nodes, f.added...)
			continue
		}
		nodes = append(nodes, n)
	}
	f.net.nodes = f.net.alive(nodes)
}

// alive are the nodes that the outputs need.
func (net *Network) alive(nodes []*node) (all []*node) {
	want := map[string]bool{}
	for _, o := range net.outputs {
		want[o.Name] = true
	}
	for _, n := range slices.Backward(nodes) {
		if slices.ContainsFunc(n.Outputs, func(name string) bool { return name != "" && want[name] }) {
			all = append(all, n)
			for _, name := range n.Inputs {
				want[name] = true
			}
		}
	}
	slices.Reverse(all)
	return all
}

// eightBits are numbers of 8 bits: what they stand for is scale * (x - zero).
type eightBits struct {
	x, scale, zero string
	scales         []float32
	zeros          []int64
	dtype          onnx.DataType
	axis           int    // of the scales
	of             *value // x where it is a constant
}

// fold adds the layer that ends with this QuantizeLinear, if there is one.
func (f *folding) fold(n *node) bool {
	y, ok := f.parameters(n, nil)
	if !ok || len(y.scales) != 1 || len(n.Outputs) != 1 {
		return false
	}
	layer, low, high, ok := f.layer(n)
	if !ok || len(layer.Inputs) < 2 || len(layer.Outputs) != 1 {
		return false
	}
	a, isA := f.dequantized(layer.Inputs[0])
	b, isB := f.dequantized(layer.Inputs[1])
	if !isA || !isB || len(a.scales) != 1 {
		return false
	}
	to, least, most, clipped := n.Outputs[0], int64(0), int64(0), false
	if least, most, clipped = y.clip(low, high); clipped {
		if f.net.opset < 12 { // of whole numbers
			return false
		}
		to = f.name(n, "before it is clipped")
	}
	switch layer.Op {
	case "Conv":
		ok = f.conv(layer, a, b, y, to)
	case "ConvTranspose":
		ok = f.transposed(layer, a, b, y, to)
	case "Gemm":
		ok = f.gemm(layer, a, b, y, to)
	case "MatMul":
		ok = f.matMul(layer, a, b, y, to)
	}
	if ok && clipped {
		ends := []string{to}
		for _, end := range []int64{least, most} {
			ends = append(ends, f.constant(n, fmt.Sprintf("the end %d", end), y.dtype, nil, end))
		}
		f.add(n, "Clip", nil, n.Outputs[0], ends...)
	}
	return ok
}

// layer is what gives a QuantizeLinear its numbers and nobody else, with the ends of a Relu or Clip between.
func (f *folding) layer(n *node) (layer *node, low, high float64, ok bool) {
	low, high = math.Inf(-1), math.Inf(1)
	layer = f.only(n.Inputs[0])
	if layer != nil && (layer.Op == "Relu" || layer.Op == "Clip") && len(layer.Inputs) > 0 {
		if low, high, ok = f.ends(layer); !ok {
			return nil, 0, 0, false
		}
		layer = f.only(layer.Inputs[0])
	}
	ok = layer != nil && slices.Contains([]string{"Conv", "ConvTranspose", "Gemm", "MatMul"}, layer.Op)
	return layer, low, high, ok
}

// only is the node that gives a value which has one reader.
func (f *folding) only(name string) *node {
	if f.readers[name] != 1 {
		return nil
	}
	return f.gives[name]
}

// ends are those of a Relu or a Clip.
func (f *folding) ends(n *node) (low, high float64, ok bool) {
	if n.Op == "Relu" {
		return 0, math.Inf(1), true
	}
	ends := []float64{math.Inf(-1), math.Inf(1)}
	for i, name := range []string{"min", "max"} {
		if f.net.opset < 11 {
			end, err := n.float(name, float32(ends[i]))
			if err != nil {
				return 0, 0, false
			}
			ends[i] = float64(end)
			continue
		}
		if n.input(i+1) == "" {
			continue
		}
		v := f.known(n.input(i + 1))
		if v == nil || v.view.Count() != 1 || !isFloat(v.dtype) {
			return 0, 0, false
		}
		ends[i] = float64(v.numbers().floats[0])
	}
	return ends[0], ends[1], ends[0] <= ends[1]
}

// clip gives the ends of the result's numbers for those of what they stand for, and whether its range is wider.
func (y eightBits) clip(low, high float64) (least, most int64, clipped bool) {
	least, most, _ = rangeOf(y.dtype)
	from, to := float64(least), float64(most)
	at := func(end float64) float64 {
		quotient := float64(float32(end) / y.scales[0])
		return max(from, min(math.RoundToEven(quotient)+float64(y.zeros[0]), to))
	}
	l, h := at(low), at(high)
	return int64(l), int64(h), l > from || h < to
}

// dequantized are the numbers that a DequantizeLinear gives.
func (f *folding) dequantized(name string) (d eightBits, ok bool) {
	n := f.gives[name]
	if n == nil || n.Op != "DequantizeLinear" || len(n.Inputs) < 2 {
		return d, false
	}
	return f.parameters(n, f.known(n.Inputs[0]))
}

// parameters are the constant scale and zero point of a QuantizeLinear or DequantizeLinear, which may only be left out
// where x is known.
func (f *folding) parameters(n *node, of *value) (d eightBits, ok bool) {
	if len(n.Inputs) < 2 {
		return d, false
	}
	var err error
	d = eightBits{x: n.Inputs[0], of: of}
	if d.axis, err = n.integer("axis", 1); err != nil {
		return d, false
	}
	if block, err := n.integer("block_size", 0); err != nil || block != 0 {
		return d, false
	}
	scale := f.known(n.Inputs[1])
	if scale == nil || scale.dtype != onnx.Float || scale.rank() > 1 || scale.empty() {
		return d, false
	}
	d.scale, d.scales = n.Inputs[1], scale.numbers().floats
	var zero *value
	if d.zero = n.input(2); d.zero != "" {
		zero = f.known(d.zero)
	} else if of != nil {
		zero = knownAs(of.dtype, scale.shape(), numbers{ints: make([]int64, len(d.scales))})
		d.zero = f.keep(n, "the zero point", zero)
	}
	if zero == nil || zero.view.Count() != len(d.scales) || !isWhole(zero.dtype) {
		return d, false
	}
	d.zeros, d.dtype = zero.numbers().ints, zero.dtype
	return d, d.dtype == onnx.Int8 || d.dtype == onnx.Uint8 || d.dtype == onnx.Int32
}

// byChannel tells whether weights have a scale for all, or for each place of an axis, and 8 bits.
func (d eightBits) byChannel(axis int) bool {
	if d.dtype == onnx.Int32 {
		return false
	}
	if len(d.scales) == 1 {
		return true
	}
	at := d.axis
	if d.of != nil && at < 0 {
		at += d.of.rank()
	}
	return d.of != nil && at == axis && axis < d.of.rank() && len(d.scales) == d.of.shape()[axis]
}

// bias is the name of a layer's biases of 32 bits, which must have the scale of its sums and the zero point 0; ""
// where it has none.
func (f *folding) bias(layer *node, a, b eightBits) (name string, ok bool) {
	if layer.input(2) == "" {
		return "", true
	}
	d, ok := f.dequantized(layer.input(2))
	if !ok || d.dtype != onnx.Int32 || d.of == nil || d.of.rank() != 1 ||
		slices.ContainsFunc(d.zeros, func(z int64) bool { return z != 0 }) {
		return "", false
	}
	for i := range max(len(d.scales), len(b.scales)) {
		got := float64(d.scales[min(i, len(d.scales)-1)])
		want := float64(a.scales[0]) * float64(b.scales[min(i, len(b.scales)-1)])
		if !(math.Abs(got-want) <= 0x1p-22*want) { // the two roundings of who wrote it
			return "", false
		}
	}
	return d.x, true
}

// quantizes tells whether operands and the result are of 8 bits.
func quantizes(a, y eightBits) bool { return a.dtype != onnx.Int32 && y.dtype != onnx.Int32 }

func (f *folding) conv(layer *node, a, b, y eightBits, to string) bool {
	bias, ok := f.bias(layer, a, b)
	if !ok || !quantizes(a, y) || !b.byChannel(0) || b.of == nil || b.of.rank() < 3 || b.of.rank() > 4 {
		return false
	}
	f.product(layer, "QLinearConv", layer.Attributes, a, b, y, to, bias)
	return true
}

// transposed is none of ONNX's operators of 8-bit numbers: it is a layer of float32 whose sums are exact, or none.
func (f *folding) transposed(layer *node, a, b, y eightBits, to string) bool {
	bias, ok := f.bias(layer, a, b)
	groups, err := layer.integer("group", 1)
	if !ok || err != nil || groups != 1 || !quantizes(a, y) || !b.byChannel(1) || b.of == nil || b.of.rank() < 3 {
		return false
	}
	whole := *layer
	whole.Op, whole.Outputs = linearTransposed, []string{to}
	whole.Inputs = append(inputsOfLinear(a, b, y), bias)
	return f.expand(&whole)
}

func (f *folding) matMul(layer *node, a, b, y eightBits, to string) bool {
	if !quantizes(a, y) || !b.byChannel(1) || len(b.scales) > 1 && b.of.rank() != 2 {
		return false
	}
	f.product(layer, "QLinearMatMul", nil, a, b, y, to, "")
	return true
}

// gemm is a convolution of one place.
func (f *folding) gemm(layer *node, a, b, y eightBits, to string) bool {
	plain := true
	for name, want := range map[string]float32{"alpha": 1, "beta": 1} {
		v, err := layer.float(name, 1)
		plain = plain && err == nil && v == want
	}
	turned, err := layer.integer("transB", 0)
	if of, e := layer.integer("transA", 0); err != nil || e != nil || of != 0 || !plain {
		return false
	}
	if b.of == nil || b.of.rank() != 2 || !quantizes(a, y) || !b.byChannel(1-turned) {
		return false
	}
	bias, ok := f.bias(layer, a, b)
	if !ok {
		return false
	}
	w := b.of
	if turned == 0 {
		view, err := w.view.Permute(1, 0)
		if err != nil {
			return false
		}
		w = w.seen(view)
	}
	filters := knownAs(w.dtype, append(slices.Clone(w.shape()), 1), w.numbers())
	b.x = f.keep(layer, "the filters", filters)
	x, v := f.name(layer, "X with its place"), f.name(layer, "V with its place")
	f.add(layer, "Reshape", nil, x, a.x, f.constant(layer, "one place", onnx.Int64, []int{3}, 0, -1, 1))
	a.x = x
	f.product(layer, "QLinearConv", nil, a, b, y, v, bias)
	f.add(layer, "Reshape", nil, to, v, f.constant(layer, "no place", onnx.Int64, []int{2}, 0, -1))
	return true
}

// product adds a QLinearConv or QLinearMatMul.
func (f *folding) product(
	layer *node, op string, attributes map[string]onnx.Attribute, a, b, y eightBits, to, bias string,
) {
	inputs := inputsOfLinear(a, b, y)
	if bias != "" {
		inputs = append(inputs, bias)
	}
	f.add(layer, op, attributes, to, inputs...)
}

// inputsOfLinear are those of QLinearConv and QLinearMatMul.
func inputsOfLinear(a, b, y eightBits) []string {
	return []string{a.x, a.scale, a.zero, b.x, b.scale, b.zero, y.scale, y.zero}
}

// add adds a node in the place of the one at hand, with the name and number of what it stands for.
func (f *folding) add(of *node, op string, attributes map[string]onnx.Attribute, output string, inputs ...string) {
	f.added = append(f.added, &node{index: of.index, Node: onnx.Node{
		Name: of.Name, Op: op, Inputs: inputs, Outputs: []string{output}, Attributes: attributes,
	}})
}

// name is one for a value that the model does not have.
func (f *folding) name(of *node, what string) string { return fmt.Sprintf("%s of %s", what, of) }

// keep makes a constant of the network.
func (f *folding) keep(of *node, what string, v *value) string {
	v.name = f.name(of, what)
	f.net.initial[v.name] = v
	return v.name
}

func (f *folding) constant(of *node, what string, t onnx.DataType, shape []int, n ...int64) string {
	return f.keep(of, what, knownAs(t, shape, numbers{ints: n}))
}

// known is a constant of the graph, or what a Constant gives; nil where a value is neither.
func (f *folding) known(name string) *value {
	if v := f.net.initial[name]; v != nil {
		return v
	}
	n := f.gives[name]
	if n == nil || n.Op != "Constant" || n.Attributes["value"].Tensor == nil {
		return nil
	}
	v, err := initializer(*n.Attributes["value"].Tensor)
	if err != nil {
		return nil
	}
	return v
}
