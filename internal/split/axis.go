package split

import (
	"math"
	"math/bits"

	"github.com/gpuconv/gpuconv/conv"
)

// Span is the whole numbers from..to-1.
type Span struct{ From, To int64 }

// Size counts them.
func (s Span) Size() int64 { return s.To - s.From }

// AxisBlock is one axis of a block, and where its inputs stand in the whole.
type AxisBlock struct {
	conv.Axis
	At func(j int) int // the whole's input that is the block's input j, or -1 for a zero; nil is j itself
}

// CutAxis gives the axis of the outputs and taps of the given spans, without padding: the block's inputs
// are those that its windows read, with what stands in the padding gathered like any other.
func CutAxis(a conv.Axis, p conv.Padding, transposed bool, out, taps Span) AxisBlock {
	if transposed {
		return cutTransposed(a, out, taps)
	}
	start := int(out.From)*a.Stride - a.Pad + int(taps.From)*a.Dilation
	n, filter := int(out.Size()), int(taps.Size())
	cut := conv.Axis{
		In:       int(windowed(a, out.Size(), taps.Size())),
		Out:      n,
		Filter:   filter,
		Stride:   a.Stride,
		Dilation: a.Dilation,
	}
	if n*filter <= cut.In { // windows one after the other, without the inputs between them or their taps
		cut.In, cut.Stride, cut.Dilation = n*filter, filter, 1
		return AxisBlock{cut, func(j int) int { return padded(a, p, start+j/filter*a.Stride+j%filter*a.Dilation) }}
	}
	return AxisBlock{cut, func(j int) int { return padded(a, p, start+j) }}
}

// windowed is how many inputs cutAxis gathers for n outputs of so many taps.
func windowed(a conv.Axis, n, taps int64) int64 {
	return min((n-1)*int64(a.Stride)+(taps-1)*int64(a.Dilation)+1, n*taps)
}

// padded is the input at place q of the padded axis, or -1 for a zero.
func padded(a conv.Axis, p conv.Padding, q int) int {
	if q >= 0 && q < a.In {
		return q
	}
	switch p {
	case conv.Reflect:
		return min(max(q, -q), 2*(a.In-1)-q)
	case conv.Replicate:
		return min(max(q, 0), a.In-1)
	case conv.Circular:
		return (q + a.In) % a.In
	}
	return -1
}

// cutTransposed: output o is reached by the inputs i with i*S + f*D = o + P. Counted from the block's
// first output o0, input i0 and tap f0 this is (i-i0)*S + (f-f0)*D = (o-o0) + P' with
//
//	P' = P + o0 - i0*S - f0*D
//
// which must not be negative: i0 is the first input that reaches the span, or one that ends before it
// starts. Inputs outside of the whole are zeros.
func cutTransposed(a conv.Axis, out, taps Span) AxisBlock {
	s := int64(a.Stride)
	first := out.From + int64(a.Pad) - taps.From*int64(a.Dilation) // o0 + P - f0*D
	reach := (taps.Size() - 1) * int64(a.Dilation)
	begin := floorDiv(first, s)
	i0 := min(-floorDiv(reach-first, s), begin) // rounded up
	i0 = max(i0, min(0, begin))
	i1 := floorDiv(first+out.Size()-1, s) + 1
	i1 = min(i1, max(int64(a.In), i0+1))
	cut := conv.Axis{
		In:       int(i1 - i0),
		Out:      int(out.Size()),
		Filter:   int(taps.Size()),
		Stride:   a.Stride,
		Pad:      int(first - i0*s),
		Dilation: a.Dilation,
	}
	return AxisBlock{cut, func(j int) int {
		if i := j + int(i0); i >= 0 && i < a.In {
			return i
		}
		return -1
	}}
}

// reaching is at least as many inputs as cutTransposed gathers for any n outputs and any such taps.
func reaching(a conv.Axis, n, taps int64) int64 {
	s := int64(a.Stride)
	extent := (taps-1)*int64(a.Dilation) + 1
	most := (n-1+max(extent, s)-1)/s + 1
	if taps == int64(a.Filter) { // nothing before the first input is asked for
		most = min(most, int64(a.In))
	}
	return most
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// times multiplies numbers that are not negative, and stays at the largest where that is passed.
func times(factors ...int64) int64 {
	n := uint64(1)
	for _, f := range factors {
		hi, lo := bits.Mul64(n, uint64(f))
		if hi != 0 || lo > math.MaxInt64 {
			return math.MaxInt64
		}
		n = lo
	}
	return int64(n)
}
