package cpuref

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// winogradProblem is a small problem that Winograd's algorithms compute, with every padding.
func winogradProblem(rng *rand.Rand) conv.Problem {
	axis := func() conv.Axis {
		a := conv.Axis{In: 1 + rng.IntN(12), Filter: 3, Pad: rng.IntN(4), Dilation: max(1, rng.IntN(5)-1)}
		if rng.IntN(2) == 0 {
			a.Out = max(1, a.In+2*a.Pad-2*a.Dilation+rng.IntN(5)-2)
		}
		return a
	}
	for {
		g := 1 + rng.IntN(3)
		p, err := conv.New(conv.Problem{
			Batch: 1 + rng.IntN(3), Groups: g, InChannels: g * (1 + rng.IntN(5)), OutChannels: g * (1 + rng.IntN(4)),
			H: axis(), W: axis(), Padding: conv.Padding(rng.IntN(4)),
		})
		if err == nil {
			return p
		}
	}
}

// twin is the whole algorithm in float32.
func twin(t testing.TB, p conv.Problem, m int, x tensor.Volume, w tensor.Filters) []float32 {
	t.Helper()
	u := must[[]float32](t)(WinogradInput(p, m, x))
	between := must[conv.Problem](t)(WinogradProduct(p, m))
	filters := must[tensor.Filters](t)(WinogradFilters(p, m, w))
	columns := tensor.Volume{N: 1, H: 1, W: between.W.In, D: between.InChannels, Data: u}
	products := make([]float32, between.OutLen())
	for i := range products {
		k, depth := i%between.OutChannels, filters.D
		from := columns.Data[i/between.OutChannels*between.InChannels+firstDepth(&between, k):]
		for c, weight := range filters.Filter(k)[:depth] {
			products[i] += from[c] * weight
		}
	}
	return must[[]float32](t)(WinogradOutput(p, m, products, w.Bias))
}

// rounded is the whole algorithm with arithmetic that rounds as round does, written without the index
// tricks of the code that it tests: tile by tile, from what each of its outputs reads.
func rounded(p conv.Problem, m int, x tensor.Volume, w tensor.Filters, round func(float64) float32) []float32 {
	a, v := winograds[m], make([]float32, p.OutLen())
	transform := func(l [][]float64, d [][]float64) [][]float64 { // l times d, transposed
		out := make([][]float64, len(d[0]))
		for j := range out {
			for _, row := range l {
				sum := 0.0
				for i, c := range row {
					if c != 0 {
						sum = float64(round(sum + float64(round(c*float64(round(d[i][j]))))))
					}
				}
				out[j] = append(out[j], sum)
			}
		}
		return out
	}
	square := func(n int, at func(i, j int) float64) [][]float64 {
		d := make([][]float64, n)
		for i := range d {
			for j := range n {
				d[i] = append(d[i], at(i, j))
			}
		}
		return d
	}
	both := func(l, d [][]float64) [][]float64 { return transform(l, transform(l, d)) }
	depth := p.InChannels / p.Groups
	for i := range v {
		at := placeOf(&p, i)
		top, row := tileOf(p.H, m, at.y)
		left, column := tileOf(p.W, m, at.x)
		sums := square(a.t, func(int, int) float64 { return 0 })
		for c := range depth {
			u := both(a.input, square(a.t, func(r, s int) float64 {
				y, x0 := top+r*p.H.Dilation, left+s*p.W.Dilation
				if y >= p.H.Out+2*p.H.Dilation || x0 >= p.W.Out+2*p.W.Dilation {
					return 0
				}
				column, inside := reads(&p, place{n: at.n, y: y, x: x0}, tap{})
				if !inside {
					return 0
				}
				return float64(x.Data[(at.n*columns(&p)+column)*p.InChannels+firstDepth(&p, at.d)+c])
			}))
			for r := range sums {
				for s := range sums[r] {
					weight := 0.0 // rounded once, by round too
					for e := range 9 {
						weight += a.filter[r][e/3] * a.filter[s][e%3] * float64(w.Data[(at.d*9+e)*depth+c])
					}
					sums[r][s] = float64(round(sums[r][s] + float64(round(u[r][s]*float64(round(weight))))))
				}
			}
		}
		v[i] = round(float64(round(both(a.output, sums)[row][column])) + float64(round(biasOf(w, at.d))))
	}
	return v
}

// tileOf is where the tile of output o begins, and the output's place in it.
func tileOf(a conv.Axis, m, o int) (first, i int) {
	i = o / a.Dilation % m
	return o - i*a.Dilation, i
}

