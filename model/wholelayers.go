package model

import (
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/onnx"
)

// This file puts layers of float32 in the place of convolutions and products of 8-bit whole numbers. float32 has every
// whole number up to 2^24: where no filter's terms can exceed that together, which follows from the filters, its
// algorithms add them up exactly, in whatever order, and are quicker than sums of int32.

// mostWhole is up to which float32 has every whole number.
const mostWhole = 1 << 24

// wholeInputs are where an operator has X, its zero point, the filters and theirs.
var wholeInputs = map[string][4]int{
	"ConvInteger": {0, 2, 1, 3}, "QLinearConv": {0, 2, 3, 5}, "MatMulInteger": {0, 2, 1, 3},
	"QLinearMatMul": {0, 2, 3, 5}, linearTransposed: {0, 2, 3, 5},
}

// linearTransposed is to ConvTranspose what QLinearConv is to Conv. ONNX has none.
const linearTransposed = "QLinearConvTranspose"

// expandQuantized puts a DequantizeLinear, which takes the zero point off, a layer and what makes the output of its
// sums in the place of each such node for which float32 is enough.
func (net *Network) expandQuantized() {
	if !slices.ContainsFunc(net.nodes, func(n *node) bool { _, ok := wholeInputs[n.Op]; return ok }) {
		return
	}
	f := newFolding(net)
	f.replace(f.expand)
}

// expand adds what computes the node, unless it is none of these or anything that must be known is not.
func (f *folding) expand(n *node) bool {
	at, ok := wholeInputs[n.Op]
	if !ok {
		return false
	}
	w := f.known(n.input(at[2]))
	largest, ok := f.largestInput(n, at[1])
	product, axis := n.Op == "MatMulInteger" || n.Op == "QLinearMatMul", 0 // of the filters
	if product || n.Op == linearTransposed {
		axis = 1
	}
	if !ok || w == nil || !isWhole(w.dtype) || w.empty() || product != (w.rank() == 2) ||
		!product && (w.rank() < 3 || w.rank() > 5) {
		return false
	}
	filters, ok := f.centred(n, w, at[3], axis)
	bias, known := f.wholeBiases(n, w.shape()[axis])
	if !ok || !known || !exactSums(filters, w.shape(), axis, bias, largest) {
		return false
	}
	return f.expanded(n, at, knownAs(onnx.Float, w.shape(), numbers{floats: filters}), axis, bias)
}

// largestInput is the largest that a number of X without its zero point can be, but for its sign. The zero point says
// of which type X is, and must be one known number, or left out.
func (f *folding) largestInput(n *node, at int) (largest int64, ok bool) {
	if n.input(at) == "" {
		return 255, true // which is uint8's
	}
	v := f.known(n.input(at))
	if v == nil || v.view.Count() != 1 || v.dtype != onnx.Int8 && v.dtype != onnx.Uint8 {
		return 0, false
	}
	low, high, _ := rangeOf(v.dtype)
	zero := v.numbers().ints[0]
	return max(high-zero, zero-low), true
}

// centred are the filters without their zero points, of which there is one, or one for each place of the axis.
func (f *folding) centred(n *node, w *value, at, axis int) (all []float32, ok bool) {
	zeros := []int64{0}
	if n.input(at) != "" {
		v := f.known(n.input(at))
		if v == nil || !isWhole(v.dtype) || v.view.Count() != 1 && v.view.Count() != w.shape()[axis] {
			return nil, false
		}
		zeros = v.numbers().ints
	}
	steps := behind(w.shape(), axis)
	for i, number := range w.numbers().ints {
		all = append(all, float32(number-zeros[i/steps%w.shape()[axis]%len(zeros)]))
	}
	return all, true
}

// behind is how many numbers of a tensor lie from one place of an axis to the next.
func behind(shape []int, axis int) int {
	count := 1
	for _, size := range shape[axis+1:] {
		count *= size
	}
	return count
}

// wholeBiases are those of a QLinearConv, none where it has none. known is false where they are not.
func (f *folding) wholeBiases(n *node, outputs int) (all []int64, known bool) {
	if n.Op != "QLinearConv" && n.Op != linearTransposed || n.input(8) == "" {
		return nil, true
	}
	v := f.known(n.input(8))
	if v == nil || !isWhole(v.dtype) || v.view.Count() != outputs {
		return nil, false
	}
	return v.numbers().ints, true
}

// exactSums tells whether no filter's terms, with its bias, can exceed 2^24 together.
func exactSums(filters []float32, shape []int, axis int, biases []int64, largest int64) bool {
	sums := make([]float64, shape[axis])
	for k, b := range biases {
		sums[k] = math.Abs(float64(b))
	}
	steps := behind(shape, axis)
	for i, w := range filters {
		sums[i/steps%len(sums)] += math.Abs(float64(w)) * float64(largest)
	}
	return slices.Max(sums) <= mostWhole
}

// scaled is what the sums of a linear operator are multiplied with, for outputs along the first of so many axes.
func (f *folding) scaled(n *node, outputs, axes int) (name string, ok bool) {
	if zero := f.known(n.input(7)); zero == nil || zero.view.Count() != 1 {
		return "", false
	}
	var scales [3][]float32
	for i, at := range []int{1, 4, 6} {
		v := f.known(n.input(at))
		if v == nil || v.dtype != onnx.Float || v.view.Count() != 1 && (i != 1 || v.view.Count() != outputs) {
			return "", false
		}
		scales[i] = v.numbers().floats
	}
	by := factors(scales)
	shape := append([]int{len(by)}, slices.Repeat([]int{1}, axes-1)...)
	return f.keep(n, "the factor of the sums", knownAs(onnx.Float, shape, numbers{floats: by})), true
}

// expanded adds the nodes.
func (f *folding) expanded(n *node, at [4]int, filters *value, axis int, bias []int64) bool {
	layer, attributes := "Conv", n.Attributes
	switch {
	case filters.rank() == 2:
		layer, attributes = "MatMul", nil
	case n.Op == linearTransposed:
		layer = "ConvTranspose"
	}
	outputs, axes := filters.shape()[axis], filters.rank()-1 // channels of the sums, and their axes from these on
	linear, by := n.Op[0] == 'Q', ""
	if linear {
		var ok bool
		if by, ok = f.scaled(n, outputs, axes); !ok {
			return false
		}
	}
	one := f.keep(n, "one", knownAs(onnx.Float, nil, numbers{floats: []float32{1}}))
	x, sums, result := f.name(n, "X without its zero point"), f.name(n, "the sums"), f.name(n, "the sums scaled")
	inputs := []string{n.Inputs[at[0]], one}
	if zero := n.input(at[1]); zero != "" {
		inputs = append(inputs, zero)
	}
	f.add(n, "DequantizeLinear", nil, x, inputs...)
	inputs = []string{x, f.keep(n, "the filters", filters)}
	if bias != nil {
		b := numbers{}
		for _, of := range bias {
			b.floats = append(b.floats, float32(of))
		}
		inputs = append(inputs, f.keep(n, "the biases", knownAs(onnx.Float, []int{len(bias)}, b)))
	}
	f.add(n, layer, attributes, sums, inputs...)
	f.added[len(f.added)-1].whole = true
	if !linear {
		to := map[string]onnx.Attribute{"to": {Kind: onnx.KindInt, Int: int64(onnx.Int32)}}
		f.add(n, "Cast", to, n.Outputs[0], sums)
		return true
	}
	f.add(n, "Mul", nil, result, sums, by)
	f.add(n, "QuantizeLinear", nil, n.Outputs[0], result, one, n.Inputs[7])
	return true
}
