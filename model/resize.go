package model

import (
	"fmt"
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
)

// resizing is a Resize or Upsample, with the inputs that say its sizes.
type resizing struct {
	roi, scales []float32
	sizes       []int64
	axes        []int // that these are about
	policy      string
}

// lowerResize lowers Resize and Upsample.
func lowerResize(c *compiler, n *node) error {
	x := c.in(n, 0)
	r, err := c.resizing(n)
	if err != nil {
		return err
	}
	o, err := c.resizeOptions(n)
	if err != nil {
		return err
	}
	shape, err := r.shape(x, &o)
	if err != nil {
		return fmt.Errorf("%s of %s: %w", n.Op, x, err)
	}
	if !isFloat(x.dtype) && o.Mode != "nearest" {
		return fmt.Errorf("%w: %s of %v by mode %s", ErrUnsupported, n.Op, x.dtype, o.Mode)
	}
	to := result(x.dtype, shape, ranked(x.view))
	err = c.apply(n.String(), call{
		reads:  []*value{x},
		writes: []*value{to},
		plan:   func(p *exec.Plan, in, out []op.Tensor) error { return op.Resize(p, in[0], out[0], o) },
		judge:  c.reference(n, []*value{x}, 0),
	})
	c.set(n, 0, to)
	return err
}

// resizing reads what an operator is given: Upsample and Resize 10 have the scales as the second input, or as an
// attribute before opset 9, later ones the region of interest, scales and sizes.
func (c *compiler) resizing(n *node) (r resizing, err error) {
	x := c.in(n, 0)
	r.axes = upFrom(0, x.rank())
	list := func(i int) (all []float32) {
		if v := c.in(n, i); err == nil && v != nil && !v.empty() {
			all, err = c.floats(n, v)
		}
		return all
	}
	if n.Op == "Upsample" || c.net.opset < 11 {
		if a, ok := n.Attributes["scales"]; ok && c.net.opset < 9 {
			r.scales = a.Floats
			return r, nil
		}
		r.scales = list(1)
		return r, err
	}
	r.roi, r.scales = list(1), list(2)
	if v := c.in(n, 3); err == nil && v != nil && !v.empty() {
		r.sizes, err = c.ints(n, v)
	}
	if err != nil {
		return r, err
	}
	given, err := n.integers("axes")
	if err != nil {
		return r, err
	}
	if given != nil {
		if r.axes, err = axes(given, x.rank()); err != nil {
			return r, err
		}
	}
	r.policy, err = n.text("keep_aspect_ratio_policy", "stretch")
	return r, err
}

// resizeOptions reads the attributes.
func (c *compiler) resizeOptions(n *node) (o op.ResizeOptions, err error) {
	coordinates := "half_pixel"
	if n.Op == "Upsample" || c.net.opset < 11 {
		coordinates = "asymmetric"
	}
	for _, t := range []struct {
		to              *string
		name, otherwise string
	}{
		{&o.Mode, "mode", "nearest"},
		{&o.Coordinates, "coordinate_transformation_mode", coordinates},
		{&o.NearestMode, "nearest_mode", "round_prefer_floor"},
	} {
		if *t.to, err = n.text(t.name, t.otherwise); err != nil {
			return o, err
		}
	}
	if o.Mode == "bilinear" || o.Mode == "trilinear" { // as old opsets say it
		o.Mode = "linear"
	}
	if n.Op == "Upsample" {
		o.NearestMode = "floor"
	}
	a, err := n.float("cubic_coeff_a", -0.75)
	if err != nil {
		return o, err
	}
	outside, err := n.float("extrapolation_value", 0)
	if err != nil {
		return o, err
	}
	exclude, err := n.integer("exclude_outside", 0)
	if err != nil {
		return o, err
	}
	smooth, err := n.integer("antialias", 0)
	o.CubicCoeffA, o.Extrapolation = float64(a), math.Float32bits(outside)
	o.ExcludeOutside, o.Antialias = exclude != 0, smooth != 0
	return o, err
}

// shape is the result's, and sets the axes of the options.
func (r resizing) shape(x *value, o *op.ResizeOptions) ([]int, error) {
	n := len(r.axes)
	switch {
	case (len(r.scales) == 0) == (len(r.sizes) == 0):
		return nil, fmt.Errorf(
			"%w: %d scales and %d sizes, must be one of them",
			ErrGraph,
			len(r.scales),
			len(r.sizes),
		)
	case len(r.scales) != 0 && len(r.scales) != n, len(r.sizes) != 0 && len(r.sizes) != n, len(r.roi) != 0 &&
		len(r.roi) != 2*n && o.Coordinates == "tf_crop_and_resize":
		return nil, fmt.Errorf("%w: scales %v, sizes %v, region %v, must be one or two for each of %d axes",
			ErrGraph, r.scales, r.sizes, r.roi, n)
	}
	shape := slices.Clone(x.shape())
	for i, axis := range r.axes {
		a := op.ResizeAxis{Axis: axis, End: 1}
		if len(r.roi) == 2*n {
			a.Begin, a.End = float64(r.roi[i]), float64(r.roi[n+i])
		}
		a.Scale, shape[axis] = r.axis(i, x.shape(), a.End-a.Begin, o.Coordinates)
		if !(a.Scale > 0) || shape[axis] < 1 || shape[axis] > 1<<30 {
			return nil, fmt.Errorf("%w: axis %d by %v to %d", ErrGraph, axis, a.Scale, shape[axis])
		}
		o.Axes = append(o.Axes, a)
	}
	return shape, nil
}

// axis is the scale of the i-th axis and the size that it gets. Sizes that are to keep the proportions have one scale.
func (r resizing) axis(i int, shape []int, part float64, coordinates string) (scale float64, size int) {
	in := float64(shape[r.axes[i]])
	if len(r.scales) > 0 {
		scale = float64(r.scales[i])
		if coordinates == "tf_crop_and_resize" {
			return scale, int(math.Floor(in * part * scale))
		}
		return scale, int(math.Floor(in * scale))
	}
	if r.policy == "stretch" {
		return float64(r.sizes[i]) / in, int(r.sizes[i])
	}
	for k, axis := range r.axes {
		one := float64(r.sizes[k]) / float64(shape[axis])
		if k == 0 || r.policy == "not_larger" && one < scale || r.policy == "not_smaller" && one > scale {
			scale = one
		}
	}
	return scale, int(math.Floor(scale*in + 0.5))
}
