// Package note runs the example of the CS231n notes on parameter sharing, each formula as the notes write it beside
// its value: what the command and the page show first.
package note

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/tensor"
)

// Outputs are the outputs whose formulas the CS231n notes write out, as x, y, d.
var Outputs = [][3]int{
	{0, 0, 0}, {1, 0, 0}, {2, 0, 0}, {3, 0, 0},
	{0, 0, 1}, {1, 0, 1}, {2, 0, 1}, {3, 0, 1},
	{0, 1, 1}, {2, 3, 1},
}

// Report is the example as it came out on a device.
type Report struct {
	Problem  string        `json:"problem"`
	Device   string        `json:"device"`
	Formulas []Formula     `json:"formulas"`
	Checks   []string      `json:"checks"`
	Verified bool          `json:"verified"`
	V        [][][]float32 `json:"v_hwd"` // V[y][x][d]
	Volume   tensor.Volume `json:"-"`     // V
}

// Formula is one output of V.
type Formula struct {
	Formula   string  `json:"formula"`
	Got       float32 `json:"got"`
	Reference float64 `json:"reference"`
	Equal     bool    `json:"equal"`
}

// Run computes the example twice: with small integers, which people can follow and which must come out
// bit for bit, and with real numbers, which must stay within the bound.
func Run(dev *host.Device) (Report, error) {
	p, err := conv.Square(11, 4, 2, 5, 2, 0)
	if err != nil {
		return Report{}, err
	}
	x, w, err := data(p)
	if err != nil {
		return Report{}, err
	}
	o := host.LayerOptions{}
	if dev.GPU() != nil {
		o.Algorithm = "direct" // a workgroup for each output, as the example is told
	}
	layer, err := host.NewLayer(dev, p, w, o)
	if err != nil {
		return Report{}, err
	}
	defer layer.Close()
	v, exact, err := layer.Verify(context.Background(), x, host.VerifyOptions{Mode: cpuref.Exact})
	if err != nil {
		return Report{}, err
	}
	r := Report{Problem: p.String(), Device: dev.String(), Volume: v, Verified: exact.OK()}
	for y := range v.H {
		r.V = append(r.V, nil)
		for x := range v.W {
			r.V[y] = append(r.V[y], v.Column(x, y))
		}
	}
	for _, at := range Outputs {
		f := formula(p, x, w, v, at)
		r.Formulas = append(r.Formulas, f)
		r.Verified = r.Verified && f.Equal
	}
	bound, err := proof.Case{Problem: p, Seed: 1, Options: o}.Run(dev)
	r.Verified = r.Verified && err == nil
	r.Checks = []string{exact.String(), bound.String() + ", with real numbers"}
	if err != nil {
		r.Checks[1] = err.Error()
	}
	return r, nil
}

// data are seeded integers from -2 to 2, as in the notes' animation.
func data(p conv.Problem) (tensor.Volume, tensor.Filters, error) {
	x, err := tensor.NewVolume(1, p.H.In, p.W.In, p.InChannels)
	if err != nil {
		return x, tensor.Filters{}, err
	}
	w, err := tensor.NewFilters(p.OutChannels, p.H.Filter, p.W.Filter, p.InChannels)
	rng := rand.New(rand.NewPCG(231, 1))
	for _, data := range [][]float32{x.Data, w.Data, w.Bias} {
		tensor.FillIntegers(data, rng, 2)
	}
	return x, w, err
}

// formula writes one output as the notes do and computes it as written: a slice of X times W_d, summed,
// plus b_d.
func formula(p conv.Problem, x tensor.Volume, w tensor.Filters, v tensor.Volume, at [3]int) Formula {
	ox, oy, d := at[0], at[1], at[2]
	x0, y0 := ox*p.W.Stride, oy*p.H.Stride
	sum := float64(w.BiasAt(d))
	for fx := range p.W.Filter {
		for fy := range p.H.Filter {
			for c := range p.InChannels {
				sum += float64(x.At(x0+fx, y0+fy, c)) * float64(w.At(d, fx, fy, c))
			}
		}
	}
	got := v.At(ox, oy, d)
	return Formula{
		Formula: fmt.Sprintf(
			"V[%d,%d,%d] = sum(X[%d:%d, %d:%d, :] * W%d) + b%d",
			ox,
			oy,
			d,
			x0,
			x0+p.W.Filter,
			y0,
			y0+p.H.Filter,
			d,
			d,
		),
		Got: got, Reference: sum, Equal: float64(got) == sum,
	}
}
