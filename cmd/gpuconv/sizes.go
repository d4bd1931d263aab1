package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/spf13/cobra"
)

// sizeFlags are a layer's hyperparameters beyond its volumes' sizes, in the notes' letters, for those who
// do not write descriptors.
type sizeFlags struct {
	stride, pad, padding, dilation, outputPadding string
	transposed, unshared                          bool
	groups                                        int
}

// add registers the flags; of says whose they are.
func (f *sizeFlags) add(c *cobra.Command, of string) {
	flags := c.Flags()
	flags.StringVar(&f.stride, "stride", "1", "stride S"+of+", or WxH, in 3D WxHxZ")
	flags.StringVar(
		&f.pad,
		"pad",
		"0",
		"padding P"+of+" on each side, or WxH, in 3D WxHxZ, or TOP,BOTTOM,LEFT,RIGHT, in 3D FRONT,BACK before them, "+
			"or SAME_UPPER, SAME_LOWER, VALID as in ONNX",
	)
	flags.StringVar(&f.padding, "padding", "zero",
		"what the padding holds"+of+": zero, reflect, replicate or circular")
	flags.StringVar(&f.dilation, "dilation", "1", "dilation"+of+", or WxH, in 3D WxHxZ; 1 is none")
	flags.BoolVar(
		&f.transposed,
		"transposed",
		false,
		"a transposed layer"+of+": it upsamples, and padding cuts its output",
	)
	flags.BoolVar(
		&f.unshared,
		"unshared",
		false,
		"a layer without parameter sharing"+of+": filters and biases for each output position",
	)
	flags.StringVar(
		&f.outputPadding,
		"output-padding",
		"0",
		"outputs more at the end of a transposed layer"+of+", or WxH, in 3D WxHxZ",
	)
	flags.IntVar(&f.groups, "groups", 1, "filter groups"+of)
}

// changed names the flags that were given.
func (f *sizeFlags) changed(c *cobra.Command) []string {
	var names []string
	for _, name := range []string{"stride", "pad", "padding", "dilation", "transposed", "unshared", "output-padding",
		"groups"} {
		if c.Flags().Changed(name) {
			names = append(names, "--"+name)
		}
	}
	return names
}

// extents are sizes along Z, H and W; a 2D layer's planes are 1.
type extents [3]int

// problem builds the layer of n images of in, d numbers deep, and k filters of that size.
func (f *sizeFlags) problem(n int, in extents, d, k int, filter extents) (conv.Problem, error) {
	if f.groups < 1 {
		return conv.Problem{}, usagef("--groups %d: must be 1 or more", f.groups)
	}
	p := conv.Problem{
		Batch:       n,
		Groups:      f.groups,
		InChannels:  d,
		OutChannels: k,
		Transposed:  f.transposed,
		Unshared:    f.unshared,
	}
	var err error
	if p.Padding, err = parsePadding(f.padding); err != nil {
		return p, err
	}
	solid := in[0] != 1 || filter[0] != 1
	stride, err := perAxis("--stride", f.stride, solid)
	if err != nil {
		return p, err
	}
	dilation, err := perAxis("--dilation", f.dilation, solid)
	if err != nil {
		return p, err
	}
	if slices.Min(stride[:]) < 1 || slices.Min(dilation[:]) < 1 {
		return p, usagef("--stride %s --dilation %s: must be 1 or more", f.stride, f.dilation)
	}
	for i, a := range []*conv.Axis{&p.Z, &p.H, &p.W} {
		*a = conv.Axis{In: in[i], Filter: filter[i], Stride: stride[i], Dilation: dilation[i]}
	}
	if err := f.padAxes(&p, solid); err != nil {
		return p, err
	}
	return conv.New(p)
}

// parsePadding reads a kind of padding by its name.
func parsePadding(name string) (conv.Padding, error) {
	var names []string
	for kind := conv.Zero; kind <= conv.Circular; kind++ {
		if kind.String() == name {
			return kind, nil
		}
		names = append(names, kind.String())
	}
	return 0, usagef("--padding %s: must be one of %s", name, strings.Join(names, ", "))
}

// padAxes sets the padding of p's axes, and their output sizes where these are not those of the same
// padding on both sides.
func (f *sizeFlags) padAxes(p *conv.Problem, solid bool) error {
	more, err := perAxis("--output-padding", f.outputPadding, solid)
	if err != nil {
		return err
	}
	if more != (extents{}) && !p.Transposed {
		return usagef("--output-padding %s: only a transposed layer has one; add --transposed", f.outputPadding)
	}
	if slices.Min(more[:]) < 0 {
		return usagef("--output-padding %s: must be 0 or more", f.outputPadding)
	}
	axes := []*conv.Axis{&p.Z, &p.H, &p.W}
	if !solid {
		axes = axes[1:]
	}
	if word := strings.ToUpper(f.pad); word == "SAME_UPPER" || word == "SAME_LOWER" {
		if more != (extents{}) {
			return usagef(
				"--output-padding %s --pad %s: the output is the input times the stride; leave one of them out",
				f.outputPadding,
				f.pad,
			)
		}
		return padSame(axes, word == "SAME_UPPER", p.Transposed)
	}
	before, after, err := sides(f.pad, solid)
	if err != nil {
		return err
	}
	for i, a := range axes {
		at := i + len(more) - len(axes)
		if err := padAxis(a, before[at], after[at], more[at], p.Transposed); err != nil {
			return err
		}
	}
	return nil
}

