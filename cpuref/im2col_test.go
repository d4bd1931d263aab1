package cpuref

import (
	"math"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
)

// sameReference holds Im2col against Conv by the float64 bound of both orders of summation.
func sameReference(t *testing.T, p conv.Problem, got, want Reference) {
	t.Helper()
	n := float64(p.TapsPerOutput() + 1)
	g := n * 0x1p-53 / (1 - n*0x1p-53)
	for i := range want.Value {
		allowed := 2 * g * want.Magnitude[i]
		if !(math.Abs(got.Value[i]-want.Value[i]) <= allowed) ||
			!(math.Abs(got.Magnitude[i]-want.Magnitude[i]) <= allowed) {
			t.Fatalf("%v: output %d is %v with magnitude %v, must be %v with %v, allowed %g", p, i,
				got.Value[i], got.Magnitude[i], want.Value[i], want.Magnitude[i], allowed)
		}
	}
}

func TestIm2colAgainstConv(t *testing.T) {
	rng := newRand(10)
	seen := map[string]int{}
	for range 400 {
		p := randomProblem(rng)
		count(seen, p)
		x, w := operands(t, p, reals(rng))
		if rng.IntN(4) == 0 {
			w.Bias = nil
		}
		sameReference(t, p, must[Reference](t)(Im2col(p, x, w)), must[Reference](t)(Conv(p, x, w)))
	}
	for _, feature := range []string{"batch", "groups", "dilation", "stride", "out smaller", "out larger",
		"filter > input", "padding > filter", "unlike axes"} {
		if seen[feature] < 20 {
			t.Errorf("only %d of 400 problems have %s", seen[feature], feature)
		}
	}
}

// count notes the features that the problem has.
func count(seen map[string]int, p conv.Problem) {
	for feature, has := range map[string]bool{
		"batch": p.Batch > 1, "groups": p.Groups > 1, "dilation": p.H.Dilation > 1, "stride": p.H.Stride > 1,
		"out smaller": p.H.Out < p.H.SymmetricOut(), "out larger": p.H.Out > p.H.SymmetricOut(),
		"filter > input": p.H.Extent() > p.H.In, "padding > filter": p.H.Pad > p.H.Extent(), "unlike axes": p.H != p.W,
	} {
		if has {
			seen[feature]++
		}
	}
}

// Problems at a block's edge, one more, and several blocks of everything.
func TestIm2colBlocks(t *testing.T) {
	for _, d := range []string{
		"ic512ih1oc128kh1", "ic513ih1oc129kh1", "ic511ih1oc127kh1",
		"mb64ic2ih3oc3kh2+unshared", "g2mb130ic4ih3iw4oc260kh2+unshared", "ic513ih2oc129kh1+unshared",
		"ic2ih8oc3kh1", "ic2ih5iw13oc3kh1", "ic2ih7iw9oc3kh1", // 64, 65, 63 outputs
		"g2mb2ic230ih7oc280kh3ph1", // 1035 taps, 140 filters a group, 98 outputs
		"g16ic16ih12oc32kh3ph1", "ic1ih3oc1kh40ph30",
	} {
		p := parse(t, d)
		x, w := operands(t, p, reals(newRand(11)))
		sameReference(t, p, must[Reference](t)(Im2col(p, x, w)), must[Reference](t)(Conv(p, x, w)))
	}
}

// Whole numbers are exact in any order, so here the two are equal bit for bit.
func TestIm2colExact(t *testing.T) {
	rng := newRand(12)
	for range 50 {
		p := randomProblem(rng)
		x, w := operands(t, p, integers(rng, must[int](t)(ExactLimit(p))))
		a, b := must[Reference](t)(Im2col(p, x, w)), must[Reference](t)(Conv(p, x, w))
		for i := range b.Value {
			if a.Value[i] != b.Value[i] || a.Magnitude[i] != b.Magnitude[i] {
				t.Fatalf("%v: output %d is %v, %v, must be %v, %v", p, i, a.Value[i], a.Magnitude[i], b.Value[i],
					b.Magnitude[i])
			}
		}
	}
}

// What is not finite must not get lost in either: not in padding, not by skipped zeros.
func TestNotFiniteIsKept(t *testing.T) {
	rng := newRand(13)
	bad := []float32{float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN())}
	for i := range 60 {
		p := randomProblem(rng)
		x, w := operands(t, p, integers(rng, 1)) // many zeros
		data := [][]float32{x.Data, w.Data, w.Bias}[i%3]
		data[rng.IntN(len(data))] = bad[rng.IntN(3)]
		a, b := must[Reference](t)(Im2col(p, x, w)), must[Reference](t)(Conv(p, x, w))
		for i := range b.Value {
			if finite(a.Value[i]) != finite(b.Value[i]) || finite(a.Magnitude[i]) != finite(b.Magnitude[i]) {
				t.Fatalf("%v: output %d is %v, %v by Im2col and %v, %v by Conv", p, i, a.Value[i], a.Magnitude[i],
					b.Value[i], b.Magnitude[i])
			}
		}
	}
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
