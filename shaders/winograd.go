package shaders

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
)

// Winograd is one of the transforms around the products of Winograd's algorithm, winograd_input.wgsl or
// winograd_output.wgsl, with a thread for each tile and Vector of its channels. With a Vector of 4 the number
// of channels, in or out, must be a multiple of 4.
type Winograd struct {
	Kernel  string
	H, W    uint32 // a tile's inputs along each axis: 4, 5, 6 or 8, or 1 where nothing is transformed
	M       uint32 // outputs of a tile along an axis that is transformed; 0 for inputs, which need not know
	Vector  uint32 // 4 or 1
	Threads uint32
}

// transformThreads is small, for threads hold many numbers.
const transformThreads = 64

// WinogradInputs transforms the inputs of tiles of h x w, vector channels a thread.
func WinogradInputs(h, w, vector uint32) Winograd {
	return Winograd{"winograd_input", h, w, 0, vector, transformThreads}
}

// WinogradOutputs transforms h x w products to the tiles of V, of m outputs along an axis and of one where h
// or w is 1, vector channels a thread.
func WinogradOutputs(h, w, m, vector uint32) Winograd {
	return Winograd{"winograd_output", h, w, m, vector, transformThreads}
}

// Name is, for example, winograd_input_t64_6x6_x4 or winograd_output_t64_6x6_m4_x4.
func (k Winograd) Name() string {
	outputs := ""
	if k.M != 0 {
		outputs = fmt.Sprintf("_m%d", k.M)
	}
	return fmt.Sprintf("%s_t%d_%dx%d%s_x%d", k.Kernel, k.Threads, k.H, k.W, outputs, k.Vector)
}

// Cell is the WGSL type of a thread's channels.
func (k Winograd) Cell() string { return vectorType(k.Vector) }

// Stored is the depth slices that are stored to V at once.
func (k Winograd) Stored() uint32 { return k.Vector }

// Side is how many inputs a tile has along an axis that is transformed.
func (k Winograd) Side() uint32 { return max(k.H, k.W) }

// Area is how many inputs a tile has in all.
func (k Winograd) Area() uint32 { return k.H * k.W }

// Plane tells whether both axes are transformed.
func (k Winograd) Plane() bool { return k.H == k.W }

// Line numbers the inputs of a tile along an axis that is transformed, which the templates unroll.
func (k Winograd) Line() []uint32 { return counting(k.Side()) }

// Outputs numbers the outputs of a tile along an axis that is transformed.
func (k Winograd) Outputs() []uint32 { return counting(k.M) }

// Last is a line's last output.
func (k Winograd) Last() uint32 { return k.M - 1 }

// End is a line's last product.
func (k Winograd) End() uint32 { return k.Side() - 1 }

// Count is how many outputs a tile has.
func (k Winograd) Count() uint32 {
	if k.Plane() {
		return k.M * k.M
	}
	return k.M
}

// Down tells whether tiles are transformed along their height.
func (k Winograd) Down() bool { return k.H > 1 }

// Across tells whether they are along their width.
func (k Winograd) Across() bool { return k.W > 1 }

// At is the number of an input in its tile.
func (k Winograd) At(row, column uint32) uint32 { return row*k.W + column }

// Parity is what output j takes of the products at a point and its negative: their sum or their difference.
func (Winograd) Parity(j uint32) string { return []string{"even", "odd"}[j%2] }

// Power is at^j, how often output j takes that.
func (Winograd) Power(at float64, j uint32) string {
	s := strconv.FormatFloat(math.Pow(at, float64(j)), 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func (k Winograd) file() string           { return k.Kernel + ".wgsl" }
func (k Winograd) threads() uint32        { return k.Threads }
func (Winograd) workgroupStorage() uint32 { return 0 }

// winogradSizes is how many outputs a tile of so many inputs may have along an axis.
var winogradSizes = map[uint32][]uint32{4: {2}, 5: {3}, 6: {2, 4}, 8: {2, 4, 5, 6}}

// Winograds are all rows of the table of both kernels: tiles of 4x4, 5x5, 6x6 and 8x8 inputs, and of 8 along one
// axis.
func Winograds() []Winograd {
	var all []Winograd
	for _, t := range [][2]uint32{{4, 4}, {5, 5}, {6, 6}, {8, 8}, {1, 8}, {8, 1}} {
		for _, vector := range []uint32{4, 1} {
			all = append(all, WinogradInputs(t[0], t[1], vector))
			for _, m := range winogradSizes[max(t[0], t[1])] {
				all = append(all, WinogradOutputs(t[0], t[1], m, vector))
			}
		}
	}
	return all
}

// WinogradInput gives the parameters of winograd_input.wgsl; Outputs is the number of threads. p must be
// valid and fit, its filter have as many taps as the tile leaves it, and the layer of the products must fit
// too; see transform.Transform.
func WinogradInput(p conv.Problem, k Winograd) Params {
	params := layer(p)
	params.Outputs = k.blocks(p, p.InChannels)
	return params
}

// WinogradOutput gives the parameters of winograd_output.wgsl; Outputs is the number of threads.
func WinogradOutput(p conv.Problem, k Winograd, e conv.Epilogue) Params {
	params := Forward(p, e)
	params.Outputs = k.blocks(p, p.OutChannels)
	return params
}

// blocks is how many blocks of channels all tiles have.
func (k Winograd) blocks(p conv.Problem, channels int) uint32 {
	down, across := int(k.H)+1-p.H.Filter, int(k.W)+1-p.W.Filter
	return uint32(p.Batch * p.H.Tiles(down) * p.W.Tiles(across) * (channels / int(k.Vector)))
}
