package train_test

import (
	"context"
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/train"
)

// sgd moves quickly, for networks that are small.
var sgd = train.SGD{Rate: 0.05, Momentum: 0.9}

// corners is a network that tells in which corner of a picture something is.
func corners(update train.Update) train.Options {
	return train.Options{
		Input: train.Shape{H: 9, W: 8, C: 1},
		Layers: []train.Layer{
			train.Conv{Filters: 4, Size: 3, Pad: 1, ReLU: true}, train.MaxPool{Size: 2},
			train.Conv{Filters: 6, Size: 3, ReLU: true}, train.Linear{Outputs: 8, ReLU: true},
			train.Linear{Outputs: 4},
		},
		Batch: 12, Update: update, Seed: 7,
	}
}

// others are networks of other kinds: pools that overlap and leave numbers over, strides, several channels, one layer
// alone, and scores of a convolution.
var others = map[string]train.Options{
	"overlapping": {Input: train.Shape{H: 10, W: 11, C: 3}, Batch: 5, Update: sgd, Layers: []train.Layer{
		train.MaxPool{Size: 3, Stride: 2}, train.Conv{Filters: 8, Size: 2, ReLU: true}, train.MaxPool{Size: 2,
			Stride: 1},
		train.Linear{Outputs: 3}}},
	"strides": {Input: train.Shape{H: 12, W: 9, C: 4}, Batch: 3, Update: train.Adam{}, Layers: []train.Layer{
		train.Conv{Filters: 5, Size: 3, Stride: 2, Pad: 1, ReLU: true}, train.Conv{Filters: 8, Size: 2},
		train.Linear{Outputs: 2}}},
	"linear": {Input: train.Shape{H: 3, W: 2, C: 2}, Batch: 4, Update: sgd, Layers: []train.Layer{
		train.Linear{Outputs: 5}}},
	"convolutions": {Input: train.Shape{H: 6, W: 6, C: 4}, Batch: 2, Update: train.SGD{Rate: 0.1},
		Layers: []train.Layer{
			train.Conv{Filters: 8, Size: 4, ReLU: true}, train.Conv{Filters: 12, Size: 3}}},
}

// data gives a batch of noise with something in the corner of each label.
func data(o train.Options, rng *rand.Rand) (x []float32, labels []int) {
	for range o.Batch {
		label := rng.IntN(2)
		if o.Input.H == 9 {
			label = rng.IntN(4)
		}
		picture := make([]float32, o.Input.H*o.Input.W*o.Input.C)
		for i := range picture {
			picture[i] = rng.Float32() / 2
			row, column := i/o.Input.C/o.Input.W, i/o.Input.C%o.Input.W
			if row < 3 == (label&1 == 0) && column < 4 == (label&2 == 0) {
				picture[i]++
			}
		}
		x, labels = append(x, picture...), append(labels, label)
	}
	return x, labels
}

func open(t *testing.T, o train.Options) *train.Network {
	t.Helper()
	net, err := train.New(hosttest.Open(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(net.Close)
	return net
}

// steps trains, and gives the loss of the last step.
func steps(t *testing.T, net *train.Network, o train.Options, count int) (loss float64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 4))
	for range count {
		x, labels := data(o, rng)
		var err error
		if loss, err = net.Step(context.Background(), x, labels); err != nil {
			t.Fatal(err)
		}
	}
	return loss
}

// TestLearns trains until a batch that it never saw is read right, and reads it by package model, which judges every
// node of the network.
func TestLearns(t *testing.T) {
	for _, update := range []train.Update{sgd, train.Adam{Rate: 0.01}} {
		o := corners(update)
		net := open(t, o)
		first := steps(t, net, o, 1)
		if last := steps(t, net, o, 150); last > first/20 {
			t.Errorf("%T: a loss of %g became %g, must be a twentieth or less", update, first, last)
		}
		if net.Steps() != 151 {
			t.Errorf("%d steps, must be 151", net.Steps())
		}
		x, labels := data(o, rand.New(rand.NewPCG(99, 1)))
		for i, scores := range read(t, net, o, x) {
			for k, s := range scores {
				if k != labels[i] && s >= scores[labels[i]] {
					t.Errorf("%T: picture %d is read as %d, must be %d", update, i, k, labels[i])
				}
			}
		}
	}
}