// padSame gives the axes the padding that ONNX's words ask for.
func padSame(axes []*conv.Axis, upper, transposed bool) (err error) {
	for _, a := range axes {
		if transposed {
			*a, err = a.SameTransposed(upper)
		} else {
			*a, err = a.Same(upper)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// padAxis pads an axis before and after. An output size that comes out below 1 is refused here: 0 would
// have it derived.
func padAxis(a *conv.Axis, before, after, more int, transposed bool) error {
	if most := max(before, after, more); most > conv.MaxSize {
		return usagef("--pad or --output-padding of %d: must be at most %d", most, conv.MaxSize)
	}
	a.Pad = before
	if before == after && more == 0 || max(a.In, a.Filter, a.Stride, a.Dilation) > conv.MaxSize {
		return nil // conv.New derives the output, or refuses the size
	}
	if transposed {
		a.Out = (a.In-1)*a.Stride + a.Extent() - before - after + more
	} else if span := a.In + before + after - a.Extent(); span >= 0 {
		a.Out = span/a.Stride + 1
	}
	if a.Out < 1 {
		return usagef(
			"--pad of %d before and %d after: an axis of %d inputs and a filter of %d taps, dilated to %d, would "+
				"have an output of %d",
			before,
			after,
			a.In,
			a.Filter,
			a.Extent(),
			a.Out,
		)
	}
	return nil
}

// sides reads the padding before and after along each axis.
func sides(value string, solid bool) (before, after extents, err error) {
	if strings.EqualFold(value, "VALID") {
		return before, after, nil
	}
	if !strings.Contains(value, ",") {
		before, err = perAxis("--pad", value, solid)
		return before, before, err
	}
	parts := strings.Split(value, ",")
	first := 1
	if solid {
		first = 0
	}
	if len(parts) != 2*(3-first) {
		return before, after, usagef(
			"--pad %q: must be %s",
			value,
			map[int]string{0: "FRONT,BACK,TOP,BOTTOM,LEFT,RIGHT", 1: "TOP,BOTTOM,LEFT,RIGHT"}[first],
		)
	}
	for i, part := range parts {
		v, err := strconv.Atoi(part)
		if err != nil || v < 0 {
			return before, after, usagef("--pad %q: %q must be a whole number of 0 or more", value, part)
		}
		if axis := first + i/2; i%2 == 0 {
			before[axis] = v
		} else {
			after[axis] = v
		}
	}
	return before, after, nil
}

// perAxis reads "S", or "WxH" of a 2D layer and "WxHxZ" of a solid, 3D one. What is not told, the planes
// of a 2D layer, is that of an axis of one point.
func perAxis(flag, value string, solid bool) (e extents, err error) {
	if n, err := strconv.Atoi(value); err == nil {
		e = extents{n, n, n}
	} else {
		form, count := "WxH", 2
		if solid {
			form, count = "WxHxZ", 3
		}
		list, err := sizes(flag, value, count)
		if err != nil {
			return e, usagef("%s %q: must be one number, or %s", flag, value, form)
		}
		slices.Reverse(list)
		copy(e[3-count:], list)
	}
	if !solid {
		e[0] = 1
		if flag == "--pad" || flag == "--output-padding" {
			e[0] = 0
		}
	}
	return e, nil
}

// sizes reads numbers separated by x, as many as one of counts says.
func sizes(flag, value string, counts ...int) ([]int, error) {
	parts := strings.Split(value, "x")
	list := make([]int, len(parts))
	for i, part := range parts {
		v, err := strconv.Atoi(part)
		if err != nil || !slices.Contains(counts, len(parts)) {
			return nil, usagef(
				"%s %q: must be %s numbers separated by x, such as %s",
				flag,
				value,
				strings.ReplaceAll(
					strings.Trim(fmt.Sprint(counts), "[]"),
					" ",
					" or ",
				),
				map[int]string{2: "3x5", 3: "227x227x3", 4: "32x32x16x3"}[counts[0]],
			)
		}
		list[i] = v
	}
	return list, nil
}

// sizeText writes WxHxD, or WxHxZxD of a volume of several planes.
func sizeText(z, h, w, d int) string {
	if z > 1 {
		return fmt.Sprintf("%dx%dx%dx%d", w, h, z, d)
	}
	return fmt.Sprintf("%dx%dx%d", w, h, d)
}
