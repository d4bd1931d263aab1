package shaders

import (
	"strconv"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
)

// winogradGradientSizes are the outputs of a tile and the taps of a filter along each axis that have gradients.
var winogradGradientSizes = [][2]uint32{{2, 3}, {4, 3}, {6, 3}, {4, 5}}

// WinogradGradients are the rows of winograd_gradient.wgsl and winograd_filters.wgsl: the gradient with respect to
// filters, by tiles of as many outputs along each axis as a layer's own, four channels a thread.
func WinogradGradients() (all []Winograd) {
	for _, size := range winogradGradientSizes {
		m, side := size[0], size[0]+size[1]-1
		all = append(all, WinogradGradientBy(m, side), WinogradFiltersBy(m, side))
	}
	return all
}

// WinogradGradientBy transforms dV of tiles of m x m outputs and side x side inputs.
func WinogradGradientBy(m, side uint32) Winograd {
	return Winograd{"winograd_gradient", side, side, m, 4, transformThreads}
}

// WinogradFiltersBy transforms the sums of products to the filters' gradient.
func WinogradFiltersBy(m, side uint32) Winograd {
	return Winograd{"winograd_filters", side, side, m, 4, transformThreads}
}

// Taps numbers a filter's taps along an axis, of which LastTap is the last, and Tap those of all.
func (k Winograd) Taps() []uint32                { return counting(k.LastTap() + 1) }
func (k Winograd) LastTap() uint32               { return k.Side() - k.M }
func (k Winograd) Tap(row, column uint32) uint32 { return (k.LastTap()+1)*row + column }

// Pairs are the points at which tiles are evaluated, of those that come with their negatives: 1 and -1, 2 and -2,
// 1/2 and -1/2. Number counts them from 1, and First and Second are where their products stand.
func (k Winograd) Pairs() []float64       { return []float64{1, 2, 0.5}[:k.Side()/2-1] }
func (Winograd) Number(pair int) int      { return pair + 1 }
func (Winograd) First(pair int) int       { return 2*pair + 1 }
func (Winograd) Second(pair int) int      { return 2*pair + 2 }
func (k Winograd) Scaled(pair int) string { return winogradScales[k.Side()][pair+1] }

// Zero is the scale of the point 0.
func (k Winograd) Zero() string { return winogradScales[k.Side()][0] }

// winogradScales are those of the points, by the number of inputs, as package transform has them: of 0 and of the
// pairs.
var winogradScales = map[uint32][]string{
	4: {"1.0", "0.5"}, 6: {"0.25", "(-1.0 / 6.0)", "(1.0 / 24.0)"},
	8: {"1.0", "(-2.0 / 9.0)", "(1.0 / 90.0)", "(32.0 / 45.0)"},
}

// Evens and Odds number a tile's outputs by their parity.
func (k Winograd) Evens() (all []uint32) { return k.everySecond(0) }
func (k Winograd) Odds() (all []uint32)  { return k.everySecond(1) }

func (k Winograd) everySecond(first uint32) (all []uint32) {
	for j := first; j < k.M; j += 2 {
		all = append(all, j)
	}
	return all
}

// Times multiplies what follows by a power of a point, and is empty where that is 1.
func (k Winograd) Times(point float64, power uint32) string {
	factor := k.Power(point, power)
	if n, err := strconv.ParseFloat(strings.TrimSpace(factor), 64); err == nil && n == 1 {
		return ""
	}
	return factor + " * "
}

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

// ProductGradient gives the parameters of filter_tiles.wgsl for the products of a transform: the layer of the
// products, of one row of tiles, with the rows that the tiles of all images have, which sums can be split by.
func ProductGradient(product conv.Problem, rows int) Params {
	params := FilterGradient(product)
	params.OutSize = [3]uint32{1, uint32(rows), params.OutSize[2] / uint32(rows)}
	params.InSize = params.OutSize
	return params
}
