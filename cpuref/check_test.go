package cpuref

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// layer is a result that is right, to be spoilt.
type layer struct {
	p   conv.Problem
	x   tensor.Volume
	w   tensor.Filters
	ref Reference
	got []float32
}

func newLayer(t testing.TB, descriptor string, mode Mode) layer {
	t.Helper()
	l := layer{p: parse(t, descriptor)}
	fill := reals(newRand(40))
	if mode == Exact {
		fill = integers(newRand(40), must[int](t)(ExactLimit(l.p)))
	}
	l.x, l.w = operands(t, l.p, fill)
	l.ref = must[Reference](t)(Conv(l.p, l.x, l.w))
	l.got = l.ref.Volume().Data
	return l
}

// checks judges the layer by Check and by CheckSample of all outputs, which must agree.
func (l layer) check(t testing.TB, mode Mode) Report {
	t.Helper()
	a := must[Report](t)(Check(l.got, l.ref, mode))
	b := must[Report](t)(CheckSample(l.got, l.p, l.x, l.w, false, Sample(l.p, 1, len(l.got)), mode))
	if a.String() != b.String() || a.Failed != b.Failed {
		t.Fatalf("Check says %v, CheckSample %v", a, b)
	}
	if (a.Err() == nil) != a.OK() || (a.First == nil) != a.OK() ||
		(a.Err() != nil && !errors.Is(a.Err(), ErrMismatch)) {
		t.Fatalf("%v: OK %v, error %v, first %v", a, a.OK(), a.Err(), a.First)
	}
	return a
}

const small = "g2mb2ic4ih5iw6oc6kh3ph1"

func TestRightIsRight(t *testing.T) {
	for _, mode := range []Mode{Bounded, Exact} {
		l := newLayer(t, small, mode)
		if r := l.check(t, mode); !r.OK() || r.Checked != 360 || r.Total != 360 {
			t.Errorf("%v", r)
		}
		if r := l.check(t, mode); mode == Exact && (r.BoundUsed != 0 || r.Worst.Want != l.ref.Value[0]) {
			t.Errorf("where all are equal, the worst is %v, must be the first output", r.Worst)
		}
	}
}

// Every output in turn, in both directions: the last float32 within the bound passes, the next one is
// reported with its position.
func TestBoundIsWhereItIs(t *testing.T) {
	l := newLayer(t, small, Bounded)
	for i, want := range l.ref.Value {
		right := l.got[i]
		allowed := Bound(l.p.TapsPerOutput(), l.ref.Magnitude[i])
		for _, direction := range []float64{-1, 1} {
			toward := float32(math.Copysign(math.Inf(1), direction))
			within := float32(want + direction*allowed*0.9)
			for next := within; math.Abs(float64(next)-want) <= allowed; next = math.Nextafter32(next, toward) {
				within = next
			}
			l.got[i] = within
			if r := l.check(t, Bounded); !r.OK() || r.BoundUsed < 0.9 || r.Worst.Got != within {
				t.Fatalf("output %d just within the bound: %v", i, r)
			}
			l.got[i] = math.Nextafter32(within, toward)
			r := l.check(t, Bounded)
			wantPlaced(t, r, i, l.p)
			if r.BoundUsed <= 1 || r.BoundUsed > 1.1 {
				t.Fatalf("output %d just outside the bound used %v of it", i, r.BoundUsed)
			}
		}
		l.got[i] = right
	}
}

// wantPlaced wants the report to blame the output with this index alone.
func wantPlaced(t *testing.T, r Report, index int, p conv.Problem) {
	t.Helper()
	if r.OK() || r.Failed != 1 {
		t.Fatalf("output %d spoilt: %v", index, r)
	}
	for _, m := range []Mismatch{*r.First, r.Worst} {
		at := ((m.N*p.H.Out+m.Y)*p.W.Out+m.X)*p.OutChannels + m.D
		if at != index || m.X >= p.W.Out || m.Y >= p.H.Out || m.D >= p.OutChannels {
			t.Fatalf("output %d spoilt, blamed is %v", index, m)
		}
	}
	if v := fmt.Sprintf("V[%d,%d,%d] (image %d)", r.First.X, r.First.Y, r.First.D,
		r.First.N); !strings.Contains(r.String(), v) {
		t.Fatalf("%v does not name %s", r, v)
	}
}

