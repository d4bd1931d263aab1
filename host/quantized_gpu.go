package host

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/split"
	"github.com/gpuconv/gpuconv/shaders"
)

// newQuantizedEngine chooses: the layer in one piece where it fits the device, else in blocks.
func newQuantizedEngine(dev *Device, q *quantizedData) (quantizedEngine, error) {
	pl, err := dev.planQuantized(q.problem)
	if err != nil {
		return nil, err
	}
	if pl == split.Whole(q.problem) {
		return newQuantizedKinds(dev, q)
	}
	return newQuantizedBlocks(dev, q, pl)
}

// quantizedWhole computes a quantized layer in one piece, or a step of one.
type quantizedWhole struct {
	plan    algo.Quantized
	session *exec.Session
}

// outputKinds are the kinds of outputs that are made of sums: none where these are all that is wanted.
type outputKinds struct{ floats, bytes bool }

func newQuantizedWhole(dev *Device, q quantizedData, adds bool, makes outputKinds) (*quantizedWhole, error) {
	if !shaders.Fits(q.problem) {
		return nil, unsupported(algo.ErrTooLong)
	}
	plan, err := q.plan(dev, q.spec(adds, makes))
	if err != nil {
		return nil, err
	}
	session, err := exec.Open(dev.exec, plan.Plan, exec.Guarded)
	if err != nil {
		return nil, unsupported(err)
	}
	return &quantizedWhole{plan, session}, nil
}

// spec is what is planned.
func (q *quantizedData) spec(adds bool, makes outputKinds) algo.QuantizedSpec {
	o, parts, biased := q.options, 0, false
	if adds {
		parts, biased = algo.ExactParts(q.problem, q.weights, q.zeros, q.biases, o.XZero)
	}
	return algo.QuantizedSpec{
		Problem:   q.problem,
		Epilogue:  o.Epilogue,
		XZero:     o.XZero,
		Algorithm: o.Algorithm,
		Parts:     parts,
		Biased:    biased,
		Threads:   o.Threads,
		Adds:      adds,
		KeepsSums: q.keepsSums,
		Finishes:  makes.floats,
		Stores:    makes.bytes,
		VScale:    o.VScale,
		VZero:     o.VZero,
	}
}

// plan is the layer's, with its constants.
func (q *quantizedData) plan(dev *Device, s algo.QuantizedSpec) (algo.Quantized, error) {
	plan, err := algo.PlanQuantized(s, dev.limits())
	switch {
	case errors.Is(err, algo.ErrUnknown):
		return plan, fmt.Errorf("%w: algorithm %q, must be one of %s", gpu.ErrMisuse, s.Algorithm,
			strings.Join(algo.NamesOf(algo.QuantizedCandidates(q.spec(true, outputKinds{}), dev.limits())), ", "))
	case err != nil:
		return plan, fmt.Errorf("%w: algorithm %s: %w", ErrUnsupported, s.Algorithm, err)
	}
	q.fill(&plan)
	return plan, nil
}

// fill says what the plan's constants are filled with.
func (q *quantizedData) fill(plan *algo.Quantized) {
	plan.Fill(q.weights, q.zeros, q.biases)
	slopes := q.options.Slopes
	if len(slopes) == 0 {
		slopes = []float32{0}
	}
	for operand, words := range map[int][]uint32{plan.Scales: exec.Bits(q.scales), plan.Slopes: exec.Bits(slopes)} {
		if operand >= 0 {
			plan.Operands[operand].Fill = func() ([]uint32, error) { return words, nil }
		}
	}
}

// run makes what this engine does of what is asked for. Of a run without sums there are none to be judged.
func (e *quantizedWhole) run(ctx context.Context, r *quantizedRun) error {
	plan := e.plan
	if plan.Sums < 0 {
		r.sums = nil
	}
	var results []exec.Result
	asked := plan.V < 0 && plan.Bytes < 0 || !r.finishes() || r.checked
	if r.sums != nil && plan.X >= 0 && asked {
		results = append(results, exec.Result{Operand: plan.Sums, Words: exec.Integers(r.sums)})
	}
	if r.v != nil && plan.V >= 0 {
		results = append(results, exec.Result{Operand: plan.V, Numbers: r.v})
	}
	var bytes []uint32
	if r.bytes != nil && plan.Bytes >= 0 {
		bytes = make([]uint32, exec.WordsOf(shaders.Int8, int64(len(r.bytes))))
		results = append(results, exec.Result{Operand: plan.Bytes, Words: bytes})
	}
	if err := e.session.Process(ctx, e.inputs(*r), r.checked, results...); err != nil || bytes == nil {
		return err
	}
	return exec.UnpackBytes(r.bytes, bytes)
}

// inputs are what a run uploads.
func (e *quantizedWhole) inputs(r quantizedRun) map[int][]uint32 {
	inputs := map[int][]uint32{}
	if e.plan.X >= 0 {
		inputs[e.plan.X] = exec.PackBytes(r.x)
	} else {
		inputs[e.plan.Sums] = exec.Integers(r.sums)
	}
	if r.residual != nil && e.plan.Residual >= 0 {
		inputs[e.plan.Residual] = exec.Bits(r.residual)
	}
	return inputs
}

func (e *quantizedWhole) algorithm() algo.Algorithm { return e.plan.Algorithm() }

func (e *quantizedWhole) Close() { e.session.Close() }
