package cpuref

import (
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// Mode is how a result is held against its reference.
type Mode int

const (
	// Bounded: every output within [Bound] of its reference. For real data.
	Bounded Mode = iota
	// Exact: every output equal to its reference. For data inside [ExactLimit]. +0 and -0 are equal,
	// for WGSL lets an implementation ignore the sign of a zero (WGSL, "Differences from IEEE-754").
	Exact
)

// String is "bound" or "exact".
func (m Mode) String() string {
	switch m {
	case Bounded:
		return "bound"
	case Exact:
		return "exact"
	}
	return fmt.Sprintf("Mode(%d)", int(m))
}

// Check judges all elements of a result that the reference is about, in its order: of an output, NHWC. got is the
// whole result. NaN is wrong in both modes. What is wrong is in the report; see [Report.Err]. An error means that
// there is no verdict: it wraps [ErrShape] where got or ref is not as long as what the reference is about, and
// [ErrNoVerdict] where the reference is not finite, passes float32's range or has no bound, or where in Exact mode it
// is no float32.
func Check(got []float32, ref Reference, mode Mode) (Report, error) {
	if err := ref.validate(); err != nil {
		return Report{}, err
	}
	j, err := newJudge(got, ref, mode)
	if err != nil {
		return Report{}, err
	}
	for i := range ref.Value {
		if err := j.see(ref.index(i), element{ref.Value[i], ref.Magnitude[i], ref.allowed(i)}); err != nil {
			return Report{}, err
		}
	}
	return j.report, nil
}

// CheckSample judges the outputs with these NHWC indices, which must ascend ([Sample] gives such), of
// the layer p with the operands x and w, followed by ReLU if relu. got is the whole output. It takes
// time and memory in proportion to the indices. Verdicts and errors are those of [Check] and
// [CheckShapes]; wrong indices give [ErrShape].
func CheckSample(
	got []float32,
	p conv.Problem,
	x tensor.Volume,
	w tensor.Filters,
	relu bool,
	indices []int,
	mode Mode,
) (Report, error) {
	var e conv.Epilogue
	if relu {
		e.Activation.Function = conv.ReLU
	}
	return CheckSampleEpilogue(got, p, x, w, e, nil, nil, indices, mode)
}

// CheckSampleEpilogue is [CheckSample] of a layer with any epilogue; slope and residual are those of
// [Reference.Epilogue].
func CheckSampleEpilogue(
	got []float32,
	p conv.Problem,
	x tensor.Volume,
	w tensor.Filters,
	e conv.Epilogue,
	slope, residual []float32,
	indices []int,
	mode Mode,
) (Report, error) {
	r, err := ConvSample(p, x, w, indices)
	if err != nil {
		return Report{}, err
	}
	if r, err = r.Epilogue(e, slope, residual); err != nil {
		return Report{}, err
	}
	return Check(got, r, mode)
}

// ConvSample is [Conv] of the outputs with these NHWC indices, which must ascend. It takes time and memory in
// proportion to the indices, never to the outputs. Errors are those of [CheckShapes]; wrong indices give [ErrShape].
func ConvSample(p conv.Problem, x tensor.Volume, w tensor.Filters, indices []int) (Reference, error) {
	if err := CheckShapes(p, x, w); err != nil {
		return Reference{}, err
	}
	if err := checkIndices(p, indices); err != nil {
		return Reference{}, err
	}
	r := Reference{
		Problem:   p,
		At:        indices,
		Value:     make([]float64, len(indices)),
		Magnitude: make([]float64, len(indices)),
	}
	parallel(len(indices), func() func(int) {
		return func(i int) { r.Value[i], r.Magnitude[i] = convAt(&p, x, w, indices[i]) }
	})
	return r, nil
}

// checkIndices refuses what would make a report count wrongly.
func checkIndices(p conv.Problem, indices []int) error {
	if len(indices) == 0 {
		return fmt.Errorf("%w: no output of %s was chosen, must be at least one", ErrShape, p)
	}
	last := -1
	for _, i := range indices {
		if i < 0 || int64(i) >= p.OutLen() {
			return fmt.Errorf("%w: output index %d, must be from 0 to %d for %s", ErrShape, i, p.OutLen()-1, p)
		}
		if i <= last {
			return fmt.Errorf("%w: output index %d comes after %d, they must ascend", ErrShape, i, last)
		}
		last = i
	}
	return nil
}

// element is one number of a reference.
type element struct{ value, magnitude, allowed float64 }

// judge collects the report on one result.
type judge struct {
	report Report
	got    []float32
	ref    Reference // what it is about; its data may be missing
	worst  float64   // how bad report.Worst is: of the bound, or in Exact mode the error
}

func newJudge(got []float32, ref Reference, mode Mode) (*judge, error) {
	if n := ref.whole(); int64(len(got)) != n {
		return nil, fmt.Errorf(
			"%w: the result has %d %s, must have %d for %s",
			ErrShape,
			len(got),
			ref.Kind.elements(),
			n,
			ref.about(),
		)
	}
	switch {
	case mode != Bounded && mode != Exact:
		return nil, fmt.Errorf("%w: %v is no mode, must be Bounded or Exact", ErrNoVerdict, mode)
	case mode == Bounded && ref.Allowed == nil && math.IsInf(Bound(ref.terms(), 0), 1):
		// Everything is within an infinite bound: a check that cannot fail is no check.
		return nil, fmt.Errorf(
			"%w: sums of %d taps have no float32 bound, in %s",
			ErrNoVerdict,
			ref.terms(),
			ref.about(),
		)
	}
	return &judge{report: Report{Mode: mode, Total: len(got), Kind: ref.Kind}, got: got, ref: ref}, nil
}

// see judges one element.
func (j *judge) see(index int, want element) error {
	got := j.got[index]
	if j.report.Mode == Exact {
		want.allowed = 0
	}
	if err := j.judgeable(index, want); err != nil {
		return err
	}
	r := &j.report
	r.Checked++
	wrong := math.Abs(float64(got) - want.value)
	if math.IsNaN(wrong) {
		r.NaNs++
	}
	if !(wrong <= want.allowed) { // not ">", which NaN would pass
		if r.Failed == 0 {
			first := j.mismatch(index, want)
			r.First = &first
		}
		r.Failed++
	}
	j.rank(index, wrong, want)
	return nil
}

// mismatch tells all about one element. It takes a while, for it finds out where that is.
func (j *judge) mismatch(index int, want element) Mismatch {
	m := mismatchAt(&j.ref, index)
	m.Got, m.Want, m.Bound = j.got[index], want.value, want.allowed
	m.Error = math.Abs(float64(m.Got) - m.Want)
	return m
}

// rank keeps the element if it is the worst so far.
func (j *judge) rank(index int, wrong float64, want element) {
	r := &j.report
	badness := wrong
	if r.Mode == Bounded && badness != 0 { // where no error is allowed, none is no part of it
		badness = wrong / want.allowed
	}
	if math.IsNaN(badness) {
		badness = math.Inf(1)
	}
	if r.Checked > 1 && badness <= j.worst {
		return
	}
	j.worst, r.Worst, r.BoundUsed = badness, j.mismatch(index, want), badness
	if r.Mode == Exact && badness > 0 {
		r.BoundUsed = math.Inf(1) // of nothing allowed
	}
}

// judgeable refuses references that no float32 result could be held against.
func (j *judge) judgeable(index int, want element) error {
	value, magnitude := want.value, want.magnitude
	reach := max(magnitude, math.Abs(value)) + want.allowed // no partial sum is larger
	switch {
	case math.IsInf(want.allowed, 1) && !math.IsInf(value, 0) && !math.IsInf(magnitude, 0):
		return fmt.Errorf(
			"%w: %v has no float32 bound: its sum is too long, or it passes float32's range, %v, on the way; in %s",
			ErrNoVerdict,
			mismatchAt(&j.ref, index).at(),
			math.MaxFloat32,
			j.ref.about(),
		)
	case math.IsNaN(value) || math.IsInf(value, 0) || math.IsNaN(reach) || math.IsInf(reach, 0):
		return fmt.Errorf(
			"%w: the reference of %v is %v with magnitude %v, must be finite: look for an infinite or NaN input, "+
				"weight or bias, in %s",
			ErrNoVerdict,
			mismatchAt(&j.ref, index).at(),
			value,
			magnitude,
			j.ref.about(),
		)
	case magnitude < 0 || want.allowed < 0 || reach > math.MaxFloat32:
		return fmt.Errorf(
			"%w: the terms of %v have magnitude %v, must be from 0 to float32's largest, %v: use smaller inputs or "+
				"weights, in %s",
			ErrNoVerdict,
			mismatchAt(&j.ref, index).at(),
			magnitude,
			math.MaxFloat32,
			j.ref.about(),
		)
	case j.report.Mode == Exact && float64(float32(value)) != value:
		return fmt.Errorf(
			"%w: the reference of %v is %v, which no float32 equals: an exact check wants whole numbers inside "+
				"ExactLimit, in %s",
			ErrNoVerdict,
			mismatchAt(&j.ref, index).at(),
			value,
			j.ref.about(),
		)
	}
	return nil
}
