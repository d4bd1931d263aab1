package shaders

import "github.com/gpuconv/gpuconv/conv"

// WinogradGradients are the rows of winograd_gradient.wgsl and winograd_filters.wgsl: the gradient with respect to 3x3
// filters, by tiles of as many outputs along each axis as a layer's own, with its channels by fours.
func WinogradGradients() (all []Winograd) {
	for _, m := range []uint32{2, 4} {
		all = append(all, WinogradGradientBy(m), WinogradFiltersBy(m))
	}
	return all
}

// gradientTaps is how many taps a filter has along each axis.
const gradientTaps = 3

// WinogradGradientBy transforms dV of tiles of m x m outputs.
func WinogradGradientBy(m uint32) Winograd {
	return Winograd{"winograd_gradient", m + gradientTaps - 1, m + gradientTaps - 1, m, 4, transformThreads}
}

// WinogradFiltersBy transforms the sums of products to the filters' gradient.
func WinogradFiltersBy(m uint32) Winograd {
	return Winograd{"winograd_filters", m + gradientTaps - 1, m + gradientTaps - 1, m, 4, transformThreads}
}

// Taps numbers a filter's taps along an axis, Tap those of all.
func (Winograd) Taps() []uint32                { return counting(gradientTaps) }
func (Winograd) Tap(row, column uint32) uint32 { return gradientTaps*row + column }

// WinogradGradient gives the parameters of winograd_gradient.wgsl; Outputs is the number of threads.
func WinogradGradient(p conv.Problem, k Winograd) Params {
	return WinogradOutput(p, k, conv.Epilogue{})
}

// WinogradFilters gives the parameters of winograd_filters.wgsl; Outputs is the number of threads.
func WinogradFilters(p conv.Problem, k Winograd) Params {
	params := FilterGradient(p)
	params.Outputs = uint32(p.OutChannels * (p.InChannels / p.Groups / int(k.Vector)))
	return params
}

// ProductGradient gives the parameters of filter_tiles.wgsl for the products of a transform: the layer of the products,
// of one row of tiles, with the rows that the tiles of all images have, which sums can be split by.
func ProductGradient(product conv.Problem, rows int) Params {
	params := FilterGradient(product)
	params.OutSize = [3]uint32{1, uint32(rows), params.OutSize[2] / uint32(rows)}
	params.InSize = params.OutSize
	return params
}
