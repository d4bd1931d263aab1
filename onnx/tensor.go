package onnx

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
)

// Tensor is an array of numbers or strings, in row-major order.
type Tensor struct {
	Name string
	Type DataType
	Dims []int64 // none: a scalar

	data    []byte   // of numbers: each little-endian, as in raw_data
	strings []string // of strings
}

// FloatTensor is a tensor of float32. Where values are not as many as dims say, what uses it fails with [ErrFormat].
func FloatTensor(name string, dims []int64, values []float32) Tensor {
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return Tensor{Name: name, Type: Float, Dims: dims, data: data}
}

// IntTensor is a tensor of int64. Where values are not as many as dims say, what uses it fails with [ErrFormat].
func IntTensor(name string, dims []int64, values []int64) Tensor {
	return WholeTensor(name, Int64, dims, values)
}

// WholeTensor is a tensor of whole numbers of any type, or of truth values, which are 0 and 1: of each number the
// bytes that the type has are kept. Where values are not as many as dims say, or the type is none of these, what uses
// it fails with [ErrFormat].
func WholeTensor(name string, t DataType, dims []int64, values []int64) Tensor {
	size := dataTypes[t].size
	data := make([]byte, 0, size*len(values))
	for _, v := range values {
		var word [8]byte
		binary.LittleEndian.PutUint64(word[:], uint64(v))
		data = append(data, word[:size]...)
	}
	return Tensor{Name: name, Type: t, Dims: dims, data: data}
}

// Floats are the tensor's numbers as float32: those of Double, and whole numbers beyond 2^24, are rounded to the
// nearest, and what is beyond float32's range becomes infinite. A bool is 0 or 1. It fails with [ErrUnsupported] for
// strings, and with [ErrFormat] for a tensor whose data does not fit its dimensions.
func (t Tensor) Floats() ([]float32, error) { return numbers(t, float32Of) }

// Doubles are the tensor's numbers as float64: whole numbers beyond 2^53 are rounded to the nearest, all others are
// exact. A bool is 0 or 1. It fails as [Tensor.Floats] does.
func (t Tensor) Doubles() ([]float64, error) { return numbers(t, float64Of) }

// Ints are the tensor's whole numbers; a bool is 0 or 1. It fails with [ErrUnsupported] for other types and for a
// uint64 beyond int64, and with [ErrFormat] for a tensor whose data does not fit its dimensions.
func (t Tensor) Ints() ([]int64, error) {
	switch t.Type {
	case Float, Float16, BFloat16, Double:
		return nil, named(unsupportedErrorf("%s is of %v, must be of whole numbers", t.title(), t.Type))
	case Uint64:
		values, err := numbers(t, func(_ DataType, bits uint64) uint64 { return bits })
		if err == nil && len(values) > 0 && slices.Max(values) > math.MaxInt64 {
			err = named(unsupportedErrorf("%s holds %d, must be %d at most", t.title(), slices.Max(values),
				math.MaxInt64))
		}
		if err != nil {
			return nil, err
		}
	}
	return numbers(t, int64Of)
}

// Strings are the elements of a tensor of strings. It fails with [ErrUnsupported] for other types, and with
// [ErrFormat] for a tensor whose data does not fit its dimensions.
func (t Tensor) Strings() ([]string, error) {
	if t.Type != String {
		return nil, named(unsupportedErrorf("%s is of %v, must be of strings", t.title(), t.Type))
	}
	return slices.Clone(t.strings), named(t.check())
}

// numbers are the elements of t, each converted from its bits.
func numbers[T any](t Tensor, convert func(d DataType, bits uint64) T) ([]T, error) {
	if err := t.check(); err != nil {
		return nil, named(err)
	}
	if t.Type == String {
		return nil, named(unsupportedErrorf("%s is of strings, must be of numbers", t.title()))
	}
	size := dataTypes[t.Type].size
	out := make([]T, 0, len(t.data)/size)
	for element := range slices.Chunk(t.data, size) {
		var word [8]byte
		copy(word[:], element)
		out = append(out, convert(t.Type, binary.LittleEndian.Uint64(word[:])))
	}
	return out, nil
}

// int64Of is the whole number that has these bits.
func int64Of(d DataType, bits uint64) int64 {
	switch d {
	case Int8:
		return int64(int8(bits))
	case Int16:
		return int64(int16(bits))
	case Int32:
		return int64(int32(bits))
	case Bool:
		return int64(min(bits, 1))
	}
	return int64(bits)
}

// float64Of is the number that has these bits.
func float64Of(d DataType, bits uint64) float64 {
	switch d {
	case Float:
		return float64(math.Float32frombits(uint32(bits)))
	case Double:
		return math.Float64frombits(bits)
	case Float16:
		return fromHalf(uint16(bits))
	case BFloat16:
		return float64(math.Float32frombits(uint32(bits) << 16))
	case Uint64:
		return float64(bits)
	}
	return float64(int64Of(d, bits))
}

// float32Of is the float32 nearest to the number. Whole numbers are rounded once, not to float64 before.
func float32Of(d DataType, bits uint64) float32 {
	switch d {
	case Float:
		return math.Float32frombits(uint32(bits))
	case Double, Float16, BFloat16:
		return float32(float64Of(d, bits))
	case Uint64:
		return float32(bits)
	}
	return float32(int64Of(d, bits))
}

// fromHalf widens an IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction.
func fromHalf(h uint16) float64 {
	exponent, fraction := int(h>>10&0x1f), float64(h&0x3ff)
	var size float64
	switch exponent {
	case 0:
		size = fraction * 0x1p-24
	case 0x1f:
		if size = math.Inf(1); fraction != 0 {
			return math.NaN()
		}
	default:
		size = math.Ldexp(1024+fraction, exponent-25)
	}
	if h>>15 != 0 {
		return -size
	}
	return size
}

// title is how errors call the tensor.
func (t Tensor) title() string { return quoted("tensor", t.Name) }

// check holds t's type, dimensions and data against each other.
func (t Tensor) check() error {
	row, ok := dataTypes[t.Type]
	if !ok {
		return unsupportedErrorf("%s is of %v", t.title(), t.Type)
	}
	count, err := elements(t.Dims)
	if err != nil {
		return formatErrorf("%s: %w", t.title(), err)
	}
	if t.Type == String {
		if int64(len(t.strings)) != count || len(t.data) > 0 {
			return formatErrorf("%s of shape %v has %d strings, must have %d", t.title(), t.Dims, len(t.strings),
				count)
		}
		return nil
	}
	// A product that overflows is larger than any data.
	high, size := bits.Mul64(uint64(count), uint64(row.size))
	if high > 0 || size != uint64(len(t.data)) || len(t.strings) > 0 {
		return formatErrorf("%s of shape %v has %d bytes of data, must have %d of %d bytes",
			t.title(), t.Dims, len(t.data), count, row.size)
	}
	return nil
}

// elements is the product of dims. The product of those that are not 0 must not overflow an int64 either.
func elements(dims []int64) (int64, error) {
	count, empty := int64(1), false
	for i, n := range dims {
		if n < 0 {
			return 0, formatErrorf("dimension %d is %d, must be 0 or more", i, n)
		}
		if n == 0 {
			empty = true
			continue
		}
		if count > math.MaxInt64/n {
			return 0, formatErrorf("the product of the dimensions %v is beyond %d", dims, math.MaxInt64)
		}
		count *= n
	}
	if empty {
		return 0, nil
	}
	return count, nil
}
