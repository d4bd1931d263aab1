package cpuref

import (
	"fmt"
	"math"
	"strings"
)

// Mismatch is one output held against its reference, or one element of what else Kind is.
type Mismatch struct {
	N, X, Y, D int     // V[X,Y,D] of image N; of a filter's gradient the tap X, Y and the depth D
	Got        float32 // the result
	Want       float64 // the reference
	Error      float64 // |Got - Want|
	Bound      float64 // the error allowed; 0 in Exact mode

	Kind    Kind
	Z       int // the plane, in 3D
	K, Bank int // of filters and biases: which one, in which bank
	Index   int // of the element in the result
	form    form
	// Position is where the element of a tensor of any rank is, [i,j,k]; it stands for all other coordinates.
	Position string
}

// form says which coordinates tell where an element is.
type form struct{ deep, banked, loose bool }

// mismatchAt is a Mismatch that says no more than where.
func mismatchAt(r *Reference, index int) Mismatch {
	p := &r.Problem
	m := Mismatch{Kind: r.Kind, Index: index, form: form{loose: r.loose()}}
	var at place
	switch {
	case m.form.loose || r.Kind == SlopeGradients:
		m.K = index
		return m
	case r.Kind == BiasGradients:
		m.Bank, m.K, m.form.banked = index/p.OutChannels, index%p.OutChannels, p.Unshared
		return m
	case r.Kind == FilterGradients:
		// The filters lie like images of their own, bank after bank.
		at = placeIn(index, p.Z.Filter, p.H.Filter, p.W.Filter, p.InChannels/p.Groups)
		m.Bank, m.K, m.form.banked = at.n/p.OutChannels, at.n%p.OutChannels, p.Unshared
		m.form.deep = p.Z.Filter > 1
	case r.Kind == InputGradients:
		at = placeIn(index, p.Z.In, p.H.In, p.W.In, p.InChannels)
		m.N, m.form.deep = at.n, p.Z.In > 1
	default:
		at = placeOf(p, index)
		m.N, m.form.deep = at.n, p.Z.Out > 1
	}
	m.Z, m.Y, m.X, m.D = at.z, at.y, at.x, at.d
	return m
}

// String is "V[x,y,d] (image n) is 5, must be 4, error 1, allowed 0".
func (m Mismatch) String() string {
	return fmt.Sprintf(
		"%s is %s, must be %v, error %.3g, allowed %.3g",
		m.at(),
		gotText(m.Got),
		m.Want,
		m.Error,
		m.Bound,
	)
}

// at is the Position if there is one, else V[x,y,d] (image n), or V[x,y,z,d] in 3D; dW[k][x,y,c], db[k], each of its
// bank where there are several; dslope[k]; and an element's number where there is no problem to place it in.
func (m Mismatch) at() string {
	where := fmt.Sprintf("[%d,%d,%d]", m.X, m.Y, m.D)
	if m.form.deep {
		where = fmt.Sprintf("[%d,%d,%d,%d]", m.X, m.Y, m.Z, m.D)
	}
	bank := ""
	if m.form.banked {
		bank = fmt.Sprintf(" (bank %d)", m.Bank)
	}
	switch {
	case m.Position != "":
		return m.Position
	case m.form.loose && m.Kind == SumGradients:
		return fmt.Sprintf("%v element %d", m.Kind, m.Index)
	case m.Kind == SlopeGradients || m.Kind == BiasGradients:
		return fmt.Sprintf("%v[%d]%s", m.Kind, m.K, bank)
	case m.Kind == FilterGradients:
		return fmt.Sprintf("%v[%d]%s%s", m.Kind, m.K, where, bank)
	}
	return fmt.Sprintf("%v%s (image %d)", m.Kind, where, m.N)
}

// elements is what an element is called in a report.
func (k Kind) elements() string {
	if k == Outputs {
		return "outputs"
	}
	return "elements of " + k.String()
}

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
	Kind      Kind
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
			fmt.Fprintf(&b, "all %d %s ", r.Total, r.Kind.elements())
		} else {
			fmt.Fprintf(&b, "%d of %d %s checked, all ", r.Checked, r.Total, r.Kind.elements())
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
	fmt.Fprintf(b, "%d of %d %s wrong", r.Failed, r.Checked, r.Kind.elements())
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
