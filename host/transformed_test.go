package host_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/transform"
)

// winogradLayers are of every padding, of several images and groups, and with tiles that hang over every
// edge. Their channels are multiples of 4.
var winogradLayers = []string{
	"mb2ic4ih5iw7oc8kh3ph1", "g2mb3ic8ih1iw2oc4kh3ph2pw1", "ic4ih3iw5oc4kh3ph2pw4+reflect",
	"mb2ic4ih9iw2oc4kh3ph3pw1+replicate", "ic12ih3iw4oc4kh3ph3pw4+circular",
	"mb2ic4ih8iw9oc4oh3ow12kh3pw2", "mb2ic4ih7iw31oc4kh3ph2pw3dh1dw2", "ic4ih7iw8oc4oh2ow7kh3ph5pw6dh5dw4+circular",
	"mb2ic4ih1iw270oc4kh3ph1", "ic32ih32iw40oc32kh3ph1",
}

// winogradFilter is the filter, along both axes, that leaves a transform's tiles m outputs.
func winogradFilter(k shaders.Winograd, m uint32) [2]int {
	taps := func(inputs uint32) int { return max(1, int(inputs)+1-int(m)) }
	return [2]int{taps(k.H), taps(k.W)}
}

// outputsOf are how many outputs a tile of the transform may have along an axis.
func outputsOf(k shaders.Winograd) []uint32 {
	if k.M != 0 {
		return []uint32{k.M}
	}
	return map[uint32][]uint32{4: {2}, 5: {3}, 6: {2, 4}, 8: {2, 4, 5, 6}}[k.Side()]
}

// winogradLayer is a layer of 3x3 with another filter and as many outputs.
func winogradLayer(descriptor string, filter [2]int) (conv.Problem, error) {
	p, err := conv.Parse(descriptor)
	if err != nil {
		return p, err
	}
	for i, a := range []*conv.Axis{&p.H, &p.W} {
		if a.Filter = filter[i]; filter[i] == 1 {
			a.Out = 0 // as many as follow
		} else {
			a.In += (filter[i] - 3) * a.Dilation
		}
	}
	return conv.New(p)
}

// The killers of Winograd's transforms.
func init() {
	for _, k := range shaders.Winograds() {
		for _, m := range outputsOf(k) {
			add := func(descriptor string, e conv.Epilogue) {
				p, err := winogradLayer(descriptor, winogradFilter(k, m))
				if err != nil {
					panic(err)
				}
				killers[k] = append(killers[k], winogradKiller(k, m, p, e))
			}
			for _, d := range winogradLayers {
				add(d, conv.Epilogue{})
			}
			// 5 x 8 tiles, which fill the folded grid's workgroups.
			tiles := func(inputs, n uint32) uint32 {
				if inputs == 1 {
					return n
				}
				return n*m + 2
			}
			add(fmt.Sprintf("ic%dih%diw%doc%dkh3", 16*k.Vector, tiles(k.H, 5), tiles(k.W, 8), 16*k.Vector),
				conv.Epilogue{})
			if k.M == 0 {
				continue
			}
			// No tile hangs over, and outputs of a tile are not neighbours.
			add("mb2ic4ih8iw12oc4kh3ph2pw3dh1dw2", conv.Activate(conv.ReLU))
			for _, e := range []conv.Epilogue{prelu(conv.BeforeFunction), {Residual: conv.BeforeFunction},
				{Residual: conv.AfterFunction}, conv.Activate(conv.ReLU)} {
				add(winogradLayers[0], e)
			}
		}
	}
}

func winogradKiller(k shaders.Winograd, m uint32, p conv.Problem, e conv.Epilogue) killer {
	return killer{fmt.Sprintf("%s %v", p, e),
		func(dev *host.Device) error { return runWinograd(dev, k, transform.Transform(m), p, e) }}
}

