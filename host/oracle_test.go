package host_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/tensor"
)

// TestVerifyFindsWrongPacking packs the filters of layers with strides wrongly: what judges must not know of it.
func TestVerifyFindsWrongPacking(t *testing.T) {
	dev := hosttest.Open(t)
	right := func(conv.Problem, tensor.Filters) {}
	swapped := func(to conv.Problem, f tensor.Filters) { // two residues
		residue := f.D / 4
		for i := 0; i < len(f.Data); i += f.D {
			for c := range residue {
				f.Data[i+residue+c], f.Data[i+2*residue+c] = f.Data[i+2*residue+c], f.Data[i+residue+c]
			}
		}
	}
	mirrored := func(to conv.Problem, f tensor.Filters) { // the taps
		for k := range to.OutChannels {
			filter := f.Filter(k)
			for i, j := 0, len(filter)-f.D; i < j; i, j = i+f.D, j-f.D {
				for c := range f.D {
					filter[i+c], filter[j+c] = filter[j+c], filter[i+c]
				}
			}
		}
	}
	for _, algorithm := range []string{"winograd2", "winograd4", "fourier"} {
		for _, mode := range []cpuref.Mode{cpuref.Bounded, cpuref.Exact} {
			if mode == cpuref.Exact && algorithm != "winograd2" {
				continue // the others round
			}
			for name, spoil := range map[string]func(conv.Problem, tensor.Filters){"right": right, "swapped": swapped,
				"mirrored": mirrored} {
				for _, sample := range []int{0, 100} {
					l, x := example(t, dev, "g2mb2ic8ih19iw14oc8kh5kw6sh2ph2", host.LayerOptions{Algorithm: algorithm})
					host.SpoilPacking(t, l, spoil)
					_, report, err := l.Verify(t.Context(), x, host.VerifyOptions{Mode: mode, Sample: sample})
					if err != nil || report.OK() != (name == "right") {
						t.Errorf("%s, %s, %v, sample of %d: %v, %v", algorithm, name, mode, sample, report, err)
					}
				}
			}
		}
	}
}

// TestVerifySample judges a sample whatever the algorithm and the numbers: as many outputs as were asked for, those
// that the seed chooses, and no others.
func TestVerifySample(t *testing.T) {
	dev := hosttest.Open(t)
	const layer, count, seed = "mb2ic8ih17iw20oc8kh3ph1", 50, 7
	indices := cpuref.Sample(problem(t, layer), seed, count)
	outside := 0
	for slices.Contains(indices, outside) || slices.Contains(indices, outside^1) {
		outside += 2
	}
	for _, o := range []host.LayerOptions{
		{Algorithm: "direct"}, {Algorithm: "winograd2"}, {Algorithm: "winograd6"}, {Algorithm: "fourier"},
		{Algorithm: "winograd4", Epilogue: conv.Activate(conv.Sigmoid)}, {DType: host.Float16},
		{DType: host.Float16, Epilogue: conv.Activate(conv.Tanh)},
	} {
		t.Run(fmt.Sprint(o.Algorithm, o.DType, o.Epilogue.Activation), func(t *testing.T) {
			judge := func(damaged int) cpuref.Report {
				t.Helper()
				l, x := example(t, dev, layer, o)
				switch {
				case damaged >= 0 && o.DType == host.Float16: // two outputs in a word, both NaN
					host.Corrupt(t, l, host.OperandV, int64(damaged/2), math.Float32frombits(0x7e007e00))
				case damaged >= 0:
					host.Corrupt(t, l, host.OperandV, int64(damaged), float32(math.Inf(1)))
				}
				_, report, err := l.Verify(t.Context(), x, host.VerifyOptions{Sample: count, Seed: seed})
				if err != nil || report.Checked != count {
					t.Fatalf("%v, %v, must have judged %d outputs", report, err, count)
				}
				return report
			}
			if r := judge(-1); !r.OK() {
				t.Errorf("undamaged: %v", r)
			}
			if r := judge(outside); !r.OK() {
				t.Errorf("damaged outside of the sample, at %d: %v", outside, r)
			}
			at := indices[count/2]
			if r := judge(at); r.OK() || r.First == nil || r.First.Index/2 != at/2 {
				t.Errorf("damaged at %d: %v", at, r)
			}
		})
	}
}
