package host_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/hosttest"
)

// filterLayers have channels, neurons and rows around what the kernels of dW take at once, and each kind of layer.
var filterLayers = slices.Concat(kinds, []string{
	"ic4ih5oc4kh3ph1", "ic12ih6iw7oc20kh3ph1", "ic16iw4oc16kw1", "ic20iw5oc12kw1",
	"mb2ic16ih9iw11oc20kh3sh2ph1dh1",
	"mb3ic3ih9oc9kh2", "ic5iw13oc17kw3pw1", "g3mb2ic12ih7oc24kh2ph1+circular",
	"g2mb2ic8id3ih5iw6oc8kd2kh3kw2pd1ph1pw0",
	"mb4ic8ih40iw3oc8kh1", "mb2ic4ih17iw5oc4kh3ph1",
	"mb3ic8ih9iw10oc12kh3ph1", "g2mb2ic16ih7iw5oc8kh3ph2dh1+reflect", "mb2ic8ih16iw13oc8kh3",
	"g8mb2ic8ih9iw8oc8kh3ph1", "g4mb2ic4ih20iw9oc4kh3ph1", "g4ic4ih19iw17oc4kh3sh2ph1", "g8ic8ih5iw7oc8kh5ph2",
	"g4ic4ih18iw16oc4kh5sh2ph2", "g4mb3ic4ih8iw9oc4kh7ph3", "g4mb2ic4id5ih6iw8oc4od4kd1kh3kw3sd2ph1pw1pd2",
	"g2mb2ic8ih9iw7oc16kh3ph1", "g3ic12ih18iw17oc12kh3sh2ph1", "g2mb2ic8ih4iw5oc8kh3sh2ph1+transposed",
	"mb2ic8ih9iw12oc16kh5ph2", "ic16ih20iw14oc8kh3ph1", "g2mb2ic8ih13iw14oc24kh5ph2dh1",
	"mb2ic3ih15iw17oc8kh7sh2ph3", "ic3ih23iw27oc16kh11sh4ph2", "g2mb2ic4ih11iw13oc16kh3kw5sh2sw3ph1+circular",
	"mb5ic2ih2iw3oc3kh2+unshared", "mb5ic4ih4iw5oc8kh2kw3+unshared", "ic4ih3oc4kh2+unshared", "ic1ih4oc3kh3+unshared",
	"mb4ic1ih4oc3kh3+unshared+reflect",
})

// TestFilterGradients holds each algorithm for dW and db to the proof, on each layer that it serves.
func TestFilterGradients(t *testing.T) {
	dev := hosttest.Open(t)
	ran := filterGradients(t, dev)
	for _, name := range host.FilterGradientNames() {
		many := name == "winograd6" && dev.GPU().Info().Type != gpu.Software // more registers than a GPU has
		if !ran[name] && !many {
			t.Errorf("%s served none of the layers", name)
		}
	}
}

// filterGradients runs them, and gives the names of those that served a layer. Where time is short, and of shared, a
// layer has each name but once, and variants that none had yet.
func filterGradients(t *testing.T, dev *host.Device) map[string]bool {
	t.Helper()
	ran := map[string]bool{}
	for _, descriptor := range filterLayers {
		p := problem(t, descriptor)
		all, err := host.FilterGradients(dev, p, host.LayerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		served := map[string]bool{}
		for _, a := range all {
			name := host.AlgorithmName(a)
			tiles := a.Name() == "shared" // which software adapters take long for
			if (testing.Short() || tiles) && served[a.Name()] && ran[name] {
				continue
			}
			served[a.Name()], ran[a.Name()], ran[name] = true, true, true
			filterGradient(t, dev, p, a)
		}
	}
	return ran
}

// filterGradient holds one of them to both modes of the proof.
func filterGradient(t *testing.T, dev *host.Device, p conv.Problem, a host.Algorithm) {
	t.Helper()
	for _, mode := range []cpuref.Mode{cpuref.Exact, cpuref.Bounded} {
		if mode == cpuref.Exact && (a.Name() == "winograd4" || a.Name() == "winograd6") { // they round
			continue
		}
		c := proof.Case{Problem: p, Seed: 1, Mode: mode, Backward: true,
			Options: host.LayerOptions{FilterGradient: host.AlgorithmName(a)}}
		if _, err := c.Run(dev); err != nil {
			t.Errorf("%s: %v\n\t%s", host.AlgorithmName(a), err, c.Repro(dev))
		}
	}
}

// TestFilterGradientOption holds that a name that is none is refused at once, and that an algorithm for other layers
// says so.
func TestFilterGradientOption(t *testing.T) {
	dev := hosttest.Open(t)
	p := problem(t, "ic4ih5oc4kh3ph1")
	data, err := proof.Case{Problem: p, Seed: 1, Backward: true}.Data()
	if err != nil {
		t.Fatal(err)
	}
	_, err = host.NewLayer(dev, p, data.W, host.LayerOptions{FilterGradient: "tile"})
	says(t, "a name that is none", err, gpu.ErrMisuse, `algorithm "tile" for dW, must be one of direct, tiles`)
	l := build(t, dev, p, data.W, host.LayerOptions{FilterGradient: "depthwise"})
	_, err = l.Backward(t.Context(), data.X, data.DV)
	says(t, "one of other layers", err, host.ErrUnsupported, "dW by depthwise", "must be depthwise")
}

// TestFilterGradientAgain holds that a FilterGradient gives what Backward gives, run after run, and refuses what does
// not fit it, with an error that says so.
func TestFilterGradientAgain(t *testing.T) {
	dev := hosttest.Open(t)
	c := proof.Case{Problem: problem(t, "mb2ic4ih9oc8kh3ph1"), Seed: 1, Mode: cpuref.Exact, Backward: true}
	data, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	want, err := build(t, dev, c.Problem, data.W, host.LayerOptions{}).Backward(t.Context(), data.X, data.DV)
	if err != nil {
		t.Fatal(err)
	}
	g, err := host.NewFilterGradient(dev, c.Problem, host.LayerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Upload(t.Context(), data.DV, data.X); !errors.Is(err, cpuref.ErrShape) {
		t.Errorf("X and dZ swapped: %v, must be %v", err, cpuref.ErrShape)
	}
	if err := g.Upload(t.Context(), data.X, data.DV); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := g.Compute(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	dw, err := g.Download(t.Context())
	if err != nil || !slices.Equal(dw.Data, want.W.Data) || !slices.Equal(dw.Bias, want.W.Bias) {
		t.Errorf("dW is %v and db %v, error %v, must be %v and %v", dw.Data, dw.Bias, err, want.W.Data, want.W.Bias)
	}
	judged, err := g.Verify(t.Context(), cpuref.Exact)
	if err != nil || len(judged) != 2 || !judged[0].Report.OK() || !judged[1].Report.OK() {
		t.Errorf("judged as %+v, error %v", judged, err)
	}
	if err := errors.Join(g.Close(), g.Close()); err != nil {
		t.Error(err)
	}
	if err := g.Compute(t.Context()); !errors.Is(err, gpu.ErrClosed) {
		t.Errorf("computing after Close: %v, must be %v", err, gpu.ErrClosed)
	}
	if _, err := host.NewFilterGradient(cpu(t), c.Problem, host.LayerOptions{}); !errors.Is(err, host.ErrUnsupported) {
		t.Errorf("on the CPU: %v, must be %v", err, host.ErrUnsupported)
	}
	if _, err := host.NewFilterGradient(dev, c.Problem, host.LayerOptions{FilterGradient: "x"}); err == nil {
		t.Error("an algorithm that there is not was taken")
	}
}
