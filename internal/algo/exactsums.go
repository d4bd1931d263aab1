package algo

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// Sums of whole numbers are exact in float32 while none of their terms together can exceed 2^24, in any order. So the
// algorithms for float32 serve layers of int8: x - zero and w - zero are float32, and the sums become int32 behind.
// Where a layer's sums may be larger, its input channels are cut into parts, whose sums are added up as int32.

const (
	maxExact = 1 << 24 // up to which float32 has every whole number
	maxParts = 16
)

// channelParts cuts so many input channels into parts, each but the last of the same multiple of 4 channels where the
// channels are such a multiple. The parts may be fewer than are wanted.
func channelParts(channels, parts int) (firsts []int) {
	unit := 1
	if channels%4 == 0 {
		unit = 4
	}
	each := int(ceilDiv(ceilDiv(int64(channels), int64(unit)), int64(parts))) * unit
	for first := 0; first < channels; first += each {
		firsts = append(firsts, first)
	}
	return firsts
}

// ExactParts is into how many parts the input channels of a layer of int8 are cut at least, so that no sum over one of
// them can exceed 2^24: weights are as in tensor.Filters, with a zero point for each output channel. It is 0 where
// more than 16 parts, or for groups and unshared layers more than one, were needed.
func ExactParts(p conv.Problem, weights []int8, zeros []int32, xZero int8) int {
	largest := int64(max(127-int32(xZero), int32(xZero)+128)) // of x - zero
	sums := channelSums(p, weights, zeros)
	for parts := 1; parts <= maxParts; parts++ {
		firsts := channelParts(p.InChannels/p.Groups, parts)
		if len(firsts) == parts && mostOf(sums, firsts)*largest <= maxExact {
			return parts
		}
		if p.Groups > 1 || p.Unshared {
			break
		}
	}
	return 0
}

// channelSums are for each filter and input channel the sum of |w - zero| over its taps.
func channelSums(p conv.Problem, weights []int8, zeros []int32) [][]int64 {
	channels := p.InChannels / p.Groups
	filters := len(weights) / p.TapsPerOutput()
	sums := make([][]int64, filters)
	for f := range sums {
		sums[f] = make([]int64, channels)
		for i, w := range weights[f*p.TapsPerOutput():][:p.TapsPerOutput()] {
			d := int64(w) - int64(zeros[f%p.OutChannels])
			sums[f][i%channels] += max(d, -d)
		}
	}
	return sums
}

// mostOf is the largest sum over one of the parts that begin at firsts.
func mostOf(sums [][]int64, firsts []int) (most int64) {
	for _, channels := range sums {
		part, sum := 0, int64(0)
		for c, s := range channels {
			if part+1 < len(firsts) && c == firsts[part+1] {
				part, sum = part+1, 0
			}
			sum += s
			most = max(most, sum)
		}
	}
	return most
}

// sumsPart is one part of a layer's input channels, as a layer of float32.
type sumsPart struct {
	plan         Plan
	first, count int // channels
	w            int // its packed filters, an operand
}

// QuantizedCandidates are the algorithms that serve a layer of int8, the one first that is likely the quickest.
func QuantizedCandidates(s QuantizedSpec, l Limits) (all []Algorithm) {
	none := newDirect(Spec{Problem: s.Problem, Threads: s.Threads})
	parts := s.parts()
	if len(parts) == 0 {
		return []Algorithm{none}
	}
	for _, plan := range Candidates(parts[0].spec(s), l) {
		s.Algorithm = Name(plan.Algorithm)
		if parts, err := s.exact(l); err == nil && len(parts) > 0 {
			all = append(all, plan.Algorithm)
		}
	}
	return append(all, none)
}

