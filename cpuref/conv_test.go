package cpuref

import (
	"math"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// By hand: a 3x3 image, a 2x2 filter, padding 1, stride 2, bias 10.
//
//	1 2 3      1 -1
//	4 5 6      2 -2
//	7 8 9
func TestConvByHand(t *testing.T) {
	p := parse(t, "ic1ih3oc1kh2sh2ph1")
	x := tensor.Volume{N: 1, H: 3, W: 3, D: 1, Data: []float32{1, 2, 3, 4, 5, 6, 7, 8, 9}}
	w := tensor.Filters{K: 1, H: 2, W: 2, D: 1, Data: []float32{1, -1, 2, -2}, Bias: []float32{10}}
	r := must[Reference](t)(Conv(p, x, w))
	want := []float64{
		10 - 2*1,               // 0 0 / 0 1
		10 + 2*2 - 2*3,         // 0 0 / 2 3
		10 - 4 - 2*7,           // 0 4 / 0 7
		10 + 5 - 6 + 2*8 - 2*9, // 5 6 / 8 9
	}
	magnitude := []float64{12, 20, 28, 10 + 5 + 6 + 16 + 18}
	for i := range want {
		if r.Value[i] != want[i] || r.Magnitude[i] != magnitude[i] {
			t.Errorf("output %d is %v with magnitude %v, must be %v with %v", i, r.Value[i], r.Magnitude[i], want[i],
				magnitude[i])
		}
	}
}

// The notes' example: X is 11x11x4, two filters with F = 5, S = 2, P = 0, and
// V[2,3,1] = sum(X[4:9,6:11,:] * W1) + b1.
func TestConvOfTheNotes(t *testing.T) {
	p := must[conv.Problem](t)(conv.Square(11, 4, 2, 5, 2, 0))
	xv, w := operands(t, p, integers(newRand(1), 9))
	var x [11][11][4]float64 // x first, as the notes index it
	var w1 [5][5][4]float64
	for i, v := range xv.Data {
		x[i/4%11][i/44][i%4] = float64(v)
	}
	for i, v := range w.Data[100:] {
		w1[i/4%5][i/20][i%4] = float64(v)
	}
	want := float64(w.Bias[1])
	for i, plane := range x[4:9] {
		for j, column := range plane[6:11] {
			for d, v := range column {
				want += v * w1[i][j][d]
			}
		}
	}
	r := must[Reference](t)(Conv(p, xv, w))
	v := r.Volume()
	if v.H != 4 || v.W != 4 || v.D != 2 {
		t.Fatalf("V is %dx%dx%d, must be 4x4x2", v.W, v.H, v.D)
	}
	if got := v.Data[v.Index(0, 3, 2, 1)]; float64(got) != want {
		t.Errorf("V[2,3,1] is %v, must be %v", got, want)
	}
}

// spelledOut computes p with nothing but a dense, unpadded, undilated convolution: the zeros of the
// padding, between dilated taps and of other groups' depth slices are written out.
func spelledOut(p conv.Problem, x tensor.Volume, w tensor.Filters) []float64 {
	height := (p.H.Out-1)*p.H.Stride + p.H.Extent()
	width := (p.W.Out-1)*p.W.Stride + p.W.Extent()
	image := make([]float64, p.Batch*height*width*p.InChannels)
	for i, v := range x.Data {
		d, column := i%x.D, i/x.D
		n, iy, ix := column/x.W/x.H, column/x.W%x.H+p.H.Pad, column%x.W+p.W.Pad
		if iy < height && ix < width {
			image[((n*height+iy)*width+ix)*x.D+d] = float64(v)
		}
	}
	eh, ew := p.H.Extent(), p.W.Extent()
	filters := make([]float64, w.K*eh*ew*x.D)
	for i, v := range w.Data {
		d, rest := i%w.D, i/w.D
		k, fy, fx := rest/w.W/w.H, rest/w.W%w.H, rest%w.W
		d += k * p.Groups / w.K * w.D
		filters[((k*eh+fy*p.H.Dilation)*ew+fx*p.W.Dilation)*x.D+d] = float64(v)
	}
	var out []float64
	for n := range p.Batch {
		for y := range p.H.Out {
			for ix := range p.W.Out {
				for k := range w.K {
					sum := float64(w.Bias[k])
					for fy := range eh {
						row := image[((n*height+y*p.H.Stride+fy)*width+ix*p.W.Stride)*x.D:][:ew*x.D]
						for j, v := range filters[(k*eh+fy)*ew*x.D:][:ew*x.D] {
							sum += row[j] * v
						}
					}
					out = append(out, sum)
				}
			}
		}
	}
	return out
}

func TestConvAgainstZerosWrittenOut(t *testing.T) {
	rng := newRand(2)
	for range 150 {
		p := randomProblem(rng)
		x, w := operands(t, p, integers(rng, 8))
		r := must[Reference](t)(Conv(p, x, w))
		for i, want := range spelledOut(p, x, w) {
			if r.Value[i] != want {
				t.Fatalf("%v: output %d is %v, must be %v", p, i, r.Value[i], want)
			}
		}
	}
}

// The magnitude is the value of the layer with all signs taken away.
func TestMagnitude(t *testing.T) {
	rng := newRand(3)
	for range 30 {
		p := randomProblem(rng)
		x, w := operands(t, p, integers(rng, 8))
		r := must[Reference](t)(Conv(p, x, w))
		for _, data := range [][]float32{x.Data, w.Data, w.Bias} {
			for i, v := range data {
				data[i] = float32(math.Abs(float64(v)))
			}
		}
		for i, want := range must[Reference](t)(Conv(p, x, w)).Value {
			if r.Magnitude[i] != want {
				t.Fatalf("%v: magnitude %d is %v, must be %v", p, i, r.Magnitude[i], want)
			}
		}
	}
}

func TestConvAt(t *testing.T) {
	p := parse(t, "g2mb2ic4ih5iw4oc6kh3ph1")
	x, w := operands(t, p, reals(newRand(4)))
	r := must[Reference](t)(Conv(p, x, w))
	for i := range r.Value {
		if v, m := ConvAt(p, x, w, i); v != r.Value[i] || m != r.Magnitude[i] {
			t.Fatalf("ConvAt(%d) is %v, %v, must be %v, %v", i, v, m, r.Value[i], r.Magnitude[i])
		}
	}
	for _, i := range []int{-1, len(r.Value), math.MaxInt, math.MinInt} {
		if v, m := ConvAt(p, x, w, i); !math.IsNaN(v) || !math.IsNaN(m) {
			t.Errorf("ConvAt(%d) is %v, %v, must be NaN", i, v, m)
		}
	}
	if v, _ := ConvAt(conv.Problem{}, x, w, 0); !math.IsNaN(v) {
		t.Errorf("ConvAt of no problem is %v, must be NaN", v)
	}
	w.Bias = nil
	if v, _ := ConvAt(p, x, w, 0); math.IsNaN(v) {
		t.Error("ConvAt without biases is NaN")
	}
}

func TestReLU(t *testing.T) {
	p := parse(t, "ic2ih4oc2kh3ph1")
	x, w := operands(t, p, reals(newRand(5)))
	r := must[Reference](t)(Conv(p, x, w))
	r.Value[0], r.Value[1], r.Value[2] = -3, 4, math.NaN()
	after := r.ReLU()
	if after.Value[0] != 0 || after.Value[1] != 4 || !math.IsNaN(after.Value[2]) || r.Value[0] != -3 {
		t.Errorf("-3, 4, NaN become %v, the reference itself %v", after.Value[:3], r.Value[:3])
	}
	for i := range r.Magnitude {
		if after.Magnitude[i] != r.Magnitude[i] {
			t.Errorf("magnitude %d is %v, must stay %v", i, after.Magnitude[i], r.Magnitude[i])
		}
	}
}
