package tensor

import (
	"slices"
	"strings"
)

// VolumeLayout names the order of the axes of a volume in an array, outermost
// first: images N, rows H, columns W, depth (channels) C.
type VolumeLayout string

// The layouts that [VolumeFrom] reads. Without the N of a batch they are HWC and
// CHW.
const (
	NHWC VolumeLayout = "NHWC" // this package's own, and that of TensorFlow
	NCHW VolumeLayout = "NCHW" // that of PyTorch and ONNX
)

// FilterLayout names the order of the axes of a filter bank in an array,
// outermost first: filters O (output depth), rows H, columns W, input depth I.
type FilterLayout string

// The layouts that [FiltersFrom] reads.
const (
	OHWI FilterLayout = "OHWI" // this package's own, and that of TensorFlow Lite
	HWIO FilterLayout = "HWIO" // that of TensorFlow
	OIHW FilterLayout = "OIHW" // that of PyTorch and ONNX
)

// ParseVolumeLayout reads a layout's name, NHWC or NCHW, or HWC or CHW for the
// same two; capital and small letters are alike. Any other name is an error that
// matches [ErrFormat].
func ParseVolumeLayout(s string) (VolumeLayout, error) {
	switch strings.ToUpper(s) {
	case "NHWC", "HWC":
		return NHWC, nil
	case "NCHW", "CHW":
		return NCHW, nil
	}
	return "", formatErrorf("volume layout %q is not known; use NHWC (or HWC) or NCHW (or CHW)", s)
}

// ParseFilterLayout reads a layout's name, OHWI, HWIO or OIHW; capital and small
// letters are alike. Any other name is an error that matches [ErrFormat].
func ParseFilterLayout(s string) (FilterLayout, error) {
	switch l := FilterLayout(strings.ToUpper(s)); l {
	case OHWI, HWIO, OIHW:
		return l, nil
	}
	return "", formatErrorf("filter layout %q is not known; use OHWI, HWIO or OIHW", s)
}

// VolumeFrom returns the volume that a holds in layout l. Rank 4 is a batch; rank
// 3 is one image, l without its N; rank 2 is one image (H, W) of depth 1. Rank 5
// is a batch of 3D volumes, with the planes Z before H: NZHWC or NCZHW. It fails with [ErrShape] for any other rank
// and for an axis of size 0. The result shares a's Data if nothing has to move, and copies it otherwise.
func VolumeFrom(a Array, l VolumeLayout) (Volume, error) {
	l, err := ParseVolumeLayout(string(l))
	if err != nil {
		return Volume{}, err
	}
	shape, data, err := reorder(a, string(l), "NC", "NZHWC")
	if err != nil {
		return Volume{}, err
	}
	return Volume{N: shape[0], Z: shape[1], H: shape[2], W: shape[3], D: shape[4], Data: data}, nil
}

// FiltersFrom returns the filter bank that a holds in layout l, with a nil Bias.
// Rank 4 is a bank; rank 3 is one filter, l without its O; rank 2 is one filter
// (Fh, Fw) of depth 1. Rank 5 is a bank of 3D filters, with Fz before Fh: OZHWI,
// ZHWIO or OIZHW. It fails with [ErrShape] for any other rank and for an axis of
// size 0. The result shares a's Data if nothing has to move, and copies
// it otherwise.
func FiltersFrom(a Array, l FilterLayout) (Filters, error) {
	l, err := ParseFilterLayout(string(l))
	if err != nil {
		return Filters{}, err
	}
	shape, data, err := reorder(a, string(l), "OI", "OZHWI")
	if err != nil {
		return Filters{}, err
	}
	return Filters{K: shape[0], Z: shape[1], H: shape[2], W: shape[3], D: shape[4], Data: data}, nil
}

