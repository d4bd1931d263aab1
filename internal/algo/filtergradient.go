package algo

import (
	"errors"
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// Algorithms of this file and of those named filter*.go compute the gradients with respect to W and b. Their plans
// have these in the places of W and b, and dZ in the place of V.

// FilterGradients are all of them, whether they serve the layer or not.
func FilterGradients() []Algorithm {
	list := []Algorithm{directFilters{}}
	for _, a := range filterTiles() {
		list = append(list, a)
	}
	for _, a := range filterShareds() {
		list = append(list, a)
	}
	for _, a := range filterAdjoints() {
		list = append(list, a)
	}
	for _, a := range filterWinograds() {
		list = append(list, a)
	}
	for _, a := range filterStrideds() {
		list = append(list, a)
	}
	for _, a := range filterSlides() {
		list = append(list, a)
	}
	list = append(list, filterUnshared{shaders.FilterUnsharedBy(4)}, filterUnshared{shaders.FilterUnsharedBy(1)})
	return append(list, texturedAlgorithms(list)...)
}

// FilterCandidates are the plans for dW and db of those that serve a layer on a device, as [Candidates] orders them.
func FilterCandidates(s Spec, l Limits) []Plan {
	s.DType = shaders.Float32 // as gradients are
	return candidates(FilterGradients(), s, l)
}

// ChooseFilterGradient gives the plan for dW and db of the algorithm of that name, as [Choose] does. A layer that is
// to be computed by the direct one, or whose workgroups are of a chosen number of threads, has the direct one.
func ChooseFilterGradient(name string, s Spec, l Limits) (Plan, error) {
	if (s.Direct || s.Threads != 0) && name == "" {
		name = directFilters{}.Name()
	}
	s.DType, s.Named = shaders.Float32, name != "" // gradients are float32
	return chooseOf(FilterGradients(), name, s, l)
}

// filterGradient adds the steps of a plan for dW and db.
func (g *Backward) filterGradient(filters Plan, l Limits) {
	g.Filters.Algorithm = filters.Algorithm
	if Is(filters.Algorithm, directFilters{}.Name()) {
		s := g.Spec
		s.Direct = s.Direct || s.FilterGradient != ""
		g.Filters.WhyDirect = whyDirect(FilterGradients(), s, l)
	}
	g.Append(filters.Plan, map[int]int{X: X, W: g.DW, B: g.DB, Slopes: Slopes, Residual: Residual, V: g.DZ})
}

// newFilterPlan begins the plan of a.
func newFilterPlan(a Algorithm, s Spec, cost func(Machine) float64) Plan {
	p := s.Problem
	plan := newPlan(a, s, p.FilterLen(), cost)
	plan.Operands[W] = exec.Operand{Name: "the gradient dW", Role: exec.Output, Count: p.FilterLen(),
		DType: shaders.Float32}
	plan.Operands[B] = exec.Operand{Name: "the gradient db", Role: exec.Output, Count: p.BiasLen(),
		DType: shaders.Float32}
	plan.Operands[V] = exec.Operand{Name: "the gradient dZ", Role: exec.Input, Count: p.OutLen(),
		DType: shaders.Float32}
	return plan
}

// directFilters is for every layer: a workgroup for each weight and each bias.
type directFilters struct{}

func (directFilters) Name() string    { return "direct" }
func (directFilters) Variant() string { return fmt.Sprintf("t%d", shaders.FilterGradients.Threads) }

func (a directFilters) Plan(s Spec, l Limits) (Plan, error) {
	p := s.Problem
	plan := newFilterPlan(a, s, func(m Machine) float64 { return a.cost(p, m) })
	plan.Dispatch(shaders.FilterGradients, shaders.Encode(shaders.FilterGradient(p)), p.FilterLen(),
		exec.Whole(X), exec.Whole(V), exec.Whole(W))
	plan.Dispatch(shaders.BiasGradients, shaders.Encode(shaders.BiasGradient(p)), p.BiasLen(), exec.Whole(V),
		exec.Whole(B))
	return plan, plan.fits(l)
}

func (directFilters) cost(p conv.Problem, m Machine) float64 {
	threads := float64(shaders.FilterGradients.Threads)
	steps := float64(p.FLOPs())/2/float64(p.FilterLen())/threads + 1
	return m.occupied(float64(p.FilterLen())*threads, steps*(2*m.Load+m.Address)+8*m.Barrier/threads)
}

// biasParts is how many parts the sums of db are split into at most: a GPU has threads for more.
func biasParts(l Limits) uint32 {
	if l.Software {
		return 64
	}
	return 1024
}

// biases adds db by vectors, where there are vectors.
func (plan *Plan) biases(p conv.Problem, l Limits) {
	terms, kernel := shaders.BiasGradient(p), shaders.BiasSumsBy(1)
	if terms.Outputs%4 == 0 {
		kernel = shaders.BiasSumsBy(4)
	}
	params := shaders.BiasSumsParams{Terms: terms.Terms, Outputs: terms.Outputs, SplitK: 1}
	if !p.Unshared {
		if params.SplitK = min(biasParts(l), (terms.Terms+15)/16); params.SplitK > someParts {
			params.SplitK -= params.SplitK % someParts // see sumParts
		}
	}
	columns := int64(params.SplitK) * p.BiasLen() / int64(kernel.Vector)
	to := plan.parts("parts of db", B, params.SplitK)
	plan.Threads(kernel, shaders.Encode(params), columns, int64(kernel.Threads), exec.Whole(V), exec.Whole(to))
	plan.sumParts(to, B, params.SplitK)
}

// parts is where the parts of an operand's sums are written: scratch, or the operand itself where there is one part.
func (plan *Plan) parts(name string, operand int, splitK uint32) int {
	if splitK == 1 {
		return operand
	}
	return plan.Scratch(name, int64(splitK)*plan.Operands[operand].Count)
}

// someParts is how many parts are added up at a time.
const someParts = 16

// sumParts adds the parts of an operand's sums up, where there are several: some at a time, in threads of their own.
func (plan *Plan) sumParts(parts, operand int, splitK uint32) {
	count := plan.Operands[operand].Count
	for ; splitK > someParts && splitK%someParts == 0; splitK /= someParts {
		several := int64(splitK/someParts) * count
		to := plan.Scratch("sums of parts", several)
		plan.sums(parts, to, several, someParts)
		parts = to
	}
	if splitK > 1 {
		plan.sums(parts, operand, count, splitK)
	}
}

// sums adds up so many numbers of each of the sums, which stand one after the other.
func (plan *Plan) sums(parts, operand int, count int64, splitK uint32) {
	none := exec.Whole(plan.Zeros(1))
	plan.Threads(shaders.SumSplitK, shaders.Encode(shaders.Partials(count, splitK)), count,
		int64(shaders.SumSplitK.Threads), exec.Whole(parts), none, none, none, exec.Whole(operand))
}

// filterSplits are into how many parts the sums of dW are split.
var filterSplits = []uint32{1, 4, 16, 64}

// filterTile is an implicit GEMM for each tap, with sums that are split.
type filterTile struct {
	shaders.FilterTiles
	splitK uint32
}

// filterTiles are all of them.
func filterTiles() (all []filterTile) {
	for _, t := range shaders.FilterTileRows() {
		for _, splitK := range filterSplits {
			all = append(all, filterTile{t, splitK})
		}
	}
	return all
}

func (filterTile) Name() string { return "tiles" }

// Variant is, for example, 16x16x2_v4_t8_k4.
func (a filterTile) Variant() string {
	return fmt.Sprintf("%s_k%d", a.FilterTiles.Name()[len("filter_tiles_"):], a.splitK)
}

// errUnshared is about layers whose neurons have filters of their own.
var errUnshared = errors.New("not for unshared layers, whose sums are over images alone")

func (a filterTile) Plan(s Spec, l Limits) (Plan, error) {
	p, params := s.Problem, shaders.FilterGradient(s.Problem)
	if err := a.serves(p, params); err != nil {
		return Plan{}, err
	}
	plan := newFilterPlan(a, s, func(m Machine) float64 { return a.cost(p, params, m) })
	plan.filterTiles(a, p, params, X, V, W)
	plan.biases(p, l)
	return plan, plan.fits(l)
}

// serves reports why a layer is not the algorithm's.
func (a filterTile) serves(p conv.Problem, params shaders.Params) error {
	inputs, outputs := uint32(p.InChannels/p.Groups), uint32(p.OutChannels/p.Groups)
	switch {
	case p.Unshared:
		return errUnshared
	case inputs%a.Vector != 0 || outputs%a.Vector != 0:
		return fmt.Errorf("%d input channels and %d depth slices a group, must be multiples of %d", inputs, outputs,
			a.Vector)
	case a.units(p) > 1<<31:
		return ErrTooLong
	}
	return splits(a.splitK, params, p)
}

// filterTiles adds an implicit GEMM from x and dv to dw, and where its sums are split their addition.
func (plan *Plan) filterTiles(a filterTile, p conv.Problem, params shaders.Params, x, dv, dw int) {
	params.SplitK = a.splitK
	to := plan.parts("parts of dW", dw, a.splitK)
	plan.Threads(a.FilterTiles, shaders.Encode(params), a.units(p), int64(a.Threads), exec.Whole(x), exec.Whole(dv),
		exec.Whole(to))
	plan.sumParts(to, dw, a.splitK)
}

// units is how many threads there are.
func (a filterTile) units(p conv.Problem) int64 {
	return int64(a.splitK) * int64(p.Groups) * int64(taps(p)) *
		ceilDiv(int64(p.InChannels/p.Groups), int64(a.Inputs)) *
		ceilDiv(int64(p.OutChannels/p.Groups), int64(a.Outputs))
}

func (a filterTile) cost(p conv.Problem, params shaders.Params, m Machine) float64 {
	size := params.OutSize
	rows := ceilDiv(rowsOf(params), int64(a.splitK))
	steps := float64(rows) * float64(ceilDiv(int64(size[2]), int64(a.Strip)))
	loads := float64(a.Strip * (a.Inputs + a.Outputs) / 4)
	step := float64(a.Strip*a.Inputs*a.Outputs) + m.Load*loads + m.Address*float64(a.Strip)
	threads := float64(ceilDiv(a.units(p), int64(a.Threads)) * int64(a.Threads))
	threads *= m.idle(a.Threads)
	return m.occupied(threads, steps*step+float64(rows)*m.Address+float64(a.Inputs*a.Outputs)*m.Store) +
		m.parts(p.FilterLen(), a.splitK)
}
