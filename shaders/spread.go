package shaders

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/conv"
)

// Spread is spread.wgsl: a thread computes Rows x Strip neurons, multiples of the stride, of 4 depth slices of a
// transposed depthwise layer. Filters are Filter x Filter, 1 in z, with the given stride along x and y and no
// dilation; each of a multiple of 4 channels has one depth slice.
type Spread struct {
	Strip, Rows, Filter, Stride, Threads uint32
}

// Name is, for example, depthwise_transposed_8x8_f3s2_t8.
func (s Spread) Name() string {
	return fmt.Sprintf("depthwise_transposed_%dx%d_f%ds%d_t%d", s.Strip, s.Rows, s.Filter, s.Stride, s.Threads)
}

// Each numbers a row's neurons, Taps a filter's columns, Residues the places modulo the stride, Columns those of X
// that a row of neurons reads.
func (s Spread) Each() []uint32     { return counting(s.Strip) }
func (s Spread) Taps() []uint32     { return counting(s.Filter) }
func (s Spread) Residues() []uint32 { return counting(s.Stride) }
func (s Spread) Columns() []uint32  { return counting(s.Strip/s.Stride + s.Oldest()) }

// Channels are a thread's depth slices, Stored those that are stored to V at once.
func (Spread) Channels() uint32 { return 4 }
func (Spread) Stored() uint32   { return 4 }

// Oldest is how many rounds ago the last row of X was loaded that neurons read, Earlier numbers those rounds.
func (s Spread) Oldest() uint32    { return (s.Filter - 1) / s.Stride }
func (s Spread) Earlier() []uint32 { return counting(s.Oldest() + 1)[1:] }

// Ages are the steps of all rows of X that are read again, the oldest first.
func (s Spread) Ages() []Aging { return Slide{Filter: s.Filter, Stride: s.Stride}.Ages() }

// SpreadRead is a product: a weight's row and column, and of X how many rounds ago its row was loaded and its column.
type SpreadRead struct{ Row, Column, Age, X uint32 }

// Reads are the products of a neuron of a residue's row.
func (s Spread) Reads(residue, neuron uint32) (all []SpreadRead) {
	for row := residue; row < s.Filter; row += s.Stride {
		for column := neuron % s.Stride; column < s.Filter; column += s.Stride {
			all = append(all, SpreadRead{row, column, row / s.Stride,
				neuron/s.Stride + s.Oldest() - column/s.Stride})
		}
	}
	return all
}

func (Spread) file() string             { return "spread.wgsl" }
func (s Spread) threads() uint32        { return s.Threads }
func (Spread) workgroupStorage() uint32 { return 0 }

// spreadRows are the table's, as those of slides are.
var spreadRows = []Spread{
	{8, 8, 3, 2, 8}, {4, 4, 3, 2, 64}, {8, 8, 4, 2, 8}, {4, 4, 4, 2, 64}, {8, 8, 5, 2, 8}, {4, 4, 5, 2, 64},
}

// SpreadRows are those of the table.
func SpreadRows() []Spread { return slices.Clone(spreadRows) }

// SpreadParams gives the parameters for the transposed layer p; Outputs is not used. p must be valid and fit.
func SpreadParams(p conv.Problem, e conv.Epilogue) Params {
	params := Forward(p, e)
	params.InSize, params.OutSize = params.OutSize, params.InSize // from X to V
	return params
}
