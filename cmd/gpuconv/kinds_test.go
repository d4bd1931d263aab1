package main

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/tuning"
)

// plainAxis is one axis of a layer, written down once more: nothing here is from package conv.
type plainAxis struct{ in, out, filter, stride, pad, dilation int }

// plainLayer is a layer computed by nothing but loops, in float64 and numpy's indices.
type plainLayer struct {
	axes       [3]plainAxis // z, y, x
	d, k       int
	padding    string
	transposed bool
	x, w, b    []float64
}

// source is the input that position i of the padded axis holds, or -1.
func (l plainLayer) source(a plainAxis, i int) int {
	switch {
	case i >= 0 && i < a.in:
		return i
	case l.padding == "reflect" && i < 0:
		return -i
	case l.padding == "reflect":
		return 2*(a.in-1) - i
	case l.padding == "replicate":
		return min(max(i, 0), a.in-1)
	case l.padding == "circular":
		return (i + a.in) % a.in
	}
	return -1
}

// meet calls f for each input, weight and output that meet.
func (l plainLayer) meet(f func(in, w, out int)) {
	z, y, x := l.axes[0], l.axes[1], l.axes[2]
	for fz := range z.filter {
		for fy := range y.filter {
			for fx := range x.filter {
				l.positions(func(p [3]int) {
					var in, out [3]int
					for i, a := range l.axes {
						reached := p[i]*a.stride - a.pad + [3]int{fz, fy, fx}[i]*a.dilation
						if l.transposed {
							in[i], out[i] = p[i], reached
							if reached < 0 || reached >= a.out {
								return
							}
						} else if in[i], out[i] = l.source(a, reached), p[i]; in[i] < 0 {
							return
						}
					}
					for k := range l.k {
						for d := range l.d {
							f(((in[0]*y.in+in[1])*x.in+in[2])*l.d+d, (((k*z.filter+fz)*y.filter+fy)*x.filter+fx)*l.d+d,
								((out[0]*y.out+out[1])*x.out+out[2])*l.k+k)
						}
					}
				})
			}
		}
	}
}

// positions calls f for each place where a filter is laid: the outputs, of a transposed layer the inputs.
func (l plainLayer) positions(f func([3]int)) {
	var n [3]int
	for i, a := range l.axes {
		n[i] = a.out
		if l.transposed {
			n[i] = a.in
		}
	}
	for z := range n[0] {
		for y := range n[1] {
			for x := range n[2] {
				f([3]int{z, y, x})
			}
		}
	}
}

func (l plainLayer) outputs() []float64 {
	v := make([]float64, l.axes[0].out*l.axes[1].out*l.axes[2].out*l.k)
	for i := range v {
		v[i] = l.b[i%l.k]
	}
	l.meet(func(in, w, out int) { v[out] += l.x[in] * l.w[w] })
	return v
}

// onePlane is the third axis of a 2D layer.
var onePlane = plainAxis{1, 1, 1, 1, 0, 1}

