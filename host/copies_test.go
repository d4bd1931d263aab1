package host_test

import (
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/hosttest"
)

// TestCallersMayChangeTheirs holds that a layer keeps copies of what it is built from and what is uploaded: a caller
// who changes his own afterwards gets the numbers, and the verdict, of what he gave.
func TestCallersMayChangeTheirs(t *testing.T) {
	dev := hosttest.Open(t)
	c := proof.Case{Problem: problem(t, small), Seed: 1,
		Options: host.LayerOptions{Epilogue: prelu(conv.AfterFunction)}}
	data, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	o := c.Options
	o.Slopes = data.Slopes
	l := build(t, dev, c.Problem, data.W, o)
	want, err := l.Run(t.Context(), data.X, data.Residual...)
	if err != nil {
		t.Fatal(err)
	}
	x, residual := data.X.Clone(), data.Residual[0].Clone()
	u, err := l.Upload(t.Context(), x, residual)
	if err != nil {
		t.Fatal(err)
	}
	for _, theirs := range [][]float32{data.W.Data, data.W.Bias, data.Slopes, x.Data, residual.Data} {
		for i := range theirs {
			theirs[i] = 1000
		}
	}
	if err := u.Compute(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v, err := u.Download(t.Context()); err != nil || !slices.Equal(v.Data, want.Data) {
		t.Errorf("an Upload sees what its caller changed afterwards, error %v", err)
	}
	_, report, err := l.Verify(t.Context(), data.X, host.VerifyOptions{}, data.Residual...)
	if err != nil || !report.OK() {
		t.Errorf("a layer whose caller changed filters and slopes: %v, %v", report, err)
	}
}

// TestReleaseFilters holds that a layer which has let go of its filters runs as before, and says why it can no longer
// be verified or go backward.
func TestReleaseFilters(t *testing.T) {
	dev := hosttest.Open(t)
	l, x := example(t, dev, small, host.LayerOptions{})
	want, err := l.Run(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	released, _ := example(t, dev, small, host.LayerOptions{ReleaseFilters: true})
	if v, err := released.Run(t.Context(), x); err != nil || !slices.Equal(v.Data, want.Data) {
		t.Errorf("other outputs without the host's filters, error %v", err)
	}
	_, _, err = released.Verify(t.Context(), x, host.VerifyOptions{})
	says(t, "Verify", err, gpu.ErrMisuse, "without ReleaseFilters")
	_, err = released.Backward(t.Context(), x, want)
	says(t, "Backward", err, gpu.ErrMisuse, "without ReleaseFilters")
	// What is computed in blocks needs the filters for each of them.
	host.SetBindingLimit(t, dev, 1024)
	split, _ := example(t, dev, small, host.LayerOptions{ReleaseFilters: true})
	if _, report, err := split.Verify(t.Context(), x, host.VerifyOptions{Mode: cpuref.Exact}); err != nil ||
		!report.OK() {
		t.Errorf("in blocks: %v, %v", report, err)
	}
}
