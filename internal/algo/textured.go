package algo

import (
	"errors"
	"slices"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/transform"
)

// textured is another algorithm, whose name it has, with kernels that read from textures what they can: operands are
// copied to them, constants once and all others in each run. llvmpipe takes a texel of four numbers for each of its
// eight threads at once, where it loads the numbers of a buffer in a loop. What GPUs gain is for tuning to find: the
// rules never choose it there.
type textured struct{ Algorithm }

var (
	errNoTextures = errors.New("kernels read no textures on this adapter")
	errNoTextured = errors.New("no kernel of it reads what a texture holds, which is a multiple of four numbers")
)

// untextured is the algorithm that a textured one is, and any other one itself.
func untextured(a interface{ Name() string }) interface{ Name() string } {
	if of, ok := a.(textured); ok {
		return of.Algorithm
	}
	return a
}

// texturedAlgorithms are those of broad tiles, and the others of small workgroups, as software adapters like them.
func texturedAlgorithms(list []Algorithm) (all []Algorithm) {
	for _, a := range list {
		if texturable(a) {
			all = append(all, textured{a})
		}
	}
	return all
}

func texturable(a Algorithm) bool {
	switch a := a.(type) {
	case tiled:
		r, ok := a.tiles.(shaders.Registers)
		return ok && a.splitK == 1 && shaders.HasTextured(r) && r.Pixels >= 8 && r.Channels >= 16 &&
			(r.Vector == 4 || r.Threads == 8)
	case transformed:
		return a.by != transform.Fourier && a.product.tiles.Vectored() == 4 && texturable(a.product)
	case filterTile:
		return a.Vector == 4 && a.Threads == 8 && a.Outputs == 16
	case filterWinograd:
		return texturable(a.product)
	case filterStrided:
		return texturable(a.product)
	case sliding:
		return a.Threads == 8
	case stem:
		return a.Threads == 8
	case depthwise:
		return a.Threads == 8
	}
	return false
}

// Variant is, for example, 16x16_v4_t8_across_textures.
func (a textured) Variant() string { return a.Algorithm.Variant() + "_textures" }

func (a textured) Plan(s Spec, l Limits) (Plan, error) {
	of, err := a.Algorithm.Plan(s, l)
	switch {
	case err != nil:
		return Plan{}, err
	case l.MaxTexture == 0:
		return Plan{}, errNoTextures
	}
	plan := finished(of, l)
	plan.Algorithm, plan.Steps = a, slices.Clone(plan.Steps)
	vectors, copies := 0.0, 0.0
	for i, step := range plan.Steps {
		if numbers, ok := canTexture(plan.Plan, step, l); ok {
			plan.Steps[i].Kernel = shaders.Textured{Of: step.Kernel}
			vectors += float64(numbers / 4)
			copies++
		}
	}
	if copies == 0 {
		return Plan{}, errNoTextured
	}
	plan.Work = func(m Machine) float64 {
		reads := m
		reads.Load = m.Texture
		return of.Work(reads) + m.Copy*vectors + m.Dispatch*copies
	}
	return plan, nil
}

// canTexture tells whether a step may read from textures, and how many numbers are copied for it in each run.
func canTexture(plan exec.Plan, step exec.Step, l Limits) (numbers int64, ok bool) {
	if !shaders.HasTextured(step.Kernel) {
		return 0, false
	}
	shader, err := shaders.Source(shaders.Textured{Of: step.Kernel})
	if err != nil {
		return 0, false
	}
	for i, access := range shader.Bindings {
		if access != shaders.Texture {
			continue
		}
		o := plan.Operands[step.Uses[i-1].Operand]
		if step.Uses[i-1] != exec.Whole(step.Uses[i-1].Operand) || o.Count%4 != 0 || o.Bytes() > l.MaxTexture {
			return 0, false
		}
		if o.Role != exec.Constant {
			numbers += o.Count
		}
	}
	return numbers, true
}
