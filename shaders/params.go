package shaders

import (
	"encoding/binary"
	"math"

	"github.com/gpuconv/gpuconv/conv"
)

// ConvParams is the struct Params of conv.wgsl, field by field.
type ConvParams struct {
	Outputs                   uint32
	InW, InH, InChannels      uint32
	OutW, OutH, OutChannels   uint32
	FilterW, FilterH          uint32
	StrideW, StrideH          uint32
	PadW, PadH                uint32
	DilationW, DilationH      uint32
	GroupInputs, GroupOutputs uint32
}

// NewConvParams translates a valid problem whose volumes and filters each hold fewer than 2^32 numbers and
// whose padded axes are shorter than 2^31; ok is false for others.
func NewConvParams(p conv.Problem) (params ConvParams, ok bool) {
	if p.Validate() != nil {
		return ConvParams{}, false
	}
	reach := func(a conv.Axis) int { return (a.Out-1)*a.Stride + a.Extent() }
	if max(p.InLen(), p.OutLen(), p.FilterLen()) > math.MaxUint32 || max(reach(p.H), reach(p.W)) > math.MaxInt32 {
		return ConvParams{}, false
	}
	u := func(n int) uint32 { return uint32(n) }
	return ConvParams{
		Outputs: uint32(p.OutLen()),
		InW:     u(p.W.In), InH: u(p.H.In), InChannels: u(p.InChannels),
		OutW: u(p.W.Out), OutH: u(p.H.Out), OutChannels: u(p.OutChannels),
		FilterW: u(p.W.Filter), FilterH: u(p.H.Filter),
		StrideW: u(p.W.Stride), StrideH: u(p.H.Stride),
		PadW: u(p.W.Pad), PadH: u(p.H.Pad),
		DilationW: u(p.W.Dilation), DilationH: u(p.H.Dilation),
		GroupInputs: u(p.InChannels / p.Groups), GroupOutputs: u(p.OutChannels / p.Groups),
	}, true
}

// ReLUParams is the struct Params of relu.wgsl.
type ReLUParams struct{ Count uint32 }

// Encode lays a params struct out as WGSL does: u32 fields one after the other, little-endian.
func Encode[P ConvParams | ReLUParams](p P) []byte {
	data, err := binary.Append(nil, binary.LittleEndian, p)
	if err != nil {
		panic(err) // the constraint admits only structs of fixed size
	}
	return data
}

// Grid folds a number of workgroups into three axes of at most limit each. It holds at least count
// workgroups; shaders leave out the rest. ok is false where even three axes are too short.
func Grid(count uint64, limit uint32) (grid [3]uint32, ok bool) {
	grid = [3]uint32{1, 1, 1}
	rest := max(count, 1)
	if limit == 0 {
		return grid, false
	}
	for i := range grid {
		lines := (rest-1)/uint64(limit) + 1  // rounded up, and no sum that could overflow
		grid[i] = uint32((rest-1)/lines + 1) // of even length, so that few are left over
		if rest = lines; lines == 1 {
			return grid, true
		}
	}
	return grid, false
}
