package split

import (
	"fmt"
	"math"
	"sort"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
)

// The dimensions that a layer is split in, in the order in which that is tried. Blocks that differ in the
// last four only add up to the same outputs.
const (
	Images = iota
	Groups
	Outs // output channels of one group
	OutZ // output positions
	OutH
	OutW
	Ins  // input channels of one group
	TapZ // taps of the filters
	TapH
	TapW
	Dimensions
	firstAdded = Ins // from here on blocks add up
)

// DimensionNames are for people.
var DimensionNames = [Dimensions]string{
	"images",
	"groups",
	"output channels",
	"output planes",
	"output rows",
	"output columns",
	"input channels",
	"filter planes",
	"filter rows",
	"filter columns",
}

// Block is a block of a layer: a span of each dimension.
type Block [Dimensions]Span

// Plan splits a layer into blocks of equal sizes, but for the last ones of each dimension.
type Plan struct {
	problem conv.Problem
	block   [Dimensions]int64
	cut     [3]bool // the axis' inputs are gathered window by window; else it is the whole's, with its padding
}

// Limits are what one block may have of each of sizes.
type Limits [sizes]int64

// What limits a block.
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

// LimitsOf are those of blocks on a device. All numbers are taken for float32: the gradients are,
// even those of float16 layers.
func LimitsOf(l gpu.Limits) Limits {
	guard := max(256, uint64(l.StorageOffsetAlignment)) // as exec's
	bytes := min(l.MaxStorageBinding, l.MaxBufferSize-min(guard, l.MaxBufferSize))
	bytes -= min(guard, bytes)
	// A kernel's counters step past its last element, and must not go round.
	const counter = math.MaxUint32 - 1<<16
	n := min(int64(min(bytes/4, math.MaxInt64)), counter)
	const axis = 1<<30 - 1 // shaders.Fits
	return Limits{n, n, n, n, counter, axis, axis, axis}
}

// Whole is the plan of a single block, the problem itself.
func Whole(p conv.Problem) Plan {
	return Plan{problem: p, block: [Dimensions]int64{
		int64(
			p.Batch,
		), int64(p.Groups), int64(p.OutChannels / p.Groups), int64(p.Z.Out), int64(p.H.Out), int64(p.W.Out),
		int64(p.InChannels / p.Groups), int64(p.Z.Filter), int64(p.H.Filter), int64(p.W.Filter)}}
}

// New splits p, which must be valid, until each block is within the limits. In each dimension, in
// order, the blocks are as large as they can be for what passes a limit to come down to it; what no
// smaller block brings down is left to the dimensions after it. Gathered windows can make an input larger
// than it was, so that earlier dimensions may be asked again.
func New(p conv.Problem, most Limits) (Plan, error) {
	pl := Whole(p)
	for before := (Plan{}); before != pl && !pl.fits(most); {
		before = pl
		for d := range Dimensions {
			pl = pl.shrink(d, most)
		}
	}
	if !pl.fits(most) {
		return pl, fmt.Errorf(
			"one product of this layer does not fit a device that holds %d numbers in a binding",
			most[sizeX],
		)
	}
	return pl, nil
}

// shrink makes the blocks of a dimension smaller where that helps.
func (pl Plan) shrink(d int, most Limits) Plan {
	now, least := pl.sizes(), pl.With(d, 1).sizes()
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
		s := pl.With(d, n).sizes()
		for _, i := range helped {
			if s[i] > most[i] {
				return true
			}
		}
		return false
	}
	size := pl.block[d]
	n := max(1, searchLargest(size, tooLarge))
	blocks := (size + n - 1) / n
	return pl.With(d, (size+blocks-1)/blocks) // as many blocks, of equal sizes
}

// Packed are the limits of 8-bit numbers: four of X's and W's take the room of one, of the sums none do.
func (most Limits) Packed() Limits {
	for _, i := range []int{sizeX, sizeW} {
		most[i] = min(times(4, most[i]), most[sizeSteps]) // which is as far as kernels count
	}
	return most
}

// searchLargest is the largest of 1..most that is not too large, 0 where all are.
func searchLargest(most int64, tooLarge func(int64) bool) int64 {
	return int64(sort.Search(int(most), func(i int) bool { return tooLarge(int64(i) + 1) }))
}

// With is the plan with blocks of another size in one dimension. Along an axis that also means to gather
// its windows, even for all of its outputs.
func (pl Plan) With(d int, size int64) Plan {
	pl.block[d] = size
	switch {
	case d >= OutZ && d <= OutW:
		pl.cut[d-OutZ] = true
	case d >= TapZ:
		pl.cut[d-TapZ] = true
	}
	return pl
}

