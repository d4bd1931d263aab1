package tensor

import (
	"image/color"
	"math"
)

// viridis holds nine evenly spaced colours of Matplotlib's colour map of that
// name (CC0, by van der Walt and Smith): equal steps of value look equal, and it
// reads the same in gray and to the colour-blind.
var viridis = [...][3]uint8{
	{68, 1, 84}, {71, 45, 123}, {59, 82, 139}, {44, 114, 142}, {33, 145, 140},
	{40, 174, 128}, {94, 201, 98}, {173, 220, 48}, {253, 231, 37},
}

// nanColor is far from every colour of the map.
var nanColor = color.RGBA{255, 0, 255, 255}

// mapColor returns the colour at t in 0..1, interpolated between the anchors.
func mapColor(t float64) color.RGBA {
	const steps = len(viridis) - 1
	t = min(max(t, 0), 1) * float64(steps)
	i := min(int(t), steps-1)
	f := t - float64(i)
	var c [3]uint8
	for j := range c {
		a, b := float64(viridis[i][j]), float64(viridis[i+1][j])
		// The conversions forbid a fused multiply-add, so that every platform
		// draws the same picture.
		c[j] = uint8(math.Round(float64(a*(1-f)) + float64(b*f)))
	}
	return color.RGBA{c[0], c[1], c[2], 255}
}

// valueRange is the range of the finite values of a map.
type valueRange struct {
	low, high float64 // low > high: there are none
	nan       int     // the number of NaNs
}

func noRange() valueRange { return valueRange{low: math.Inf(1), high: math.Inf(-1)} }

// rangeOf returns the range of the values of one depth slice.
func rangeOf(slice []float32) valueRange {
	r := noRange()
	for _, value := range slice {
		switch x := float64(value); {
		case x != x:
			r.nan++
		case !math.IsInf(x, 0):
			r.low, r.high = min(r.low, x), max(r.high, x)
		}
	}
	return r
}

// union returns the range of two maps together.
func (r valueRange) union(s valueRange) valueRange {
	return valueRange{min(r.low, s.low), max(r.high, s.high), r.nan + s.nan}
}

// color returns the colour of x: the lowest where the map is constant, one end of
// the colour map for an infinite x.
func (r valueRange) color(x float64) color.RGBA {
	switch {
	case x != x:
		return nanColor
	case math.IsInf(x, 0):
		return mapColor(max(0, math.Copysign(1, x)))
	case r.high <= r.low:
		return mapColor(0)
	}
	return mapColor((x - r.low) / (r.high - r.low))
}
