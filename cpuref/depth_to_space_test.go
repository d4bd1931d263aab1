package cpuref

import (
	"math"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/transform"
)

// transposedLayers have all that makes residues differ: strides, taps, dilation, padding, three axes.
var transposedLayers = []string{
	"ic3ih4oc2kh3+transposed", "mb2ic2ih5iw4oc3oh5ow7kh4kw3ph1pw2+transposed", "ic4ih5oc3kh4sh2ph1+transposed",
	"g2mb2ic4ih4iw3oc6kh5kw4sh3sw2ph1+transposed", "ic2ih4oc3kh2sh5+transposed", "ic2ih4oc3oh9kh3sh2ph1ow9+transposed",
	"ic2ih3oc2oh12kh3sh2+transposed", "ic2ih4oc3oh5kh3sh2ph1+transposed", "ic4ih3oc2oh1kh3sh2ph2+transposed",
	"ic2ih4iw3oc3kh3kw2sh3sw2ph2pw1dh1dw3+transposed", "ic2ih4iw3oc3kh3sh4sw6ph2pw1dh1dw3+transposed",
	"g3mb2ic3ih4oc3kh4sh2ph1+transposed", "ic4ih3oc5kh1sh2+transposed", "ic8ih3oc1kh9sh3ph4+transposed",
	"g2mb2ic4id2ih4iw3oc2od3oh7ow6kd2kh3kw2sd3sh2sw2pd1ph2pw0dd1dh0dw1+transposed",
}

// The convolutions of all residues, put together, are the layer's own sums, whole numbers bit for bit.
func TestDepthToSpace(t *testing.T) {
	served := 0
	for _, d := range transposedLayers {
		p := parse(t, d)
		x, w := operands(t, p, integers(newRand(90), 9))
		want := must[Reference](t)(Conv(p, x, w))
		for _, apart := range []bool{false, true} {
			r, err := transform.DepthToSpace(p, apart)
			if err != nil {
				wantError(t, err, transform.ErrUnsupported, "pad less")
				continue
			}
			served++
			got := make([]float64, len(want.Value)) // biases, where no tap reaches
			for i := range got {
				got[i] = biasOf(w, i%p.OutChannels)
			}
			for _, part := range r.Parts {
				sums := must[Reference](t)(Conv(part.Problem, x, must[tensor.Filters](t)(part.Filters(p, w))))
				putTogether(p, part, sums, got)
			}
			for i := range got {
				if got[i] != want.Value[i] {
					t.Fatalf("%s, apart %v: output %d is %v, must be %v", d, apart, i, got[i], want.Value[i])
				}
			}
		}
	}
	if served < 20 {
		t.Errorf("%d were served", served)
	}
}

// putTogether adds a part's sums to the outputs of its residues.
func putTogether(p conv.Problem, part transform.Part, sums Reference, to []float64) {
	outputs := p.OutChannels / p.Groups
	for i := range to {
		at := placeOf(&p, i)
		for j, r := range part.Residues {
			if at.z%p.Z.Stride != r.At[0] || at.y%p.H.Stride != r.At[1] || at.x%p.W.Stride != r.At[2] {
				continue
			}
			q := part.Problem
			from := ((at.n*q.Z.Out+at.z/p.Z.Stride+r.Shift[0])*q.H.Out+at.y/p.H.Stride+r.Shift[1])*q.W.Out +
				at.x/p.W.Stride + r.Shift[2]
			channel := (at.d/outputs*len(part.Residues)+j)*outputs + at.d%outputs
			to[i] += sums.Value[from*q.OutChannels+channel]
		}
	}
}

// transposedTransforms are transposed layers by transforms.
var transposedTransforms = map[string]transform.Transform{
	"g2mb2ic4ih7iw8oc6kh3ph1+transposed":                transform.Winograd6,
	"ic2ih9iw7oc3kh4kw13ph2pw3+transposed":              transform.Fourier,
	"g2mb2ic4ih5iw6oc6kh5sh2ph2+transposed":             transform.Winograd2,
	"ic3ih6iw5oc2oh18ow11kh9kw6sh3sw2ph4pw1+transposed": transform.Winograd4,
	"ic3ih6iw5oc2kh8kw7sh2ph3pw2+transposed":            transform.Winograd5,
	"mb2ic2ih5iw6oc2kh3kw6sh4sw2dw2+transposed":         transform.Fourier, // no tap reaches some
}

