package transform

import "math"

// Fourier's tiles have 16 inputs, of whose spectrum, 0 to 8, the frequencies between take three real products
// each: 23 in all. With as many taps as this there are 4 outputs of a tile left.
const (
	fourierSize = 16
	fourierHalf = fourierSize / 2
	fourierTaps = 13
)

// fourierLine is the correlation of 16 inputs with so many taps. With X = a - ib and W = c - ie the spectra of inputs
// and taps, that of the outputs is
//
//	X W* = ac + be - i(bc - ae) = (k1 + k3) - i(k1 - k2)    k1 = (a+b)c, k2 = a(c+e), k3 = b(e-c)
//
// where a transform has 16 outputs of which the first 17-r are not wrapped around. The scale 1/16, and the 2
// for each frequency that stands for its conjugate too, are the filter's. Products are those of frequency 0, then
// three of each between, in this order, then that of frequency 8.
//
// Sources: A. V. Oppenheim, R. W. Schafer, "Discrete-Time Signal Processing", section 8.7; the three products
// are Gauss's, as in A. Zlateski et al., "FFT Convolutions are Faster than Winograd on Modern CPUs", 2018.
func fourierLine(taps int) *Line {
	l := &Line{Outputs: fourierSize + 1 - taps, Taps: taps, Inputs: fourierSize, Products: 2 + 3*(fourierHalf-1)}
	l.AT = make([][]float64, l.Outputs)
	for k := range fourierHalf + 1 {
		cos, sin := waves(k)
		if k%fourierHalf == 0 {
			l.BT = append(l.BT, cos)
			l.G = append(l.G, scaled(cos[:taps], 1./fourierSize))
			l.addOutputs(cos)
			continue
		}
		l.BT = append(l.BT, sum(cos, sin), cos, sin)
		for _, g := range [][]float64{cos, sum(cos, sin), sum(sin, scaled(cos, -1))} {
			l.G = append(l.G, scaled(g[:taps], 2./fourierSize))
		}
		l.addOutputs(sum(cos, sin))
		l.addOutputs(scaled(sin, -1))
		l.addOutputs(cos)
	}
	return l
}

// waves are the cosine and the sine that go k times around.
func waves(k int) (cos, sin []float64) {
	for j := range fourierSize {
		s, c := math.Sincos(2 * math.Pi * float64(k*j%fourierSize) / fourierSize)
		if k*j*4%fourierSize == 0 { // a quarter of the way, or none, where nothing is left to round
			s, c = math.Round(s), math.Round(c)
		}
		cos, sin = append(cos, c), append(sin, s)
	}
	return cos, sin
}

// addOutputs adds a column to Aᵀ, as long as that is high.
func (l *Line) addOutputs(column []float64) {
	for j := range l.AT {
		l.AT[j] = append(l.AT[j], column[j])
	}
}

func sum(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = a[i] + b[i]
	}
	return out
}

func scaled(a []float64, by float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = by * a[i]
	}
	return out
}
