package conv

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
)

// ErrInvalid is in the chain of every error about hyperparameters or a descriptor that make no sense.
var ErrInvalid = errors.New("invalid convolution")

// MaxSize is the largest value of any one hyperparameter.
const MaxSize = math.MaxInt32

// Problem is the hyperparameters of one convolution layer, without any data. Its zero value is not
// valid; [New] fills the defaults and checks the rest. Problems are comparable with ==.
type Problem struct {
	Name        string // free text, for people; no part of what is computed
	Batch       int    // images, mb in a descriptor
	Groups      int    // filter groups; 1 is an ordinary convolution, InChannels is depthwise
	InChannels  int    // depth of the input volume, D in the notes
	OutChannels int    // number of filters and depth of the output volume, K in the notes
	H, W        Axis   // the two spatial axes
	Z           Axis   // the third one of a 3D layer, the slowest in memory; of one point elsewhere
	Padding     Padding
	Transposed  bool // the layer upsamples: it is the gradient of a convolution with respect to its input
	Unshared    bool // locally connected: each neuron has its own weights and bias
}

// Padding is what windows read outside of the input.
type Padding int

// The paddings, as numpy.pad names them: constant 0, reflect, edge and wrap.
const (
	Zero      Padding = iota
	Reflect           // mirrored at the outermost input, which is not repeated
	Replicate         // the outermost input again and again
	Circular          // the input from its other side
)

var paddingNames = []string{"zero", "reflect", "replicate", "circular"}

func (p Padding) String() string {
	if p < Zero || p > Circular {
		return fmt.Sprintf("Padding(%d)", int(p))
	}
	return paddingNames[p]
}

// Axes are the three spatial axes in memory order: Z, H, W.
func (p Problem) Axes() [3]Axis { return [3]Axis{p.Z, p.H, p.W} }

// New completes p and checks it: Batch, Groups, strides and dilations of 0 become 1, and output sizes
// of 0 become those of symmetric padding. The error wraps [ErrInvalid] and names the value that is wrong.
func New(p Problem) (Problem, error) {
	if p.Batch == 0 {
		p.Batch = 1
	}
	if p.Groups == 0 {
		p.Groups = 1
	}
	if p.Z == (Axis{}) {
		p.Z = point
	}
	p.Z, p.H, p.W = p.Z.complete(p.Transposed), p.H.complete(p.Transposed), p.W.complete(p.Transposed)
	if err := p.Validate(); err != nil {
		return Problem{}, err
	}
	return p, nil
}

// Square is the layer of the notes: an input volume of size x size x depth, k filters of f x f x depth,
// stride s and zero padding p on all sides.
func Square(size, depth, k, f, s, p int) (Problem, error) {
	axis := Axis{In: size, Filter: f, Stride: s, Pad: p}
	return New(Problem{InChannels: depth, OutChannels: k, H: axis, W: axis})
}

// Validate reports the first hyperparameter that is wrong, and what would be right. A volume may hold
// at most 2^48 numbers, and the layer take at most 2^62 operations, so that no count overflows.
func (p Problem) Validate() error {
	for _, v := range []struct {
		what  string
		value int
	}{{"batch (mb)", p.Batch}, {"groups (g)", p.Groups}, {"input channels (ic)", p.InChannels},
		{"output channels (oc)", p.OutChannels}} {
		if err := inRange(v.what, v.value, 1); err != nil {
			return err
		}
	}
	if p.InChannels%p.Groups != 0 {
		return invalidf("groups (g) of %d do not divide the %d input channels (ic)", p.Groups, p.InChannels)
	}
	if p.OutChannels%p.Groups != 0 {
		return invalidf("groups (g) of %d do not divide the %d output channels (oc)", p.Groups, p.OutChannels)
	}
	if err := validName(p.Name); err != nil {
		return err
	}
	if err := p.validateKind(); err != nil {
		return err
	}
	for i, a := range p.Axes() {
		if err := a.validate("dhw"[i:i+1], [3]string{"depth", "height", "width"}[i], p); err != nil {
			return err
		}
	}
	return p.validateCounts()
}

// validateKind refuses combinations that nobody defines.
func (p Problem) validateKind() error {
	switch {
	case p.Padding < Zero || p.Padding > Circular:
		return invalidf("padding %d, must be one of %v", int(p.Padding), paddingNames)
	case p.Transposed && p.Padding != Zero:
		return invalidf("a transposed layer pads with zeros only, not with %v: padding cuts its output", p.Padding)
	case p.Transposed && p.Unshared:
		return invalidf("a layer is transposed or unshared, not both")
	}
	return nil
}

