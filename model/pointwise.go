package model

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/shaders"
)

// This file lowers what is computed number by number, with broadcasting.

// kernel is one step of such a node: a row of the table in shaders/expressions.go, with its parameters.
type kernel struct {
	name        string
	alpha, beta float32
}

// formula is how a node is computed: kernels one after the other. The first one reads the node's inputs, each other
// one what the one before it gave, and if it takes more, the node's further inputs.
type formula []kernel

// pointwise adds a node whose output, of this type, is computed of these values.
func (c *compiler) pointwise(n *node, t onnx.DataType, f formula, values ...*value) error {
	shapes := make([][]int, len(values))
	for i, v := range values {
		shapes[i] = v.shape()
	}
	shape, err := op.BroadcastShape(shapes...)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrGraph, err)
	}
	l := link{n, t, f, values, shape}
	if c.capture != nil {
		*c.capture = l
		return nil
	}
	return c.computed(l)
}

// leader is the view of the first value of the whole shape that is on the device, whose layout the result takes, so
// that most kernels find their numbers one behind the other.
func (c *compiler) leader(values []*value, shape []int) op.View {
	best := op.Contiguous(shape...)
	for _, v := range slices.Backward(values) {
		if v.known == nil && slices.Equal(v.shape(), shape) {
			best = v.view
		}
	}
	return best
}

// inOrder are tensors broadcast to the shape of out, and out, by axes in the order in which out lies in memory.
func inOrder(out op.Tensor, in []op.Tensor) (all []op.Tensor, v op.Tensor, err error) {
	order := ranked(out.View)
	for _, t := range append(slices.Clone(in), out) {
		view, err := op.Broadcast(t.View, out.Shape)
		if err == nil {
			view, err = view.Permute(order...)
		}
		if err != nil {
			return nil, v, err
		}
		all = append(all, view.Of(t.Operand))
	}
	return all[:len(in)], all[len(in)], nil
}

// plan adds the formula's steps.
func (f formula) plan(p *exec.Plan, in []op.Tensor, out op.Tensor) error {
	reads, v, err := inOrder(out, in)
	if err != nil {
		return err
	}
	for i, k := range f {
		take := k.inputs(reads, p)
		to := v
		if i < len(f)-1 {
			to = scratch(p, k, v, take)
		}
		if err := op.Pointwise(p, k.name, k.alpha, k.beta, to, take...); err != nil {
			return err
		}
		reads = append([]op.Tensor{to}, reads[len(take):]...)
	}
	return nil
}

// inputs are the first of the tensors, as many as the kernel takes.
func (k kernel) inputs(tensors []op.Tensor, p *exec.Plan) []op.Tensor {
	for count := len(tensors); count > 1; count-- {
		if k.gives(p, tensors[:count]) != "" {
			return tensors[:count]
		}
	}
	return tensors[:1]
}

// gives is the type that the kernel gives of these tensors, "" where it takes no such.
func (k kernel) gives(p *exec.Plan, in []op.Tensor) shaders.DType {
	var types []shaders.DType
	for _, t := range in {
		types = append(types, p.Operands[t.Operand].DType)
	}
	row, _, ok := shaders.PointwiseOf(k.name, types...)
	if !ok {
		return ""
	}
	return row.Gives(types...)
}

// scratch is a tensor between two kernels, laid out as the result.
func scratch(p *exec.Plan, k kernel, v op.Tensor, in []op.Tensor) op.Tensor {
	return op.Contiguous(v.Shape...).Of(p.Add(exec.Operand{
		Name:  "the result of " + k.name,
		Role:  exec.Scratch,
		Count: int64(v.Count()),
		DType: k.gives(p, in),
	}))
}

// narrow is what holds whole numbers in the range of their type: the last bits of a word.
func narrow(t onnx.DataType) formula {
	switch t {
	case onnx.Int8:
		return formula{{name: "last_bits_signed", alpha: 24}}
	case onnx.Int16:
		return formula{{name: "last_bits_signed", alpha: 16}}
	case onnx.Uint8:
		return formula{{name: "last_bits", alpha: 24}}
	case onnx.Uint16:
		return formula{{name: "last_bits", alpha: 16}}
	}
	return nil
}

