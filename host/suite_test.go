package host_test

import (
	"math"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// The suite, part by part, on the GPU. TestLayerOnCPU has all of it.

func TestShapes(t *testing.T)     { hosttest.Shapes(t, hosttest.Open(t)) }
func TestPadding(t *testing.T)    { hosttest.Padding(t, hosttest.Open(t)) }
func TestGroups(t *testing.T)     { hosttest.Groups(t, hosttest.Open(t)) }
func TestTransposed(t *testing.T) { hosttest.Transposed(t, hosttest.Open(t)) }
func TestUnshared(t *testing.T)   { hosttest.Unshared(t, hosttest.Open(t)) }
func TestEpilogues(t *testing.T)  { hosttest.Epilogues(t, hosttest.Open(t)) }
func TestThreads(t *testing.T)    { hosttest.Sizes(t, hosttest.Open(t)) }
func TestBackward(t *testing.T)   { hosttest.Backward(t, hosttest.Open(t)) }

// TestEveryVariantRuns sees to it that no row of the shader table goes without a layer that is judged.
func TestEveryVariantRuns(t *testing.T) {
	ran := map[string]bool{}
	dev := hosttest.Open(t)
	host.SetSource(t, dev, func(v shaders.Variant) (shaders.Shader, error) {
		ran[v.Name()] = true
		return shaders.Source(v)
	})
	host.SetGeneral(dev, true)
	t.Cleanup(func() { host.SetGeneral(dev, false) })
	layers := []killer{exact(small, separate(conv.Activate(conv.ReLU))), exact(small, separate(leaky)),
		gradients(small, fused(leaky))}
	for _, threads := range shaders.ConvThreads {
		for _, n := range []host.DType{host.Float32, host.Float16} {
			layers = append(layers, exact(small, host.LayerOptions{Threads: threads, DType: n}))
		}
		layers = append(layers, quantizedKiller(small, leaky, threads))
	}
	layers = append(layers, ceilingShapes()...)
	layers = append(layers, exact("ic4ih3oc4kh3sh2ph1+transposed", host.LayerOptions{}),
		exact("ic3ih3oc3kh3sh2ph1+transposed", host.LayerOptions{}), killers[depthToSpace4][0],
		killers[depthToSpace1][0])
	layers = append(layers, spreadLayers()...)
	layers = append(layers, requantizeKiller(small, leaky))
	layers = append(layers, killers[shaders.QuantizeLinear]...)
	for _, o := range shaders.Operators() {
		layers = append(layers, killers[o]...)
	}
	for _, k := range slices.Concat(rows(shaders.Pools()), rows(shaders.MatMuls()),
		[]shaders.Variant{shaders.Resampling, shaders.Gathering, shaders.Sorting, shaders.Sampling}) {
		layers = append(layers, killers[k]...)
	}
	for _, v := range slices.Concat(rows(shaders.Halves()), rows(shaders.Storeds()), rows(shaders.Singles()),
		rows(shaders.Textureds()), training,
		[]shaders.Variant{shaders.FromInt8, shaders.ToSumsBy(4), shaders.ToSumsBy(1)}) {
		layers = append(layers, killers[v]...)
	}
	for _, v := range shaders.Variants() {
		_, separable := v.(shaders.Separable) // of which TestSeparable runs all
		if ofTensors(v) || separable {
			layers = append(layers, killers[v][0])
		}
	}
	for _, l := range layers {
		if err := l.run(dev); err != nil {
			t.Errorf("%s: %v", l.name, err)
		}
	}
	hosttest.Algorithms(t, dev)
	filterGradients(t, dev)
	for _, v := range shaders.Variants() {
		if !ran[v.Name()] && !softwareAlone(dev, v) {
			t.Errorf("no layer was run with %s", v.Name())
		}
	}
}

// softwareAlone tells kernels that no GPU runs: tiles of 8x8 inputs by fours and filters of 7x7, which take more
// registers than it has, and depth to space with a thread for all channels of a pixel that has 16 vectors of them.
func softwareAlone(dev *host.Device, v shaders.Variant) bool {
	if dev.GPU().Info().Type == gpu.Software {
		return false
	}
	k, ok := v.(shaders.Winograd)
	slide, is := v.(shaders.Slide)
	return ok && k.Vector == 4 && k.H*k.W == 64 || v == shaders.DepthToSpaces()[0] || is && slide.Filter > 5
}

// TestDefaultThreads holds which workgroup a layer gets that does not ask: never more threads than
// products, but for the smallest workgroup.
func TestDefaultThreads(t *testing.T) {
	dev := hosttest.Open(t)
	var got uint32
	host.SetSource(t, dev, func(v shaders.Variant) (shaders.Shader, error) {
		got = v.(shaders.Sums).Threads
		return shaders.Source(v)
	})
	for descriptor, want := range map[string]uint32{"ic1ih1oc1kh1": 32, "ic255ih1oc1kh1": 32, "ic256ih1oc1kh1": 64,
		"ic999ih3oc1kh3": 64} {
		if example(t, dev, descriptor, host.LayerOptions{}); got != want {
			t.Errorf("%s runs with %d threads, must be %d", descriptor, got, want)
		}
	}
}

// TestGrid runs more workgroups than one axis of a grid may have: as many as fit exactly, one more, and
// so many that a third line of them begins. What is left over in the last line must write nothing.
func TestGrid(t *testing.T) {
	dev := hosttest.Open(t)
	relu := conv.Activate(conv.ReLU)
	most := int(dev.GPU().Limits().MaxWorkgroupsPerDimension)
	for _, c := range []struct {
		outputs int
		o       host.LayerOptions
	}{{90000, host.LayerOptions{Epilogue: relu, Separate: true}}, {most, host.LayerOptions{}},
		{most + 1, host.LayerOptions{Epilogue: relu}}, {2*most + 1, host.LayerOptions{}}} {
		p, err := conv.New(conv.Problem{InChannels: 1, OutChannels: 1, H: conv.Axis{In: 1, Filter: 1},
			W: conv.Axis{In: c.outputs, Filter: 1}})
		if c.outputs == 90000 {
			p, err = conv.Square(300, 1, 1, 1, 1, 0)
		}
		if err != nil {
			t.Fatal(err)
		}
		k := proof.Case{Problem: p, Seed: 1, Mode: cpuref.Exact, Options: c.o}
		if _, err := k.Run(dev); err != nil {
			t.Errorf("%v\n\t%s", err, k.Repro(dev))
		}
	}
}

// cpu opens the CPU reference.
func cpu(t *testing.T) *host.Device {
	t.Helper()
	dev, err := host.Open(host.Options{Backend: host.CPU})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dev.Close() })
	return dev
}

