package algo

import (
	"fmt"
	"slices"

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
	// Algorithm is the one for float32 that computes the sums, by its name; "" chooses. Parts is what [ExactParts]
	// gives; with 0 the direct algorithm computes them. Biased is what it says of biases.
	Algorithm string
	Parts     int
	Biased    bool
	Threads   uint32 // of the direct algorithm's workgroups; 0 chooses
	Adds      bool
	KeepsSums bool // as int32, where outputs are made of them too
	Finishes  bool // makes float32 outputs
	Stores    bool // makes outputs of int8, whose scale and zero point these are
	VScale    float32
	VZero     int8
	// V, of float32, and Residual are where the volumes stand in operands that may have more channels.
	V, Residual shaders.Placement
}

// Quantized is the plan of such a layer: an algorithm for float32 that is exact, or conv.wgsl, adds sums up, and
// dequantize.wgsl makes outputs of them, and requantize.wgsl those of int8, unless the algorithm's kernels do.
// Operands that it does not need are -1.
type Quantized struct {
	exec.Plan
	spec                     QuantizedSpec
	parts                    []sumsPart // none where conv.wgsl adds up
	converted                bool       // numbers are turned by steps, even where kernels could
	wideB, sums              int        // the biases, and the sums of a part, as float32
	X, W, B, ZeroPoints      int        // of the sums
	Sums                     int        // also -1 where kernels make outputs of them at once
	Scales, Slopes, Residual int        // of the outputs
	V                        int
	Bytes                    int // V as int8
}

// PlanQuantized plans a quantized layer, whose constants the caller is to fill: those of the sums by Fill. The error
// wraps [ErrUnknown] where the algorithm that s names is none, and says why where it does not serve the layer.
func PlanQuantized(s QuantizedSpec, l Limits) (Quantized, error) {
	q := Quantized{spec: s, X: -1, W: -1, B: -1, ZeroPoints: -1, Sums: -1, Scales: -1, Slopes: -1, Residual: -1,
		V: -1, Bytes: -1, wideB: -1, sums: -1}
	if s.Adds {
		if err := q.addSums(s, l); err != nil {
			return q, err
		}
	}
	if made := max(q.V, q.Bytes) >= 0; !made && (s.Finishes || s.Stores) {
		q.addOutputs(s, l)
	}
	return q, nil
}

// keptSums are the sums as int32, where any step has them.
func (q *Quantized) keptSums() int {
	if q.Sums < 0 {
		role := exec.Scratch
		if !q.spec.Adds {
			role = exec.Input
		}
		q.Sums = q.Add(exec.Operand{Name: "the sums", Role: role, Count: q.spec.Problem.OutLen(),
			DType: shaders.Float32})
	}
	return q.Sums
}

// scales adds those of input times weights, one for each channel.
func (q *Quantized) scales() int {
	return q.constant("the scales", int64(q.spec.Problem.OutChannels), shaders.Float32)
}

// output adds V, as Float32 or Int8.
func (q *Quantized) output(t shaders.DType) int {
	to, name := &q.V, "the output volume V"
	if t == shaders.Int8 {
		to, name = &q.Bytes, "the output volume V as int8"
	}
	*to = q.Add(exec.Operand{Name: name, Role: exec.Output, Count: q.spec.Problem.OutLen(), DType: t})
	return *to
}

// biases adds the biases as int32.
func (q *Quantized) biases(p conv.Problem) int {
	return q.constant("the biases b", p.BiasLen(), shaders.Float32)
}

// constant adds an operand that the caller fills.
func (q *Quantized) constant(name string, count int64, t shaders.DType) int {
	return q.Add(exec.Operand{Name: name, Role: exec.Constant, Count: count, DType: t})
}

