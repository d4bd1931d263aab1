package main

import (
	"math"
	"math/rand/v2"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// alexnetJob is AlexNet's first layer (Krizhevsky et al. 2012, section 3.5): 96 filters of 11x11x3 with
// stride 4 over a photo scaled to 227x227, as the notes compute it.
func (f *runFlags) alexnetJob(j *job, args []string) error {
	if len(args) > 0 || f.input != "" || f.filters != "" || f.bias != "" {
		return usagef(
			"--alexnet brings its layer, input and filters: leave out the descriptor, --input, --filters and --bias",
		)
	}
	photo, err := f.photo()
	if err != nil {
		return err
	}
	const size, depth, filters, receptive, stride = 227, 3, 96, 11, 4
	if j.problem, err = conv.Square(size, depth, filters, receptive, stride, 0); err != nil {
		return err
	}
	j.problem.Name = "alexnet_conv1"
	if err := f.seedRest(j); err != nil {
		return err
	}
	if j.data.X, err = tensor.Resize(photo, size, size); err != nil {
		return err
	}
	center(j.data.X.Data, depth)
	if j.data.W, err = gaborFilters(filters, receptive, f.seed); err != nil {
		return err
	}
	return f.readRest(j)
}

// photo reads the picture that --alexnet names.
func (f *runFlags) photo() (tensor.Volume, error) {
	array, format, err := f.app.readArray("--alexnet", f.alexnet)
	switch {
	case err != nil:
		return tensor.Volume{}, err
	case format != tensor.Picture:
		return tensor.Volume{}, usagef(
			"--alexnet %s: is an array, must be a PNG or JPEG picture; --input reads arrays",
			f.alexnet,
		)
	}
	return tensor.VolumeFrom(array, tensor.NHWC)
}

// center takes the mean off each channel, as AlexNet's input has it.
func center(data []float32, channels int) {
	mean := make([]float64, channels)
	for i, v := range data {
		mean[i%channels] += float64(v) * float64(channels) / float64(len(data))
	}
	for i := range data {
		data[i] -= float32(mean[i%channels])
	}
}

// gaborFilters resembles what AlexNet's first layer learns (its figure 3): two thirds are grey Gabor
// functions (Daugman 1985) of all directions and several wavelengths, edges and bars in turn, the rest
// are blobs and gratings between two opposed colours.
func gaborFilters(k, size int, seed uint64) (tensor.Filters, error) {
	w, err := tensor.NewFilters(k, size, size, 3)
	if err != nil {
		return w, err
	}
	rng := rand.New(rand.NewPCG(seed, 0x6761626f72))
	grey := k * 2 / 3
	for i := range k {
		g := gabor{
			colour: [3]float64{1, 1, 1},
			angle:  math.Pi * (float64(i) + 0.3*rng.Float64()) / 16,
			phase:  math.Pi / 2 * float64(i/16%2),
		}
		g.wavelength = []float64{3.5, 5, 7, 10}[i*4/max(grey, 1)%4]
		g.sigma = 0.38 * g.wavelength
		if i >= grey {
			g.colour = opposed(rng)
			g.wavelength = []float64{9, 14, 60, 60}[i%4] // 60 is as good as a blob
			g.sigma = 2 + 1.2*rng.Float64()
			g.phase = 0
		}
		g.draw(w, i)
	}
	return w, nil
}

// opposed draws a direction in colour space without brightness.
func opposed(rng *rand.Rand) [3]float64 {
	hue := 2 * math.Pi * rng.Float64()
	return [3]float64{math.Cos(hue), math.Cos(hue - 2*math.Pi/3), math.Cos(hue + 2*math.Pi/3)}
}

// gabor is a plane wave under a Gaussian window, in pixels and radians.
type gabor struct {
	angle, wavelength, phase, sigma float64
	colour                          [3]float64
}

// draw writes filter k: grey ones without mean, all with unit norm.
func (g gabor) draw(w tensor.Filters, k int) {
	wave := make([]float64, w.W*w.H)
	mean := 0.0
	for i := range wave {
		x, y := float64(i%w.W)-float64(w.W-1)/2, float64(i/w.W)-float64(w.H-1)/2
		along := x*math.Cos(g.angle) + y*math.Sin(g.angle)
		wave[i] = math.Exp(-(x*x+y*y)/(2*g.sigma*g.sigma)) * math.Cos(2*math.Pi*along/g.wavelength+g.phase)
		mean += wave[i] / float64(len(wave))
	}
	if g.colour != [3]float64{1, 1, 1} {
		mean = 0 // the colours already cancel
	}
	norm := 0.0
	for i := range wave {
		wave[i] -= mean
		norm += wave[i] * wave[i] * (g.colour[0]*g.colour[0] + g.colour[1]*g.colour[1] + g.colour[2]*g.colour[2])
	}
	for i, v := range wave {
		for c, strength := range g.colour {
			w.Set(k, i%w.W, i/w.W, c, float32(v*strength/math.Sqrt(norm)))
		}
	}
}
