package host_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// brokenSeparable is the kernel of two layers that is broken.
var brokenSeparable = shaders.SeparableRows()[0]

// separableLayers are a depthwise layer and the 1x1 layer behind it, which are computed as one.
type separableLayers struct {
	depthwise string
	outputs   int             // channels of the 1x1 layer
	between   conv.Activation // of the depthwise layer
	epilogue  conv.Epilogue   // of the 1x1 layer
	placed    bool            // X, V and the residual are channels of wider volumes
}

var clip5 = conv.Activation{Function: conv.Clip, Alpha: -3, Beta: 5}

// The layers: each edge of each image is read over; no two parameters beside each other are alike; one pixel, depth
// slice or input channel too few or too many for a tile; and as many tiles as fill the folded grid.
func init() {
	identity, relu := conv.Activation{}, conv.Activate(conv.ReLU).Activation
	none := conv.Epilogue{}
	const unlike = "g20mb2ic20id5ih6iw7oc20od4oh3ow2kd2kh3kw2sd1sh2sw3pd2ph3pw1dd1dh0dw1"
	for _, k := range shaders.SeparableRows() {
		killers[k] = []killer{
			{"not finite", func(dev *host.Device) error { return separableNotFinite(dev, k) }},
			separableKiller(k, separableLayers{unlike, 68, clip5, none, false}),
			separableKiller(k, separableLayers{"g4mb8ic4ih3iw5oc4kh3ph1", 4, identity, none, false}),
			separableKiller(k, separableLayers{"g8mb2ic8ih4iw5oc8kh3kw4ph2pw3", 20, relu, none, false}),
			separableKiller(k, separableLayers{"g4ic4ih3iw320oc4kh3ph1pw1oh1", 256, relu, none, false}),
			separableKiller(k, separableLayers{"g16ic16ih1iw65oc16kh1kw3ph0pw1", 60, identity, none, false}),
			separableKiller(k, separableLayers{"g20ic20ih1iw63oc20kh1kw3ph0pw1", 64, identity, none, false}),
			separableKiller(k, separableLayers{"g52ic52ih8iw8oc52kh3ph1", 36, clip5, none, false}),
			separableKiller(k, separableLayers{unlike, 12, relu, leaky, true}),
		}
		for _, e := range []conv.Epilogue{prelu(conv.BeforeFunction), prelu(conv.AfterFunction),
			{Residual: conv.BeforeFunction}, conv.Activate(conv.ReLU)} {
			killers[k] = append(killers[k],
				separableKiller(k, separableLayers{"g8mb2ic8ih5iw7oc8kh3ph1", 12, clip5, e, true}),
				separableKiller(k, separableLayers{"g8mb2ic8ih5iw7oc8kh3ph1", 40, relu, e, false}))
		}
	}
	clamped := shaders.Stored{Of: brokenSeparable, X: shaders.Float32, V: shaders.Float32, Store: shaders.Clamped}
	for _, e := range []conv.Epilogue{none, conv.Activate(conv.ReLU), {Activation: clip5}} {
		k := separableKiller(brokenSeparable, separableLayers{"g8mb2ic8ih5iw7oc8kh3ph1", 12, clip5, e, true})
		killers[clamped] = append(killers[clamped], killer{k.name, func(dev *host.Device) error {
			defer host.SetGeneral(dev, host.SetGeneral(dev, false))
			return k.run(dev)
		}})
	}
}

// separableName is the algorithm of a row.
func separableName(k shaders.Separable) string {
	return fmt.Sprintf("separable/%dx%dx%d", k.Rows, k.Columns, k.Depth)
}

func separableKiller(k shaders.Separable, l separableLayers) killer {
	name := fmt.Sprintf("%s, %s, and 1x1 to %d, %s", l.depthwise, l.between, l.outputs, l.epilogue.Activation)
	return killer{name, func(dev *host.Device) error { return l.run(dev, separableName(k)) }}
}

// behind is the 1x1 layer of so many depth slices over what a layer gives.
func behind(p conv.Problem, outputs int) conv.Problem {
	over := func(a conv.Axis) conv.Axis {
		return conv.Axis{In: a.Out, Out: a.Out, Filter: 1, Stride: 1, Dilation: 1}
	}
	return conv.Problem{Batch: p.Batch, Groups: 1, InChannels: p.OutChannels, OutChannels: outputs,
		Z: over(p.Z), H: over(p.H), W: over(p.W)}
}

// small are whole numbers from -most to most.
func smallNumbers(count int64, most int, seed uint64) []float32 {
	rng := rand.New(rand.NewPCG(seed, 1))
	all := make([]float32, count)
	for i := range all {
		all[i] = float32(rng.IntN(2*most+1) - most)
	}
	return all
}

