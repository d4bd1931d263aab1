package algo

import (
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// QuantizedSpec is a layer of 8-bit whole numbers, or a step of one: sums are added up, or outputs are made of sums
// that are given, or one after the other.
type QuantizedSpec struct {
	Problem  conv.Problem
	Epilogue conv.Epilogue
	XZero    int8
	Threads  uint32 // of the direct algorithm's workgroups; 0 chooses
	Adds     bool
	Finishes bool
}

// Quantized is the plan of such a layer by the direct algorithm: conv.wgsl adds sums up, and dequantize.wgsl makes
// outputs of them. Operands that it does not need are -1.
type Quantized struct {
	exec.Plan
	X, W, B, ZeroPoints      int // of the sums
	Sums                     int
	Scales, Slopes, Residual int // of the outputs
	V                        int
}

// PlanQuantized plans a quantized layer, whose constants the caller is to fill.
func PlanQuantized(s QuantizedSpec) Quantized {
	q := Quantized{X: -1, W: -1, B: -1, ZeroPoints: -1, Scales: -1, Slopes: -1, Residual: -1, V: -1}
	p := s.Problem
	sums := exec.Scratch
	if !s.Adds {
		sums = exec.Input
	}
	q.Sums = q.Add(exec.Operand{Name: "the sums", Role: sums, Count: p.OutLen(), Type: shaders.Float32})
	if s.Adds {
		q.addSums(s)
	}
	if s.Finishes {
		q.addOutputs(s)
	}
	return q
}

// constant adds an operand that the caller fills.
func (q *Quantized) constant(name string, count int64, t shaders.Numbers) int {
	return q.Add(exec.Operand{Name: name, Role: exec.Constant, Count: count, Type: t})
}

func (q *Quantized) addSums(s QuantizedSpec) {
	p := s.Problem
	q.X = q.Add(exec.Operand{Name: "the input volume X", Role: exec.Input, Count: p.InLen(), Type: shaders.Int8})
	q.W = q.constant("the filter bank W", p.FilterLen(), shaders.Int8)
	q.B = q.constant("the biases b", p.BiasLen(), shaders.Float32)
	q.ZeroPoints = q.constant("the zero points of W", int64(p.OutChannels), shaders.Float32)
	params := shaders.Forward(p, conv.Epilogue{})
	params.XZero = int32(s.XZero)
	a := newDirect(Spec{Problem: p, Threads: s.Threads})
	q.Dispatch(shaders.Conv(a.threads, shaders.Int8), shaders.Encode(params), p.OutLen(),
		exec.Whole(q.X), exec.Whole(q.W), exec.Whole(q.B), exec.Whole(q.ZeroPoints), exec.Whole(q.Sums))
}

func (q *Quantized) addOutputs(s QuantizedSpec) {
	p, slopes := s.Problem, int64(1)
	if s.Epilogue.Activation.Function == conv.PReLU {
		slopes = int64(p.OutChannels)
	}
	q.Scales = q.constant("the scales", int64(p.OutChannels), shaders.Float32)
	q.Slopes = q.constant("the slopes of PReLU", slopes, shaders.Float32)
	if s.Epilogue.Residual == conv.NoResidual {
		q.Residual = q.Zeros(1)
	} else {
		q.Residual = q.Add(exec.Operand{Name: "the residual R", Role: exec.Input, Count: p.OutLen(), Type: shaders.Float32})
	}
	q.V = q.Add(exec.Operand{Name: "the output volume V", Role: exec.Output, Count: p.OutLen(), Type: shaders.Float32})
	q.Threads(shaders.Dequantize, shaders.Encode(shaders.Forward(p, s.Epilogue)), p.OutLen(), int64(shaders.Dequantize.Threads),
		exec.Whole(q.Sums), exec.Whole(q.Scales), exec.Whole(q.Slopes), exec.Whole(q.Residual), exec.Whole(q.V))
}