// TestKindsFromFiles runs layers of every kind from .npy files and holds V against the loops above. The
// output sizes and the padding before are written by hand.
func TestKindsFromFiles(t *testing.T) {
	hosttest.Open(t)
	for _, c := range []struct {
		name  string
		flags string
		layer plainLayer
	}{
		{"transposed", "--transposed --stride 2 --pad 1 --output-padding 1",
			plainLayer{axes: [3]plainAxis{onePlane, {5, 10, 3, 2, 1, 1}, {4, 8, 3, 2, 1, 1}}, d: 3, k: 2,
				transposed: true}},
		{"transposed, rectangular and dilated",
			"--transposed --stride 3x2 --dilation 1x2 --pad 2x0 --output-padding 2x0",
			plainLayer{axes: [3]plainAxis{onePlane, {4, 11, 3, 2, 0, 2}, {3, 7, 3, 3, 2, 1}}, d: 2, k: 3,
				transposed: true}},
		{"transposed, SAME_UPPER", "--transposed --stride 2 --pad SAME_UPPER",
			plainLayer{axes: [3]plainAxis{onePlane, {4, 8, 3, 2, 0, 1}, {3, 6, 3, 2, 0, 1}}, d: 2, k: 3,
				transposed: true}},
		{"transposed, SAME_LOWER", "--transposed --stride 2 --pad SAME_LOWER",
			plainLayer{axes: [3]plainAxis{onePlane, {4, 8, 3, 2, 1, 1}, {3, 6, 3, 2, 1, 1}}, d: 2, k: 3,
				transposed: true}},
		{"transposed, padding per side", "--transposed --stride 2 --pad 0,2,1,0",
			plainLayer{axes: [3]plainAxis{onePlane, {4, 7, 3, 2, 0, 1}, {3, 6, 3, 2, 1, 1}}, d: 2, k: 3,
				transposed: true}},
		{"transposed, 3D", "--transposed --stride 1x1x2 --pad 0,1,1,0,2,1",
			plainLayer{axes: [3]plainAxis{{2, 3, 2, 2, 0, 1}, {4, 5, 3, 1, 1, 1}, {5, 4, 3, 1, 2, 1}}, d: 2, k: 2,
				transposed: true}},
		{"zero padding per side", "--pad 1,0,2,3 --stride 2",
			plainLayer{axes: [3]plainAxis{onePlane, {6, 3, 3, 2, 1, 1}, {5, 4, 3, 2, 2, 1}}, d: 3, k: 2}},
		{"reflect", "--pad 2 --padding reflect",
			plainLayer{axes: [3]plainAxis{onePlane, {4, 6, 3, 1, 2, 1}, {5, 7, 3, 1, 2, 1}}, d: 3, k: 2,
				padding: "reflect"}},
		{"reflect per side", "--pad 0,3,1,2 --padding reflect",
			plainLayer{axes: [3]plainAxis{onePlane, {4, 5, 3, 1, 0, 1}, {5, 6, 3, 1, 1, 1}}, d: 2, k: 2,
				padding: "reflect"}},
		{"replicate", "--pad 5x2 --padding replicate --dilation 2",
			plainLayer{axes: [3]plainAxis{onePlane, {4, 4, 3, 1, 2, 2}, {3, 9, 3, 1, 5, 2}}, d: 2, k: 2,
				padding: "replicate"}},
		{"circular", "--pad 1x4 --padding circular",
			plainLayer{axes: [3]plainAxis{onePlane, {4, 10, 3, 1, 4, 1}, {5, 5, 3, 1, 1, 1}}, d: 2, k: 2,
				padding: "circular"}},
		{"SAME_UPPER", "--pad SAME_UPPER --stride 2",
			plainLayer{axes: [3]plainAxis{onePlane, {6, 3, 3, 2, 0, 1}, {5, 3, 3, 2, 1, 1}}, d: 2, k: 2}},
		{"SAME_LOWER", "--pad same_lower --stride 2",
			plainLayer{axes: [3]plainAxis{onePlane, {6, 3, 3, 2, 1, 1}, {5, 3, 3, 2, 1, 1}}, d: 2, k: 2}},
		{"VALID", "--pad VALID --stride 2",
			plainLayer{axes: [3]plainAxis{onePlane, {6, 2, 3, 2, 0, 1}, {5, 2, 3, 2, 0, 1}}, d: 2, k: 2}},
		{"3D", "--pad 1 --stride 1x2x3 --dilation 2x1x1",
			plainLayer{axes: [3]plainAxis{{6, 3, 2, 3, 1, 1}, {5, 3, 3, 2, 1, 1}, {6, 4, 3, 1, 1, 2}}, d: 2, k: 3}},
		{"3D, SAME_UPPER", "--pad SAME_UPPER --stride 2",
			plainLayer{axes: [3]plainAxis{{3, 2, 2, 2, 0, 1}, {6, 3, 3, 2, 0, 1}, {5, 3, 3, 2, 1, 1}}, d: 2, k: 2}},
		{"3D, circular per side", "--pad 1,0,0,2,1,3 --padding circular",
			plainLayer{axes: [3]plainAxis{{3, 3, 2, 1, 1, 1}, {4, 4, 3, 1, 0, 1}, {4, 6, 3, 1, 1, 1}}, d: 2, k: 2,
				padding: "circular"}},
		{"one plane of a 3D filter's", "--pad 1x1x1",
			plainLayer{axes: [3]plainAxis{{1, 1, 3, 1, 1, 1}, {4, 4, 3, 1, 1, 1}, {4, 4, 3, 1, 1, 1}}, d: 2, k: 2}},
	} {
		t.Run(c.name, func(t *testing.T) { runPlain(t, c.layer, strings.Fields(c.flags)) })
	}
}

