package main

import (
	"strconv"
	"strings"

	"github.com/gpuconv/gpuconv/tensor"
	"github.com/spf13/pflag"
)

// pictureFlags say how the pixels of a picture become a network's numbers, and numbers a picture.
type pictureFlags struct {
	mean, std, size  string
	scale            float64
	crop             bool
	channels, layout string
}

func (f *pictureFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(
		&f.mean,
		"mean",
		"0",
		"of pictures: R,G,B in this order, or one number: a pixel v, from 0 to 255, becomes (v - mean) / std * scale",
	)
	flags.StringVar(&f.std, "std", "1", "of pictures: R,G,B, or one number, by which v - mean is divided")
	flags.Float64Var(&f.scale, "scale", 1, "of pictures: what (v - mean) / std is multiplied by")
	flags.StringVar(&f.size, "size", "", "WxH to which pictures are resized (default the input's own)")
	flags.BoolVar(
		&f.crop,
		"crop",
		false,
		"keep a picture's proportions: resize it until it covers the size, and cut out the middle",
	)
	flags.StringVar(
		&f.channels,
		"channels",
		"",
		"of pictures, read and written: rgb, bgr or gray (default rgb for three channels, gray for one)",
	)
	flags.StringVar(
		&f.layout,
		"layout",
		"",
		"of inputs and outputs that are pictures: NCHW or NHWC (default where 1 or 3 channels stand, NCHW first)",
	)
}

// pictureOptions are the flags once they are read.
type pictureOptions struct {
	mean, std     []float64 // one, or three for R, G and B
	scale         float64
	height, width int // 0: the input's own
	crop          bool
	channels      string
	layout        tensor.VolumeLayout // "": as the shape suggests
}

func (f *pictureFlags) parse() (o pictureOptions, err error) {
	o = pictureOptions{scale: f.scale, crop: f.crop, channels: f.channels}
	if o.mean, err = perChannel("--mean", f.mean); err != nil {
		return o, err
	}
	if o.std, err = perChannel("--std", f.std); err != nil {
		return o, err
	}
	for _, s := range o.std {
		if s == 0 {
			return o, usagef("--std %s: numbers are divided by it, so it must not be 0", f.std)
		}
	}
	if f.scale-f.scale != 0 {
		return o, usagef("--scale %v: must be finite", f.scale)
	}
	if f.size != "" {
		both, err := sizes("--size", f.size, 2, 2)
		if err != nil {
			return o, err
		}
		if o.width, o.height = both[0], both[1]; o.width < 1 || o.height < 1 {
			return o, usagef("--size %s: both must be 1 or more", f.size)
		}
	}
	switch f.channels {
	case "", "rgb", "bgr", "gray":
	default:
		return o, usagef("--channels %s: must be rgb, bgr or gray", f.channels)
	}
	if f.layout != "" {
		if o.layout, err = tensor.ParseVolumeLayout(f.layout); err != nil {
			return o, usagef("--layout: %w", err)
		}
	}
	return o, nil
}

// perChannel reads one number, or three.
func perChannel(flag, text string) (all []float64, err error) {
	for _, part := range strings.Split(text, ",") {
		v, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil || v-v != 0 {
			return nil, usagef("%s %s: %q is not a finite number", flag, text, part)
		}
		all = append(all, v)
	}
	if len(all) != 1 && len(all) != 3 {
		return nil, usagef("%s %s: must be one number, or three as R,G,B", flag, text)
	}
	return all, nil
}
