package algo_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/shaders"
)

// quickest are the shortest runs of plans, of seven each by turns, or of as many as take a second.
func quickest(b *testing.B, dev *exec.Device, plans ...exec.Plan) []time.Duration {
	b.Helper()
	var sessions []*exec.Session
	var shortest []time.Duration
	for _, p := range plans {
		s, err := exec.Open(dev, zeroed(p), exec.Guarded)
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		sessions, shortest = append(sessions, s), append(shortest, math.MaxInt64)
	}
	start := time.Now()
	for round := 0; round < 7 && (round < 2 || time.Since(start) < time.Second); round++ {
		for i, s := range sessions {
			begun := time.Now()
			if err := s.Run(b.Context()); err != nil {
				b.Fatal(err)
			}
			shortest[i] = min(shortest[i], time.Since(begun))
		}
	}
	return shortest
}

// zeroed has constants of zeros.
func zeroed(p exec.Plan) exec.Plan {
	p.Operands = append([]exec.Operand{}, p.Operands...)
	for i := range p.Operands {
		words := exec.WordsOf(p.Operands[i].DType, p.Operands[i].Count)
		p.Operands[i].Fill = func() ([]uint32, error) { return make([]uint32, words), nil }
	}
	return p
}

// BenchmarkUnshared measures V, and each step of the way back, of unshared layers beside a copy of as many bytes as
// their filters have, which reads and writes them.
func BenchmarkUnshared(b *testing.B) {
	dev := hosttest.Open(b)
	device, limits := exec.On(dev.GPU()), algo.LimitsOf(dev.GPU().Info())
	for _, descriptor := range []string{"ic64ih28oc64kh3ph1+unshared", "mb4ic64ih28oc64kh3ph1+unshared"} {
		p, err := conv.Parse(descriptor)
		if err != nil {
			b.Fatal(err)
		}
		s := algo.Spec{Problem: p, DType: shaders.Float32}
		forward, err := algo.Choose("", s, limits)
		if err != nil {
			b.Fatal(err)
		}
		back, err := algo.PlanBackward(s, limits)
		if err != nil {
			b.Fatal(err)
		}
		plans := []exec.Plan{copied(p.FilterLen()), forward.Plan}
		names := []string{"copy", algo.Name(forward.Algorithm)}
		for i, step := range back.Steps {
			one := back.Plan.Plan
			one.Steps = one.Steps[i : i+1]
			plans, names = append(plans, one), append(names, step.Kernel.Name())
		}
		times := quickest(b, device, plans...)
		bandwidth := 8 * float64(p.FilterLen()) / times[0].Seconds()
		for i, t := range times {
			read := 4 * float64(p.FilterLen())
			if i == 0 {
				read *= 2
			}
			fmt.Printf("%-34s %-28s %8.1f ms, %5.2f of the copy's bandwidth\n", p, names[i], 1e3*t.Seconds(),
				read/t.Seconds()/bandwidth)
		}
	}
}

// copied is a copy of so many numbers.
func copied(numbers int64) exec.Plan {
	var p exec.Plan
	x := p.Add(exec.Operand{Name: "the original", Role: exec.Input, Count: numbers, DType: shaders.Float32})
	y := p.Add(exec.Operand{Name: "the copy", Role: exec.Output, Count: numbers, DType: shaders.Float32})
	k := shaders.Copies()[0]
	threads := (numbers/4 + int64(k.Each) - 1) / int64(k.Each)
	params := shaders.Encode(shaders.CopyParams{Count: uint32(numbers / 4)})
	p.Threads(k, params, threads, int64(k.Threads), exec.Whole(x), exec.Whole(y))
	return p
}
