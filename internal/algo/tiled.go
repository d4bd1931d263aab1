package algo

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// tiled is an implicit GEMM: threads or workgroups compute tiles of V.
type tiled struct {
	tiles  shaders.Tiles
	splitK uint32 // how many sums each output's input channels are split into, 1 for none
}

// maxSplitK bounds how far sums are split.
const maxSplitK = 16

func (a tiled) Name() string {
	if _, ok := a.tiles.(shaders.Shared); ok {
		return "shared"
	}
	return "registers"
}

// Variant is, for example, 8x16_v4_t64, or 64x64x16_v4_k8 where split-K makes eight sums of each.
func (a tiled) Variant() string {
	name := a.tiles.Name()[len(a.Name())+1:]
	if a.splitK > 1 {
		name += fmt.Sprintf("_k%d", a.splitK)
	}
	return name
}

// tiledAlgorithms are all of them. Sums are split where a GPU would have too few workgroups, but not where weights
// come from a uniform buffer.
func tiledAlgorithms() (all []tiled) {
	for _, t := range shaders.TileRows() {
		all = append(all, tiled{t, 1})
		for k := uint32(4); k <= maxSplitK && !all[len(all)-1].uniform(); k *= 4 {
			all = append(all, tiled{t, k})
		}
	}
	return all
}

// serves reports why a layer is not the algorithm's.
func (a tiled) serves(s Spec) error {
	p := s.Problem
	inputs, outputs := uint32(p.InChannels/p.Groups), uint32(p.OutChannels/p.Groups)
	switch {
	case s.DType != shaders.Float32:
		return errNotFloat32
	case p.Transposed || p.Unshared:
		return errNotOrdinary
	case inputs%a.tiles.Vectored() != 0 || outputs%a.tiles.Vectored() != 0:
		return fmt.Errorf(
			"%d input channels and %d depth slices a group, must be multiples of %d",
			inputs,
			outputs,
			a.tiles.Vectored(),
		)
	case a.splitK > 1 && inputs < 16*a.splitK:
		return fmt.Errorf("%d input channels a group, too few for a split-K of %d", inputs, a.splitK)
	case packedLen(p, a.tiles) > 1<<31:
		return ErrTooLong
	case a.uniform() && a.columnBytes(p) > shaders.UniformBytes:
		return fmt.Errorf(
			"%d bytes of weights a column of tiles, a uniform buffer holds %d",
			a.columnBytes(p),
			shaders.UniformBytes,
		)
	case a.uniform() && a.columnBytes(p)%uniformStep != 0:
		return fmt.Errorf(
			"%d bytes of weights a column of tiles, must be a multiple of %d",
			a.columnBytes(p),
			uniformStep,
		)
	}
	return nil
}

func (a tiled) Plan(s Spec, l Limits) (Plan, error) {
	if err := a.serves(s); err != nil {
		return Plan{}, err
	}
	if err := s.check(a.tiles.Vectored(), a.tiles.Vectored()); err != nil {
		return Plan{}, err
	}
	p := s.Problem
	plan := newPlan(a, s, packedLen(p, a.tiles), func(m Machine) float64 { return a.cost(p, m) })
	plan.Pack = func(f tensor.Filters) ([]float32, error) { return pack(p, f.Data, a.tiles), nil }
	plan.tiles(a, s, X, B, V)
	return plan.finished(l)
}

// uniformStep is what offsets of uniform bindings are multiples of, on every device.
const uniformStep = 256

// packedLen is how many numbers the packed filters are. Behind those for a uniform buffer there is room
// for a whole binding from the last column on.
func packedLen(p conv.Problem, t shaders.Tiles) int64 {
	a := tiled{t, 1}
	length := a.columns(p) * a.columnBytes(p) / 4
	if a.uniform() {
		length += shaders.UniformBytes / 4
	}
	return length
}

// packedInputs is the input channels of a tap: a group's, and zeros up to whole steps.
func packedInputs(p conv.Problem, t shaders.Tiles) int {
	return int(ceilDiv(int64(p.InChannels/p.Groups), int64(t.Step())) * int64(t.Step()))
}

// pack puts the filters of each group into blocks of as many depth slices as a tile has, depth slice
// innermost, then input channel, then tap. The last block of a group is filled up with zeros.
func pack(p conv.Problem, filters []float32, t shaders.Tiles) []float32 {
	_, channels := t.Tile()
	packed, block := make([]float32, packedLen(p, t)), int(channels)
	inputs, outs, padded := p.InChannels/p.Groups, p.OutChannels/p.Groups, packedInputs(p, t)
	to := packed
	for group := range p.Groups {
		for first := 0; first < outs; first += block {
			for i := range min(block, outs-first) {
				from := filters[(group*outs+first+i)*taps(p)*inputs:]
				for tap := range taps(p) {
					for c, weight := range from[tap*inputs:][:inputs] {
						to[(tap*padded+c)*block+i] = weight
					}
				}
			}
			to = to[block*taps(p)*padded:]
		}
	}
	return packed
}