func TestOneULPIsNotExact(t *testing.T) {
	l := newLayer(t, small, Exact)
	for i, right := range l.got {
		for _, toward := range []float64{math.Inf(-1), math.Inf(1)} {
			l.got[i] = math.Nextafter32(right, float32(toward))
			r := l.check(t, Exact)
			wantPlaced(t, r, i, l.p)
			if !math.IsInf(r.BoundUsed, 1) {
				t.Fatalf("used %v of the bound, must be +Inf", r.BoundUsed)
			}
		}
		l.got[i] = right
	}
}

func TestSignOfZeroIsFree(t *testing.T) {
	l := newLayer(t, "ic1ih1oc1kh1", Exact)
	l.ref.Value[0] = 0
	l.got[0] = float32(math.Copysign(0, -1))
	if r := must[Report](t)(Check(l.got, l.ref, Exact)); !r.OK() {
		t.Error(r)
	}
}

// Where no error is allowed, none uses nothing of it, and any uses more than all.
func TestNothingAllowed(t *testing.T) {
	l := newLayer(t, "ic1ih1iw2oc1kh1", Exact)
	l.ref.Allowed = []float64{0, 0}
	if r := must[Report](t)(Check(l.got, l.ref, Bounded)); !r.OK() || r.BoundUsed != 0 {
		t.Errorf("%v, used %v", r, r.BoundUsed)
	}
	l.got[1] = math.Nextafter32(l.got[1], 1e9)
	if r := must[Report](t)(Check(l.got, l.ref, Bounded)); r.Failed != 1 || r.First.X != 1 ||
		!math.IsInf(r.BoundUsed, 1) {
		t.Errorf("%v, used %v", r, r.BoundUsed)
	}
}

// What a GPU gets wrong in practice, at every output.
func TestSpoiltIsReported(t *testing.T) {
	for _, mode := range []Mode{Bounded, Exact} {
		for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)),
			math.Float32frombits(poison)} {
			l := newLayer(t, small, mode)
			for i, right := range l.got {
				l.got[i] = bad
				r := l.check(t, mode)
				wantPlaced(t, r, i, l.p)
				if isNaN := bad != bad; isNaN != (r.NaNs == 1) || !math.IsInf(r.BoundUsed, 1) {
					t.Fatalf("%v spoilt by %v: %d NaNs, used %v of the bound", mode, bad, r.NaNs, r.BoundUsed)
				}
				l.got[i] = right
			}
		}
	}
}

func TestSwappedIsReported(t *testing.T) {
	for _, mode := range []Mode{Bounded, Exact} {
		l := newLayer(t, small, mode)
		for i := 1; i < len(l.got); i++ {
			l.got[i], l.got[i-1] = l.got[i-1], l.got[i]
			if r := l.check(t, mode); l.got[i] != l.got[i-1] && r.Failed != 2 {
				t.Fatalf("outputs %d and %d swapped: %v", i-1, i, r)
			}
			l.got[i], l.got[i-1] = l.got[i-1], l.got[i]
		}
	}
}

// A dispatch left out leaves the poison; part of one leaves a part of it.
func TestUnwrittenIsReported(t *testing.T) {
	for _, mode := range []Mode{Bounded, Exact} {
		l := newLayer(t, small, mode)
		Poison(l.got[100:])
		r := l.check(t, mode)
		if r.Failed != 260 || r.NaNs != 260 || !strings.Contains(r.String(), "never written") {
			t.Error(r)
		}
	}
}

// Two whole buffers swapped: the result of other inputs.
func TestOtherResultIsReported(t *testing.T) {
	for _, mode := range []Mode{Bounded, Exact} {
		l := newLayer(t, small, mode)
		l.x.Data[0] += 1
		l.ref = must[Reference](t)(Conv(l.p, l.x, l.w))
		if r := l.check(t, mode); r.OK() {
			t.Errorf("one input changed: %v", r)
		}
	}
}

