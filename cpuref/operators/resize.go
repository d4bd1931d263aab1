package operators

import (
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/onnx"
)

// resizing are the operators that sample a picture at other places.
var resizing = map[string]operator{
	"Resize":   {1, 4, resize},
	"Upsample": {1, 2, upsample},
}

// part is a number that an output is mixed of: where it is on the axis, its weight, and what that may be off by. Of
// nearest, -1 is a number outside.
type part struct {
	at            int
	weight, error float64
}

// resizer is the attributes of a Resize.
type resizer struct {
	mode, nearest, coordinates string
	cubic                      float64
	outside, antialias         bool
}

// resizedAxis is one axis of a Resize.
type resizedAxis struct {
	in, out     int
	scale, step float64 // step is 1/scale
	exact       bool    // float32 finds coordinates without rounding
	begin, end  float64 // of a crop
	crops       bool
}

// resize: each axis has its weights, which a coordinate that is off by some u moves by the kernel's slope; the sum of
// weighted numbers has the bound of its length. Nearest copies, and where a coordinate may round to a neighbour,
// allows the neighbour. Inputs: roi and scales or sizes since opset 11, scales alone in 10.
func resize(c *call) []Result {
	rank := len(c.in[0].Shape)
	if c.opset < 10 {
		refuse("Resize begins with opset 10")
	}
	z := resizer{mode: c.choice("mode", "nearest", "linear", "cubic"), nearest: "floor", coordinates: "asymmetric"}
	var roi, scales, sizes *Array
	if c.opset < 11 {
		z.nearest = "inwards"
		if scales = c.input(1); z.mode == "cubic" || len(c.in) > 2 {
			refuse("mode %q and %d inputs, must be nearest or linear and 2 in opset 10", z.mode, len(c.in))
		}
	} else {
		roi, scales, sizes = c.input(1), c.input(2), c.input(3)
		z.nearest = c.choice("nearest_mode", "round_prefer_floor", "round_prefer_ceil", "floor", "ceil")
		z.coordinates = c.choice("coordinate_transformation_mode", "half_pixel", "pytorch_half_pixel",
			"align_corners",
			"asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize", "half_pixel_symmetric")
		z.cubic = c.number("cubic_coeff_a", -0.75)
		z.outside, z.antialias = c.flag("exclude_outside", false), c.flag("antialias", false)
	}
	named := every(rank)
	if c.opset >= 18 && c.has("axes") {
		named = axesOf(c.list("axes"), rank)
	}
	axes := c.resizedAxes(named, scales, sizes, z.coordinates)
	if z.coordinates == "tf_crop_and_resize" {
		crop(axes, named, roi)
	}
	return one(z.compute(c, axes))
}

// upsample: the scales are an attribute before opset 9 and an input since. Nearest is the number before, as in Resize
// of opset 10.
func upsample(c *call) []Result {
	z := resizer{mode: c.choice("mode", "nearest", "linear"), nearest: "floor", coordinates: "asymmetric"}
	scales := c.input(1)
	if c.opset < 9 {
		a, _ := c.attribute("scales", onnx.KindFloats)
		scales = &Array{Type: c.in[0].Type, Shape: []int{len(a.Floats)}}
		for _, s := range a.Floats {
			scales.Data = append(scales.Data, float64(s))
		}
	}
	return one(z.compute(c, c.resizedAxes(every(len(c.in[0].Shape)), scales, nil, z.coordinates)))
}

// resizedAxes finds sizes and scales: each from the other.
func (c *call) resizedAxes(named []int, scales, sizes *Array, coordinates string) []resizedAxis {
	given := scales
	if scales == nil || len(scales.Data) == 0 {
		given = sizes
	} else if sizes != nil && len(sizes.Data) > 0 {
		refuse("scales and sizes are both there, must be one of them")
	}
	if given == nil || len(given.Data) != len(named) {
		refuse("scales or sizes are left out, or not one for each of %d axes", len(named))
	}
	axes := make([]resizedAxis, len(c.in[0].Shape))
	for d, n := range c.in[0].Shape {
		axes[d] = resizedAxis{in: n, out: n, scale: 1, step: 1}
	}
	for i, d := range named {
		a := &axes[d]
		switch v := given.Data[i]; {
		case !(v > 0) || a.in == 0 || given == sizes && v != math.Trunc(v):
			refuse("%v for axis %d of size %d, must be positive, a size a whole number", v, d, a.in)
		case given == sizes:
			a.out, a.scale, a.step = held(v), v/float64(a.in), float64(a.in)/v
		default:
			// ONNX's shape inference multiplies in float32.
			a.scale, a.step, a.out = v, 1/v, held(math.Floor(float64(float32(a.in)*float32(v))))
		}
	}
	if given == sizes {
		c.keepAspect(axes, named)
	}
	for d := range axes {
		axes[d].exact = dyadic(axes[d], coordinates)
	}
	return axes
}

