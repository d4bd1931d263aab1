package algo_test

import (
	"flag"
	"fmt"
	"math"
	"regexp"
	"testing"
	"time"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/shaders"
)

var (
	benchLayers     = flag.String("layers", "", "measure those layers of the core suite alone whose names match this")
	benchAlgorithms = flag.String("algorithms", "", "measure those algorithms for dW, too, whose names match this")
)

// BenchmarkFilterGradient measures dW and db of the layers of the core suite beside V of the same layer, both by what
// the rules choose, each by its quickest run.
func BenchmarkFilterGradient(b *testing.B) {
	dev := hosttest.Open(b)
	device, limits := exec.On(dev.GPU()), algo.LimitsOf(dev.GPU().Info())
	product, count, least := 1.0, 0, math.Inf(1)
	layers, err := bench.LoadSuite("core")
	if err != nil {
		b.Fatal(err)
	}
	for _, layer := range layers {
		p := layer.Problem
		if !regexp.MustCompile(*benchLayers).MatchString(p.Name) {
			continue
		}
		s := algo.Spec{Problem: p, DType: shaders.Float32}

		forward, err := algo.Choose("", s, limits)
		if err != nil {
			b.Fatal(err)
		}
		back, err := algo.ChooseFilterGradient("", s, limits)
		if err != nil {
			b.Fatal(err)
		}
		// By turns, for what else runs on the machine changes.
		times := quickest(b, device, forward.Plan, back.Plan)
		v, dw := gflops(p, times[0]), gflops(p, times[1])
		fmt.Printf("%-20s V %6.2f by %-28s dW %6.2f by %-26s %.2f\n", p.Name, v, algo.Name(forward.Algorithm), dw,
			algo.Name(back.Algorithm), dw/v)
		product, count, least = product*dw/v, count+1, min(least, dw/v)
		if *benchAlgorithms == "" {
			continue
		}
		var some []algo.Plan
		var plans []exec.Plan
		for _, plan := range algo.FilterCandidates(s, limits) {
			if regexp.MustCompile(*benchAlgorithms).MatchString(algo.Name(plan.Algorithm)) {
				some, plans = append(some, plan), append(plans, plan.Plan)
			}
		}
		for i, t := range quickest(b, device, plans...) {
			fmt.Printf("  %-40s %6.2f, cost/ms %.1f\n", algo.Name(some[i].Algorithm), gflops(p, t),
				some[i].Cost(algo.MachineOf(limits))/1e9/t.Seconds())
		}
	}
	b.ReportMetric(math.Pow(product, 1/float64(count)), "dW/V")
	b.ReportMetric(least, "least")
}

func gflops(p conv.Problem, t time.Duration) float64 { return float64(p.FLOPs()) / t.Seconds() / 1e9 }

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
