package tensor

import (
	"fmt"
	"slices"
)

// Volume is a batch of N input or output volumes of H x W x D numbers. The
// memory order is NHWC: depth innermost, x next, y next, n outermost.
//
// A 3D volume has Z planes of H x W x D numbers, with the plane between n and y
// in memory: N,Z,H,W,D. A Z of 0, as in a literal that does not name it, is 1.
//
// The sizes and Data are open so that code which knows what it does can fill
// them directly; [Volume.Validate] tells whether they agree. The methods other
// than Validate and String expect a valid volume. Those that take no z are about
// the plane z = 0.
type Volume struct {
	N, Z, H, W, D int
	Data          []float32
}

// NewVolume returns a zeroed batch of n volumes of height h, width w and depth
// d. It fails with [ErrShape] if a size is below 1 or if there are more than
// 1<<40 elements; whether anything below that fits in memory is for the caller
// to judge.
func NewVolume(n, h, w, d int) (Volume, error) {
	return newVolume(Volume{N: n, Z: 1, H: h, W: w, D: d})
}

// NewVolume3D is [NewVolume] for volumes of z planes.
func NewVolume3D(n, z, h, w, d int) (Volume, error) {
	if err := oneOrMore("volume", "Z", z); err != nil {
		return Volume{}, err
	}
	return newVolume(Volume{N: n, Z: z, H: h, W: w, D: d})
}

func newVolume(v Volume) (Volume, error) {
	size, err := v.size()
	if err != nil {
		return Volume{}, err
	}
	v.Data = make([]float32, size)
	return v, nil
}

// size is the number of elements that the shape asks for.
func (v Volume) size() (int, error) {
	if is3D(v.Z) {
		return positiveProduct("volume", []string{"N", "Z", "H", "W", "D"}, []int{v.N, v.Z, v.H, v.W, v.D})
	}
	return positiveProduct("volume", []string{"N", "H", "W", "D"}, []int{v.N, v.H, v.W, v.D})
}

// Validate reports with [ErrShape] a size below 1 (Z may be 0), too many
// elements, or a Data whose length is not N*Z*H*W*D.
func (v Volume) Validate() error {
	size, err := v.size()
	if err != nil {
		return err
	}
	if len(v.Data) != size {
		return shapeErrorf("volume %v: it holds %d elements; its shape needs %d", v, len(v.Data), size)
	}
	return nil
}

// Planes returns the number of planes of each image: Z, or 1 where Z is 0.
func (v Volume) Planes() int { return orOne(v.Z) }

// Len returns the number of elements, N*Z*H*W*D.
func (v Volume) Len() int { return v.N * v.Planes() * v.H * v.W * v.D }

// Index returns the position in Data of element d of the depth column at (x, y)
// of image n, plane 0. It panics, as a slice index does, if one of the four is
// out of range.
func (v Volume) Index(n, y, x, d int) int {
	// Each index on its own: an x that is too large would otherwise quietly
	// read the next row.
	if uint(n) >= uint(v.N) || uint(y) >= uint(v.H) || uint(x) >= uint(v.W) || uint(d) >= uint(v.D) {
		v.outOfRange(n, y, x, d)
	}
	return ((n*v.Planes()*v.H+y)*v.W+x)*v.D + d
}

// Index3D is [Volume.Index] for plane z. It panics likewise.
func (v Volume) Index3D(n, z, y, x, d int) int {
	if uint(z) >= uint(v.Planes()) {
		panic(fmt.Sprintf("tensor: index z=%d out of range of volume %v", z, v))
	}
	return v.Index(n, y, x, d) + z*v.H*v.W*v.D
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
	start, size := v.Index(n, 0, 0, 0), v.Planes()*v.H*v.W*v.D
	return Volume{N: 1, Z: v.Z, H: v.H, W: v.W, D: v.D, Data: v.Data[start : start+size : start+size]}
}

// Plane returns plane z of image 0 alone, as a volume with N = Z = 1 that shares
// Data. It panics, as a slice index does, if z is out of range.
func (v Volume) Plane(z int) Volume {
	start, size := v.Index3D(0, z, 0, 0, 0), v.H*v.W*v.D
	return Volume{N: 1, Z: 1, H: v.H, W: v.W, D: v.D, Data: v.Data[start : start+size : start+size]}
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

// String returns the shape, such as "1x11x11x4 (NHWC)", or "1x5x11x11x4 (NZHWC)"
// where Z is not 1.
func (v Volume) String() string {
	if is3D(v.Z) {
		return fmt.Sprintf("%dx%dx%dx%dx%d (NZHWC)", v.N, v.Z, v.H, v.W, v.D)
	}
	return fmt.Sprintf("%dx%dx%dx%d (NHWC)", v.N, v.H, v.W, v.D)
}