// sizes are those of the largest block, or a little more; they stay at the largest int64 where they would
// pass it.
func (pl Plan) sizes() Limits {
	p, b := pl.problem, pl.block
	x := times(b[Images], b[Groups], b[Ins])
	positions, taps := times(b[OutZ], b[OutH], b[OutW]), times(b[TapZ], b[TapH], b[TapW])
	copies := int64(1)
	var s Limits
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
	s[sizeV] = times(b[Images], positions, b[Groups], b[Outs])
	s[sizeB] = times(banks, b[Groups], b[Outs])
	s[sizeW] = times(s[sizeB], taps, b[Ins])
	s[sizeSteps] = times(taps, copies, max(b[Ins], b[Outs]))
	return s
}

// axisSizes gives a block's inputs along an axis, the longest of its lengths, and at how many places a
// gradient looks for an input.
func (pl Plan) axisSizes(i int, a conv.Axis) (size, longest, places int64) {
	if !pl.cut[i] {
		size, places = int64(a.In), int64(shaders.InputGradient(pl.problem).Copies[i])
		if pl.problem.Transposed {
			a = a.Adjoint()
		}
		return size, max(int64(a.Out-1)*int64(a.Stride)+int64(a.Extent()), int64(a.In), int64(a.Pad)), places
	}
	n, taps := pl.block[OutZ+i], pl.block[TapZ+i]
	if pl.problem.Transposed {
		size = reaching(a, n, taps)
		extent := (taps-1)*int64(a.Dilation) + 1
		return size, max((size-1)*int64(a.Stride)+extent, n, extent+int64(a.Stride)), 1
	}
	size = windowed(a, n, taps)
	return size, size, 1
}

func (pl Plan) fits(most Limits) bool {
	for i, s := range pl.sizes() {
		if s > most[i] {
			return false
		}
	}
	return true
}

// Counts is how many blocks each dimension has.
func (pl Plan) Counts() (n [Dimensions]int64) {
	for d, size := range Whole(pl.problem).block {
		n[d] = (size + pl.block[d] - 1) / pl.block[d]
	}
	return n
}

// Blocks is how many there are.
func (pl Plan) Blocks() int64 {
	n := pl.Counts()
	return times(n[:]...)
}

// added is how many blocks add up to each output.
func (pl Plan) added() int64 {
	n := pl.Counts()
	return times(n[firstAdded:]...)
}

// order is how blocks are counted, the slowest first. Images, and then positions, are the fastest, for
// blocks that differ in these alone share filters.
var order = [Dimensions]int{Groups, Outs, Ins, TapZ, TapH, TapW, OutZ, OutH, OutW, Images}

// Block is the one with this number.
func (pl Plan) Block(number int64) (b Block) {
	whole, n := Whole(pl.problem).block, pl.Counts()
	for i := Dimensions - 1; i >= 0; i-- {
		d := order[i]
		from := number % n[d] * pl.block[d]
		number /= n[d]
		b[d] = Span{from, min(from+pl.block[d], whole[d])}
	}
	return b
}

// First tells whether a block begins the sums of its outputs.
func (pl Plan) First(b Block) bool {
	for d := firstAdded; d < Dimensions; d++ {
		if b[d].From > 0 {
			return false
		}
	}
	return true
}

// axes are those of a block.
func (pl Plan) axes(b Block) (axes [3]AxisBlock) {
	for i, a := range pl.problem.Axes() {
		axes[i] = AxisBlock{Axis: a}
		if pl.cut[i] {
			axes[i] = CutAxis(a, pl.problem.Padding, pl.problem.Transposed, b[OutZ+i], b[TapZ+i])
		}
	}
	return axes
}

// Problem is what a block computes.
func (pl Plan) Problem(b Block) conv.Problem {
	p, axes := pl.problem, pl.axes(b)
	p.Name = ""
	p.Batch, p.Groups = int(b[Images].Size()), int(b[Groups].Size())
	p.InChannels, p.OutChannels = p.Groups*int(b[Ins].Size()), p.Groups*int(b[Outs].Size())
	p.Z, p.H, p.W = axes[0].Axis, axes[1].Axis, axes[2].Axis
	return p
}

// Extents are the sizes of the whole's dimensions.
func (pl Plan) Extents() [Dimensions]int64 { return Whole(pl.problem).block }
