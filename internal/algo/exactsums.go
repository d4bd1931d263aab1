package algo

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// Sums of whole numbers are exact in float32 while none of their terms together can exceed 2^24, in any order. So the
// algorithms for float32 serve layers of int8: x - zero and w - zero are float32, and the sums become int32 behind.
// Kernels that can read X as int8 do, and where a sum cannot exceed 2^24 together with its bias they make outputs of
// it, or write it as int32 where sums are wanted or the epilogue is none that kernels apply before they store; else
// steps before and behind them turn the numbers.
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
// more than 16 parts, or for groups and unshared layers more than one, were needed. biased tells that no sum over all
// input channels can exceed 2^24 together with its bias.
func ExactParts(p conv.Problem, weights []int8, zeros, biases []int32, xZero int8) (parts int, biased bool) {
	largest := largestInput(xZero)
	sums := channelSums(p, weights, zeros)
	biased = exactBiases(sums, biases, largest)
	for parts := 1; parts <= maxParts; parts++ {
		firsts := channelParts(p.InChannels/p.Groups, parts)
		if len(firsts) == parts && mostOf(sums, firsts)*largest <= maxExact {
			return parts, biased
		}
		if p.Groups > 1 || p.Unshared {
			break
		}
	}
	return 0, biased
}

// exactBiases tells whether no filter's sum, of inputs up to largest, can exceed 2^24 together with its bias.
func exactBiases(sums [][]int64, biases []int32, largest int64) bool {
	for f, channels := range sums {
		sum := int64(biases[f])
		sum = max(sum, -sum)
		for _, s := range channels {
			sum += s * largest
		}
		if sum > maxExact {
			return false
		}
	}
	return true
}

// largestInput is the largest that x - zero can be, without its sign.
func largestInput(zero int8) int64 { return int64(max(127-int32(zero), int32(zero)+128)) }

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
	plan          Plan
	first, count  int  // channels
	w             int  // its packed filters, an operand
	reads, writes bool // int8 X, and int32 sums with their biases, in the kernels themselves
	finishes      bool // makes the layer's outputs of sums with their biases there
}

// summed is an algorithm for float32 that adds up whole numbers, whose name it has. Kernels that can read X as int8
// and write sums as int32 do, unless it is converted: then steps before and behind them turn the numbers. Outputs are
// made in the kernels that can, converted or not.
type summed struct {
	Algorithm
	converted bool
}

// Variant is that of the algorithm for float32, and for example 8x16_v4_t8_converted where numbers are converted.
func (a summed) Variant() string { return variantOf(a.Algorithm, a.converted) }

