package algo

import (
	"slices"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// convertedSuffix is how variants end whose numbers are turned by steps of their own.
const convertedSuffix = "_converted"

// variantOf is an algorithm's variant, for numbers that are stored otherwise than as float32.
func variantOf(a Algorithm, converted bool) string {
	if converted {
		return a.Variant() + convertedSuffix
	}
	return a.Variant()
}

// readsAs has all steps that read X read it as t, with that zero point, where each can.
func readsAs(of *exec.Plan, t shaders.DType, zero int8) bool {
	return replace(of, X, func(step exec.Step) (shaders.Stored, bool) {
		k := stored(step.Kernel)
		k.X = t
		return k, step.Uses[0] == exec.Whole(X) && shaders.Reads(k.Of, t)
	}, func(p *shaders.Params) { p.XZero = int32(zero) })
}

// writesAs has all steps that write V write it as t, where each can. Such steps may read X otherwise too.
func writesAs(of *Plan, t shaders.DType) bool {
	e := of.Spec.Epilogue
	return !of.Spec.Separate && replace(&of.Plan, V, func(step exec.Step) (shaders.Stored, bool) {
		k := stored(step.Kernel)
		k.V = t
		return k, step.Uses[len(step.Uses)-1] == exec.Whole(V) && shaders.Writes(k.Of, t, e)
	}, func(p *shaders.Params) { p.Clamp(e.Activation) })
}

// scalesAs has all steps that write V make outputs of an int8 layer's sums, and write them as t, where each can.
func scalesAs(of *Plan, t shaders.DType, s QuantizedSpec) bool {
	return !of.Spec.Separate && replace(&of.Plan, V, func(step exec.Step) (shaders.Stored, bool) {
		k := stored(step.Kernel)
		if k.V = t; t == shaders.Float32 {
			k.Store = shaders.Scaled
		}
		return k, step.Uses[len(step.Uses)-1] == exec.Whole(V) && shaders.Scales(k.Of, t, s.Epilogue)
	}, func(p *shaders.Params) {
		p.Clamp(s.Epilogue.Activation)
		p.VScale, p.VZero = s.VScale, int32(s.VZero)
		if s.V != (shaders.Placement{}) {
			p.VPitch, p.VFirst = s.V.Pitch, s.V.First
		}
	})
}

// stored is a kernel whose loads or stores may be replaced.
func stored(k shaders.Variant) shaders.Stored {
	if s, ok := k.(shaders.Stored); ok {
		return s
	}
	return shaders.Stored{Of: k, X: shaders.Float32, V: shaders.Float32}
}

// replace gives all steps that use an operand other kernels, and changes their parameters, unless there is one that
// has no other.
func replace[V shaders.Variant](
	of *exec.Plan,
	operand int,
	by func(exec.Step) (V, bool),
	change func(*shaders.Params),
) bool {
	steps := slices.Clone(of.Steps)
	for i, step := range steps {
		if !slices.ContainsFunc(step.Uses, func(u exec.Use) bool { return u.Operand == operand }) {
			continue
		}
		k, ok := by(step)
		params, err := shaders.Changed(step.Params, change)
		if !ok || err != nil {
			return false
		}
		steps[i].Kernel, steps[i].Params = k, params
	}
	of.Steps = steps
	return true
}
