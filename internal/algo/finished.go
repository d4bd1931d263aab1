package algo

import (
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// finished has the steps that write V apply the epilogue as they store it, where each can. Else on software adapters,
// which compute both sides of each branch, their epilogue has the one function that it needs.
func finished(plan Plan, l Limits) Plan {
	s := plan.Spec
	if s.Epilogue == (conv.Epilogue{}) || s.Separate || s.DType != shaders.Float32 || l.General {
		return plan
	}
	clamped := plan
	if replace(&clamped.Plan, V, func(step exec.Step) (shaders.Stored, bool) {
		k := stored(step.Kernel)
		k.Store = shaders.Clamped
		return k, shaders.Clamps(k.Of, s.Epilogue)
	}, func(p *shaders.Params) { p.Clamp(s.Epilogue.Activation) }) {
		return clamped
	}
	if l.Software {
		replace(&plan.Plan, V, func(step exec.Step) (shaders.Variant, bool) {
			return single(step.Kernel, s.Epilogue, l), shaders.HasFunctions(step.Kernel)
		}, func(*shaders.Params) {})
	}
	return plan
}

// single is a kernel on software adapters with the epilogue's function alone.
func single(k shaders.Variant, e conv.Epilogue, l Limits) shaders.Variant {
	if !l.Software || l.General {
		return k
	}
	return shaders.Single{Of: k, Function: e.Activation.Function}
}
