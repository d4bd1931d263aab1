package host

import "github.com/gpuconv/gpuconv/conv"

// gradientSums are what parts add to. Each part's gradients are within the bound of their own terms; the
// bound holds for any order of summation, so for these sums too: they are in float64, which adds no error
// that counts, and rounded once, for which the bound of n terms has room beyond the fewer of a part.
type gradientSums struct{ x, w, b, slopes []float64 }

// backward computes the gradients of each part and adds them up. Parts with sums of their own go all the
// way back; else the whole sums Z are computed first, and with them dZ.
func (e *split) backward(in operands, dv []float32, checked bool) (s stages, err error) {
	if s.gradients, err = e.layer.shapes(); err != nil {
		return s, err
	}
	g := s.gradients
	to := gradientSums{make([]float64, len(g.X.Data)), make([]float64, len(g.W.Data)), make([]float64, len(g.W.Bias)), make([]float64, len(g.Slopes))}
	s.dz = dv
	if e.layer.options.Epilogue.Activation.Function != conv.Identity {
		s.z, s.dz = make([]float32, len(dv)), make([]float32, len(dv))
		if !e.single() {
			if err := e.throughActivation(in, dv, s, to, checked); err != nil {
				return s, err
			}
		}
	}
	err = e.eachPart(func(pt part) error { return e.backwardPart(pt, in, dv, s, to, checked) })
	rounded(g.X.Data, to.x)
	rounded(g.W.Data, to.w)
	rounded(g.W.Bias, to.b)
	rounded(g.Slopes, to.slopes)
	return s, err
}

// throughActivation computes Z, dZ and the slopes' gradient of sums that several parts add up to.
func (e *split) throughActivation(in operands, dv []float32, s stages, to gradientSums, checked bool) error {
	if err := e.sums(in, s.z, checked); err != nil {
		return err
	}
	return e.eachSum(func(pt part) error {
		engine, err := e.finisher(pt)
		if err != nil {
			return err
		}
		dims := e.outputs(pt)
		b, err := engine.backward(e.finishing(pt, in, s.z), gather(dv, dims), checked)
		if err != nil {
			return e.failed(e.key.problem, err)
		}
		scatter(s.z, b.z, dims)
		scatter(s.dz, b.dz, dims)
		e.addSlopes(to, b, pt)
		return nil
	})
}

// backwardPart adds the gradients of one part.
func (e *split) backwardPart(pt part, in operands, dv []float32, s stages, to gradientSums, checked bool) error {
	var epilogue conv.Epilogue // of sums that are not whole there is none
	if e.single() {
		epilogue = e.layer.options.Epilogue
	} else {
		dv = s.dz
	}
	engine, err := e.engine(pt, epilogue)
	if err != nil {
		return err
	}
	dims := e.outputs(pt)
	block := operands{x: gather(in.x, e.inputs(pt))}
	if epilogue.Residual != conv.NoResidual {
		block.residual = gather(in.residual, dims)
	}
	b, err := engine.backward(block, gather(dv, dims), checked)
	if err != nil {
		return e.failed(e.key.problem, err)
	}
	accumulate(to.x, b.gradients.X.Data, e.inputs(pt))
	accumulate(to.w, b.gradients.W.Data, e.weights(pt))
	if e.plan.first(pt) { // the others' are of biases that are zero
		accumulate(to.b, b.gradients.W.Bias, e.biases(pt))
	}
	if b.z != nil {
		scatter(s.z, b.z, dims)
		scatter(s.dz, b.dz, dims)
		e.addSlopes(to, b, pt)
	}
	return nil
}

// addSlopes adds a part's share of the slopes' gradient, if there is one.
func (e *split) addSlopes(to gradientSums, b stages, pt part) {
	if len(to.slopes) > 0 {
		accumulate(to.slopes, b.gradients.Slopes, e.channels(pt))
	}
}
