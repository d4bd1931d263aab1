package cpuref

import (
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// The gradients are the adjoints of [Conv]: with L a number computed from V, and dV its gradient dL/dV,
//
//	dX[i,c]   = sum over all o, f that read i, and all k of c's group, of dV[o,k] * W_k[f,c]
//	dW_k[f,c] = sum over all o of dV[o,k] * X[what f reads at o, c]
//	db_k      = sum over all o of dV[o,k]
//
// They scatter along the index map that Conv gathers by, so that this holds of every kind of problem. By
// the CS231n notes' rule, a shared filter's gradient is the sum of those that an unshared layer's filters
// would have; the unshared ones' are each of its own position.

// InputGradient is dL/dX, in X's order, of the layer p with filters w, given dv = dL/dV. Biases have no
// part in it. Errors are those of [CheckShapes], with dv as the output volume.
func InputGradient(p conv.Problem, w tensor.Filters, dv tensor.Volume) (Reference, error) {
	if err := checkGradient(p, dv, InputGradients); err != nil {
		return Reference{}, err
	}
	if err := CheckFilters(p, w); err != nil {
		return Reference{}, err
	}
	r := newReferenceOf(p, InputGradients)
	r.Terms = max(1, inputTerms(&p.Z, &p)*inputTerms(&p.H, &p)*inputTerms(&p.W, &p)*(p.OutChannels/p.Groups))
	eachColumn(&p, func(out, weights, inputs, depth int) {
		if inputs < 0 {
			return
		}
		for d := range depth {
			r.scatter(inputs+d, float64(dv.Data[out])*float64(w.Data[weights+d]))
		}
	})
	return r, nil
}

// FilterGradient is dL/dW, in the order of the filters' Data, of the layer p with input x, given
// dv = dL/dV. Errors are those of [CheckShapes], with dv as the output volume.
func FilterGradient(p conv.Problem, x, dv tensor.Volume) (Reference, error) {
	if err := checkGradient(p, dv, FilterGradients); err != nil {
		return Reference{}, err
	}
	if err := checkVolume(p, "input volume", x, inputShape(p)); err != nil {
		return Reference{}, err
	}
	r := newReferenceOf(p, FilterGradients)
	r.Terms = p.Batch
	if !p.Unshared {
		r.Terms = max(1, p.Batch*tapTerms(&p.Z, &p)*tapTerms(&p.H, &p)*tapTerms(&p.W, &p))
	}
	eachColumn(&p, func(out, weights, inputs, depth int) {
		for d := range depth {
			var input float64 // of the padding, multiplied like any other, as in convAt
			if inputs >= 0 {
				input = float64(x.Data[inputs+d])
			}
			r.scatter(weights+d, float64(dv.Data[out])*input)
		}
	})
	return r, nil
}

// BiasGradient is dL/db, in the order of the filters' Bias, of the layer p, given dv = dL/dV. Errors are
// those of [CheckShapes], with dv as the output volume.
func BiasGradient(p conv.Problem, dv tensor.Volume) (Reference, error) {
	if err := checkGradient(p, dv, BiasGradients); err != nil {
		return Reference{}, err
	}
	r := newReferenceOf(p, BiasGradients)
	r.Terms = p.Batch
	if !p.Unshared {
		r.Terms *= positions(&p)
	}
	for i, v := range dv.Data {
		r.scatter(filterIndex(&p, placeOf(&p, i)), float64(v))
	}
	return r, nil
}

// scatter adds one product to an element.
func (r Reference) scatter(i int, product float64) {
	r.Value[i] += product
	r.Magnitude[i] += math.Abs(product)
}

// eachColumn visits every pair of an output and a tap, the products of which are those of depth weights from weights
// on with depth inputs from inputs on; inputs is negative where the tap reads a zero of the padding. Taps of
// transposed layers by which no input reaches an output are not visited.
func eachColumn(p *conv.Problem, visit func(out, weights, inputs, depth int)) {
	depth, taps := p.InChannels/p.Groups, p.Z.Filter*p.H.Filter*p.W.Filter
	type pair struct{ tap, inputs int }
	var pairs []pair // of a position, the same for all of its outputs but for the group's first channel
	for out := range int(p.OutLen()) {
		at := placeOf(p, out)
		if at.d == 0 {
			pairs = pairs[:0]
			for f := range taps {
				switch column, inside := reads(p, at, tapOf(p, f)); {
				case inside:
					pairs = append(pairs, pair{f, (at.n*columns(p) + column) * p.InChannels})
				case !p.Transposed:
					pairs = append(pairs, pair{f, -1})
				}
			}
		}
		k, first := filterIndex(p, at), firstDepth(p, at.d)
		for _, of := range pairs {
			if of.inputs >= 0 {
				of.inputs += first
			}
			visit(out, (k*taps+of.tap)*depth, of.inputs, depth)
		}
	}
}

// inputTerms is how often an axis' most often read input is read.
func inputTerms(a *conv.Axis, p *conv.Problem) int {
	times := make([]int, a.In)
	most := 0
	for o := range a.Out {
		for f := range a.Filter {
			if i, ok := source(a, p.Padding, p.Transposed, o, f); ok {
				times[i]++
				most = max(most, times[i])
			}
		}
	}
	return most
}

// tapTerms is how many inputs an axis' most busy tap reads.
func tapTerms(a *conv.Axis, p *conv.Problem) int {
	most := 0
	for f := range a.Filter {
		times := 0
		for o := range a.Out {
			if _, ok := source(a, p.Padding, p.Transposed, o, f); ok {
				times++
			}
		}
		most = max(most, times)
	}
	return most
}

// checkGradient refuses a dv that is not p's output, and more elements than memory should hold.
func checkGradient(p conv.Problem, dv tensor.Volume, kind Kind) error {
	if err := CheckOutput(p, "gradient of the output volume", dv); err != nil {
		return err
	}
	if n := (Reference{Problem: p, Kind: kind}).size(); n > MaxOutputs {
		return fmt.Errorf(
			"%w: %v of %s has %d elements, a reference holds at most %d: make the layer smaller",
			ErrShape,
			kind,
			p,
			n,
			MaxOutputs,
		)
	}
	return nil
}
