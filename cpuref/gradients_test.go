package cpuref

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// outputLike is a gradient of p's output, filled.
func outputLike(t testing.TB, p conv.Problem, fill func([]float32)) tensor.Volume {
	t.Helper()
	v := must[tensor.Volume](t)(tensor.NewVolume3D(p.Batch, p.Z.Out, p.H.Out, p.W.Out, p.OutChannels))
	fill(v.Data)
	return v
}

// gradients are all three, of whole numbers.
func gradients(t testing.TB, p conv.Problem, x tensor.Volume, w tensor.Filters, dv tensor.Volume) [3]Reference {
	t.Helper()
	return [3]Reference{
		must[Reference](t)(InputGradient(p, w, dv)),
		must[Reference](t)(FilterGradient(p, x, dv)),
		must[Reference](t)(BiasGradient(p, dv)),
	}
}

// Each element by central differences of L = <dV, Conv(X)>. L is linear in each operand alone, so that the
// differences of whole numbers are exact, whatever their step.
func TestGradientsByDifferences(t *testing.T) {
	eachKind(t, 200, 12, func(t *testing.T, rng *rand.Rand, p conv.Problem) {
		x, w := operands(t, p, integers(rng, 8))
		dv := outputLike(t, p, integers(rng, 8))
		loss := func() (l float64) {
			for i, v := range must[Reference](t)(Conv(p, x, w)).Value {
				l += float64(dv.Data[i]) * v
			}
			return l
		}
		data := [3][]float32{x.Data, w.Data, w.Bias}
		for j, r := range gradients(t, p, x, w, dv) {
			if len(r.Value) != len(data[j]) {
				t.Fatalf("%v: %v has %d elements, must have %d", p, r.Kind, len(r.Value), len(data[j]))
			}
			for range 30 {
				i := rng.IntN(len(data[j]))
				was := data[j][i]
				data[j][i] = was + 1
				above := loss()
				data[j][i] = was - 1
				below := loss()
				data[j][i] = was
				if want := (above - below) / 2; r.Value[i] != want {
					t.Fatalf("%v: %v element %d is %v, must be %v", p, r.Kind, i, r.Value[i], want)
				}
			}
		}
	})
}

// <dV, Conv(X)> without biases is <dX, X> and <dW, W>.
func TestGradientsAreAdjoint(t *testing.T) {
	eachKind(t, 201, 40, func(t *testing.T, rng *rand.Rand, p conv.Problem) {
		x, w := operands(t, p, integers(rng, 8))
		dv := outputLike(t, p, integers(rng, 8))
		w.Bias = nil
		inner := func(a []float64, b []float32) (sum float64) {
			for i := range b {
				sum += a[i] * float64(b[i])
			}
			return sum
		}
		g := gradients(t, p, x, w, dv)
		want := inner(must[Reference](t)(Conv(p, x, w)).Value, dv.Data)
		if dx, dw := inner(g[0].Value, x.Data), inner(g[1].Value, w.Data); dx != want || dw != want {
			t.Fatalf("%v: <dX, X> is %v, <dW, W> %v, must be %v", p, dx, dw, want)
		}
	})
}

// The notes: "every neuron in the volume will compute the gradient for its weights, but these gradients
// will be added up across each depth slice".
func TestSharedGradientIsTheSumOfUnshared(t *testing.T) {
	for _, padding := range []conv.Padding{conv.Zero, conv.Reflect, conv.Replicate, conv.Circular} {
		rng := newRand(202)
		for i := range 30 {
			p := randomKind(rng, func(p *conv.Problem) { p.Padding = padding }, i%2 == 0)
			x, _ := operands(t, p, integers(rng, 8))
			dv := outputLike(t, p, integers(rng, 8))
			own := p
			own.Unshared = true
			for _, r := range [][2]Reference{
				{must[Reference](t)(FilterGradient(p, x, dv)), must[Reference](t)(FilterGradient(own, x, dv))},
				{must[Reference](t)(BiasGradient(p, dv)), must[Reference](t)(BiasGradient(own, dv))},
			} {
				sum := make([]float64, len(r[0].Value))
				for i, v := range r[1].Value {
					sum[i%len(sum)] += v
				}
				wantEqual(t, r[0], sum)
			}
		}
	}
}

