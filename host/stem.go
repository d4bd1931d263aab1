package host

import (
	"fmt"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/shaders"
)

// stem is for the first layer of a network, of an image's 3 channels.
type stem struct{ shaders.Stem }

func (stem) Name() string { return "stem" }

// Variant is, for example, 16x1x16_f7s2_t8.
func (a stem) Variant() string { return strings.TrimPrefix(a.Stem.Name(), "stem_") }

func (a stem) kernel() shaders.Variant { return a.Stem }

func (a stem) serves(p conv.Problem, o LayerOptions) error {
	if p.Groups != 1 || p.InChannels != int(a.Inputs()) {
		return fmt.Errorf("must have %d input channels in one group", a.Inputs())
	}
	if p.OutChannels%int(a.Stored()) != 0 {
		return fmt.Errorf("%d depth slices, must be a multiple of %d", p.OutChannels, a.Stored())
	}
	return servesLiteral(p, o, a.Filter, a.Stride)
}

func (a stem) pack(l *Layer) ([]float32, error) {
	return pack(l.problem, l.filters.Data, columnsOf(a.Channels)), nil
}

func (a stem) sizes(p conv.Problem) []int64 { return []int64{packedLen(p, columnsOf(a.Channels))} }

func (a stem) record(e *forward, fused conv.Epilogue) error {
	return e.strips(a.Stem, a.Strip, a.Rows, a.Channels, a.Threads, shaders.Forward(e.layer.problem, fused))
}
