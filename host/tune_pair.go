package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/tuning"
)

// Pair is a depthwise layer and the 1x1 layer that alone reads what it gives: a program may compute both by one
// kernel.
type Pair struct{ Depthwise, Pointwise conv.Problem }

// String is, for example, g8ic8ih9oc8kh3ph1 and ic8ih9oc4kh1.
func (p Pair) String() string { return fmt.Sprintf("%s and %s", p.Depthwise, p.Pointwise) }

// Key is what a choice for the pair is kept for.
func (p Pair) Key(info gpu.AdapterInfo) tuning.Key {
	key := tuning.KeyOf(info, p.Depthwise, Float32)
	p.Pointwise.Name = ""
	key.Behind = p.Pointwise.String()
	return key
}

// apart is to compute each layer of a pair by a kernel of its own.
type apart struct{}

func (apart) Name() string    { return "apart" }
func (apart) Variant() string { return "each" }

// PairAlgorithms are the ways to compute a pair on dev: by the layers' own algorithms, which is called apart/each, and
// together.
func PairAlgorithms(dev *Device, p Pair) ([]Algorithm, error) {
	if err := errors.Join(p.Depthwise.Validate(), p.Pointwise.Validate()); err != nil {
		return nil, err
	}
	if dev.GPU() == nil {
		return nil, nil
	}
	all := []Algorithm{apart{}}
	spec := func(p conv.Problem) algo.Spec { return (&layerData{problem: p}).spec() }
	for _, plan := range algo.SeparableCandidates(spec(p.Depthwise), spec(p.Pointwise), dev.limits()) {
		all = append(all, plan.Algorithm)
	}
	return all, nil
}

// TunePair measures whether the layers of a pair take less time together, as [Tune] measures algorithms of a layer.
// What it chooses is taken by programs whose layers have these Tunings. Apart they are computed by the algorithms that
// o.Tunings have for each.
func TunePair(ctx context.Context, dev *Device, p Pair, o LayerOptions, options TuneOptions) (tuning.Result, error) {
	task, err := newPairTask(ctx, dev, p, o, options)
	return measured(ctx, task, err, "layers "+p.String(), dev)
}

// newPairTask finds the candidates and makes the data.
func newPairTask(
	ctx context.Context, dev *Device, p Pair, o LayerOptions, options TuneOptions,
) (t tuning.Task, err error) {
	if err := dev.Usable(); err != nil {
		return t, err
	}
	list, err := PairAlgorithms(dev, p)
	if err != nil {
		return t, err
	}
	names, err := dev.choices(p.Depthwise, list)
	if err != nil {
		return t, err
	}
	var data [2]Operands
	for i, q := range []conv.Problem{p.Depthwise, p.Pointwise} {
		if data[i], err = SeededOperands(q, LayerOptions{}, options.Seed+uint64(i), false, 0); err != nil {
			return t, err
		}
	}
	t = dev.task(names, p.Key(dev.gpu.Info()), o.Tunings, options)
	t.Open = func(algorithm string) (tuning.Contender, error) {
		return openPairContender(ctx, dev, p, o, data, algorithm)
	}
	return t, nil
}

// openPairContender builds a program of the two layers. Its input goes to the device with each sample, by the device's
// clock before that begins.
func openPairContender(
	ctx context.Context, dev *Device, p Pair, o LayerOptions, data [2]Operands, algorithm string,
) (*contender, error) {
	x, first := data[0].X, LayerOptions{Tunings: o.Tunings, Exact: o.Exact}
	second := first
	if algorithm != AlgorithmName(apart{}) {
		second.Algorithm = algorithm
	}
	build := func(ctx context.Context, checked bool) (*Program, error) {
		b := NewProgram(dev)
		b.Fuse(FuseNever) // but for what the second layer's algorithm says
		between := b.Conv(b.Input3D(x.N, x.Planes(), x.H, x.W, x.D), p.Depthwise, data[0].W, first)
		return b.CompileContext(ctx, checked, b.Conv(between, p.Pointwise, data[1].W, second))
	}
	program, err := build(ctx, false)
	if err != nil {
		return nil, err
	}
	c := newContender(dev)
	c.compute, c.close = programRuns{program, exec.Bits(x.Data)}, program.Close
	c.verify = func(ctx context.Context) error {
		checked, err := build(ctx, true)
		if err != nil {
			return err
		}
		_, reports, err := checked.Verify(ctx, VerifyOptions{}, x)
		for _, r := range reports {
			err = errors.Join(err, r.Report.Err())
		}
		return errors.Join(err, checked.Close())
	}
	return c, nil
}

// programRuns are those of a program of one input.
type programRuns struct {
	program *Program
	words   []uint32
}

func (r programRuns) Compute(ctx context.Context) error {
	_, err := r.program.RunWords(ctx, r.words)
	return err
}

func (r programRuns) ComputeTimed(ctx context.Context, runs int) (time.Duration, error) {
	return r.program.TimeWords(ctx, runs, r.words)
}
