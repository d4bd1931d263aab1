package cpuref

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// everyWinograd are all sizes of tiles and filters: m, and the filter along both axes.
var everyWinograd = [][3]int{{2, 3, 3}, {4, 3, 3}, {6, 3, 3}, {2, 5, 5}, {4, 5, 5}, {2, 7, 7}, {6, 1, 3}, {4, 5, 1}, {2, 1, 7}}

// winogradProblem is a small problem of one of them, with every padding.
func winogradProblem(rng *rand.Rand, of [3]int) conv.Problem {
	axis := func(filter int) conv.Axis {
		a := conv.Axis{In: 1 + rng.IntN(12), Filter: filter, Pad: rng.IntN(filter + 1), Dilation: max(1, rng.IntN(5)-1)}
		if rng.IntN(2) == 0 {
			a.Out = max(1, a.In+2*a.Pad-(filter-1)*a.Dilation+rng.IntN(5)-2)
		}
		return a
	}
	for {
		g := 1 + rng.IntN(3)
		p, err := conv.New(conv.Problem{
			Batch: 1 + rng.IntN(3), Groups: g, InChannels: g * (1 + rng.IntN(5)), OutChannels: g * (1 + rng.IntN(4)),
			H: axis(of[1]), W: axis(of[2]), Padding: conv.Padding(rng.IntN(4)),
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
	a, err := winogradOf(p, m)
	if err != nil {
		panic(err)
	}
	v := make([]float32, p.OutLen())
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
	plane := func(at func(i, j int) float64) [][]float64 {
		d := make([][]float64, a.h.t)
		for i := range d {
			for j := range a.w.t {
				d[i] = append(d[i], at(i, j))
			}
		}
		return d
	}
	both := func(h, w, d [][]float64) [][]float64 { return transform(w, transform(h, d)) }
	depth, area := p.InChannels/p.Groups, p.H.Filter*p.W.Filter
	for i := range v {
		at := placeOf(&p, i)
		top, row := tileOf(p.H, a.h.m, at.y)
		left, column := tileOf(p.W, a.w.m, at.x)
		sums := plane(func(int, int) float64 { return 0 })
		for c := range depth {
			u := both(a.h.input, a.w.input, plane(func(r, s int) float64 {
				y, x0 := top+r*p.H.Dilation, left+s*p.W.Dilation
				if y > p.H.Out-1+p.H.Extent()-1 || x0 > p.W.Out-1+p.W.Extent()-1 {
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
					for e := range area {
						weight += a.h.filter[r][e/p.W.Filter] * a.w.filter[s][e%p.W.Filter] * float64(w.Data[(at.d*area+e)*depth+c])
					}
					sums[r][s] = float64(round(sums[r][s] + float64(round(u[r][s]*float64(round(weight))))))
				}
			}
		}
		v[i] = round(float64(round(both(a.h.output, a.w.output, sums)[row][column])) + float64(round(biasOf(w, at.d))))
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
		p := winogradProblem(rng, everyWinograd[0])
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
	roundings := []struct {
		name  string
		round func(float64) float32
	}{{"nearest", nearest}, {"toward zero", towardZero}, {"away from zero", awayFromZero}, {"flushed", flushed}}
	for _, of := range everyWinograd {
		for _, c := range roundings {
			rng, worst := newRand(61), 0.0
			for range 12 {
				p := winogradProblem(rng, of)
				x, w := operands(t, p, reals(rng))
				want := must[Reference](t)(Winograd(p, of[0], x, w))
				for _, got := range [][]float32{rounded(p, of[0], x, w, c.round), twin(t, p, of[0], x, w)} {
					r := must[Report](t)(Check(got, want, Bounded))
					if worst = max(worst, r.BoundUsed); !r.OK() {
						t.Fatalf("%v, %s, %v: %v", of, c.name, p, r)
					}
				}
			}
			t.Logf("%v, %s: at worst %.3g of the bound", of, c.name, worst)
			if worst < 0.005 {
				t.Errorf("%v, %s: at worst %.3g of the bound is used, must be at least 0.005", of, c.name, worst)
			}
		}
	}
}

// Where operands or products are so small that they are flushed, only the bound's second part allows it.
func TestWinogradBoundOfFlushes(t *testing.T) {
	rng := newRand(62)
	for _, of := range everyWinograd {
		for _, exponents := range [][2]int{{-126, 0}, {0, -126}, {-63, -63}, {-128, 7}, {-122, 3}} {
			worst := 0.0
			for range 10 {
				p := winogradProblem(rng, of)
				x, w := operands(t, p, reals(rng))
				for i, data := range [][]float32{x.Data, w.Data} {
					for j := range data {
						data[j] = float32(math.Ldexp(float64(data[j]), exponents[i]))
					}
				}
				clear(w.Bias)
				want := must[Reference](t)(Winograd(p, of[0], x, w))
				r := must[Report](t)(Check(rounded(p, of[0], x, w, flushed), want, Bounded))
				if worst = max(worst, r.BoundUsed); !r.OK() {
					t.Fatalf("%v, 2^%v, %v: %v", of, exponents, p, r)
				}
			}
			t.Logf("%v, 2^%v: at worst %.3g of the bound", of, exponents, worst)
			if worst == 0 {
				t.Errorf("%v, 2^%v: nothing was flushed", of, exponents)
			}
		}
	}
}

// Magnitudes by the formula's own loops, in problems of one block and of several.
func TestWinogradMagnitude(t *testing.T) {
	for d, ms := range map[string][]int{
		"ic2ih5oc3kh3ph1": {2, 4, 6}, "g2mb2ic4ih17iw18oc6kh3ph1+circular": {2, 4, 6}, "ic1ih3oc130kh3": {2, 4, 6},
		"mb3ic3ih1iw2oc2kh3ph2+replicate": {2, 4, 6}, "g2mb2ic4ih9iw13oc6kh3ph2pw3dh1dw3": {2, 4, 6},
		"g2ic4ih9iw8oc6kh5ph2": {2, 4}, "ic2ih9iw13oc3kh7ph3dh1": {2}, "ic2ih4iw13oc3kh1kw3ph0pw1": {6}, "ic2ih9iw3oc3kh7kw1ph2pw0": {2},
	} {
		for _, m := range ms {
			checkMagnitude(t, parse(t, d), m)
		}
	}
}

func checkMagnitude(t *testing.T, p conv.Problem, m int) {
	x, w := operands(t, p, reals(newRand(63)))
	got, direct := must[Reference](t)(Winograd(p, m, x, w)), must[Reference](t)(Conv(p, x, w))
	a, depth := must[*winograd](t)(winogradOf(p, m)), p.InChannels/p.Groups
	in, out := map[int]int{1: 0, 4: 1, 6: 3, 8: 6}, map[int]int{1: 0, 4: 2, 6: 4, 8: 6}
	n := in[a.h.t] + in[a.w.t] + 1 + depth + out[a.h.t] + out[a.w.t] + 1
	for i := range got.Value {
		at := placeOf(&p, i)
		want := math.Abs(biasOf(w, at.d))
		_, row := tileOf(p.H, a.h.m, at.y)
		_, column := tileOf(p.W, a.w.m, at.x)
		for e := range a.area() {
			l := a.h.output[row][e/a.w.t] * a.w.output[column][e%a.w.t]
			if l == 0 {
				continue
			}
			for c := range depth {
				want += math.Abs(l) * a.inputAt(p, x, at, c, e) * a.filterAt(w, at.d, c, e)
			}
		}
		if !(math.Abs(got.Magnitude[i]-want) < 1e-12*want) || got.Magnitude[i] < direct.Magnitude[i] {
			t.Fatalf("%s, m = %d: magnitude %d is %v, must be %v and not below %v", p, m, i, got.Magnitude[i], want, direct.Magnitude[i])
		}
		if math.Abs(got.Value[i]-direct.Value[i]) > 1e-12*want {
			t.Fatalf("%s, m = %d: value %d is %v, must be %v", p, m, i, got.Value[i], direct.Value[i])
		}
		if bound := growth(float64(n+2)) * want; !(math.Abs(got.Allowed[i]-bound) < 1e-12*bound) {
			t.Fatalf("%s, m = %d: allowed %d is %v, must be %v", p, m, i, got.Allowed[i], bound)
		}
	}
}

// inputAt is element e of |Bᵀ||x||B| of the tile of the output at this place.
func (w *winograd) inputAt(p conv.Problem, x tensor.Volume, at place, c, e int) (sum float64) {
	top, _ := tileOf(p.H, w.h.m, at.y)
	left, _ := tileOf(p.W, w.w.m, at.x)
	for r := range w.h.t {
		for s := range w.w.t {
			y, x0 := top+r*p.H.Dilation, left+s*p.W.Dilation
			column, inside := reads(&p, place{n: at.n, y: y, x: x0}, tap{})
			if inside && y <= p.H.Out-1+p.H.Extent()-1 && x0 <= p.W.Out-1+p.W.Extent()-1 {
				v := x.Data[(at.n*columns(&p)+column)*p.InChannels+firstDepth(&p, at.d)+c]
				sum += math.Abs(w.h.input[e/w.w.t][r] * w.w.input[e%w.w.t][s] * float64(v))
			}
		}
	}
	return sum
}

// filterAt is element e of |G||w||Gᵀ|.
func (w *winograd) filterAt(f tensor.Filters, k, c, e int) (sum float64) {
	for y := range f.H {
		for x := range f.W {
			sum += math.Abs(w.h.filter[e/w.w.t][y] * w.w.filter[e%w.w.t][x] * float64(f.At(k, x, y, c)))
		}
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
	wantError(t, err, ErrNoVerdict, "6 x 6 inputs divides by 3")
	_, err = WinogradExactLimit(parse(t, "ic1ih4oc1kh1kw7ph0pw3"), 2)
	wantError(t, err, ErrNoVerdict, "1 x 8 inputs divides by 3")
}

// Each of these is refused by all that take a problem, and says why.
func TestWinogradRefuses(t *testing.T) {
	for _, c := range []struct {
		d     string
		m     int
		words string
	}{
		{"ic1ih9oc1kh3", 3, "3 x 3 outputs of ic1ih9oc1kh3, must have 2, 4 or 6"}, {"ic1ih9oc1kh3", 0, "must have 2, 4 or 6"},
		{"ic1ih9oc1kh9", 2, "side 3, 5 or 7"}, {"ic1ih9oc1kh7", 4, "side 3 or 5"}, {"ic1ih9oc1kh5", 6, "side 3, or of 3 taps"}, {"ic1ih9oc1kh4", 2, "side 3, 5 or 7"},
		{"ic1ih9oc1kh1", 6, "square filters"}, {"ic1ih9oc1kh3kw1", 4, "of 5 taps along one"}, {"ic1ih9oc1kh1kw5", 2, "of 7 taps along one"}, {"ic1ih9oc1kh3kw5", 2, "square filters"},
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
