package cpuref

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/transform"
)

// transformed is a transform with a filter that it serves.
type transformed struct {
	f    transform.Transform
	h, w int
}

// everyTransform are all sizes of tiles and filters, and of Fourier's the ends and some between.
var everyTransform = []transformed{
	{transform.Winograd2, 3, 3}, {transform.Winograd3, 3, 3}, {transform.Winograd4, 3, 3}, {transform.Winograd6, 3, 3},
	{transform.Winograd2, 5, 5}, {transform.Winograd4, 5, 5}, {transform.Winograd2, 7, 7}, {transform.Winograd5, 4, 4},
	{transform.Winograd5, 1, 4},
	{transform.Winograd6, 1, 3}, {transform.Winograd4, 5, 1}, {transform.Winograd2, 1, 7},
	{transform.Fourier, 2, 2}, {transform.Fourier, 13, 13}, {transform.Fourier, 3, 8}, {transform.Fourier, 1, 7},
	{transform.Fourier, 5, 1},
}

// cases is how many problems of it are tried: Fourier's have many numbers.
func (of transformed) cases(n int) int {
	if of.f == transform.Fourier {
		return n/6 + 1
	}
	return n
}

// transformProblem is a small problem of one of them, with every padding.
func transformProblem(rng *rand.Rand, of transformed) conv.Problem {
	axis := func(filter int) conv.Axis {
		a := conv.Axis{In: 1 + rng.IntN(12), Filter: filter, Pad: rng.IntN(filter + 1),
			Dilation: max(1, rng.IntN(5)-1)}
		if rng.IntN(2) == 0 {
			a.Out = max(1, a.In+2*a.Pad-(filter-1)*a.Dilation+rng.IntN(5)-2)
		}
		return a
	}
	for {
		g := 1 + rng.IntN(3)
		p, err := conv.New(conv.Problem{
			Batch: 1 + rng.IntN(3), Groups: g, InChannels: g * (1 + rng.IntN(5)), OutChannels: g * (1 + rng.IntN(4)),
			H: axis(of.h), W: axis(of.w), Padding: conv.Padding(rng.IntN(4)),
		})
		if err == nil {
			return p
		}
	}
}

// twin is the whole algorithm in float32.
func twin(t testing.TB, p conv.Problem, f transform.Transform, x tensor.Volume, w tensor.Filters) []float32 {
	t.Helper()
	u := must[[]float32](t)(TransformInput(f, p, x))
	between := must[conv.Problem](t)(f.Product(p))
	filters := must[tensor.Filters](t)(f.Filters(p, w))
	columns := tensor.Volume{N: 1, H: 1, W: between.W.In, D: between.InChannels, Data: u}
	products := make([]float32, between.OutLen())
	for i := range products {
		k, depth := i%between.OutChannels, filters.D
		from := columns.Data[i/between.OutChannels*between.InChannels+firstDepth(&between, k):]
		for c, weight := range filters.Filter(k)[:depth] {
			products[i] += from[c] * weight
		}
	}
	return must[[]float32](t)(TransformOutput(f, p, products, w.Bias))
}