// runPlain writes a layer's files, runs them and compares.
func runPlain(t *testing.T, l plainLayer, flags []string) {
	z, y, x := l.axes[0], l.axes[1], l.axes[2]
	l.x, l.w, l.b = wave(z.in*y.in*x.in*l.d, 0.37), wave(l.k*z.filter*y.filter*x.filter*l.d, 0.73), wave(l.k, 1.9)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	inShape, filterShape, outShape := []int{y.in, x.in, l.d}, []int{l.k, y.filter, x.filter, l.d},
		fmt.Sprintf("(%d, %d, %d)", y.out, x.out, l.k)
	if z.in > 1 || z.filter > 1 {
		inShape, filterShape = []int{1, z.in, y.in, x.in, l.d}, []int{l.k, z.filter, y.filter, x.filter, l.d}
	}
	if z.out > 1 {
		outShape = fmt.Sprintf("(1, %d, %d, %d, %d)", z.out, y.out, x.out, l.k)
	}
	npy(t, at("X.npy"), "<f4", false, inShape, l.x)
	npy(t, at("W.npy"), "<f4", false, filterShape, l.w)
	npy(t, at("B.npy"), "<f4", false, []int{l.k}, l.b)
	succeed(t, append([]string{"run", "--input", at("X.npy"), "--filters", at("W.npy"), "--bias", at("B.npy"),
		"--output", at("V.npy")}, flags...)...)
	for i, v := range floats(t, at("V.npy"), outShape) {
		if want := l.outputs()[i]; math.Abs(float64(v)-want) > 1e-5 {
			t.Fatalf("%v: number %d of V is %v, must be %v", flags, i, v, want)
		}
	}
}