// taps is how many positions a filter has.
func taps(p conv.Problem) int { return p.Z.Filter * p.H.Filter * p.W.Filter }

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }

// tiles adds an implicit GEMM from x to v, and where its sums are split their addition. W is packed for a; where its
// weights come from a uniform buffer, it becomes one.
func (plan *Plan) tiles(a tiled, s Spec, x, b, v int) {
	p := s.Problem
	params := shaders.Forward(p, s.fused())
	params.SplitK = a.splitK
	to, products := v, s.place(params)
	if a.splitK > 1 {
		products = params.Place(s.X, shaders.Placement{}, shaders.Placement{})
		to = plan.Scratch("the sums of split-K", int64(a.splitK)*p.OutLen())
	}
	if a.uniform() {
		plan.Operands[W].Usage = gpu.Uniform
	}
	plan.columns(a, p, products, x, b, to)
	if a.splitK > 1 {
		plan.Threads(shaders.SumSplitK, shaders.Encode(s.place(params)), p.OutLen(), int64(shaders.SumSplitK.Threads),
			exec.Whole(to), exec.Whole(b), exec.Whole(Slopes), exec.Whole(Residual), exec.Whole(v))
	}
}

// columns adds all columns of tiles: in one dispatch, or as many at a time as a uniform binding holds the weights of.
func (plan *Plan) columns(a tiled, p conv.Problem, params shaders.Params, x, b, to int) {
	all := a.columns(p)
	each, weights := all, exec.Whole(W)
	if a.uniform() {
		each = min(all, shaders.UniformBytes/a.columnBytes(p))
	}
	for first := int64(0); first < all; first += each {
		params.FirstColumn, params.Columns = uint32(first), uint32(min(each, all-first))
		if a.uniform() {
			weights = exec.Use{Operand: W, Offset: uint64(first * a.columnBytes(p)), Size: shaders.UniformBytes}
		}
		plan.Dispatch(a.tiles, shaders.Encode(params), a.rows(p)*int64(params.Columns)*int64(a.splitK),
			exec.Whole(x), weights, exec.Whole(b), exec.Whole(Slopes), exec.Whole(Residual), exec.Whole(to))
	}
}

// uniform tells whether weights come from a uniform buffer.
func (a tiled) uniform() bool {
	r, ok := a.tiles.(shaders.Registers)
	return ok && r.Uniform
}

// columnBytes is the size of a column's weights.
func (a tiled) columnBytes(p conv.Problem) int64 {
	_, block := a.tiles.Tile()
	return 4 * int64(block) * int64(taps(p)) * int64(packedInputs(p, a.tiles))
}

// rows and columns are how many tiles there are along V's pixels and depth slices.
func (a tiled) rows(p conv.Problem) int64 {
	pixels, _ := a.tiles.Tile()
	return ceilDiv(p.OutLen()/int64(p.OutChannels), int64(pixels))
}

func (a tiled) columns(p conv.Problem) int64 {
	_, channels := a.tiles.Tile()
	return ceilDiv(int64(p.OutChannels/p.Groups), int64(channels)) * int64(p.Groups)
}

func (a tiled) cost(p conv.Problem, m Machine) float64 {
	steps := float64(taps(p)) * float64(packedInputs(p, a.tiles)) / float64(a.tiles.Step()) / float64(a.splitK)
	var threads, neurons, slices, step float64
	switch t := a.tiles.(type) {
	case shaders.Registers:
		threads, neurons, slices = float64(t.Threads), float64(t.Pixels), float64(t.Channels)
		weight := m.Load
		if t.Uniform {
			weight = m.Uniform
		}
		step = float64(t.Pixels*t.Channels*t.Vector) + m.Load*float64(t.Pixels) + weight*float64(t.Channels*t.Vector/4)
	case shaders.Shared:
		threads, neurons, slices = float64(t.Threads()), 8, 8
		loads := 4*len(t.XGroups()) + len(t.WLoads())
		step = float64(t.Depth)*(64+2*m.Shared) + m.Load*float64(loads) + m.Shared*float64(loads) + 2*m.Barrier
	}
	ends := neurons * (m.Neuron + slices*m.Store + float64(taps(p))*m.Address)
	threads *= m.idle(uint32(threads))
	return m.occupied(float64(a.rows(p)*a.columns(p)*int64(a.splitK))*threads, steps*step+ends) +
		m.parts(p.OutLen(), a.splitK)
}
