package shaders

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
)

// Winograd is one of the transforms around the products of Winograd's F(M x M, 3 x 3), winograd_input.wgsl
// or winograd_output.wgsl, with a thread for each tile and Vector of its channels. With a Vector of 4 the
// number of channels, in or out, must be a multiple of 4.
type Winograd struct {
	Kernel  string
	M       uint32 // 2 or 4
	Vector  uint32 // 4 or 1
	Threads uint32
}

// winogradThreads is small, for threads hold many numbers.
const winogradThreads = 64

// WinogradInputs transforms the inputs of tiles of m x m outputs, vector channels a thread.
func WinogradInputs(m, vector uint32) Winograd {
	return Winograd{"winograd_input", m, vector, winogradThreads}
}

// WinogradOutputs transforms products to tiles of m x m outputs, vector channels a thread.
func WinogradOutputs(m, vector uint32) Winograd {
	return Winograd{"winograd_output", m, vector, winogradThreads}
}

// Name is, for example, winograd_input_t64_m4_x4.
func (k Winograd) Name() string {
	return fmt.Sprintf("%s_t%d_m%d_x%d", k.Kernel, k.Threads, k.M, k.Vector)
}

// Cell is the WGSL type of a thread's channels.
func (k Winograd) Cell() string { return vectorType(k.Vector) }

// Stored is the depth slices that are stored to V at once.
func (k Winograd) Stored() uint32 { return k.Vector }

// Side is how many inputs a tile has along an axis, and Area how many in all.
func (k Winograd) Side() uint32 { return k.M + 2 }

// Area is how many inputs a tile has.
func (k Winograd) Area() uint32 { return k.Side() * k.Side() }

// Line numbers the inputs of a tile along an axis and Outputs its outputs, which the templates unroll.
func (k Winograd) Line() []uint32 { return counting(k.Side()) }

// Outputs numbers the outputs of a tile along an axis.
func (k Winograd) Outputs() []uint32 { return counting(k.M) }

// At is the number of an input in its tile.
func (k Winograd) At(row, column uint32) uint32 { return row*k.Side() + column }

func (k Winograd) file() string           { return k.Kernel + ".wgsl" }
func (k Winograd) threads() uint32        { return k.Threads }
func (Winograd) workgroupStorage() uint32 { return 0 }

// Winograds are all rows of the table of both kernels.
func Winograds() []Winograd {
	var all []Winograd
	for _, m := range []uint32{2, 4} {
		for _, vector := range []uint32{4, 1} {
			all = append(all, WinogradInputs(m, vector), WinogradOutputs(m, vector))
		}
	}
	return all
}

// WinogradInput gives the parameters of winograd_input.wgsl; Outputs is the number of threads. p must be
// valid and fit, and so must the layer of the products; see cpuref.WinogradProduct.
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
	m := int(k.M)
	return uint32(p.Batch * p.H.Tiles(m) * p.W.Tiles(m) * (channels / int(k.Vector)))
}
