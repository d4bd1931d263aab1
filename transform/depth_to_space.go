package transform

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// Depth to space is how a transposed layer becomes convolutions of stride 1, which any algorithm serves. The outputs
// of one residue modulo the stride take only every S-th tap, the same taps at each place, so that they are a
// convolution of the input by a part of the filter, turned round:
//
//	o = S*y + r reads input i with tap f where i*S - P + f*D = o, which is i = y + (r + P - f*D)/S
//
// What they give is put between each other. Source: W. Shi et al., "Is the deconvolution layer the same as a
// convolutional layer?", 2016.

// Residues are the convolutions that a transposed layer becomes. Their outputs stand beside each other as channels of
// one volume, of Places and Pitch.
type Residues struct {
	Parts  []Part
	Places [3]int // z, y and x of each part's output
	Pitch  int    // channels of all parts
}

// Part is one of the convolutions, which computes the outputs of some residues: of each group those of the first
// residue first.
type Part struct {
	Problem  conv.Problem
	First    int // of its channels among those of all parts
	Residues []Residue
}

// Residue is one of a part's.
type Residue struct {
	At    [3]int // of V's z, y and x, modulo the strides
	Shift [3]int // the place of the part's output that its first output is
	taps  [3][]int
}

// maxResidues is more than any network's strides leave.
const maxResidues = 1 << 12

// DepthToSpace gives the convolutions of a transposed layer: together one for all residues, with taps of zero where a
// residue has fewer than others; apart one for those residues each that have the same number of taps and read the same
// inputs, which has no more products than the layer. The outputs of residues that no tap reaches are in no part: they
// are biases. The channels of a layer of one group are filled up to a multiple of four, with filters of zero, where
// its input's are one. The error wraps [ErrUnsupported] where p is not transposed, where padding cuts more outputs off
// than its filters reach over, where no tap reaches any output or there are too many residues; or is a part's own.
func DepthToSpace(p conv.Problem, apart bool) (r Residues, err error) {
	if err := p.Validate(); err != nil {
		return r, err
	}
	residues := 1
	for _, a := range p.Axes() {
		if residues *= min(a.Stride, a.Out, maxResidues+1); residues > maxResidues {
			return r, refusedResidues(p, fmt.Sprintf("have at most %d residues", maxResidues))
		}
	}
	if !p.Transposed {
		return r, refusedResidues(p, "be transposed")
	}
	var lines [3][]axisPart
	for i, a := range p.Axes() {
		if lines[i], err = axisParts(a, apart); err != nil {
			return r, refusedResidues(p, err.Error())
		}
	}
	for _, z := range lines[0] {
		for _, y := range lines[1] {
			for _, x := range lines[2] {
				part, err := partOf(p, [3]axisPart{z, y, x})
				if err != nil {
					return r, err
				}
				part.First = r.Pitch
				r.Pitch += part.Problem.OutChannels
				r.Places = [3]int{z.Out, y.Out, x.Out}
				r.Parts = append(r.Parts, part)
			}
		}
	}
	return r, nil
}

// OfStride1 is the layer of stride 1 that a transform computes p by: p itself, that of [SpaceToDepth], or of a
// transposed layer that of all residues together. Errors are those of SpaceToDepth and [DepthToSpace].
func OfStride1(p conv.Problem) (conv.Problem, error) {
	if !p.Transposed {
		return SpaceToDepth(p)
	}
	r, err := DepthToSpace(p, false)
	if err != nil {
		return conv.Problem{}, err
	}
	return r.Parts[0].Problem, nil
}

func refusedResidues(p conv.Problem, must string) error {
	return fmt.Errorf("%w: depth to space of %s, must %s", ErrUnsupported, p, must)
}

// axisPart is a part along one axis.
type axisPart struct {
	conv.Axis
	residues []axisResidue
}

// axisResidue is a residue along one axis: the taps of p that the part's taps are, -1 for zeros.
type axisResidue struct {
	at, shift int
	taps      []int
}

