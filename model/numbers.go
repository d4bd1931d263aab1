package model

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// numbers are those of a tensor on the host: floats of a floating-point type, else ints.
type numbers struct {
	floats []float32
	ints   []int64
}

// isFloat tells whether numbers of the type are held as float32. float16 is, and what it rounds to stays.
func isFloat(t onnx.DataType) bool {
	return t == onnx.Float || t == onnx.Float16 || t == onnx.BFloat16 || t == onnx.Double
}

// isWhole tells whether numbers of the type are held as whole ones: integers, and truth values as 0 and 1.
func isWhole(t onnx.DataType) bool {
	switch t {
	case onnx.Int8, onnx.Uint8, onnx.Int16, onnx.Uint16, onnx.Int32, onnx.Uint32, onnx.Int64, onnx.Uint64, onnx.Bool:
		return true
	}
	return false
}

// numbersOf are an ONNX tensor's.
func numbersOf(t onnx.Tensor) (n numbers, err error) {
	switch {
	case isFloat(t.Type):
		n.floats, err = t.Floats()
	case isWhole(t.Type):
		n.ints, err = t.Ints()
	default:
		err = fmt.Errorf("%w: tensor %q of %v", ErrUnsupported, t.Name, t.Type)
	}
	return n, err
}

// gather gives the numbers that a view shows, in its order.
func (n numbers) gather(v op.View) numbers {
	return numbers{floats: gather(n.floats, v), ints: gather(n.ints, v)}
}

func gather[T any](data []T, v op.View) []T {
	if data == nil {
		return nil
	}
	to := make([]T, 0, v.Count())
	if v.Count() == 0 {
		return to
	}
	var walk func(axis, at int)
	walk = func(axis, at int) {
		if axis == v.Rank() {
			to = append(to, data[at])
			return
		}
		for i := range v.Shape[axis] {
			walk(axis+1, at+i*v.Strides[axis])
		}
	}
	walk(0, v.Offset)
	return to
}

// zeros are so many of a type.
func zeros(t onnx.DataType, count int) numbers {
	if isFloat(t) {
		return numbers{floats: make([]float32, count)}
	}
	return numbers{ints: make([]int64, count)}
}

// clone is a copy.
func (n numbers) clone() numbers { return numbers{slices.Clone(n.floats), slices.Clone(n.ints)} }

// put gives number i the value of another one's number k, of the same kind.
func (n numbers) put(i int, from numbers, k int) {
	if n.floats != nil {
		n.floats[i] = from.floats[k]
	} else {
		n.ints[i] = from.ints[k]
	}
}

// count is how many numbers there are.
func (n numbers) count() int { return len(n.floats) + len(n.ints) }

// words are the numbers as a device stores them: a view of those that are float32, no copy. The error wraps
// [ErrUnsupported] where a whole number is no int32.
func (n numbers) words() ([]uint32, error) {
	if len(n.ints) == 0 {
		return exec.Bits(n.floats), nil
	}
	words := make([]uint32, 0, n.count())
	for _, i := range n.ints {
		if int64(int32(i)) != i {
			return nil, fmt.Errorf("%w: the whole number %d on a device, must fit in 32 bits", ErrUnsupported, i)
		}
		words = append(words, uint32(int32(i)))
	}
	return words, nil
}

// fromWords is what words of a device stand for: a view of them where they are float32.
func fromWords(t onnx.DataType, words []uint32) numbers {
	switch {
	case isFloat(t) && len(words) == 0:
		return numbers{floats: []float32{}}
	case isFloat(t):
		return numbers{floats: exec.Floats(words)}
	}
	ints := make([]int64, len(words))
	for i, w := range words {
		ints[i] = int64(int32(w))
	}
	return numbers{ints: ints}
}

// float64s are the numbers as a judge takes them.
func (n numbers) float64s() []float64 {
	to := make([]float64, 0, n.count())
	for _, f := range n.floats {
		to = append(to, float64(f))
	}
	for _, i := range n.ints {
		to = append(to, float64(i))
	}
	return to
}

// array is the numbers of a type as callers get them: never nil where there are none.
func (n numbers) array(t onnx.DataType, shape []int) tensor.Array {
	a := tensor.Array{Shape: shape, Data: n.floats, Ints: n.ints}
	switch {
	case n.count() > 0:
	case isFloat(t):
		a.Data = []float32{}
	default:
		a.Ints = []int64{}
	}
	return a
}

// dtypeOf is how a device stores numbers of the type.
func dtypeOf(t onnx.DataType) host.DType {
	if isFloat(t) {
		return host.Float32
	}
	return host.Int32
}

// ArrayOf are an ONNX tensor's numbers as networks take and give them: float32 of floating-point types, else Ints. The
// error wraps [ErrUnsupported] or onnx's reasons.
func ArrayOf(t onnx.Tensor) (tensor.Array, error) {
	v, err := initializer(t)
	if err != nil {
		return tensor.Array{}, err
	}
	return v.known.array(t.Type, v.shape()), nil
}
