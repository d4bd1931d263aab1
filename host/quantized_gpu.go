package host

import (
	"context"

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
		return newQuantizedWhole(dev, *q, true, true)
	}
	return newQuantizedBlocks(dev, q, pl)
}

// quantizedWhole computes a quantized layer in one piece, or a step of one.
type quantizedWhole struct {
	plan    algo.Quantized
	session *exec.Session
}

func newQuantizedWhole(dev *Device, q quantizedData, adds, finishes bool) (*quantizedWhole, error) {
	if !shaders.Fits(q.problem) {
		return nil, unsupported(algo.ErrTooLong)
	}
	plan := algo.PlanQuantized(q.spec(adds, finishes))
	q.fill(plan)
	session, err := exec.Open(dev.exec, plan.Plan, exec.Guarded)
	if err != nil {
		return nil, unsupported(err)
	}
	return &quantizedWhole{plan, session}, nil
}

// spec is what is planned. Outputs of both kinds are made in each run, whichever it is for.
func (q *quantizedData) spec(adds, finishes bool) algo.QuantizedSpec {
	o := q.options
	return algo.QuantizedSpec{
		Problem:  q.problem,
		Epilogue: o.Epilogue,
		XZero:    o.XZero,
		Threads:  o.Threads,
		Adds:     adds,
		Finishes: finishes,
		Stores:   finishes && o.VScale != 0,
		VScale:   o.VScale,
		VZero:    o.VZero,
	}
}

// fill says what the plan's constants are filled with.
func (q *quantizedData) fill(plan algo.Quantized) {
	slopes := q.options.Slopes
	if len(slopes) == 0 {
		slopes = []float32{0}
	}
	for operand, words := range map[int][]uint32{plan.W: exec.PackBytes(q.weights), plan.B: exec.Integers(q.biases),
		plan.ZeroPoints: exec.Integers(q.zeros),
		plan.Scales:     exec.Bits(q.scales), plan.Slopes: exec.Bits(slopes)} {
		if operand >= 0 {
			plan.Operands[operand].Fill = func() ([]uint32, error) { return words, nil }
		}
	}
}

func (e *quantizedWhole) run(ctx context.Context, r quantizedRun) error {
	plan, inputs := e.plan, map[int][]uint32{}
	var results []exec.Result
	if plan.X >= 0 {
		inputs[plan.X] = exec.PackBytes(r.x)
		results = append(results, exec.Result{Operand: plan.Sums, Words: exec.Integers(r.sums)})
	} else {
		inputs[plan.Sums] = exec.Integers(r.sums)
	}
	if r.residual != nil && plan.Residual >= 0 {
		inputs[plan.Residual] = exec.Bits(r.residual)
	}
	if r.v != nil && plan.V >= 0 {
		results = append(results, exec.Result{Operand: plan.V, Numbers: r.v})
	}
	var bytes []uint32
	if r.bytes != nil && plan.Bytes >= 0 {
		bytes = make([]uint32, exec.WordsOf(shaders.Int8, int64(len(r.bytes))))
		results = append(results, exec.Result{Operand: plan.Bytes, Words: bytes})
	}
	if err := e.session.Process(ctx, inputs, r.checked, results...); err != nil || bytes == nil {
		return err
	}
	return exec.UnpackBytes(r.bytes, bytes)
}

func (e *quantizedWhole) Close() { e.session.Close() }
