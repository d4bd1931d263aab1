package algo

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/transform"
)

// transformed is Winograd's algorithm or Fourier's: X is transformed, an implicit GEMM multiplies what becomes of
// each position in a tile, as groups of a 1 x 1 convolution, and the products are transformed to V. Of layers with
// strides X goes from space to depth before.
type transformed struct {
	by      transform.Transform
	product tiled
}

func (a transformed) Name() string    { return a.by.String() }
func (a transformed) Variant() string { return a.product.Name() + "_" + a.product.Variant() }

// TransformOf is the transform that an algorithm works by, if it does.
func TransformOf(a interface{ Name() string }) (by transform.Transform, ok bool) {
	if of, ok := a.(halved); ok {
		a = of.Algorithm
	}
	if of, ok := a.(transposed); ok {
		a = of.Algorithm
	}
	t, ok := untextured(a).(transformed)
	return t.by, ok
}

// transformedAlgorithms are all of them.
func transformedAlgorithms() (all []transformed) {
	for _, by := range transform.All() {
		for _, t := range shaders.TileRows() {
			all = append(all, transformed{by, tiled{t, 1}})
		}
	}
	return all
}

// layers are the layer of stride 1 that a layer becomes, and the 1 x 1 convolution in its middle, or why the layer is
// not the algorithm's.
func (a transformed) layers(s Spec) (unstrided, product conv.Problem, err error) {
	if s.DType != shaders.Float32 {
		return unstrided, product, errNotFloat32
	}
	if s.Block {
		return unstrided, product, errBlock
	}
	if unstrided, err = transform.SpaceToDepth(s.Problem); err != nil {
		return unstrided, product, err
	}
	if product, err = a.by.Product(unstrided); err != nil {
		return unstrided, product, err
	}
	if s.Exact && !s.Named {
		return unstrided, product, errSpreads
	}
	if s.Exact && !a.by.Exact(unstrided) {
		return unstrided, product, errRounds
	}
	if err := s.check(1, 1); err != nil {
		return unstrided, product, err
	}
	if !shaders.Fits(product) || !shaders.Fits(unstrided) {
		return unstrided, product, ErrTooLong
	}
	return unstrided, product, a.product.serves(Spec{Problem: product, DType: s.DType})
}

func (a transformed) Plan(s Spec, l Limits) (Plan, error) {
	unstrided, product, err := a.layers(s)
	if err != nil {
		return Plan{}, err
	}
	before, behind, err := a.steps(unstrided, s, l.Software)
	if err != nil {
		return Plan{}, err
	}
	cost := func(m Machine) float64 {
		sum := a.product.cost(product, m) + costOf(before, m) + costOf(behind, m)
		if unstrided != s.Problem {
			sum += m.occupied(float64(unstrided.InLen()), 2*m.Load)
		}
		return sum
	}
	plan := newPlan(a, s, packedLen(product, a.product.tiles), cost)
	plan.Pack = func(f tensor.Filters) ([]float32, error) { return a.pack(s.Problem, unstrided, product, f, nil) }
	from := plan.spaceToDepth(s, unstrided)
	inputs := plan.Scratch("the transformed input", product.InLen())
	products := plan.Scratch("the products", product.OutLen())
	plan.chain(before, from, product.InLen(), exec.Whole(inputs))
	plan.tiles(
		a.product,
		Spec{Problem: product, DType: s.DType},
		inputs,
		plan.Zeros(int64(product.OutChannels)),
		products,
	)
	plan.chain(
		behind,
		products,
		product.OutLen(),
		exec.Whole(B),
		exec.Whole(Slopes),
		exec.Whole(Residual),
		exec.Whole(V),
	)
	return plan.finished(l)
}

// pack transforms the filters, and packs what becomes of them for the products. Tests spoil what stands between space
// to depth and the transform.
func (a transformed) pack(
	p, unstrided, product conv.Problem,
	filters tensor.Filters,
	spoil func(conv.Problem, tensor.Filters),
) ([]float32, error) {
	filters, err := transform.SpaceToDepthFilters(p, filters)
	if err != nil {
		return nil, err
	}
	if spoil != nil {
		spoil(unstrided, filters)
	}
	if filters, err = a.by.Filters(unstrided, filters); err != nil {
		return nil, err
	}
	return pack(product, filters.Data, a.product.tiles), nil
}

// PackSpoiled packs filters for a transform, for tests that must see the fault: spoil changes the filters of the layer
// of stride 1 before they are transformed.
func PackSpoiled(plan Plan, filters tensor.Filters, spoil func(conv.Problem, tensor.Filters)) ([]float32, error) {
	a, ok := untextured(plan.Algorithm).(transformed)
	if !ok {
		return nil, fmt.Errorf("%s is no transform", Name(plan.Algorithm))
	}
	unstrided, product, err := a.layers(plan.Spec)
	if err != nil {
		return nil, err
	}
	return a.pack(plan.Spec.Problem, unstrided, product, filters, spoil)
}

