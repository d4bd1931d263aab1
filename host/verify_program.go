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
	Node   string // where it stands in the program, and what it is
	Name   string // of a layer's problem or of [Kernels], "" of all else
	Before string // the same of the depthwise layer that was computed together with the layer
	Report cpuref.Report
	// Read are, where the node is wrong, the words of the volumes that it read: of a layer X and the residual,
	// channels innermost, of [Kernels] all of what they read.
	Read [][]uint32
}

// Verify runs a program of [Builder.CompileChecked], with all that kernels write poisoned before and all that they
// must not change looked at after, and judges the volume of each node by the volumes that it read. The error says that
// it could not run or that memory was damaged; whether the volumes are right is in the reports.
func (p *Program) Verify(
	ctx context.Context,
	o VerifyOptions,
	inputs ...tensor.Volume,
) (outputs []tensor.Volume, reports []NodeReport, err error) {
	words, reports, err := p.verify(ctx, o, p.volumes(inputs))
	return p.asVolumes(words), reports, err
}

// VerifyWords is [Program.Verify] of inputs and outputs as the device stores them, of any data type.
func (p *Program) VerifyWords(
	ctx context.Context,
	o VerifyOptions,
	inputs ...[]uint32,
) (outputs [][]uint32, reports []NodeReport, err error) {
	return p.verify(ctx, o, p.words(inputs))
}

