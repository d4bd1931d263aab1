package cpuref

import (
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/conv"
)

// division is the relative error of one float32 division in WGSL: 2.5 ULP.
const division = 2.5 * unit

// Quantize is the reference of the same result when it is stored as int8 (ONNX's QuantizeLinear, with int8):
//
//	saturate(round(v / scale) + zero)
//
// round is to the nearest whole number, of two as near ones to the even one; saturate is to -128 and 127. NaN becomes
// zero, for which ONNX has no rule. A result may be what any number within the bound of v, divided with WGSL's
// accuracy, rounds to: of a v that is no closer to a tie one number, else either neighbour. The reference says
// so by a value between these, with just that much allowed. Scale is positive and finite.
func (r Reference) Quantize(scale float32, zero int8) Reference {
	if r.validate() != nil {
		return r // Check says what is wrong with it
	}
	stored := r
	n := len(r.Value)
	stored.Value, stored.Magnitude, stored.Allowed = make([]float64, n), make([]float64, n), make([]float64, n)
	for i, v := range r.Value {
		low, high := quantizedRange(v, r.allowed(i), float64(scale), float64(zero))
		stored.Value[i], stored.Allowed[i] = (low+high)/2, (high-low)/2
		stored.Magnitude[i] = math.Abs(stored.Value[i])
	}
	return stored
}

// quantizedRange gives the least and the largest number that v may become. Where v has no bound they are NaN, which
// Check refuses.
func quantizedRange(v, allowed, scale, zero float64) (low, high float64) {
	switch {
	case math.IsNaN(v):
		return zero, zero
	case math.IsInf(v, 0):
		q := saturate(v)
		return q, q
	case math.IsNaN(allowed) || math.IsInf(allowed, 0):
		return math.NaN(), math.NaN()
	}
	low, high = (v-allowed)/scale, (v+allowed)/scale
	low -= division*math.Abs(low) + smallestNormal
	high += division*math.Abs(high) + smallestNormal
	return saturate(math.RoundToEven(low) + zero), saturate(math.RoundToEven(high) + zero)
}

// saturate holds a number to the range of int8.
func saturate(v float64) float64 { return math.Max(math.MinInt8, math.Min(v, math.MaxInt8)) }

// Numbers is the reference of a result that is copied.
func Numbers(p conv.Problem, data []float32) Reference {
	r := Reference{
		Problem:   p,
		Value:     make([]float64, len(data)),
		Magnitude: make([]float64, len(data)),
		Allowed:   make([]float64, len(data)),
	}
	for i, v := range data {
		r.Value[i], r.Magnitude[i] = float64(v), math.Abs(float64(v))
	}
	return r
}

// Dequantize is the reference of what int8 numbers stand for (ONNX's DequantizeLinear): scale * (x - zero), which
// rounds once. The error wraps [ErrShape] where p has another number of outputs.
func Dequantize(p conv.Problem, x []int8, scale float32, zero int8) (Reference, error) {
	if int64(len(x)) != p.OutLen() {
		return Reference{}, fmt.Errorf("%w: %d numbers, must be %d for %s", ErrShape, len(x), p.OutLen(), p)
	}
	r := Reference{
		Problem:   p,
		Value:     make([]float64, len(x)),
		Magnitude: make([]float64, len(x)),
		Allowed:   make([]float64, len(x)),
	}
	for i, n := range x {
		r.Value[i] = float64(scale) * (float64(n) - float64(zero))
		r.Magnitude[i] = math.Abs(r.Value[i])
		r.Allowed[i] = growth(1)*r.Magnitude[i] + smallestNormal
	}
	return r, nil
}