// spaceToDepth adds how X becomes the input of the layer of stride 1, and gives that, which is X itself where the
// layer has stride 1.
func (plan *Plan) spaceToDepth(s Spec, unstrided conv.Problem) int {
	p := s.Problem
	if p == unstrided {
		return X
	}
	y := plan.Scratch("the input from space to depth", unstrided.InLen())
	k := shaders.SpaceToDepthBy(vectorOf(p.InChannels/p.Groups, 1, false, s.X))
	params := shaders.SpaceToDepthParams(p, unstrided).Place(s.X, shaders.Placement{}, shaders.Placement{})
	plan.Threads(k, shaders.Encode(params), int64(params.Outputs), int64(k.Threads), exec.Whole(X), exec.Whole(y))
	return y
}

// transformStep is one kernel of a transform, a thread of which reads and writes so many numbers or vectors.
type transformStep struct {
	kernel  shaders.Variant
	threads uint32 // of a workgroup
	params  shaders.Params
	numbers uint32
}

// steps are the kernels before and behind the products, of a layer of stride 1.
func (a transformed) steps(p conv.Problem, s Spec, software bool) (before, behind []transformStep, err error) {
	if before, behind, err = a.unplaced(p, s, software); err != nil {
		return nil, nil, err
	}
	if p == s.Problem { // else what goes from space to depth stands there
		first := &before[0].params
		*first = first.Place(s.X, shaders.Placement{}, shaders.Placement{})
	}
	last := &behind[len(behind)-1].params
	*last = last.Place(shaders.Placement{}, s.V, s.Residual)
	return before, behind, nil
}

// unplaced are the steps of volumes that stand alone. Vectors are those that the placed ones allow.
func (a transformed) unplaced(p conv.Problem, s Spec, software bool) (before, behind []transformStep, err error) {
	vectorIn := func(numbers uint32) uint32 { return vectorOf(p.InChannels, numbers, software, s.X) }
	if p != s.Problem {
		vectorIn = func(numbers uint32) uint32 {
			return vectorOf(p.InChannels, numbers, software, shaders.Placement{})
		}
	}
	vectorOut := func(numbers uint32) uint32 { return vectorOf(p.OutChannels, numbers, software, s.V) }
	if a.by != transform.Fourier {
		down, across, err := a.by.Tile(p)
		if err != nil {
			return nil, nil, err
		}
		h, w, m := uint32(down), uint32(across), uint32(a.by)
		in, out := shaders.WinogradInputs(h, w, vectorIn(h*w)), shaders.WinogradOutputs(h, w, m, vectorOut(h*w))
		return []transformStep{
				{in, in.Threads, shaders.WinogradInput(p, in), 2 * h * w},
			}, []transformStep{
				{out, out.Threads, shaders.WinogradOutput(p, out, s.fused()), h*w + out.Count()},
			}, nil
	}
	const numbers = shaders.FourierInputs + shaders.FourierOutputs
	of := func(k shaders.Fourier) transformStep {
		return transformStep{k, k.Threads, shaders.FourierParams(p, k, s.fused()), numbers}
	}
	in, out := vectorIn(numbers), vectorOut(numbers)
	before, behind = []transformStep{of(shaders.FourierRows(in))}, []transformStep{of(shaders.FourierInverseRows(out))}
	if p.H.Filter > 1 && p.W.Filter > 1 {
		before = append(before, of(shaders.FourierColumns(in)))
		behind = append([]transformStep{of(shaders.FourierInverseColumns(out))}, behind...)
	}
	return before, behind, nil
}

// chain adds kernels one behind the other: the first reads from, the last has the other bindings. Between two there
// are as many numbers as in all the products, but for those that rows have less than their spectra.
func (plan *Plan) chain(all []transformStep, from int, products int64, last ...exec.Use) {
	for i, step := range all {
		uses := last
		lines := from
		if i < len(all)-1 {
			lines = plan.Scratch("rows of transforms", products/shaders.FourierOutputs*shaders.FourierInputs)
			uses = []exec.Use{exec.Whole(lines)}
		}
		plan.Threads(
			step.kernel,
			shaders.Encode(step.params),
			int64(step.params.Outputs),
			int64(step.threads),
			append([]exec.Use{exec.Whole(from)}, uses...)...)
		from = lines
	}
}

func costOf(all []transformStep, m Machine) (cost float64) {
	for _, step := range all {
		cost += m.occupied(float64(step.params.Outputs), float64(step.numbers)*m.Transform)
	}
	return cost
}

// vectorOf is how many channels a thread of a transform that holds so many numbers takes at once. Four times 64
// are more than a GPU's thread has registers for; software adapters have no such bounds, and take as long for
// a number as for four.
func vectorOf(channels int, numbers uint32, software bool, at shaders.Placement) uint32 {
	if channels%4 == 0 && at.Aligned(4) && (numbers < 64 || software) {
		return 4
	}
	return 1
}

// Rounds tells that of a layer that is computed by a transform not even small integers come out exact.
func Rounds(by transform.Transform, p conv.Problem) bool {
	unstrided, err := transform.OfStride1(p)
	return err != nil || !by.Exact(unstrided)
}
