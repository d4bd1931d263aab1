package training

import (
	"math"

	"github.com/gpuconv/gpuconv/cpuref"
)

// Update is how weights follow from gradients: [SGD] or [Adam].
type Update interface {
	// moments are how many numbers there are for each weight.
	moments() int
	// apply changes weights and their moments, at the step of that number, from 1 on.
	apply(w, g Numbers, moments []Numbers, step int)
}

// SGD is stochastic gradient descent with momentum: m = Momentum*m + g, w = w - Rate*m. Both rates are rounded to
// float32 first.
type SGD struct{ Rate, Momentum float64 }

// Adam is the method of Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 1. Its rates are
// rounded to float32 first, and so are 1 - Beta1, 1 - Beta2 and what the moments are multiplied with.
type Adam struct{ Rate, Beta1, Beta2, Epsilon float64 }

// as32 is a number as float32 has it.
func as32(x float64) float64 { return float64(float32(x)) }

// rounded is what n roundings add to the error of a result of that size.
func rounded(n, size float64) float64 { return cpuref.Growth(n)*size + n*smallest }

func (SGD) moments() int { return 1 }

func (s SGD) apply(w, g Numbers, moments []Numbers, _ int) {
	rate, momentum, m := as32(s.Rate), as32(s.Momentum), moments[0]
	for i := range w.Value {
		size := momentum*m.size(i) + g.size(i)
		m.Value[i] = momentum*m.Value[i] + g.Value[i]
		m.Error[i] = momentum*m.Error[i] + g.Error[i] + rounded(2, size)
		size = w.size(i) + rate*m.size(i)
		w.Value[i] -= rate * m.Value[i]
		w.Error[i] += rate*m.Error[i] + rounded(2, size)
	}
}

func (Adam) moments() int { return 2 }

func (a Adam) apply(w, g Numbers, moments []Numbers, step int) {
	m, v := moments[0], moments[1]
	b1, r1, b2, r2 := as32(a.Beta1), as32(1-a.Beta1), as32(a.Beta2), as32(1-a.Beta2)
	for i := range w.Value {
		size := b1*m.size(i) + r1*g.size(i)
		m.Value[i] = b1*m.Value[i] + r1*g.Value[i]
		m.Error[i] = b1*m.Error[i] + r1*g.Error[i] + rounded(3, size)
		square := g.size(i) * g.size(i)
		size = b2*v.size(i) + r2*square
		v.Value[i] = b2*v.Value[i] + r2*g.Value[i]*g.Value[i]
		v.Error[i] = b2*v.Error[i] + r2*(square-g.Value[i]*g.Value[i]) + rounded(4, size)
		move, off := a.move(m, v, i, step)
		size = w.size(i) + math.Abs(move) + off
		w.Value[i] -= move
		w.Error[i] += off + rounded(2, size)
	}
}

// move is by how much a weight falls, and how far that may be off.
func (a Adam) move(m, v Numbers, i, step int) (move, off float64) {
	rate, epsilon, t := as32(a.Rate), as32(a.Epsilon), float64(step)
	c1, c2 := as32(1/(1-math.Pow(a.Beta1, t))), as32(1/(1-math.Pow(a.Beta2, t)))
	of := func(m, v float64) float64 { return rate * m * c1 / (math.Sqrt(max(0, v)*c2) + epsilon) }
	move = of(m.Value[i], v.Value[i])
	low, high := v.low(i), v.high(i)
	for _, end := range []float64{of(m.low(i), low), of(m.low(i), high), of(m.high(i), low), of(m.high(i), high)} {
		off = max(off, math.Abs(end-move))
	}
	// 1 for each product, 4.5 for the root as 1/inverseSqrt, 1 for the sum and 2.5 for the quotient.
	off += rounded(12, math.Abs(move)+off)
	return move, min(off, math.Abs(move)+a.most(t)*rate*c1/math.Sqrt(c2))
}

// most is the largest that m / sqrt(v) can be after so many steps, however small the gradients are: by Cauchy and
// Schwarz, since m is the sum of (1-b1) b1^j g, and v that of (1-b2) b2^j g^2. Both are rounded in each step.
func (a Adam) most(steps float64) float64 {
	q, sum := a.Beta1*a.Beta1/a.Beta2, 0.0
	for j := 0.0; j < steps; j++ {
		sum += math.Pow(q, j)
	}
	return (1 - a.Beta1) / math.Sqrt(1-a.Beta2) * math.Sqrt(sum) * (1 + cpuref.Growth(20*steps+20))
}
