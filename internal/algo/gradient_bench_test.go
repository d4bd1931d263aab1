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
		s := algo.Spec{Problem: p}
		s.DType = "float32"
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
		for _, a := range algo.FilterGradients() {
			if plan, err := a.Plan(s, limits); err == nil && regexp.MustCompile(*benchAlgorithms).MatchString(
				algo.Name(a)) {
				time := quickest(b, device, plan.Plan)[0]
				cost := plan.Cost(algo.MachineOf(limits))
				fmt.Printf("  %-40s %6.2f, cost/ms %.1f\n", algo.Name(a), gflops(p, time), cost/1e6/time.Seconds()/1e3)
			}
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
		s, err := exec.Open(dev, zeroed(p), exec.Pooled)
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