// keepAspect gives all named axes one scale, the smallest or the largest.
func (c *call) keepAspect(axes []resizedAxis, named []int) {
	policy := c.choice("keep_aspect_ratio_policy", "stretch", "not_larger", "not_smaller")
	if policy == "stretch" || c.opset < 18 || len(named) == 0 {
		return
	}
	scale := axes[named[0]].scale
	for _, d := range named {
		if policy == "not_larger" {
			scale = min(scale, axes[d].scale)
		} else {
			scale = max(scale, axes[d].scale)
		}
	}
	for _, d := range named {
		axes[d].scale, axes[d].step, axes[d].out = scale, 1/scale, held(math.Floor(scale*float64(axes[d].in)+0.5))
	}
}

// dyadic tells whether a step from one output's coordinate to the next is a multiple of 1/64 and small, so that no
// coordinate is rounded in float32.
func dyadic(a resizedAxis, coordinates string) bool {
	step := a.step
	switch coordinates {
	case "align_corners":
		step = a.corners(1)
	case "tf_crop_and_resize":
		return false
	}
	return step*64 == math.Trunc(step*64) && step < 1<<10 && a.in < 1<<14 && a.out < 1<<14
}

// corners is the coordinate of output x where the outermost numbers stay where they are.
func (a resizedAxis) corners(x float64) float64 {
	if length := a.length(); length != 1 {
		return x * float64(a.in-1) / (length - 1)
	}
	return 0
}

// length is what the scale makes of the axis, which need not be a whole number.
func (a resizedAxis) length() float64 { return a.scale * float64(a.in) }

// crop sets what part of each axis is sampled, from the input roi: all starts, then all ends.
func crop(axes []resizedAxis, named []int, roi *Array) {
	if roi == nil || len(roi.Data) != 2*len(named) {
		refuse("input roi must have two numbers for each of %d axes", len(named))
	}
	for i, d := range named {
		if b, e := roi.Data[i], roi.Data[len(named)+i]; math.IsNaN(b-e) || math.IsInf(b-e, 0) {
			refuse("input roi has %v and %v for axis %d, must be finite", b, e, d)
		}
		axes[d].begin, axes[d].end, axes[d].crops = roi.Data[i], roi.Data[len(named)+i], true
	}
}

// coordinate is where output o lies on the input's axis, and what float32 may be off by: four roundings of what it is
// the difference of.
func (z *resizer) coordinate(a resizedAxis, o int) (x, off float64) {
	at, in := float64(o), float64(a.in)
	reach := (at+1)*a.step + 1
	switch z.coordinates {
	case "align_corners":
		x = a.corners(at)
		reach = math.Abs(x)
	case "asymmetric":
		x = at * a.step
	case "tf_half_pixel_for_nn":
		x = (at + 0.5) * a.step
	case "tf_crop_and_resize":
		if !a.crops {
			return at, 0
		}
		x = 0.5 * (a.begin + a.end) * (in - 1)
		if a.out > 1 {
			x = a.begin*(in-1) + at*(a.end-a.begin)*(in-1)/float64(a.out-1)
		}
		reach = (2*math.Abs(a.begin)+math.Abs(a.end))*in + 1
	case "half_pixel_symmetric":
		x = in/2*(1-float64(a.out)/a.length()) + (at+0.5)*a.step - 0.5
		reach += in
	default:
		if x = (at+0.5)*a.step - 0.5; z.coordinates == "pytorch_half_pixel" && a.out == 1 {
			x = 0
		}
	}
	if a.exact {
		return x, 0
	}
	return x, known(4 * u * reach)
}

// known is what a coordinate may be off by. Of more than a number there is no saying what is sampled.
func known(off float64) float64 {
	if !(off < 1) {
		open("a coordinate that float32 finds to %v", off)
	}
	return off
}