// Whole numbers inside the limit are exact: by the twin, and by roundings that err wherever they can.
func TestWinogradExact(t *testing.T) {
	rng := newRand(60)
	for i := range 45 {
		p := winogradProblem(rng)
		l := must[int](t)(WinogradExactLimit(p, 2))
		x, w := operands(t, p, integers(rng, l))
		if i%3 == 0 { // the largest numbers there can be, with signs that make one column of sums largest
			for _, data := range [][]float32{x.Data, w.Data, w.Bias} {
				for j := range data {
					data[j] = float32(l) * float32(1-2*(i/3*j%2))
				}
			}
		}
		want := must[Reference](t)(Winograd(p, 2, x, w))
		for name, got := range map[string][]float32{
			"twin": twin(t, p, 2, x, w), "toward zero": rounded(p, 2, x, w, towardZero), "away from zero": rounded(p, 2, x, w, awayFromZero),
		} {
			if r := must[Report](t)(Check(got, want, Exact)); !r.OK() {
				t.Fatalf("%v, %s: %v", p, name, r)
			}
		}
	}
}

// The bound holds for each rounding, and is not so wide that nothing comes near it.
func TestWinogradBoundHoldsAndIsTight(t *testing.T) {
	for _, c := range []struct {
		m       int
		name    string
		round   func(float64) float32
		tightBy float64
	}{
		{2, "nearest", nearest, 0.015}, {2, "toward zero", towardZero, 0.03}, {2, "away from zero", awayFromZero, 0.03}, {2, "flushed", flushed, 0.015},
		{4, "nearest", nearest, 0.003}, {4, "toward zero", towardZero, 0.006}, {4, "away from zero", awayFromZero, 0.006}, {4, "flushed", flushed, 0.003},
	} {
		rng, worst := newRand(61), 0.0
		for range 20 {
			p := winogradProblem(rng)
			x, w := operands(t, p, reals(rng))
			want := must[Reference](t)(Winograd(p, c.m, x, w))
			for _, got := range [][]float32{rounded(p, c.m, x, w, c.round), twin(t, p, c.m, x, w)} {
				r := must[Report](t)(Check(got, want, Bounded))
				if worst = max(worst, r.BoundUsed); !r.OK() {
					t.Fatalf("m = %d, %s, %v: %v", c.m, c.name, p, r)
				}
			}
		}
		t.Logf("m = %d, %s: at worst %.3g of the bound", c.m, c.name, worst)
		if worst < c.tightBy {
			t.Errorf("m = %d, %s: at worst %.3g of the bound is used, must be at least %.3g", c.m, c.name, worst, c.tightBy)
		}
	}
}

// Where operands or products are so small that they are flushed, only the bound's second part allows it.
func TestWinogradBoundOfFlushes(t *testing.T) {
	rng := newRand(62)
	for _, m := range []int{2, 4} {
		for _, exponents := range [][2]int{{-126, 0}, {0, -126}, {-63, -63}, {-128, 7}, {-122, 3}} {
			worst := 0.0
			for range 10 {
				p := winogradProblem(rng)
				x, w := operands(t, p, reals(rng))
				for i, data := range [][]float32{x.Data, w.Data} {
					for j := range data {
						data[j] = float32(math.Ldexp(float64(data[j]), exponents[i]))
					}
				}
				clear(w.Bias)
				want := must[Reference](t)(Winograd(p, m, x, w))
				r := must[Report](t)(Check(rounded(p, m, x, w, flushed), want, Bounded))
				if worst = max(worst, r.BoundUsed); !r.OK() {
					t.Fatalf("m = %d, 2^%v, %v: %v", m, exponents, p, r)
				}
			}
			t.Logf("m = %d, 2^%v: at worst %.3g of the bound", m, exponents, worst)
			if worst == 0 {
				t.Errorf("m = %d, 2^%v: nothing was flushed", m, exponents)
			}
		}
	}
}

