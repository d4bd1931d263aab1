package shaders

import (
	"fmt"
	"slices"
)

// Stem is stem.wgsl: a thread computes Rows strips of Strip neurons of each of Channels depth slices,
// a multiple of 4. Filters are Filter x Filter, 1 in z, with the given stride along x and y and no dilation,
// and have 3 input channels; depth slices are a multiple of 4.
type Stem struct {
	Strip, Rows, Channels, Filter, Stride, Threads uint32
}

// Name is, for example, stem_16x1x16_f7s2_t8.
func (s Stem) Name() string {
	return fmt.Sprintf("stem_%dx%dx%d_f%ds%d_t%d", s.Strip, s.Rows, s.Channels, s.Filter, s.Stride, s.Threads)
}

// Inputs is the number of input channels.
func (Stem) Inputs() uint32 { return 3 }

// Each numbers a strip's neurons, Vectors the vectors of depth slices, Taps a filter's columns, Columns
// those of X that the strip's windows cover, Components the input channels.
func (s Stem) Each() []uint32       { return counting(s.Strip) }
func (s Stem) Vectors() []uint32    { return counting(s.Channels / 4) }
func (s Stem) Taps() []uint32       { return counting(s.Filter) }
func (s Stem) Columns() []uint32    { return counting((s.Strip-1)*s.Stride + s.Filter) }
func (s Stem) Components() []uint32 { return counting(s.Inputs()) }

// Stored is the depth slices that are stored to V at once.
func (Stem) Stored() uint32 { return 4 }

// Column is the column of X that a neuron's tap reads, Before the one before it.
func (s Stem) Column(neuron, tap uint32) uint32 { return neuron*s.Stride + tap }
func (Stem) Before(column uint32) uint32        { return column - 1 }

// RowWeights are the vectors of weights of a filter's row, Weight is where those of a tap's input channel
// and the j-th vector of depth slices stand among them.
func (s Stem) RowWeights() uint32 { return s.Weight(s.Filter, 0, 0) }
func (s Stem) Weight(tap, channel, j uint32) uint32 {
	return (tap*s.Inputs()+channel)*(s.Channels/4) + j
}

// First is the first depth slice of the j-th vector.
func (Stem) First(j uint32) uint32 { return 4 * j }

func (Stem) file() string             { return "stem.wgsl" }
func (s Stem) threads() uint32        { return s.Threads }
func (Stem) workgroupStorage() uint32 { return 0 }

// stemRows are the table's: of VGG and MobileNet, ResNet, and AlexNet.
var stemRows = []Stem{
	{
		28,
		4,
		16,
		3,
		1,
		8,
	}, {8, 1, 16, 3, 1, 64}, {4, 2, 8, 3, 1, 64}, {16, 2, 16, 3, 2, 8}, {16, 1, 16, 7, 2, 8}, {8, 1, 16, 7, 2, 64},
	{14, 1, 16, 11, 4, 8},
}

// StemRows are the stems of the table.
func StemRows() []Stem { return slices.Clone(stemRows) }