// compute samples all axes.
func (z *resizer) compute(c *call, axes []resizedAxis) Result {
	a := c.in[0]
	shape := make([]int, len(axes))
	parts := make([][][]part, len(axes))
	outside := make([][]bool, len(axes)) // beyond a crop
	edge := make([][]bool, len(axes))    // perhaps beyond
	for d, axis := range axes {
		shape[d] = axis.out
		size(shape[:d+1])
		for o := range axis.out {
			x, off := z.coordinate(axis, o)
			last := float64(axis.in - 1)
			outside[d] = append(outside[d], axis.crops && (x < 0 || x > last))
			edge[d] = append(edge[d], axis.crops && (math.Abs(x) <= off || math.Abs(x-last) <= off))
			if axis.crops {
				x = max(0, min(x, last))
			}
			parts[d] = append(parts[d], z.parts(axis, x, off))
		}
	}
	value := c.number("extrapolation_value", 0)
	r := newResult(a.Type, shape)
	r.Allowed = make([]float64, len(r.Data))
	at, chosen, steps := make([]int, len(axes)), make([][]part, len(axes)), strides(a.Shape)
	for i := range r.Data {
		coordinates(i, shape, at)
		extrapolated, doubt := false, false
		for d, o := range at {
			chosen[d] = parts[d][o]
			extrapolated = extrapolated || outside[d][o]
			doubt = doubt || edge[d][o]
		}
		v, e := z.mix(a, steps, chosen)
		if !floating(a.Type) && z.mode != "nearest" {
			v, e = truncated(v, e)
		}
		switch {
		case doubt && extrapolated:
			r.Data[i], r.Allowed[i] = value, math.Abs(v-value)+e
		case doubt:
			r.Data[i], r.Allowed[i] = v, math.Abs(v-value)+e
		case extrapolated:
			r.Data[i] = value
		default:
			r.Data[i], r.Allowed[i] = v, e
		}
	}
	return r
}

// truncated is a whole number made of a real one that may be off.
func truncated(v, off float64) (whole, allowed float64) {
	whole = math.Trunc(v)
	return whole, max(math.Abs(math.Trunc(v-off)-whole), math.Abs(math.Trunc(v+off)-whole))
}

// mix is what the parts of all axes make. Of nearest the first part is the number, and others are in doubt.
func (z *resizer) mix(a *Array, steps []int, axes [][]part) (v, allowed float64) {
	if z.mode == "nearest" {
		return doubted(a.Data, steps, axes)
	}
	return blend(a.Data, steps, axes)
}

// term is one way to choose a part of each axis: the number's place, -1 for one outside, the product of the weights,
// and how large that may be.
type term struct {
	place           int
	weight, largest float64
}

// terms are all ways, the first parts first.
func terms(steps []int, axes [][]part) []term {
	all := []term{{0, 1, 1}}
	for d, parts := range axes {
		next := make([]term, 0, len(all)*len(parts))
		for _, t := range all {
			for _, p := range parts {
				place := -1
				if t.place >= 0 && p.at >= 0 {
					place = t.place + p.at*steps[d]
				}
				largest := t.largest * (math.Abs(p.weight) + p.error)
				next = append(next, term{place, t.weight * p.weight, largest})
			}
		}
		all = next
	}
	return all
}

// doubted is the number that the first parts name, and how far those that others name are from it.
func doubted(data []float64, steps []int, axes [][]part) (v, allowed float64) {
	for i, t := range terms(steps, axes) {
		x := 0.0
		if t.place >= 0 {
			x = data[t.place]
		}
		if i == 0 {
			v = x
		}
		if other := math.Abs(x - v); other > 0 {
			allowed = max(allowed, other)
		}
	}
	return v, allowed
}

// blend is the sum of products of weights and numbers: its error is what the weights are off by together, and the
// bound of a sum in which each term is a product of as many weights as there are axes.
func blend(data []float64, steps []int, axes [][]part) (v, allowed float64) {
	var magnitude, off float64
	all := terms(steps, axes)
	for _, t := range all {
		x := data[t.place]
		v += t.weight * x
		magnitude += t.largest * math.Abs(x)
		off += (t.largest - math.Abs(t.weight)) * math.Abs(x)
	}
	return v, off*slack + summed(len(all), magnitude, float64(len(axes)))
}

