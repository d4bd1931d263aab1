package cpuref

import (
	"errors"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

func TestExactLimit(t *testing.T) {
	for _, c := range []struct {
		descriptor string
		want       int
	}{
		{"ic1ih1oc1kh1", 1024}, // the most there is
		{"ic15ih1oc1kh1", 1024},
		{"ic16ih1oc1kh1", 1023}, // 16 * 2^20 is 2^24 already
		{"ic64ih56oc64kh3ph1", 170},
		{"ic8388607ih1oc1kh1", 1}, // 2^23 - 1 taps
		{"ic16777214ih1oc1kh1", 1},
		{"g2ic128ih56oc64kh3ph1", 170}, // taps are those of one group
	} {
		p := parse(t, c.descriptor)
		if got := must[int](t)(ExactLimit(p)); got != c.want {
			t.Errorf("%s: limit %d, must be %d", c.descriptor, got, c.want)
		}
	}
	for _, d := range []string{"ic16777215ih1oc1kh1", "ic2147483647ih9oc1kh9"} {
		if _, err := ExactLimit(parse(t, d)); !errors.Is(err, ErrNoVerdict) {
			t.Errorf("%s: error %v, must be ErrNoVerdict", d, err)
		}
	}
	if _, err := ExactLimit(conv.Problem{}); !errors.Is(err, conv.ErrInvalid) {
		t.Errorf("no problem: error %v, must be ErrInvalid", err)
	}
}

// The limit keeps what it promises, and one more would not.
func TestExactLimitIsLargest(t *testing.T) {
	rng := newRand(30)
	within := func(n, l int) bool { return n*l*l+l < 1<<24 }
	for range 300 {
		p := parse(t, "ic1ih1oc1kh1")
		p.InChannels = 1 + rng.IntN(1<<(1+rng.IntN(23)))
		l := must[int](t)(ExactLimit(p))
		if n := p.TapsPerOutput(); !within(n, l) || (l < 1024 && within(n, l+1)) || l > 1024 {
			t.Fatalf("%d taps: limit %d is not the largest", n, l)
		}
	}
}

// Float32 sums of data inside the limit are the same in every order, and true.
func TestExactDataSumsExactly(t *testing.T) {
	rng := newRand(31)
	for i := range 100 {
		p := parse(t, "ic1ih1oc1kh1")
		p.InChannels = 1 + rng.IntN(3000)
		l := must[int](t)(ExactLimit(p))
		v := terms{x: make([]float32, p.InChannels), w: make([]float32, p.InChannels)}
		for _, data := range [][]float32{v.x, v.w} {
			tensor.FillIntegers(data, rng, l)
			if i%2 == 0 { // the largest sum that there can be
				for i := range data {
					data[i] = float32(l)
				}
			}
		}
		v.bias = float32(l)
		want, _ := v.truth()
		order := rng.Perm(len(v.x))
		forward := slices.Sorted(slices.Values(order))
		reversed := slices.Clone(forward)
		slices.Reverse(reversed)
		for name, order := range map[string][]int{"forward": forward, "reversed": reversed, "shuffled": order} {
			// Rounding that always errs where it can, so that luck cannot hide an error.
			for _, round := range []func(float64) float32{nearest, towardZero, awayFromZero} {
				if got := v.sum(order, round); float64(got) != want {
					t.Fatalf("%d taps, limit %d, %s: %v, must be %v", p.InChannels, l, name, got, want)
				}
			}
		}
	}
}
