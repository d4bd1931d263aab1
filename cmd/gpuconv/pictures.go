package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/tensor"
)

// pictureShape is how a picture lies in a tensor of three axes, or of four with one of images in front.
type pictureShape struct {
	layout              tensor.VolumeLayout
	height, width, deep int // -1 where it is open
	rank                int
}

// shapeOf finds a picture in a shape, whose open sizes are -1.
func (o pictureOptions) shapeOf(shape []int) (p pictureShape, err error) {
	rank := len(shape)
	if rank != 3 && rank != 4 || rank == 4 && shape[0] > 1 {
		return p, usagef(
			"the shape %v is not that of one picture, which has three axes, or four with 1 in front",
			shape,
		)
	}
	deep := func(size int) bool { return size == 1 || size == 3 }
	axes, layout := shape[rank-3:], o.layout
	switch {
	case layout != "":
	case deep(axes[0]):
		layout = tensor.NCHW
	case deep(axes[2]):
		layout = tensor.NHWC
	default:
		return p, usagef("the shape %v has neither 1 nor 3 channels: say with --layout where they stand", shape)
	}
	p = pictureShape{layout, axes[1], axes[2], axes[0], rank}
	if layout == tensor.NHWC {
		p = pictureShape{layout, axes[0], axes[1], axes[2], rank}
	}
	if p.deep < 0 {
		p.deep = 3
		if o.channels == "gray" {
			p.deep = 1
		}
	}
	if !deep(p.deep) {
		return p, usagef("the shape %v has %d channels, and a picture 1 or 3", shape, p.deep)
	}
	return p, o.checkChannels(p.deep)
}

// checkChannels holds the flags against the number of channels.
func (o pictureOptions) checkChannels(deep int) error {
	if o.channels != "" && (o.channels == "gray") != (deep == 1) {
		return usagef("--channels %s: the network has %d channels there", o.channels, deep)
	}
	if deep == 1 && (len(o.mean) == 3 || len(o.std) == 3) {
		return usagef("--mean and --std: the network has one channel there, so that each must be one number")
	}
	return nil
}

// input makes a network's input of a picture, which is H x W x 3 with numbers from 0 to 1.
func (o pictureOptions) input(picture tensor.Volume, port model.Port) (tensor.Array, error) {
	shape, err := o.shapeOf(port.Shape)
	if err != nil {
		return tensor.Array{}, err
	}
	sized, err := o.resized(picture, shape)
	if err != nil {
		return tensor.Array{}, err
	}
	v, err := tensor.NewVolume(1, sized.H, sized.W, shape.deep)
	if err != nil {
		return tensor.Array{}, err
	}
	for i := range sized.H * sized.W {
		o.pixel(v.Data[i*shape.deep:][:shape.deep], sized.Data[3*i:][:3])
	}
	a, err := v.ArrayIn(shape.layout)
	if err != nil {
		return a, err
	}
	if a.Shape = a.Shape[4-shape.rank:]; !isFloat(port.Type) {
		a.Ints = make([]int64, len(a.Data))
		for i, x := range a.Data {
			a.Ints[i] = int64(math.Round(float64(x)))
		}
		a.Data = nil
	}
	return a, nil
}

// resized brings a picture to the size of --size, or to the input's own; where that is open too it stays as it is.
func (o pictureOptions) resized(v tensor.Volume, to pictureShape) (tensor.Volume, error) {
	h, w := o.height, o.width
	if h == 0 {
		if h, w = to.height, to.width; h < 0 {
			h = v.H
		}
		if w < 0 {
			w = v.W
		}
	}
	if to.height >= 0 && to.height != h || to.width >= 0 && to.width != w {
		return v, usagef("--size %dx%d: the input has the size %dx%d", w, h, to.width, to.height)
	}
	if o.crop {
		return tensor.Cover(v, h, w)
	}
	return tensor.Resize(v, h, w)
}

// luminance is how much red, green and blue add to gray, as in JPEG (ITU-R BT.601).
var luminance = [3]float64{0.299, 0.587, 0.114}

// pixel writes the numbers of one pixel.
func (o pictureOptions) pixel(to, rgb []float32) {
	of := func(list []float64, channel int) float64 { return list[min(channel, len(list)-1)] }
	put := func(at, channel int, v float64) {
		to[at] = float32((v - of(o.mean, channel)) / of(o.std, channel) * o.scale)
	}
	if len(to) == 1 {
		gray := 0.0
		for c, share := range luminance {
			gray += share * 255 * float64(rgb[c])
		}
		put(0, 0, gray)
		return
	}
	for c := range 3 {
		at := c
		if o.channels == "bgr" {
			at = 2 - c
		}
		put(at, c, 255*float64(rgb[c]))
	}
}

// output makes a picture of a network's output, whose numbers are from 0 to 255.
func (o pictureOptions) output(a tensor.Array) (tensor.Volume, error) {
	o.mean, o.std = nil, nil // of inputs alone
	shape, err := o.shapeOf(a.Shape)
	if err != nil {
		return tensor.Volume{}, err
	}
	a = asFloats(a)
	v, err := tensor.VolumeFrom(a, shape.layout)
	if err != nil {
		return v, err
	}
	v.Data = slices.Clone(v.Data)
	for i := range v.Data {
		v.Data[i] /= 255
	}
	if o.channels == "bgr" {
		for i := range v.H * v.W {
			v.Data[3*i], v.Data[3*i+2] = v.Data[3*i+2], v.Data[3*i]
		}
	}
	return v, nil
}

// asFloats are an array's numbers as float32.
func asFloats(a tensor.Array) tensor.Array {
	if a.Ints == nil {
		return a
	}
	to := tensor.Array{Shape: a.Shape, Data: make([]float32, len(a.Ints))}
	for i, v := range a.Ints {
		to.Data[i] = float32(v)
	}
	return to
}

// asInts are an array's numbers as whole numbers, where they are some that float32 holds exactly.
func asInts(a tensor.Array) (tensor.Array, error) {
	const most = 1 << 24
	to := tensor.Array{Shape: a.Shape, Ints: make([]int64, len(a.Data))}
	for i, x := range a.Data {
		v := int64(x)
		if float32(v) != x || v < -most || v > most {
			return to, fmt.Errorf(
				"%w: number %d is %v, must be a whole one from %d to %d: larger ones are read from ONNX tensors (.pb)",
				model.ErrInput, i, x, -most, most,
			)
		}
		to.Ints[i] = v
	}
	return to, nil
}