// exact plans the parts by the algorithm for float32 that is named, or where none is by that of the rules. There are
// none where the direct one computes a part, and the error says why the named one does not serve.
func (s QuantizedSpec) exact(l Limits) ([]sumsPart, error) {
	parts := s.parts()
	for i := range parts {
		plan, err := Choose(s.Algorithm, parts[i].spec(s), l)
		if _, is := plan.Algorithm.(direct); err != nil || is {
			return nil, err
		}
		if _, is := TransformOf(plan.Algorithm); is { // by its name, for the rules have none where sums must be exact
			return nil, fmt.Errorf("%w: what its transforms add up can exceed 2^24", ErrNotServed)
		}
		parts[i].plan = plan
	}
	return parts, nil
}

// parts are those of the input channels, none where the direct algorithm computes all of them.
func (s QuantizedSpec) parts() (parts []sumsPart) {
	if s.Parts == 0 || s.Threads != 0 {
		return nil
	}
	channels := s.Problem.InChannels / s.Problem.Groups
	firsts := append(channelParts(channels, s.Parts), channels)
	for i, first := range firsts[:len(firsts)-1] {
		parts = append(parts, sumsPart{first: first, count: firsts[i+1] - first})
	}
	return parts
}

// addExact adds the sums by algorithms for float32.
func (q *Quantized) addExact(s QuantizedSpec, parts []sumsPart) {
	p := s.Problem
	words := exec.WordsOf(shaders.Int8, p.InLen())
	wide := q.Scratch("X as float32", 4*words)
	q.Threads(shaders.FromInt8, shaders.Encode(shaders.FromInt8Params{Outputs: uint32(words), Zero: int32(s.XZero)}),
		words, int64(shaders.FromInt8.Threads), exec.Whole(q.X), exec.Whole(wide))
	sums := q.Scratch("the sums as float32", p.OutLen())
	nothing := q.Zeros(max(p.BiasLen(), 1))
	for i := range parts {
		part := &parts[i]
		part.w = q.Add(part.plan.Operands[W])
		q.Append(part.plan.Plan,
			map[int]int{X: wide, W: part.w, B: nothing, Slopes: nothing, Residual: nothing, V: sums})
		q.addToSums(p, sums, i == 0)
	}
	q.parts = parts
}

// spec is the part as a layer of float32.
func (part sumsPart) spec(s QuantizedSpec) Spec {
	of := Spec{Problem: s.Problem, DType: shaders.Float32, Exact: true}
	if channels := s.Problem.InChannels; part.count*s.Problem.Groups != channels {
		of.Problem.InChannels = part.count
		of.X = shaders.Placement{Pitch: uint32(channels), First: uint32(part.first)}
	}
	return of
}

// addToSums adds the step that makes int32 of a part's sums.
func (q *Quantized) addToSums(p conv.Problem, from int, first bool) {
	k := shaders.ToSumsBy(p.BiasLen())
	params := shaders.ToSumsParams{
		Outputs: uint32(p.OutLen() / int64(k.Vector)),
		Biases:  uint32(p.BiasLen() / int64(k.Vector)),
	}
	if first {
		params.First = 1
	}
	q.Threads(k, shaders.Encode(params), int64(params.Outputs), int64(k.Threads), exec.Whole(from), exec.Whole(q.B),
		exec.Whole(q.Sums))
}

// fill says what the part's filters are: w - zero of its channels, packed.
func (part sumsPart) fill(q *Quantized, p conv.Problem, weights []int8, zeros []int32) {
	q.Operands[part.w].Fill = func() ([]uint32, error) {
		banks := len(weights) / p.TapsPerOutput() / p.OutChannels
		f, err := tensor.NewFilterBanks(banks, p.OutChannels, p.Z.Filter, p.H.Filter, p.W.Filter, part.count)
		if err != nil {
			return nil, err
		}
		channels := p.InChannels / p.Groups
		for i := range f.Data {
			from := i/part.count*channels + part.first + i%part.count
			f.Data[i] = float32(int32(weights[from]) - zeros[from/p.TapsPerOutput()%p.OutChannels])
		}
		if part.plan.Pack == nil {
			return exec.Bits(f.Data), nil
		}
		packed, err := part.plan.Pack(f)
		return exec.Bits(packed), err
	}
}
