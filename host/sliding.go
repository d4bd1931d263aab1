package host

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/shaders"
)

// sliding is for small filters of few channels, literal in the kernel: they slide over rows of X that
// are loaded once.
type sliding struct{ shaders.Slide }

// Name is depthwise or grouped.
func (a sliding) Name() string {
	name, _, _ := strings.Cut(a.Slide.Name(), "_")
	return name
}

// Variant is, for example, 8x4_f3s1_t64.
func (a sliding) Variant() string { return a.Slide.Name()[len(a.Name())+1:] }

func (a sliding) kernel() shaders.Variant { return a.Slide }

var errNotZeroPadding = errors.New("padding must be zero")

func (a sliding) serves(p conv.Problem, o LayerOptions) error {
	inputs, outputs := p.InChannels/p.Groups, p.OutChannels/p.Groups
	switch {
	case a.Grouped && (inputs != 4 || outputs%4 != 0):
		return errors.New("groups must have 4 input channels and a multiple of 4 depth slices")
	case !a.Grouped && (inputs != 1 || outputs != 1 || p.OutChannels%4 != 0):
		return fmt.Errorf("%w with a multiple of 4 input channels, and as many depth slices", errNotDepthwise)
	}
	return servesLiteral(p, o, a.Filter, a.Stride)
}

// servesLiteral reports why a layer is not for kernels with a square filter and its stride in their text.
func servesLiteral(p conv.Problem, o LayerOptions, filter, stride uint32) error {
	plane := func(x conv.Axis) bool {
		return x.Filter == int(filter) && x.Stride == int(stride) && x.Dilation == 1
	}
	switch {
	case o.numbers() != Float32:
		return errNotFloat32
	case p.Transposed || p.Unshared:
		return errNotPlain
	case p.Padding != conv.Zero:
		return errNotZeroPadding
	case p.Z.Filter != 1 || !plane(p.H) || !plane(p.W):
		return fmt.Errorf("filters must be %dx%d of stride %d, without dilation", filter, filter, stride)
	case 4*int64(p.OutChannels+16)*int64(p.TapsPerOutput()) > 1<<33: // packed, at most
		return errTooLong
	}
	return nil
}

func (a sliding) pack(l *Layer) ([]float32, error) {
	if a.Grouped {
		return pack(l.problem, l.filters.Data, columnsOf(4)), nil
	}
	return packDepthwise(l.problem, l.filters.Data), nil
}

func (a sliding) sizes(p conv.Problem) []int64 {
	if a.Grouped {
		return []int64{packedLen(p, columnsOf(4))}
	}
	return []int64{depthwiseLen(p)}
}

// columnsOf is the tile for whose kernel filters are packed in blocks of so many depth slices.
func columnsOf(channels uint32) shaders.Tiles {
	return shaders.Registers{Channels: channels, Vector: 1}
}

func (a sliding) record(e *forward, fused conv.Epilogue) error {
	return e.strips(a.Slide, a.Strip, a.Rows, a.Channels(), a.Threads, shaders.Forward(e.layer.problem, fused))
}
