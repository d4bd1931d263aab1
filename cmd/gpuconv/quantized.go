package main

import (
	"context"
	"fmt"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/tuning"
)

// quantized reads what --dtype int8 asks for, and refuses what says nothing about such a layer.
func (f *runFlags) quantized(j *job) error {
	for _, c := range []struct {
		is        bool
		flag, why string
	}{
		{j.fromFiles, "files of operands", "its operands are seeded"},
		{f.backward, "--backward", "whole numbers have no gradients"},
		{j.options.Separate, "--separate", "its outputs are made of its sums in a step of their own always"},
		{f.data == "integers", "--data integers", "its operands are whole numbers always, and its sums exact"},
		{f.verify == "sample", "--verify sample", "all of its sums are judged; use full or off"},
	} {
		if c.is {
			return usagef("--dtype int8 with %s: %s", c.flag, c.why)
		}
	}
	j.options.DType = host.Int8
	return nil
}

// onceQuantized builds the layer, runs it and has it judged.
func (j job) onceQuantized(dev *host.Device, r *runReport) (made volumes, err error) {
	q := j.data.Quantized
	layer, err := host.NewQuantizedLayer(dev, j.problem, q.Filters, q.Options)
	if err != nil {
		return made, err
	}
	defer layer.Close()
	if dev.GPU() != nil {
		r.Algorithm, r.WhyDirect = host.AlgorithmName(layer.Algorithm()), layer.WhyDirect()
		key := tuning.KeyOf(dev.GPU().Info(), j.problem, host.Int8)
		r.Tuned = q.Options.Algorithm == "" && q.Options.Threads == 0 && r.isChoice(q.Options.Tunings, key)
	}
	if j.verify == "off" {
		r.Check = "off: nothing was checked"
		made.v, err = layer.Run(context.Background(), q.X, j.data.Residual...)
		return made, err
	}
	v, report, err := layer.Verify(context.Background(), q.X, j.data.Residual...)
	if err == nil {
		err = report.Err()
	}
	r.Verified, r.Checked, r.Check = err == nil, report.Checked, int8Check(report)
	r.Used = &report.BoundUsed
	return volumes{v: v}, err
}

// int8Check says what was judged.
func int8Check(report cpuref.Report) string {
	return fmt.Sprintf("%s; int32 sums: all %d exact", report, report.Total)
}