// parts are what one axis contributes to an output at coordinate x, which may be off.
func (z *resizer) parts(a resizedAxis, x, off float64) []part {
	end := func(i int) int { return max(0, min(i, a.in-1)) }
	switch {
	case z.mode == "nearest":
		return z.neighbours(a, x, off)
	case a.in == a.out && a.scale == 1 && !a.crops:
		return []part{{end(int(math.Round(x))), 1, 0}} // an axis that stays as it is
	}
	k := linear
	if z.mode == "cubic" {
		k = cubic(z.cubic)
	}
	stretch := 1.0
	if z.antialias {
		stretch = min(a.scale, 1)
	}
	parts := k.stretched(stretch).parts(x, off, func(i int) int {
		if z.outside && end(i) != i {
			return -1
		}
		return end(i)
	})
	if z.outside || z.antialias {
		divide(parts)
	}
	return parts
}

// kernel gives weights by distance: 0 beyond reach. slope is the largest size of its derivative, and rounds what a
// weight is off by, in units of u.
type kernel struct {
	of                   func(t float64) float64
	reach, slope, rounds float64
}

var linear = kernel{func(t float64) float64 { return max(0, 1-math.Abs(t)) }, 1, 1, 0}

// cubic is Keys' kernel with the parameter a. Its derivative is largest at 1, |a|, or between 0 and 1,
// (a+3)^2/(3|a+2|). Horner's scheme rounds terms of a sum of 32|a| + 12 twice.
func cubic(a float64) kernel {
	slope := math.Abs(a)
	if at := (a + 3) / (3 * (a + 2)); at > 0 && at < 1 {
		slope = max(slope, (a+3)*(a+3)/(3*math.Abs(a+2)))
	}
	return kernel{func(t float64) float64 {
		switch t = math.Abs(t); {
		case t <= 1:
			return ((a+2)*t-(a+3))*t*t + 1
		case t < 2:
			return ((a*t-5*a)*t+8*a)*t - 4*a
		}
		return 0
	}, 2, slope, 64*math.Abs(a) + 24}
}

// stretched is the kernel over longer distances, for a scale less than 1.
func (k kernel) stretched(scale float64) kernel {
	rounds := k.rounds + 2*k.slope*k.reach*(1-scale)
	return kernel{func(t float64) float64 { return k.of(t * scale) }, k.reach / scale, k.slope * scale, rounds}
}

// parts are the numbers that reach x, which may be off: each where place says, -1 being nowhere.
func (k kernel) parts(x, off float64, place func(i int) int) (parts []part) {
	for i := int(math.Floor(x - off - k.reach)); i <= int(math.Ceil(x+off+k.reach)); i++ {
		t := x - float64(i)
		at := place(i)
		if at < 0 || math.Abs(t) >= k.reach+off {
			continue
		}
		w := k.of(t)
		parts = append(parts, part{at, w, off*k.slope + (k.rounds+2*math.Abs(w))*u})
	}
	return parts
}

// divide brings the sum of weights to 1.
func divide(parts []part) {
	var sum, sumError float64
	for _, p := range parts {
		sum, sumError = sum+p.weight, sumError+p.error
	}
	for i := range parts {
		p := &parts[i]
		p.weight /= sum
		p.error = (p.error+math.Abs(p.weight)*sumError)/math.Abs(sum)*slack + (divides+1)*u*math.Abs(p.weight)
	}
}

// neighbours is the nearest number, and those that it may be where the coordinate is off.
func (z *resizer) neighbours(a resizedAxis, x, off float64) []part {
	round := map[string]func(float64) float64{
		"round_prefer_floor": func(x float64) float64 { return math.Ceil(x - 0.5) },
		"round_prefer_ceil":  func(x float64) float64 { return math.Floor(x + 0.5) },
		"floor":              math.Floor,
		"ceil":               math.Ceil,
		"inwards":            math.Floor,
	}[z.nearest]
	if z.nearest == "inwards" && a.scale < 1 {
		round = math.Ceil // of opset 10 alone
	}
	var parts []part
	for _, at := range []float64{x, x - off, x + off} {
		p := part{at: int(max(0, min(round(at), float64(a.in-1)))), weight: 1}
		if !slices.Contains(parts, p) {
			parts = append(parts, p)
		}
	}
	return parts
}