func (q *Quantized) addSums(s QuantizedSpec, l Limits) error {
	p := s.Problem
	q.X = q.Add(exec.Operand{Name: "the input volume X", Role: exec.Input, Count: p.InLen(), DType: shaders.Int8})
	none := newDirect(Spec{Problem: p, Threads: s.Threads})
	if !Is(none, s.Algorithm) {
		switch sums, err := s.exact(l); {
		case len(sums.parts) > 0:
			q.addExact(s, sums)
			return nil
		case s.Algorithm != "" && err != nil:
			return err
		case s.Algorithm != "":
			return fmt.Errorf("%w: sums over few of its input channels can exceed 2^24", ErrNotServed)
		}
	}
	q.B = q.biases(p)
	q.W = q.constant("the filter bank W", p.FilterLen(), shaders.Int8)
	q.ZeroPoints = q.constant("the zero points of W", int64(p.OutChannels), shaders.Float32)
	params := shaders.Forward(p, conv.Epilogue{})
	params.XZero = int32(s.XZero)
	q.Dispatch(shaders.Conv(none.threads, shaders.Int8), shaders.Encode(params), p.OutLen(),
		exec.Whole(q.X), exec.Whole(q.W), exec.Whole(q.B), exec.Whole(q.ZeroPoints), exec.Whole(q.keptSums()))
	return nil
}

// Algorithm is what computes the sums.
func (q *Quantized) Algorithm() Algorithm {
	if len(q.parts) > 0 {
		return summed{q.parts[0].plan.Algorithm, q.converted}
	}
	return newDirect(Spec{Problem: q.spec.Problem, Threads: q.spec.Threads})
}

// Fill says what the constants of the sums are filled with: the filters, whose zero points are one for each output
// channel, and the biases.
func (q *Quantized) Fill(weights []int8, zeros, biases []int32) {
	words := func(operand int, w []uint32) {
		if operand >= 0 {
			q.Operands[operand].Fill = func() ([]uint32, error) { return w, nil }
		}
	}
	words(q.B, exec.Integers(biases))
	words(q.wideB, wholeFloats(biases))
	words(q.ZeroPoints, exec.Integers(zeros))
	if q.W >= 0 {
		words(q.W, exec.PackBytes(weights))
	}
	for _, part := range q.parts {
		part.fill(q, q.spec.Problem, weights, zeros)
	}
}

// wholeFloats are whole numbers as float32 has them.
func wholeFloats(all []int32) []uint32 {
	floats := make([]float32, len(all))
	for i, n := range all {
		floats[i] = float32(n)
	}
	return exec.Bits(floats)
}

func (q *Quantized) addOutputs(s QuantizedSpec, l Limits) {
	p, slopes := s.Problem, int64(1)
	if s.Epilogue.Activation.Function == conv.PReLU {
		slopes = int64(p.OutChannels)
	}
	q.Scales = q.scales()
	q.Slopes = q.constant("the slopes of PReLU", slopes, shaders.Float32)
	if s.Epilogue.Residual == conv.NoResidual {
		q.Residual = q.Zeros(1)
	} else {
		q.Residual = q.Add(exec.Operand{Name: "the residual R", Role: exec.Input, Count: p.OutLen(),
			DType: shaders.Float32})
	}
	params := shaders.Forward(p, s.Epilogue).Place(shaders.Placement{}, s.V, s.Residual)
	params.VScale, params.VZero = s.VScale, int32(s.VZero)
	reads := []exec.Use{exec.Whole(q.keptSums()), exec.Whole(q.Scales), exec.Whole(q.Slopes), exec.Whole(q.Residual)}
	if s.Finishes {
		q.Threads(
			single(shaders.Dequantize, s.Epilogue, l),
			shaders.Encode(params),
			p.OutLen(),
			int64(shaders.Dequantize.Threads),
			append(slices.Clone(reads), exec.Whole(q.output(shaders.Float32)))...)
	}
	if s.Stores {
		q.Threads(
			single(shaders.Requantize, s.Epilogue, l),
			shaders.Encode(params),
			exec.WordsOf(shaders.Int8, p.OutLen()),
			int64(shaders.Requantize.Threads),
			append(reads, exec.Whole(q.output(shaders.Int8)))...)
	}
}
