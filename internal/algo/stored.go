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

// readsAs has all steps that read X read it as t, where each can.
func readsAs(of *exec.Plan, t shaders.DType) bool {
	return replace(of, X, func(step exec.Step) (shaders.Variant, bool) {
		k := stored(step.Kernel)
		k.X = t
		return k, step.Uses[0] == exec.Whole(X) && shaders.Reads(k.Of, t)
	})
}

// writesAs has all steps that write V write it as t, where each can. Such steps may read X otherwise too.
func writesAs(of *Plan, t shaders.DType) bool {
	return !of.Spec.Separate && replace(&of.Plan, V, func(step exec.Step) (shaders.Variant, bool) {
		k := stored(step.Kernel)
		k.V = t
		return k, step.Uses[len(step.Uses)-1] == exec.Whole(V) && shaders.Writes(k.Of, t, of.Spec.Epilogue)
	})
}

// stored is a kernel whose loads or stores may be replaced.
func stored(k shaders.Variant) shaders.Stored {
	if s, ok := k.(shaders.Stored); ok {
		return s
	}
	return shaders.Stored{Of: k, X: shaders.Float32, V: shaders.Float32}
}

// replace gives all steps that use an operand other kernels, unless there is one that has no other.
func replace(of *exec.Plan, operand int, by func(exec.Step) (shaders.Variant, bool)) bool {
	steps := slices.Clone(of.Steps)
	for i, step := range steps {
		if !slices.ContainsFunc(step.Uses, func(u exec.Use) bool { return u.Operand == operand }) {
			continue
		}
		k, ok := by(step)
		if !ok {
			return false
		}
		steps[i].Kernel = k
	}
	of.Steps = steps
	return true
}

// withXZero gives all steps that read X as int8 its zero point.
func withXZero(of *exec.Plan, zero int8) (err error) {
	for i, step := range of.Steps {
		if k, ok := step.Kernel.(shaders.Stored); ok && k.X == shaders.Int8 {
			if of.Steps[i].Params, err = shaders.WithXZero(step.Params, zero); err != nil {
				return err
			}
		}
	}
	return nil
}