// TestEpilogueFromFiles adds a residual from a file before PReLU with slopes from a file, and after.
func TestEpilogueFromFiles(t *testing.T) {
	hosttest.Open(t)
	l := plainLayer{axes: [3]plainAxis{onePlane, {5, 5, 3, 1, 1, 1}, {4, 4, 3, 1, 1, 1}}, d: 2, k: 3}
	l.x, l.w, l.b = wave(5*4*2, 0.37), wave(3*9*2, 0.73), wave(3, 1.9)
	residual, slopes := wave(5*4*3, 0.21), []float64{0.25, -2, 3}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	npy(t, at("X.npy"), "<f4", false, []int{5, 4, 2}, l.x)
	npy(t, at("W.npy"), "<f4", false, []int{3, 3, 3, 2}, l.w)
	npy(t, at("B.npy"), "<f4", false, []int{3}, l.b)
	npy(t, at("R.npy"), "<f4", false, []int{5, 4, 3}, residual)
	npy(t, at("S.npy"), "<f4", false, []int{3}, slopes)
	prelu := func(k int, v float64) float64 {
		if v < 0 {
			return v * slopes[k]
		}
		return v
	}
	for _, place := range []string{"before", "after"} {
		for _, more := range [][]string{{}, {"--separate"}} {
			succeed(t, append([]string{"run", "--input", at("X.npy"), "--filters", at("W.npy"), "--bias", at("B.npy"),
				"--pad", "1", "--output", at("V.npy"),
				"--activation", "prelu", "--slopes", at("S.npy"), "--residual", place, "--residual-input",
				at("R.npy")}, more...)...)
			for i, v := range floats(t, at("V.npy"), "(5, 4, 3)") {
				want := prelu(i%3, l.outputs()[i]+residual[i])
				if place == "after" {
					want = prelu(i%3, l.outputs()[i]) + residual[i]
				}
				if math.Abs(float64(v)-want) > 1e-5 {
					t.Fatalf("%s %v: number %d of V is %v, must be %v", place, more, i, v, want)
				}
			}
		}
	}
	// What no file holds is seeded, and the seed counts.
	args := []string{"run", "--input", at("X.npy"), "--filters", at("W.npy"), "--pad", "1", "--activation", "prelu",
		"--residual", "after"}
	for _, some := range [][]string{{"--residual", "after"}, {"--activation", "prelu"}, {"--backward"}} {
		some = append(args[:7:7], some...)
		if a, b := hashLine(t, succeed(t, some...)), hashLine(t, succeed(t, append(some, "--seed", "2")...)); a == b {
			t.Errorf("%v: seeds 1 and 2 both give %s", some, a)
		}
	}
	npy(t, at("R2.npy"), "<f4", false, []int{5, 4, 2}, wave(40, 1))
	for flags, words := range map[string]string{
		"--residual after --residual-input " + at("R2.npy"): "residual R (NHWC) is 1x5x4x2, must be 1x5x4x3",
		"--activation prelu --slopes " + at("X.npy"):        "X.npy",
		"--activation prelu --slopes " + at("S2.npy"):       "S2.npy",
		"--backward --dv " + at("R2.npy"):                   "gradient dV (NHWC) is 1x5x4x2, must be 1x5x4x3",
	} {
		code, _, stderr := gpuconv(append(args[:7:7], strings.Fields(flags)...)...)
		if code != exitUsage || !strings.Contains(stderr, words) {
			t.Errorf("%s: exit %d, want %d and %q\n%s", flags, code, exitUsage, words, stderr)
		}
	}
}

// TestBackwardFromFiles holds the gradients' hash against gradients that the loops give for whole
// numbers, which no order of summation rounds.
func TestBackwardFromFiles(t *testing.T) {
	hosttest.Open(t)
	whole := func(n, step int) []float64 {
		data := make([]float64, n)
		for i := range data {
			data[i] = float64(i*step%7 - 3)
		}
		return data
	}
	for flags, l := range map[string]plainLayer{
		"--pad 2 --padding reflect": {axes: [3]plainAxis{onePlane, {4, 6, 3, 1, 2, 1}, {5, 7, 3, 1, 2, 1}}, d: 2, k: 3,
			padding: "reflect"},
		"--stride 2 --pad 1 --transposed": {axes: [3]plainAxis{onePlane, {4, 7, 3, 2, 1, 1}, {5, 9, 3, 2, 1, 1}}, d: 2,
			k: 3, transposed: true},
		"--pad 1x1x0 --stride 2x1x1": {axes: [3]plainAxis{{3, 2, 2, 1, 0, 1}, {4, 4, 3, 1, 1, 1}, {5, 3, 3, 2, 1, 1}},
			d: 2, k: 3},
		"--pad 2 --padding circular --dilation 2 --groups 1": {axes: [3]plainAxis{onePlane, {4, 4, 3, 1, 2, 2},
			{5, 5, 3, 1, 2, 2}}, d: 2, k: 3, padding: "circular"},
	} {
		z, y, x := l.axes[0], l.axes[1], l.axes[2]
		l.x, l.w = whole(z.in*y.in*x.in*2, 3), whole(3*z.filter*y.filter*x.filter*2, 5)
		dv := whole(z.out*y.out*x.out*3, 2)
		dx, dw, db := make([]float32, len(l.x)), make([]float32, len(l.w)), make([]float32, 3)
		l.meet(func(in, w, out int) {
			dx[in] += float32(dv[out] * l.w[w])
			dw[w] += float32(dv[out] * l.x[in])
		})
		for i, v := range dv {
			db[i%3] += float32(v)
		}
		dir := t.TempDir()
		at := func(name string) string { return filepath.Join(dir, name) }
		npy(t, at("X.npy"), "<f4", false, []int{1, z.in, y.in, x.in, 2}, l.x)
		npy(t, at("W.npy"), "<f4", false, []int{3, z.filter, y.filter, x.filter, 2}, l.w)
		npy(t, at("dV.npy"), "<f4", false, []int{1, z.out, y.out, x.out, 3}, dv)
		out := succeed(t, append([]string{"run", "--backward", "--input", at("X.npy"), "--filters", at("W.npy"),
			"--dv", at("dV.npy")}, strings.Fields(flags)...)...)
		contain(t, out, "check dX  bound: all", "check dW  bound: all", "check db  bound: all")
		if got, want := hashLine(t, out), sha(append(append(dx, dw...), db...)); got != want[:16] {
			t.Errorf("%s: gradients' hash %s, must be %s", flags, got, want[:16])
		}
	}
}

