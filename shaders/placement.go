package shaders

import (
	"errors"
	"fmt"
	"math"
)

// Placement is where a volume stands in one that may have more channels, so that concatenation and splitting along
// channels copy nothing: its channels are those from First on of each pixel. The zero Placement is that of a volume
// that stands alone.
type Placement struct {
	Pitch uint32 // numbers from one pixel to the next, which are all channels of the wider volume
	First uint32 // of the volume's channels
}

// ErrPlacement is about a placement that a volume can not have.
var ErrPlacement = errors.New("no placement")

// Check reports a placement without room for so many channels of so many pixels, and one in a volume of 2^32 numbers
// or more, which kernels could not count. The errors wrap [ErrPlacement].
func (at Placement) Check(pixels, channels int64) error {
	alone := at == Placement{}
	switch end := int64(at.First) + channels; {
	case !alone && end > int64(at.Pitch):
		return fmt.Errorf(
			"%w: channels %d to %d of volumes with %d a pixel, must be among them",
			ErrPlacement,
			at.First,
			end-1,
			at.Pitch,
		)
	case !alone && pixels > math.MaxUint32/int64(at.Pitch):
		return fmt.Errorf(
			"%w: %d pixels of %d channels, must be fewer than 2^32 numbers",
			ErrPlacement,
			pixels,
			at.Pitch,
		)
	}
	return nil
}

// Aligned tells whether channels that are loaded or stored n at once stand at multiples of n. Kernels that load n
// channels of X at once ask it of X, those that store n of V of V: 4 for rows with a Vector or Stored of 4, and 2 for
// the words of V in float16, whose volumes then must have an even number of channels too unless they stand alone. All
// read the residual one number at a time.
func (at Placement) Aligned(n uint32) bool { return at.Pitch%n == 0 && at.First%n == 0 }

// of is the placement of a volume of so many channels, which is Pitch numbers from pixel to pixel even where it
// stands alone.
func (at Placement) of(channels uint32) Placement {
	if at == (Placement{}) {
		return Placement{Pitch: channels}
	}
	return at
}

// Place gives the parameters of the same kernel with its X, V and residual placed in wider volumes. What kernels write
// for each other always stands alone: of transforms only the first kernel has an X to place and only the last one a V
// and a residual, of split sums those belong to sum_split_k.wgsl, and of int8 layers to dequantize.wgsl. Channels are
// in range and aligned: see [Placement.Check] and [Placement.Aligned].
func (params Params) Place(x, v, residual Placement) Params {
	x, v, residual = x.of(params.InChannels), v.of(params.OutChannels), residual.of(params.OutChannels)
	params.XPitch, params.XFirst = x.Pitch, x.First
	params.VPitch, params.VFirst = v.Pitch, v.First
	params.RPitch, params.RFirst = residual.Pitch, residual.First
	return params
}
