package cpuref

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
)

// shader computes the functions as the shader does, each operation as wrong as WGSL lets it be.
type shader struct{ rng *rand.Rand }

// off is v, wrong by up to so many ULP, mostly by all of them.
func (s shader) off(v, ulps float64) float64 {
	if v == 0 || math.IsInf(v, 0) {
		return v
	}
	if math.Abs(v) < smallestNormal {
		return 0 // flushed
	}
	_, exponent := math.Frexp(v)
	wrong := v + math.Ldexp(float64(s.rng.IntN(3)-1)*ulps, exponent-24)
	if s.rng.IntN(4) == 0 {
		wrong = v
	}
	f := float64(float32(wrong))
	if math.Abs(f-v) > math.Abs(wrong-v) && f != v { // not beyond what is allowed
		f = float64(math.Nextafter32(float32(f), float32(v)))
	}
	return f
}

// r is one correctly rounded operation, in either direction.
func (s shader) r(v float64) float64 {
	f := float32(v)
	if math.Abs(v) < smallestNormal {
		return 0
	}
	if s.rng.IntN(2) == 0 && float64(f) != v { // the other neighbour
		f = math.Nextafter32(f, float32(math.Copysign(math.Inf(1), v-float64(f))))
	}
	return float64(f)
}

func (s shader) exp(x float64) float64 { return s.off(math.Exp(x), 3+2*math.Abs(x)) }

func (s shader) div(a, b float64) float64 { return s.off(a/b, 2.5) }

// k is a constant, rounded.
func (s shader) k(v float64) float64 { return float64(float32(v)) }

func (s shader) sigmoid(z float64) float64 {
	return s.div(1, s.r(1+s.exp(min(-z, 87))))
}

func (s shader) tanh(z float64) float64 {
	return s.r(1 - s.div(2, s.r(s.exp(min(2*z, 87))+1)))
}

func (s shader) erf(z float64) float64 {
	x := s.r(math.Abs(z) * s.k(math.Sqrt2/2))
	t := s.div(1, s.r(1+s.r(s.k(erfP)*x)))
	sum := 0.0
	for i := len(erfCoefficients) - 1; i >= 0; i-- {
		sum = s.r(t * s.r(s.k(erfCoefficients[i])+sum))
	}
	e := s.r(1 - s.r(sum*s.exp(-s.r(x*x))))
	return math.Copysign(e, z)
}

func (s shader) inner(z float64) float64 {
	z = min(max(z, -10), 10)
	return s.r(s.k(sqrt2OverPi) * s.r(z+s.r(s.k(geluCubic)*s.r(s.r(z*z)*z))))
}

func (s shader) activate(a conv.Activation, z, slope float64) float64 {
	alpha, beta := float64(a.Alpha), float64(a.Beta)
	switch a.Function {
	case conv.LeakyReLU:
		slope = alpha
		fallthrough
	case conv.PReLU:
		return s.r(max(z, 0) + s.r(slope*min(z, 0)))
	case conv.Sigmoid:
		return s.sigmoid(z)
	case conv.Tanh:
		return s.tanh(z)
	case conv.SiLU:
		return s.r(z * s.sigmoid(z))
	case conv.HardSigmoid:
		return min(max(s.r(s.r(alpha*z)+beta), 0), 1)
	case conv.HardSwish:
		return s.r(z * min(max(s.r(s.div(z, 6)+0.5), 0), 1))
	case conv.GELU:
		return s.r(z / 2 * s.r(1+s.erf(z)))
	case conv.GELUTanh:
		return s.r(z / 2 * s.r(1+s.tanh(s.inner(z))))
	case conv.ELU:
		if z < 0 {
			return s.r(alpha * s.r(s.exp(z)-1))
		}
		return z
	}
	return activate(a, z, slope)
}