// read gives the scores of pictures by the network's model, from bytes: a scale of 1/255 is a node of it.
func read(t *testing.T, net *train.Network, o train.Options, x []float32) (scores [][]float32) {
	t.Helper()
	trained, err := net.Model(context.Background(), train.ModelOptions{Name: "corners", Scale: 1. / 255})
	if err != nil {
		t.Fatal(err)
	}
	data, err := trained.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if trained, err = onnx.Read(data, nil); err != nil {
		t.Fatal(err)
	}
	reader, err := model.New(hosttest.Open(t), trained, model.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	in := o.Input
	picture := tensor.Array{Shape: []int{o.Batch, in.C, in.H, in.W}, Data: make([]float32, len(x))}
	for i := range x { // to ONNX's order
		c, pixel, image := i%in.C, i/in.C%(in.H*in.W), i/in.C/(in.H*in.W)
		picture.Data[(image*in.C+c)*in.H*in.W+pixel] = 255 * x[i]
	}
	inputs := map[string]tensor.Array{"picture": picture}
	out, err := reader.Run(context.Background(), inputs)
	if err != nil {
		t.Fatal(err)
	}
	if _, verdict, err := reader.Check(context.Background(), inputs); err != nil || !verdict.OK() {
		t.Fatalf("%v, error %v", verdict.Err(), err)
	}
	all := out["scores"]
	for i := range o.Batch {
		scores = append(scores, all.Data[i*all.Shape[1]:][:all.Shape[1]])
	}
	return scores
}

// TestModelIsTheNetwork holds the scores of the written network against the losses that training has.
func TestModelIsTheNetwork(t *testing.T) {
	for name, o := range others {
		t.Run(name, func(t *testing.T) {
			net := open(t, o)
			steps(t, net, o, 3)
			x, labels := data(o, rand.New(rand.NewPCG(5, 5)))
			want := 0.0
			for i, scores := range read(t, net, o, x) {
				all := 0.0
				for _, s := range scores {
					all += math.Exp(float64(s))
				}
				want += (math.Log(all) - float64(scores[labels[i]])) / float64(o.Batch)
			}
			got, err := net.Step(context.Background(), x, labels)
			if err != nil || math.Abs(got-want) > 1e-5*max(1, want) {
				t.Errorf("the loss is %g, error %v, must be %g by the model's scores", got, err, want)
			}
		})
	}
}

// TestSameBits trains twice, on pooled and on guarded memory.
func TestSameBits(t *testing.T) {
	for _, update := range []train.Update{sgd, train.Adam{Rate: 0.01}} {
		o := corners(update)
		var first []tensor.Filters
		for run := range 3 {
			o.Checked = run == 1
			net := open(t, o)
			steps(t, net, o, 6)
			weights, err := net.Weights(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = weights
			}
			for i, w := range weights {
				if err := same(w.Data, first[i].Data); err != "" {
					t.Errorf("%T, run %d, layer %d, W: %s", update, run, i, err)
				}
				if err := same(w.Bias, first[i].Bias); err != "" {
					t.Errorf("%T, run %d, layer %d, b: %s", update, run, i, err)
				}
			}
		}
	}
}

func same(a, b []float32) string {
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
			return "other bits than in the first run"
		}
	}
	return ""
}

