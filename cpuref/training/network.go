package training

import (
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/tensor"
)

// Layer is one of a network: a convolution, with ReLU behind it or not, or a max pool. A linear layer is a convolution
// whose filter covers all of its input.
type Layer struct {
	Conv *conv.Problem // of one group, in 2D, with zeros for padding; the batch is its own
	ReLU bool
	Pool *Pool
}

// Weights are the filters and biases of a layer, in the order of tensor.Filters, or the gradients of the loss with
// respect to them.
type Weights struct{ W, B Numbers }

// Network is one that is being trained.
type Network struct {
	layers   []Layer
	weights  []Weights // of the layers that have them
	moments  [][2][]Numbers
	update   Update
	steps    int
	gradient []Weights
}

// New begins with weights that are exactly these, one for each convolution. The error wraps cpuref.ErrShape.
func New(layers []Layer, weights []tensor.Filters, update Update) (*Network, error) {
	n := &Network{layers: layers, update: update}
	for i, l := range layers {
		if err := l.check(); err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
		if i > 0 && layers[i-1].outLen() != l.inLen() {
			return nil, fmt.Errorf("%w: layer %d reads %d numbers, the one before it has %d", cpuref.ErrShape, i,
				l.inLen(), layers[i-1].outLen())
		}
		if l.Conv == nil {
			continue
		}
		at := len(n.weights)
		if at == len(weights) {
			return nil, fmt.Errorf("%w: filters of %d layers, must be of more", cpuref.ErrShape, at)
		}
		if err := cpuref.CheckFilters(*l.Conv, weights[at]); err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
		if weights[at].Bias == nil {
			return nil, fmt.Errorf("%w: the filters of layer %d have no biases", cpuref.ErrShape, i)
		}
		w := Weights{exactly(weights[at].Data), exactly(weights[at].Bias)}
		var m [2][]Numbers
		for range update.moments() {
			m[0], m[1] = append(m[0], newNumbers(len(w.W.Value))), append(m[1], newNumbers(len(w.B.Value)))
		}
		n.weights, n.moments = append(n.weights, w), append(n.moments, m)
	}
	if len(n.weights) != len(weights) || len(layers) == 0 || layers[len(layers)-1].Conv == nil {
		return nil, fmt.Errorf("%w: filters of %d layers for %d, the last of %d must be one of them", cpuref.ErrShape,
			len(weights), len(n.weights), len(layers))
	}
	return n, nil
}

// check reports layers that are not for this package.
func (l Layer) check() error {
	if (l.Conv == nil) == (l.Pool == nil) {
		return fmt.Errorf("%w: it must be a convolution or a pool", cpuref.ErrShape)
	}
	if p := l.Pool; p != nil {
		if min(p.Batch, p.Channels, p.Window, p.Stride) < 1 || p.Window > min(p.H, p.W) {
			return fmt.Errorf("%w: %+v, must be 1 or more of each, and windows no larger than X", cpuref.ErrShape, *p)
		}
		return nil
	}
	p := *l.Conv
	if err := p.Validate(); err != nil {
		return err
	}
	if p.Groups != 1 || p.Transposed || p.Unshared || p.Padding != conv.Zero || p.Z.In != 1 || p.Z.Filter != 1 {
		return fmt.Errorf("%w: %s, must be of one group, in 2D, padded by zeros, neither transposed nor unshared",
			cpuref.ErrShape, p)
	}
	return nil
}

func (l Layer) inLen() int {
	if l.Pool != nil {
		return l.Pool.inLen()
	}
	return int(l.Conv.InLen())
}

func (l Layer) outLen() int {
	if l.Pool != nil {
		return l.Pool.outLen()
	}
	return int(l.Conv.OutLen())
}

// SetUpdate changes the rates of the steps that follow. It must be of the type that the network began with.
func (n *Network) SetUpdate(u Update) { n.update = u }

