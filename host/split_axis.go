package host

import (
	"math"
	"math/bits"

	"github.com/gpuconv/gpuconv/conv"
)

// span is the whole numbers from..to-1.
type span struct{ from, to int64 }

func (s span) size() int64 { return s.to - s.from }

// axisPart is one axis of a part, and where its inputs stand in the whole.
type axisPart struct {
	conv.Axis
	from func(j int) int // the whole's input that is the part's input j, or -1 for a zero; nil is j itself
}

// cutAxis gives the axis of the outputs and taps of the given spans, without padding: the part's inputs
// are those that its windows read, with what stands in the padding gathered like any other.
func cutAxis(a conv.Axis, p conv.Padding, transposed bool, out, taps span) axisPart {
	if transposed {
		return cutTransposed(a, out, taps)
	}
	start := int(out.from)*a.Stride - a.Pad + int(taps.from)*a.Dilation
	n, filter := int(out.size()), int(taps.size())
	part := conv.Axis{In: int(windowed(a, out.size(), taps.size())), Out: n, Filter: filter, Stride: a.Stride, Dilation: a.Dilation}
	if n*filter <= part.In { // windows one after the other, without the inputs between them or their taps
		part.In, part.Stride, part.Dilation = n*filter, filter, 1
		return axisPart{part, func(j int) int { return padded(a, p, start+j/filter*a.Stride+j%filter*a.Dilation) }}
	}
	return axisPart{part, func(j int) int { return padded(a, p, start+j) }}
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

// cutTransposed: output o is reached by the inputs i with i*S + f*D = o + P. Counted from the part's
// first output o0, input i0 and tap f0 this is (i-i0)*S + (f-f0)*D = (o-o0) + P' with
//
//	P' = P + o0 - i0*S - f0*D
//
// which must not be negative: i0 is the first input that reaches the span, or one that ends before it
// starts. Inputs outside of the whole are zeros.
func cutTransposed(a conv.Axis, out, taps span) axisPart {
	s := int64(a.Stride)
	first := out.from + int64(a.Pad) - taps.from*int64(a.Dilation) // o0 + P - f0*D
	reach := (taps.size() - 1) * int64(a.Dilation)
	begin := floorDiv(first, s)
	i0 := min(-floorDiv(reach-first, s), begin) // rounded up
	i0 = max(i0, min(0, begin))
	i1 := floorDiv(first+out.size()-1, s) + 1
	i1 = min(i1, max(int64(a.In), i0+1))
	part := conv.Axis{In: int(i1 - i0), Out: int(out.size()), Filter: int(taps.size()), Stride: a.Stride, Pad: int(first - i0*s), Dilation: a.Dilation}
	return axisPart{part, func(j int) int {
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