// TestBackward holds that each stage that a layer has gets its line.
func TestBackward(t *testing.T) {
	hosttest.Open(t)
	plain := succeed(t, "run", "ic2ih5oc3kh3", "--backward", "--data", "integers")
	contain(t, plain, "check dX  exact: all 50", "check dW  exact: all 54", "check db  exact: all 3")
	if strings.Contains(plain, "check Z") {
		t.Errorf("a layer without activation has no Z:\n%s", plain)
	}
	contain(t, succeed(t, "run", "ic2ih5oc3kh3", "--backward", "--activation", "prelu", "--residual", "before"),
		"check Z ", "check dZ ", "check dX ", "check dW ", "check db ", "check dslope  bound: all 3")
	contain(t, succeed(t, "run", "ic2ih5oc3kh3", "--backward", "--verify", "off"), "nothing was checked")
	contain(t, succeed(t, "run", "ic2ih5oc3kh3", "--backward", "--json"), `"what": "dX"`, `"stages"`, `"bound_used"`,
		`"outputs_checked": 107`)
}

// TestOptionsOfRun runs each option once with a descriptor.
func TestOptionsOfRun(t *testing.T) {
	hosttest.Open(t)
	layer := "ic2id4ih5oc3kd3kh3kw3pd1+circular"
	contain(t, succeed(t, "run", layer, "--activation", "hardsigmoid:0.25:0.5", "--residual", "after"), "5x5x4x3",
		"bound: all 300 outputs")
	contain(t, succeed(t, "run", layer, "--dtype", "float16"), "bound: all 300 outputs")
	contain(t, succeed(t, "run", layer, "--dtype", "int8", "--activation", "prelu", "--residual", "before",
		"--deterministic"),
		"bound: all 300 outputs", "int32 sums: all 300 exact", "the same bits")
	contain(t, succeed(t, "run", layer, "--dtype", "int8", "--verify", "off"), "nothing was checked")
	contain(t, succeed(t, "run", layer, "--dtype", "int8", "--json"), `"outputs_checked": 300`, `"verified": true`,
		`"bound_used"`)
	contain(t, succeed(t, "run", "ic2ih5oc3kh3+unshared", "--activation", "relu6"), "bound: all 27 outputs")
	contain(t, succeed(t, "run", "ic2ih5oc3kh3sh3+transposed"), "bound: all 675 outputs")
	same := func(a, b []string) {
		t.Helper()
		run := []string{"run", layer}
		if x, y := hashLine(t, succeed(t, append(run, a...)...)),
			hashLine(t, succeed(t, append(run, b...)...)); x != y {
			t.Errorf("%v gives %s, %v gives %s", a, x, b, y)
		}
	}
	same([]string{"--relu"}, []string{"--activation", "relu"})
	same([]string{"--dtype", "int8"}, []string{"--dtype", "int8", "--verify", "off"})
	same([]string{"--relu=separate"}, []string{"--activation", "relu", "--separate"})
	same([]string{"--relu", "--activation", "relu"}, []string{"--activation", "relu"})
	for flag, separate := range map[string]bool{"--relu": false, "--relu=fused": false, "--relu=separate": true,
		"--relu --separate": true} {
		c, _, err := readRepro("gpuconv run " + layer + " " + flag)
		if o := c.Options; err != nil || o.Separate != separate ||
			o.Epilogue.Activation != (conv.Activation{Function: conv.ReLU}) {
			t.Errorf("%s: %+v, %v; separate must be %v", flag, o, err, separate)
		}
	}
}

