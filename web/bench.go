package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/host"
)

// suite gives the descriptors of a suite, one a line, and the names of all.
func (p *program) suite(_ context.Context, q question) (answer, error) {
	var wanted struct{ Name string }
	if err := q.read(&wanted); err != nil {
		return answer{}, err
	}
	layers, err := bench.LoadSuite(wanted.Name)
	if err != nil {
		return answer{}, err
	}
	var lines []string
	for _, l := range layers {
		lines = append(lines, l.Problem.String())
	}
	return answer{value: map[string]any{"layers": lines, "suites": bench.Suites()}}, nil
}

// bench measures layers, tells of each result as it comes, and gives the file of all of them.
func (p *program) bench(ctx context.Context, q question) (answer, error) {
	var wanted struct {
		Layers   string // descriptors, one a line
		BudgetMS float64
		Rounds   int
		Ceilings bool
	}
	if err := q.read(&wanted); err != nil {
		return answer{}, err
	}
	layers, err := bench.ReadSuite(strings.NewReader(wanted.Layers), "the page")
	if err != nil {
		return answer{}, err
	}
	dev, err := p.open()
	if err != nil {
		return answer{}, err
	}
	device := bench.NewDevice(dev)
	defer device.Close()
	f := bench.File{Schema: bench.Schema, Date: time.Now().UTC().Format(time.RFC3339), Commit: bench.Commit(),
		Command: "gpuconv web", Host: bench.ThisHost(), Adapter: bench.AdapterOf(dev), Results: []bench.Result{},
		Settings: bench.Settings{Suite: "page", Algorithms: []string{}, BudgetMS: wanted.BudgetMS,
			Rounds: wanted.Rounds, WarmUp: 1, Seed: 1}}
	o := bench.Options{Budget: time.Duration(wanted.BudgetMS * 1e6), Rounds: wanted.Rounds, WarmUp: 1, Seed: 1,
		Timestamps: device.Timestamps(), Done: func(r bench.Result) { q.tell(r) }}
	if dev.GPU() != nil {
		o.Ramp = dev.GPU().Info().ClockRamp()
		if f.Ceilings, err = ceilings(ctx, dev, wanted.Ceilings); err != nil {
			return answer{}, err
		}
		o.Ceilings = f.Ceilings
	}
	results, err := bench.Run(ctx, bench.Layers(device, layers), o)
	f.Results = append(f.Results, results...) // which stay a list where there are none
	if f.Interrupted = errors.Is(err, context.Canceled); err != nil && !f.Interrupted {
		return answer{}, err
	}
	return answer{value: f}, nil
}

func ceilings(ctx context.Context, dev *host.Device, wanted bool) (*bench.Ceilings, error) {
	if !wanted {
		return nil, nil
	}
	c, err := bench.MeasureCeilings(ctx, dev)
	return &c, err
}

// compare holds two files of results against each other, which come as JSON strings.
func (p *program) compare(_ context.Context, q question) (answer, error) {
	var files []struct{ Name, Text string }
	if err := q.read(&files); err != nil {
		return answer{}, err
	}
	if len(files) != 2 {
		return answer{}, errors.New("compare: wants two files")
	}
	var sides [2]bench.Side
	for i, file := range files {
		f, err := bench.Read(bytes.NewReader([]byte(file.Text)), file.Name)
		if err != nil {
			return answer{}, err
		}
		sides[i] = bench.Side{Name: file.Name, Runs: []bench.File{f}}
	}
	return answer{value: bench.Compare(sides[0], sides[1])}, nil
}