func TestLayerOnCPU(t *testing.T) { hosttest.Layer(t, cpu(t)) }

// TestCPUIsTheReference holds each output of the CPU device against the reference, rounded once.
func TestCPUIsTheReference(t *testing.T) {
	dev := cpu(t)
	for i := range 50 {
		c := proof.Draw(3, 2*i) // the exact ones
		c.Options.DType = host.Float32
		data, err := c.Data()
		if err != nil {
			t.Fatal(err)
		}
		c.Options.Slopes = data.Slopes
		v, err := build(t, dev, c.Problem, data.W, c.Options).Run(t.Context(), data.X, data.Residual...)
		if err != nil {
			t.Fatal(err)
		}
		ref, err := cpuref.Conv(c.Problem, data.X, data.W)
		if err != nil {
			t.Fatal(err)
		}
		var residual []float32
		for _, r := range data.Residual {
			residual = r.Data
		}
		if ref, err = ref.Epilogue(c.Options.Epilogue, data.Slopes, residual); err != nil {
			t.Fatal(err)
		}
		if err := cpuref.CheckUnchanged("the CPU's output", ref.Volume().Data, v.Data); err != nil {
			t.Errorf("%s: %v", c.Problem, err)
		}
	}
}

// TestCPUIsJudgedByLoops shows which oracle Verify asks about the CPU's outputs, which come from
// Im2col: their sums differ in the last bits of a float64, and the report has the loops'.
func TestCPUIsJudgedByLoops(t *testing.T) {
	c := proof.Case{Problem: problem(t, "ic1000ih1oc1kh1"), Mode: cpuref.Bounded}
	for c.Seed = range 100 {
		data, err := c.Data()
		if err != nil {
			t.Fatal(err)
		}
		x, w := data.X, data.W
		for i := range x.Data { // of many sizes, or float64 sums would not round either
			x.Data[i] = float32(math.Ldexp(float64(x.Data[i]), i%40))
		}
		loops, err1 := cpuref.Conv(c.Problem, x, w)
		matrix, err2 := cpuref.Im2col(c.Problem, x, w)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if loops.Value[0] == matrix.Value[0] {
			continue
		}
		_, report, err := build(t, cpu(t), c.Problem, w, host.LayerOptions{}).Verify(t.Context(), x,
			host.VerifyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if report.Worst.Want != loops.Value[0] {
			t.Errorf("judged by %v, must be by the loops' %v (im2col has %v)", report.Worst.Want, loops.Value[0],
				matrix.Value[0])
		}
		return
	}
	t.Fatal("the two oracles agree to the last bit in 100 cases: the test shows nothing")
}

func TestBrokenCPUIsFound(t *testing.T) {
	c := proof.Case{Problem: problem(t, "ic3ih5oc2kh3"), Seed: 1, Mode: cpuref.Exact}
	data, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	x, w := data.X, data.W
	l := build(t, cpu(t), c.Problem, w, host.LayerOptions{})
	host.BreakCPU(l, 7, 1)
	_, report, err := l.Verify(t.Context(), x, host.VerifyOptions{Mode: cpuref.Exact})
	if err != nil || report.OK() || report.Failed != 1 {
		t.Errorf("report %v, error %v, want one wrong output", report, err)
	}
}

func problem(t testing.TB, descriptor string) conv.Problem {
	t.Helper()
	p, err := conv.Parse(descriptor)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// build makes a layer that is closed when the test ends.
func build(t testing.TB, dev *host.Device, p conv.Problem, w tensor.Filters, o host.LayerOptions) *host.Layer {
	t.Helper()
	l, err := host.NewLayer(dev, p, w, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}