// rounded is the whole algorithm with arithmetic that rounds as round does, written without the index
// tricks of the code that it tests: tile by tile, from what each of its outputs reads.
func rounded(
	p conv.Problem, f transform.Transform, x tensor.Volume, w tensor.Filters, round func(float64) float32,
) []float32 {
	a, err := tilingOf(f, p)
	if err != nil {
		panic(err)
	}
	v := make([]float32, p.OutLen())
	apply := func(l [][]float64, d [][]float64) [][]float64 { // l times d, transposed
		out := make([][]float64, len(d[0]))
		for j := range out {
			for _, row := range l {
				sum := 0.0
				for i, c := range row {
					if c != 0 {
						sum = float64(round(sum + float64(round(float64(round(c))*float64(round(d[i][j]))))))
					}
				}
				out[j] = append(out[j], sum)
			}
		}
		return out
	}
	plane := func(h, w int, at func(i, j int) float64) [][]float64 {
		d := make([][]float64, h)
		for i := range d {
			for j := range w {
				d[i] = append(d[i], at(i, j))
			}
		}
		return d
	}
	both := func(h, w, d [][]float64) [][]float64 { return apply(w, apply(h, d)) }
	depth, area := p.InChannels/p.Groups, p.H.Filter*p.W.Filter
	tiles := map[[4]int][][]float64{} // those that another output had
	for i := range v {
		at := placeOf(&p, i)
		top, row := tileAlong(p.H, a.h.Outputs, at.y)
		left, column := tileAlong(p.W, a.w.Outputs, at.x)
		finish := func(z [][]float64) float32 {
			return round(float64(round(z[row][column])) + float64(round(biasOf(w, at.d))))
		}
		key := [4]int{at.n, top, left, at.d}
		if z, had := tiles[key]; had {
			v[i] = finish(z)
			continue
		}
		sums := plane(a.h.Products, a.w.Products, func(int, int) float64 { return 0 })
		for c := range depth {
			u := both(a.h.input.matrix, a.w.input.matrix, plane(a.h.Inputs, a.w.Inputs, func(r, s int) float64 {
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
						tap := float64(w.Data[(at.d*area+e)*depth+c])
						weight += a.h.G[r][e/p.W.Filter] * a.w.G[s][e%p.W.Filter] * tap
					}
					sums[r][s] = float64(round(sums[r][s] + float64(round(u[r][s]*float64(round(weight))))))
				}
			}
		}
		tiles[key] = both(a.h.output.matrix, a.w.output.matrix, sums)
		v[i] = finish(tiles[key])
	}
	return v
}

// tileAlong is where the tile of output o begins, and the output's place in it.
func tileAlong(a conv.Axis, m, o int) (first, i int) {
	i = o / a.Dilation % m
	return o - i*a.Dilation, i
}

// Whole numbers inside the limit are exact: by the twin, and by roundings that err wherever they can.
func TestTransformExact(t *testing.T) {
	rng := newRand(60)
	for i := range 45 {
		p := transformProblem(rng, everyTransform[0])
		l := must[int](t)(TransformExactLimit(transform.Winograd2, p))
		x, w := operands(t, p, integers(rng, l))
		if i%3 == 0 { // the largest numbers there can be, with signs that make one column of sums largest
			for _, data := range [][]float32{x.Data, w.Data, w.Bias} {
				for j := range data {
					data[j] = float32(l) * float32(1-2*(i/3*j%2))
				}
			}
		}
		want := must[Reference](t)(Transformed(transform.Winograd2, p, x, w))
		for name, got := range map[string][]float32{
			"twin":           twin(t, p, transform.Winograd2, x, w),
			"toward zero":    rounded(p, transform.Winograd2, x, w, towardZero),
			"away from zero": rounded(p, transform.Winograd2, x, w, awayFromZero),
		} {
			if r := must[Report](t)(Check(got, want, Exact)); !r.OK() {
				t.Fatalf("%v, %s: %v", p, name, r)
			}
		}
	}
}

// The bound holds for each rounding, and is not so wide that nothing comes near it.
func TestTransformBoundHoldsAndIsTight(t *testing.T) {
	roundings := []struct {
		name  string
		round func(float64) float32
	}{{"nearest", nearest}, {"toward zero", towardZero}, {"away from zero", awayFromZero}, {"flushed", flushed}}
	for _, of := range everyTransform {
		for _, c := range roundings {
			rng, worst := newRand(61), 0.0
			for range of.cases(12) {
				p := transformProblem(rng, of)
				x, w := operands(t, p, reals(rng))
				want := must[Reference](t)(Transformed(of.f, p, x, w))
				for _, got := range [][]float32{rounded(p, of.f, x, w, c.round), twin(t, p, of.f, x, w)} {
					r := must[Report](t)(Check(got, want, Bounded))
					if worst = max(worst, r.BoundUsed); !r.OK() {
						t.Fatalf("%v, %s, %v: %v", of, c.name, p, r)
					}
				}
			}
			t.Logf("%v, %s: at worst %.3g of the bound", of, c.name, worst)
			if worst < 0.002 {
				t.Errorf("%v, %s: at worst %.3g of the bound is used, must be at least 0.002", of, c.name, worst)
			}
		}
	}
}

