package shaders

import (
	"fmt"
	"slices"
)

// FilterTiles is filter_tiles.wgsl: for one tap a thread computes the gradient with respect to the weights of Outputs
// depth slices and Inputs input channels of a group, both multiples of 4, from Strip neurons at a time. It loads
// Vector channels at once, 1 or 4: a group's of X and of V must be multiples.
type FilterTiles struct {
	Outputs, Inputs, Strip, Vector, Threads uint32
}

// Name is, for example, filter_tiles_16x16x2_v4_t8.
func (f FilterTiles) Name() string {
	return fmt.Sprintf("filter_tiles_%dx%dx%d_v%d_t%d", f.Outputs, f.Inputs, f.Strip, f.Vector, f.Threads)
}

// Load is the WGSL type that is loaded at once.
func (f FilterTiles) Load() string { return vectorType(f.Vector) }

// Each numbers the neurons, Slices the depth slices, Quads their vectors, and Fours the vectors of input channels.
func (f FilterTiles) Each() []uint32   { return counting(f.Strip) }
func (f FilterTiles) Slices() []uint32 { return counting(f.Outputs) }
func (f FilterTiles) Quads() []uint32  { return counting(f.Outputs / 4) }
func (f FilterTiles) Fours() []uint32  { return counting(f.Inputs / 4) }

// Number is the first channel of a vector.
func (FilterTiles) Number(vector uint32) uint32 { return 4 * vector }

func (FilterTiles) file() string             { return "filter_tiles.wgsl" }
func (f FilterTiles) threads() uint32        { return f.Threads }
func (FilterTiles) workgroupStorage() uint32 { return 0 }

// filterTileRows are the table's. With as many as 64 vectors of sums two neurons at a time are quicker than four on
// software adapters, whose registers are few.
var filterTileRows = []FilterTiles{
	{16, 16, 2, 4, 8}, {8, 16, 2, 4, 8}, {8, 8, 4, 4, 8}, {8, 8, 2, 4, 64}, {4, 4, 4, 4, 64},
	{16, 4, 2, 1, 8}, {8, 8, 2, 1, 8},
}

// FilterTileRows are those of the table.
func FilterTileRows() []FilterTiles { return slices.Clone(filterTileRows) }

// BiasSums is bias_sums.wgsl: a thread adds up the gradient with respect to Vector biases, 1 or 4, of which there must
// be a multiple.
type BiasSums struct{ Vector, Threads uint32 }

// Name is, for example, bias_sums_v4_t64.
func (b BiasSums) Name() string { return fmt.Sprintf("bias_sums_v%d_t%d", b.Vector, b.Threads) }

// Load is the WGSL type that is loaded at once.
func (b BiasSums) Load() string { return vectorType(b.Vector) }

func (BiasSums) file() string             { return "bias_sums.wgsl" }
func (b BiasSums) threads() uint32        { return b.Threads }
func (BiasSums) workgroupStorage() uint32 { return 0 }

// BiasSumsBy is the row that loads so many numbers at once.
func BiasSumsBy(vector uint32) BiasSums { return BiasSums{vector, 64} }

// BiasSumsParams is the struct Params of bias_sums.wgsl.
type BiasSumsParams struct{ Terms, Outputs, SplitK uint32 }

// Partials gives the parameters of sum_split_k.wgsl for so many numbers of which there are so many sums, one after the
// other, without bias or epilogue: as if each were the only channel of a pixel.
func Partials(numbers int64, splitK uint32) Params {
	return Params{Outputs: uint32(numbers), OutChannels: 1, VPitch: 1, RPitch: 1, SplitK: splitK}
}