func (s shader) derivative(a conv.Activation, z, slope float64) float64 {
	alpha, beta := float64(a.Alpha), float64(a.Beta)
	switch a.Function {
	case conv.Sigmoid:
		v := s.sigmoid(z)
		return s.r(v * s.r(1-v))
	case conv.Tanh:
		v := s.tanh(z)
		return s.r(1 - s.r(v*v))
	case conv.SiLU:
		z = min(max(z, -87), 87)
		v := s.sigmoid(z)
		return s.r(v * s.r(1+s.r(z*s.r(1-v))))
	case conv.HardSigmoid:
		if v := s.r(s.r(alpha*z) + beta); v > 0 && v < 1 {
			return alpha
		}
		return 0
	case conv.HardSwish:
		if z > -3 && z < 3 {
			return s.r(s.div(z, 3) + 0.5)
		}
	case conv.GELU:
		density := s.r(s.exp(-s.r(s.r(z*z)/2)) * s.k(1/math.Sqrt(2*math.Pi)))
		return s.r(s.r(1+s.erf(z))/2 + s.r(z*density))
	case conv.GELUTanh:
		z = min(max(z, -10), 10)
		v := s.tanh(s.inner(z))
		steep := s.r(s.k(sqrt2OverPi) * s.r(1+s.r(s.k(3*geluCubic)*s.r(z*z))))
		return s.r(s.r(1+v)/2 + s.r(s.r(z/2*s.r(1-s.r(v*v)))*steep))
	case conv.ELU:
		if z <= 0 {
			return s.r(alpha * s.exp(z))
		}
	}
	d, _ := derivative(a, z, slope)
	return d
}

// someActivations are all functions, and parameters that are not the defaults.
func someActivations() []conv.Activation {
	return append(conv.Activations(), conv.Activation{Function: conv.Clip, Alpha: -1, Beta: 2.5},
		conv.Activation{Function: conv.LeakyReLU, Alpha: -3},
		conv.Activation{Function: conv.HardSigmoid, Alpha: 1.0 / 6, Beta: 0.5},
		conv.Activation{Function: conv.HardSigmoid, Alpha: -40, Beta: 7},
		conv.Activation{Function: conv.ELU, Alpha: 2})
}

// someZ is a float32, of every size.
func someZ(rng *rand.Rand) float64 {
	switch rng.IntN(8) {
	case 0:
		return float64(float32(200 * (rng.Float64() - 0.5)))
	case 1:
		return float64(float32(math.Ldexp(rng.Float64()-0.5, rng.IntN(60)-40)))
	case 2:
		return float64([]float32{0, 3, -3, 6, -2.4999998, 2.4999998, 1, -1, 1e30, -1e30}[rng.IntN(10)])
	}
	return float64(float32(16 * (rng.Float64() - 0.5)))
}

// The own errors hold for the worst arithmetic there may be, and are used to a good part by it.
func TestOwnErrorHoldsAndIsTight(t *testing.T) {
	const slope = 0.3
	for _, a := range someActivations() {
		s := shader{newRand(300)}
		var worst, worstD, widest float64
		for range 200000 {
			z := someZ(s.rng)
			own := ownError(a, z, 0, slope)
			wrong := math.Abs(s.activate(a, z, slope) - activate(a, z, slope))
			d, ownD := derivative(a, z, slope)
			wrongD := math.Abs(s.derivative(a, z, slope) - d)
			if !(wrong <= own) || !(wrongD <= ownD) {
				t.Fatalf("%v at %v: error %g, allowed %g; of the derivative %g, allowed %g", a, z, wrong, own, wrongD,
					ownD)
			}
			if own > 0 {
				worst = max(worst, wrong/own)
			}
			if ownD > 0 {
				worstD = max(worstD, wrongD/ownD)
			}
			if math.Abs(z) <= 8 && a.Function != conv.HardSigmoid { // whose derivative jumps
				widest = max(widest, own, ownD)
			}
		}
		t.Logf("%v: at worst %.2f of the own error, %.2f of the derivative's, which are at most %.2g for |z| <= 8", a,
			worst, worstD, widest)
		limit := 1e-5
		if a.Function == conv.GELUTanh {
			limit = 2e-4 // 1 - t^2 cancels, and is multiplied by 26 at |z| = 8
		}
		rounds := ownError(a, -0.7, 0, slope) > 0
		_, ownD := derivative(a, -0.7, slope)
		if rounds && worst < 0.15 || ownD > 0 && worstD < 0.15 || widest > limit {
			t.Errorf("%v: the own error is too wide", a)
		}
	}
}

