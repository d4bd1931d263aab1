package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/tensor"
)

// TestGradientFiles holds the files of the way back against the library's gradients, and that what
// --dw and --db write is what --filters and --bias read.
func TestGradientFiles(t *testing.T) {
	dev := hosttest.Open(t)
	for _, c := range []struct{ command, dx, dw, db string }{
		{"ic4ih5iw6oc6kh3kw2g2ph1 --activation prelu --residual before", "(5, 6, 4)", "(6, 3, 2, 2)", "(6,)"},
		{"mb2ic2id3ih4iw5oc3kd2kh3 --activation prelu", "(2, 3, 4, 5, 2)", "(3, 2, 3, 3, 2)", "(3,)"},
		{"mb2ic2ih4iw5oc3kh3+unshared --activation prelu", "(2, 4, 5, 2)", "(6, 3, 3, 3, 2)", "(6, 3)"},
		{"ic2id3ih4iw5oc3kd2kh3+unshared --activation prelu", "(1, 3, 4, 5, 2)", "(12, 3, 2, 3, 3, 2)", "(12, 3)"},
		{"ic2ih3oc4kh3+unshared --activation prelu", "(3, 3, 2)", "(1, 4, 3, 3, 2)", "(1, 4)"}, // one bank is a bank
	} {
		dir := t.TempDir()
		at := func(name string) string { return filepath.Join(dir, name) }
		descriptor, flags, _ := strings.Cut(c.command, " ")
		args := append([]string{"run", descriptor, "--seed", "7"}, strings.Fields(flags)...)
		out := succeed(t, append(args, "--backward", "--dx", at("dX.npy"), "--dw", at("dW.npy"), "--db", at("db.npy"),
			"--dslopes", at("ds.npy"))...)
		contain(t, out, "wrote         "+at("dX.npy"), "wrote         "+at("ds.npy"))

		layer, data := fromCommand(t, dev, append(args, "--backward"), nil)
		g, err := layer.Backward(t.Context(), data.X, data.DV, data.Residual...)
		if err != nil {
			t.Fatal(err)
		}
		sameNumbers(t, c.command+": dX", floats(t, at("dX.npy"), c.dx), g.X.Data)
		sameNumbers(t, c.command+": dW", floats(t, at("dW.npy"), c.dw), g.W.Data)
		sameNumbers(t, c.command+": db", floats(t, at("db.npy"), c.db), g.W.Bias)
		sameNumbers(t, c.command+": dslope", floats(t, at("ds.npy"), fmt.Sprintf("(%d,)", len(g.Slopes))), g.Slopes)

		succeed(t, append(args, "--filters", at("dW.npy"), "--bias", at("db.npy"), "--output", at("V.npy"))...)
		layer, data = fromCommand(t, dev, args, &g.W)
		v, err := layer.Run(t.Context(), data.X, data.Residual...)
		if err != nil {
			t.Fatal(err)
		}
		sameNumbers(t, c.command+": V", floats(t, at("V.npy"), ""), v.Data)
	}
}

// fromCommand builds with the library the layer that a command line runs, with other filters where there
// are any.
func fromCommand(
	t *testing.T, dev *host.Device, args []string, filters *tensor.Filters,
) (*host.Layer, proof.Operands) {
	t.Helper()
	c, _, err := readRepro("gpuconv " + strings.Join(args, " "))
	if err != nil {
		t.Fatal(err)
	}
	data, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	if filters == nil {
		filters = &data.W
	}
	c.Options.Slopes = data.Slopes
	layer, err := host.NewLayer(dev, c.Problem, *filters, c.Options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { layer.Close() })
	return layer, data
}

// sameNumbers holds got against want, bit for bit: one kernel gave both.
func sameNumbers(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s is\n%v, must be\n%v", what, got, want)
	}
}

// TestUnsharedFromFiles runs a layer whose sizes are those of its files, HWIO in each bank.
func TestUnsharedFromFiles(t *testing.T) {
	hosttest.Open(t)
	const h, w, d, k, f, oh, ow = 4, 5, 2, 3, 2, 3, 4
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	x, filters, biases := wave(h*w*d, 0.37), wave(oh*ow*f*f*d*k, 0.73), wave(oh*ow*k, 1.9)
	npy(t, at("X.npy"), "<f4", false, []int{h, w, d}, x)
	npy(t, at("W.npy"), "<f4", false, []int{oh * ow, f, f, d, k}, filters)
	npy(t, at("B.npy"), "<f4", false, []int{oh * ow, k}, biases)
	args := []string{"run", "--unshared", "--input", at("X.npy"), "--filters", at("W.npy"), "--filter-layout", "hwio"}
	succeed(t, append(args, "--bias", at("B.npy"), "--output", at("V.npy"))...)
	for i, v := range floats(t, at("V.npy"), fmt.Sprintf("(%d, %d, %d)", oh, ow, k)) {
		bank, kk := i/k, i%k
		want := biases[i]
		for tap := range f * f * d {
			a, b, c := tap/d/f, tap/d%f, tap%d
			want += x[((bank/ow+a)*w+bank%ow+b)*d+c] * filters[(bank*f*f*d+tap)*k+kk]
		}
		if math.Abs(float64(v)-want) > 1e-5 {
			t.Fatalf("number %d of V is %v, must be %v", i, v, want)
		}
	}

	npy(t, at("KB.npy"), "<f4", false, []int{k, oh * ow}, biases)
	npy(t, at("one.npy"), "<f4", false, []int{f, f, d, k}, wave(f*f*d*k, 1))
	npy(t, at("few.npy"), "<f4", false, []int{2, f, f, d, k}, wave(2*f*f*d*k, 1))
	for flags, words := range map[string]string{
		"--bias " + at("KB.npy"): "KB.npy has the shape " +
			"[3 12], must be [12 3]",
		"--filters " + at("one.npy"):                                     "use (Banks, K, Fh, Fw, D)",
		"--filters " + at("few.npy"):                                     "must be 12x3x2x2x2",
		"--transposed":                                                   "transposed or unshared, not both",
		"--bias " + at("nowhere.npy"):                                    "nowhere.npy",
		"--dw " + at("dW.npy"):                                           "add --backward",
		"--backward --dw W.txt":                                          "must end in .npy",
		"--backward --db /nowhere/at/all/b.npy":                          "no folder /nowhere/at/all",
		"--backward --dslopes " + at("ds.npy"):                           "only --activation prelu has slopes",
		"--backward --dw " + at("g.npy") + " --dx " + at(".") + "/g.npy": "--dx writes that file already",
	} {
		code, stdout, stderr := gpuconv(append(args[:len(args):len(args)], strings.Fields(flags)...)...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, words) {
			t.Errorf("%s: exit %d, want %d and %q\n%s", flags, code, exitUsage, words, stderr)
		}
	}
}

// TestNoGradientFile holds that gradients of which a check failed are not written.
func TestNoGradientFile(t *testing.T) {
	hosttest.Open(t)
	file := filepath.Join(t.TempDir(), "dW.npy")
	args := []string{"run", "ic3ih5oc2kh3", "--backward", "--deterministic", "--dw", file}
	code, _, stderr := hooked(func(a *app) { a.spoil = func(second []result) { second[1].data[0]++ } }, args...)
	if _, err := os.Stat(file); code != exitFailed || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("exit %d, want %d and no file: %v\n%s", code, exitFailed, err, stderr)
	}
	succeed(t, args...)
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}
