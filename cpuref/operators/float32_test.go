package operators

import (
	"math"
	"math/rand/v2"
	"testing"
)

// plain is an operator in float32 as a kernel would compute it, every step rounded, of inputs that are drawn from
// -reach to reach (or from low on).
type plain struct {
	op     string
	attrs  attributes
	low    float64
	reach  float64
	shapes [][]int
	of     func(in [][]float32) []float32
}

func exp32(x float32) float32  { return float32(math.Exp(float64(x))) }
func log32(x float32) float32  { return float32(math.Log(float64(x))) }
func sqrt32(x float32) float32 { return 1 / float32(1/math.Sqrt(float64(x))) }

// each is a function of every number of the first input.
func each(f func(x float32) float32) func([][]float32) []float32 {
	return func(in [][]float32) []float32 {
		out := make([]float32, len(in[0]))
		for i, x := range in[0] {
			out[i] = f(x)
		}
		return out
	}
}

func tanh32(x float32) float32     { return 1 - 2/(exp32(min(2*x, 87))+1) }
func softplus32(x float32) float32 { return max(x, 0) + log32(1+exp32(-max(x, -x))) }

// erf32 is Abramowitz and Stegun's formula 7.1.26.
func erf32(x float32) float32 {
	t := 1 / (1 + 0.3275911*max(x, -x))
	y := 1 - t*(0.254829592+t*(-0.284496736+t*(1.421413741+t*(-1.453152027+t*1.061405429))))*exp32(-x*x)
	if x < 0 {
		return -y
	}
	return y
}

// sum32 adds from the back.
func sum32(x []float32) (s float32) {
	for i := len(x) - 1; i >= 0; i-- {
		s += x[i]
	}
	return s
}

// exponentials32 are exp(x - most), and their sum.
func exponentials32(x []float32) (most float32, terms []float32, sum float32) {
	most = x[0]
	for _, v := range x {
		most = max(most, v)
	}
	for _, v := range x {
		terms = append(terms, exp32(v-most))
	}
	return most, terms, sum32(terms)
}

// normalize32 is a line less its mean, over its deviation.
func normalize32(x []float32, epsilon float32) []float32 {
	mean := sum32(x) * (1 / float32(len(x)))
	var squares []float32
	for _, v := range x {
		squares = append(squares, (v-mean)*(v-mean))
	}
	inverse := 1 / sqrt32(sum32(squares)/float32(len(x))+epsilon)
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = (v - mean) * inverse
	}
	return out
}

