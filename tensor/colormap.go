package tensor

import (
	"image/color"
	"math"
	"slices"
)

// diverging holds eleven evenly spaced colours from the lowest to the highest value,
// with zero in the middle: from light blue through a gray little lighter than the sheet
// to light orange, both sides growing lighter alike, which the colour-blind tell apart.
var diverging = [...][3]uint8{
	{199, 229, 255}, {120, 190, 250}, {50, 135, 225}, {38, 92, 165}, {40, 62, 98},
	{46, 48, 54},
	{92, 54, 44}, {158, 70, 42}, {218, 104, 48}, {250, 168, 92}, {255, 228, 190},
}

// nanColor is far from every colour of the map.
var nanColor = color.RGBA{255, 0, 255, 255}

// mapColor returns the colour at t in -1..1, interpolated between the anchors.
func mapColor(t float64) color.RGBA {
	const steps = len(diverging) - 1
	t = (min(max(t, -1), 1) + 1) / 2 * float64(steps)
	i := min(int(t), steps-1)
	f := t - float64(i)
	var c [3]uint8
	for j := range c {
		a, b := float64(diverging[i][j]), float64(diverging[i+1][j])
		// The conversions forbid a fused multiply-add, so that every platform
		// draws the same picture.
		c[j] = uint8(math.Round(float64(a*(1-f)) + float64(b*f)))
	}
	return color.RGBA{c[0], c[1], c[2], 255}
}

// valueRange is the range of the finite values of a map.
type valueRange struct{ low, high float64 } // low > high: there are none

// rangeOf returns the range of some values.
func rangeOf(values []float32) valueRange {
	r := valueRange{low: math.Inf(1), high: math.Inf(-1)}
	for _, value := range values {
		if x := float64(value); x-x == 0 { // neither NaN nor infinite
			r.low, r.high = min(r.low, x), max(r.high, x)
		}
	}
	return r
}

// end is where a scale around zero ends that holds the whole range; 0 where there is
// nothing but zeros.
func (r valueRange) end() float64 {
	if r.low > r.high {
		return 0
	}
	return max(-r.low, r.high)
}

// shown is the part of the elements other than zero that the scale holds: single peaks would
// leave all else without a colour.
const shown = 0.99

// scaleEnd is where the scale of some values ends, 0 where there is nothing but zeros.
func scaleEnd(values []float32) float64 {
	var sizes []float64
	for _, value := range values {
		if x := math.Abs(float64(value)); x > 0 && !math.IsInf(x, 0) {
			sizes = append(sizes, x)
		}
	}
	if len(sizes) == 0 {
		return 0
	}
	slices.Sort(sizes)
	return sizes[int(math.Ceil(shown*float64(len(sizes))))-1]
}

// divergingColor returns the colour of x on a scale from -end to end. What lies beyond has
// the colour of its end.
func divergingColor(x, end float64) color.RGBA {
	switch {
	case x != x:
		return nanColor
	case x == 0:
		return mapColor(0)
	}
	return mapColor(x / end)
}
