package exec

import (
	"fmt"
	"unsafe"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// Words are numbers as a device stores them. Those of float32 are a view, not a copy.
func Words(t shaders.DType, data []float32) []uint32 {
	if t != shaders.Float16 {
		return Bits(data)
	}
	words := make([]uint32, (len(data)+1)/2)
	for i, v := range data {
		words[i/2] |= uint32(tensor.ToHalf(v)) << (i % 2 * 16)
	}
	return words
}

// Bits views numbers as words, without a copy.
func Bits(data []float32) []uint32 {
	if len(data) == 0 {
		return nil
	}
	return unsafe.Slice((*uint32)(unsafe.Pointer(&data[0])), len(data))
}

// Floats views words as numbers, without a copy.
func Floats(words []uint32) []float32 {
	if len(words) == 0 {
		return nil
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&words[0])), len(words))
}

// PackBytes puts four numbers into a word, the first in its lowest byte.
func PackBytes(data []int8) []uint32 {
	packed := make([]uint32, (len(data)+3)/4)
	for i, v := range data {
		packed[i/4] |= uint32(uint8(v)) << (i % 4 * 8)
	}
	return packed
}

// UnpackBytes is PackBytes' inverse. The error wraps [cpuref.ErrGuard] where a byte behind the last number is not 0.
func UnpackBytes(to []int8, words []uint32) error {
	for i := range to {
		to[i] = int8(words[i/4] >> (i % 4 * 8))
	}
	if used := len(to) % 4; used != 0 {
		if rest := words[len(words)-1] >> (used * 8); rest != 0 {
			return fmt.Errorf("%w: behind the last of %d bytes stands %#x, must be 0", cpuref.ErrGuard, len(to), rest)
		}
	}
	return nil
}

// Integers are the bits of whole numbers.
func Integers(data []int32) []uint32 {
	if len(data) == 0 {
		return nil
	}
	return unsafe.Slice((*uint32)(unsafe.Pointer(&data[0])), len(data))
}

// unpack turns words that were read back into numbers; those of float32 were read in place.
func unpack(t shaders.DType, to []float32, words []uint32) {
	if t != shaders.Float16 {
		return
	}
	for i := range to {
		to[i] = tensor.FromHalf(uint16(words[i/2] >> (i % 2 * 16)))
	}
}
