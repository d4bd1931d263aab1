package training_test

import (
	"math"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref/training"
)

// plain is the same training in float32, written on its own: sums from the last product to the first, and where fused
// is set with each product added in one rounding.
type plain struct {
	fused   bool
	weights [][]float32 // W and b of each convolution
	grads   [][]float32
	moments [][2][]float32
}

func (p *plain) sum(products [][2]float32, more float32) float32 {
	s := more
	for i := len(products) - 1; i >= 0; i-- {
		a, b := products[i][0], products[i][1]
		if p.fused {
			s = float32(math.FMA(float64(a), float64(b), float64(s)))
		} else {
			s += a * b
		}
	}
	return s
}

// products collects what is added up to each number of a result.
type products map[int][][2]float32

func (m products) add(to int, a, b float32) { m[to] = append(m[to], [2]float32{a, b}) }

// visit calls do with the indices of each product of a convolution: of V, of X and of W.
func visit(p conv.Problem, do func(v, x, w int)) {
	for i := range int(p.OutLen()) {
		k, column, row := i%p.OutChannels, i/p.OutChannels%p.W.Out, i/p.OutChannels/p.W.Out%p.H.Out
		image := i / p.OutChannels / p.W.Out / p.H.Out
		for fy := range p.H.Filter {
			for fx := range p.W.Filter {
				y, x := row*p.H.Stride-p.H.Pad+fy*p.H.Dilation, column*p.W.Stride-p.W.Pad+fx*p.W.Dilation
				if y < 0 || y >= p.H.In || x < 0 || x >= p.W.In {
					continue
				}
				for c := range p.InChannels {
					do(i, ((image*p.H.In+y)*p.W.In+x)*p.InChannels+c, ((k*p.H.Filter+fy)*p.W.Filter+fx)*p.InChannels+c)
				}
			}
		}
	}
}

// step trains with a batch, and gives the losses.
func (p *plain) step(layers []training.Layer, x []float32, labels []int) []float32 {
	inputs, places, at := [][]float32{x}, map[int][]int{}, 0
	for i, l := range layers {
		in := inputs[i]
		if l.Pool != nil {
			v, from := maxima(*l.Pool, in)
			inputs, places[i] = append(inputs, v), from
			continue
		}
		terms := products{}
		visit(*l.Conv, func(v, x, w int) { terms.add(v, in[x], p.weights[2*at][w]) })
		v := make([]float32, l.Conv.OutLen())
		for o := range v {
			if v[o] = p.sum(terms[o], p.weights[2*at+1][o%l.Conv.OutChannels]); l.ReLU {
				v[o] = max(0, v[o])
			}
		}
		inputs, at = append(inputs, v), at+1
	}
	losses, d := entropy(inputs[len(layers)], labels)
	p.grads = make([][]float32, len(p.weights))
	for i := len(layers) - 1; i >= 0; i-- {
		in, l := inputs[i], layers[i]
		dx := make([]float32, len(in))
		if l.Pool != nil {
			for o, from := range places[i] {
				dx[from] += d[o]
			}
			d = dx
			continue
		}
		for o, v := range inputs[i+1] {
			if l.ReLU && v <= 0 {
				d[o] = 0
			}
		}
		at--
		toX, toW, toB := products{}, products{}, products{}
		visit(*l.Conv, func(v, x, w int) {
			toX.add(x, d[v], p.weights[2*at][w])
			toW.add(w, in[x], d[v])
		})
		for o := range d {
			toB.add(o%l.Conv.OutChannels, d[o], 1)
		}
		for k := range dx {
			dx[k] = p.sum(toX[k], 0)
		}
		for which, to := range []products{toW, toB} {
			g := make([]float32, len(p.weights[2*at+which]))
			for k := range g {
				g[k] = p.sum(to[k], 0)
			}
			p.grads[2*at+which] = g
		}
		d = dx
	}
	return losses
}

// maxima are the largest numbers of windows, and where each is.
func maxima(p training.Pool, x []float32) (v []float32, from []int) {
	out := func(in int) int { return (in-p.Window)/p.Stride + 1 }
	for o := range p.Batch * out(p.H) * out(p.W) * p.Channels {
		c, column, row := o%p.Channels, o/p.Channels%out(p.W), o/p.Channels/out(p.W)%out(p.H)
		image, best := o/p.Channels/out(p.W)/out(p.H), -1
		for y := range p.Window {
			for z := range p.Window {
				i := ((image*p.H+row*p.Stride+y)*p.W+column*p.Stride+z)*p.Channels + c
				if best < 0 || x[i] > x[best] {
					best = i
				}
			}
		}
		v, from = append(v, x[best]), append(from, best)
	}
	return v, from
}

