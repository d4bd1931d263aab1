package host

import (
	"errors"
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
)

// tiled is an implicit GEMM: threads or workgroups compute tiles of V.
type tiled struct {
	tiles shaders.Tiles
	parts uint32 // that the input channels are split into, 1 for none
}

// maxParts bounds how far sums are split.
const maxParts = 16

func (a tiled) Name() string {
	if _, ok := a.tiles.(shaders.Shared); ok {
		return "shared"
	}
	return "registers"
}

// Variant is, for example, 8x16_v4_t64, or 64x64x16_v4_k8 where sums are split into 8 parts.
func (a tiled) Variant() string {
	name := a.tiles.Name()[len(a.Name())+1:]
	if a.parts > 1 {
		name += fmt.Sprintf("_k%d", a.parts)
	}
	return name
}

// tiledAlgorithms are all of them. Sums are split where a GPU would have too few workgroups.
func tiledAlgorithms() (all []tiled) {
	for _, t := range shaders.TileRows() {
		for parts := uint32(1); parts <= maxParts; parts *= 4 {
			all = append(all, tiled{t, parts})
		}
	}
	return all
}

var (
	errNotFloat32 = errors.New("volumes must be float32")
	errNotPlain   = errors.New("not for transposed or unshared layers")
	errPart       = errors.New("not for layers that are computed in parts")
	errRounds     = errors.New("its transforms round: not where integers must be exact")
)

func (a tiled) serves(p conv.Problem, o LayerOptions) error {
	inputs, outputs := uint32(p.InChannels/p.Groups), uint32(p.OutChannels/p.Groups)
	switch {
	case o.numbers() != Float32:
		return errNotFloat32
	case p.Transposed || p.Unshared:
		return errNotPlain
	case inputs%a.tiles.Vectored() != 0 || outputs%a.tiles.Vectored() != 0:
		return fmt.Errorf("%d input channels and %d depth slices a group, must be multiples of %d", inputs, outputs, a.tiles.Vectored())
	case a.parts > 1 && inputs < 16*a.parts:
		return fmt.Errorf("%d input channels a group, too few for %d parts", inputs, a.parts)
	case packedLen(p, a.tiles) > 1<<31:
		return errTooLong
	case a.uniform() && a.columnBytes(p) > shaders.UniformBytes:
		return fmt.Errorf("%d bytes of weights a column of tiles, a uniform buffer holds %d", a.columnBytes(p), shaders.UniformBytes)
	case a.uniform() && a.columnBytes(p)%guardStep != 0:
		return fmt.Errorf("%d bytes of weights a column of tiles, must be a multiple of %d", a.columnBytes(p), guardStep)
	case a.uniform() && a.parts > 1:
		return errors.New("sums are not split where weights come from a uniform buffer")
	}
	return nil
}

// fitsDevice tells whether a device's workgroups and bindings are large enough.
func fitsDevice(a algorithm, p conv.Problem, l gpu.Limits) bool {
	for _, size := range a.sizes(p) {
		if uint64(size)*4+guardBytes(l) > min(l.MaxStorageBinding, l.MaxBufferSize-guardBytes(l)) {
			return false
		}
	}
	k, ok := a.(oneKernel)
	if !ok {
		return true
	}
	s, err := shaders.Source(k.kernel())
	return err == nil && s.Workgroup[0] <= min(l.MaxWorkgroupInvocations, l.MaxWorkgroupSizeX) && s.WorkgroupStorage <= l.MaxWorkgroupStorage
}

func (a tiled) kernel() shaders.Variant { return a.tiles }

func (a tiled) sizes(p conv.Problem) []int64 {
	if a.parts == 1 {
		return []int64{packedLen(p, a.tiles)}
	}
	return []int64{packedLen(p, a.tiles), int64(a.parts) * p.OutLen()}
}

// guardStep is what offsets of uniform bindings are multiples of, on every device.
const guardStep = 256

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
func (a tiled) pack(l *Layer) ([]float32, error) {
	return pack(l.problem, l.filters.Data, a.tiles), nil
}

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

func (a tiled) record(e *forward, fused conv.Epilogue) error {
	return e.tiles(a, e.layer.problem, fused, e.x, e.w, e.b, e.v)
}

// tiles records an implicit GEMM from x to v, and where its sums are split their addition.
func (e *forward) tiles(a tiled, p conv.Problem, fused conv.Epilogue, x, w, b, v *guarded) error {
	params := shaders.Forward(p, fused)
	params.Parts = a.parts
	to := v
	if a.parts > 1 {
		parts, err := e.newScratch("parts of sums", int64(a.parts)*p.OutLen())
		if err != nil {
			return err
		}
		to = parts
	}
	if err := e.columns(a, p, params, x, w, b, to); err != nil || a.parts == 1 {
		return err
	}
	return e.elementwise(shaders.SumParts, shaders.Encode(params), p.OutLen(), to.input(), b.input(), e.slopes.input(), e.residual.input(), v.output())
}

// columns records all columns of tiles: in one dispatch, or as many at a time as a uniform binding holds
// the weights of.
func (e *forward) columns(a tiled, p conv.Problem, params shaders.Params, x, w, b, to *guarded) error {
	all := a.columns(p)
	each, weights := all, w.input()
	if a.uniform() {
		each = min(all, shaders.UniformBytes/a.columnBytes(p))
	}
	for first := int64(0); first < all; first += each {
		params.FirstColumn, params.Columns = uint32(first), uint32(min(each, all-first))
		if a.uniform() {
			weights = gpu.Binding{Buffer: w.buffer, Offset: w.guard + uint64(first*a.columnBytes(p)), Size: shaders.UniformBytes}
		}
		workgroups := a.rows(p) * int64(params.Columns) * int64(a.parts)
		err := e.sums(a.tiles, shaders.Encode(params), workgroups, x.input(), weights, b.input(), e.slopes.input(), e.residual.input(), to.output())
		if err != nil {
			return err
		}
	}
	return nil
}

// oneKernel is an algorithm that leaves most of its work to one kernel.
type oneKernel interface{ kernel() shaders.Variant }

// fromUniform tells whether weights come from a uniform buffer.
func fromUniform(a algorithm) bool {
	k, ok := a.(oneKernel)
	if !ok {
		return false
	}
	r, ok := k.kernel().(shaders.Registers)
	return ok && r.Uniform
}

func (a tiled) uniform() bool { return fromUniform(a) }

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
