package host

import (
	"context"
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/split"
	"github.com/gpuconv/gpuconv/shaders"
)

// engine computes a layer on one kind of device.
type engine interface {
	// run computes v. With checked, v is poisoned before, and guards and operands are looked at after.
	run(ctx context.Context, in operands, v []float32, checked bool) error
	// backward computes the gradients, given that of the loss with respect to V.
	backward(ctx context.Context, in operands, dv []float32, checked bool) (stages, error)
	// algorithm is what computes the layer.
	algorithm() algo.Algorithm
	Close()
}

// operands are what changes from run to run, in memory order and of the problem's sizes.
type operands struct{ x, residual []float32 }

// newEngine chooses: the layer in one piece where it fits the device, else in blocks.
func newEngine(dev *Device, l *layerData) (engine, error) {
	pl, err := dev.plan(l.problem)
	if err != nil {
		return nil, err
	}
	if pl == split.Whole(l.problem) {
		return newWhole(dev, l)
	}
	return newBlocks(dev, l, pl)
}

// spec is what an algorithm is to compute.
func (l *layerData) spec() algo.Spec {
	o := l.options
	return algo.Spec{
		Problem:  l.problem,
		Epilogue: o.Epilogue,
		Separate: o.Separate,
		DType:    o.dtype(),
		Exact:    o.Exact,
		Block:    l.block,
		Direct:   o.Algorithm == "direct",
		Threads:  o.Threads,

		FilterGradient: o.FilterGradient,
	}
}

// numbers is how volumes and filters are stored.
func (o LayerOptions) dtype() DType {
	if o.DType == "" {
		return Float32
	}
	return o.DType
}

// whole computes a layer in one piece by one algorithm.
type whole struct {
	dev     *Device
	layer   *layerData
	plan    algo.Plan
	session *exec.Session
	back    *backward // nil until gradients are asked for
}

// newWhole plans the layer, uploads its filters and records what every run dispatches.
func newWhole(dev *Device, l *layerData) (*whole, error) {
	if !shaders.Fits(l.problem) {
		return nil, unsupported(algo.ErrTooLong)
	}
	plan, err := choose(dev, l.options.Algorithm, l.spec())
	if err != nil {
		return nil, err
	}
	plan.Fill(l.filters, l.options.Slopes)
	session, err := exec.Open(dev.exec, plan.Plan, exec.Guarded)
	if err != nil {
		return nil, unsupported(err)
	}
	return &whole{dev: dev, layer: l, plan: plan, session: session}, nil
}

func (e *whole) algorithm() algo.Algorithm { return e.plan.Algorithm }

// inputs are the operands of a run as the plan's session takes them.
func (l *layerData) inputs(in operands) map[int][]uint32 {
	n := l.options.dtype()
	all := map[int][]uint32{algo.X: exec.Words(n, in.x)}
	if l.options.Epilogue.Residual != conv.NoResidual {
		all[algo.Residual] = exec.Words(n, in.residual)
	}
	return all
}

func (e *whole) run(ctx context.Context, in operands, v []float32, checked bool) error {
	if checked {
		cpuref.Poison(v)
	}
	return e.session.Process(ctx, e.layer.inputs(in), checked, exec.Result{Operand: algo.V, Numbers: v})
}

func (e *whole) Close() {
	if e.back != nil {
		e.back.session.Close()
	}
	e.session.Close()
}

// backward is the way back of a layer in one piece, made when first asked for.
type backward struct {
	plan    algo.Backward
	session *exec.Session
}

// gradients makes the way back once, that of a float16 layer on its rounded operands in float32.
func (e *whole) gradients() (*backward, error) {
	if e.back != nil {
		return e.back, nil
	}
	spec, tunings := e.layer.spec(), e.layer.options.Tunings
	spec.FilterGradient = e.dev.tunedFilterGradient(spec, tunings)
	spec.InputGradient = e.dev.tunedInputGradient(spec, tunings)
	plan, err := algo.PlanBackward(spec, e.dev.limits())
	if err != nil {
		return nil, unsupported(err)
	}
	plan.Fill(e.layer.filters, e.layer.options.Slopes)
	session, err := exec.Open(e.dev.exec, plan.Plan.Plan, exec.Guarded)
	if err != nil {
		return nil, unsupported(err)
	}
	e.back = &backward{plan, session}
	return e.back, nil
}

func (e *whole) backward(ctx context.Context, in operands, dv []float32, checked bool) (s stages, err error) {
	g, err := e.gradients()
	if err != nil {
		return s, err
	}
	if s.gradients, err = e.layer.shapes(); err != nil {
		return s, err
	}
	plan := g.plan
	s.sums, s.inputs, s.filters = plan.Sums, plan.Inputs, plan.Filters
	inputs := map[int][]uint32{algo.X: exec.Bits(in.x), plan.DV: exec.Bits(dv)}
	if e.layer.options.Epilogue.Residual != conv.NoResidual {
		inputs[algo.Residual] = exec.Bits(in.residual)
	}
	results := []exec.Result{
		{Operand: plan.DX, Numbers: s.gradients.X.Data},
		{Operand: plan.DW, Numbers: s.gradients.W.Data},
		{Operand: plan.DB, Numbers: s.gradients.W.Bias},
	}
	if s.dz = dv; plan.Z >= 0 {
		s.z, s.dz = make([]float32, len(dv)), make([]float32, len(dv))
		results = append(
			results,
			exec.Result{Operand: plan.Z, Numbers: s.z},
			exec.Result{Operand: plan.DZ, Numbers: s.dz},
		)
	}
	if plan.DSlopes >= 0 {
		results = append(results, exec.Result{Operand: plan.DSlopes, Numbers: s.gradients.Slopes})
	}
	return s, g.session.Process(ctx, inputs, checked, results...)
}

// fitsCPU reports a problem that is too large for the reference.
func fitsCPU(p conv.Problem) error {
	if p.OutLen() > cpuref.MaxOutputs {
		return fmt.Errorf("%w: %d outputs, the CPU reference holds %d", ErrUnsupported, p.OutLen(), cpuref.MaxOutputs)
	}
	return nil
}
