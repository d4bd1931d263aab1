package tensor

import (
	"slices"
	"strings"
)

// Array is what a .npy file holds: float32 numbers of any rank from 0 to 32, in
// C order (last axis innermost). Rank 0, an empty Shape, holds one number. Axes
// of size 0 are allowed; such an array holds none.
//
// Networks also have arrays of whole numbers and truth values: these are in Ints,
// and Data is nil.
type Array struct {
	Shape []int
	Data  []float32
	Ints  []int64
}

// maxRank is that of NumPy 1; NumPy 2 allows 64, and nothing here needs 7.
const maxRank = 32

// Validate reports with [ErrShape] a rank above 32, a negative size, more than
// 1<<40 elements, or a Data whose length is not the product of Shape.
func (a Array) Validate() error {
	if len(a.Shape) > maxRank {
		return shapeErrorf("array of rank %d; at most %d is supported", len(a.Shape), maxRank)
	}
	size, err := product("array", a.Shape)
	if err != nil {
		return err
	}
	if a.Data != nil && a.Ints != nil {
		return shapeErrorf("array of shape %v has both Data and Ints; one of them must be nil", a.Shape)
	}
	if n := len(a.Data) + len(a.Ints); n != size {
		return shapeErrorf("array of shape %v holds %d elements; its shape needs %d", a.Shape, n, size)
	}
	return nil
}

// validFloats is Validate, and reports an array of whole numbers.
func (a Array) validFloats() error {
	if a.Ints != nil {
		return shapeErrorf("array of shape %v holds whole numbers; it must hold float32 in Data", a.Shape)
	}
	return a.Validate()
}

// Array returns v as an array of shape (N, H, W, D), or (H, W, D) where N is 1;
// of a 3D volume, of more than one plane, as (N, Z, H, W, D). It shares Data.
func (v Volume) Array() Array {
	if is3D(v.Z) {
		return Array{Shape: []int{v.N, v.Z, v.H, v.W, v.D}, Data: v.Data}
	}
	shape := []int{v.N, v.H, v.W, v.D}
	if v.N == 1 {
		shape = shape[1:]
	}
	return Array{Shape: shape, Data: v.Data}
}

// ArrayIn returns v as an array whose axes are in the order of l, always with the
// one of images: (N, H, W, D) or (N, D, H, W); of a 3D volume, of more than one
// plane, with Z before H. It is what [VolumeFrom] reads. An invalid v fails with
// [ErrShape], an unknown l with [ErrFormat]. It shares Data if nothing has to move.
func (v Volume) ArrayIn(l VolumeLayout) (Array, error) {
	l, err := ParseVolumeLayout(string(l))
	if err != nil {
		return Array{}, err
	}
	if err := v.Validate(); err != nil {
		return Array{}, err
	}
	to := map[VolumeLayout]string{NHWC: "NZHWC", NCHW: "NCZHW"}[l]
	whole := Array{Shape: []int{v.N, v.Planes(), v.H, v.W, v.D}, Data: v.Data}
	shape, data, err := reorder(whole, "NHWC", "NC", to)
	if z := strings.Index(to, "Z"); err == nil && !is3D(v.Z) {
		shape = slices.Delete(shape, z, z+1)
	}
	return Array{Shape: shape, Data: data}, err
}

// Array returns the weights as an array of shape (K, Fh, Fw, D), with an axis Fz
// after K where Z is not 1, and one of the banks before K where Banks is not 1.
// It shares Data; the biases are not in it.
func (f Filters) Array() Array {
	_, shape := f.shape()
	return Array{Shape: shape, Data: f.Data}
}

// BanksArray returns the weights as [Filters.Array] does, always with the axis of
// the banks: what [FilterBanksFrom] reads.
func (f Filters) BanksArray() Array {
	a := f.Array()
	if f.BankCount() == 1 {
		a.Shape = append([]int{1}, a.Shape...)
	}
	return a
}

// contiguous returns the strides, in elements, of a C-ordered array.
func contiguous(shape []int) []int {
	strides := make([]int, len(shape))
	step := 1
	for i := len(shape) - 1; i >= 0; i-- {
		strides[i] = step
		step *= shape[i]
	}
	return strides
}

// gather returns in C order the elements of an array of the given shape that
// lies in data with the given strides. The rank must be at least 1, and no size 0.
func gather(data []float32, shape, strides []int) []float32 {
	out := make([]float32, 0, len(data))
	last := len(shape) - 1
	position := make([]int, last) // in all axes but the innermost
	for at := 0; ; {
		for i, p := 0, at; i < shape[last]; i, p = i+1, p+strides[last] {
			out = append(out, data[p])
		}
		axis := last - 1
		for ; axis >= 0; axis-- { // count on, as an odometer does
			position[axis]++
			at += strides[axis]
			if position[axis] < shape[axis] {
				break
			}
			at -= position[axis] * strides[axis]
			position[axis] = 0
		}
		if axis < 0 {
			return out
		}
	}
}
