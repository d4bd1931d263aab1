package host_test

import (
	"math"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/shaders"
)

// TestTransposedAlgorithms runs all of them, with both kernels that software adapters put V together by.
func TestTransposedAlgorithms(t *testing.T) {
	dev := hosttest.Open(t)
	kernels := map[shaders.DepthToSpace]bool{}
	host.SetSource(t, dev, func(row shaders.Variant) (shaders.Shader, error) {
		v := row
		if form := formOf(v); form != nil {
			v = form
		}
		if k, ok := v.(shaders.DepthToSpace); ok {
			kernels[k] = true
		}
		return shaders.Source(row)
	})
	ran := hosttest.TransposedAlgorithms(t, dev)
	if len(ran) < 100 || len(kernels) < 2 {
		t.Errorf("%d algorithms ran, by %d kernels of depth to space", len(ran), len(kernels))
	}
}

func TestInputGradients(t *testing.T) { hosttest.InputGradients(t, hosttest.Open(t)) }

// TestTransposedNaNStays: with Exact what is not finite stays with those outputs whose windows hold it, of every
// algorithm that is a candidate.
func TestTransposedNaNStays(t *testing.T) {
	dev := hosttest.Open(t)
	for _, d := range []string{"ic4ih5oc4kh3sh2ph1+transposed", "ic4ih5oc8kh4sh2ph1+transposed",
		"ic4ih6oc4kh3ph1+transposed"} {
		p := problem(t, d)
		all, err := host.Algorithms(dev, p, host.LayerOptions{Exact: true})
		if err != nil || len(all) < 10 {
			t.Fatalf("%s: %d algorithms, %v", d, len(all), err)
		}
		want := nanOutputs(t, dev, p, "direct")
		for _, a := range all {
			name := host.AlgorithmName(a)
			if hosttest.LeftOut(a) {
				continue
			}
			got := nanOutputs(t, dev, p, name)
			for i := range want {
				if want[i] != got[i] {
					t.Errorf("%s by %s: output %d is NaN: %v, must be %v", d, name, i, got[i], want[i])
					break
				}
			}
		}
	}
}

// nanOutputs tells which outputs are NaN where one input is.
func nanOutputs(t *testing.T, dev *host.Device, p conv.Problem, algorithm string) (nans []bool) {
	t.Helper()
	data, err := proof.Case{Problem: p, Seed: 1}.Data()
	if err != nil {
		t.Fatal(err)
	}
	data.X.Set(2, 2, 1, float32(math.NaN()))
	l := build(t, dev, p, data.W, host.LayerOptions{Algorithm: algorithm, Exact: true})
	v, err := l.Run(t.Context(), data.X)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range v.Data {
		nans = append(nans, n != n)
	}
	return nans
}