// validateCounts refuses problems whose counts would overflow an int64 or any memory.
func (p Problem) validateCounts() error {
	const maxNumbers, maxOperations = 1 << 48, 1 << 62
	filters := []int{p.OutChannels, p.Z.Filter, p.H.Filter, p.W.Filter, p.InChannels / p.Groups}
	places := []int{p.Z.Out, p.H.Out, p.W.Out}
	if p.Transposed {
		places = []int{p.Z.In, p.H.In, p.W.In}
	}
	operations := append(append([]int{2, p.Batch}, filters...), places...)
	if p.Unshared {
		filters = append(filters, places...)
	}
	for _, v := range []struct {
		what    string
		factors []int
		limit   uint64
	}{
		{"input volume", []int{p.Batch, p.Z.In, p.H.In, p.W.In, p.InChannels}, maxNumbers},
		{"output volume", []int{p.Batch, p.Z.Out, p.H.Out, p.W.Out, p.OutChannels}, maxNumbers},
		{"filter bank", filters, maxNumbers},
		{"layer's operations", operations, maxOperations},
	} {
		if n, ok := product(v.factors); !ok || n > v.limit {
			return invalidf("the %s would count more than %d: make the sizes smaller", v.what, v.limit)
		}
	}
	return nil
}

func (a Axis) validate(suffix, name string, p Problem) error {
	if err := a.validSizes(); err != nil {
		return fmt.Errorf("%w (%s axis, the descriptor's ...%s)", err, name, suffix)
	}
	if a.Out > MaxSize {
		return invalidf("output %s (o%s) of %d is above %d", name, suffix, a.Out, MaxSize)
	}
	if a.Out < 1 && p.Transposed {
		return invalidf(
			"output %s (o%s) of %d is not positive: %d inputs spread to %d, of which padding cuts %d on each side; "+
				"use less padding",
			name,
			suffix,
			a.Out,
			a.In,
			(a.In-1)*a.Stride+a.Extent(),
			a.Pad,
		)
	}
	if a.Out < 1 {
		return invalidf(
			"output %s (o%s) of %d is not positive: a filter of %d taps, dilated to %d, does not fit the input of "+
				"%d padded with %d on each side; use a filter of at most %d, or more padding",
			name,
			suffix,
			a.Out,
			a.Filter,
			a.Extent(),
			a.In,
			a.Pad,
			(a.In+2*a.Pad-1)/a.Dilation+1,
		)
	}
	return a.validPadding(suffix, name, p.Padding)
}

// validPadding holds the padding against what each kind of it can read.
func (a Axis) validPadding(suffix, name string, mode Padding) error {
	most := map[Padding]int{Reflect: a.In - 1, Circular: a.In}
	limit, limited := most[mode]
	if widest := max(a.Pad, a.PadAfter()); limited && widest > limit {
		return invalidf(
			"%v padding of %d (p%s) on the %s axis of %d inputs, must be at most %d",
			mode,
			widest,
			suffix,
			name,
			a.In,
			limit,
		)
	}
	return nil
}

func (a Axis) validSizes() error {
	for _, v := range []struct {
		what       string
		value, low int
	}{{"input", a.In, 1}, {"filter", a.Filter, 1}, {"stride", a.Stride, 1}, {"padding", a.Pad, 0},
		{"dilation", a.Dilation, 1}} {
		if err := inRange(v.what, v.value, v.low); err != nil {
			return err
		}
	}
	if (a.Filter-1)*a.Dilation >= MaxSize {
		return invalidf("a filter of %d with dilation %d spans more than %d inputs", a.Filter, a.Dilation, MaxSize)
	}
	return nil
}

func inRange(what string, value, low int) error {
	if value < low || value > MaxSize {
		return invalidf("%s is %d, must be from %d to %d", what, value, low, MaxSize)
	}
	return nil
}

func invalidf(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrInvalid}, args...)...)
}

// product multiplies positive factors; ok is false where the result passes 64 bits.
func product(factors []int) (n uint64, ok bool) {
	n = 1
	for _, f := range factors {
		hi, lo := bits.Mul64(n, uint64(f))
		if hi != 0 {
			return 0, false
		}
		n = lo
	}
	return n, true
}