// floating refuses a node whose input is not of floating point.
func floating(n *node, v *value) error {
	if v == nil || !isFloat(v.dtype) {
		return fmt.Errorf("%w: %s of %v", ErrUnsupported, n.Op, typeOf(v))
	}
	return nil
}

func typeOf(v *value) onnx.DataType {
	if v == nil {
		return onnx.Undefined
	}
	return v.dtype
}

// activationKernels are ONNX's functions of one number without parameters.
var activationKernels = map[string]string{
	"Abs": "abs", "Neg": "neg", "Sqrt": "sqrt", "Reciprocal": "reciprocal", "Exp": "exp", "Log": "log",
	"Floor": "floor",
	"Ceil":  "ceil", "Round": "round", "Sign": "sign", "Erf": "erf", "Sin": "sin", "Cos": "cos", "Tan": "tan",
	"Asin": "asin", "Acos": "acos", "Atan": "atan", "Sinh": "sinh", "Cosh": "cosh", "Tanh": "tanh", "Asinh": "asinh",
	"Acosh": "acosh", "Atanh": "atanh", "Relu": "relu", "Sigmoid": "sigmoid", "HardSwish": "hard_swish",
	"Softplus": "softplus", "Softsign": "softsign", "Mish": "mish",
}

// lowerFunction lowers a function of one number.
func lowerFunction(c *compiler, n *node) error {
	x := c.in(n, 0)
	whole := isWhole(x.dtype) && slices.Contains([]string{"Abs", "Neg", "Sign", "Relu"}, n.Op)
	if !whole {
		if err := floating(n, x); err != nil {
			return err
		}
	}
	f := formula{{name: activationKernels[n.Op]}}
	if whole {
		f = append(f, narrow(x.dtype)...)
	}
	return c.pointwise(n, x.dtype, f, x)
}

// parameters are the attributes of a function, by ONNX's names and defaults, for its kernel's alpha and beta.
type parameters struct {
	kernel      string
	alpha, beta string
	defaults    [2]float32
}

var parametric = map[string]parameters{
	"LeakyRelu":       {"leaky_relu", "alpha", "", [2]float32{0.01}},
	"Elu":             {"elu", "alpha", "", [2]float32{1}},
	"Celu":            {"celu", "alpha", "", [2]float32{1}},
	"Selu":            {"selu", "alpha", "gamma", [2]float32{1.6732632, 1.050701}},
	"HardSigmoid":     {"hard_sigmoid", "alpha", "beta", [2]float32{0.2, 0.5}},
	"ThresholdedRelu": {"thresholded_relu", "alpha", "", [2]float32{1}},
	"Shrink":          {"shrink", "lambd", "bias", [2]float32{0.5, 0}},
	"Swish":           {"swish", "alpha", "", [2]float32{1}},
	"Affine":          {"scale", "alpha", "beta", [2]float32{1, 0}},
}

// lowerParametric lowers a function of one number with parameters.
func lowerParametric(c *compiler, n *node) (err error) {
	x, by := c.in(n, 0), parametric[n.Op]
	if err := floating(n, x); err != nil {
		return err
	}
	k := kernel{name: by.kernel, alpha: by.defaults[0], beta: by.defaults[1]}
	if k.alpha, err = n.float(by.alpha, k.alpha); err != nil {
		return err
	}
	if by.beta != "" {
		if k.beta, err = n.float(by.beta, k.beta); err != nil {
			return err
		}
	}
	return c.pointwise(n, x.dtype, formula{k}, x)
}

