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

// Check judges all outputs of a layer, in NHWC order. NaN is wrong in both modes. What is wrong is in
// the report; see [Report.Err]. An error means that there is no verdict: it wraps [ErrShape] where got
// or ref is not as long as the problem's output, and [ErrNoVerdict] where the reference is not finite,
// passes float32's range or has no bound, or where in Exact mode it is no float32.
func Check(got []float32, ref Reference, mode Mode) (Report, error) {
	if err := ref.validate(); err != nil {
		return Report{}, err
	}
	j, err := newJudge(got, ref.Problem, mode)
	if err != nil {
		return Report{}, err
	}
	for i := range got {
		if err := j.see(i, ref.Value[i], ref.Magnitude[i]); err != nil {
			return Report{}, err
		}
	}
	return j.report, nil
}

// CheckSample judges the outputs with these NHWC indices, which must ascend ([Sample] gives such), of
// the layer p with the operands x and w, followed by ReLU if relu. got is the whole output. It takes
// time in proportion to the indices, and no memory. Verdicts and errors are those of [Check] and
// [CheckShapes]; wrong indices give [ErrShape].
func CheckSample(got []float32, p conv.Problem, x tensor.Volume, w tensor.Filters, relu bool, indices []int, mode Mode) (Report, error) {
	if err := CheckShapes(p, x, w); err != nil {
		return Report{}, err
	}
	if err := checkIndices(p, indices); err != nil {
		return Report{}, err
	}
	j, err := newJudge(got, p, mode)
	if err != nil {
		return Report{}, err
	}
	for _, i := range indices {
		value, magnitude := convAt(p, x, w, i)
		if relu {
			value = reluOf(value)
		}
		if err := j.see(i, value, magnitude); err != nil {
			return Report{}, err
		}
	}
	return j.report, nil
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

// judge collects the report on one result.
type judge struct {
	report Report
	got    []float32
	p      conv.Problem
	taps   int
	worst  float64 // how bad report.Worst is: of the bound, or in Exact mode the error
}

func newJudge(got []float32, p conv.Problem, mode Mode) (*judge, error) {
	if int64(len(got)) != p.OutLen() {
		return nil, fmt.Errorf("%w: the result has %d outputs, must have %d for %s", ErrShape, len(got), p.OutLen(), p)
	}
	taps := p.TapsPerOutput()
	switch {
	case mode != Bounded && mode != Exact:
		return nil, fmt.Errorf("%w: %v is no mode, must be Bounded or Exact", ErrNoVerdict, mode)
	case mode == Bounded && math.IsInf(Bound(taps, 0), 1):
		// Everything is within an infinite bound: a check that cannot fail is no check.
		return nil, fmt.Errorf("%w: sums of %d taps have no float32 bound, in %s", ErrNoVerdict, taps, p)
	}
	return &judge{report: Report{Mode: mode, Total: len(got)}, got: got, p: p, taps: taps}, nil
}

// see judges one output.
func (j *judge) see(index int, want, magnitude float64) error {
	at, got := placeOf(j.p, index), j.got[index]
	m := Mismatch{N: at.n, X: at.x, Y: at.y, D: at.d, Got: got, Want: want, Error: math.Abs(float64(got) - want)}
	if j.report.Mode == Bounded {
		m.Bound = Bound(j.taps, magnitude)
	}
	if err := j.judgeable(m, magnitude); err != nil {
		return err
	}
	r := &j.report
	r.Checked++
	if math.IsNaN(m.Error) {
		r.NaNs++
	}
	if !(m.Error <= m.Bound) { // not ">", which NaN would pass
		if r.Failed == 0 {
			first := m // a copy, lest every m live on the heap
			r.First = &first
		}
		r.Failed++
	}
	j.rank(m)
	return nil
}

// rank keeps m if it is the worst so far.
func (j *judge) rank(m Mismatch) {
	r := &j.report
	badness := m.Error
	if r.Mode == Bounded {
		badness = m.Error / m.Bound
	}
	if math.IsNaN(badness) {
		badness = math.Inf(1)
	}
	if r.Checked > 1 && badness <= j.worst {
		return
	}
	j.worst, r.Worst, r.BoundUsed = badness, m, badness
	if r.Mode == Exact && badness > 0 {
		r.BoundUsed = math.Inf(1) // of nothing allowed
	}
}

// judgeable refuses references that no float32 result could be held against.
func (j *judge) judgeable(m Mismatch, magnitude float64) error {
	reach := magnitude + m.Bound // no partial sum is larger
	switch {
	case math.IsNaN(m.Want) || math.IsInf(m.Want, 0) || math.IsNaN(reach) || math.IsInf(reach, 0):
		return fmt.Errorf("%w: the reference of %v is %v with magnitude %v, must be finite: look for an infinite or NaN input, weight or bias, in %s",
			ErrNoVerdict, m.at(), m.Want, magnitude, j.p)
	case magnitude < 0 || reach > math.MaxFloat32:
		return fmt.Errorf("%w: the terms of %v have magnitude %v, must be from 0 to float32's largest, %v: use smaller inputs or weights, in %s",
			ErrNoVerdict, m.at(), magnitude, math.MaxFloat32, j.p)
	case j.report.Mode == Exact && float64(float32(m.Want)) != m.Want:
		return fmt.Errorf("%w: the reference of %v is %v, which no float32 equals: an exact check wants whole numbers inside ExactLimit, in %s",
			ErrNoVerdict, m.at(), m.Want, j.p)
	}
	return nil
}
