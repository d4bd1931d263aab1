package algo

import (
	"errors"
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// Trained is the plan of a layer whose filters change on the device, where they cannot be packed by the host: its
// packed filters are those of the layer, in another order. Repack makes them on the device.
type Trained struct {
	Plan
	// Order says of each packed number which of the filters it is, counted from 1, or that it is 0. It is nil where
	// kernels read the filters as they are.
	Order []uint32
}

// errComputed is about packing that computes, as transforms do.
var errComputed = errors.New("its packed filters are other numbers than the layer's")

// ChooseTrained plans the layer by the algorithm that is likely the quickest of those whose packing is an order.
func ChooseTrained(s Spec, l Limits) (Trained, error) {
	return chooseTrained(Candidates(s, l), s.Problem, func(f tensor.Filters) tensor.Filters { return f })
}

// ChooseTrainedInputGradient likewise plans the gradient with respect to X of the layer p: the filters are those of p,
// the operand X is dZ, V is dX, and B are zeros.
func ChooseTrainedInputGradient(p conv.Problem, l Limits) (Trained, error) {
	adjoint, err := p.Adjoint()
	if err != nil {
		return Trained{}, err
	}
	list := Candidates(Spec{Problem: adjoint, DType: shaders.Float32}, l)
	return chooseTrained(list, p, func(f tensor.Filters) tensor.Filters { return exchangeChannels(p, f) })
}

// chooseTrained is the first of the plans whose packing, behind an arrangement of p's filters, is an order.
func chooseTrained(list []Plan, p conv.Problem, arrange func(tensor.Filters) tensor.Filters) (Trained, error) {
	var why error
	for _, plan := range list {
		order, err := plan.order(p, arrange)
		if err == nil {
			return Trained{plan, order}, nil
		}
		why = fmt.Errorf("%s: %w", Name(plan.Algorithm), err)
	}
	return Trained{}, fmt.Errorf("%w: no algorithm reads the filters of %s as they are: %w", ErrNotServed, p, why)
}

// order finds in which order the plan has p's filters: of filters that are the numbers from 1 on, packed ones say
// where they are from. That it is so for other filters, too, tells an order from what only looks like one.
func (plan Plan) order(p conv.Problem, arrange func(tensor.Filters) tensor.Filters) ([]uint32, error) {
	n := p.FilterLen()
	switch {
	case plan.Operands[W].Usage == gpu.Uniform:
		return nil, fmt.Errorf("%w: kernels cannot write what is read from a uniform buffer", ErrNotServed)
	case n >= 1<<24:
		return nil, fmt.Errorf("%w: %d weights, must be fewer than 2^24", ErrNotServed, n)
	}
	pack := func(number func(i int) float32) ([]float32, error) {
		f := tensor.Filters{K: p.OutChannels, Z: p.Z.Filter, H: p.H.Filter, W: p.W.Filter,
			D: p.InChannels / p.Groups, Data: make([]float32, n)}
		for i := range f.Data {
			f.Data[i] = number(i)
		}
		f = arrange(f)
		if plan.Pack == nil {
			return f.Data, nil
		}
		return plan.Pack(f)
	}
	counted, err := pack(func(i int) float32 { return float32(i + 1) })
	if err != nil {
		return nil, err
	}
	other := func(i int) float32 { return float32(math.Sin(float64(i))) + 2 }
	packed, err := pack(other)
	if err != nil {
		return nil, err
	}
	order, same := make([]uint32, len(counted)), int64(len(counted)) == n
	for i, from := range counted {
		order[i] = uint32(from)
		want := float32(0)
		if from > 0 && float32(order[i]) == from && int64(order[i]) <= n {
			want = other(int(order[i]) - 1)
		}
		if packed[i] != want {
			return nil, errComputed
		}
		same = same && order[i] == uint32(i+1)
	}
	if same {
		return nil, nil
	}
	return order, nil
}

// Add adds the layer's steps to a plan, with those that pack its filters before them. same names the operands of the
// plan that stand for the layer's; that for W has the filters as they are.
func (t Trained) Add(to *exec.Plan, same map[int]int) {
	if t.Order != nil {
		packed := to.Scratch("packed filters", int64(len(t.Order)))
		order := to.Add(exec.Operand{Name: "the order of packed filters", Role: exec.Constant,
			Count: int64(len(t.Order)), DType: shaders.Int32,
			Fill: func() ([]uint32, error) { return t.Order, nil }})
		params := shaders.Encode(shaders.CountParams{Outputs: uint32(len(t.Order))})
		to.Threads(shaders.Repack, params, int64(len(t.Order)), int64(shaders.Repack.Threads), exec.Whole(order),
			exec.Whole(same[W]), exec.Whole(packed))
		same[W] = packed
	}
	to.Append(t.Plan.Plan, same)
}