// Where operands or products are so small that they are flushed, only the bound's second part allows it.
func TestTransformBoundOfFlushes(t *testing.T) {
	rng := newRand(62)
	for _, of := range everyTransform {
		for _, exponents := range [][2]int{{-126, 0}, {0, -126}, {-63, -63}, {-128, 7}, {-122, 3}} {
			worst := 0.0
			for range of.cases(10) {
				p := transformProblem(rng, of)
				x, w := operands(t, p, reals(rng))
				for i, data := range [][]float32{x.Data, w.Data} {
					for j := range data {
						data[j] = float32(math.Ldexp(float64(data[j]), exponents[i]))
					}
				}
				clear(w.Bias)
				want := must[Reference](t)(Transformed(of.f, p, x, w))
				r := must[Report](t)(Check(rounded(p, of.f, x, w, flushed), want, Bounded))
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

// The bound by the formula's own loops, in problems of one block and of several.
func TestTransformBound(t *testing.T) {
	squares := []transform.Transform{transform.Winograd2, transform.Winograd3, transform.Winograd4,
		transform.Winograd6}
	for d, all := range map[string][]transform.Transform{
		"ic2ih5oc3kh3ph1": squares, "g2mb2ic4ih17iw18oc6kh3ph1+circular": squares, "ic1ih3oc130kh3": squares,
		"mb3ic3ih1iw2oc2kh3ph2+replicate": squares, "g2mb2ic4ih9iw13oc6kh3ph2pw3dh1dw3": squares,
		"g2ic4ih9iw8oc6kh5ph2":        {transform.Winograd2, transform.Winograd4},
		"ic2ih9iw13oc3kh7ph3dh1":      {transform.Winograd2},
		"ic2ih4iw13oc3kh1kw3ph0pw1":   {transform.Winograd6},
		"ic2ih9iw3oc3kh7kw1ph2pw0":    {transform.Winograd2, transform.Fourier},
		"ic2ih17iw14oc3kh13kw4ph2pw0": {transform.Fourier},
	} {
		for _, f := range all {
			checkBound(t, parse(t, d), f)
		}
	}
}

func checkBound(t *testing.T, p conv.Problem, f transform.Transform) {
	x, w := operands(t, p, reals(newRand(63)))
	got, direct := must[Reference](t)(Transformed(f, p, x, w)), must[Reference](t)(Conv(p, x, w))
	a, depth := must[*tiling](t)(tilingOf(f, p)), p.InChannels/p.Groups
	in, out := map[int]int{1: 0, 4: 1, 5: 3, 6: 3, 8: 6, 16: 7}, map[int]int{1: 0, 4: 2, 5: 3, 6: 4, 8: 6, 16: 7}
	n := growth(float64(1 + depth + out[a.h.Inputs] + out[a.w.Inputs] + 1 + 2))
	inputs := growth(float64(in[a.h.Inputs] + in[a.w.Inputs] + 1))
	for i := range got.Value {
		at := placeOf(&p, i)
		want := n * math.Abs(biasOf(w, at.d))
		_, row := tileAlong(p.H, a.h.Outputs, at.y)
		_, column := tileAlong(p.W, a.w.Outputs, at.x)
		for e := range a.area() {
			l := a.h.output.sizes[row][e/a.w.Products] * a.w.output.sizes[column][e%a.w.Products]
			if l == 0 {
				continue
			}
			for c := range depth {
				u, sizes := a.inputAt(p, x, at, c, e)
				want += l * (n*math.Abs(u) + (1+n)*inputs*sizes) * math.Abs(a.filterAt(w, at.d, c, e))
			}
		}
		if !(math.Abs(got.Allowed[i]-want) < 1e-9*want) {
			t.Fatalf("%s, %v: allowed %d is %v, must be %v", p, f, i, got.Allowed[i], want)
		}
		if math.Abs(got.Value[i]-direct.Value[i]) > 1e-12*direct.Magnitude[i] ||
			math.Abs(got.Magnitude[i]-direct.Magnitude[i]) > 1e-12*direct.Magnitude[i] {
			t.Fatalf("%s, %v: value %d is %v of %v, must be %v of %v", p, f, i, got.Value[i], got.Magnitude[i],
				direct.Value[i], direct.Magnitude[i])
		}
	}
}

// Sizes are the absolute values of all that adds up to a number: of the number itself, but for Fourier's sums
// of two waves.
func TestTransformSizes(t *testing.T) {
	for _, of := range everyTransform {
		p := must[conv.Problem](t)(conv.New(conv.Problem{
			InChannels: 1, OutChannels: 1, H: conv.Axis{In: 16, Filter: of.h}, W: conv.Axis{In: 16, Filter: of.w},
		}))
		a := must[*tiling](t)(tilingOf(of.f, p))
		for _, l := range []line{a.h, a.w} {
			taps := l.Taps
			for name, s := range map[string]stage{"input": l.input, "output": l.output} {
				for i, row := range s.matrix {
					for j, v := range row {
						want := math.Abs(v)
						if wave, k := j, i; of.f == transform.Fourier && taps > 1 {
							if name == "output" {
								wave, k = i, j
							}
							if k%3 == 1 && k < 22 { // the sum of a frequency's two
								sin, cos := math.Sincos(math.Pi / 8 * float64((k+2)/3*wave))
								want = math.Abs(sin) + math.Abs(cos)
							}
						}
						if math.Abs(s.sizes[i][j]-want) > 1e-14 {
							t.Fatalf("%v, %d taps, %s: size %d,%d is %v, must be %v", of.f, taps, name, i, j,
								s.sizes[i][j], want)
						}
					}
				}
			}
		}
	}
}

// inputAt is element e of Bᵀ x B and of |Bᵀ||x||B| of the tile of the output at this place.
func (w *tiling) inputAt(p conv.Problem, x tensor.Volume, at place, c, e int) (sum, sizes float64) {
	top, _ := tileAlong(p.H, w.h.Outputs, at.y)
	left, _ := tileAlong(p.W, w.w.Outputs, at.x)
	for r := range w.h.Inputs {
		for s := range w.w.Inputs {
			y, x0 := top+r*p.H.Dilation, left+s*p.W.Dilation
			column, inside := reads(&p, place{n: at.n, y: y, x: x0}, tap{})
			if inside && y <= p.H.Out-1+p.H.Extent()-1 && x0 <= p.W.Out-1+p.W.Extent()-1 {
				v := float64(x.Data[(at.n*columns(&p)+column)*p.InChannels+firstDepth(&p, at.d)+c])
				sum += w.h.input.matrix[e/w.w.Products][r] * w.w.input.matrix[e%w.w.Products][s] * v
				sizes += w.h.input.sizes[e/w.w.Products][r] * w.w.input.sizes[e%w.w.Products][s] * math.Abs(v)
			}
		}
	}
	return sum, sizes
}

// filterAt is element e of G w Gᵀ.
func (w *tiling) filterAt(f tensor.Filters, k, c, e int) (sum float64) {
	for y := range f.H {
		for x := range f.W {
			sum += w.h.G[e/w.w.Products][y] * w.w.G[e%w.w.Products][x] * float64(f.At(k, x, y, c))
		}
	}
	return sum
}

// Operands that pass float32's range on the way have no verdict, though the output would not.
func TestTransformOutOfRange(t *testing.T) {
	p := parse(t, "ic1ih4oc1kh3ph1")
	x, w := operands(t, p, integers(newRand(64), 1))
	for i := range x.Data {
		x.Data[i] = 2e38
	}
	for i := range w.Data {
		w.Data[i] = 1e-30
	}
	for _, f := range []transform.Transform{transform.Winograd2, transform.Winograd4, transform.Winograd6,
		transform.Fourier} {
		_, err := Check(twin(t, p, f, x, w), must[Reference](t)(Transformed(f, p, x, w)), Bounded)
		wantError(t, err, ErrNoVerdict, "on the way")
	}
	x.Data[5] = float32(math.NaN())
	_, err := Check(make([]float32, 16), must[Reference](t)(Transformed(transform.Winograd2, p, x, w)), Bounded)
	wantError(t, err, ErrNoVerdict, "")
}

// So have sums on the way, where operands do not pass it.
func TestTransformSumsOutOfRange(t *testing.T) {
	p := parse(t, "ic1ih8oc1kh3")
	x, w := operands(t, p, integers(newRand(67), 1))
	for _, data := range [][]float32{x.Data, w.Data} {
		for i := range data {
			data[i] = 1e18
		}
	}
	clear(w.Bias)
	_, err := Check(twin(t, p, transform.Winograd6, x, w),
		must[Reference](t)(Transformed(transform.Winograd6, p, x, w)), Bounded)
	wantError(t, err, ErrNoVerdict, "on the way")
	r := must[Report](t)(Check(twin(t, p, transform.Winograd2, x, w),
		must[Reference](t)(Transformed(transform.Winograd2, p, x, w)), Bounded))
	if !r.OK() {
		t.Errorf("winograd2: %v", r)
	}
}

func TestTransformExactLimit(t *testing.T) {
	for d, want := range map[string]int{"ic1ih4oc1kh3": 255, "ic64ih56oc64kh3ph1": 31, "g2ic128ih56oc64kh3ph1": 31,
		"ic512ih7oc1kh3": 11, "ic65535ih3oc1kh3": 1} {
		if got := must[int](t)(TransformExactLimit(transform.Winograd2, parse(t, d))); got != want {
			t.Errorf("%s: limit %d, must be %d", d, got, want)
		}
	}
	_, err := TransformExactLimit(transform.Winograd2, parse(t, "ic65536ih3oc1kh3"))
	wantError(t, err, ErrNoVerdict, "at most 65535 channels")
	_, err = TransformExactLimit(transform.Winograd4, parse(t, "ic1ih4oc1kh3"))
	wantError(t, err, ErrNoVerdict, "winograd4 with tiles of 6 x 6 inputs")
	_, err = TransformExactLimit(transform.Fourier, parse(t, "ic1ih4oc1kh3"))
	wantError(t, err, ErrNoVerdict, "fourier with tiles of 16 x 16 inputs")
	_, err = TransformExactLimit(transform.Winograd2, parse(t, "ic1ih4oc1kh1kw7ph0pw3"))
	wantError(t, err, ErrNoVerdict, "1 x 8 inputs")
}

// What a transform does not serve is refused by all that take a problem, and says why.
func TestTransformRefuses(t *testing.T) {
	for _, c := range []struct {
		d     string
		f     transform.Transform
		words string
	}{
		{"ic1ih9oc1kh3", 7, "Transform(7) of ic1ih9oc1kh3, must be winograd2"},
		{"ic1ih9oc1kh4", transform.Winograd3, "side 3"},
		{"ic1ih9oc1kh3+transposed", transform.Winograd2, "transposed"},
		{"ic1ih9oc1kh3sh2dh1", transform.Fourier, "must"},
	} {
		p := parse(t, c.d)
		x, w := operands(t, p, integers(newRand(65), 1))
		var errs []error
		add := func(_ any, err error) { errs = append(errs, err) }
		if !p.Transposed { // which the whole algorithm serves
			add(Transformed(c.f, p, x, w))
			add(TransformedSample(c.f, p, x, w, []int{0}))
		}
		add(TransformExactLimit(c.f, p))
		add(TransformInput(c.f, p, x))
		add(TransformOutput(c.f, p, nil, nil))
		for _, err := range errs {
			wantError(t, err, transform.ErrUnsupported, c.words)
		}
	}
	// Only the whole algorithm has strides: its parts come behind space to depth.
	p := parse(t, "ic1ih9oc1kh5sh2")
	x, _ := operands(t, p, integers(newRand(65), 1))
	_, err := TransformInput(transform.Winograd2, p, x)
	wantError(t, err, transform.ErrUnsupported, "stride 1")
	_, err = TransformOutput(transform.Winograd2, p, nil, nil)
	wantError(t, err, transform.ErrUnsupported, "stride 1")
	_, err = TransformExactLimit(transform.Winograd2, conv.Problem{})
	wantError(t, err, conv.ErrInvalid, "")
}

func TestTransformShapes(t *testing.T) {
	p, other := parse(t, "ic2ih9oc1kh3"), parse(t, "ic3ih8oc2kh3")
	x, w := operands(t, other, integers(newRand(66), 1))
	_, err := Transformed(transform.Winograd2, p, x, w)
	wantError(t, err, ErrShape, "9x9x2")
	_, err = TransformInput(transform.Winograd2, p, x)
	wantError(t, err, ErrShape, "9x9x2")
	_, err = TransformOutput(transform.Winograd2, p, make([]float32, 5), nil)
	wantError(t, err, ErrShape, "5 products, must be 256")
	_, err = TransformOutput(transform.Winograd2, p, make([]float32, 256), make([]float32, 2))
	wantError(t, err, ErrShape, "2 biases, must be 1")
}
