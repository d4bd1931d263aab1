package train

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// pass is what the way back needs of a layer's way forward: its operands.
type pass struct {
	x, v    int
	places  int // of a pool's maxima
	weights int // the number of the layer's weights
}

// planned makes the plan of one step.
func (n *Network) planned(dev *gpu.Device) error {
	l, o := algo.LimitsOf(dev.Info()), n.options
	rng := rand.New(rand.NewPCG(o.Seed, 0))
	n.x = n.numbers("pictures", exec.Input, o.Input.numbers(o.Batch))
	n.labels = n.plan.Add(exec.Operand{Name: "labels", Role: exec.Input, Count: int64(o.Batch), DType: shaders.Int32})
	n.rates = n.numbers("rates", exec.Input, int64(len(n.by.rates(1))))
	at, passes := n.x, []pass(nil)
	for i, of := range n.layers {
		p := pass{x: at, v: n.numbers(fmt.Sprintf("V of layer %d", i), exec.Scratch, of.out.numbers(o.Batch))}
		var err error
		if of.pool != nil {
			p.places, err = n.poolForward(of, p)
		} else {
			n.weights, p.weights = append(n.weights, n.newWeights(i, rng)), len(n.weights)
			err = n.convForward(of, p, l)
		}
		if err != nil {
			return fmt.Errorf("layer %d: %w", i, err)
		}
		at, passes = p.v, append(passes, p)
	}
	gradient := n.crossEntropy(at)
	for i := len(passes) - 1; i >= 0; i-- {
		var err error
		behind := len(n.weights) > 0 && i > n.weights[0].layer // are weights that the gradient goes on to
		if gradient, err = n.back(n.layers[i], passes[i], gradient, behind, l); err != nil {
			return fmt.Errorf("the gradient of layer %d: %w", i, err)
		}
	}
	for i := range n.weights {
		w := &n.weights[i]
		w.moments = [2][]int{n.update(w.w, w.dw), n.update(w.b, w.db)}
	}
	return nil
}

// newWeights adds a layer's weights. See K. He et al., "Delving Deep into Rectifiers", 2015.
func (n *Network) newWeights(i int, rng *rand.Rand) weights {
	p := n.layers[i].conv
	f := tensor.Filters{K: p.OutChannels, Z: 1, H: p.H.Filter, W: p.W.Filter, D: p.InChannels,
		Data: make([]float32, p.FilterLen()), Bias: make([]float32, p.OutChannels)}
	deviation := math.Sqrt(2 / float64(p.TapsPerOutput()))
	for k := range f.Data {
		f.Data[k] = float32(rng.NormFloat64() * deviation)
	}
	named := func(what string, role exec.Role, count int64) int {
		return n.numbers(fmt.Sprintf("%s of layer %d", what, i), role, count)
	}
	return weights{layer: i, filters: f, inputs: "none", w: named("W", exec.State, p.FilterLen()),
		b: named("b", exec.State, p.BiasLen()), dw: named("dW", exec.Scratch, p.FilterLen()),
		db: named("db", exec.Scratch, p.BiasLen())}
}

// epilogue is what follows the layer's sums.
func (l layer) epilogue() conv.Epilogue {
	if l.relu {
		return conv.Activate(conv.ReLU)
	}
	return conv.Epilogue{}
}

func (n *Network) convForward(of layer, p pass, l algo.Limits) error {
	w := &n.weights[p.weights]
	by, err := algo.ChooseTrained(algo.Spec{Problem: of.conv, Epilogue: of.epilogue(), DType: shaders.Float32}, l)
	if err != nil {
		return err
	}
	w.forward = algo.Name(by.Algorithm)
	by.Add(&n.plan, map[int]int{algo.X: p.x, algo.W: w.w, algo.B: w.b, algo.V: p.v})
	return nil
}

// volume is the view of a batch of volumes, as pools see it: (N, C, H, W).
func (n *Network) volume(s Shape) op.View {
	return op.View{Shape: []int{n.options.Batch, s.C, s.H, s.W}, Strides: []int{s.H * s.W * s.C, 1, s.W * s.C, s.C}}
}