// TestIntegersByDefault holds that integers come out bit for bit where the rule would take an algorithm that
// rounds.
func TestIntegersByDefault(t *testing.T) {
	hosttest.Open(t)
	contain(t, succeed(t, "run", "ic128ih14oc128kh3ph1", "--data", "integers", "--tuned=false"),
		"exact: all 25088 outputs equal")
}

// rounding are the algorithms whose transforms round whole numbers.
var rounding = []string{"winograd3", "winograd4", "winograd5", "winograd6", "fourier"}

// TestExact holds that --exact leaves out what rounds: by rule, of all, of what is tuned, and by name.
func TestExact(t *testing.T) {
	hosttest.Open(t)
	const layer = "ic128ih14oc128kh3ph1"
	rounds := func(text string) bool {
		return slices.ContainsFunc(rounding, func(name string) bool { return strings.Contains(text, name) })
	}
	if out := succeed(t, "run", layer, "--tuned=false"); !rounds(out) {
		t.Fatalf("the rule takes nothing that rounds: this test needs another layer\n%s", out)
	}
	if out := succeed(t, "run", layer, "--tuned=false", "--exact"); rounds(out) {
		t.Errorf("run --exact takes what rounds:\n%s", out)
	}
	code, _, stderr := gpuconv("run", layer, "--exact", "--algorithm", "winograd6")
	if code != exitUsage || !strings.Contains(stderr, "winograd6") {
		t.Errorf("--exact --algorithm winograd6: exit %d, want %d\n%s", code, exitUsage, stderr)
	}

	const small = "ic4ih6oc4kh3ph1"
	out := succeed(t, "bench", "--exact", "--no-ceilings", "--budget", "1ms", "--rounds", "1", "--algorithm", "all",
		small, "--json")
	contain(t, out, `"exact": true`, `"algorithm": "direct"`)
	if rounds(out) {
		t.Errorf("bench --exact measures what rounds:\n%s", out)
	}

	cache := filepath.Join(t.TempDir(), "exact.json")
	tried := func(more ...string) (names []string) {
		code, stdout, stderr := hooked(func(a *app) {
			a.tuneLayer = func(_ context.Context, dev *host.Device, p conv.Problem, o host.LayerOptions,
				_ host.TuneOptions) (tuning.Result, error) {
				list, err := host.Algorithms(dev, p, host.LayerOptions{Exact: o.Exact})
				for _, a := range list {
					names = append(names, a.Name())
				}
				return tuning.Result{}, err
			}
			a.stdin = &standardInput{from: strings.NewReader(small)}
		}, append([]string{"tune", "--suite", stream, "--cache", cache}, more...)...)
		if code != exitFine {
			t.Errorf("exit %d\n%s%s", code, stdout, stderr)
		}
		return names
	}
	if all, exact := tried(), tried("--exact"); !rounds(fmt.Sprint(all)) || rounds(fmt.Sprint(exact)) ||
		len(exact) == 0 {
		t.Errorf("tune tries %v, with --exact %v", all, exact)
	}
	for _, args := range [][]string{{"tune", "--exact", "--suite", "core"},
		{"tune", "--exact", "--list", "--cache", cache}} {
		if code, _, stderr := gpuconv(args...); code != exitUsage ||
			!strings.Contains(stderr, "a file of its own with --cache") {
			t.Errorf("%v: exit %d\n%s", args, code, stderr)
		}
	}
	j := job{exact: true}
	cpu, err := host.Open(host.Options{Backend: host.CPU})
	if err != nil {
		t.Fatal(err)
	}
	contain(t, j.repro(cpu, runReport{}), " --exact")
}