func lowerGelu(c *compiler, n *node) error {
	x := c.in(n, 0)
	if err := floating(n, x); err != nil {
		return err
	}
	how, err := n.text("approximate", "none")
	if err != nil {
		return err
	}
	name, ok := map[string]string{"none": "gelu", "tanh": "gelu_tanh"}[how]
	if !ok {
		return fmt.Errorf("%w: approximate %q of Gelu", ErrGraph, how)
	}
	return c.pointwise(n, x.dtype, formula{{name: name}}, x)
}

// binary are ONNX's functions of two numbers that give one of their type.
var binary = map[string]string{"Add": "add", "Sub": "sub", "Mul": "mul", "Div": "div", "Pow": "pow", "PRelu": "prelu"}

// aligned is a node without the attributes broadcast and axis that such functions had until opset 6: its second input
// gets axes of size 1 behind its own instead, and so do PRelu's slopes, one for each channel.
func (c *compiler) aligned(n *node) (*node, error) {
	x, y := c.in(n, 0), c.in(n, 1)
	slopes := n.Op == "PRelu" && x.rank() > 1
	if c.net.opset >= 7 || n.Attributes["broadcast"].Int != 1 && !slopes {
		return n, nil
	}
	otherwise := x.rank() - y.rank()
	if slopes {
		otherwise = 1
	}
	at, err := n.integer("axis", otherwise)
	if err != nil {
		return n, err
	}
	if at < 0 {
		at += x.rank()
	}
	behind := x.rank() - at - y.rank()
	if at < 0 || behind < 0 {
		return n, fmt.Errorf("%w: %s of %s and %s along axis %d", ErrGraph, n.Op, x, y, at)
	}
	v, err := c.reshaped(y, append(slices.Clone(y.shape()), slices.Repeat([]int{1}, behind)...))
	if err != nil {
		return n, err
	}
	name := fmt.Sprintf("%s of node %d", y.name, n.index)
	to := *n
	to.Inputs, to.Attributes = []string{n.Inputs[0], name}, nil
	c.values[name] = v
	return &to, nil
}

// lowerBinary lowers a function of two numbers, whole or of floating point.
func lowerBinary(c *compiler, n *node) error {
	n, err := c.aligned(n)
	if err != nil {
		return err
	}
	x, y := c.in(n, 0), c.in(n, 1)
	if x == nil || y == nil || x.dtype != y.dtype && n.Op != "Pow" {
		return fmt.Errorf("%w: %s of %v and %v", ErrGraph, n.Op, typeOf(x), typeOf(y))
	}
	if n.Op == "PRelu" {
		if err := floating(n, x); err != nil {
			return err
		}
	}
	f := formula{{name: binary[n.Op]}}
	if isFloat(x.dtype) != isFloat(y.dtype) { // Pow
		return lowerMixedPow(c, n, x, y)
	}
	return c.pointwise(n, x.dtype, append(f, narrow(x.dtype)...), x, y)
}

func lowerMod(c *compiler, n *node) error {
	x, y := c.in(n, 0), c.in(n, 1)
	fmod, err := n.integer("fmod", 0)
	if err != nil {
		return err
	}
	name := "mod"
	if fmod == 1 {
		name = "fmod"
	}
	if isFloat(x.dtype) && fmod != 1 || x.dtype != y.dtype {
		return fmt.Errorf("%w: Mod of %v and %v with fmod %d", ErrUnsupported, x.dtype, y.dtype, fmod)
	}
	return c.pointwise(n, x.dtype, formula{{name: name}}, x, y)
}

// variadic are ONNX's functions of any number of tensors.
var variadic = map[string]string{"Min": "min", "Max": "max", "Sum": "add", "Mean": "add"}

