package operators

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/onnx"
)

// Array is a tensor in ONNX's order, row-major. Data has the product of Shape numbers. Whole numbers are exact below
// 2^53; truth values are 0 and 1.
type Array struct {
	Type  onnx.DataType
	Shape []int
	Data  []float64
}

// Result is one output of a node. Allowed is the error that each number may have; nil: every number must be equal.
type Result struct {
	Array
	Allowed []float64
}

// operator is how a node is computed, and how many inputs it may have.
type operator struct {
	least, most int
	compute     func(*call) []Result
}

// many is the number of inputs of operators that take as many as there are.
const many = 1 << 20

// operators are all that there is a reference for.
var operators = merged(
	elementwise, activations, windowed, normalizing, products, reducing,
	shaping, gathering, resizing, making, quantizing, sampling, experimental,
)

// merged is one table of all families.
func merged(families ...map[string]operator) map[string]operator {
	all := map[string]operator{}
	for _, family := range families {
		maps.Copy(all, family)
	}
	return all
}

// Names are the operators that there is a reference for, sorted.
func Names() []string { return slices.Sorted(maps.Keys(operators)) }

// Reference computes the outputs of a node, in the order of its spec; inputs that are left out are nil. Opsets before
// 7 are taken for 7, with what they broadcast along an axis. There may be more results than the node names outputs. Of
// Split there are as many as the node names. Errors wrap [cpuref.ErrShape] where the node has no reference, its
// attributes make no sense, or inputs do not fit, and [cpuref.ErrNoVerdict] where the spec leaves the result open.
func Reference(n onnx.Node, opset int64, inputs []*Array) (results []Result, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case refusal:
			results, err = nil, fmt.Errorf("%w: %s %q (opset %d): %s", r.kind, n.Op, n.Name, opset, r.why)
		default:
			panic(r)
		}
	}()
	o, ok := operators[n.Op]
	switch {
	case !ok || n.Domain != "" && n.Domain != "ai.onnx":
		refuse("operator %q of domain %q has no reference", n.Op, n.Domain)
	case opset < 1:
		refuse("the opset must be 1 or later")
	case len(inputs) < o.least || len(inputs) > o.most:
		refuse("%d inputs, must be %d to %d", len(inputs), o.least, o.most)
	}
	c := &call{node: n, opset: max(opset, firstOpset), in: inputs}
	for i, a := range inputs {
		switch {
		case a == nil && (i < o.least || o.most == many):
			refuse("input %d is left out", i)
		case a != nil && size(a.Shape) != len(a.Data):
			refuse("input %d of shape %v has %d numbers", i, a.Shape, len(a.Data))
		}
	}
	if opset < firstOpset {
		c.modernize()
	}
	results = o.compute(c)
	for i, r := range results {
		if !slices.ContainsFunc(r.Allowed, func(e float64) bool { return e != 0 }) {
			results[i].Allowed = nil
		}
	}
	return results, nil
}

// refusal is what the functions of this package leave Reference with: the reason why a node cannot be computed.
type refusal struct {
	kind error
	why  string
}

// refuse ends the call of Reference with an error that wraps cpuref.ErrShape.
func refuse(format string, args ...any) {
	panic(refusal{cpuref.ErrShape, fmt.Sprintf(format, args...)})
}

// open ends the call of Reference, for the spec says nothing about its result.
func open(format string, args ...any) {
	panic(refusal{cpuref.ErrNoVerdict, fmt.Sprintf(format, args...)})
}

// call is one node with its inputs.
type call struct {
	node  onnx.Node
	opset int64
	in    []*Array
}

// input is input i, nil where it is left out.
func (c *call) input(i int) *Array {
	if i >= len(c.in) {
		return nil
	}
	return c.in[i]
}

// whole are the numbers of input i, which sizes, axes and indices are; nil where it is left out.
func (c *call) whole(i int) []int {
	a := c.input(i)
	if a == nil {
		return nil
	}
	if floating(a.Type) {
		refuse("input %d is of data type %v, must be of whole numbers", i, a.Type)
	}
	list := make([]int, len(a.Data))
	for j, v := range a.Data {
		list[j] = held(v)
	}
	return list
}

// real refuses inputs that are there and not of real numbers.
func (c *call) real(inputs ...int) {
	for _, i := range inputs {
		if a := c.input(i); a != nil && !floating(a.Type) {
			refuse("input %d is of data type %v, must be of real numbers", i, a.Type)
		}
	}
}

