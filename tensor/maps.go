package tensor

import (
	"fmt"
	"image"
	"image/png"
	"io"
	"path/filepath"
	"strings"
)

// MapOptions says how [Maps] draws. The zero value is fine.
type MapOptions struct {
	Title   string   // the first line; may be empty
	Columns int      // maps side by side; 0: about as many as there are rows
	Scale   int      // pixels per element; 0: so that a map is about 96 to 160 pixels large
	Labels  []string // one per depth slice; nil: "d=0", "d=1", ...
	// Bound is how far each element that is drawn may lie from its true value, in
	// the order of H x W x D; nil: not known. What is not larger may as well be
	// zero, and is drawn so.
	Bound []float64
	// Input and Filters are what the maps were computed from: the input is drawn
	// left of the maps, each filter left of its own. An input or filters of a depth
	// other than 1 and 3, and filters of several planes or banks, are left out.
	Input   Volume
	Filters Filters
}

// maxScale bounds MapOptions.Scale, in pixels per element.
const maxScale = 1024

// Maps draws image 0 of v, of a 3D volume its plane z = 0 (see [Volume.Plane]):
// one map per depth slice X[:,:,d], tiled into one picture, with the title, the
// range of the colours, and a label and the range of the values for each map. An
// element is a square, x to the right and y down.
//
// All maps share one scale of colours, blue below zero, dark at it and orange
// above, so that they can be compared and one that is nearly zero looks so. It
// holds 99 of 100 elements other than zero; those beyond it have the colour of its
// end, and are counted. NaN is magenta.
//
// Negative options, a scale above 1024, a number of labels other than v.D, bounds
// that are not one for each element, filters that are not one for each map, an
// invalid input and a picture of more than 1<<26 pixels are errors that match
// [ErrShape].
func Maps(v Volume, o MapOptions) (image.Image, error) {
	if err := v.Validate(); err != nil {
		return nil, inContext("maps", err)
	}
	if err := o.check(v); err != nil {
		return nil, err
	}
	s, err := newSheet(v.Plane(0), o)
	if err != nil {
		return nil, err
	}
	return s.draw(), nil
}

// WriteMaps writes the picture that [Maps] draws as a PNG.
func WriteMaps(w io.Writer, v Volume, o MapOptions) error {
	img, err := Maps(v, o)
	if err != nil {
		return err
	}
	if err := png.Encode(w, img); err != nil {
		return inContext("writing maps", err)
	}
	return nil
}

// WriteMapsFile writes the picture that [Maps] draws to a PNG file. path must end
// in .png. It writes to a temporary file beside path and renames that at the end,
// so that a failure leaves what was at path before.
func WriteMapsFile(path string, v Volume, o MapOptions) error {
	if ending := filepath.Ext(path); !strings.EqualFold(ending, ".png") {
		return formatErrorf("writing %s: ending %q is not supported for a picture of maps; use .png", path, ending)
	}
	img, err := Maps(v, o)
	if err != nil {
		return inContext("writing "+path, err)
	}
	return writeFile(path, func(w io.Writer) error { return png.Encode(w, img) })
}

func (o MapOptions) check(v Volume) error {
	if o.Columns < 0 {
		return shapeErrorf("maps: %d columns; use 1 or more, or 0 for a fitting number", o.Columns)
	}
	if o.Scale < 0 || o.Scale > maxScale {
		return shapeErrorf(
			"maps: scale %d; use 1 to %d pixels per element, or 0 for a fitting number",
			o.Scale,
			maxScale,
		)
	}
	if o.Labels != nil && len(o.Labels) != v.D {
		return shapeErrorf("maps: %d labels; volume %v needs %d, one per depth slice, or none", len(o.Labels), v, v.D)
	}
	if n := v.H * v.W * v.D; o.Bound != nil && len(o.Bound) != n {
		return shapeErrorf(
			"maps: %d bounds; volume %v needs %d, one per element of a plane, or none",
			len(o.Bound),
			v,
			n,
		)
	}
	if err := o.checkOperands(v); err != nil {
		return err
	}
	// A bound from below, so that the sizes in a sheet cannot overflow: a map with
	// its text has more than 512 pixels.
	side := int64(max(o.Scale, 1))
	if n := max(int64(v.H)*int64(v.W), 512); n > maxPixels/int64(v.D)/(side*side) {
		return shapeErrorf(
			"maps: volume %v at %d pixels per element needs a picture of more than %d pixels, the most that is "+
				"supported",
			v,
			side,
			maxPixels,
		)
	}
	return nil
}

// checkOperands fails unless the input and the filters are valid, where they are there.
func (o MapOptions) checkOperands(v Volume) error {
	if o.Input.Data != nil {
		if err := o.Input.Validate(); err != nil {
			return inContext("maps: input", err)
		}
	}
	if o.Filters.Data == nil {
		return nil
	}
	if err := o.Filters.Validate(); err != nil {
		return inContext("maps", err)
	}
	if o.Filters.K != v.D {
		return shapeErrorf("maps: filters %v; volume %v needs %d, one per depth slice, or none", o.Filters, v, v.D)
	}
	return nil
}

// mapLabel returns what stands below map d.
func (o MapOptions) mapLabel(d int) string {
	if o.Labels == nil {
		return fmt.Sprintf("d=%d", d)
	}
	return elide(o.Labels[d], maxLabel)
}

// fittingScale returns the scale at which the longer side of a map is about 128
// pixels; a map of more than that is drawn at one pixel per element.
func fittingScale(v Volume) int {
	side := max(v.H, v.W)
	return max(1, (128+side/2)/side)
}

// fittingColumns returns a number of columns that leaves no gap in the last row
// if one between the square root of n and twice that does, and the root if not.
func fittingColumns(n int) int {
	root := 1
	for root*root < n {
		root++
	}
	for c := root; c <= 2*root; c++ {
		if n%c == 0 {
			return c
		}
	}
	return root
}
