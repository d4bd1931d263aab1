package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
)

// proved is what random layers have shown so far.
type proved struct {
	Layers  int     `json:"layers"`
	Of      int     `json:"of"`
	Seed    uint64  `json:"seed"`
	Outputs int64   `json:"outputs"`     // that were judged, and hold
	Worst   float64 `json:"worst_bound"` // the largest part of a bound that one used
	Failed  int     `json:"failed"`
	First   string  `json:"first,omitempty"` // the first layer that failed, and why
}

// mostProved bounds how many layers one question may ask for.
const mostProved = 10_000

// prove runs random layers, each by one of its algorithms, as gpuconv verify does, and tells of each.
func (p *program) prove(ctx context.Context, q question) (answer, error) {
	var wanted struct {
		Count int
		Seed  uint64
	}
	if err := q.read(&wanted); err != nil {
		return answer{}, err
	}
	if wanted.Count < 1 || wanted.Count > mostProved {
		return answer{}, fmt.Errorf("prove: %d layers, must be from 1 to %d", wanted.Count, mostProved)
	}
	dev, err := p.open()
	if err != nil {
		return answer{}, err
	}
	found := proved{Of: wanted.Count, Seed: wanted.Seed}
	for i := range wanted.Count {
		if ctx.Err() != nil {
			return answer{}, ctx.Err()
		}
		if err := found.add(dev, proof.Draw(wanted.Seed, i).WithAlgorithm(dev)); err != nil {
			return answer{}, fmt.Errorf("after %d of %d layers: %w", i, wanted.Count, err)
		}
		q.tell(found)
	}
	return answer{value: found}, nil
}

// add runs a layer. The error is that of a device which was lost: it says nothing of what the layer computes.
func (p *proved) add(dev *host.Device, c proof.Case) error {
	report, err := c.Run(dev)
	if errors.Is(err, gpu.ErrDeviceLost) {
		return err
	}
	if p.Layers++; err == nil {
		p.Outputs += int64(report.Checked)
		p.Worst = max(p.Worst, report.BoundUsed)
		return nil
	}
	if p.Failed++; p.First == "" {
		p.First = fmt.Sprintf("%s: %v", c.Problem, err)
	}
	return nil
}

// rank puts files in the order of their speed, which come as JSON strings.
func (p *program) rank(_ context.Context, q question) (answer, error) {
	var files []struct{ Name, Text string }
	if err := q.read(&files); err != nil {
		return answer{}, err
	}
	if len(files) < 2 {
		return answer{}, fmt.Errorf("rank: %d files, must be 2 or more", len(files))
	}
	var sides []bench.Side
	for _, file := range files {
		f, err := bench.Read(bytes.NewReader([]byte(file.Text)), file.Name)
		if err != nil {
			return answer{}, err
		}
		sides = append(sides, bench.Side{Name: file.Name, Runs: []bench.File{f}})
	}
	return answer{value: bench.Rank(sides)}, nil
}