// Magnitudes by the formula's own loops, in problems of one block and of several.
func TestWinogradMagnitude(t *testing.T) {
	for _, d := range []string{"ic2ih5oc3kh3ph1", "g2mb2ic4ih17iw18oc6kh3ph1+circular", "ic1ih3oc130kh3", "mb3ic3ih1iw2oc2kh3ph2+replicate", "g2mb2ic4ih9iw13oc6kh3ph2pw3dh1dw3"} {
		for _, m := range []int{2, 4} {
			p := parse(t, d)
			x, w := operands(t, p, reals(newRand(63)))
			got, direct := must[Reference](t)(Winograd(p, m, x, w)), must[Reference](t)(Conv(p, x, w))
			a, depth := winograds[m], p.InChannels/p.Groups
			for i := range got.Value {
				at := placeOf(&p, i)
				want := math.Abs(biasOf(w, at.d))
				_, row := tileOf(p.H, m, at.y)
				_, column := tileOf(p.W, m, at.x)
				for e := range a.t * a.t {
					l := a.output[row][e/a.t] * a.output[column][e%a.t]
					if l == 0 {
						continue
					}
					for c := range depth {
						want += math.Abs(l) * a.inputAt(p, x, at, c, e) * a.filterAt(w, at.d, c, e)
					}
				}
				if !(math.Abs(got.Magnitude[i]-want) < 1e-12*want) || got.Magnitude[i] < direct.Magnitude[i] {
					t.Fatalf("%s, m = %d: magnitude %d is %v, must be %v and not below %v", d, m, i, got.Magnitude[i], want, direct.Magnitude[i])
				}
				if math.Abs(got.Value[i]-direct.Value[i]) > 1e-12*want {
					t.Fatalf("%s, m = %d: value %d is %v, must be %v", d, m, i, got.Value[i], direct.Value[i])
				}
				n := 2*map[int]int{2: 1, 4: 3}[m] + 1 + depth + 2*map[int]int{2: 2, 4: 4}[m] + 1
				if bound := growth(float64(n+2)) * want; !(math.Abs(got.Allowed[i]-bound) < 1e-12*bound) {
					t.Fatalf("%s, m = %d: allowed %d is %v, must be %v", d, m, i, got.Allowed[i], bound)
				}
			}
		}
	}
}

// inputAt is element e of |Bᵀ||x||B| of the tile of the output at this place.
func (w *winograd) inputAt(p conv.Problem, x tensor.Volume, at place, c, e int) (sum float64) {
	top, _ := tileOf(p.H, w.m, at.y)
	left, _ := tileOf(p.W, w.m, at.x)
	for r := range w.t {
		for s := range w.t {
			y, x0 := top+r*p.H.Dilation, left+s*p.W.Dilation
			column, inside := reads(&p, place{n: at.n, y: y, x: x0}, tap{})
			if inside && y < p.H.Out+2*p.H.Dilation && x0 < p.W.Out+2*p.W.Dilation {
				v := x.Data[(at.n*columns(&p)+column)*p.InChannels+firstDepth(&p, at.d)+c]
				sum += math.Abs(w.input[e/w.t][r] * w.input[e%w.t][s] * float64(v))
			}
		}
	}
	return sum
}

// filterAt is element e of |G||w||Gᵀ|.
func (w *winograd) filterAt(f tensor.Filters, k, c, e int) (sum float64) {
	for tap := range 9 {
		sum += math.Abs(w.filter[e/w.t][tap/3] * w.filter[e%w.t][tap%3] * float64(f.At(k, tap%3, tap/3, c)))
	}
	return sum
}

// Operands that pass float32's range on the way have no verdict, though the output would not.
func TestWinogradOutOfRange(t *testing.T) {
	p := parse(t, "ic1ih4oc1kh3ph1")
	x, w := operands(t, p, integers(newRand(64), 1))
	for i := range x.Data {
		x.Data[i] = 2e38
	}
	for i := range w.Data {
		w.Data[i] = 1e-30
	}
	for _, m := range []int{2, 4} {
		_, err := Check(twin(t, p, m, x, w), must[Reference](t)(Winograd(p, m, x, w)), Bounded)
		wantError(t, err, ErrNoVerdict, "on the way")
	}
	x.Data[5] = float32(math.NaN())
	_, err := Check(make([]float32, 16), must[Reference](t)(Winograd(p, 2, x, w)), Bounded)
	wantError(t, err, ErrNoVerdict, "")
}

func TestWinogradExactLimit(t *testing.T) {
	for d, want := range map[string]int{"ic1ih4oc1kh3": 255, "ic64ih56oc64kh3ph1": 31, "g2ic128ih56oc64kh3ph1": 31, "ic512ih7oc1kh3": 11, "ic65535ih3oc1kh3": 1} {
		if got := must[int](t)(WinogradExactLimit(parse(t, d), 2)); got != want {
			t.Errorf("%s: limit %d, must be %d", d, got, want)
		}
	}
	_, err := WinogradExactLimit(parse(t, "ic65536ih3oc1kh3"), 2)
	wantError(t, err, ErrNoVerdict, "at most 65535 channels")
	_, err = WinogradExactLimit(parse(t, "ic1ih4oc1kh3"), 4)
	wantError(t, err, ErrNoVerdict, "divides by 6")
}