// entropy are losses, and the gradient of their mean.
func entropy(scores []float32, labels []int) (losses, d []float32) {
	classes := len(scores) / len(labels)
	for i, label := range labels {
		row, most, all := scores[i*classes:][:classes], scores[i*classes], float32(0)
		for _, s := range row {
			most = max(most, s)
		}
		for _, s := range row {
			all += float32(math.Exp(float64(s - most)))
		}
		losses = append(losses, float32(math.Log(float64(all)))-(row[label]-most))
		for k, s := range row {
			share := float32(math.Exp(float64(s-most))) / all
			if k == label {
				share--
			}
			d = append(d, share*float32(1/float64(len(labels))))
		}
	}
	return losses, d
}

// update moves the weights.
func (p *plain) update(u training.Update, step int) {
	for i, w := range p.weights {
		for k, g := range p.grads[i] {
			m, v := &p.moments[i][0][k], &p.moments[i][1][k]
			switch u := u.(type) {
			case training.SGD:
				*m = float32(u.Momentum)**m + g
				w[k] -= float32(u.Rate) * *m
			case training.Adam:
				t := float64(step)
				*m = float32(u.Beta1)**m + float32(1-u.Beta1)*g
				*v = float32(u.Beta2)**v + float32(1-u.Beta2)*(g*g)
				c1, c2 := float32(1/(1-math.Pow(u.Beta1, t))), float32(1/(1-math.Pow(u.Beta2, t)))
				w[k] -= float32(u.Rate) * (*m * c1) / (float32(math.Sqrt(float64(*v*c2))) + float32(u.Epsilon))
			}
		}
	}
}

// TestBound holds the training in float32 within the bound of the one in float64: of each step alone, and from the
// first weights on while the bound is finite. A weight that is off by several bounds is wrong.
func TestBound(t *testing.T) {
	for _, d := range networks {
		for _, fused := range []bool{false, true} {
			summed, x, labels := d.build(t, 5)
			alone, _, _ := d.build(t, 5)
			p := &plain{fused: fused}
			for _, w := range summed.Weights() {
				for _, of := range []training.Numbers{w.W, w.B} {
					data := make([]float32, len(of.Value))
					for i, v := range of.Value {
						data[i] = float32(v)
					}
					p.weights = append(p.weights, data)
					p.moments = append(p.moments, [2][]float32{make([]float32, len(data)), make([]float32, len(data))})
				}
			}
			layers := d.layersOf(t)
			for step := 1; step <= 5; step++ {
				losses := p.step(layers, x, labels)
				p.update(d.update, step)
				used := p.held(t, alone, x, labels, losses)
				if step < 3 {
					p.held(t, summed, x, labels, losses)
				}
				if used == 0 {
					t.Errorf("%s: nothing of the bound is used", d.name)
				}
				t.Logf("%s, fused %v, step %d: %.2g of the bound is used", d.name, fused, step, used)
				p.goOn(t, alone, d.update)
			}
			off := append([]float32(nil), p.weights[0]...)
			want := alone.Weights()[0].W
			want.Error[0] = 1e-6
			off[0] += 4e-6
			if _, err := training.Check("W", off, want); err == nil {
				t.Errorf("%s: a weight that is off by 4 bounds is not noticed", d.name)
			}
		}
	}
}

// held holds what a step left against the reference's step.
func (p *plain) held(t *testing.T, n *training.Network, x []float32, labels []int, losses []float32) (most float64) {
	t.Helper()
	want, err := n.Step(x, labels)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, got []float32, want training.Numbers) {
		used, err := training.Check(what, got, want)
		if err != nil {
			t.Error(err)
		}
		most = max(most, used)
	}
	check("losses", losses, want)
	for i, w := range n.Weights() {
		g := n.Gradients()[i]
		check("dW", p.grads[2*i], g.W)
		check("db", p.grads[2*i+1], g.B)
		check("W", p.weights[2*i], w.W)
		check("b", p.weights[2*i+1], w.B)
	}
	return most
}

// goOn has the reference go on from the weights in float32.
func (p *plain) goOn(t *testing.T, n *training.Network, u training.Update) {
	t.Helper()
	moments := func(i int) [][]float32 {
		if _, ok := u.(training.SGD); ok {
			return [][]float32{p.moments[i][0]}
		}
		return [][]float32{p.moments[i][0], p.moments[i][1]}
	}
	for i := range n.Weights() {
		if err := n.Set(i, p.weights[2*i], p.weights[2*i+1], moments(2*i), moments(2*i+1)); err != nil {
			t.Fatal(err)
		}
	}
}
