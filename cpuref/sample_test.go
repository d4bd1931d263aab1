package cpuref

import (
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
)

func TestSample(t *testing.T) {
	rng := newRand(60)
	for range 300 {
		p := randomProblem(rng)
		total := int(p.OutLen())
		count := rng.IntN(total + 10)
		seed := rng.Uint64()
		s := Sample(p, seed, count)
		corners := 1
		for _, size := range []int{p.Batch, p.H.Out, p.W.Out, p.OutChannels} {
			corners *= min(size, 2)
		}
		if want := min(total, max(count, corners)); len(s) != want {
			t.Fatalf("%v: %d of %d outputs chosen, must be %d", p, len(s), total, want)
		}
		if s[0] != 0 || s[len(s)-1] != total-1 {
			t.Fatalf("%v: from %d to %d, must be from 0 to %d", p, s[0], s[len(s)-1], total-1)
		}
		if !slices.IsSorted(s) || len(slices.Compact(slices.Clone(s))) != len(s) {
			t.Fatalf("%v: %v does not ascend", p, s)
		}
		if !slices.Equal(s, Sample(p, seed, count)) {
			t.Fatalf("%v: another choice by the same seed", p)
		}
		wantCorners(t, p, s)
	}
}

func wantCorners(t *testing.T, p conv.Problem, s []int) {
	t.Helper()
	for _, n := range []int{0, p.Batch - 1} {
		for _, y := range []int{0, p.H.Out - 1} {
			for _, x := range []int{0, p.W.Out - 1} {
				for _, d := range []int{0, p.OutChannels - 1} {
					if _, has := slices.BinarySearch(s, ((n*p.H.Out+y)*p.W.Out+x)*p.OutChannels+d); !has {
						t.Fatalf("%v: corner V[%d,%d,%d] of image %d is not chosen", p, x, y, d, n)
					}
				}
			}
		}
	}
}

// Every output has its chance: the same one for all that are no corners.
func TestSampleIsEven(t *testing.T) {
	p := parse(t, "ic1ih4oc2kh1") // 32 outputs, 8 corners
	times := make([]int, 32)
	const runs = 4000
	for seed := range uint64(runs) {
		for _, i := range Sample(p, seed, 14) {
			times[i]++
		}
	}
	for i, n := range times {
		// 6 of 24; the standard deviation is 27
		if n != runs && math.Abs(float64(n)-runs/4) > 140 {
			t.Errorf("output %d was chosen %d times of %d, must be about %d", i, n, runs, runs/4)
		}
	}
	if slices.Equal(Sample(p, 1, 14), Sample(p, 2, 14)) {
		t.Error("two seeds choose alike")
	}
}

func TestSampleOfTheHuge(t *testing.T) {
	p := parse(t, "mb65536ic1ih1024oc4096kh1") // 2^48 outputs
	var s []int
	used := allocated(func() { s = Sample(p, 1, 1000) })
	if len(s) != 1000 || s[999] != 1<<48-1 {
		t.Errorf("%d outputs, the last is %d", len(s), s[len(s)-1])
	}
	if used > 1<<20 {
		t.Errorf("1000 indices took %d bytes", used)
	}
	wantCorners(t, p, s)
}

func TestSampleOfNothing(t *testing.T) {
	if s := Sample(conv.Problem{}, 1, 10); len(s) != 0 {
		t.Errorf("no problem: %v", s)
	}
	p := parse(t, "ic1ih9oc2kh1")
	for _, count := range []int{0, -1, math.MinInt} {
		if s := Sample(p, 1, count); len(s) != 8 {
			t.Errorf("count %d: %d outputs, must be the 8 corners", count, len(s))
		}
	}
}

// allocated is how many bytes do takes.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
