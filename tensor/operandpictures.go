package tensor

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/draw"
)

// What stands beside the maps, in pixels.
const (
	inputSide  = 320 // at most
	filterSide = 48  // about
)

// isPicture tells whether a depth can be shown as gray or as red, green and blue.
func isPicture(depth int) bool { return depth == 1 || depth == 3 }

// drawsInput tells whether there is an input that can be shown.
func (o MapOptions) drawsInput() bool {
	return o.Input.Data != nil && isPicture(o.Input.D) && o.Input.H <= maxPixels/o.Input.W
}

// drawsFilters tells whether there are filters that can be shown.
func (o MapOptions) drawsFilters() bool {
	f := o.Filters
	return f.Data != nil && isPicture(f.D) && f.Planes() == 1 && f.BankCount() == 1 && f.H <= maxPixels/f.W
}

// inputPicture shows an image of depth 1 or 3 from its lowest value to its highest, whatever
// they are: an input need not be from 0 to 1.
func inputPicture(x Volume) *image.RGBA {
	r := rangeOf(x.Data)
	span := r.high - r.low
	return shrunk(pictureOf(x.H, x.W, inputSide, func(row, column int) color.RGBA {
		return rgb(x.Column(column, row), func(v float64) float64 {
			if !(span > 0) {
				return 0.5
			}
			return (v - r.low) / span
		})
	}))
}

// filterPictures shows filters of depth 3 as colours around gray, which is zero, and those of depth 1 as
// the maps are. Each has a scale of its own.
func filterPictures(f Filters) []*image.RGBA {
	pictures := make([]*image.RGBA, f.K)
	for k := range pictures {
		end := rangeOf(f.Filter(k)).end()
		pictures[k] = shrunk(pictureOf(f.H, f.W, filterSide, func(row, column int) color.RGBA {
			at := f.index(k, row, column, 0)
			weights := f.Data[at : at+f.D]
			if f.D == 1 {
				return divergingColor(float64(weights[0]), end)
			}
			return rgb(weights, func(v float64) float64 {
				if end == 0 {
					return 0.5
				}
				return (1 + v/end) / 2
			})
		}))
	}
	return pictures
}

// rgb is the colour of one or three values, each of which is brought to 0..1.
func rgb(values []float32, unit func(float64) float64) color.RGBA {
	c := [3]uint8{}
	for i := range c {
		v := float64(values[min(i, len(values)-1)])
		if v != v {
			return nanColor
		}
		c[i] = uint8(math.Round(255 * min(max(unit(v), 0), 1)))
	}
	return color.RGBA{c[0], c[1], c[2], 255}
}

// pictureOf draws h x w elements, as squares of as many pixels as make the longer side about that long.
func pictureOf(h, w, side int, at func(row, column int) color.RGBA) (*image.RGBA, int) {
	scale := max(1, side/max(h, w))
	img := image.NewRGBA(image.Rect(0, 0, w*scale, h*scale))
	for y := range h {
		for x := range w {
			drawSquare(img, image.Pt(x*scale, y*scale), scale, at(y, x))
		}
	}
	return img, side
}

// shrunk gives a picture whose longer side is at most so long.
func shrunk(img *image.RGBA, side int) *image.RGBA {
	size := img.Bounds().Size()
	longer := max(size.X, size.Y)
	if longer <= side {
		return img
	}
	small := image.NewRGBA(image.Rect(0, 0, max(1, size.X*side/longer), max(1, size.Y*side/longer)))
	draw.CatmullRom.Scale(small, small.Bounds(), img, img.Bounds(), draw.Src, nil)
	return small
}