func (n *Network) poolForward(of layer, p pass) (places int, err error) {
	in, out := n.volume(of.in), n.volume(of.out)
	places = n.plan.Add(exec.Operand{Name: "places of maxima", Role: exec.Scratch, Count: int64(out.Count()),
		DType: shaders.Int32})
	at, size, stride := out.Of(places), of.pool.Size, of.pool.Stride
	return places, op.Pool(&n.plan, in.Of(p.x), out.Of(p.v), &at,
		op.PoolOptions{Kind: op.MaxPool, Window: []int{size, size}, Stride: []int{stride, stride}})
}

// crossEntropy adds the losses, and gives their gradient with respect to the scores.
func (n *Network) crossEntropy(scores int) (gradient int) {
	batch, classes := int64(n.options.Batch), n.layers[len(n.layers)-1].out.C
	n.losses = n.numbers("losses", exec.Output, batch)
	gradient = n.numbers("the gradient of scores", exec.Scratch, batch*int64(classes))
	k := shaders.CrossEntropy
	params := shaders.Encode(shaders.CrossEntropyParams{Outputs: uint32(batch), Classes: uint32(classes),
		Scale: float32(1 / float64(batch))})
	n.plan.Threads(k, params, batch, int64(k.Threads), exec.Whole(scores), exec.Whole(n.labels), exec.Whole(n.losses),
		exec.Whole(gradient))
	return gradient
}

// back adds the way back through a layer, from dV, and gives dX where it is asked for.
func (n *Network) back(of layer, p pass, dv int, inputs bool, l algo.Limits) (dx int, err error) {
	if !inputs && of.pool != nil {
		return dv, nil
	}
	if inputs {
		dx = n.numbers("dX", exec.Scratch, of.in.numbers(n.options.Batch))
	}
	if of.pool != nil {
		n.poolBack(of, p, dv, dx)
		return dx, nil
	}
	if of.relu {
		dv = n.reluBack(of, p, dv)
	}
	return dx, n.convBack(of, p, dv, dx, inputs, l)
}

func (n *Network) poolBack(of layer, p pass, dv, dx int) {
	k, outputs := shaders.PoolGradients, of.in.numbers(n.options.Batch)/int64(of.in.C)
	params := shaders.Encode(shaders.PoolGradientParams{Outputs: uint32(outputs), Channels: uint32(of.in.C),
		InRows: uint32(of.in.H), InColumns: uint32(of.in.W), OutRows: uint32(of.out.H), OutColumns: uint32(of.out.W),
		Window: uint32(of.pool.Size), Stride: uint32(of.pool.Stride)})
	n.plan.Threads(k, params, outputs, int64(k.Threads), exec.Whole(p.places), exec.Whole(dv), exec.Whole(dx))
}

// reluBack adds the way back through ReLU, whose output tells as well as its input where it let numbers pass.
func (n *Network) reluBack(of layer, p pass, dv int) (dz int) {
	k, outputs := shaders.ActivationGradients, of.conv.OutLen()
	dz = n.numbers("dZ", exec.Scratch, outputs)
	slopes, shares := n.plan.Zeros(1), n.numbers("no slopes", exec.Scratch, 1)
	n.plan.Threads(k, shaders.Encode(shaders.Forward(of.conv, of.epilogue())), outputs, int64(k.Threads),
		exec.Whole(slopes), exec.Whole(p.v), exec.Whole(dv), exec.Whole(dz), exec.Whole(shares))
	return dz
}

// convBack adds the gradients with respect to the weights, and to X where it is asked for.
func (n *Network) convBack(of layer, p pass, dz, dx int, inputs bool, l algo.Limits) error {
	w := &n.weights[p.weights]
	filters, err := algo.ChooseFilterGradient("", algo.Spec{Problem: of.conv, DType: shaders.Float32, Exact: true}, l)
	if err != nil {
		return err
	}
	w.gradient = algo.Name(filters.Algorithm)
	n.plan.Append(filters.Plan, map[int]int{algo.X: p.x, algo.W: w.dw, algo.B: w.db, algo.V: dz})
	if !inputs {
		return nil
	}
	by, err := algo.ChooseTrainedInputGradient(of.conv, l)
	if err != nil {
		return err
	}
	w.inputs = algo.Name(by.Algorithm)
	by.Add(&n.plan, map[int]int{algo.X: dz, algo.W: w.w, algo.B: n.plan.Zeros(int64(of.conv.InChannels)), algo.V: dx})
	return nil
}
