package algo

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// separable computes a depthwise layer and the 1x1 layer behind it by one kernel, as an algorithm of the 1x1 layer
// that reads the other one's X: a depthwise separable convolution (F. Chollet, "Xception", 2017). What the depthwise
// layer gives is computed anew for each tile along the other one's depth slices, and never stored.
type separable struct {
	shaders.Separable
	depthwise Spec
}

// DepthwiseFilters is the operand of a separable layer's plan behind the layer's own: the filters of its depthwise
// layer.
const DepthwiseFilters = layerOperands

// SeparableName is the algorithm's, which serves two layers, and so is none of [All].
const SeparableName = "separable"

func (separable) Name() string { return SeparableName }

// Variant is, for example, 64x64x16.
func (a separable) Variant() string { return strings.TrimPrefix(a.Separable.Name(), "separable_") }

// ChooseSeparable plans the depthwise layer of a spec together with the 1x1 layer that alone reads its V, by the
// algorithm of that name, "separable" or "separable/variant", or the quickest by the rules where that is empty. The
// plan is the 1x1 layer's, but for its X, which is the other one's, and [DepthwiseFilters], which
// [Plan.FillDepthwise] fills. The error wraps [ErrUnknown] or says why there is none.
func ChooseSeparable(name string, depthwise, pointwise Spec, l Limits) (Plan, error) {
	return chooseOf(separables(depthwise), cmp.Or(name, SeparableName), pointwise, l)
}

// SeparableCandidates are all such plans, the one first that is likely the quickest.
func SeparableCandidates(depthwise, pointwise Spec, l Limits) []Plan {
	return candidates(separables(depthwise), pointwise, l)
}

func separables(depthwise Spec) (all []Algorithm) {
	for _, k := range shaders.SeparableRows() {
		all = append(all, separable{k, depthwise})
	}
	return all
}

// serves reports why two layers are none that the kernel computes together.
func (a separable) serves(s Spec) error {
	d, p := a.depthwise.Problem, s.Problem
	switch {
	case s.DType != shaders.Float32 || a.depthwise.DType != shaders.Float32:
		return errNotFloat32
	case d.Transposed || d.Unshared || p.Transposed || p.Unshared:
		return errNotOrdinary
	case d.Groups != d.InChannels || d.OutChannels != d.InChannels || d.InChannels%4 != 0:
		return fmt.Errorf("%w with a multiple of 4 input channels, and as many depth slices", errNotDepthwise)
	case d.Padding != conv.Zero:
		return errNotZeroPadding
	case !isPointwise(p) || p.OutChannels%4 != 0:
		return errors.New("behind it must be filters of 1x1 with a multiple of 4 depth slices")
	case p.InLen() != d.OutLen() || p.InChannels != d.OutChannels:
		return fmt.Errorf("%s does not read what %s gives", p, d)
	case a.depthwise.Separate || !shaders.Clamps(a.Separable, a.depthwise.Epilogue):
		return errors.New("between them there may be ReLU or Clip, and nothing else")
	case !shaders.Fits(d) || !shaders.Fits(p):
		return ErrTooLong
	}
	return nil
}

// isPointwise tells whether a layer has one filter for all pixels, of 1x1.
func isPointwise(p conv.Problem) bool {
	for _, a := range p.Axes() {
		if a.Filter != 1 || a.Stride != 1 || a.Pad != 0 || a.Out != a.In {
			return false
		}
	}
	return p.Groups == 1
}

func (a separable) Plan(s Spec, l Limits) (Plan, error) {
	if err := a.serves(s); err != nil {
		return Plan{}, err
	}
	before := a.depthwise
	if err := errors.Join(Spec{Problem: before.Problem, X: before.X}.check(4, 1),
		Spec{Problem: s.Problem, V: s.V, Residual: s.Residual}.check(1, 4)); err != nil {
		return Plan{}, err
	}
	d, p, tiles := before.Problem, s.Problem, tiled{a.Separable, 1}
	plan := newPlan(a, s, packedLen(p, a.Separable), func(m Machine) float64 { return a.cost(p, m) })
	plan.Operands[X].Count = placed(d.InLen(), d.InChannels, before.X)
	plan.Pack = func(f tensor.Filters) ([]float32, error) { return pack(p, f.Data, a.Separable), nil }
	weights := plan.Add(exec.Operand{
		Name: "the filters of the depthwise layer", Role: exec.Constant, Count: depthwiseBankLen(d),
		DType: shaders.Float32,
	})
	params := shaders.SeparableForward(d, p, s.fused(), before.X, s.V, s.Residual)
	params.Columns = uint32(tiles.columns(p))
	plan.Dispatch(a.Separable, shaders.Encode(params), tiles.rows(p)*tiles.columns(p),
		append(layer(), exec.Whole(weights))...)
	return plan.finished(l)
}

// FillDepthwise says what [DepthwiseFilters] are filled with: the filters of a separable layer's depthwise layer.
func (plan *Plan) FillDepthwise(f tensor.Filters) {
	a := plan.Algorithm.(separable)
	plan.Operands[DepthwiseFilters].Fill = func() ([]uint32, error) {
		return exec.Bits(depthwiseBank(a.depthwise, f)), nil
	}
}

// depthwiseBankLen is how many numbers depthwiseBank gives.
func depthwiseBankLen(p conv.Problem) int64 { return int64(p.OutChannels) * int64(p.TapsPerOutput()+3) }

// depthwiseBank has for each four channels their weights tap by tap, their biases, and between what their outputs are
// held: channels innermost.
func depthwiseBank(s Spec, f tensor.Filters) []float32 {
	taps := s.Problem.TapsPerOutput()
	bank := make([]float32, depthwiseBankLen(s.Problem))
	low, high := float32(math.Inf(-1)), float32(math.Inf(1))
	switch a := s.Epilogue.Activation; a.Function {
	case conv.ReLU:
		low = 0
	case conv.Clip:
		low, high = a.Alpha, a.Beta
	}
	for c := range s.Problem.OutChannels {
		rows := bank[c/4*4*(taps+3)+c%4:]
		for tap, weight := range f.Data[c*taps:][:taps] {
			rows[4*tap] = weight
		}
		rows[4*taps], rows[4*(taps+1)], rows[4*(taps+2)] = f.Bias[c], low, high
	}
	return bank
}

func (a separable) cost(p conv.Problem, m Machine) float64 {
	tiles, taps := tiled{a.Separable, 1}, float64(a.depthwise.Problem.TapsPerOutput())
	loads, weights := 4*float64(len(a.XGroups())), float64(len(a.WLoads()))
	step := float64(a.Depth)*(64+2*m.Shared) + m.Shared*(loads+weights) + 2*m.Barrier +
		taps*loads*4 + m.Load*(loads*taps*5/4+weights)
	steps, threads := float64(packedInputs(p, a.Separable))/float64(a.Depth), float64(a.Threads())
	return m.occupied(float64(tiles.rows(p)*tiles.columns(p))*threads*m.idle(a.Threads()), steps*step+64*m.Store)
}
