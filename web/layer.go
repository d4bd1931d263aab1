package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/tensor"
)

// settings are a layer as the page's sliders say it.
type settings struct {
	Width, Height, Depth int // of X
	F, S, P, K           int
	Groups, Dilation     int
	Filters              string // edges or random
	Seed                 uint64
}

func (s settings) problem() (conv.Problem, error) {
	axis := func(in int) conv.Axis {
		return conv.Axis{In: in, Filter: s.F, Stride: s.S, Pad: s.P, Dilation: s.Dilation}
	}
	return conv.New(conv.Problem{Groups: s.Groups, InChannels: s.Depth, OutChannels: s.K, H: axis(s.Height),
		W: axis(s.Width)})
}

// sizesAnswer is what follows from the settings alone. Where they are impossible Wrong says why.
type sizesAnswer struct {
	Wrong      string      `json:"wrong,omitempty"`
	Descriptor string      `json:"descriptor,omitempty"`
	Out        [3]int      `json:"out"` // W, H, K
	Formula    string      `json:"formula,omitempty"`
	Fits       bool        `json:"fits"` // the stride fits the padded input
	Counts     conv.Counts `json:"counts"`
	Saved      float64     `json:"saved"`
	FLOP       int64       `json:"flop"`
	Bytes      int64       `json:"bytes"`
}

// sizes works out a layer's sizes and counts, or why there is no such layer.
func (p *program) sizes(_ context.Context, q question) (answer, error) {
	var s settings
	if err := q.read(&s); err != nil {
		return answer{}, err
	}
	problem, err := s.problem()
	if err != nil {
		return answer{value: sizesAnswer{Wrong: err.Error()}}, nil
	}
	counts := problem.Counts()
	return answer{value: sizesAnswer{
		Descriptor: problem.String(), Out: [3]int{problem.W.Out, problem.H.Out, problem.OutChannels},
		Formula: problem.WidthFormula(), Fits: problem.W.Fits() && problem.H.Fits(), Counts: counts,
		Saved: counts.Saved(), FLOP: problem.FLOPs(), Bytes: problem.Bytes().Total(),
	}}, nil
}

// layerAnswer is how a layer was computed; V and W are beside it.
type layerAnswer struct {
	Device    string `json:"device"`
	Algorithm string `json:"algorithm"`
	Verdict   string `json:"verdict"`
	Right     bool   `json:"right"`
}

// layer computes V of the numbers of X that come with the question, H x W x D, and judges all of it.
func (p *program) layer(ctx context.Context, q question) (answer, error) {
	var s settings
	if err := q.read(&s); err != nil {
		return answer{}, err
	}
	problem, err := s.problem()
	if err != nil {
		return answer{}, err
	}
	x, err := tensor.NewVolume(1, s.Height, s.Width, s.Depth)
	if err != nil {
		return answer{}, err
	}
	if len(q.data) != 4*len(x.Data) {
		return answer{}, fmt.Errorf("%d bytes for X, must be %d", len(q.data), 4*len(x.Data))
	}
	for i := range x.Data {
		x.Data[i] = math.Float32frombits(binary.LittleEndian.Uint32(q.data[4*i:]))
	}
	w, err := s.filters(problem)
	if err != nil {
		return answer{}, err
	}
	dev, err := p.open()
	if err != nil {
		return answer{}, err
	}
	l, err := host.NewLayer(dev, problem, w, host.LayerOptions{})
	if err != nil {
		return answer{}, err
	}
	defer l.Close()
	v, report, err := l.Verify(ctx, x, host.VerifyOptions{})
	if err != nil {
		return answer{}, err
	}
	a := layerAnswer{Device: dev.String(), Algorithm: host.AlgorithmName(l.Algorithm()), Verdict: report.String(),
		Right: report.OK()}
	return answer{a, map[string][]float32{"v": v.Data, "w": w.Data, "b": w.Bias}}, nil
}

// filters are edges in as many directions as there are filters, or random numbers.
func (s settings) filters(p conv.Problem) (tensor.Filters, error) {
	w, err := tensor.NewFilters(s.K, s.F, s.F, p.InChannels/p.Groups)
	if err != nil {
		return w, err
	}
	if s.Filters == "random" {
		rng := rand.New(rand.NewPCG(s.Seed, 1))
		tensor.FillReals(w.Data, rng)
		tensor.FillReals(w.Bias, rng)
		return w, nil
	}
	middle, sigma := float64(s.F-1)/2, math.Max(float64(s.F)/4, 0.5)
	for k := range w.K {
		sin, cos := math.Sincos(math.Pi * float64(k) / float64(w.K))
		for y := range w.H {
			for x := range w.W {
				dx, dy := float64(x)-middle, float64(y)-middle
				edge := (dx*cos + dy*sin) * math.Exp(-(dx*dx+dy*dy)/(2*sigma*sigma))
				if s.F == 1 { // a point has no edges
					edge = 1
				}
				for d := range w.D {
					w.Set(k, x, y, d, float32(edge/float64(w.D)))
				}
			}
		}
	}
	return w, nil
}