func (p *Program) verify(
	ctx context.Context,
	o VerifyOptions,
	inputs given,
) (outputs [][]uint32, reports []NodeReport, err error) {
	err = p.use(ctx, "verifying", func(s *exec.Session) error {
		if !p.checked {
			return fmt.Errorf("%w: its volumes share memory: use one from CompileChecked", gpu.ErrMisuse)
		}
		words, err := inputs()
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

// verdict holds what a node wrote against the reference. It takes nothing from the device.
type verdict func() (cpuref.Report, error)

// until gives the verdict, or the error of ctx when that ends: a judge that is at work then goes on to the end of its
// node, and nobody hears of it.
func (v verdict) until(ctx context.Context) (cpuref.Report, error) {
	var report cpuref.Report
	var err error
	judged := make(chan struct{})
	go func() {
		report, err = v()
		close(judged)
	}()
	select {
	case <-judged:
		return report, err
	case <-ctx.Done():
		return cpuref.Report{}, ctx.Err()
	}
}

// judge holds each node against the reference, until ctx ends.
func (p *Program) judge(ctx context.Context, s *exec.Session, o VerifyOptions) (reports []NodeReport, err error) {
	for _, step := range p.steps {
		verdict, err := step.judge(ctx, s, o)
		var report cpuref.Report
		if err == nil {
			report, err = verdict.until(ctx)
		}
		if err != nil {
			return reports, fmt.Errorf("%s: %w", step.what, err)
		}
		node := NodeReport{Node: step.what, Name: step.name(), Before: step.fusedName(), Report: report}
		if !report.OK() {
			if node.Read, err = step.read(ctx, s); err != nil {
				return reports, fmt.Errorf("%s: %w", step.what, err)
			}
		}
		reports = append(reports, node)
	}
	return reports, nil
}

// name is what the caller calls the node.
func (step programStep) name() string {
	switch {
	case step.node.layer != nil:
		return step.node.layer.problem.Name
	case step.node.kernels != nil:
		return step.node.kernels.Name
	}
	return ""
}

// fusedName is the same of the depthwise layer that is computed together with the node, "" where there is none.
func (step programStep) fusedName() string {
	if l := step.node.layer; l != nil && l.before != nil {
		return l.before.problem.Name
	}
	return ""
}

// read takes the volumes back that a node read.
func (step programStep) read(ctx context.Context, s *exec.Session) (all [][]uint32, err error) {
	for _, v := range step.volumes[:len(step.node.from)] {
		data, err := v.words(ctx, s)
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// judge takes what a node wrote, the last volume, and what it read from the device, to be held against each other.
func (step programStep) judge(ctx context.Context, s *exec.Session, o VerifyOptions) (verdict, error) {
	switch step.node.kind {
	case quantizedNode:
		return step.judgeQuantized(ctx, s)
	case dequantizeNode:
		return step.judgeDequantize(ctx, s)
	case kernelsNode:
		return step.judgeKernels(ctx, s)
	}
	// int8 numbers that a node wrote are judged as float32 ones.
	var volumes [][]float32
	for _, v := range step.volumes {
		data, err := v.read(ctx, s)
		if err != nil {
			return nil, err
		}
		volumes = append(volumes, data)
	}
	return func() (cpuref.Report, error) { return step.judgeVolumes(volumes, o) }, nil
}

// judgeVolumes holds the last volume against those that the node read.
func (step programStep) judgeVolumes(volumes [][]float32, o VerifyOptions) (cpuref.Report, error) {
	read, v := volumes[:len(volumes)-1], volumes[len(volumes)-1]
	switch {
	case step.algorithm != nil:
		in := operands{x: read[0]}
		if len(read) > 1 {
			in.residual = read[1]
		}
		return step.node.layer.judge(step.algorithm, in, v, o)
	case step.node.kind == quantizeNode:
		to := step.node.quantization
		return cpuref.Check(
			v,
			cpuref.Numbers(step.node.shape.problem(), read[0]).Quantize(to.scale, to.zero),
			cpuref.Bounded,
		)
	}
	ref, err := cpuref.Operator(step.node.operator.Kernel, step.node.shape.problem(), read...)
	if err != nil {
		return cpuref.Report{}, err
	}
	return cpuref.Check(v, ref, o.Mode)
}

// problem is that of a layer that gives a volume of this shape and computes nothing.
func (s shape) problem() conv.Problem {
	axis := func(n int) conv.Axis { return conv.Axis{In: n, Out: n, Filter: 1, Stride: 1, Dilation: 1} }
	return conv.Problem{
		Batch:       s.n,
		Groups:      s.d,
		InChannels:  s.d,
		OutChannels: s.d,
		Z:           axis(s.z),
		H:           axis(s.h),
		W:           axis(s.w),
	}
}

// judgeQuantized takes the sums of a layer of 8-bit numbers and what it made of them, to be judged.
func (step programStep) judgeQuantized(ctx context.Context, s *exec.Session) (_ verdict, err error) {
	q, last := step.node.quantized, len(step.volumes)-1
	var r quantizedRun
	if r.x, err = step.volumes[0].readBytes(ctx, s); err != nil {
		return nil, err
	}
	if last > 1 {
		if r.residual, err = step.volumes[1].read(ctx, s); err != nil {
			return nil, err
		}
	}
	if step.node.quantization != nil {
		r.bytes, err = step.volumes[last].readBytes(ctx, s)
	} else {
		r.v, err = step.volumes[last].read(ctx, s)
	}
	if err != nil {
		return nil, err
	}
	if step.sums >= 0 {
		words, err := s.ReadWords(ctx, step.sums)
		if err != nil {
			return nil, err
		}
		for _, w := range words {
			r.sums = append(r.sums, int32(w))
		}
	}
	return func() (cpuref.Report, error) { return q.judge(r) }, nil
}

func (step programStep) judgeDequantize(ctx context.Context, s *exec.Session) (_ verdict, err error) {
	x, err := step.volumes[0].readBytes(ctx, s)
	if err != nil {
		return nil, err
	}
	v, err := step.volumes[1].read(ctx, s)
	if err != nil {
		return nil, err
	}
	return func() (cpuref.Report, error) {
		ref, err := cpuref.Dequantize(step.node.shape.problem(), x, step.quantization.scale, step.quantization.zero)
		if err != nil {
			return cpuref.Report{}, err
		}
		return cpuref.Check(v, ref, cpuref.Bounded)
	}, nil
}

// read takes a volume back from among the channels that it stands in.
func (v stored) read(ctx context.Context, s *exec.Session) ([]float32, error) {
	if v.dtype == Int8 {
		bytes, err := v.readBytes(ctx, s)
		return floats(bytes), err
	}
	words, err := v.words(ctx, s)
	return exec.Floats(words), err
}

// words takes the words of a volume back from among the channels that it stands in.
func (v stored) words(ctx context.Context, s *exec.Session) ([]uint32, error) {
	words, err := s.ReadWords(ctx, v.operand)
	if err != nil || v.at == (shaders.Placement{}) {
		return words, err
	}
	var data []uint32
	for pixel := range int(v.shape.pixels()) {
		first := pixel*int(v.at.Pitch) + int(v.at.First)
		data = append(data, words[first:first+v.shape.d]...)
	}
	return data, nil
}

// readBytes takes a volume of int8 back, which stands alone.
func (v stored) readBytes(ctx context.Context, s *exec.Session) ([]int8, error) {
	words, err := s.ReadWords(ctx, v.operand)
	if err != nil {
		return nil, err
	}
	data := make([]int8, v.shape.numbers())
	return data, exec.UnpackBytes(data, words)
}
