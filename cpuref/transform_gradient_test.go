package cpuref

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/transform"
)

// adjointInFloat32 computes dW by the formula of [TransformedFilterGradient], tile by tile, in float32.
func adjointInFloat32(a *tiling, p conv.Problem, x, dv tensor.Volume) []float32 {
	depth, outs := p.InChannels/p.Groups, p.OutChannels/p.Groups
	dw := make([]float32, p.FilterLen())
	d, half, u := make([]float32, a.inputs()), make([]float32, 64), make([]float32, a.area())
	y, g, sums := make([]float32, a.outputs()), make([]float32, a.area()), make([]float32, a.area())
	out := make([]float32, a.taps())
	for k := range p.OutChannels {
		for c := range depth {
			clear(sums)
			for t := range a.tiles(&p) {
				clear(d)
				clear(y)
				channel := k/outs*depth + c
				a.gather(&p, a.tile(&p, t), 0, func(i, first int) { d[i] = x.Data[first+channel] })
				a.scatter(&p, a.tile(&p, t), func(i, first int) { y[i] = dv.Data[first+k] })
				sandwich(a.h.BT, a.w.BT, d, half, u)
				sandwich(transposed(a.h.AT), transposed(a.w.AT), y, half, g)
				for i := range sums {
					sums[i] += u[i] * g[i]
				}
			}
			sandwich(transposed(a.h.G), transposed(a.w.G), sums, half, out)
			for tap, v := range out {
				dw[(k*a.taps()+tap)*depth+c] = v
			}
		}
	}
	return dw
}

// TestTransformedFilterGradient holds the bound against dW that was computed so: it contains every error, and none
// that is a hundredth of the largest number. The values are those of the definition.
func TestTransformedFilterGradient(t *testing.T) {
	for descriptor, all := range map[string][]transform.Transform{
		"mb2ic3ih9iw7oc5kh3ph1":            {transform.Winograd2, transform.Winograd4, transform.Winograd6},
		"g2mb2ic4ih8iw11oc6kh3dh1+reflect": {transform.Winograd2, transform.Winograd4},
		"ic2ih10iw9oc3kh5ph2":              {transform.Winograd2, transform.Winograd4},
	} {
		p, err := conv.Parse(descriptor)
		if err != nil {
			t.Fatal(err)
		}
		for _, by := range all {
			transformedFilterGradient(t, by, p)
		}
	}
}

func transformedFilterGradient(t *testing.T, by transform.Transform, p conv.Problem) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	volume := func(n, h, w, d int) tensor.Volume {
		v, err := tensor.NewVolume(n, h, w, d)
		if err != nil {
			t.Fatal(err)
		}
		for i := range v.Data {
			v.Data[i] = 2*rng.Float32() - 1
		}
		return v
	}
	x, dv := volume(p.Batch, p.H.In, p.W.In, p.InChannels), volume(p.Batch, p.H.Out, p.W.Out, p.OutChannels)
	ref, err := TransformedFilterGradient(by, p, x, dv)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := FilterGradient(p, x, dv)
	if err != nil {
		t.Fatal(err)
	}
	a, err := tilingOf(by, p)
	if err != nil {
		t.Fatal(err)
	}
	got := adjointInFloat32(a, p, x, dv)
	report, err := Check(got, ref, Bounded)
	if err != nil || !report.OK() {
		t.Errorf("%s by %v: %v, %v", p, by, report, err)
	}
	most := 0.0
	for i, v := range ref.Value {
		if v != plain.Value[i] {
			t.Fatalf("%s by %v: %v at %d, must be %v", p, by, v, i, plain.Value[i])
		}
		most = max(most, math.Abs(v))
	}
	got[7] += float32(most / 100)
	if report, err := Check(got, ref, Bounded); err != nil || report.Failed != 1 {
		t.Errorf("%s by %v: an error of a hundredth of %v: %v, %v", p, by, most, report, err)
	}
}

// TestTransformedFilterGradientRefuses holds that layers that no transform computes have no reference by one.
func TestTransformedFilterGradientRefuses(t *testing.T) {
	p, err := conv.Parse("ic2ih9oc3kh3sh2")
	if err != nil {
		t.Fatal(err)
	}
	x, dv := tensor.Volume{}, tensor.Volume{}
	if _, err := TransformedFilterGradient(transform.Winograd4, p, x, dv); err == nil {
		t.Error("a stride of 2 passed")
	}
}