// runWinograd holds one transform of whole numbers against its twin, bit for bit: numbers so small that
// their multiples by all powers of 1/2 are exact.
func runWinograd(dev *host.Device, k shaders.Winograd, by transform.Transform, p conv.Problem, e conv.Epilogue) error {
	rng, limit := rand.New(rand.NewPCG(1, 2)), 20
	if k.Side() == 8 && k.M != 0 {
		limit = 1
	}
	fill := func(n int64) []float32 {
		data := make([]float32, n)
		tensor.FillIntegers(data, rng, limit)
		return data
	}
	between, err := by.Product(p)
	if err != nil {
		return err
	}
	if k.Kernel == "winograd_input" {
		x := tensor.Volume{N: p.Batch, H: p.H.In, W: p.W.In, D: p.InChannels, Data: fill(p.InLen())}
		want, err := cpuref.TransformInput(by, p, x)
		if err != nil {
			return err
		}
		got, err := attemptWinograd(dev, k, shaders.WinogradInput(p, k), [][]float32{x.Data}, between.InLen())
		return sameNumbers(got, want, err)
	}
	products, bias, residual, slopes := fill(between.OutLen()), fill(p.BiasLen()), fill(p.OutLen()),
		make([]float32, p.OutChannels)
	for i := range slopes {
		slopes[i] = []float32{0.5, 0, -2, 4}[i%4]
	}
	want, err := winogradOutput(p, by, e, products, bias, slopes, residual)
	if err != nil {
		return err
	}
	got, err := attemptWinograd(dev, k, shaders.WinogradOutput(p, k, e), [][]float32{products, bias, slopes, residual},
		p.OutLen())
	return sameNumbers(got, want, err)
}

// attemptWinograd runs one of Winograd's transforms once on what it reads, in the order of its bindings, and gives the
// numbers that it wrote.
func attemptWinograd(
	dev *host.Device, k shaders.Winograd, params shaders.Params, reads [][]float32, written int64,
) ([]float32, error) {
	var words [][]uint32
	for _, data := range reads {
		words = append(words, exec.Bits(data))
	}
	nans := make([]float32, written)
	cpuref.Poison(nans)
	after, err := attemptKernel(dev, k, shaders.Encode(params), ceilDiv(int64(params.Outputs), int64(k.Threads)),
		exec.Bits(nans), words...)
	return exec.Floats(after), err
}

// winogradOutput is the twin of winograd_output.wgsl with its epilogue.
func winogradOutput(
	p conv.Problem, by transform.Transform, e conv.Epilogue, products, bias, slopes, residual []float32,
) ([]float32, error) {
	sums, err := cpuref.TransformOutput(by, p, products, bias)
	if err != nil {
		return nil, err
	}
	r := cpuref.Reference{Problem: p, Value: make([]float64, len(sums)), Magnitude: make([]float64, len(sums))}
	for i, v := range sums {
		r.Value[i] = float64(v)
	}
	if e.Activation.Function != conv.PReLU {
		slopes = nil
	}
	if e.Residual == conv.NoResidual {
		residual = nil
	}
	finished, err := r.Epilogue(e, slopes, residual)
	return finished.Volume().Data, err
}

// sameNumbers gives the first number that is wrong, or how many are there, as an error; err goes first.
func sameNumbers(got, want []float32, err error) error {
	if err != nil {
		return err
	}
	if len(got) != len(want) || len(want) == 0 {
		return fmt.Errorf("%w: %d numbers, must be %d and one at least", cpuref.ErrMismatch, len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			return fmt.Errorf("%w: number %d is %v, must be %v", cpuref.ErrMismatch, i, got[i], want[i])
		}
	}
	return nil
}

// TestWinogradTransforms holds the transforms against their twins, also with numbers of channels that are
// no multiple of 4.
func TestWinogradTransforms(t *testing.T) {
	dev := hosttest.Open(t)
	for _, k := range shaders.Winograds() {
		layers := winogradLayers
		if k.Vector == 1 {
			layers = append(slices.Clone(layers), "g3mb2ic3ih6iw5oc9kh3ph1", "ic1ih3oc1kh3",
				"mb2ic5ih1iw70oc6kh3ph1+replicate")
		}
		for _, m := range outputsOf(k) {
			for _, d := range layers {
				p, err := winogradLayer(d, winogradFilter(k, m))
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range []conv.Epilogue{{}, prelu(conv.BeforeFunction),
					{Activation: conv.Activation{Function: conv.ReLU}, Residual: conv.AfterFunction}, leaky} {
					if err := runWinograd(dev, k, transform.Transform(m), p, e); err != nil {
						t.Errorf("%s, %s, %v: %v", k.Name(), p, e, err)
					}
					if k.M == 0 {
						break // it has no epilogue
					}
				}
			}
		}
	}
}

