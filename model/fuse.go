package model

import (
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// tail is what a layer computes beside its sums: the nodes behind it that are fused into it.
type tail struct {
	last     *node   // the layer gives this one's output
	nodes    []*node // all of them
	filters  tensor.Filters
	epilogue conv.Epilogue
	slopes   []float32
	residual *value
	behind   int // axes of V behind its channels, in ONNX's order
}

// tail finds the nodes behind a layer that read nothing but its V, one after the other, and takes them with it.
func (c *compiler) tail(n *node, v *value, behind int, filters tensor.Filters) tail {
	t := tail{last: n, nodes: []*node{n}, filters: filters, behind: behind}
	if n.whole { // so that filters and biases stay whole too
		return t
	}
	for {
		next, at := c.follower(t.last)
		if next == nil || !c.fuse(&t, next, v) {
			return t
		}
		c.fused[at], t.last, t.nodes = true, next, append(t.nodes, next)
	}
}

// follower is the only node that reads a node's output, which the graph does not give out either.
func (c *compiler) follower(n *node) (next *node, at int) {
	if len(n.Outputs) != 1 || c.uses[n.Outputs[0]] != 1 {
		return nil, 0
	}
	for i := c.at + 1; i < len(c.net.nodes); i++ {
		if m := c.net.nodes[i]; !c.fused[i] && slices.Contains(m.Inputs, n.Outputs[0]) {
			return m, i
		}
	}
	return nil, 0
}

// fuse adds a node to the tail, if a layer can compute it there.
func (c *compiler) fuse(t *tail, n *node, v *value) bool {
	free := t.epilogue.Activation.Function == conv.Identity
	switch {
	case n.Op == "BatchNormalization":
		return free && t.residual == nil && v.rank()-t.behind == 2 && c.fuseNormalization(t, n)
	case n.Op == "Add":
		return t.residual == nil && c.fuseSum(t, n, v, free)
	case free && t.epilogue.Residual != conv.AfterFunction:
		return c.fuseActivation(t, n, v)
	}
	return false
}

// fuseNormalization scales filters and moves biases, in float64.
func (c *compiler) fuseNormalization(t *tail, n *node) bool {
	var parameters [4][]float32
	for i := range parameters {
		v := c.in(n, 1+i)
		if v == nil || v.known == nil || !isFloat(v.dtype) || v.view.Count() != t.filters.K {
			return false
		}
		parameters[i] = v.numbers().floats
	}
	epsilon, err := n.float("epsilon", 1e-5)
	if training, e := n.integer("training_mode", 0); err != nil || e != nil || training != 0 || len(n.Outputs) != 1 {
		return false
	}
	scale, bias, mean, variance := parameters[0], parameters[1], parameters[2], parameters[3]
	f := t.filters
	f.Data, f.Bias = slices.Clone(f.Data), slices.Clone(f.Bias)
	each := len(f.Data) / f.K
	for k := range f.K {
		by := float64(scale[k]) / math.Sqrt(float64(variance[k])+float64(epsilon))
		for i := range each {
			f.Data[k*each+i] = float32(float64(f.Data[k*each+i]) * by)
		}
		f.Bias[k] = float32((float64(f.Bias[k])-float64(mean[k]))*by + float64(bias[k]))
	}
	t.filters = f
	return true
}

// fuseSum adds a residual of V's shape, or before all else a constant for each channel.
func (c *compiler) fuseSum(t *tail, n *node, v *value, free bool) bool {
	other := 0
	if n.Inputs[0] == t.last.Outputs[0] {
		other = 1
	}
	r := c.in(n, other)
	_, shifted := n.Attributes["broadcast"] // of old opsets
	switch {
	case r == nil || shifted || n.Inputs[0] == n.Inputs[1] || !isFloat(r.dtype):
		return false
	case r.known != nil:
		return free && t.fuseBias(r, v)
	case !slices.Equal(r.shape(), v.shape()):
		return false
	}
	t.residual = r
	if t.epilogue.Residual = conv.AfterFunction; free {
		t.epilogue.Residual = conv.BeforeFunction
	}
	return true
}

// perChannel gives a known value's number for each channel of v, if that is what it is.
func (t *tail) perChannel(of, v *value) (all []float32, ok bool) {
	shape := of.shape()
	for len(shape) > t.behind+1 && shape[0] == 1 {
		shape = shape[1:]
	}
	ones := len(shape) == t.behind+1 && shape[0] == t.filters.K &&
		!slices.ContainsFunc(shape[1:], func(size int) bool { return size != 1 })
	if !ones || of.rank() > v.rank() {
		return nil, false
	}
	return of.numbers().floats, true
}

func (t *tail) fuseBias(r, v *value) bool {
	b, ok := t.perChannel(r, v)
	if !ok {
		return false
	}
	t.filters.Bias = slices.Clone(t.filters.Bias)
	for k := range t.filters.Bias {
		t.filters.Bias[k] = float32(float64(t.filters.Bias[k]) + float64(b[k]))
	}
	return true
}

// fuseActivation takes an activation whose parameters are known.
func (c *compiler) fuseActivation(t *tail, n *node, v *value) bool {
	if n.Op == "PRelu" {
		slope := c.in(n, 1)
		if n.Inputs[1] == t.last.Outputs[0] || slope.known == nil || !isFloat(slope.dtype) {
			return false
		}
		s, ok := t.perChannel(slope, v)
		if ok {
			t.epilogue.Activation.Function, t.slopes = conv.PReLU, s
		}
		return ok
	}
	a, ok := c.activation(n)
	if ok && a.Validate() == nil {
		t.epilogue.Activation = a
		return true
	}
	return false
}

// activation is what a node applies to each number, as layers have it.
func (c *compiler) activation(n *node) (a conv.Activation, ok bool) {
	var err error
	alpha := func(otherwise float32) {
		a.Alpha, err = n.float("alpha", otherwise)
	}
	switch n.Op {
	case "Relu":
		a.Function = conv.ReLU
	case "LeakyRelu":
		a.Function = conv.LeakyReLU
		alpha(0.01)
	case "Elu":
		a.Function = conv.ELU
		alpha(1)
	case "Sigmoid":
		a.Function = conv.Sigmoid
	case "Tanh":
		a.Function = conv.Tanh
	case "HardSwish":
		a.Function = conv.HardSwish
	case "HardSigmoid":
		a.Function = conv.HardSigmoid
		if alpha(0.2); err == nil {
			a.Beta, err = n.float("beta", 0.5)
		}
	case "Clip":
		a.Function = conv.Clip
		a.Alpha, a.Beta, ok = c.clip(n)
		return a, ok
	default:
		return a, false
	}
	return a, err == nil
}

// clip gives the ends of a Clip, where they are known.
func (c *compiler) clip(n *node) (low, high float32, ok bool) {
	low, high = -math.MaxFloat32, math.MaxFloat32
	if c.net.opset < 11 {
		var errs [2]error
		low, errs[0] = n.float("min", low)
		high, errs[1] = n.float("max", high)
		return low, high, errs[0] == nil && errs[1] == nil
	}
	for i, end := range []*float32{&low, &high} {
		v := c.in(n, 1+i)
		if v == nil {
			continue
		}
		if v.known == nil || v.dtype != onnx.Float && v.dtype != onnx.Float16 || v.view.Count() != 1 {
			return 0, 0, false
		}
		*end = v.numbers().floats[0]
	}
	return low, high, true
}

// identityFilters are one filter of a single weight 1 for each channel, which change nothing.
func identityFilters(channels int) tensor.Filters {
	f := tensor.Filters{
		Banks: 1, K: channels, Z: 1, H: 1, W: 1, D: 1,
		Data: make([]float32, channels),
		Bias: make([]float32, channels),
	}
	for i := range f.Data {
		f.Data[i] = 1
	}
	return f
}