// Terms is the number of products in the element that has most. Of ones, each magnitude counts its
// products; zeros of the padding need not be counted, for they add no rounding.
func TestTermsOfGradients(t *testing.T) {
	eachKind(t, 203, 20, func(t *testing.T, rng *rand.Rand, p conv.Problem) {
		ones := func(data []float32) {
			for i := range data {
				data[i] = 1
			}
		}
		x, w := operands(t, p, ones)
		dv := outputLike(t, p, ones)
		for _, r := range gradients(t, p, x, w, dv) {
			if most := slices.Max(r.Magnitude); most != float64(r.Terms) && most > 0 {
				t.Fatalf("%v: %v has at most %v products in an element, Terms is %d", p, r.Kind, most, r.Terms)
			}
		}
	})
}

// A wrong element is named as what it is.
func TestGradientsAreNamed(t *testing.T) {
	for descriptor, names := range map[string][3]string{
		"mb2ic3ih4oc2kh2":         {"dX[1,2,1] (image 1)", "dW[1][1,0,2]", "db[1]"},
		"ic3id3oc2kd2":            {"dX[1,2,1,1] (image 0)", "dW[1][1,0,1,2]", "db[1]"},
		"ic3ih4oc2kh2+unshared":   {"dX[1,2,1] (image 0)", "dW[1][1,0,2] (bank 7)", "db[1] (bank 7)"},
		"ic3ih4oc2kh2+transposed": {"dX[1,2,1] (image 0)", "dW[1][1,0,2]", "db[1]"},
	} {
		p := parse(t, descriptor)
		x, w := operands(t, p, reals(newRand(204)))
		deep := p.Z.In - 1 // plane 1 where there is one
		image, bank := p.Batch-1, 7%banks(&p)
		at := [3]int{
			(((image*p.Z.In+min(1, deep))*p.H.In+2)*p.W.In+1)*3 + 1,
			((((bank*2+1)*p.Z.Filter+min(1, deep))*2+0)*2+1)*3 + 2,
			bank*2 + 1,
		}
		for j, r := range gradients(t, p, x, w, outputLike(t, p, reals(newRand(205)))) {
			got := r.Volume().Data
			if report := must[Report](t)(Check(got, r, Bounded)); !report.OK() {
				t.Errorf("%s: %v", descriptor, report)
			}
			got[at[j]] += 1
			report := must[Report](t)(Check(got, r, Bounded))
			if report.Failed != 1 || report.First.at() != names[j] || report.First.Index != at[j] {
				t.Errorf("%s: %v, must name %s", descriptor, report, names[j])
			}
		}
	}
}

func TestGradientsRefuse(t *testing.T) {
	p := parse(t, small)
	x, w := operands(t, p, reals(newRand(206)))
	dv := outputLike(t, p, reals(newRand(207)))
	short, bad := dv, w
	short.Data = short.Data[1:]
	bad.K++
	_, err := InputGradient(p, bad, dv)
	wantError(t, err, ErrShape, "must be 6x3x3x2")
	_, err = InputGradient(p, w, x)
	wantError(t, err, ErrShape, "gradient of the output volume (NHWC) is 2x5x6x4, must be 2x5x6x6")
	_, err = FilterGradient(p, dv, dv)
	wantError(t, err, ErrShape, "must be 2x5x6x4")
	_, err = FilterGradient(p, x, short)
	wantError(t, err, ErrShape, "360")
	_, err = BiasGradient(p, x)
	wantError(t, err, ErrShape, "must be 2x5x6x6")
	_, err = BiasGradient(conv.Problem{}, dv)
	wantError(t, err, conv.ErrInvalid, "batch")
	r := must[Reference](t)(BiasGradient(p, dv))
	for words, spoil := range map[string]func(*Reference){
		"neither a problem": func(r *Reference) { r.Problem, r.Kind, r.Terms = conv.Problem{}, SlopeGradients, 0 },
		"-1 terms":          func(r *Reference) { r.Terms = -1 },
		"0 allowed":         func(r *Reference) { r.Allowed = []float64{} },
		"Kind(9)":           func(r *Reference) { r.Kind = 9 },
		"6 values and 6 magnitudes, must have 108": func(r *Reference) { r.Kind = FilterGradients },
	} {
		wrong := r
		spoil(&wrong)
		_, err := Check(make([]float32, 6), wrong, Bounded)
		wantError(t, err, ErrShape, words)
	}
	if fmt.Sprint(Outputs, SlopeGradients, Kind(-1)) != "V dslope Kind(-1)" {
		t.Error(Outputs, SlopeGradients, Kind(-1))
	}
	r.Allowed = []float64{math.Inf(1), 0, 0, 0, 0, 0}
	_, err = Check(r.Volume().Data, r, Bounded)
	wantError(t, err, ErrNoVerdict, "db[0]")
}