// TestWinogradChain runs both transforms, with the products of the CPU between them, and holds the layer
// against its reference: exactly where tiles have 4 inputs, and by Winograd's bound.
func TestWinogradChain(t *testing.T) {
	dev := hosttest.Open(t)
	for _, in := range shaders.Winograds() {
		if in.M != 0 || in.Vector != 4 {
			continue // one row for each size of tile
		}
		for _, m := range outputsOf(in) {
			for _, d := range append(slices.Clone(winogradLayers), "g2ic6ih17iw15oc10kh3ph1", "ic64ih7oc32kh3ph1") {
				p, err := winogradLayer(d, winogradFilter(in, m))
				if err != nil {
					t.Fatal(err)
				}
				chain(t, dev, p, in, m)
			}
		}
	}
}

// chain holds one layer to both modes of the proof.
func chain(t *testing.T, dev *host.Device, p conv.Problem, in shaders.Winograd, m uint32) {
	t.Helper()
	for _, mode := range []cpuref.Mode{cpuref.Exact, cpuref.Bounded} {
		if in.Side() != 4 && mode == cpuref.Exact {
			continue // larger ones divide by 3
		}
		report, err := winogradChain(dev, p, in, m, mode)
		if err != nil {
			t.Errorf("%s, m = %d: %v", p, m, err)
		} else if t.Logf("%s, m = %d: %v", p, m, report); !report.OK() {
			t.Errorf("%s, m = %d: %v", p, m, report)
		}
	}
}

func winogradChain(
	dev *host.Device, p conv.Problem, of shaders.Winograd, m uint32, mode cpuref.Mode,
) (cpuref.Report, error) {
	by := transform.Transform(m)
	x, filters, err := winogradData(p, by, mode)
	if err != nil {
		return cpuref.Report{}, err
	}
	between, err := by.Product(p)
	if err != nil {
		return cpuref.Report{}, err
	}
	transformed, err := by.Filters(p, filters)
	if err != nil {
		return cpuref.Report{}, err
	}
	in, out := shaders.WinogradInputs(of.H, of.W, vectorOf(p.InChannels)),
		shaders.WinogradOutputs(of.H, of.W, m, vectorOf(p.OutChannels))
	u, err := attemptWinograd(dev, in, shaders.WinogradInput(p, in), [][]float32{x.Data}, between.InLen())
	if err != nil {
		return cpuref.Report{}, err
	}
	products, err := cpuref.Im2col(between, tensor.Volume{N: 1, H: 1, W: between.W.In, D: between.InChannels, Data: u},
		transformed)
	if err != nil {
		return cpuref.Report{}, err
	}
	none := []float32{0}
	v, err := attemptWinograd(dev, out, shaders.WinogradOutput(p, out, conv.Epilogue{}),
		[][]float32{products.Volume().Data, filters.Bias, none, none}, p.OutLen())
	if err != nil {
		return cpuref.Report{}, err
	}
	want, err := cpuref.Transformed(by, p, x, filters)
	if err != nil {
		return cpuref.Report{}, err
	}
	return cpuref.Check(v, want, mode)
}

// vectorOf is how many channels a thread may take.
func vectorOf(channels int) uint32 {
	if channels%4 == 0 {
		return 4
	}
	return 1
}

// winogradData are a layer's operands: real numbers, or whole ones inside Winograd's limit.
func winogradData(p conv.Problem, by transform.Transform, mode cpuref.Mode) (tensor.Volume, tensor.Filters, error) {
	data, err := (proof.Case{Problem: p, Seed: 1, Mode: cpuref.Bounded}).Data()
	if err != nil || mode == cpuref.Bounded {
		return data.X, data.W, err
	}
	limit, err := cpuref.TransformExactLimit(by, p)
	rng := rand.New(rand.NewPCG(3, 4))
	for _, numbers := range [][]float32{data.X.Data, data.W.Data, data.W.Bias} {
		tensor.FillIntegers(numbers, rng, limit)
	}
	return data.X, data.W, err
}