// axisParts divides the residues of an axis.
func axisParts(a conv.Axis, apart bool) ([]axisPart, error) {
	type key struct{ taps, place int }
	var keys []key
	classes := map[key][]axisResidue{}
	for at := range min(a.Stride, a.Out) {
		taps, place := reaching(a, at)
		if len(taps) == 0 {
			continue
		}
		k := key{}
		if apart {
			k = key{len(taps), place}
		}
		if classes[k] == nil {
			keys = append(keys, k)
		}
		classes[k] = append(classes[k], axisResidue{at, place, taps})
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("have outputs that a tap reaches")
	}
	places := 1
	if apart { // as many for all parts
		places = (a.Out-1)/a.Stride + 1
	}
	var parts []axisPart
	for _, k := range keys {
		part := alongAxis(a, classes[k], places)
		if part.Pad < 0 {
			return nil, fmt.Errorf("pad less than its filters reach over: padding of %d cuts more", a.Pad)
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// reaching are the taps of the outputs of a residue, in rising order, and how far from output y of the residue the
// first of them reads.
func reaching(a conv.Axis, residue int) (taps []int, place int) {
	for f := range a.Filter {
		if n := residue + a.Pad - f*a.Dilation; n%a.Stride == 0 {
			if len(taps) == 0 {
				place = n / a.Stride
			}
			taps = append(taps, f)
		}
	}
	return taps, place
}

// alongAxis is the convolution of some residues, of so many places at least. Later taps read earlier inputs, so that
// it has them turned round.
func alongAxis(a conv.Axis, residues []axisResidue, out int) axisPart {
	taps, least := 0, residues[0].shift
	for _, r := range residues {
		taps, least = max(taps, len(r.taps)), min(least, r.shift)
	}
	for i := range residues {
		r := &residues[i]
		r.shift -= least
		out = max(out, (a.Out-1-r.at)/a.Stride+1+r.shift)
		turned := make([]int, taps)
		for t := range turned {
			turned[t] = -1
			if from := taps - 1 - t; from < len(r.taps) {
				turned[t] = r.taps[from]
			}
		}
		r.taps = turned
	}
	dilation := 1
	if taps > 1 {
		dilation = a.Dilation / gcd(a.Dilation, a.Stride)
	}
	to := conv.Axis{In: a.In, Out: out, Filter: taps, Stride: 1, Dilation: dilation, Pad: (taps-1)*dilation - least}
	return axisPart{to, residues}
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// partOf is the part of some residues along each axis.
func partOf(p conv.Problem, lines [3]axisPart) (part Part, err error) {
	for _, z := range lines[0].residues {
		for _, y := range lines[1].residues {
			for _, x := range lines[2].residues {
				part.Residues = append(part.Residues, Residue{
					At: [3]int{z.at, y.at, x.at}, Shift: [3]int{z.shift, y.shift, x.shift},
					taps: [3][]int{z.taps, y.taps, x.taps}})
			}
		}
	}
	if len(part.Residues) > conv.MaxSize/p.OutChannels {
		return part, refusedResidues(p, fmt.Sprintf("have at most %d channels of all residues", conv.MaxSize))
	}
	channels := len(part.Residues) * p.OutChannels
	if p.Groups == 1 && p.InChannels%4 == 0 && !whole(p) {
		channels = (channels + 3) / 4 * 4
	}
	part.Problem, err = conv.New(conv.Problem{Batch: p.Batch, Groups: p.Groups, InChannels: p.InChannels,
		OutChannels: channels, Z: lines[0].Axis, H: lines[1].Axis, W: lines[2].Axis})
	return part, err
}

// Padded tells that a part has taps of zero, which are multiplied like any other.
func (r Residues) Padded() bool {
	for _, part := range r.Parts {
		for _, residue := range part.Residues {
			for _, taps := range residue.taps {
				if taps[0] < 0 { // the first ones are of the last taps, which some residues have not
					return true
				}
			}
		}
	}
	return false
}

// Whole tells that the outputs of the parts of p are V itself.
func (r Residues) Whole(p conv.Problem) bool { return whole(p) }

// whole tells that p has stride 1.
func whole(p conv.Problem) bool { return p.Z.Stride*p.H.Stride*p.W.Stride == 1 }

// Filters are a part's filters, of the layer p and its filters w. The error wraps [ErrShape] where those are not p's.
func (part Part) Filters(p conv.Problem, w tensor.Filters) (tensor.Filters, error) {
	if len(w.Data) != int(p.FilterLen()) {
		return tensor.Filters{}, fmt.Errorf("%w: %d weights, must be %d for %s", ErrShape, len(w.Data),
			p.FilterLen(), p)
	}
	to := part.Problem
	depth, outputs := p.InChannels/p.Groups, p.OutChannels/p.Groups
	out := tensor.Filters{K: to.OutChannels, Z: to.Z.Filter, H: to.H.Filter, W: to.W.Filter, D: depth}
	out.Data = make([]float32, out.Len())
	for k := range p.OutChannels {
		for i, r := range part.Residues {
			filter := (k/outputs*len(part.Residues)+i)*outputs + k%outputs
			r.copyTaps(out.Filter(filter), w.Data[k*len(w.Data)/p.OutChannels:], p, depth)
		}
	}
	return out, nil
}

// copyTaps fills in a filter of a residue, from that of its depth slice.
func (r Residue) copyTaps(to, from []float32, p conv.Problem, depth int) {
	for _, z := range r.taps[0] {
		for _, y := range r.taps[1] {
			for _, x := range r.taps[2] {
				if min(z, y, x) >= 0 {
					copy(to[:depth], from[((z*p.H.Filter+y)*p.W.Filter+x)*depth:])
				}
				to = to[depth:]
			}
		}
	}
}
