package shaders

// LinearParams is the struct Params of quantize_linear.wgsl and dequantize_linear.wgsl.
type LinearParams struct {
	Outputs, Channels, Pitch, First uint32
	Scale                           float32
	Zero                            int32
}

// Linear gives the parameters for so many numbers, whose float32 volume has so many channels where it is placed. Of
// int8 the number x stands for scale * (x - zero).
func Linear(numbers int64, channels int, at Placement, scale float32, zero int8) LinearParams {
	at = at.of(uint32(channels))
	return LinearParams{uint32(numbers), uint32(channels), at.Pitch, at.First, scale, int32(zero)}
}
