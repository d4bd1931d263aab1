package host

import (
	"fmt"
	"math"
	"sort"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
)

// The dimensions that a layer is split in, in the order in which that is tried. Parts that differ in the
// last four only add up to the same outputs.
const (
	dimImages = iota
	dimGroups
	dimOuts // output channels of one group
	dimOutZ // output positions
	dimOutH
	dimOutW
	dimIns  // input channels of one group
	dimTapZ // taps of the filters
	dimTapH
	dimTapW
	dimensions
	firstAdded = dimIns // from here on parts add up
)

// dimensionNames are for people.
var dimensionNames = [dimensions]string{"images", "groups", "output channels", "output planes", "output rows", "output columns",
	"input channels", "filter planes", "filter rows", "filter columns"}

// part is a block of a layer: a span of each dimension.
type part [dimensions]span

// plan splits a layer into blocks of equal sizes, but for the last ones of each dimension.
type plan struct {
	problem conv.Problem
	block   [dimensions]int64
	cut     [3]bool // the axis' inputs are gathered window by window; else it is the whole's, with its padding
}

// limits are what one part may have of each of sizes.
type limits [sizes]int64

// What limits a part.
const (
	sizeX = iota // numbers in each volume
	sizeV
	sizeW
	sizeB
	sizeSteps // of a workgroup's loop
	sizeSpanZ // padded axes
	sizeSpanH
	sizeSpanW
	sizes
)

// bindingLimit is how many bytes a binding may have, below what the device says; tests lower it.
var bindingLimit uint64 = math.MaxUint64

// deviceLimits are those of parts on a device. All numbers are taken for float32: the gradients are,
// even those of float16 layers.
func deviceLimits(l gpu.Limits) limits {
	guard := max(256, uint64(l.StorageOffsetAlignment)) // as newGuarded's
	bytes := min(l.MaxStorageBinding, bindingLimit, l.MaxBufferSize-min(guard, l.MaxBufferSize))
	bytes -= min(guard, bytes)
	// A kernel's counters step past its last element, and must not go round.
	const counter = math.MaxUint32 - 1<<16
	n := min(int64(min(bytes/4, math.MaxInt64)), counter)
	const axis = 1<<30 - 1 // shaders.Fits
	return limits{n, n, n, n, counter, axis, axis, axis}
}

// wholePlan is the one of a single part, the problem itself.
func wholePlan(p conv.Problem) plan {
	return plan{problem: p, block: [dimensions]int64{
		int64(p.Batch), int64(p.Groups), int64(p.OutChannels / p.Groups), int64(p.Z.Out), int64(p.H.Out), int64(p.W.Out),
		int64(p.InChannels / p.Groups), int64(p.Z.Filter), int64(p.H.Filter), int64(p.W.Filter)}}
}

// newPlan splits p, which must be valid, until each part is within the limits. In each dimension, in
// order, the blocks are as large as they can be for what passes a limit to come down to it; what no
// smaller block brings down is left to the dimensions after it. Gathered windows can make an input larger
// than it was, so that earlier dimensions may be asked again.
func newPlan(p conv.Problem, most limits) (plan, error) {
	pl := wholePlan(p)
	for before := (plan{}); before != pl && !pl.fits(most); {
		before = pl
		for d := range dimensions {
			pl = pl.shrink(d, most)
		}
	}
	if !pl.fits(most) {
		return pl, fmt.Errorf("%w: one product of this layer does not fit a device that holds %d numbers in a binding", ErrUnsupported, most[sizeX])
	}
	return pl, nil
}

// shrink makes the blocks of a dimension smaller where that helps.
func (pl plan) shrink(d int, most limits) plan {
	now, least := pl.sizes(), pl.with(d, 1).sizes()
	var helped []int
	for i := range sizes {
		if now[i] > most[i] && least[i] < now[i] {
			helped = append(helped, i)
		}
	}
	if len(helped) == 0 {
		return pl
	}
	tooLarge := func(n int64) bool {
		s := pl.with(d, n).sizes()
		for _, i := range helped {
			if s[i] > most[i] {
				return true
			}
		}
		return false
	}
	size := pl.block[d]
	n := max(1, searchLargest(size, tooLarge))
	parts := (size + n - 1) / n
	return pl.with(d, (size+parts-1)/parts) // as many parts, of equal sizes
}

// searchLargest is the largest of 1..most that is not too large, 0 where all are.
func searchLargest(most int64, tooLarge func(int64) bool) int64 {
	return int64(sort.Search(int(most), func(i int) bool { return tooLarge(int64(i) + 1) }))
}

// with is the plan with blocks of another size in one dimension. Along an axis that also means to gather
// its windows, even for all of its outputs.
func (pl plan) with(d int, size int64) plan {
	pl.block[d] = size
	switch {
	case d >= dimOutZ && d <= dimOutW:
		pl.cut[d-dimOutZ] = true
	case d >= dimTapZ:
		pl.cut[d-dimTapZ] = true
	}
	return pl
}

