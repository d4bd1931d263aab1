package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/cpuref/training"
	"github.com/gpuconv/gpuconv/tensor"
)

// Verdict is what was found of the steps of a network that is checked. Errors are shares of what rounding may come to.
type Verdict struct {
	Steps int
	Used  float64 // the largest error of any loss, gradient or weight, each step from what the device had before it
	// Summed are the first steps, of which the same holds from the first weights on, within the bounds of all steps
	// together: as long as these say anything, which is for no more than a tenth of the largest weight.
	Summed     int
	SummedUsed float64
}

// Verdict is what was found so far, of a network that is checked.
func (n *Network) Verdict() Verdict {
	if n.judge == nil {
		return Verdict{}
	}
	return n.judge.verdict
}

// judge runs the same training in float64 beside a network's: from the first weights on, and each step alone.
type judge struct {
	summed, alone *training.Network
	verdict       Verdict
}

func newJudge(n *Network) (*judge, error) {
	var layers []training.Layer
	for i := range n.layers {
		l := &n.layers[i]
		if l.pool != nil {
			layers = append(layers, training.Layer{Pool: &training.Pool{Batch: n.options.Batch, Channels: l.in.C,
				H: l.in.H, W: l.in.W, Window: l.pool.Size, Stride: l.pool.Stride}})
			continue
		}
		layers = append(layers, training.Layer{Conv: &l.conv, ReLU: l.relu})
	}
	var filters []tensor.Filters
	for _, w := range n.weights {
		filters = append(filters, w.filters)
	}
	summed, err := training.New(layers, filters, n.by.reference())
	if err != nil {
		return nil, err
	}
	alone, err := training.New(layers, filters, n.by.reference())
	return &judge{summed: summed, alone: alone}, err
}

// step judges the step that the network has just done: the loss of each picture, and all gradients and weights.
func (j *judge) step(ctx context.Context, n *Network, pictures []float32, labels []int, losses []float32) error {
	got, err := n.read(ctx)
	if err != nil {
		return err
	}
	used, err := j.compare(j.alone, n, pictures, labels, losses, got)
	if err != nil {
		return fmt.Errorf("step %d: %w", n.steps, err)
	}
	j.verdict.Steps, j.verdict.Used = n.steps, max(j.verdict.Used, used)
	if j.verdict.Summed == n.steps-1 {
		used, err := j.compare(j.summed, n, pictures, labels, losses, got)
		switch {
		case errors.Is(err, cpuref.ErrNoVerdict): // the bounds of all steps together are too large for float64
		case err != nil:
			return fmt.Errorf("step %d, from the first weights on: %w", n.steps, err)
		case says(j.summed):
			j.verdict.Summed, j.verdict.SummedUsed = n.steps, max(j.verdict.SummedUsed, used)
		}
	}
	for i, w := range n.weights {
		g := got[i]
		if err := j.alone.Set(i, g[w.w], g[w.b], ofAll(g, w.moments[0]), ofAll(g, w.moments[1])); err != nil {
			return err
		}
	}
	return nil
}

// read reads of each layer with weights all that a step changes.
func (n *Network) read(ctx context.Context) (all []map[int][]float32, err error) {
	for _, w := range n.weights {
		got := map[int][]float32{}
		for _, operand := range slices.Concat([]int{w.w, w.b, w.dw, w.db}, w.moments[0], w.moments[1]) {
			got[operand] = make([]float32, n.plan.Operands[operand].Count)
			if err := n.session.Read(ctx, operand, got[operand]); err != nil {
				return nil, err
			}
		}
		all = append(all, got)
	}
	return all, nil
}

func ofAll(got map[int][]float32, operands []int) (all [][]float32) {
	for _, o := range operands {
		all = append(all, got[o])
	}
	return all
}

// compare trains the reference with the batch, and holds the step against it.
func (j *judge) compare(
	by *training.Network, n *Network, pictures []float32, labels []int, losses []float32, got []map[int][]float32,
) (used float64, err error) {
	by.SetUpdate(n.by.reference())
	want, err := by.Step(pictures, labels)
	if err != nil {
		return 0, err
	}
	if used, err = training.Check("losses", losses, want); err != nil {
		return used, err
	}
	weights, gradients := by.Weights(), by.Gradients()
	for i, w := range n.weights {
		for _, of := range []struct {
			what    string
			operand int
			want    training.Numbers
		}{{"dW", w.dw, gradients[i].W}, {"db", w.db, gradients[i].B}, {"W", w.w, weights[i].W}, {"b", w.b,
			weights[i].B}} {
			share, err := training.Check(fmt.Sprintf("%s of layer %d", of.what, w.layer), got[i][of.operand], of.want)
			if used = max(used, share); err != nil {
				return used, err
			}
		}
	}
	return used, nil
}

// says tells whether the bounds of all filters are small beside these.
func says(n *training.Network) bool {
	for _, w := range n.Weights() {
		most, error := 0.0, 0.0
		for i, v := range w.W.Value {
			most, error = max(most, math.Abs(v)), max(error, w.W.Error[i])
		}
		if !(error <= most/10) {
			return false
		}
	}
	return true
}
