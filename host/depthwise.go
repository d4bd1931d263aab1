package host

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/shaders"
)

// depthwise is for layers of one input channel a group, of any filter and number of depth slices.
type depthwise struct{ shaders.Depthwise }

// stripAlgorithms are those of depthwise layers, of groups of few channels and of stems, the quickest kind
// first.
func stripAlgorithms() (all []algorithm) {
	for _, s := range shaders.SlideRows() {
		all = append(all, sliding{s})
	}
	for _, d := range shaders.DepthwiseRows() {
		all = append(all, depthwise{d})
	}
	for _, s := range shaders.StemRows() {
		all = append(all, stem{s})
	}
	return all
}

func (depthwise) Name() string { return "depthwise" }

// Variant is, for example, 4_v4_t64.
func (a depthwise) Variant() string { return strings.TrimPrefix(a.Depthwise.Name(), "depthwise_") }

func (a depthwise) kernel() shaders.Variant { return a.Depthwise }

var errNotDepthwise = errors.New("must be depthwise")

func (a depthwise) serves(p conv.Problem, o LayerOptions) error {
	switch {
	case o.numbers() != Float32:
		return errNotFloat32
	case p.Transposed || p.Unshared:
		return errNotPlain
	case p.InChannels != p.Groups:
		return errNotDepthwise
	case a.Vector == 4 && (p.OutChannels != p.InChannels || p.InChannels%4 != 0):
		return fmt.Errorf("%w with a multiple of 4 input channels, and as many depth slices", errNotDepthwise)
	case int64(p.TapsPerOutput())*int64(p.OutChannels+3) > 1<<31: // packed
		return errTooLong
	}
	return nil
}

func (depthwise) pack(l *Layer) ([]float32, error) {
	return packDepthwise(l.problem, l.filters.Data), nil
}

func (depthwise) sizes(p conv.Problem) []int64 { return []int64{depthwiseLen(p)} }

// depthwiseLen is how many numbers packDepthwise gives.
func depthwiseLen(p conv.Problem) int64 {
	return int64(p.TapsPerOutput()) * (int64(p.OutChannels+3) / 4 * 4)
}

// packDepthwise puts the weights of a depthwise layer's taps one tap behind the other, depth slice
// innermost, and as many as fill the last vector of four with zeros.
func packDepthwise(p conv.Problem, filters []float32) []float32 {
	taps, channels := p.TapsPerOutput(), (p.OutChannels+3)/4*4
	packed := make([]float32, depthwiseLen(p))
	for i, weight := range filters {
		packed[i%taps*channels+i/taps] = weight
	}
	return packed
}

func (a depthwise) record(e *forward, fused conv.Epilogue) error {
	return e.strips(a.Depthwise, a.Strip, 1, 4, a.Threads, shaders.Forward(e.layer.problem, fused))
}

// strips records a kernel whose threads compute rows of strips of neurons of as many depth slices as
// channels says.
func (e *forward) strips(v shaders.Variant, strip, rows, channels, threads uint32, params shaders.Params) error {
	workgroups := ceilDiv(stripsOf(e.layer.problem, strip, rows, channels), int64(threads))
	return e.sums(v, shaders.Encode(params), workgroups, e.x.input(), e.w.input(), e.b.input(), e.slopes.input(), e.residual.input(), e.v.output())
}

// stripsOf is how many threads such a kernel needs.
func stripsOf(p conv.Problem, strip, rows, channels uint32) int64 {
	return int64(p.Batch) * int64(p.Z.Out) * ceilDiv(int64(p.H.Out), int64(rows)) * ceilDiv(int64(p.W.Out), int64(strip)) * ceilDiv(int64(p.OutChannels), int64(channels))
}