func lowerVariadic(c *compiler, n *node) error {
	values := c.inputs(n)
	if len(values) == 0 || slices.Contains(values, nil) {
		return fmt.Errorf("%w: %s of %d inputs, one left out", ErrGraph, n.Op, len(values))
	}
	t := values[0].dtype
	for _, v := range values {
		if v.dtype != t {
			return fmt.Errorf("%w: %s of %v and %v", ErrGraph, n.Op, t, v.dtype)
		}
	}
	var f formula
	for range len(values) - 1 {
		f = append(f, kernel{name: variadic[n.Op]})
	}
	if len(f) == 0 {
		f = formula{{name: "copy"}}
	}
	if n.Op == "Mean" {
		if err := floating(n, values[0]); err != nil {
			return err
		}
		f = append(f, kernel{name: "scale", alpha: 1 / float32(len(values))})
	}
	return c.pointwise(n, t, f, values...)
}

// comparisons give truth values.
var comparisons = map[string]string{
	"Equal": "equal", "Less": "less", "Greater": "greater", "LessOrEqual": "less_or_equal",
	"GreaterOrEqual": "greater_or_equal", "And": "and", "Or": "or", "Xor": "xor", "Not": "not", "IsNaN": "is_nan",
}

func lowerComparison(c *compiler, n *node) error {
	values := c.inputs(n)
	if slices.Contains(values, nil) {
		return fmt.Errorf("%w: %s with an input left out", ErrGraph, n.Op)
	}
	for _, v := range values {
		if v.dtype != values[0].dtype {
			return fmt.Errorf("%w: %s of %v and %v", ErrGraph, n.Op, values[0].dtype, v.dtype)
		}
	}
	return c.pointwise(n, onnx.Bool, formula{{name: comparisons[n.Op]}}, values...)
}

func lowerIsInf(c *compiler, n *node) error {
	x := c.in(n, 0)
	if err := floating(n, x); err != nil {
		return err
	}
	up, err := n.integer("detect_positive", 1)
	if err != nil {
		return err
	}
	down, err := n.integer("detect_negative", 1)
	if err != nil {
		return err
	}
	return c.pointwise(n, onnx.Bool, formula{{"is_inf", float32(up), float32(down)}}, x)
}

func lowerWhere(c *compiler, n *node) error {
	where, x, y := c.in(n, 0), c.in(n, 1), c.in(n, 2)
	if where == nil || where.dtype != onnx.Bool || x == nil || y == nil || x.dtype != y.dtype {
		return fmt.Errorf("%w: Where of %v, %v and %v", ErrGraph, typeOf(where), typeOf(x), typeOf(y))
	}
	return c.pointwise(n, x.dtype, formula{{name: "where"}}, where, x, y)
}

// lowerCast converts numbers. float16 numbers are float32 on the device, and stay what they are.
func lowerCast(c *compiler, n *node) error {
	x := c.in(n, 0)
	t, err := castTo(c, n)
	if err != nil {
		return err
	}
	var f formula
	switch from := isFloat(x.dtype); {
	case t == onnx.Bool:
		f = formula{{name: "to_bool"}}
	case from && isFloat(t), x.dtype == t:
		v := *x
		v.dtype = t
		return c.moved(n, &v)
	case from:
		f = append(formula{{name: "to_int"}}, narrow(t)...)
	case isFloat(t):
		f = formula{{name: "to_float"}}
	default:
		f = append(formula{{name: "copy"}}, narrow(t)...)
	}
	return c.pointwise(n, t, f, x)
}

// lowerClip holds numbers between two ends, which may be left out.
func lowerClip(c *compiler, n *node) error {
	x := c.in(n, 0)
	if isFloat(x.dtype) {
		if low, high, ok := c.clip(n); ok {
			return c.pointwise(n, x.dtype, formula{{"clip", low, high}}, x)
		}
	}
	values, names := []*value{x}, []string{"max", "min"}
	var f formula
	for i, name := range names {
		if end := c.in(n, 1+i); end != nil {
			values, f = append(values, end), append(f, kernel{name: name})
		}
	}
	if f == nil {
		f = formula{{name: "copy"}}
	}
	for _, v := range values {
		if v.dtype != x.dtype {
			return fmt.Errorf("%w: Clip of %v to %v", ErrGraph, x.dtype, v.dtype)
		}
	}
	return c.pointwise(n, x.dtype, f, values...)
}