// The allowed errors are those of the convolution that computes all residues together, which package transform has
// too.
func TestTransformedOfTransposed(t *testing.T) {
	for d, by := range transposedTransforms {
		p := parse(t, d)
		x, w := operands(t, p, reals(newRand(91)))
		got, direct := must[Reference](t)(Transformed(by, p, x, w)), must[Reference](t)(Im2col(p, x, w))
		part := must[transform.Residues](t)(transform.DepthToSpace(p, false)).Parts[0]
		filters := must[tensor.Filters](t)(part.Filters(p, w))
		filters.Bias = biasesOf(p, part, w)
		sums := must[Reference](t)(Transformed(by, part.Problem, x, filters))
		sums.Value = sums.Allowed
		want := make([]float64, len(got.Value))
		putTogether(p, part, sums, want)
		unreached := 0
		for i := range want {
			if got.Value[i] != direct.Value[i] || got.Magnitude[i] != direct.Magnitude[i] {
				t.Fatalf("%s: value %d is %v of %v, must be %v of %v", d, i, got.Value[i], got.Magnitude[i],
					direct.Value[i], direct.Magnitude[i])
			}
			if want[i] == 0 {
				want[i] = direct.allowed(i)
				unreached++
			}
			if !(math.Abs(got.Allowed[i]-want[i]) <= 1e-12*want[i]) || want[i] == 0 {
				t.Fatalf("%s: allowed %d is %v, must be %v", d, i, got.Allowed[i], want[i])
			}
		}
		if (unreached > 0) != (p.H.Filter < p.H.Stride) {
			t.Errorf("%s: no tap reaches %d outputs", d, unreached)
		}
		indices := Sample(p, 1, 60)
		sampled := must[Reference](t)(TransformedSample(by, p, x, w, indices))
		for i, at := range indices {
			if !(math.Abs(sampled.Allowed[i]-got.Allowed[at]) <= 1e-9*got.Allowed[at]) {
				t.Fatalf("%s: of the sample output %d is allowed %v, must be %v", d, at, sampled.Allowed[i],
					got.Allowed[at])
			}
		}
	}
}

// biasesOf are the biases of a part's channels.
func biasesOf(p conv.Problem, part transform.Part, w tensor.Filters) []float32 {
	outputs := p.OutChannels / p.Groups
	biases := make([]float32, part.Problem.OutChannels)
	for k, b := range w.Bias {
		for i := range part.Residues {
			biases[(k/outputs*len(part.Residues)+i)*outputs+k%outputs] = b
		}
	}
	return biases
}

// The gradient with respect to X is what the adjoint gives, of which the values and the errors are.
func TestInputGradientTransformed(t *testing.T) {
	for d, by := range map[string]transform.Transform{
		"g2mb2ic4ih7iw8oc6kh3ph1": transform.Winograd4, "ic3ih11iw12oc4kh5sh2ph1": transform.Winograd2,
		"mb2ic4ih6oc6kh3ph1+transposed": transform.Winograd6, "g2ic4ih6oc6kh6sh2ph2+transposed": transform.Winograd3,
	} {
		p := parse(t, d)
		_, w := operands(t, p, reals(newRand(92)))
		dv := tensor.Volume{N: p.Batch, H: p.H.Out, W: p.W.Out, D: p.OutChannels, Data: make([]float32, p.OutLen())}
		reals(newRand(93))(dv.Data)
		got := must[Reference](t)(InputGradientTransformed(by, p, w, dv))
		back := must[conv.Problem](t)(p.Adjoint())
		want := must[Reference](t)(Transformed(by, back, dv, exchanged(p, back, w)))
		for i := range want.Value {
			if math.Abs(got.Value[i]-want.Value[i]) > 1e-12*want.Magnitude[i] || got.Allowed[i] != want.Allowed[i] ||
				!(got.Allowed[i] > 0) {
				t.Fatalf("%s: element %d is %v allowed %v, must be %v allowed %v", d, i, got.Value[i], got.Allowed[i],
					want.Value[i], want.Allowed[i])
			}
		}
	}
	p := parse(t, "ic2ih5oc2kh3ph1+reflect")
	_, w := operands(t, p, reals(newRand(94)))
	dv := tensor.Volume{N: 1, H: 5, W: 5, D: 2, Data: make([]float32, 50)}
	_, err := InputGradientTransformed(transform.Winograd4, p, w, dv)
	wantError(t, err, conv.ErrInvalid, "reflect")
}