// L is at least every slope, and near the steepest.
func TestLipschitz(t *testing.T) {
	for _, a := range someActivations() {
		steepest := 0.0
		for z := -12.0; z < 12; z += 1.0 / 512 {
			steepest = max(steepest, math.Abs(activate(a, z+1.0/512, 0.3)-activate(a, z, 0.3))*512)
		}
		if l := lipschitz(a, 0.3); steepest > l*(1+1e-12) || steepest < 0.99*l-0.01 {
			t.Errorf("%v: the steepest slope is %v, L is %v", a, steepest, l)
		}
	}
}

// Derivatives by central differences, away from kinks.
func TestDerivativesByDifferences(t *testing.T) {
	const h, slope = 1.0 / (1 << 14), 0.3
	for _, a := range someActivations() {
		for z := -11.987; z < 12; z += 0.0371 {
			below, above := activate(a, z-h, slope), activate(a, z+h, slope)
			left, right := activate(a, z, slope)-below, above-activate(a, z, slope)
			if math.Abs(right-left) > 1e-3*h { // a kink
				continue
			}
			if d, _ := derivative(a, z, slope); math.Abs(d-(above-below)/(2*h)) > 1e-8 {
				t.Errorf("%v'(%v) is %v, must be %v", a, z, d, (above-below)/(2*h))
			}
		}
	}
}

// Values that everybody can look up, and PyTorch's derivatives at kinks.
func TestActivationsByHand(t *testing.T) {
	for _, c := range []struct {
		a           string
		z, value, d float64
	}{
		{"none", -2, -2, 1}, {"relu", -2, 0, 0}, {"relu", 0, 0, 0}, {"relu", 3, 3, 1},
		{"relu6", 7, 6, 0}, {"relu6", 6, 6, 0}, {"relu6", 0, 0, 0}, {"relu6", 5, 5, 1},
		{"leaky:0.5", -2, -1, 0.5}, {"leaky:0.5", 0, 0, 0.5}, {"leaky:0.5", 2, 2, 1}, {"prelu", -2, -0.5, 0.25},
		{"prelu", 0, 0, 0.25},
		{"sigmoid", 0, 0.5, 0.25}, {"sigmoid", 2, 0.8807970779778823, 0.10499358540350662}, {"tanh", 0, 0, 1},
		{"tanh", 1, 0.7615941559557649, 0.41997434161402614},
		{"silu", 1, 0.7310585786300049, 0.9276705118714867}, {"silu", 0, 0, 0.5},
		{"hardsigmoid:0.25:0.5", 1, 0.75, 0.25}, {"hardsigmoid:0.25:0.5", 2, 1, 0}, {"hardsigmoid:0.25:0.5", -2, 0, 0},
		{"hardsigmoid:0.25:0.5", 9, 1, 0},
		{"hardswish", 3, 3, 1}, {"hardswish", -3, 0, 0}, {"hardswish", 1, 2.0 / 3, 5.0 / 6}, {"hardswish", 9, 9, 1},
		{"hardswish", -9, 0, 0},
		{"gelu", 1, 0.8413447460685429, 1.0833154705876864}, {"gelu", -1, -0.15865525393145707, -0.08331547058768629},
		{"gelutanh", 1, 0.8411919906082768, 1.0829640838457826}, {"elu", -1, math.Expm1(-1), math.Exp(-1)},
		{"elu:2", 0, 0, 2}, {"elu:2", 1, 1, 1},
	} {
		a := must[conv.Activation](t)(conv.ParseActivation(c.a))
		d, _ := derivative(a, c.z, 0.25)
		if v := activate(a, c.z, 0.25); math.Abs(v-c.value) > 1e-14 || math.Abs(d-c.d) > 1e-14 {
			t.Errorf("%s(%v) is %v with derivative %v, must be %v and %v", c.a, c.z, v, d, c.value, c.d)
		}
	}
	for _, a := range someActivations() {
		d, _ := derivative(a, math.NaN(), 0.3)
		if v := activate(a, math.NaN(), 0.3); !math.IsNaN(v) || !math.IsNaN(d) {
			t.Errorf("%v of NaN is %v with derivative %v, must be NaN", a, v, d)
		}
	}
}

