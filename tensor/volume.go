package tensor

import (
	"fmt"
	"slices"
)

// Volume is a batch of N input or output volumes of H x W x D numbers. The
// memory order is NHWC: depth innermost, x next, y next, n outermost.
//
// The sizes and Data are open so that code which knows what it does can fill
// them directly; [Volume.Validate] tells whether they agree. The methods other
// than Validate and String expect a valid volume.
type Volume struct {
	N, H, W, D int
	Data       []float32
}

var volumeAxes = []string{"N", "H", "W", "D"}

// NewVolume returns a zeroed batch of n volumes of height h, width w and depth
// d. It fails with [ErrShape] if a size is below 1 or if there are more than
// 1<<40 elements; whether anything below that fits in memory is for the caller
// to judge.
func NewVolume(n, h, w, d int) (Volume, error) {
	size, err := positiveProduct("volume", volumeAxes, []int{n, h, w, d})
	if err != nil {
		return Volume{}, err
	}
	return Volume{N: n, H: h, W: w, D: d, Data: make([]float32, size)}, nil
}

// Validate reports with [ErrShape] a size below 1, too many elements, or a Data
// whose length is not N*H*W*D.
func (v Volume) Validate() error {
	size, err := positiveProduct("volume", volumeAxes, []int{v.N, v.H, v.W, v.D})
	if err != nil {
		return err
	}
	if len(v.Data) != size {
		return shapeErrorf("volume %v: it holds %d elements; its shape needs %d", v, len(v.Data), size)
	}
	return nil
}

// Len returns the number of elements, N*H*W*D.
func (v Volume) Len() int { return v.N * v.H * v.W * v.D }

// Index returns the position in Data of element d of the depth column at (x, y)
// of image n. It panics, as a slice index does, if one of the four is out of
// range.
func (v Volume) Index(n, y, x, d int) int {
	// Each index on its own: an x that is too large would otherwise quietly
	// read the next row.
	if uint(n) >= uint(v.N) || uint(y) >= uint(v.H) || uint(x) >= uint(v.W) || uint(d) >= uint(v.D) {
		v.outOfRange(n, y, x, d)
	}
	return ((n*v.H+y)*v.W+x)*v.D + d
}

// outOfRange is apart so that Index stays small: inner loops call it.
//
//go:noinline
func (v Volume) outOfRange(n, y, x, d int) {
	panic(fmt.Sprintf("tensor: index n=%d y=%d x=%d d=%d out of range of volume %v", n, y, x, d, v))
}

// At returns X[x,y,d] of image 0. It panics, as a slice index does, if an index
// is out of range.
func (v Volume) At(x, y, d int) float32 { return v.Data[v.Index(0, y, x, d)] }

// Set sets X[x,y,d] of image 0. It panics, as a slice index does, if an index is
// out of range.
func (v Volume) Set(x, y, d int, value float32) { v.Data[v.Index(0, y, x, d)] = value }

// Image returns image n alone, as a volume with N = 1 that shares Data. It
// panics, as a slice index does, if n is out of range.
func (v Volume) Image(n int) Volume {
	start, size := v.Index(n, 0, 0, 0), v.H*v.W*v.D
	return Volume{N: 1, H: v.H, W: v.W, D: v.D, Data: v.Data[start : start+size : start+size]}
}

// Column returns the depth column (fibre) X[x,y,:] of image 0: D numbers that
// share Data. It panics, as a slice index does, if an index is out of range.
func (v Volume) Column(x, y int) []float32 {
	start := v.Index(0, y, x, 0)
	return v.Data[start : start+v.D : start+v.D]
}

// Slice returns a copy of the depth slice X[:,:,d] of image 0: H*W numbers, row
// after row. It panics, as a slice index does, if d is out of range.
func (v Volume) Slice(d int) []float32 {
	out := make([]float32, v.H*v.W)
	for i, at := 0, v.Index(0, 0, 0, d); i < len(out); i, at = i+1, at+v.D {
		out[i] = v.Data[at]
	}
	return out
}

// Clone returns a copy that shares nothing with v.
func (v Volume) Clone() Volume {
	v.Data = slices.Clone(v.Data)
	return v
}

// String returns the shape, such as "1x11x11x4 (NHWC)".
func (v Volume) String() string {
	return fmt.Sprintf("%dx%dx%dx%d (NHWC)", v.N, v.H, v.W, v.D)
}