// sameTypes refuses inputs of several data types.
func (c *call) sameTypes() {
	for i, a := range c.in {
		if a != nil && a.Type != c.in[0].Type {
			refuse("input %d is of data type %v, must be of %v as input 0 is", i, a.Type, c.in[0].Type)
		}
	}
}

// scalar is the only number of input i, or fallback where it is left out.
func (c *call) scalar(i int, fallback float64) float64 {
	a := c.input(i)
	switch {
	case a == nil:
		return fallback
	case len(a.Data) != 1:
		refuse("input %d of shape %v has %d numbers, must be one", i, a.Shape, len(a.Data))
	}
	return a.Data[0]
}

// has tells whether the node has the attribute.
func (c *call) has(name string) bool {
	_, ok := c.node.Attributes[name]
	return ok
}

// attribute is the node's, ok false where it is left out.
func (c *call) attribute(name string, kind onnx.AttributeKind) (a onnx.Attribute, ok bool) {
	if a, ok = c.node.Attributes[name]; ok && a.Kind != kind {
		refuse("attribute %s is of kind %v, must be of kind %v", name, a.Kind, kind)
	}
	return a, ok
}

// integer is an attribute of one whole number.
func (c *call) integer(name string, fallback int) int {
	if a, ok := c.attribute(name, onnx.KindInt); ok {
		return held(float64(a.Int))
	}
	return fallback
}

// flag is an attribute that is 0 or 1.
func (c *call) flag(name string, fallback bool) bool {
	v := c.integer(name, 0)
	switch {
	case !c.has(name):
		return fallback
	case v != 0 && v != 1:
		refuse("attribute %s is %d, must be 0 or 1", name, v)
	}
	return v == 1
}

// number is an attribute of one float.
func (c *call) number(name string, fallback float64) float64 {
	if a, ok := c.attribute(name, onnx.KindFloat); ok {
		return float64(a.Float)
	}
	return fallback
}

// choice is an attribute that is one of some words; the first one where it is left out.
func (c *call) choice(name string, words ...string) string {
	a, ok := c.attribute(name, onnx.KindString)
	switch {
	case !ok:
		return words[0]
	case !slices.Contains(words, a.String):
		refuse("attribute %s is %q, must be one of %q", name, a.String, words)
	}
	return a.String
}

// numbers is an attribute of real numbers; nil where it is left out.
func (c *call) numbers(name string) []float64 {
	a, _ := c.attribute(name, onnx.KindFloats)
	list := make([]float64, len(a.Floats))
	for i, v := range a.Floats {
		list[i] = float64(v)
	}
	return list
}

// list is an attribute of whole numbers, nil where it is left out.
func (c *call) list(name string) []int {
	a, ok := c.attribute(name, onnx.KindInts)
	if !ok {
		return nil
	}
	list := make([]int, len(a.Ints))
	for i, v := range a.Ints {
		list[i] = held(float64(v))
	}
	return list
}

// sized is a list of so many numbers, each fallback where it is left out.
func (c *call) sized(name string, length, fallback, least int) []int {
	list := c.list(name)
	if list == nil {
		return slices.Repeat([]int{fallback}, length)
	}
	if len(list) != length {
		refuse("attribute %s is %v, must have %d numbers", name, list, length)
	}
	for _, v := range list {
		if v < least || v > cpuref.MaxOutputs {
			refuse("attribute %s is %v, must be of numbers from %d to %d", name, list, least, cpuref.MaxOutputs)
		}
	}
	return list
}

// moved are whole numbers that were an attribute before an opset, and are input i since; nil where they are left out.
func (c *call) moved(name string, i int, since int64) []int {
	if c.opset < since {
		if c.input(i) != nil {
			refuse("input %d is there, must be attribute %s before opset %d", i, name, since)
		}
		return c.list(name)
	}
	if c.has(name) {
		refuse("attribute %s is there, must be input %d from opset %d on", name, i, since)
	}
	return c.whole(i)
}

// held is a whole number held to 2^40, which no size, place or step reaches, so that sums of some do not overflow.
func held(v float64) int {
	const most = 1 << 40
	if v != v {
		return 0
	}
	return int(max(-most, min(v, most)))
}
