package transform

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

func parse(t testing.TB, descriptor string) conv.Problem {
	t.Helper()
	p, err := conv.Parse(descriptor)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// filtersOf are p's, all zeros.
func filtersOf(t testing.TB, p conv.Problem) tensor.Filters {
	t.Helper()
	banks := 1
	if p.Unshared {
		banks = p.H.Out * p.W.Out
	}
	w, err := tensor.NewFilterBanks(banks, p.OutChannels, p.Z.Filter, p.H.Filter, p.W.Filter, p.InChannels/p.Groups)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// wantError wants an error that wraps want and says words.
func wantError(t testing.TB, err, want error, words string) {
	t.Helper()
	if !errors.Is(err, want) || !strings.Contains(err.Error(), words) {
		t.Errorf("error %v, must wrap %q and say %q", err, want, words)
	}
}

// Each of these is refused by all that take a problem, and says why.
func TestRefuses(t *testing.T) {
	for _, c := range []struct {
		d     string
		f     Transform
		words string
	}{
		{"ic1ih9oc1kh3", 7, "Transform(7) of ic1ih9oc1kh3, must be winograd2"},
		{"ic1ih9oc1kh3", 0, "must be winograd2 to winograd6 or fourier"},
		{"ic1ih9oc1kh4", Winograd3, "side 3"}, {"ic1ih9oc1kh1kw3", Winograd3, "side 3"},
		{"ic1ih9oc1kh9", Winograd2, "side 3, 5 or 7"}, {"ic1ih9oc1kh7", Winograd4, "side 3 or 5"},
		{"ic1ih9oc1kh5", Winograd6, "side 3, or of 3 taps"}, {"ic1ih9oc1kh4", Winograd2, "side 3, 5 or 7"},
		{"ic1ih9oc1kh3", Winograd5, "side 4, or of 4 taps"}, {"ic1ih9oc1kh2", Winograd5, "side 4"},
		{"ic1ih9oc1kh1", Winograd6, "square filters"}, {"ic1ih9oc1kh3kw1", Winograd4, "of 5 taps along one"},
		{"ic1ih9oc1kh1kw5", Winograd2, "of 7 taps along one"}, {"ic1ih9oc1kh3kw5", Winograd2, "square filters"},
		{"ic1ih19oc1kh14", Fourier, "2 to 13 taps along both axes, or along one"},
		{"ic1ih19oc1kh1kw14", Fourier, "2 to 13"},
		{"ic1ih19oc1kh1", Fourier, "2 to 13"},
		{"ic1ih9oc1kh3sh2", Winograd2, "stride 1"}, {"ic1ih9oc1kh3sw2", Fourier, "stride 1"},
		{"ic1ih9oc1kh3+transposed", Winograd2, "transposed"},
		{"ic1ih9oc1kh3+unshared", Fourier, "unshared"}, {"ic1id3ih9oc1kd1kh3", Winograd2, "depth axis"},
		{"ic1id3ih9oc1kd3kh3", Winograd2, "depth axis"},
	} {
		p := parse(t, c.d)
		errs := []error{c.f.Check(p)}
		add := func(_ any, err error) { errs = append(errs, err) }
		add(c.f.Filters(p, filtersOf(t, p)))
		add(c.f.Product(p))
		_, _, err := c.f.Tile(p)
		add(nil, err)
		_, _, err = c.f.Lines(p)
		add(nil, err)
		for _, err := range errs {
			wantError(t, err, ErrUnsupported, c.words)
		}
		if c.f.Exact(p) {
			t.Errorf("%v of %s is exact, must not be", c.f, p)
		}
	}
	wantError(t, Winograd2.Check(conv.Problem{}), conv.ErrInvalid, "")
}

func TestShapes(t *testing.T) {
	p := parse(t, "ic2ih9oc1kh3")
	_, err := Winograd2.Filters(p, filtersOf(t, parse(t, "ic3ih8oc2kh3")))
	wantError(t, err, ErrShape, "[1 2 1 3 3 3], must be [1 1 1 3 3 2]")
	short := filtersOf(t, p)
	short.Data = short.Data[1:]
	_, err = Winograd2.Filters(p, short)
	wantError(t, err, ErrShape, "17")
	got, err := Winograd4.Product(parse(t, "g2mb3ic4ih9iw10oc6kh3"))
	if want := parse(t, "g72mb1ic144ih1iw12oc216kh1"); err != nil || got != want {
		t.Errorf("product %v, %v, must be %v", got, err, want)
	}
	_, err = Winograd4.Product(parse(t, "ic100000000ih3oc1kh3"))
	wantError(t, err, conv.ErrInvalid, "input channels")
}

// A filter of one tap shows where each transformed weight lies.
func TestFilters(t *testing.T) {
	p := parse(t, "g2ic4ih5oc4kh3")
	w := filtersOf(t, p)
	w.Set(3, 1, 2, 1, 24) // k 3, x 1, y 2, channel 1 of the second group
	f, err := Winograd4.Filters(p, w)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Validate(); err != nil || fmt.Sprint(f.K, f.H, f.W, f.D, f.Bias) != "144 1 1 2 []" {
		t.Fatal(f, err)
	}
	for i, got := range f.Data {
		e := i / 2 / 4
		want := 0.0
		if i/2%4 == 3 && i%2 == 1 {
			want = []float64{0, -1. / 6, -1. / 6, 1. / 6, 1. / 6, 1}[e/6] * 24 * []float64{0, -1. / 6, 1. / 6, 1. / 12,
				-1. / 12, 0}[e%6]
		}
		if math.Abs(float64(got)-want) > 1e-6 {
			t.Errorf("weight %d is %v, must be %v", i, got, want)
		}
	}
}

// An infinite weight shows only where a matrix takes it.
func TestInfiniteFilters(t *testing.T) {
	p := parse(t, "ic1ih4oc1kh3")
	w := filtersOf(t, p)
	w.Set(0, 0, 0, 0, float32(math.Inf(1)))
	f, err := Winograd2.Filters(p, w)
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range f.Data {
		inside := i/4 < 3 && i%4 < 3 // the last row of G takes the last tap alone
		if inside != math.IsInf(float64(got), 1) || !inside && got != 0 {
			t.Errorf("weight %d is %v", i, got)
		}
	}
}

// The matrices compute a correlation: Aᵀ[(G g) ∘ (Bᵀ d)] of every tap and every input.
func TestLines(t *testing.T) {
	for _, f := range All() {
		for taps := 1; taps <= fourierTaps; taps++ {
			l := f.line(taps)
			if l == nil {
				continue
			}
			if l.Taps != taps || l.Inputs != l.Outputs+taps-1 || len(l.G) != l.Products || len(l.BT) != l.Products ||
				len(l.AT) != l.Outputs {
				t.Fatalf("%v of %d taps: %d taps, %d inputs, %d outputs", f, taps, l.Taps, l.Inputs, l.Outputs)
			}
			for y, row := range l.AT {
				for tap := range taps {
					for input := range l.Inputs {
						got, want := 0.0, 0.0
						for i, a := range row {
							got += a * l.G[i][tap] * l.BT[i][input]
						}
						if input == y+tap {
							want = 1
						}
						if math.Abs(got-want) > 1e-13 {
							t.Fatalf("%v of %d taps: output %d takes %v of tap %d and input %d, must take %v", f, taps,
								y, got, tap, input, want)
						}
					}
				}
			}
		}
	}
}
