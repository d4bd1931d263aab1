package model

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/tensor"
)

// sharedData is where the models and pictures of the project's workplace lie, which are not ours to keep in the tree.
const sharedData = "../../shared/data"

// picture reads a picture at this size as float32 numbers of three channels, 0 to 255, in NCHW, which change then
// makes others of.
func picture(t *testing.T, name string, w, h int, change func(v float32, channel int) (float32, int)) tensor.Array {
	t.Helper()
	a, _, err := tensor.ReadFile(filepath.Join(sharedData, "images", name))
	if err != nil {
		t.Fatal(err)
	}
	v, err := tensor.VolumeFrom(a, tensor.NHWC)
	if err != nil {
		t.Fatal(err)
	}
	if v, err = tensor.Resize(v, h, w); err != nil {
		t.Fatal(err)
	}
	channels := v.D
	to := tensor.Array{Shape: []int{1, channels, h, w}, Data: make([]float32, channels*h*w)}
	for i, x := range v.Data {
		x, channel := change(x*pictureScale, i%channels)
		to.Data[channel*h*w+i/channels] = x
	}
	return to
}

// pictureScale makes 0 to 255 of what package tensor reads.
const pictureScale = 255

// best is the largest number and its place.
func best(a tensor.Array) (at int, x float32) {
	for i, v := range a.Data {
		if v > x {
			at, x = i, v
		}
	}
	return at, x
}

// networkCase is a model of the workplace with an input, and what must come out.
type networkCase struct {
	model, input string
	x            func(t *testing.T) tensor.Array
	output       string
	right        func(a tensor.Array) bool
	long         bool // judging each number in float64 takes minutes: a sample of each layer is judged
}

// networkCases are those of SOURCES.md in the folder.
func networkCases() []networkCase {
	imagenet := func(name string) func(*testing.T) tensor.Array {
		return func(t *testing.T) tensor.Array {
			return picture(t, name, 224, 224, func(v float32, channel int) (float32, int) {
				bgr := 2 - channel
				return v - [3]float32{103.939, 116.779, 123.68}[bgr], bgr
			})
		}
	}
	class := func(want int, score float32) func(tensor.Array) bool {
		return func(a tensor.Array) bool {
			at, x := best(a)
			return at == want && x > score-0.03 && x < score+0.03 // scores hang on how the picture is resized
		}
	}
	return []networkCase{
		{"SqueezeNet_fp16.onnx", "data_0", imagenet("bald_eagle.jpeg"), "softmaxout_1", class(22, 0.924), false},
		{"SqueezeNet_fp16.onnx", "data_0", imagenet("pelican.jpeg"), "softmaxout_1", class(144, 0.985), false},
		{"rfb320_simplified.onnx", "input", func(t *testing.T) tensor.Array {
			return picture(t, "faces_1.jpg", 320, 240, func(v float32, channel int) (float32, int) {
				return (v - 127) / 128, channel
			})
		}, "scores", func(a tensor.Array) bool {
			score := float32(0)
			for i := 1; i < len(a.Data); i += 2 {
				score = max(score, a.Data[i])
			}
			return score > 0.9965 && score < 1
		}, false},
		// A few rows are enough to see a picture that is neither flat nor the photo's own.
		{"candy.onnx", "inputImage", func(t *testing.T) tensor.Array {
			return picture(
				t,
				"amber.jpg",
				720,
				720,
				func(v float32, channel int) (float32, int) { return v, 2 - channel },
			)
		}, "outputImage", func(a tensor.Array) bool {
			mean, square := 0.0, 0.0
			for _, v := range a.Data {
				mean += float64(v) / float64(len(a.Data))
				square += float64(v) * float64(v) / float64(len(a.Data))
			}
			return len(a.Data) == 3*720*720 && mean > 60 && mean < 200 && square-mean*mean > 900
		}, true},
	}
}

// TestSharedNetworks runs the workplace's networks, with every node judged. Where they are missing, the networks of
// the other tests stand in for them.
func TestSharedNetworks(t *testing.T) {
	if _, err := os.Stat(sharedData); err != nil {
		t.Logf("%v: the small networks of the other tests are all that runs", err)
		return
	}
	dev := device(t)
	for _, c := range networkCases() {
		if testing.Short() && !strings.HasPrefix(c.model, "rfb") {
			t.Logf("%s: not on a slow adapter", c.model)
			continue
		}
		o := Options{}
		if c.long {
			o.CheckSample = 1000
		}
		net, err := Load(dev, filepath.Join(sharedData, "models", c.model), o)
		if err != nil {
			t.Errorf("%s: %v", c.model, err)
			continue
		}
		inputs := map[string]tensor.Array{c.input: c.x(t)}
		out, err := net.Run(context.Background(), inputs)
		if err == nil {
			var verdict Verdict
			_, verdict, err = net.Check(context.Background(), inputs)
			err = errors.Join(err, verdict.Err())
			t.Logf("%s: %d nodes, %d numbers judged", c.model, len(verdict.Nodes), verdict.Numbers())
		}
		times := 1.05
		if c.long {
			times = 1.09 // candy, for which 256 times the search finds no smaller plan
		}
		plannedWell(t, net, inputs, times)
		switch {
		case err != nil:
			t.Errorf("%s: %v", c.model, err)
		case !c.right(out[c.output]):
			at, x := best(out[c.output])
			t.Errorf("%s: number %d is the largest, %v", c.model, at, x)
		}
		if err := net.Close(); err != nil {
			t.Error(err)
		}
	}
}