// QuantizedCandidates are the algorithms that serve a layer of int8, the one first that is likely the quickest.
func QuantizedCandidates(s QuantizedSpec, l Limits) (all []Algorithm) {
	none := newDirect(Spec{Problem: s.Problem, Threads: s.Threads})
	parts := s.parts()
	if len(parts) == 0 {
		return []Algorithm{none}
	}
	costs := map[Algorithm]float64{}
	for _, plan := range Candidates(parts[0].spec(s), l) {
		for _, converted := range []bool{false, true} {
			a := summed{plan.Algorithm, converted}
			s.Algorithm = Name(a)
			if sums, err := s.exact(l); err == nil && len(sums.parts) > 0 {
				all, costs[a] = append(all, a), sums.cost(s.Problem, MachineOf(l))
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Algorithm) int { return cmp.Compare(costs[a], costs[b]) })
	return append(all, none)
}

// exactSums are how a layer's sums are added up by algorithms for float32.
type exactSums struct {
	parts     []sumsPart // none where the direct algorithm computes a part
	converted bool
}

// exact plans the sums by the algorithm for float32 that is named, or where none is by that of the rules, with kernels
// that read from textures, which do not read int8, or without. The error says why the named one does not serve.
func (s QuantizedSpec) exact(l Limits) (exactSums, error) {
	sums, err := s.exactOn(l)
	if l.MaxTexture == 0 || strings.Contains(s.Algorithm, "/") {
		return sums, err
	}
	l.MaxTexture = 0
	without, errWithout := s.exactOn(l)
	if m := MachineOf(l); errWithout != nil || len(without.parts) == 0 ||
		len(sums.parts) > 0 && sums.cost(s.Problem, m) < without.cost(s.Problem, m) {
		return sums, err
	}
	return without, nil
}

// exactOn is exact where there are textures or not.
func (s QuantizedSpec) exactOn(l Limits) (sums exactSums, err error) {
	full := strings.Contains(s.Algorithm, "/")
	name, converted := s.Algorithm, false
	if full {
		name, converted = strings.CutSuffix(name, convertedSuffix)
	}
	sums = exactSums{s.parts(), converted}
	for i := range sums.parts {
		part := &sums.parts[i]
		part.plan, err = Choose(name, part.spec(s), l)
		if _, is := part.plan.Algorithm.(direct); err != nil || is {
			return exactSums{}, err
		}
		// By its name, for the rules have none where sums must be exact.
		if _, is := TransformOf(part.plan.Algorithm); is {
			return exactSums{}, fmt.Errorf("%w: what its transforms add up can exceed 2^24", ErrNotServed)
		}
		part.inKernels(s, s.Biased && len(sums.parts) == 1, s.finishesOnce() && !l.General)
	}
	switch {
	case converted || len(sums.parts) == 0:
		return sums, nil
	case full && !sums.inKernels():
		return exactSums{}, errConverted
	case !full:
		m := MachineOf(l)
		sums.converted = exactSums{sums.parts, true}.cost(s.Problem, m) < sums.cost(s.Problem, m)
	}
	return sums, nil
}

// inKernels looks whether the part's kernels can read int8 and, where they may, write int32 or make outputs.
func (part *sumsPart) inKernels(s QuantizedSpec, mayWrite, mayFinish bool) {
	trial := part.plan
	part.reads = readsAs(&trial.Plan, shaders.Int8, 0)
	sums := trial
	part.writes = mayWrite && writesAs(&sums, shaders.Int32)
	part.finishes = mayWrite && mayFinish && scalesAs(&trial, s.outputs(), s)
}

// finishesOnce tells whether kernels that add up may make the outputs: of one kind, in fours wherever they stand.
func (s QuantizedSpec) finishesOnce() bool {
	return s.Adds && !s.KeepsSums && s.Finishes != s.Stores && s.V.Aligned(4)
}

// outputs is the type of outputs of one kind.
func (s QuantizedSpec) outputs() shaders.DType {
	if s.Stores {
		return shaders.Int8
	}
	return shaders.Float32
}

// inKernels tells whether any part's kernels read int8 or write int32.
func (sums exactSums) inKernels() bool {
	return slices.ContainsFunc(sums.parts, func(part sumsPart) bool { return part.reads || part.writes })
}

// cost estimates how long the sums take.
func (sums exactSums) cost(p conv.Problem, m Machine) float64 {
	cost, wide := 0.0, false
	for _, part := range sums.parts {
		reads, writes := part.reads && !sums.converted, part.finishes || part.writes && !sums.converted
		kernels := part.plan.Cost(m)
		if reads {
			kernels *= 1 + m.Bytes
		}
		cost += kernels + m.turns(!writes, p.OutLen())
		wide = wide || !reads
	}
	return cost + m.turns(wide, p.InLen())
}

// turns is the cost of turning so many numbers, four by a thread, where that is a step.
func (m Machine) turns(step bool, count int64) float64 {
	if !step {
		return 0
	}
	return m.Dispatch + m.occupied(float64(count/4), m.Load+4*m.Store)
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
func (q *Quantized) addExact(s QuantizedSpec, sums exactSums) {
	q.parts, q.converted = sums.parts, sums.converted
	wide := -1
	for i := range q.parts {
		part := &q.parts[i]
		x := q.X
		if !q.converted && part.reads {
			readsAs(&part.plan.Plan, shaders.Int8, s.XZero)
		} else {
			if wide < 0 {
				wide = q.fromInt8(s)
			}
			x = wide
		}
		part.w = q.Add(part.plan.Operands[W])
		q.addPart(s, part, x, i == 0)
	}
}

// fromInt8 adds the step that makes float32 of X, and gives what it makes.
func (q *Quantized) fromInt8(s QuantizedSpec) int {
	words := exec.WordsOf(shaders.Int8, s.Problem.InLen())
	wide := q.Scratch("X as float32", 4*words)
	q.Threads(shaders.FromInt8, shaders.Encode(shaders.FromInt8Params{Outputs: uint32(words), Zero: int32(s.XZero)}),
		words, int64(shaders.FromInt8.Threads), exec.Whole(q.X), exec.Whole(wide))
	return wide
}

// addPart adds the steps of a part that reads x, and makes outputs or int32 of its sums.
func (q *Quantized) addPart(s QuantizedSpec, part *sumsPart, x int, first bool) {
	p := s.Problem
	nothing := q.Zeros(max(p.BiasLen(), 1))
	operands := map[int]int{X: x, W: part.w, B: nothing, Slopes: nothing, Residual: nothing}
	if part.finishes || !q.converted && part.writes {
		q.wideB = q.constant("the biases b as float32", p.BiasLen(), shaders.Float32)
		operands[B] = q.wideB
		if part.finishes {
			scalesAs(&part.plan, s.outputs(), s)
			q.Scales = q.scales()
			operands[Slopes], operands[V] = q.Scales, q.output(s.outputs())
		} else {
			writesAs(&part.plan, shaders.Int32)
			operands[V] = q.keptSums()
		}
		q.Append(part.plan.Plan, operands)
		return
	}
	if first {
		q.B, q.sums = q.biases(p), q.Scratch("the sums as float32", p.OutLen())
	}
	operands[V] = q.sums
	q.Append(part.plan.Plan, operands)
	q.addToSums(p, q.sums, first)
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
		exec.Whole(q.keptSums()))
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