func TestReportOfSeveral(t *testing.T) {
	l := newLayer(t, small, Bounded)
	l.got[7] += 1
	l.got[9] += 100
	l.got[200] += 2
	r := l.check(t, Bounded)
	if r.Failed != 3 || r.First.D != 1 || r.First.X != 1 || r.Worst.D != 3 || r.Worst.X != 1 {
		t.Error(r)
	}
}

func TestCheckSample(t *testing.T) {
	l := newLayer(t, small, Bounded)
	relu := l.ref.ReLU().Volume().Data
	indices := Sample(l.p, 1, 50)
	r := must[Report](t)(CheckSample(relu, l.p, l.x, l.w, true, indices, Bounded))
	if !r.OK() || r.Checked != 50 || r.Total != 360 {
		t.Errorf("ReLU: %v", r)
	}
	if r := must[Report](t)(CheckSample(l.got, l.p, l.x, l.w, true, indices, Bounded)); r.OK() {
		t.Errorf("no ReLU: %v", r)
	}
	if r := must[Report](t)(CheckSample(relu, l.p, l.x, l.w, false, indices, Bounded)); r.OK() {
		t.Errorf("ReLU for none: %v", r)
	}
	for _, i := range indices {
		l.got[i] += 1
	}
	if r := must[Report](t)(CheckSample(l.got, l.p, l.x, l.w, false, indices, Bounded)); r.Failed != 50 {
		t.Errorf("all spoilt: %v", r)
	}
}

// Each of these has no verdict, or the wrong shape, and says so.
func TestNoVerdict(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for name, c := range map[string]struct {
		mode  Mode
		spoil func(*layer)
		want  error
		words string
	}{
		"result too short": {Exact, func(l *layer) { l.got = l.got[1:] }, ErrShape, "359"},
		"result too long":  {Bounded, func(l *layer) { l.got = append(l.got, 1) }, ErrShape, "361"},
		"no result":        {Bounded, func(l *layer) { l.got = nil }, ErrShape, "has 0"},
		"infinite input":   {Bounded, func(l *layer) { l.x.Data[0] = inf }, ErrNoVerdict, "finite"},
		"NaN input":        {Bounded, func(l *layer) { l.x.Data[0] = nan }, ErrNoVerdict, "finite"},
		"infinite weight":  {Exact, func(l *layer) { l.w.Data[0] = -inf }, ErrNoVerdict, "finite"},
		"NaN bias":         {Exact, func(l *layer) { l.w.Bias[5] = nan }, ErrNoVerdict, "finite"},
		"beyond float32": {Bounded, func(l *layer) {
			l.x.Data[0], l.w.Data[4*2] = 1e38, 1e38
		}, ErrNoVerdict, "3.40"},
		"no whole numbers":       {Exact, func(l *layer) { l.x.Data[0] = 0.1 }, ErrNoVerdict, "whole"},
		"other mode":             {7, func(l *layer) {}, ErrNoVerdict, "Mode(7)"},
		"filters of other depth": {Exact, func(l *layer) { l.w.D++ }, ErrShape, "6x3x3x2"},
	} {
		l := newLayer(t, small, Exact)
		c.spoil(&l)
		_, err := CheckSample(l.got, l.p, l.x, l.w, false, Sample(l.p, 1, 999), c.mode)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: CheckSample gives %v, must wrap %q and say %s", name, err, c.want, c.words)
		}
		ref, err := Conv(l.p, l.x, l.w)
		if err == nil {
			_, err = Check(l.got, ref, c.mode)
		}
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: Check gives %v, must wrap %q and say %s", name, err, c.want, c.words)
		}
	}
}

