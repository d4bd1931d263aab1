package host

import (
	"context"
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// NodeReport is the verdict on one node's volume, given what the node really read.
type NodeReport struct {
	Node   string
	Report cpuref.Report
}

// Verify runs a program of [Builder.CompileChecked], with all that kernels write poisoned before and all that they must
// not change looked at after, and judges the volume of each node by the volumes that it read. The error says that it
// could not run or that memory was damaged; whether the volumes are right is in the reports.
func (p *Program) Verify(ctx context.Context, o VerifyOptions, inputs ...tensor.Volume) (outputs []tensor.Volume, reports []NodeReport, err error) {
	err = p.use("verifying", func(s *exec.Session) error {
		if !p.checked {
			return fmt.Errorf("%w: its volumes share memory: use one from CompileChecked", gpu.ErrMisuse)
		}
		words, err := p.words(inputs)
		if err != nil {
			return err
		}
		var results []exec.Result
		outputs, results = p.results()
		if err := s.Process(ctx, words, true, results...); err != nil {
			return err
		}
		reports, err = p.judge(ctx, s, o)
		return err
	})
	return outputs, reports, err
}

// judge holds each node against the reference.
func (p *Program) judge(ctx context.Context, s *exec.Session, o VerifyOptions) (reports []NodeReport, err error) {
	for _, step := range p.steps {
		var volumes [][]float32
		for _, v := range step.volumes {
			data, err := v.read(ctx, s)
			if err != nil {
				return reports, err
			}
			volumes = append(volumes, data)
		}
		report, err := step.judge(volumes, o)
		if err != nil {
			return reports, fmt.Errorf("%s: %w", step.what, err)
		}
		reports = append(reports, NodeReport{step.what, report})
	}
	return reports, nil
}

// judge holds what a node wrote, the last volume, against what it read.
func (step programStep) judge(volumes [][]float32, o VerifyOptions) (cpuref.Report, error) {
	read, v := volumes[:len(volumes)-1], volumes[len(volumes)-1]
	if step.algorithm != nil {
		in := operands{x: read[0]}
		if len(read) > 1 {
			in.residual = read[1]
		}
		return step.node.layer.judge(step.algorithm, in, v, o)
	}
	d := step.node.shape
	axis := func(n int) conv.Axis { return conv.Axis{In: n, Out: n, Filter: 1, Stride: 1, Dilation: 1} }
	p := conv.Problem{Batch: d.n, Groups: d.d, InChannels: d.d, OutChannels: d.d, Z: axis(d.z), H: axis(d.h), W: axis(d.w)}
	ref, err := cpuref.Operator(step.node.operator.Kernel, p, read...)
	if err != nil {
		return cpuref.Report{}, err
	}
	return cpuref.Check(v, ref, o.Mode)
}

// read takes a volume back from among the channels that it stands in.
func (v stored) read(ctx context.Context, s *exec.Session) ([]float32, error) {
	words, err := s.ReadWords(ctx, v.operand)
	if err != nil || v.at == (shaders.Placement{}) {
		return exec.Floats(words), err
	}
	var data []float32
	for pixel := range int(v.shape.pixels()) {
		first := pixel*int(v.at.Pitch) + int(v.at.First)
		data = append(data, exec.Floats(words[first:first+v.shape.d])...)
	}
	return data, nil
}