// sizes are those of the largest part, or a little more; they stay at the largest int64 where they would
// pass it.
func (pl plan) sizes() limits {
	p, b := pl.problem, pl.block
	x := times(b[dimImages], b[dimGroups], b[dimIns])
	positions, taps := times(b[dimOutZ], b[dimOutH], b[dimOutW]), times(b[dimTapZ], b[dimTapH], b[dimTapW])
	copies := int64(1)
	var s limits
	for i, a := range p.Axes() {
		size, extent, places := pl.axisSizes(i, a)
		x, copies = times(x, size), times(copies, places)
		s[sizeSpanZ+i] = extent
	}
	banks := int64(1)
	if p.Unshared {
		banks = positions
	}
	s[sizeX] = x
	s[sizeV] = times(b[dimImages], positions, b[dimGroups], b[dimOuts])
	s[sizeB] = times(banks, b[dimGroups], b[dimOuts])
	s[sizeW] = times(s[sizeB], taps, b[dimIns])
	s[sizeSteps] = times(taps, copies, max(b[dimIns], b[dimOuts]))
	return s
}

// axisSizes gives a part's inputs along an axis, the longest of its lengths, and at how many places a
// gradient looks for an input.
func (pl plan) axisSizes(i int, a conv.Axis) (size, longest, places int64) {
	if !pl.cut[i] {
		size, places = int64(a.In), int64(shaders.InputGradient(pl.problem).Copies[i])
		if pl.problem.Transposed {
			a = a.Adjoint()
		}
		return size, max(int64(a.Out-1)*int64(a.Stride)+int64(a.Extent()), int64(a.In), int64(a.Pad)), places
	}
	n, taps := pl.block[dimOutZ+i], pl.block[dimTapZ+i]
	if pl.problem.Transposed {
		size = reaching(a, n, taps)
		extent := (taps-1)*int64(a.Dilation) + 1
		return size, max((size-1)*int64(a.Stride)+extent, n, extent+int64(a.Stride)), 1
	}
	size = windowed(a, n, taps)
	return size, size, 1
}

func (pl plan) fits(most limits) bool {
	for i, s := range pl.sizes() {
		if s > most[i] {
			return false
		}
	}
	return true
}

// counts is how many blocks each dimension has.
func (pl plan) counts() (n [dimensions]int64) {
	for d, size := range wholePlan(pl.problem).block {
		n[d] = (size + pl.block[d] - 1) / pl.block[d]
	}
	return n
}

// parts is how many there are.
func (pl plan) parts() int64 {
	n := pl.counts()
	return times(n[:]...)
}

// added is how many parts add up to each output.
func (pl plan) added() int64 {
	n := pl.counts()
	return times(n[firstAdded:]...)
}

// partsOrder is how parts are counted, the slowest first. Images, and then positions, are the fastest, for
// parts that differ in these alone share filters.
var partsOrder = [dimensions]int{dimGroups, dimOuts, dimIns, dimTapZ, dimTapH, dimTapW, dimOutZ, dimOutH, dimOutW, dimImages}

// part is the one with this number.
func (pl plan) part(number int64) (pt part) {
	whole, n := wholePlan(pl.problem).block, pl.counts()
	for i := dimensions - 1; i >= 0; i-- {
		d := partsOrder[i]
		from := number % n[d] * pl.block[d]
		number /= n[d]
		pt[d] = span{from, min(from+pl.block[d], whole[d])}
	}
	return pt
}

// first tells whether a part begins the sums of its outputs.
func (pl plan) first(pt part) bool {
	for d := firstAdded; d < dimensions; d++ {
		if pt[d].from > 0 {
			return false
		}
	}
	return true
}

// axes are those of a part.
func (pl plan) axes(pt part) (axes [3]axisPart) {
	for i, a := range pl.problem.Axes() {
		axes[i] = axisPart{Axis: a}
		if pl.cut[i] {
			axes[i] = cutAxis(a, pl.problem.Padding, pl.problem.Transposed, pt[dimOutZ+i], pt[dimTapZ+i])
		}
	}
	return axes
}

// problemOf is what a part computes.
func (pl plan) problemOf(pt part) conv.Problem {
	p, axes := pl.problem, pl.axes(pt)
	p.Name = ""
	p.Batch, p.Groups = int(pt[dimImages].size()), int(pt[dimGroups].size())
	p.InChannels, p.OutChannels = p.Groups*int(pt[dimIns].size()), p.Groups*int(pt[dimOuts].size())
	p.Z, p.H, p.W = axes[0].Axis, axes[1].Axis, axes[2].Axis
	return p
}