// Set has the network go on from numbers that float32 has: of each convolution the weights and biases, and the moments
// of both. The error wraps cpuref.ErrShape.
func (n *Network) Set(layer int, w, b []float32, momentsW, momentsB [][]float32) error {
	if layer < 0 || layer >= len(n.weights) {
		return fmt.Errorf("%w: layer %d, there are %d with weights", cpuref.ErrShape, layer, len(n.weights))
	}
	for what, of := range map[string]struct {
		to      *Numbers
		moments []Numbers
		data    []float32
		more    [][]float32
	}{"filters": {&n.weights[layer].W, n.moments[layer][0], w, momentsW},
		"biases": {&n.weights[layer].B, n.moments[layer][1], b, momentsB}} {
		if len(of.data) != len(of.to.Value) || len(of.more) != len(of.moments) {
			return fmt.Errorf("%w: %d %s with %d moments, must be %d with %d", cpuref.ErrShape, len(of.data), what,
				len(of.more), len(of.to.Value), len(of.moments))
		}
		*of.to = exactly(of.data)
		for i, m := range of.more {
			if len(m) != len(of.data) {
				return fmt.Errorf("%w: a moment of %d %s, must be of %d", cpuref.ErrShape, len(m), what, len(of.data))
			}
			of.moments[i] = exactly(m)
		}
	}
	return nil
}

// Weights are those after the steps so far, and Gradients those that the last step changed them by.
func (n *Network) Weights() []Weights   { return n.weights }
func (n *Network) Gradients() []Weights { return n.gradient }

// pass is what the way back needs of a layer's way forward; z is V before ReLU.
type pass struct{ x, z Numbers }

// Step trains with a batch, and gives the loss of each picture before the update. The error wraps cpuref.ErrShape.
func (n *Network) Step(x []float32, labels []int) (losses Numbers, err error) {
	passes, scores, err := n.forward(x, labels)
	if err != nil {
		return Numbers{}, err
	}
	losses, d := crossEntropy(scores, labels, as32(1/float64(len(labels))))
	n.gradient = make([]Weights, len(n.weights))
	at := len(n.weights)
	for i := len(n.layers) - 1; i >= 0 && at > 0; i-- {
		l, p := n.layers[i], passes[i]
		if l.Pool != nil {
			d = l.Pool.gradient(p.x, d)
			continue
		}
		if l.ReLU {
			d = reluGradient(p.z, d)
		}
		at--
		n.gradient[at] = filterGradient(*l.Conv, p.x, d)
		if at > 0 {
			d = inputGradient(*l.Conv, n.weights[at], d)
		}
	}
	n.steps++
	for i, w := range n.weights {
		n.update.apply(w.W, n.gradient[i].W, n.moments[i][0], n.steps)
		n.update.apply(w.B, n.gradient[i].B, n.moments[i][1], n.steps)
	}
	return losses, nil
}

// forward gives what each layer read, and the scores.
func (n *Network) forward(x []float32, labels []int) (passes []pass, scores Numbers, err error) {
	last := n.layers[len(n.layers)-1]
	if len(x) != n.layers[0].inLen() || len(labels) == 0 || last.outLen()%len(labels) != 0 {
		return nil, scores,
			fmt.Errorf("%w: %d numbers and %d labels, must be %d numbers, and labels that %d scores are of",
				cpuref.ErrShape, len(x), len(labels), n.layers[0].inLen(), last.outLen())
	}
	for i, label := range labels {
		if classes := last.outLen() / len(labels); label < 0 || label >= classes {
			return nil, scores, fmt.Errorf("%w: label %d of picture %d, must be from 0 to %d", cpuref.ErrShape, label,
				i, classes-1)
		}
	}
	v, at := exactly(x), 0
	for _, l := range n.layers {
		p := pass{x: v}
		if l.Pool != nil {
			v = l.Pool.forward(v)
		} else {
			p.z = forward(*l.Conv, v, n.weights[at])
			v = p.z
			if at++; l.ReLU {
				v = relu(v)
			}
		}
		passes = append(passes, p)
	}
	return passes, v, nil
}

// Loss is the mean of the losses of a batch, in float64, for weights as they are.
func (n *Network) Loss(x []float32, labels []int) (float64, error) {
	_, scores, err := n.forward(x, labels)
	if err != nil {
		return math.NaN(), err
	}
	losses, _ := crossEntropy(scores, labels, 1)
	mean := 0.0
	for _, l := range losses.Value {
		mean += l / float64(len(labels))
	}
	return mean, nil
}