// Each of these is refused by all that take a problem, and says why.
func TestWinogradRefuses(t *testing.T) {
	for _, c := range []struct {
		d     string
		m     int
		words string
	}{
		{"ic1ih9oc1kh3", 3, "m = 3, must be 2 or 4"}, {"ic1ih9oc1kh3", 0, "must be 2 or 4"}, {"ic1ih9oc1kh5", 2, "3x3"}, {"ic1ih9oc1kh3kw1", 4, "3x3"},
		{"ic1ih9oc1kh3sh2", 2, "stride 1"}, {"ic1ih9oc1kh3sw2", 2, "stride 1"}, {"ic1ih9oc1kh3+transposed", 2, "transposed"},
		{"ic1ih9oc1kh3+unshared", 2, "unshared"}, {"ic1id3ih9oc1kd1kh3", 2, "depth axis"}, {"ic1id3ih9oc1kd3kh3", 2, "depth axis"},
	} {
		p := parse(t, c.d)
		x, w := operands(t, p, integers(newRand(65), 1))
		errs := []error{CheckWinograd(p, c.m)}
		add := func(_ any, err error) { errs = append(errs, err) }
		add(Winograd(p, c.m, x, w))
		add(WinogradExactLimit(p, c.m))
		add(WinogradFilters(p, c.m, w))
		add(WinogradInput(p, c.m, x))
		add(WinogradOutput(p, c.m, nil, nil))
		add(WinogradProduct(p, c.m))
		for _, err := range errs {
			wantError(t, err, ErrShape, c.words)
		}
	}
	wantError(t, CheckWinograd(conv.Problem{}, 2), conv.ErrInvalid, "")
}

func TestWinogradShapes(t *testing.T) {
	p, other := parse(t, "ic2ih9oc1kh3"), parse(t, "ic3ih8oc2kh3")
	x, w := operands(t, other, integers(newRand(66), 1))
	_, err := Winograd(p, 2, x, w)
	wantError(t, err, ErrShape, "9x9x2")
	_, err = WinogradInput(p, 2, x)
	wantError(t, err, ErrShape, "9x9x2")
	_, err = WinogradFilters(p, 2, w)
	wantError(t, err, ErrShape, "1x3x3x2")
	_, err = WinogradOutput(p, 2, make([]float32, 5), nil)
	wantError(t, err, ErrShape, "5 products, must be 256")
	_, err = WinogradOutput(p, 2, make([]float32, 256), make([]float32, 2))
	wantError(t, err, ErrShape, "2 biases, must be 1")
	got := must[conv.Problem](t)(WinogradProduct(parse(t, "g2mb3ic4ih9iw10oc6kh3"), 4))
	if want := parse(t, "g72mb1ic144ih1iw12oc216kh1"); got != want {
		t.Errorf("product %v, must be %v", got, want)
	}
	_, err = WinogradProduct(parse(t, "ic100000000ih3oc1kh3"), 4)
	wantError(t, err, conv.ErrInvalid, "input channels")
}

// A filter of one tap shows where each transformed weight lies.
func TestWinogradFilters(t *testing.T) {
	p := parse(t, "g2ic4ih5oc4kh3")
	w := must[tensor.Filters](t)(tensor.NewFilters(4, 3, 3, 2))
	w.Set(3, 1, 2, 1, 24) // k 3, x 1, y 2, channel 1 of the second group
	f := must[tensor.Filters](t)(WinogradFilters(p, 4, w))
	if err := f.Validate(); err != nil || fmt.Sprint(f.K, f.H, f.W, f.D, f.Bias) != "144 1 1 2 []" {
		t.Fatal(f, err)
	}
	for i, got := range f.Data {
		e := i / 2 / 4
		want := 0.0
		if i/2%4 == 3 && i%2 == 1 {
			want = []float64{0, -1. / 6, -1. / 6, 1. / 6, 1. / 6, 1}[e/6] * 24 * []float64{0, -1. / 6, 1. / 6, 1. / 12, -1. / 12, 0}[e%6]
		}
		if math.Abs(float64(got)-want) > 1e-6 {
			t.Errorf("weight %d is %v, must be %v", i, got, want)
		}
	}
}
