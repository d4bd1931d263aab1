package main

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/shaders"
)

// flat writes a photo of 4x4 pixels of one colour.
func flat(t *testing.T, path string, c color.RGBA) {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 4, 4))
	for i := range 16 {
		img.SetRGBA(i%4, i/4, c)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
}

// receipt runs a command line that must not fail, and gives its JSON.
func receipt(t *testing.T, args ...string) (r inferReport) {
	t.Helper()
	if err := json.Unmarshal([]byte(succeed(t, append(args, "--json")...)), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestInferScores holds the scores of a photo of one colour, their order and their labels, and the receipt.
func TestInferScores(t *testing.T) {
	dev := hosttest.Open(t)
	net, dir := brightest(t), t.TempDir()
	photo, labels := filepath.Join(dir, "photo.png"), filepath.Join(dir, "labels.txt")
	flat(t, photo, color.RGBA{200, 100, 10, 255})
	writeFile(t, labels, []byte("red\r\ngreen\r\nblue thing\r\n"))
	out := succeed(t, "infer", net, "--input", photo, "--labels", labels, "--top", "2", "--mean", "0,0,20")
	// 16 pixels: a quarter of 200 each, a half of 100, and nothing of 10 - 20.
	contain(t, out, "1.  class 0  800  red\n2.  class 1  800  green\n", "photo float32 [1 3 4 4] from "+photo,
		"scores float32 [1 3 1 1], from 0 to 800", "ran on the GPU, in one submission, and none elsewhere")
	if strings.Contains(out, "blue thing") {
		t.Errorf("more than --top 2:\n%s", out)
	}
	r := receipt(t, "infer", net, "--input", "photo="+photo, "--labels", labels, "--channels", "bgr", "--scale", "0.5")
	want := []score{{2, 1600, "blue thing"}, {1, 400, "green"}, {0, 20, "red"}}
	if top := r.Outputs[0].Top; fmt.Sprint(top) != fmt.Sprint(want) {
		t.Errorf("%v, must be %v", top, want)
	}
	info := dev.GPU().Info()
	if r.Adapter.Name != info.Name || r.Adapter.Driver != info.Driver || r.Shaders != shaders.HashAll() ||
		r.OnGPU != len(r.Nodes) ||
		r.OnGPU == 0 || r.Elsewhere != 0 || r.Memory.Planned == 0 || r.Producer != "a test" ||
		r.Opset != 17 ||
		r.Graph != "tiny" {
		t.Errorf("receipt %+v", r)
	}
	if len(r.Names) != r.OnGPU || !strings.Contains(strings.Join(r.Names, "\n"), "Conv 'sums'") {
		t.Errorf("names %q of %d nodes", r.Names, r.OnGPU)
	}
}

// TestInferFiles holds that numbers go through a network from each kind of file, and to each.
func TestInferFiles(t *testing.T) {
	hosttest.Open(t)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	numbers := []float64{10, 200.4, 20, 300, -5, 50.6}
	npy(t, at("x.npy"), "<f4", false, []int{1, 3, 1, 2}, numbers)
	var data []float32
	for _, v := range numbers {
		data = append(data, float32(v))
	}
	tensorFile(t, at("x.pb"), onnx.FloatTensor("x", []int64{1, 3, 1, 2}, data))
	net := echoFile(t, onnx.Float, 1, 3, "height", "width")
	for _, in := range []string{"x.npy", "x.pb"} {
		succeed(t, "infer", net, "--input", "x="+at(in), "--output", "y="+at("y.npy"))
		if got := floats(t, at("y.npy"), "(1, 3, 1, 2)"); fmt.Sprint(got) != fmt.Sprint(data) {
			t.Errorf("%s: %v, must be %v", in, got, data)
		}
	}
	succeed(t, "infer", net, "--input", at("x.npy"), "--output", at("y.pb"))
	back, err := onnx.ReadTensorFile(at("y.pb"))
	if err != nil || back.Name != "y" || fmt.Sprint(back.Dims) != "[1 3 1 2]" {
		t.Errorf("%v, error %v", back.Dims, err)
	} else if got, err := back.Floats(); err != nil || fmt.Sprint(got) != fmt.Sprint(data) {
		t.Errorf("%v, error %v, must be %v", got, err, data)
	}
	succeed(t, "infer", net, "--input", at("x.npy"), "--output", at("y.png"))
	f, err := os.Open(at("y.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	for x, want := range []color.RGBA{{10, 20, 0, 255}, {200, 255, 51, 255}} { // clipped and rounded
		if got := color.RGBAModel.Convert(img.At(x, 0)); got != want {
			t.Errorf("pixel %d is %v, must be %v", x, got, want)
		}
	}
	code, stdout, stderr := piped(contents(t, at("x.npy")), "infer", net, "--input", "x=-", "--output", "y=-")
	if code != exitFine || stdout != contents(t, at("y.npy")) {
		t.Errorf("exit %d, stdout must be the bytes of y.npy: %.200q", code, stdout)
	}
	contain(t, stderr, "y float32 [1 3 1 2], from -5 to 300", "from -")
}

// tensorFile writes an ONNX tensor.
func tensorFile(t *testing.T, path string, of onnx.Tensor) {
	t.Helper()
	data, err := onnx.MarshalTensor(of)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, data)
}

// TestInferWholeNumbers holds that whole numbers stay whole, from .npy too, which is read as float32.
func TestInferWholeNumbers(t *testing.T) {
	hosttest.Open(t)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	npy(t, at("x.npy"), "<f4", false, []int{3}, []float64{3, -1, 2})
	net := echoFile(t, onnx.Int64, 3)
	succeed(t, "infer", net, "--input", at("x.npy"), "--output", at("y.pb"))
	back, err := onnx.ReadTensorFile(at("y.pb"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := back.Ints(); err != nil || fmt.Sprint(got) != "[3 -1 2]" || back.Type != onnx.Int64 {
		t.Errorf("%v of %v, error %v", got, back.Type, err)
	}
	code, _, stderr := hooked(func(a *app) {
		a.spoil = func(second []result) { second[0].ints[1]++ }
	}, "infer", net, "--input", at("x.npy"), "--deterministic")
	if code != exitFailed || !strings.Contains(stderr, `number 1 of output "y" is -1 in one run, and 0 in another`) {
		t.Errorf("exit %d: %s", code, stderr)
	}
}

// TestInferRandom holds that inputs which are not given are filled, the same way for the same seed, with the sizes
// that the others and --dim say.
func TestInferRandom(t *testing.T) {
	hosttest.Open(t)
	net, dir := brightest(t), t.TempDir()
	one := receipt(t, "infer", net, "--random", "7", "--dim", "N=2")
	if again := receipt(t, "infer", net, "--random", "7", "--dim", "N=2"); again.Hash != one.Hash {
		t.Errorf("hash %s, then %s with the same seed", one.Hash, again.Hash)
	}
	if other := receipt(t, "infer", net, "--random", "8", "--dim", "N=2"); other.Hash == one.Hash {
		t.Errorf("hash %s with both seeds", one.Hash)
	}
	if in := one.Inputs[0]; in.From != "seed 7" || fmt.Sprint(in.Shape) != "[2 3 4 4]" || one.Outputs[0].Top != nil {
		t.Errorf("%+v", one)
	}
	sum := modelFile(t, onnx.Graph{
		Inputs:  []onnx.ValueInfo{info("a", onnx.Float, "N", 2), info("b", onnx.Float, "N", 2)},
		Outputs: []onnx.ValueInfo{info("y", onnx.Float, "N", 2)},
		Nodes:   []onnx.Node{{Op: "Add", Inputs: []string{"a", "b"}, Outputs: []string{"y"}}},
	})
	file := filepath.Join(dir, "a.npy")
	npy(t, file, "<f4", false, []int{3, 2}, make([]float64, 6))
	if r := receipt(t, "infer", sum, "--random", "1", "--input", "a="+file); fmt.Sprint(r.Inputs[1].Shape) != "[3 2]" {
		t.Errorf("%+v: b must have the rows of a", r.Inputs)
	}
}

// TestInferCheck holds what a verdict shows, and that a wrong node fails with the command that shows it again, and
// nothing written.
func TestInferCheck(t *testing.T) {
	hosttest.Open(t)
	args := []string{"infer", brightest(t), "--random", "1", "--dim", "N=1", "--check"}
	r := receipt(t, args...)
	if c := r.Check; c == nil || c.Nodes < 2 || c.Numbers < 51 || c.Used <= 0 || c.Used > 1 ||
		!strings.Contains(c.Node, "ic3ih4oc3kh4") {
		t.Errorf("%+v", r.Check)
	}
	numbers, used := 0, 0.0
	for _, of := range r.Check.Bounds {
		numbers, used = numbers+of.Numbers, max(used, of.Used)
	}
	if numbers != r.Check.Numbers || used != r.Check.Used || len(r.Check.Bounds) != r.Check.Nodes {
		t.Errorf("%+v", r.Check)
	}
	contain(t, succeed(t, args...), "all right: ", "% of its bound, in node 1, Conv 'sums', ic3ih4oc3kh4: V[0,0,")
	file := filepath.Join(t.TempDir(), "y.npy")
	code, stdout, stderr := hooked(func(a *app) {
		a.spoilVerdict = func(v *model.Verdict) {
			v.Nodes[0].Report.Failed, v.Nodes[0].Report.First = 1, &cpuref.Mismatch{}
		}
	}, append(args, "--output", file)...)
	if _, err := os.Stat(file); code != exitFailed || stdout != "" || err == nil {
		t.Errorf("exit %d, want %d, and nothing written: %s", code, exitFailed, stdout)
	}
	contain(t, stderr, "FAILED: ", "1 of ", "again: "+drivers())
	contain(t, stderr, "alone: --failure FOLDER")
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	alone := filepath.Join(t.TempDir(), "alone")
	spoilRelu := func(a *app) {
		a.spoilVerdict = func(v *model.Verdict) {
			for i := range v.Nodes {
				if n := &v.Nodes[i]; strings.Contains(n.Node, "Relu") {
					n.Report.Failed, n.Read = 1, [][]uint32{make([]uint32, 48)}
				}
			}
		}
	}
	_, _, stderr = hooked(spoilRelu, append(args, "--failure", alone)...)
	contain(t, stderr, "alone: "+drivers()+"gpuconv conformance --backend ", "'"+alone+"'")
	contain(t, succeed(t, "conformance", alone), "1 passed, 0 failed")
	_, _, stderr = hooked(spoilRelu, args...)
	contain(t, stderr, "alone: "+drivers()+"gpuconv conformance --backend ", "'"+temporary)
	code, _, stderr = hooked(func(a *app) { a.spoilVerdict = func(v *model.Verdict) { v.Nodes = nil } }, args...)
	if code != exitFine {
		t.Errorf("exit %d where there is nothing to judge: %s", code, stderr)
	}
}

// TestInferCheckSample holds that a sample of each layer is judged, the same for the same seed, and that it is said.
func TestInferCheckSample(t *testing.T) {
	hosttest.Open(t)
	args := []string{"infer", brightest(t), "--random", "1", "--dim", "N=20", "--check"}
	all := receipt(t, args...).Check
	args = append(args, "--check-sample", "50")
	c := receipt(t, args...).Check
	// The layer gives 3 numbers of each of 20 images, and the others are judged whole.
	if all.Numbers != all.All || c.All != all.All || c.Numbers != all.Numbers-10 || c.Sample != 50 {
		t.Errorf("%+v of %+v", c, all)
	}
	contain(t, succeed(t, args...), fmt.Sprintf("all right: %s of %s numbers of ", thousands(int64(c.Numbers)),
		thousands(int64(c.All))), "hold, 50 of each layer and all of other nodes, ")
	used := map[string]bool{}
	for _, seed := range []string{"1", "2", "3", "4", "1"} {
		c := receipt(t, append(args, "--check-sample", "9", "--check-seed", seed)...).Check
		used[fmt.Sprint(c.Used, c.Where)] = true
	}
	if len(used) < 2 || len(used) > 4 {
		t.Errorf("%d different worst numbers by four seeds, one of them twice: %v", len(used), used)
	}
}

// TestInferElsewhere holds that a node which the CPU computes is counted and named.
func TestInferElsewhere(t *testing.T) {
	hosttest.Open(t)
	net := modelFile(t, onnx.Graph{
		Inputs:  []onnx.ValueInfo{info("boxes", onnx.Float, 1, 6, 4), info("scores", onnx.Float, 1, 2, 6)},
		Outputs: []onnx.ValueInfo{info("y", onnx.Int64, "n", 3)},
		Nodes: []onnx.Node{
			{Op: "Relu", Inputs: []string{"boxes"}, Outputs: []string{"b"}},
			{Op: "NonMaxSuppression", Inputs: []string{"b", "scores"}, Outputs: []string{"y"}},
		},
	})
	args := []string{"infer", net, "--random", "1", "--check"}
	r := receipt(t, args...)
	if r.OnGPU < 1 || r.Elsewhere != 1 || len(r.OnCPU) != 1 || r.Submissions != 1 || r.Check.Nodes <= r.OnGPU {
		t.Errorf("%+v", r)
	}
	contain(t, succeed(t, args...), "ran on the GPU, in one submission, and 1 on the CPU: node 1, NonMaxSuppression")
	contain(t, succeed(t, "inspect", net), "1 by the CPU: node 1, NonMaxSuppression")
}

// TestInferDeterministic holds that two runs give the same bits, and that bits that differ are noticed.
func TestInferDeterministic(t *testing.T) {
	hosttest.Open(t)
	args := []string{"infer", brightest(t), "--random", "1", "--dim", "N=1", "--deterministic"}
	contain(t, succeed(t, args...), "gave the same bits")
	if r := receipt(t, args...); !r.Deterministic || len(r.Hash) != 64 {
		t.Errorf("%+v", r)
	}
	code, stdout, stderr := hooked(func(a *app) {
		a.spoil = func(second []result) { second[0].data[1]++ }
	}, args...)
	if code != exitFailed || stdout != "" {
		t.Errorf("exit %d, want %d and nothing on stdout: %s", code, exitFailed, stdout)
	}
	contain(t, stderr, `not deterministic: 1 of 3 numbers of output "scores"`, "again: "+drivers())
}

// TestInferMeasures holds what --profile and --repeat show.
func TestInferMeasures(t *testing.T) {
	hosttest.Open(t)
	args := []string{"infer", brightest(t), "--random", "1", "--dim", "N=1", "--profile", "--repeat", "3"}
	r := receipt(t, args...)
	if r.Repeat == nil || len(r.Repeat.Samples) != 3 || r.Repeat.P10 > r.Repeat.Median ||
		r.Repeat.Median > r.Repeat.P90 ||
		r.PerSecond <= 0 {
		t.Errorf("%+v, %v a second", r.Repeat, r.PerSecond)
	}
	percent := 0.0
	for _, row := range r.Profile {
		percent += row.Percent
		if layer := strings.Contains(row.Node, "Conv"); layer != (row.GFLOPs > 0) || len(row.Kernels) == 0 ||
			row.Algorithm == "" {
			t.Errorf("%+v", row)
		}
	}
	if len(r.Profile) != r.OnGPU || percent < 99.9 || percent > 100.1 {
		t.Errorf("%d rows of %d nodes, %v%% in all", len(r.Profile), r.OnGPU, percent)
	}
	contain(
		t,
		succeed(t, args...),
		"GFLOP/s",
		"Conv 'sums', ic3ih4oc3kh4",
		"median of 3 runs with transfers",
		"inferences a second",
	)
}

// TestInferInterrupted sends real signals at each stage.
func TestInferInterrupted(t *testing.T) {
	hosttest.Open(t)
	net := brightest(t)
	for what, signal := range map[string]os.Signal{
		"compiling and running": os.Interrupt, "running again": syscall.SIGTERM, "checking": os.Interrupt,
		"timing": syscall.SIGTERM, "repeating": os.Interrupt,
	} {
		code, stdout, stderr := hooked(func(a *app) {
			a.begin = func(ctx context.Context, stage string) {
				if !strings.HasPrefix(stage, what) {
					return
				}
				self, err := os.FindProcess(os.Getpid())
				if err == nil {
					err = self.Signal(signal)
				}
				if err != nil {
					t.Error(err)
				}
				<-ctx.Done()
			}
		}, "infer", net, "--random", "1", "--dim", "N=1", "--deterministic", "--check", "--profile", "--repeat", "2")
		if code != exitFailed || stdout != "" ||
			!strings.Contains(stderr, "interrupted while "+what+" "+net+": nothing was written") {
			t.Errorf("%s: exit %d, want %d\n%s%s", what, code, exitFailed, stdout, stderr)
		}
	}
}