var plains = []plain{
	{"Sigmoid", nil, -9, 9, [][]int{{99}}, each(func(x float32) float32 { return 1 / (1 + exp32(-x)) })},
	{"Tanh", nil, -9, 9, [][]int{{99}}, each(tanh32)},
	{"Erf", nil, -4, 4, [][]int{{99}}, each(erf32)},
	{"Gelu", nil, -4, 4, [][]int{{99}},
		each(func(x float32) float32 { return x / 2 * (1 + erf32(x*0.70710678)) })},
	{"Softplus", nil, -9, 9, [][]int{{99}}, each(softplus32)},
	{"Mish", nil, -9, 9, [][]int{{99}}, each(func(x float32) float32 { return x * tanh32(softplus32(x)) })},
	{"Elu", nil, -9, 9, [][]int{{99}}, each(func(x float32) float32 {
		if x < 0 {
			return exp32(x) - 1
		}
		return x
	})},
	{"Celu", attributes{"alpha": 0.3}, -9, 9, [][]int{{99}}, each(func(x float32) float32 {
		return max(0, x) + min(0, 0.3*(exp32(x/0.3)-1))
	})},
	{"Softsign", nil, -9, 9, [][]int{{99}}, each(func(x float32) float32 { return x / (1 + max(x, -x)) })},
	{"Sqrt", nil, 0, 9, [][]int{{99}}, each(sqrt32)},
	{"Sinh", nil, -5, 5, [][]int{{99}}, each(func(x float32) float32 { return (exp32(x) - exp32(-x)) / 2 })},
	{"Cosh", nil, -5, 5, [][]int{{99}}, each(func(x float32) float32 { return (exp32(x) + exp32(-x)) / 2 })},
	{"Asinh", nil, 0, 9, [][]int{{99}}, each(func(x float32) float32 { return log32(x + sqrt32(x*x+1)) })},
	{"Acosh", nil, 1, 9, [][]int{{99}}, each(func(x float32) float32 { return log32(x + sqrt32(x*x-1)) })},
	{"Atanh", nil, -1, 1, [][]int{{99}}, each(func(x float32) float32 { return log32((1+x)/(1-x)) / 2 })},
	{"Tan", nil, -9, 9, [][]int{{99}}, each(func(x float32) float32 {
		return float32(math.Sin(float64(x))) / float32(math.Cos(float64(x)))
	})},
	{"Sin", nil, -99, 99, [][]int{{99}}, each(func(x float32) float32 { // modulo 2 pi, which is rounded
		turns := float32(math.Round(float64(x * 0.15915494)))
		return float32(math.Sin(float64(x - turns*6.2831855)))
	})},
	{"Pow", nil, 0.1, 4, [][]int{{99}, {99}}, func(in [][]float32) []float32 {
		out := make([]float32, len(in[0]))
		for i, x := range in[0] {
			out[i] = float32(math.Exp2(float64(in[1][i] * float32(math.Log2(float64(x))))))
		}
		return out
	}},
	{"Softmax", nil, -20, 20, [][]int{{99}}, func(in [][]float32) []float32 {
		_, terms, sum := exponentials32(in[0])
		return each(func(x float32) float32 { return x / sum })([][]float32{terms})
	}},
	{"LogSoftmax", nil, -20, 20, [][]int{{99}}, func(in [][]float32) []float32 {
		most, _, sum := exponentials32(in[0])
		return each(func(x float32) float32 { return x - most - log32(sum) })(in)
	}},
	{"ReduceLogSumExp", nil, -20, 20, [][]int{{1, 99}}, func(in [][]float32) []float32 {
		most, _, sum := exponentials32(in[0])
		return []float32{most + log32(sum)}
	}},
	{"ReduceL2", nil, -9, 9, [][]int{{1, 99}}, func(in [][]float32) []float32 {
		return []float32{sqrt32(sum32(each(func(x float32) float32 { return x * x })(in)))}
	}},
	{"ReduceSum", nil, -9, 9, [][]int{{1, 999}},
		func(in [][]float32) []float32 { return []float32{sum32(in[0])} }},
	{"LayerNormalization", nil, -1, 9, [][]int{{99}, {99}, {99}}, func(in [][]float32) []float32 {
		out := normalize32(in[0], 1e-5)
		for i := range out {
			out[i] = out[i]*in[1][i] + in[2][i]
		}
		return out
	}},
	{"InstanceNormalization", nil, 90, 91, [][]int{{1, 1, 99}, {1}, {1}},
		func(in [][]float32) []float32 { // a mean far from 0
			in[0] = normalize32(in[0], 1e-5)
			return each(func(x float32) float32 { return x*in[1][0] + in[2][0] })(in)
		}},
	{"BatchNormalization", nil, 0.1, 9, [][]int{{99, 1}, {1}, {1}, {1}, {1}},
		func(in [][]float32) []float32 { // folded
			factor := in[1][0] / sqrt32(in[4][0]+1e-5)
			shift := in[2][0] - in[3][0]*factor
			return each(func(x float32) float32 { return x*factor + shift })(in)
		}},
	{"LRN", attributes{"size": 1, "alpha": 0.5}, -9, 9, [][]int{{1, 99, 1}}, each(func(x float32) float32 {
		return x / float32(math.Exp2(float64(0.75*float32(math.Log2(float64(1+0.5*(x*x)))))))
	})},
	{"MatMul", nil, -9, 9, [][]int{{1, 99}, {99, 1}}, func(in [][]float32) []float32 {
		var products []float32
		for i, x := range in[0] {
			products = append(products, x*in[1][i])
		}
		return []float32{sum32(products)}
	}},
	{"Conv", nil, -9, 9, [][]int{{1, 3, 9}, {1, 3, 9}, {1}}, func(in [][]float32) []float32 {
		var products []float32
		for i, x := range in[0] {
			products = append(products, x*in[1][i])
		}
		return []float32{sum32(products) + in[2][0]}
	}},
	{"Resize", attributes{"mode": "linear"}, -9, 9, [][]int{{9}}, func(in [][]float32) []float32 {
		out := make([]float32, 15) // of a scale of 1.7
		for i := range out {
			x := (float32(i)+0.5)/1.7 - 0.5
			low := float32(math.Floor(float64(x)))
			at := func(i int) float32 { return in[0][max(0, min(i, 8))] }
			out[i] = at(int(low))*(1-(x-low)) + at(int(low)+1)*(x-low)
		}
		return out
	}},
}

// TestPlainFloat32 holds that what float32 really makes of the formulas is allowed, and uses some of what is.
func TestPlainFloat32(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, p := range plains {
		var used float64
		for range 20 {
			inputs, numbers := []*Array{}, [][]float32{}
			for _, s := range p.shapes {
				a, list := of(s, []float64{}...), []float32{}
				for range size(s) {
					v := float32(p.low + (p.reach-p.low)*r.Float64())
					a.Data, list = append(a.Data, float64(v)), append(list, v)
				}
				inputs, numbers = append(inputs, a), append(numbers, list)
			}
			if p.op == "Resize" {
				inputs = append(inputs, nil, floats(float64(float32(1.7))))
			}
			results, err := Reference(newNode(t, p.op, p.attrs, 1), 20, inputs)
			if err != nil {
				t.Fatal(err)
			}
			got := results[0].Array
			got.Data = nil
			for _, v := range p.of(numbers) {
				got.Data = append(got.Data, float64(v))
			}
			report, err := Check(got, results[0])
			if err != nil || !report.OK() {
				t.Errorf("%s: %v, error %v", p.op, report, err)
			}
			used = max(used, report.BoundUsed)
		}
		t.Logf("%-22s used %.2g of what is allowed", p.op, used)
		if used < 1e-4 {
			t.Errorf("%s uses %g of what is allowed at most, which is too much", p.op, used)
		}
	}
}
