package shaders

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
)

// Fourier is one of the discrete Fourier transforms around products, of tiles of 16 inputs along each axis
// where filters have more than one tap, with a thread for each row or column of a tile and Vector of its
// channels: fourier_rows.wgsl and, in planes, fourier_columns.wgsl before the products, and their inverses
// behind them in the other order. With a Vector of 4 the number of channels, in or out, must be a multiple of
// 4.
type Fourier struct {
	Kernel  string
	Vector  uint32 // 4 or 1
	Threads uint32
}

// FourierInputs is how many numbers a transform takes and FourierOutputs how many it gives; the inverse ones
// the other way round.
const (
	FourierInputs  = 16
	FourierOutputs = 23
)

// FourierRows transforms X by rows, vector channels a thread.
func FourierRows(vector uint32) Fourier { return Fourier{"fourier_rows", vector, transformThreads} }

// FourierColumns transforms by columns, behind FourierRows.
func FourierColumns(vector uint32) Fourier {
	return Fourier{"fourier_columns", vector, transformThreads}
}

// FourierInverseColumns transforms products by columns.
func FourierInverseColumns(vector uint32) Fourier {
	return Fourier{"fourier_inverse_columns", vector, transformThreads}
}

// FourierInverseRows transforms to V by rows, behind FourierInverseColumns.
func FourierInverseRows(vector uint32) Fourier {
	return Fourier{"fourier_inverse_rows", vector, transformThreads}
}

// Name is, for example, fourier_rows_t64_x4.
func (k Fourier) Name() string { return fmt.Sprintf("%s_t%d_x%d", k.Kernel, k.Threads, k.Vector) }

// Cell is the WGSL type of a thread's channels.
func (k Fourier) Cell() string { return vectorType(k.Vector) }

// Stored is the depth slices that are stored to V at once.
func (k Fourier) Stored() uint32 { return k.Vector }

// Line numbers the inputs, which the templates unroll like all that follow.
func (Fourier) Line() []uint32 { return counting(FourierInputs) }

// Eight are half of the inputs.
func (Fourier) Eight() []uint32 { return counting(FourierInputs / 2) }

// Four are a quarter of the inputs.
func (Fourier) Four() []uint32 { return counting(FourierInputs / 4) }

// Spectrum are the numbers of a spectrum.
func (Fourier) Spectrum() []uint32 { return counting(FourierOutputs) }

// Between are the frequencies between the first and the last.
func (Fourier) Between() []uint32 { return counting(FourierInputs / 2)[1:] }

// First is the first of the three numbers of a frequency.
func (Fourier) First(frequency uint32) uint32 { return 3*frequency - 2 }

// Add is a + b.
func (Fourier) Add(a, b uint32) uint32 { return a + b }

func (k Fourier) file() string           { return k.Kernel + ".wgsl" }
func (k Fourier) threads() uint32        { return k.Threads }
func (Fourier) workgroupStorage() uint32 { return 0 }

// Fouriers are all rows of the table of these kernels.
func Fouriers() []Fourier {
	var all []Fourier
	for _, vector := range []uint32{4, 1} {
		all = append(
			all,
			FourierRows(vector),
			FourierColumns(vector),
			FourierInverseColumns(vector),
			FourierInverseRows(vector),
		)
	}
	return all
}

// FourierParams gives the parameters of these kernels, of which those of the last one have the epilogue; Outputs
// is the number of threads. p must be valid and fit, have filters of at most 13 taps along an axis, and the
// layer of the products must fit too; see transform.Transform.
func FourierParams(p conv.Problem, k Fourier, e conv.Epilogue) Params {
	params, lines := layer(p), 1
	plane := p.H.Filter > 1 && p.W.Filter > 1
	channels := p.InChannels
	switch k.Kernel {
	case "fourier_rows":
		if plane {
			lines = FourierInputs
		}
	case "fourier_columns":
		lines = FourierOutputs
	case "fourier_inverse_columns":
		channels, lines = p.OutChannels, FourierOutputs
	default:
		params, channels = Forward(p, e), p.OutChannels
		if plane {
			lines = fourierTile(p.H)
		}
	}
	tiles := p.Batch * p.H.Tiles(fourierTile(p.H)) * p.W.Tiles(fourierTile(p.W))
	params.Outputs = uint32(tiles * lines * (channels / int(k.Vector)))
	return params
}

// fourierTile is how many outputs a tile has along the axis.
func fourierTile(a conv.Axis) int {
	if a.Filter == 1 {
		return 1
	}
	return FourierInputs + 1 - a.Filter
}
