package cpuref

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
)

// The sums are those of Conv with the zero points taken away from the operands, where the padding is 0.
func TestQuantizedConv(t *testing.T) {
	eachKind(t, 400, 15, func(t *testing.T, rng *rand.Rand, p conv.Problem) {
		x, w := operands(t, p, integers(rng, 8))
		w.Bias = nil
		draw := func(data []float32, zero func(i int) int8) []int8 {
			out := make([]int8, len(data))
			for i := range out {
				out[i] = int8(rng.IntN(256) - 128)
				data[i] = float32(int(out[i]) - int(zero(i)))
			}
			return out
		}
		xZero := int8(rng.IntN(256) - 128)
		wZero := make([]int8, []int{0, 1, p.OutChannels}[rng.IntN(3)])
		for i := range wZero {
			wZero[i] = int8(rng.IntN(256) - 128)
		}
		qx := draw(x.Data, func(int) int8 { return xZero })
		qw := draw(w.Data, func(i int) int8 {
			if len(wZero) == 0 {
				return 0
			}
			return wZero[i/p.TapsPerOutput()%p.OutChannels%len(wZero)]
		})
		r := must[Reference](t)(Conv(p, x, w))
		for i, v := range must[[]int64](t)(QuantizedConv(p, qx, qw, xZero, wZero)) {
			if float64(v) != r.Value[i] {
				t.Fatalf("%v: output %d is %d, must be %v", p, i, v, r.Value[i])
			}
		}
	})
}

func TestQuantizedConvRefuses(t *testing.T) {
	p := parse(t, "ic2ih3oc3kh1")
	x, w := make([]int8, 18), make([]int8, 6)
	for words, err := range map[string]error{
		"17 inputs and 6 weights, must be 18 and 6":  second(QuantizedConv(p, x[1:], w, 0, nil)),
		"18 inputs and 5 weights":                    second(QuantizedConv(p, x, w[1:], 0, nil)),
		"2 zero points of the weights, must be 0, 1": second(QuantizedConv(p, x, w, 0, make([]int8, 2))),
	} {
		wantError(t, err, ErrShape, words)
	}
	wantError(t, second(QuantizedConv(conv.Problem{}, x, w, 0, nil)), conv.ErrInvalid, "batch")
	// 255 * 255 * 33026 is the first above 2^31 - 1.
	for taps, want := range map[int]error{33025: nil, 33026: ErrNoVerdict} {
		p := parse(t, "ic1ih1oc1kh1")
		p.InChannels = taps
		x, w := make([]int8, taps), make([]int8, taps)
		for i := range x {
			x[i], w[i] = math.MaxInt8, math.MaxInt8
		}
		v, err := QuantizedConv(p, x, w, math.MinInt8, []int8{math.MinInt8})
		if want != nil {
			wantError(t, err, want, "V[0,0,0] (image 0) is 2147515650")
		} else if err != nil || v[0] != 33025*65025 {
			t.Errorf("%d taps: %v, %v", taps, v, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
