package cpuref

import (
	"fmt"
	"math"
	"strings"
)

// Mismatch is one output held against its reference.
type Mismatch struct {
	N, X, Y, D int     // V[X,Y,D] of image N
	Got        float32 // the result
	Want       float64 // the reference
	Error      float64 // |Got - Want|
	Bound      float64 // the error allowed; 0 in Exact mode
}

// String is "V[x,y,d] (image n) is 5, must be 4, error 1, allowed 0".
func (m Mismatch) String() string {
	return fmt.Sprintf("%s is %s, must be %v, error %.3g, allowed %.3g", m.at(), gotText(m.Got), m.Want, m.Error, m.Bound)
}

func (m Mismatch) at() string { return fmt.Sprintf("V[%d,%d,%d] (image %d)", m.X, m.Y, m.D, m.N) }

// gotText tells an output that was never written from one that came out as NaN.
func gotText(v float32) string {
	if math.Float32bits(v) == poison {
		return "NaN (never written)"
	}
	return fmt.Sprint(v)
}

// Report is the verdict on a layer's result.
type Report struct {
	Mode      Mode
	Checked   int // outputs that were looked at
	Total     int // outputs that there are
	Failed    int // of those checked
	NaNs      int // of those failed
	Worst     Mismatch
	BoundUsed float64   // fraction of the bound that Worst used; +Inf if it is NaN, or unequal in Exact mode
	First     *Mismatch // the first that failed, in NHWC order; nil if none
}

// OK reports whether outputs were checked and none failed. The zero Report is not OK: it checked nothing.
func (r Report) OK() bool { return r.Checked > 0 && r.Failed == 0 }

// Err is nil when the report is OK, and otherwise wraps [ErrMismatch] with the report's line.
func (r Report) Err() error {
	if r.OK() {
		return nil
	}
	return fmt.Errorf("%w: %v", ErrMismatch, r)
}

// String is one line for people: "exact: all 32 outputs equal", "bound: 2 of 32 outputs checked, all
// hold, worst used 3.1% of the bound at V[2,3,1] (image 0)", or what is wrong.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v: ", r.Mode)
	switch {
	case r.Checked == 0:
		b.WriteString("no output was checked")
	case !r.OK():
		r.writeFailure(&b)
	default:
		if r.Checked == r.Total {
			fmt.Fprintf(&b, "all %d outputs ", r.Total)
		} else {
			fmt.Fprintf(&b, "%d of %d outputs checked, all ", r.Checked, r.Total)
		}
		if r.Mode == Exact {
			b.WriteString("equal")
			break
		}
		fmt.Fprintf(&b, "hold, worst used %.2g%% of the bound at %s", 100*r.BoundUsed, r.Worst.at())
	}
	return b.String()
}

func (r Report) writeFailure(b *strings.Builder) {
	fmt.Fprintf(b, "%d of %d outputs wrong", r.Failed, r.Checked)
	if r.Checked != r.Total {
		fmt.Fprintf(b, " (a sample of %d)", r.Total)
	}
	if r.NaNs > 0 {
		fmt.Fprintf(b, ", %d of them NaN", r.NaNs)
	}
	if r.First != nil {
		fmt.Fprintf(b, "; first %v", *r.First)
	}
	if r.First == nil || r.First.at() != r.Worst.at() {
		fmt.Fprintf(b, "; worst %v", r.Worst)
	}
	if r.Mode == Bounded && !math.IsInf(r.BoundUsed, 0) {
		fmt.Fprintf(b, " (%.4g of the bound)", r.BoundUsed)
	}
}