// The layer as a shader computes it, with errors at the bound, holds; an error that is larger does not.
func TestEpilogueHoldsAndIsTight(t *testing.T) {
	rng := newRand(301)
	s := shader{rng}
	p := parse(t, small)
	for _, a := range someActivations() {
		for _, residual := range []conv.Residual{conv.NoResidual, conv.BeforeFunction, conv.AfterFunction} {
			x, w := operands(t, p, reals(rng))
			e := conv.Epilogue{Activation: a, Residual: residual}
			slope, r := epilogueData(rng, p, e, reals(rng))
			before := must[Reference](t)(Conv(p, x, w))
			ref := must[Reference](t)(before.Epilogue(e, slope, r))
			got := make([]float32, len(ref.Value))
			for i, z := range before.Value {
				z = float64(float32(z + (rng.Float64()*2-1)*0.99*before.allowed(i)))
				k := 0.0
				if slope != nil {
					k = float64(slope[i%p.OutChannels])
				}
				if residual == conv.BeforeFunction {
					z = s.r(z + float64(r[i]))
				}
				z = s.activate(a, z, k)
				if residual == conv.AfterFunction {
					z = s.r(z + float64(r[i]))
				}
				got[i] = float32(z)
			}
			report := must[Report](t)(Check(got, ref, Bounded))
			if !report.OK() || report.BoundUsed < 0.1 {
				t.Errorf("%v, residual %v: %v", a, residual, report)
			}
			indices := Sample(p, 1, 999)
			sampled := must[Report](t)(CheckSampleEpilogue(got, p, x, w, e, slope, r, indices, Bounded))
			if sampled.String() != report.String() {
				t.Errorf("%v, residual %v: Check says %v, CheckSampleEpilogue %v", a, residual, report, sampled)
			}
			for _, i := range indices {
				got[i] = float32(ref.Value[i] + 1.01*ref.Allowed[i] + 1e-4)
			}
			if report := must[Report](t)(Check(got, ref, Bounded)); report.Failed != len(got) {
				t.Errorf("%v, residual %v: all spoilt, %v", a, residual, report)
			}
		}
	}
}

// epilogueData are the slopes and the residual that e asks for.
func epilogueData(rng *rand.Rand, p conv.Problem, e conv.Epilogue, fill func([]float32)) (slope, residual []float32) {
	if e.Activation.Function == conv.PReLU {
		slope = make([]float32, p.OutChannels)
		for i := range slope {
			slope[i] = []float32{0.25, -0.5, 0.3, 2, 0, 1}[rng.IntN(6)]
		}
	}
	if e.Residual != conv.NoResidual {
		residual = make([]float32, p.OutLen())
		fill(residual)
	}
	return slope, residual
}

