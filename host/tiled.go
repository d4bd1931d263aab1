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
)

func (a tiled) serves(p conv.Problem, o LayerOptions) error {
	inputs := uint32(p.InChannels / p.Groups)
	switch {
	case o.numbers() != Float32:
		return errNotFloat32
	case p.Transposed || p.Unshared:
		return errNotPlain
	case inputs%a.tiles.Vectored() != 0:
		return fmt.Errorf("%d input channels a group, must be a multiple of %d", inputs, a.tiles.Vectored())
	case a.parts > 1 && inputs < 16*a.parts:
		return fmt.Errorf("%d input channels a group, too few for %d parts", inputs, a.parts)
	case packedLen(p, a.tiles) > 1<<31:
		return errTooLong
	}
	return nil
}

// fitsDevice tells whether a device's workgroups are large enough.
func fitsDevice(a algorithm, l gpu.Limits) bool {
	var v shaders.Variant
	switch a := a.(type) {
	case tiled:
		v = a.tiles
	case interface{ kernel() shaders.Variant }:
		v = a.kernel()
	default:
		return true
	}
	s, err := shaders.Source(v)
	return err == nil && s.Workgroup[0] <= min(l.MaxWorkgroupInvocations, l.MaxWorkgroupSizeX) && s.WorkgroupStorage <= l.MaxWorkgroupStorage
}

// packedLen is how many numbers the packed filters are.
func packedLen(p conv.Problem, t shaders.Tiles) int64 {
	_, block := t.Tile()
	blocks := (int64(p.OutChannels/p.Groups) + int64(block) - 1) / int64(block)
	return int64(p.Groups) * blocks * int64(block) * int64(p.TapsPerOutput())
}

// pack puts the filters of each group into blocks of as many depth slices as a tile has, depth slice
// innermost, then input channel, then tap. The last block of a group is filled up with zeros.
func (a tiled) pack(l *Layer) []float32 { return pack(l.problem, l.filters.Data, a.tiles) }

func pack(p conv.Problem, filters []float32, t shaders.Tiles) []float32 {
	_, channels := t.Tile()
	packed, block := make([]float32, packedLen(p, t)), int(channels)
	taps, outs := p.TapsPerOutput(), p.OutChannels/p.Groups // taps of all input channels
	to := packed
	for group := range p.Groups {
		for first := 0; first < outs; first += block {
			for i := range min(block, outs-first) {
				from := filters[(group*outs+first+i)*taps:][:taps]
				for tap, weight := range from {
					to[tap*block+i] = weight
				}
			}
			to = to[block*taps:]
		}
	}
	return packed
}

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
	err := e.sums(a.tiles, shaders.Encode(params), a.workgroups(p), x.input(), w.input(), b.input(), e.slopes.input(), e.residual.input(), to.output())
	if err != nil || a.parts == 1 {
		return err
	}
	return e.elementwise(shaders.SumParts, shaders.Encode(params), p.OutLen(), to.input(), b.input(), e.slopes.input(), e.residual.input(), v.output())
}

// workgroups is how many tiles there are.
func (a tiled) workgroups(p conv.Problem) int64 {
	pixels, channels := a.tiles.Tile()
	rows := (p.OutLen()/int64(p.OutChannels) + int64(pixels) - 1) / int64(pixels)
	columns := (int64(p.OutChannels/p.Groups) + int64(channels) - 1) / int64(channels)
	return rows * columns * int64(p.Groups) * int64(a.parts)
}
