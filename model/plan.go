package model

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// plan is a network compiled for one shape of its inputs.
type plan struct {
	key     string
	program *host.Program // nil where nothing is left to compute
	inputs  []string      // those that the program takes, in its order
	outputs []output
	summary Summary
	layers  []conv.Problem // in their order
	// Of a checked plan, what its steps compute, by their names, and the values between them.
	doing  map[string]doing
	values map[string]*value
}

// output is a tensor that a plan gives: known when it was compiled, or the program's next output.
type output struct {
	name  string
	dtype onnx.DataType
	shape []int
	known *numbers
}

// mostPlans is how many plans a network keeps, those that were used last.
const mostPlans = 8

// planFor gives the plan for a run's inputs, compiled where there is none.
func (net *Network) planFor(ctx context.Context, given map[string]*value) (*plan, error) {
	for i, p := range net.plans {
		if p.key == net.key(given) {
			net.plans = append(slices.Delete(net.plans, i, i+1), p)
			net.give(p)
			return p, nil
		}
	}
	p, err := net.compile(ctx, given, false)
	if err != nil {
		return nil, err
	}
	net.give(p)
	p.key = net.key(given) // which names the inputs whose values compiling asked for
	net.plans = append(net.plans, p)
	if len(net.plans) > mostPlans {
		old := net.plans[0]
		net.plans = slices.Delete(net.plans, 0, 1)
		if err := old.program.Close(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// give notes the types of the outputs of a plan.
func (net *Network) give(p *plan) {
	net.state.Lock()
	defer net.state.Unlock()
	net.gave = p.types()
}

// types are those of the plan's outputs.
func (p *plan) types() map[string]onnx.DataType {
	all := map[string]onnx.DataType{}
	for _, o := range p.outputs {
		all[o.name] = o.dtype
	}
	return all
}

// key tells apart the plans of a network: the shapes of its inputs, and the values of those that shapes follow from.
func (net *Network) key(given map[string]*value) string {
	var b strings.Builder
	for _, port := range net.inputs {
		v := given[port.Name]
		fmt.Fprintf(&b, "%q %v", port.Name, v.shape())
		if net.baked[port.Name] {
			n := v.numbers()
			fmt.Fprintf(&b, "=%v%v", n.floats, n.ints)
		}
	}
	return b.String()
}

// compile makes a plan. Where it turns out that the values of some inputs must be known, as those of a shape, it
// begins anew with them as constants.
func (net *Network) compile(ctx context.Context, given map[string]*value, checked bool) (*plan, error) {
	for {
		p, err := newCompiler(net, given, checked).compile(ctx)
		var unknown *unknownError
		if !errors.As(err, &unknown) {
			return p, err
		}
		found := false
		for _, name := range unknown.origins {
			found = found || !net.baked[name]
			net.baked[name] = true
			if v := given[name]; v != nil && v.known == nil {
				return nil, &unreadError{name}
			}
		}
		if !found {
			return nil, err
		}
	}
}

// words are the inputs of a run as the program takes them.
func (p *plan) words(given map[string]*value) (all [][]uint32, err error) {
	for _, name := range p.inputs {
		words, err := given[name].known.words()
		if err != nil {
			return nil, fmt.Errorf("input %q: %w", name, err)
		}
		all = append(all, words)
	}
	return all, nil
}

func (p *plan) run(ctx context.Context, words [][]uint32) (map[string]tensor.Array, error) {
	var computed [][]uint32
	if p.program != nil {
		var err error
		if computed, err = p.program.RunWords(ctx, words...); err != nil {
			return nil, err
		}
	}
	return p.arrays(computed), nil
}

// arrays are the outputs by name, of what the program gave.
func (p *plan) arrays(computed [][]uint32) map[string]tensor.Array {
	all := map[string]tensor.Array{}
	for _, o := range p.outputs {
		n := o.known
		if n == nil {
			read := fromWords(o.dtype, computed[0])
			n, computed = &read, computed[1:]
		}
		all[o.name] = n.array(o.dtype, slices.Clone(o.shape))
	}
	return all
}
