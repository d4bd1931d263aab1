package cpuref

import "math"

// Fourier's tiles have 16 inputs, of whose spectrum, 0 to 8, the frequencies between take three real products
// each: 23 in all. With as many taps as this there are 4 outputs of a tile left.
const (
	fourierSize = 16
	fourierHalf = fourierSize / 2
	fourierTaps = 13
)

// fourierLine is the correlation of 16 inputs with so many taps. With X = a - ib and W = c - ie the spectra of inputs and taps, that of the outputs is
//
//	X W* = ac + be - i(bc - ae) = (k1 + k3) - i(k1 - k2)    k1 = (a+b)c, k2 = a(c+e), k3 = b(e-c)
//
// where a transform has 16 outputs of which the first 17-r are not wrapped around. The scale 1/16, and the 2
// for each frequency that stands for its conjugate too, are the filter's.
//
// Sources: A. V. Oppenheim, R. W. Schafer, "Discrete-Time Signal Processing", section 8.7; the three products
// are Gauss's, as in A. Zlateski et al., "FFT Convolutions are Faster than Winograd on Modern CPUs", 2018.
func fourierLine(taps int) *line {
	l := &line{m: fourierSize + 1 - taps, r: taps, t: fourierSize, n: 2 + 3*(fourierHalf-1)}
	l.output = stage{matrix: make([][]float64, l.m), sizes: make([][]float64, l.m)}
	for k := range fourierHalf + 1 {
		cos, sin := waves(k)
		if k%fourierHalf == 0 {
			l.input.add(cos, magnitude(cos))
			l.filter = append(l.filter, scaled(cos[:taps], 1./fourierSize))
			l.output.addColumns(cos, magnitude(cos))
			continue
		}
		both := sum(magnitude(cos), magnitude(sin))
		l.input.add(sum(cos, sin), both)
		l.input.add(cos, magnitude(cos))
		l.input.add(sin, magnitude(sin))
		for _, g := range [][]float64{cos, sum(cos, sin), sum(sin, scaled(cos, -1))} {
			l.filter = append(l.filter, scaled(g[:taps], 2./fourierSize))
		}
		l.output.addColumns(sum(cos, sin), both)
		l.output.addColumns(scaled(sin, -1), magnitude(sin))
		l.output.addColumns(cos, magnitude(cos))
	}
	l.input.roundings, l.input.flushes = fourierRoundings, 2*fourierSize
	l.output.roundings, l.output.flushes = fourierRoundings, float64(2*l.n)
	return l
}

// fourierRoundings are those of a number that enters either transform, as fourier.wgsl makes them: those of two
// sums of pairs, a factor, the product with it, two sums of what has other factors, and the sum of two such.
const fourierRoundings = 7

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

// add adds a row to both matrices.
func (s *stage) add(row, sizes []float64) {
	s.matrix, s.sizes = append(s.matrix, row), append(s.sizes, sizes)
}

// addColumns adds a column to both matrices, as long as they are high.
func (s *stage) addColumns(column, sizes []float64) {
	for j := range s.matrix {
		s.matrix[j], s.sizes[j] = append(s.matrix[j], column[j]), append(s.sizes[j], sizes[j])
	}
}

func magnitude(row []float64) []float64 { return magnitudes([][]float64{row})[0] }

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
