package host

import (
	"cmp"
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// ConvFrom is V of a layer whose filters are a volume of the program, so that each run may have others: in the order
// (K, Z, H, W, D) that [tensor.Filters] have, of any shape. Biases, if the layer adds any, are the last argument. Its
// algorithm is the one that is likely the quickest of those whose kernels read the filters as they are, or in another
// order: no transform is among them, and no stored tuning chooses. Volumes and filters of layers that are too large
// for a binding of the device fail with [ErrUnsupported], and so do unshared layers.
func (b *Builder) ConvFrom(x Value, p conv.Problem, filters Value, biases ...Value) Value {
	from, err := b.check(x)
	if err == nil {
		err = b.checkLayerFrom(p, from, append([]Value{filters}, biases...))
	}
	if err != nil {
		return b.fail(err)
	}
	by, err := algo.ChooseTrained(algo.Spec{Problem: p, DType: shaders.Float32, Exact: true}, b.dev.limits())
	if err != nil {
		return b.fail(unsupported(err))
	}
	k := Kernels{
		Name:    cmp.Or(p.Name, p.String()),
		Outputs: []Buffer{{Count: p.OutLen(), DType: Float32}},
		Plan: func(to *exec.Plan, inputs, outputs []int) error {
			same := map[int]int{algo.X: inputs[0], algo.W: inputs[1], algo.V: outputs[0]}
			if len(inputs) > 2 {
				same[algo.B] = inputs[2]
			} else {
				same[algo.B] = to.Zeros(p.BiasLen())
			}
			by.Add(to, same)
			return nil
		},
		Judge: func(inputs, outputs [][]uint32) (cpuref.Report, error) { return judgeFrom(p, inputs, outputs[0]) },
	}
	v := b.Apply(k, append([]Value{x, filters}, biases...)...)[0]
	return b.Reshape(v, p.Batch, p.Z.Out, p.H.Out, p.W.Out, p.OutChannels)
}

// checkLayerFrom reports a layer whose filters cannot be a volume, and volumes that do not fit it: X, filters and, if
// there are any, biases.
func (b *Builder) checkLayerFrom(p conv.Problem, x []int, others []Value) error {
	if err := p.Validate(); err != nil {
		return err
	}
	if err := b.onePiece(p); err != nil {
		return err
	}
	if err := b.checkVolumes(p, conv.Epilogue{}, x); err != nil {
		return err
	}
	if len(others) > 2 {
		return fmt.Errorf("%w: %d volumes of biases, must be one at most", gpu.ErrMisuse, len(others)-1)
	}
	from, err := b.check(others...)
	if err != nil {
		return err
	}
	for i, want := range []int64{p.FilterLen(), p.BiasLen()}[:len(from)] {
		if has := b.nodes[from[i]].shape.numbers(); has != want {
			return fmt.Errorf("%w: layer %s reads %s of %d numbers, must be %d", cpuref.ErrShape, p,
				[]string{"filters", "biases"}[i], has, want)
		}
	}
	return nil
}

// FilterGradientFrom is the gradient with respect to the filters of a layer, of the volumes x and dz, the loss's
// gradient with respect to the layer's sums: in the order (K, Z, H, W, D), as a volume of one pixel. Its algorithm is
// the default of [FilterGradients] without transforms that round. Errors are those of [Builder.ConvFrom].
func (b *Builder) FilterGradientFrom(x Value, p conv.Problem, dz Value) Value {
	from, err := b.check(x, dz)
	if err == nil {
		err = b.checkGradientFrom(p, from)
	}
	if err != nil {
		return b.fail(err)
	}
	s := algo.Spec{Problem: p, DType: shaders.Float32, Exact: true}
	by, err := algo.ChooseFilterGradient("", s, b.dev.limits())
	if err != nil {
		return b.fail(unsupported(err))
	}
	return b.Apply(Kernels{
		Name:    cmp.Or(p.Name, "dW of "+p.String()),
		Outputs: []Buffer{{Count: p.FilterLen(), DType: Float32}},
		Plan: func(to *exec.Plan, inputs, outputs []int) error {
			db := to.Scratch("the gradient db", p.BiasLen())
			to.Append(by.Plan, map[int]int{algo.X: inputs[0], algo.V: inputs[1], algo.W: outputs[0], algo.B: db})
			return nil
		},
		Judge: func(inputs, outputs [][]uint32) (cpuref.Report, error) {
			return judgeGradientFrom(by.Algorithm, p, inputs, outputs[0])
		},
	}, x, dz)[0]
}

// checkGradientFrom reports a layer whose gradient no program computes, and volumes that are not its X and V.
func (b *Builder) checkGradientFrom(p conv.Problem, from []int) error {
	if err := p.Validate(); err != nil {
		return err
	}
	if err := b.onePiece(p); err != nil {
		return err
	}
	if err := b.checkVolumes(p, conv.Epilogue{}, from[:1]); err != nil {
		return err
	}
	if has := b.nodes[from[1]].shape; has != outputShape(p) {
		return fmt.Errorf("%w: layer %s with dZ of %s, must be %s", cpuref.ErrShape, p, has, outputShape(p))
	}
	return nil
}

// onePiece reports a layer that no program reads filters of, or gives gradients of, as volumes.
func (b *Builder) onePiece(p conv.Problem) error {
	if b.dev.GPU() == nil || p.Unshared || !shaders.Fits(p) {
		return fmt.Errorf("%w: filters that are a volume, of layer %s: must be of a layer that is shared, on a GPU "+
			"that holds it in one piece", ErrUnsupported, p)
	}
	return nil
}