func TestOptions(t *testing.T) {
	dev := hosttest.Open(t)
	change := func(f func(o *train.Options)) train.Options {
		o := corners(sgd)
		f(&o)
		return o
	}
	for _, c := range []struct {
		o    train.Options
		says string
	}{
		{change(func(o *train.Options) { o.Batch = 0 }), "batches of 0 pictures"},
		{change(func(o *train.Options) { o.Layers = nil }), "0 layers"},
		{change(func(o *train.Options) { o.Layers[1] = nil }), "layer 1 is nil"},
		{change(func(o *train.Options) { o.Input.C = 0 }), "pictures of {H:9 W:8 C:0}"},
		{change(func(o *train.Options) { o.Update = nil }), "no update"},
		{change(func(o *train.Options) { o.Update = train.SGD{Rate: math.NaN()} }), "Rate:NaN"},
		{change(func(o *train.Options) { o.Update = train.SGD{Rate: 1, Momentum: 1} }), "Momentum:1"},
		{change(func(o *train.Options) { o.Update = train.Adam{Beta2: 1} }), "Beta2:1"},
		{change(func(o *train.Options) { o.Layers[0] = train.Conv{Filters: 4, Size: 30} }), "layer 0"},
		{change(func(o *train.Options) { o.Layers[0] = train.Conv{Filters: -1, Size: 3} }), "layer 0"},
		{change(func(o *train.Options) { o.Layers[1] = train.MaxPool{Size: 9} }), "windows of 9"},
		{change(func(o *train.Options) { o.Layers[1] = train.MaxPool{Size: 2, Stride: -1} }), "a stride of -1"},
		{change(func(o *train.Options) { o.Layers = o.Layers[:1] }), "the last layer"},
		{change(func(o *train.Options) { o.Layers = []train.Layer{train.Conv{Filters: 3, Size: 3}} }), "must be 1x1"},
		{change(func(o *train.Options) { o.Layers[4] = train.Linear{Outputs: 1} }), "scores of {H:1 W:1 C:1}"},
	} {
		net, err := train.New(dev, c.o)
		if net.Close(); !errors.Is(err, train.ErrOptions) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("error %v, must be of options and say %q", err, c.says)
		}
	}
	cpu, err := host.Open(host.Options{Backend: host.CPU})
	if err != nil {
		t.Fatal(err)
	}
	defer cpu.Close()
	if _, err := train.New(cpu, corners(sgd)); !errors.Is(err, host.ErrUnsupported) {
		t.Errorf("error %v on the CPU, must be of what is not supported", err)
	}
	if _, err := train.New(&host.Device{}, corners(sgd)); err == nil {
		t.Error("no error on a device that is not open")
	}
}

// TestBatches holds that a wrong batch changes nothing.
func TestBatches(t *testing.T) {
	ctx, o := context.Background(), corners(sgd)
	net := open(t, o)
	x, labels := data(o, rand.New(rand.NewPCG(1, 1)))
	wrong := append([]int{4}, labels[1:]...)
	below := append([]int{-1}, labels[1:]...)
	for _, c := range []struct {
		x      []float32
		labels []int
		says   string
	}{{x[1:], labels, "863 numbers"}, {x, labels[1:], "11 labels"}, {x, wrong, "label 4"}, {x, below, "label -1"}} {
		if _, err := net.Step(ctx, c.x, c.labels); !errors.Is(err, train.ErrOptions) ||
			!strings.Contains(err.Error(), c.says) {
			t.Errorf("error %v, must say %q", err, c.says)
		}
	}
	for _, rate := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if err := net.SetRate(rate); !errors.Is(err, train.ErrOptions) {
			t.Errorf("error %v for a rate of %g", err, rate)
		}
	}
	if net.Steps() != 0 {
		t.Errorf("%d steps were done, must be none", net.Steps())
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := net.Step(done, x, labels); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, must be that it was canceled", err)
	}
}

func TestDiverges(t *testing.T) {
	o := corners(sgd)
	net := open(t, o)
	x, labels := data(o, rand.New(rand.NewPCG(3, 4)))
	x[100] = float32(math.NaN())
	if loss, err := net.Step(context.Background(), x, labels); !errors.Is(err, train.ErrDiverged) || loss == loss {
		t.Errorf("a loss of %g of pictures with NaN, error %v, must be NaN and that it is not finite", loss, err)
	}
}

// TestChecked holds the first steps of every network against the training in float64: each step from what the device
// had before it, and the first two also from the first weights on.
func TestChecked(t *testing.T) {
	all := map[string]train.Options{"corners": corners(sgd), "corners by Adam": corners(train.Adam{})}
	maps.Copy(all, others)
	for name, o := range all {
		t.Run(name, func(t *testing.T) {
			o.Checked = true
			net := open(t, o)
			steps(t, net, o, 4)
			v := net.Verdict()
			if v.Steps != 4 || v.Used == 0 || v.Used > 1 || v.Summed < 1 || v.SummedUsed > 1 {
				t.Errorf("%+v, must be of four steps, and no more than the bounds", v)
			}
			t.Logf("%+v", v)
		})
	}
}

// TestCheckedNotices changes one weight a little behind the judge's back.
func TestCheckedNotices(t *testing.T) {
	o := corners(sgd)
	o.Checked = true
	net := open(t, o)
	if err := net.Change(1, 17, 1e-4); err != nil {
		t.Fatal(err)
	}
	x, labels := data(o, rand.New(rand.NewPCG(3, 4)))
	if _, err := net.Step(context.Background(), x, labels); !errors.Is(err, cpuref.ErrMismatch) ||
		!strings.Contains(err.Error(), "step 1: ") {
		t.Errorf("error %v, must be that a number is wrong", err)
	}
}