// filters are a layer's, of small whole numbers.
func smallFilters(p conv.Problem, seed uint64) tensor.Filters {
	return tensor.Filters{Banks: 1, K: p.OutChannels, Z: p.Z.Filter, H: p.H.Filter, W: p.W.Filter,
		D: p.InChannels / p.Groups, Data: smallNumbers(p.FilterLen(), 2, seed),
		Bias: smallNumbers(int64(p.OutChannels), 9, seed+1)}
}

// volumeOf are as many images and places as a layer's X has, or its V, of so many channels.
func volumeOf(p conv.Problem, output bool, channels int, seed uint64) tensor.Volume {
	z, h, w := p.Z.In, p.H.In, p.W.In
	if output {
		z, h, w = p.Z.Out, p.H.Out, p.W.Out
	}
	v := must(tensor.NewVolume3D(p.Batch, z, h, w, channels))
	v.Data = smallNumbers(int64(len(v.Data)), 3, seed)
	return v
}

func (l separableLayers) run(dev *host.Device, algorithm string) error {
	p := must(conv.Parse(l.depthwise))
	q := behind(p, l.outputs)
	more := 0 // channels before those of the volumes
	if l.placed {
		more = 4
	}
	x, r := volumeOf(p, false, p.InChannels+2*more, 1), volumeOf(q, true, q.OutChannels+2*more, 2)
	b := host.NewProgram(dev)
	in := []host.Value{b.Input3D(x.N, x.Planes(), x.H, x.W, x.D), b.Input3D(r.N, r.Planes(), r.H, r.W, r.D)}
	first := b.Conv(b.Channels(in[0], more, more+p.InChannels), p, smallFilters(p, 3),
		host.LayerOptions{Epilogue: conv.Epilogue{Activation: l.between}})
	o := host.LayerOptions{Algorithm: algorithm, Epilogue: l.epilogue}
	if l.epilogue.Activation.Function == conv.PReLU {
		o.Slopes = []float32{0.5, 0, 2, -1}
		for len(o.Slopes) < q.OutChannels {
			o.Slopes = append(o.Slopes, o.Slopes[len(o.Slopes)-4])
		}
	}
	residual := []host.Value{}
	if l.epilogue.Residual != conv.NoResidual {
		residual = append(residual, b.Channels(in[1], more, more+q.OutChannels))
	}
	v := b.Conv(first, q, smallFilters(q, 5), o, residual...)
	if l.placed {
		v = b.Concat(b.Channels(in[1], 0, 4), v, b.Channels(in[1], 4, 8))
	}
	program, err := b.CompileChecked(v)
	if err != nil {
		return err
	}
	defer program.Close()
	_, reports, err := program.Verify(context.Background(), host.VerifyOptions{Mode: cpuref.Exact}, x, r)
	for _, report := range reports {
		err = errors.Join(err, report.Report.Err())
	}
	return err
}

// separableNotFinite are layers of two images, one of which has a NaN and infinities: the depthwise layer holds these
// between -3 and 5, and keeps NaN.
func separableNotFinite(dev *host.Device, k shaders.Separable) error {
	p := must(conv.Parse("g4mb2ic4ih1iw9oc4kh1kw3ph0pw1"))
	q := behind(p, 4)
	x, w := must(tensor.NewVolume(2, 1, 9, 4)), smallFilters(p, 1)
	for i := range w.Data {
		w.Data[i] = 1
	}
	w.Bias = make([]float32, 4)
	x.Data[4*1], x.Data[4*4], x.Data[4*7] = float32(math.Inf(1)), float32(math.NaN()), float32(math.Inf(-1))
	one := smallFilters(q, 1)
	for i := range one.Data {
		one.Data[i] = 1
	}
	one.Bias = make([]float32, 4)
	b := host.NewProgram(dev)
	in := b.Input(2, 1, 9, 4)
	between := b.Conv(in, p, w, host.LayerOptions{Epilogue: conv.Epilogue{Activation: clip5}})
	program, err := b.Compile(b.Conv(between, q, one, host.LayerOptions{Algorithm: separableName(k)}))
	if err != nil {
		return err
	}
	defer program.Close()
	v, err := program.Run(context.Background(), x)
	if err != nil {
		return err
	}
	nan := math.NaN()
	for pixel, want := range []float64{5, 5, 5, nan, nan, nan, -3, -3, -3, 0, 0, 0, 0, 0, 0, 0, 0, 0} {
		got := float64(v[0].Data[4*pixel])
		if got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			return fmt.Errorf("%w: pixel %d is %v, must be %v", cpuref.ErrMismatch, pixel, got, want)
		}
	}
	return nil
}