// Epilogues that are said to be exact are, in float32, for whole numbers inside the limit.
func TestExactEpilogue(t *testing.T) {
	p := parse(t, small)
	rng := newRand(302)
	limit := must[int](t)(ExactLimit(p)) / 4
	for name, want := range map[string]bool{
		"none": true, "relu": true, "relu6": true, "clip:-3:100": true, "clip:-0.5:1": false, "clip:0:1e30": false,
		"leaky:0.5": true, "leaky:-4": true,
		"leaky:0": true, "leaky": false, "leaky:1e-30": false, "leaky:8.470329472543003e-22": false, "prelu": true,
		"sigmoid": false, "tanh": false, "silu": false, "hardsigmoid": false,
		"hardswish": false, "gelu": false, "gelutanh": false, "elu": false,
	} {
		for _, residual := range []conv.Residual{conv.NoResidual, conv.BeforeFunction, conv.AfterFunction} {
			e := conv.Epilogue{Activation: must[conv.Activation](t)(conv.ParseActivation(name)), Residual: residual}
			x, w := operands(t, p, integers(rng, limit))
			_, r := epilogueData(rng, p, e, integers(rng, limit))
			var slope []float32
			if name == "prelu" {
				slope = []float32{0.5, 0.25, 1, 0, -2, 4}
			}
			if got := ExactEpilogue(e, slope); got != want {
				t.Errorf("%s: exact %v, must be %v", name, got, want)
			}
			if !want {
				continue
			}
			ref := must[Reference](t)(must[Reference](t)(Conv(p, x, w)).Epilogue(e, slope, r))
			if report := must[Report](t)(Check(ref.Volume().Data, ref, Exact)); !report.OK() {
				t.Errorf("%s: %v", name, report)
			}
		}
	}
	prelu := conv.Epilogue{Activation: conv.Activation{Function: conv.PReLU}}
	if ExactEpilogue(prelu, []float32{0.5, 0.3}) || ExactEpilogue(prelu, nil) ||
		ExactEpilogue(conv.Epilogue{Residual: 9}, nil) {
		t.Error("a slope of 0.3, no slopes or no residual are exact")
	}
}

// ReLU is the epilogue of that name.
func TestReLUIsAnEpilogue(t *testing.T) {
	p := parse(t, small)
	x, w := operands(t, p, reals(newRand(303)))
	r := must[Reference](t)(Conv(p, x, w))
	e := must[Reference](t)(r.Epilogue(conv.Epilogue{Activation: conv.Activation{Function: conv.ReLU}}, nil, nil))
	relu := r.ReLU()
	for i := range e.Value {
		if e.Value[i] != relu.Value[i] || e.Magnitude[i] != relu.Magnitude[i] || e.allowed(i) != relu.allowed(i) {
			t.Fatalf("output %d is %v, allowed %v, by ReLU %v, %v", i, e.Value[i], e.allowed(i), relu.Value[i],
				relu.allowed(i))
		}
	}
}