func TestNoVerdictOnLongSums(t *testing.T) {
	p := parse(t, "ic8388605ih1oc1kh1") // 2^23 - 3 taps
	ref := Reference{Problem: p, Value: []float64{0}, Magnitude: []float64{0}}
	if _, err := Check([]float32{0}, ref, Bounded); !errors.Is(err, ErrNoVerdict) ||
		!strings.Contains(err.Error(), "no float32 bound") {
		t.Errorf("error %v, must be ErrNoVerdict and say that there is no bound", err)
	}
	if r := must[Report](t)(Check([]float32{0}, ref, Exact)); !r.OK() {
		t.Error(r)
	}
}

func TestReferencesMadeWrongly(t *testing.T) {
	l := newLayer(t, small, Bounded)
	for name, ref := range map[string]Reference{
		"zero":          {},
		"no magnitudes": {Problem: l.p, Value: l.ref.Value},
		"no values":     {Problem: l.p, Magnitude: l.ref.Magnitude},
	} {
		if _, err := Check(l.got, ref, Bounded); err == nil {
			t.Errorf("%s: no error", name)
		}
		ref.ReLU().Volume() // must not panic
	}
	l.ref.Magnitude[3] = -1
	if _, err := Check(l.got, l.ref, Bounded); !errors.Is(err, ErrNoVerdict) {
		t.Errorf("negative magnitude: error %v, must be ErrNoVerdict", err)
	}
}

func TestWrongIndices(t *testing.T) {
	l := newLayer(t, small, Bounded)
	for _, c := range []struct {
		indices []int
		words   string
	}{
		{nil, "no output"}, {[]int{}, "no output"}, {[]int{-1}, "-1, must be from 0 to 359"},
		{[]int{360}, "360, must be from 0 to 359"},
		{[]int{1, 1}, "1 comes after 1"}, {[]int{0, 2, 1}, "1 comes after 2"},
		{[]int{0, math.MaxInt}, "from 0 to 359"},
	} {
		if _, err := CheckSample(l.got, l.p, l.x, l.w, false, c.indices, Bounded); !errors.Is(err, ErrShape) ||
			!strings.Contains(err.Error(), c.words) {
			t.Errorf("indices %v: error %v, must be ErrShape and say %q", c.indices, err, c.words)
		}
	}
}

func TestReportLines(t *testing.T) {
	worst := Mismatch{X: 2, Y: 3, D: 1, Got: 5, Want: 4, Error: 1, Bound: 0.5}
	nan := Mismatch{N: 1, Got: math.Float32frombits(poison), Want: 4, Error: math.NaN()}
	for want, r := range map[string]Report{
		"exact: all 32 outputs equal":               {Mode: Exact, Checked: 32, Total: 32},
		"exact: 2 of 32 outputs checked, all equal": {Mode: Exact, Checked: 2, Total: 32},
		"bound: all 32 outputs hold, worst used 3.1% of the bound at V[2,3,1] (image 0)": {Checked: 32, Total: 32,
			BoundUsed: 0.031, Worst: worst},
		"bound: no output was checked": {},
		"bound: 1 of 2 outputs wrong (a sample of 9); first V[2,3,1] (image 0) is 5, must be 4, error 1, allowed " +
			"0.5 (2 of the bound)": {
			Checked: 2, Total: 9, Failed: 1, BoundUsed: 2, Worst: worst, First: &worst},
		"exact: 2 of 9 outputs wrong, 1 of them NaN; first V[2,3,1] (image 0) is 5, must be 4, error 1, allowed " +
			"0.5; worst V[0,0,0] (image 1) is NaN (never written), must be 4, error NaN, allowed 0": {
			Mode: Exact, Checked: 9, Total: 9, Failed: 2, NaNs: 1, BoundUsed: math.Inf(1), Worst: nan, First: &worst},
	} {
		if got := r.String(); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
	if (Report{}).OK() || !errors.Is(Report{}.Err(), ErrMismatch) {
		t.Error("a report that checked nothing is OK")
	}
	if fmt.Sprint(Bounded, Exact, Mode(-1)) != "bound exact Mode(-1)" {
		t.Error(Bounded, Exact, Mode(-1))
	}
}