// FilterBanksFrom returns the banks of an unshared layer, with a nil Bias. The
// first axis of a is the banks; l says the order of the other four, or five with
// Fz before Fh: (Banks, K, Fh, Fw, D) in layout OHWI. It fails with [ErrShape] for
// any other rank and for an axis of size 0. The result is a copy.
func FilterBanksFrom(a Array, l FilterLayout) (Filters, error) {
	if err := a.validFloats(); err != nil {
		return Filters{}, err
	}
	if rank := len(a.Shape); rank != 5 && rank != 6 || a.Shape[0] == 0 {
		return Filters{}, shapeErrorf(
			"filter banks of shape %v; use (Banks, K, Fh, Fw, D), or (Banks, K, Fz, Fh, Fw, D) in 3D, with at least "+
				"one bank",
			a.Shape,
		)
	}
	var all Filters
	banks, size := a.Shape[0], len(a.Data)/a.Shape[0]
	data := make([]float32, 0, len(a.Data))
	for b := range banks {
		one, err := FiltersFrom(Array{Shape: a.Shape[1:], Data: a.Data[b*size : (b+1)*size]}, l)
		if err != nil {
			return Filters{}, err
		}
		all, data = one, append(data, one.Data...)
	}
	all.Banks, all.Data = banks, data
	return all, nil
}

// BiasFrom returns the K biases that a holds: one number (rank 0), K of them
// (rank 1), or a higher rank in which all axes but one are 1, such as (1, K, 1,
// 1). It fails with [ErrShape] for any other shape and where there is no element.
// The result shares a's Data.
func BiasFrom(a Array) ([]float32, error) {
	if err := a.validFloats(); err != nil {
		return nil, err
	}
	long := 0
	for _, size := range a.Shape {
		if size != 1 {
			long++
		}
	}
	if long > 1 || len(a.Data) == 0 {
		return nil, shapeErrorf(
			"biases of shape %v; use (K,) with K at least 1, or a shape in which all other axes are 1",
			a.Shape,
		)
	}
	return a.Data, nil
}

// reorder returns the shape and the data of a, whose axes are those of from, in
// the order of to, which has a Z more. An array of rank 5 has its Z before H; one
// of rank 3 is without the axis optional[0], and one of rank 2 also without
// optional[1]. The size of an axis that is not there is 1.
func reorder(a Array, from, optional, to string) (shape []int, data []float32, err error) {
	if err := a.validFloats(); err != nil {
		return nil, nil, err
	}
	present := from
	switch absent := len(from) - len(a.Shape); {
	case absent < -1 || absent > len(optional):
		return nil, nil, shapeErrorf(
			"array of shape %v has rank %d; layout %s needs rank 4, 5 (with Z before H), 3 (without %c) or 2 (H, W)",
			a.Shape,
			len(a.Shape),
			from,
			optional[0],
		)
	case absent < 0:
		present = strings.Replace(from, "H", "ZH", 1)
	default:
		present = strings.Map(func(axis rune) rune {
			if strings.ContainsRune(optional[:absent], axis) {
				return -1
			}
			return axis
		}, from)
	}

	source := contiguous(a.Shape)
	shape, strides := []int{1, 1, 1, 1, 1}, make([]int, len(to))
	for i, axis := range to {
		if at := strings.IndexRune(present, axis); at >= 0 {
			shape[i], strides[i] = a.Shape[at], source[at]
		}
	}
	if i := slices.Index(shape, 0); i >= 0 {
		return nil, nil, shapeErrorf("array of shape %v (%s): %c is 0; it must be at least 1", a.Shape, present, to[i])
	}
	if inOrder(shape, strides) {
		return shape, a.Data, nil
	}
	return shape, gather(a.Data, shape, strides), nil
}

// inOrder tells whether strides are those of C order, axes of size 1 aside: they
// are never stepped along.
func inOrder(shape, strides []int) bool {
	for i, want := range contiguous(shape) {
		if shape[i] != 1 && strides[i] != want {
			return false
		}
	}
	return true
}