func TestEpilogueRefuses(t *testing.T) {
	p := parse(t, small)
	x, w := operands(t, p, reals(newRand(304)))
	r := must[Reference](t)(Conv(p, x, w))
	prelu, residual := conv.Activation{Function: conv.PReLU}, make([]float32, 360)
	for _, c := range []struct {
		e               conv.Epilogue
		slope, residual []float32
		want            error
		words           string
	}{
		{conv.Epilogue{Activation: prelu}, nil, nil, ErrShape, "0 slopes, must be 6"},
		{conv.Epilogue{Activation: prelu}, make([]float32, 1), nil, ErrShape, "1 slopes, must be 6"},
		{conv.Epilogue{}, make([]float32, 6), nil, ErrShape, "6 slopes, must be 0"},
		{conv.Epilogue{}, nil, residual, ErrShape, "360 elements, must have 0"},
		{conv.Epilogue{Residual: conv.AfterFunction}, nil, nil, ErrShape, "0 elements, must have 360"},
		{conv.Epilogue{Residual: conv.BeforeFunction}, nil, residual[1:], ErrShape, "359 elements"},
		{conv.Epilogue{Residual: 5}, nil, residual, conv.ErrInvalid, "residual 5"},
	} {
		_, err := r.Epilogue(c.e, c.slope, c.residual)
		wantError(t, err, c.want, c.words)
		_, err = CheckSampleEpilogue(residual, p, x, w, c.e, c.slope, c.residual, []int{0}, Bounded)
		wantError(t, err, c.want, c.words)
	}
	_, err := Reference{}.Epilogue(conv.Epilogue{}, nil, nil)
	wantError(t, err, conv.ErrInvalid, "")
	_, err = must[Reference](t)(BiasGradient(p, outputLike(t, p, reals(newRand(1))))).Epilogue(conv.Epilogue{}, nil,
		nil)
	wantError(t, err, ErrShape, "db")
	// What passes float32's range on the way has no verdict.
	huge := conv.Epilogue{Activation: conv.Activation{Function: conv.HardSigmoid, Alpha: 3e38, Beta: 3e38}}
	ref := must[Reference](t)(r.Epilogue(huge, nil, nil))
	_, err = Check(ref.Volume().Data, ref, Bounded)
	wantError(t, err, ErrNoVerdict, "range")
}

func TestEpilogueGradient(t *testing.T) {
	s := shader{newRand(305)}
	const channels, n = 3, 600
	slope := []float32{0.3, 0, -2}
	for _, a := range someActivations() {
		z, dv, got := make([]float32, n), make([]float32, n), make([]float32, n)
		for i := range z {
			z[i] = float32(someZ(s.rng))
		}
		reals(s.rng)(dv)
		slopes := slope
		if a.Function != conv.PReLU {
			slopes = nil
		}
		dz, dslope, err := EpilogueGradient(conv.Epilogue{Activation: a}, z, dv, slopes, channels)
		if err != nil {
			t.Fatal(err)
		}
		sums := make([]float64, channels)
		for i := range got {
			k := float64(slope[i%channels])
			got[i] = float32(s.r(s.derivative(a, float64(z[i]), k) * float64(dv[i])))
			sums[i%channels] += min(float64(z[i]), 0) * float64(dv[i])
		}
		report := must[Report](t)(Check(got, dz, Bounded))
		if !report.OK() {
			t.Errorf("%v: %v", a, report)
		}
		got[7] += 1 + got[7]
		if report := must[Report](t)(Check(got, dz, Bounded)); report.Failed != 1 ||
			report.First.at() != "dZ element 7" {
			t.Errorf("%v: one spoilt, %v", a, report)
		}
		if (a.Function == conv.PReLU) != (len(dslope.Value) == channels) {
			t.Errorf("%v: %d gradients of slopes", a, len(dslope.Value))
		}
		if a.Function != conv.PReLU {
			continue
		}
		wantEqual(t, dslope, sums)
		wrong := dslope.Volume().Data
		wrong[2] *= 1.5
		if report := must[Report](t)(Check(wrong, dslope, Bounded)); report.Failed != 1 ||
			report.First.at() != "dslope[2]" {
			t.Errorf("one slope's spoilt: %v", report)
		}
	}
	five := make([]float32, 5)
	for words, err := range map[string]error{
		"5 elements of 3 channels": third(EpilogueGradient(conv.Epilogue{}, five, five, nil, 3)),
		"0 elements":               third(EpilogueGradient(conv.Epilogue{}, nil, nil, nil, 3)),
		"of 0 channels":            third(EpilogueGradient(conv.Epilogue{}, five, five, nil, 0)),
		"dV has 4":                 third(EpilogueGradient(conv.Epilogue{}, five, five[:4], nil, 5)),
		"1 slopes":                 third(EpilogueGradient(conv.Epilogue{}, five, five, slope[:1], 5)),
	} {
		wantError(t, err, ErrShape, words)
	}
}

func third[A, B any](_ A, _ B, err error) error { return err }
