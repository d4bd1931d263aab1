package cpuref

import (
	"math"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/transform"
)

// stridedLayers are of every padding, with and without strides, and what transforms of theirs there are.
var stridedLayers = map[string]transform.Transform{
	"g2mb2ic4ih17iw18oc6kh3ph1+circular": transform.Winograd6,
	"g2mb2ic4ih9iw13oc6kh3ph2pw3dh1dw3":  transform.Winograd2, "ic2ih17iw14oc3kh13kw4ph2pw0": transform.Fourier,
	"g2mb2ic4ih19iw14oc6kh5kw9sh2sw3ph2pw3":        transform.Winograd2,
	"ic3ih13iw17oc5kh6sh2ph1+reflect":              transform.Winograd4,
	"g3ic3ih21iw10oc6kh7kw6sh2sw3ph1pw4+replicate": transform.Fourier,
	"mb2ic2ih11oc3kh8sh2ph3+circular":              transform.Winograd5,
}

// The values are the original layer's, of which the allowed errors are those of the layer of stride 1.
func TestTransformedOfStrides(t *testing.T) {
	for d, by := range stridedLayers {
		p := parse(t, d)
		x, w := operands(t, p, reals(newRand(81)))
		got, direct := must[Reference](t)(Transformed(by, p, x, w)), must[Reference](t)(Im2col(p, x, w))
		unstrided := must[conv.Problem](t)(transform.SpaceToDepth(p))
		between := must[tensor.Volume](t)(SpaceToDepthInput(p, x))
		want := must[Reference](t)(Transformed(by, unstrided, between,
			must[tensor.Filters](t)(transform.SpaceToDepthFilters(p, w))))
		for i := range direct.Value {
			if got.Value[i] != direct.Value[i] || got.Magnitude[i] != direct.Magnitude[i] {
				t.Fatalf("%s, %v: value %d is %v of %v, must be %v of %v", d, by, i, got.Value[i], got.Magnitude[i],
					direct.Value[i], direct.Magnitude[i])
			}
			if !(math.Abs(got.Allowed[i]-want.Allowed[i]) <= 1e-12*want.Allowed[i]) {
				t.Fatalf("%s, %v: allowed %d is %v, must be %v", d, by, i, got.Allowed[i], want.Allowed[i])
			}
		}
	}
}

// A sample's reference is that of the same outputs of all, whatever follows the sums.
func TestTransformedSample(t *testing.T) {
	for d, by := range stridedLayers {
		p := parse(t, d)
		x, w := operands(t, p, reals(newRand(82)))
		indices := Sample(p, 1, 60)
		slope, residual := make([]float32, p.OutChannels), make([]float32, p.OutLen())
		reals(newRand(83))(slope)
		reals(newRand(84))(residual)
		e := conv.Epilogue{Activation: conv.Activation{Function: conv.PReLU}, Residual: conv.AfterFunction}
		finish := func(r Reference, err error) Reference {
			t.Helper()
			return must[Reference](t)(must[Reference](t)(r, err).Epilogue(e, slope, residual)).Half()
		}
		all, got := finish(Transformed(by, p, x, w)), finish(TransformedSample(by, p, x, w, indices))
		if len(got.Value) != 60 {
			t.Fatalf("%s: %d values, must be 60", d, len(got.Value))
		}
		for i, at := range indices {
			near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-12*(math.Abs(b)+all.Magnitude[at]) }
			if !near(got.Value[i], all.Value[at]) || !near(got.Magnitude[i], all.Magnitude[at]) ||
				math.Abs(got.Allowed[i]-all.Allowed[at]) > 1e-9*all.Allowed[at] {
				t.Fatalf("%s, %v: output %d is %v allowed %v, must be %v allowed %v", d, by, at, got.Value[i],
					got.Allowed[i], all.Value[at], all.Allowed[at])
			}
		}
		checkDamage(t, got, all.Volume().Data)
	}
}

// checkDamage wants the sampled outputs to be judged, each of them, and no others.
func checkDamage(t *testing.T, ref Reference, outputs []float32) {
	t.Helper()
	sampled := map[int]bool{}
	for _, i := range ref.At {
		sampled[i] = true
	}
	for i := range outputs {
		old := outputs[i]
		outputs[i] = float32(math.NaN())
		r := must[Report](t)(Check(outputs, ref, Bounded))
		outputs[i] = old
		if r.Checked != len(ref.At) || r.Total != len(outputs) || (r.Failed == 1) != sampled[i] || sampled[i] &&
			r.First.Index != i {
			t.Fatalf("output %d of the sample (%v) damaged: %v", i, sampled[i], r)
		}
	}
}

// The work is the sample's: memory in proportion to all outputs would be 1 GiB.
func TestTransformedSampleOfTheHuge(t *testing.T) {
	p := parse(t, "ic2ih4098iw4098oc4kh3") // 2^26 outputs
	x, w := operands(t, p, integers(newRand(85), 3))
	indices := Sample(p, 1, 200)
	var r Reference
	used := allocated(func() { r = must[Reference](t)(TransformedSample(transform.Winograd4, p, x, w, indices)) })
	if len(r.Allowed) != 200 || used > 1<<20 {
		t.Errorf("%d outputs took %d bytes", len(r.Allowed), used)
	}
}
