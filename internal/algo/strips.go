package algo

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// strips is an algorithm of one kernel, whose threads compute rows of strips of neurons.
type strips interface {
	Algorithm
	// serves reports why a layer is not the algorithm's.
	serves(s Spec) error
	// vectors is how many channels of X a thread loads, and of V stores, at once.
	vectors() (load, store uint32)
	// shape is a thread's part of V, and how many threads a workgroup has.
	shape() (strip, rows, channels, threads uint32)
	kernel() shaders.Variant
	packed(p conv.Problem) int64
	pack(p conv.Problem, filters []float32) []float32
	cost(p conv.Problem, m Machine) float64
}

// Strips are those of depthwise layers, of groups of few channels and of stems, the quickest kind first.
func Strips() (all []Algorithm) {
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

// planStrips is the plan of any of them.
func planStrips(a strips, s Spec, l Limits) (Plan, error) {
	if err := a.serves(s); err != nil {
		return Plan{}, err
	}
	if err := s.check(a.vectors()); err != nil {
		return Plan{}, err
	}
	p := s.Problem
	plan := newPlan(a, s, a.packed(p), func(m Machine) float64 { return a.cost(p, m) })
	plan.Pack = func(f tensor.Filters) ([]float32, error) { return a.pack(p, f.Data), nil }
	_, _, _, threads := a.shape()
	plan.Threads(
		a.kernel(),
		shaders.Encode(s.place(shaders.Forward(p, s.fused()))),
		stripsOf(a, p),
		int64(threads),
		layer()...)
	return plan.finished(l)
}

// stripsOf is how many threads such a kernel needs.
func stripsOf(a strips, p conv.Problem) int64 {
	strip, rows, channels, _ := a.shape()
	return int64(
		p.Batch,
	) * int64(
		p.Z.Out,
	) * ceilDiv(
		int64(p.H.Out),
		int64(rows),
	) * ceilDiv(
		int64(p.W.Out),
		int64(strip),
	) * ceilDiv(
		int64(p.OutChannels),
		int64(channels),
	)
}

var (
	errNotZeroPadding = errors.New("padding must be zero")
	errNotDepthwise   = errors.New("must be depthwise")
)

// servesLiteral reports why a layer is not for kernels with a square filter and its stride in their text.
func servesLiteral(s Spec, filter, stride uint32) error {
	p := s.Problem
	plane := func(x conv.Axis) bool {
		return x.Filter == int(filter) && x.Stride == int(stride) && x.Dilation == 1
	}
	switch {
	case s.DType != shaders.Float32:
		return errNotFloat32
	case p.Transposed || p.Unshared:
		return errNotOrdinary
	case p.Padding != conv.Zero:
		return errNotZeroPadding
	case p.Z.Filter != 1 || !plane(p.H) || !plane(p.W):
		return fmt.Errorf("filters must be %dx%d of stride %d, without dilation", filter, filter, stride)
	case 4*int64(p.OutChannels+16)*int64(p.TapsPerOutput()) > 1<<33: // packed, at most
		return ErrTooLong
	}
	return nil
}

// columnsOf is the tile for whose kernel filters are packed in blocks of so many depth slices.
func columnsOf(channels uint32) shaders.Tiles {
	return shaders.Registers{Channels: channels, Vector: 1}
}

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

func (a sliding) Plan(s Spec, l Limits) (Plan, error) {
	if a.Filter > 5 && !l.Software { // on an H100 eight times as slow as the kernel of any filter
		return Plan{}, errWeights
	}
	return planStrips(a, s, l)
}

// errWeights is about filters that a thread holds whole.
var errWeights = errors.New("filters of 7x7 are for software adapters: a GPU's threads have too few registers")

func (a sliding) kernel() shaders.Variant { return a.Slide }

func (a sliding) shape() (strip, rows, channels, threads uint32) {
	return a.Strip, a.Rows, a.Channels(), a.Threads
}

func (sliding) vectors() (load, store uint32) { return 4, 4 }

func (a sliding) serves(s Spec) error { return servesSliding(s, a.Grouped, a.Filter, a.Stride) }

// servesSliding reports why a layer is not for kernels whose small filters slide over few channels.
func servesSliding(s Spec, grouped bool, filter, stride uint32) error {
	p := s.Problem
	inputs, outputs := p.InChannels/p.Groups, p.OutChannels/p.Groups
	switch {
	case grouped && (inputs != 4 || outputs%4 != 0):
		return errors.New("groups must have 4 input channels and a multiple of 4 depth slices")
	case !grouped && (inputs != 1 || outputs != 1 || p.OutChannels%4 != 0):
		return fmt.Errorf("%w with a multiple of 4 input channels, and as many depth slices", errNotDepthwise)
	}
	return servesLiteral(s, filter, stride)
}

func (a sliding) packed(p conv.Problem) int64 {
	if a.Grouped {
		return packedLen(p, columnsOf(4))
	}
	return depthwiseLen(p)
}

func (a sliding) pack(p conv.Problem, filters []float32) []float32 {
	if a.Grouped {
		return pack(p, filters, columnsOf(4))
	}
	return packDepthwise(p, filters)
}

func (a sliding) cost(p conv.Problem, m Machine) float64 {
	neurons, taps, inputs := float64(a.Strip*a.Rows), float64(a.Filter*a.Filter), 1.0
	if a.Grouped {
		inputs = 4
	}
	loads := float64(len(a.Columns()))*float64((a.Rows-1)*a.Stride+a.Filter) + taps*inputs
	return m.occupied(float64(stripsOf(a, p))*m.idle(a.Threads), 4*neurons*taps*inputs+m.Load*loads)
}

// stem is for the first layer of a network, of an image's 3 channels.
type stem struct{ shaders.Stem }

func (stem) Name() string { return "stem" }

// Variant is, for example, 16x1x16_f7s2_t8.
func (a stem) Variant() string { return strings.TrimPrefix(a.Stem.Name(), "stem_") }

func (a stem) Plan(s Spec, l Limits) (Plan, error) { return planStrips(a, s, l) }

func (a stem) kernel() shaders.Variant { return a.Stem }

func (a stem) shape() (strip, rows, channels, threads uint32) {
	return a.Strip, a.Rows, a.Channels, a.Threads
}

func (a stem) vectors() (load, store uint32) { return 1, a.Stored() }

func (a stem) serves(s Spec) error {
	p := s.Problem
	if p.Groups != 1 || p.InChannels != int(a.Inputs()) {
		return fmt.Errorf("must have %d input channels in one group", a.Inputs())
	}
	if p.OutChannels%int(a.Stored()) != 0 {
		return fmt.Errorf("%d depth slices, must be a multiple of %d", p.OutChannels, a.Stored())
	}
	return servesLiteral(s, a.Filter, a.Stride)
}

func (a stem) packed(p conv.Problem) int64 { return packedLen(p, columnsOf(a.Channels)) }

func (a stem) pack(p conv.Problem, filters []float32) []float32 {
	return pack(p, filters, columnsOf(a.Channels))
}

func (a stem) cost(p conv.Problem, m Machine) float64 {
	taps := float64(p.TapsPerOutput())
	loads := float64(len(a.Columns()))*float64(a.Inputs()*((a.Rows-1)*a.Stride+a.Filter)) + taps*float64(a.Channels/4)
	return m.occupied(float64(stripsOf(a, p))*m.idle(a.Threads), float64(a.Strip*a.Rows*a.Channels)*taps+m.Load*loads)
}

// depthwise is for layers of one input channel a group, of any filter and number of depth slices.
type depthwise struct{ shaders.Depthwise }

func (depthwise) Name() string { return "depthwise" }

// Variant is, for example, 4_v4_t64.
func (a depthwise) Variant() string { return strings.TrimPrefix(a.Depthwise.Name(), "depthwise_") }

func (a depthwise) Plan(s Spec, l Limits) (Plan, error) { return planStrips(a, s, l) }

func (a depthwise) kernel() shaders.Variant { return a.Depthwise }

func (a depthwise) shape() (strip, rows, channels, threads uint32) { return a.Strip, 1, 4, a.Threads }

func (a depthwise) vectors() (load, store uint32) { return a.Vector, a.Vector }

func (a depthwise) serves(s Spec) error {
	p := s.Problem
	switch {
	case s.DType != shaders.Float32:
		return errNotFloat32
	case p.Transposed || p.Unshared:
		return errNotOrdinary
	case p.InChannels != p.Groups:
		return errNotDepthwise
	case a.Vector == 4 && (p.OutChannels != p.InChannels || p.InChannels%4 != 0):
		return fmt.Errorf("%w with a multiple of 4 input channels, and as many depth slices", errNotDepthwise)
	case int64(p.TapsPerOutput())*int64(p.OutChannels+3) > 1<<31: // packed
		return ErrTooLong
	}
	return nil
}

func (depthwise) packed(p conv.Problem) int64 { return depthwiseLen(p) }

func (depthwise) pack(p conv.Problem, filters []float32) []float32 { return packDepthwise(p, filters) }

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

func (a depthwise) cost(p conv.Problem, m Machine) float64 {
	taps := float64(p.TapsPerOutput())
	loads := taps * (1 + float64(a.Strip*4/a.Vector))
	return m.occupied(float64(stripsOf(a, p))*m.idle(a.Threads), 4*float64(a.Strip)*taps+m.Load*loads)
}
