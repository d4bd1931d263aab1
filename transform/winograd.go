package transform

import "math"

// interpolation is what all F(m, r) with as many inputs a tile have in common: Bᵀ, and the points at which
// the filter is evaluated, with a scale each. The last point is infinity.
type interpolation struct {
	input          [][]float64
	points, scales []float64
}

// By the number of inputs. The points are 0, 1, -1 and infinity, with 5 inputs 2, with 6 inputs -2 too, and with 8
// inputs 1/2 and -1/2.
//
// Source: A. Lavin, S. Gray, "Fast Algorithms for Convolutional Neural Networks", 2015, section 4;
// those with 5 and 8 inputs with the points of their program wincnn.
var interpolations = map[int]interpolation{
	4: {
		input:  [][]float64{{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, -1, 0, 1}},
		points: []float64{0, 1, -1}, scales: []float64{1, 1. / 2, 1. / 2},
	},
	5: {
		input: [][]float64{
			{2, -1, -2, 1, 0},
			{0, -2, -1, 1, 0},
			{0, 2, -3, 1, 0},
			{0, -1, 0, 1, 0},
			{0, 2, -1, -2, 1},
		},
		points: []float64{0, 1, -1, 2}, scales: []float64{1. / 2, -1. / 2, -1. / 6, 1. / 6},
	},
	6: {
		input: [][]float64{{4, 0, -5, 0, 1, 0}, {0, -4, -4, 1, 1, 0}, {0, 4, -4, -1, 1, 0},
			{0, -2, -1, 2, 1, 0}, {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1}},
		points: []float64{0, 1, -1, 2, -2}, scales: []float64{1. / 4, -1. / 6, -1. / 6, 1. / 24, 1. / 24},
	},
	8: {
		input: [][]float64{{1, 0, -21. / 4, 0, 21. / 4, 0, -1, 0},
			{0, 1, 1, -17. / 4, -17. / 4, 1, 1, 0}, {0, -1, 1, 17. / 4, -17. / 4, -1, 1, 0},
			{0, 1. / 2, 1. / 4, -5. / 2, -5. / 4, 2, 1, 0}, {0, -1. / 2, 1. / 4, 5. / 2, -5. / 4, -2, 1, 0},
			{0, 2, 4, -5. / 2, -5, 1. / 2, 1, 0}, {0, -2, 4, 5. / 2, -5, -1. / 2, 1, 0},
			{0, -1, 0, 21. / 4, 0, -21. / 4, 0, 1}},
		points: []float64{0, 1, -1, 2, -2, 1. / 2, -1. / 2},
		scales: []float64{1, -2. / 9, -2. / 9, 1. / 90, 1. / 90, 32. / 45, 32. / 45},
	},
}

// line gives F(m, r) for m outputs of the tile's inputs, of which there must be more.
func (p interpolation) line(m int) *Line {
	t := len(p.input)
	l := &Line{Outputs: m, Taps: t + 1 - m, Inputs: t, Products: t, BT: p.input}
	for i, at := range p.points {
		l.G = append(l.G, powers(at, p.scales[i], l.Taps))
	}
	l.G = append(l.G, make([]float64, l.Taps))
	l.G[t-1][l.Taps-1] = 1
	for j := range m {
		row := make([]float64, t)
		for i, at := range p.points {
			row[i] = math.Pow(at, float64(j))
		}
		l.AT = append(l.AT, row)
	}
	l.AT[m-1][t-1] = 1
	return l
}

// powers are scale * at^0, at^1, ...
func powers(at, scale float64, n int) (all []float64) {
	for i := range n {
		all = append(all, scale*math.Pow(at, float64(i)))
	}
	return all
}
