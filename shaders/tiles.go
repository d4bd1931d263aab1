package shaders

import (
	"fmt"
	"slices"
	"strings"
)

// Registers is registers.wgsl: a thread computes Pixels neurons of each of Channels depth slices, a
// multiple of 4. It loads Vector input channels at once, 1 or 4, and stores as many depth slices: a group's
// must be multiples.
type Registers struct {
	Pixels, Channels, Vector, Threads uint32
	Across                            bool // threads have depth slices of their own instead of neurons
	Uniform                           bool // weights come from a uniform buffer, some columns of tiles a dispatch
}

// UniformBytes is the largest uniform binding that every device has.
const UniformBytes = 64 << 10

// UniformVectors is how many vectors of weights a dispatch has at most.
func (Registers) UniformVectors() uint32 { return UniformBytes / 16 }

// Name is, for example, registers_8x16_v4_t64.
func (r Registers) Name() string {
	name := fmt.Sprintf("registers_%dx%d_v%d_t%d", r.Pixels, r.Channels, r.Vector, r.Threads)
	if r.Across {
		name += "_across"
	}
	if r.Uniform {
		name += "_uniform"
	}
	return name
}

// Load is the WGSL type that is loaded from X at once, Stored the depth slices that are stored to V at once.
func (r Registers) Load() string   { return vectorType(r.Vector) }
func (r Registers) Stored() uint32 { return r.Vector }

// Each numbers the neurons, Vectors the vectors of depth slices.
func (r Registers) Each() []uint32    { return counting(r.Pixels) }
func (r Registers) Vectors() []uint32 { return counting(r.Channels / 4) }

// Components are the input channels of a load.
func (r Registers) Components() []string { return components(r.Vector) }

// Weight is where the weights of input channel c and the j-th vector of depth slices stand in a step's.
func (r Registers) Weight(c int, j uint32) uint32 { return uint32(c)*r.Columns()/4 + j }

// Tile is the part of V that a workgroup computes.
func (r Registers) Tile() (pixels, channels uint32) {
	if r.Across {
		return r.Pixels, r.Columns()
	}
	return r.Pixels * r.Threads, r.Columns()
}

// Columns is the depth slices of a workgroup.
func (r Registers) Columns() uint32 {
	if r.Across {
		return r.Channels * r.Threads
	}
	return r.Channels
}

// Vectored is the channels that are loaded and stored at once, and Step what a tap's are filled up to.
func (r Registers) Vectored() uint32 { return r.Vector }
func (r Registers) Step() uint32     { return r.Vector }

func (Registers) file() string             { return "registers.wgsl" }
func (r Registers) threads() uint32        { return r.Threads }
func (Registers) workgroupStorage() uint32 { return 0 }

// Shared is shared.wgsl: a workgroup computes Rows neurons of each of Columns depth slices, both
// multiples of 8, in steps of Depth input channels. It loads Vector of them at once, 1 or 4, and stores as
// many depth slices: a group's must be multiples.
type Shared struct {
	Rows, Columns, Depth, Vector uint32
}

// Name is, for example, shared_64x64x16_v4.
func (s Shared) Name() string {
	return fmt.Sprintf("shared_%dx%dx%d_v%d", s.Rows, s.Columns, s.Depth, s.Vector)
}

// Load is the WGSL type that is loaded from X at once, Stored the depth slices that are stored to V at once.
func (s Shared) Load() string   { return vectorType(s.Vector) }
func (s Shared) Stored() uint32 { return s.Vector }

// XS and WS are how many fragments of eight numbers make a tile's side, and Padded how many stand one
// behind the other.
func (s Shared) XS() uint32     { return s.Rows / 8 }
func (s Shared) WS() uint32     { return s.Columns / 8 }
func (s Shared) Padded() uint32 { return s.Depth + 1 }

// XGroups numbers the loads of a thread, Four neurons each, and WLoads those of weights; Steps numbers the
// input channels of a step, Eight a fragment's numbers.
func (s Shared) XGroups() []uint32 { return counting(s.Rows * s.Depth / s.Vector / s.Threads() / 4) }
func (Shared) Four() []uint32      { return counting(4) }
func (s Shared) WLoads() []uint32  { return counting(s.Columns * s.Depth / 4 / s.Threads()) }
func (s Shared) Steps() []uint32   { return counting(s.Depth) }
func (Shared) Eight() []uint32     { return counting(8) }

// Threads is the workgroup's size: each thread computes 64 sums.
func (s Shared) Threads() uint32 { return s.Rows * s.Columns / 64 }

// Components are the input channels of a load.
func (s Shared) Components() []string { return components(s.Vector) }

// Tile is the part of V that a workgroup computes.
func (s Shared) Tile() (pixels, channels uint32) { return s.Rows, s.Columns }

// Vectored is the channels that are loaded and stored at once, and Step what a tap's are filled up to.
func (s Shared) Vectored() uint32 { return s.Vector }
func (s Shared) Step() uint32     { return s.Depth }

func (Shared) file() string               { return "shared.wgsl" }
func (s Shared) threads() uint32          { return s.Threads() }
func (s Shared) workgroupStorage() uint32 { return 4 * s.Padded() * (s.Rows + s.Columns) }

// Tiles is a kernel that computes tiles of V.
type Tiles interface {
	Variant
	Tile() (pixels, channels uint32)
	Vectored() uint32
	Step() uint32
}

func vectorType(n uint32) string {
	if n == 4 {
		return "vec4<f32>"
	}
	return "f32"
}

// wholeType is the type of as many whole numbers as one of float32 has.
func wholeType(float string) string { return strings.Replace(float, "f32", "i32", 1) }

// half and quarter are where number i of eight stands in two vectors of four.
func half(i uint32) uint32    { return i / 4 }
func quarter(i uint32) string { return components(4)[i%4][1:] }

func components(n uint32) []string {
	if n == 4 {
		return []string{".x", ".y", ".z", ".w"}
	}
	return []string{""}
}

// tileRows are the table's tiles. What loads one channel at once is for numbers of channels that are no
// multiple of 4, such as an image's 3; narrow tiles are for small groups, few threads for few neurons.
var tileRows = []Tiles{
	Registers{8, 16, 4, 64, false, false},
	Registers{8, 16, 4, 8, false, false},
	Registers{16, 16, 4, 8, false, false},
	Registers{4, 16, 4, 64, false, false},
	Registers{8, 4, 4, 64, false, false},
	Registers{16, 16, 4, 8, true, false},
	Registers{14, 16, 4, 8, true, false},
	Registers{8, 16, 4, 8, true, false},
	Registers{4, 16, 4, 8, true, false},
	Registers{8, 16, 4, 8, false, true},
	Registers{16, 16, 4, 8, false, true},
	Registers{16, 32, 4, 8, false, true},
	Registers{8, 16, 1, 64, false, false},
	Registers{8, 16, 1, 8, false, false},
	Registers{8, 4, 1, 64, false, false},
	Shared{64, 64, 16, 4},
	Shared{128, 64, 16, 4},
	Shared{64, 64, 16, 1},
}

// TileRows are the tiles of the table.
func TileRows() []Tiles { return slices.Clone(tileRows) }
