package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// Options describe a network and how it is trained.
type Options struct {
	Input  Shape   // of a picture
	Layers []Layer // the last of which gives each picture a score for each class
	Batch  int     // pictures of a step
	Update Update
	Seed   uint64 // of the weights that training starts from
	// Checked has each step run on guarded memory that is poisoned before it, and holds its losses, gradients and
	// weights against the same training in float64: see [Verdict]. That takes seconds where training takes a tenth.
	Checked bool
}

// Network is being trained. It belongs to one goroutine at a time.
type Network struct {
	options Options
	layers  []layer
	by      Update
	plan    exec.Plan
	session *exec.Session
	steps   int // done so far
	judge   *judge

	x, labels, rates, losses int // operands
	weights                  []weights
}

// weights are the operands of one layer.
type weights struct {
	layer    int // its number
	w, b     int
	dw, db   int
	moments  [2][]int       // of W and of b
	filters  tensor.Filters // shape, and what training starts from
	forward  string         // the algorithms
	inputs   string
	gradient string
}

// ErrDiverged is about a loss that is no number any more.
var ErrDiverged = errors.New("train: the loss is not finite")

// New plans the network's training on a device and uploads the weights that it starts from: as He et al. have them,
// normal numbers with a variance of 2 over the numbers that a neuron reads, and biases of 0. The error wraps
// [ErrOptions], host.ErrUnsupported where the device has no GPU or is too small, or gpu's reasons.
func New(dev *host.Device, o Options) (*Network, error) {
	if err := dev.Usable(); err != nil {
		return nil, err
	}
	if dev.GPU() == nil {
		return nil, fmt.Errorf("%w: training on the CPU reference, must be a GPU", host.ErrUnsupported)
	}
	layers, err := layersOf(o)
	if err != nil {
		return nil, err
	}
	if o.Update == nil {
		return nil, fmt.Errorf("%w: no update, must be SGD or Adam", ErrOptions)
	}
	if err := o.Update.check(); err != nil {
		return nil, err
	}
	n := &Network{options: o, layers: layers, by: o.Update}
	if err := n.planned(dev.GPU()); err != nil {
		return nil, fmt.Errorf("%w: %w", host.ErrUnsupported, err)
	}
	if o.Checked {
		if n.judge, err = newJudge(n); err != nil {
			return nil, err
		}
	}
	if n.session, err = exec.Open(exec.On(dev.GPU()), n.plan, o.Checked); err != nil {
		return nil, err
	}
	if err := n.start(); err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

// start uploads the weights that training starts from.
func (n *Network) start() error {
	var errs []error
	for _, w := range n.weights {
		errs = append(errs, n.session.WriteNumbers(w.w, w.filters.Data), n.session.WriteNumbers(w.b, w.filters.Bias))
		for _, m := range slices.Concat(w.moments[0], w.moments[1]) {
			errs = append(errs, n.session.WriteNumbers(m, make([]float32, n.plan.Operands[m].Count)))
		}
	}
	return errors.Join(errs...)
}

// Close frees the network's memory on the device.
func (n *Network) Close() {
	if n != nil {
		n.session.Close()
	}
}

// Steps is how many steps were done.
func (n *Network) Steps() int { return n.steps }

// SetRate changes the learning rate of the steps that follow. The error wraps [ErrOptions].
func (n *Network) SetRate(rate float64) error {
	by := n.by.at(rate)
	if rate == 0 {
		return fmt.Errorf("%w: a rate of 0, must be above 0", ErrOptions)
	}
	if err := by.check(); err != nil {
		return err
	}
	n.by = by
	return nil
}

// Step trains with a batch: pictures in NHWC order, and the class of each, counted from 0. It gives the mean
// cross-entropy of the batch before the update. The error wraps [ErrOptions] where the batch is another one than the
// options say; [ErrDiverged]; with Checked also cpuref's, where a number leaves its bound; or gpu's reasons. After any
// but the first of these the weights are not to be used.
func (n *Network) Step(ctx context.Context, pictures []float32, labels []int) (loss float64, err error) {
	inputs, err := n.inputs(pictures, labels)
	if err != nil {
		return 0, err
	}
	losses := make([]float32, n.options.Batch)
	if err := n.session.Process(ctx, inputs, n.judge != nil,
		exec.Result{Operand: n.losses, Numbers: losses}); err != nil {
		return 0, err
	}
	n.steps++
	for _, l := range losses {
		loss += float64(l) / float64(len(losses))
	}
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return loss, fmt.Errorf("%w at step %d: it is %g; a smaller learning rate may help", ErrDiverged, n.steps,
			loss)
	}
	if n.judge != nil {
		err = n.judge.step(ctx, n, pictures, labels, losses)
	}
	return loss, err
}

// inputs are what a step uploads.
func (n *Network) inputs(pictures []float32, labels []int) (map[int][]uint32, error) {
	classes := n.layers[len(n.layers)-1].out.C
	if want := n.options.Input.numbers(n.options.Batch); int64(len(pictures)) != want ||
		len(labels) != n.options.Batch {
		return nil, fmt.Errorf("%w: %d numbers and %d labels, must be %d and %d for a batch", ErrOptions,
			len(pictures), len(labels), want, n.options.Batch)
	}
	words := make([]uint32, len(labels))
	for i, label := range labels {
		if label < 0 || label >= classes {
			return nil, fmt.Errorf("%w: label %d of picture %d, must be from 0 to %d", ErrOptions, label, i, classes-1)
		}
		words[i] = uint32(label)
	}
	return map[int][]uint32{n.x: exec.Bits(pictures), n.labels: words,
		n.rates: exec.Bits(n.by.rates(n.steps + 1))}, nil
}

// Weights reads the filters and biases of all layers that have them back, in the layers' order.
func (n *Network) Weights(ctx context.Context) ([]tensor.Filters, error) {
	var all []tensor.Filters
	for _, w := range n.weights {
		f := w.filters
		f.Data, f.Bias = make([]float32, len(f.Data)), make([]float32, len(f.Bias))
		if err := errors.Join(n.session.Read(ctx, w.w, f.Data), n.session.Read(ctx, w.b, f.Bias)); err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
}

// Algorithms says for each layer with weights by which algorithms it is computed forward, its gradient with respect to
// X, which the first layer does without, and that with respect to its weights.
func (n *Network) Algorithms() []string {
	var all []string
	for _, w := range n.weights {
		all = append(all, fmt.Sprintf("%s: forward %s, dX %s, dW %s", n.layers[w.layer].conv, w.forward, w.inputs,
			w.gradient))
	}
	return all
}

// numbers adds an operand of float32.
func (n *Network) numbers(name string, role exec.Role, count int64) int {
	return n.plan.Add(exec.Operand{Name: name, Role: role, Count: count, DType: shaders.Float32})
}
