package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/internal/note"
)

// asProgram has the test's own process be gpuconv, with the arguments that it has.
const asProgram = "GPUCONV_TEST_AS_PROGRAM"

// TestMain refuses to pass without an adapter: otherwise `run` would fall back to the reference. The folder
// for caches is a new one.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Unsetenv("GPUCONV_GPU")
	folder, err := os.MkdirTemp("", "gpuconv")
	if err != nil {
		panic(err)
	}
	for _, name := range []string{"XDG_CACHE_HOME", "HOME"} { // tunings of one's own change nothing here
		os.Setenv(name, folder)
	}
	code := m.Run()
	os.RemoveAll(folder)
	os.Exit(code)
}

// gpuconv runs one command line.
func gpuconv(args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = execute(args, &out, &err)
	return code, out.String(), err.String()
}

// hooked runs one command line of an app that change has changed.
func hooked(change func(*app), args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	a := newApp(&out, &err)
	change(a)
	code = a.commandLine(args)
	return code, out.String(), err.String()
}

// succeed runs a command line that must not fail, and gives its stdout.
func succeed(t *testing.T, args ...string) string {
	t.Helper()
	code, stdout, stderr := gpuconv(args...)
	if code != exitFine {
		t.Fatalf("gpuconv %s: exit %d\n%s%s", strings.Join(args, " "), code, stdout, stderr)
	}
	return stdout
}

// contain fails for each of the texts that is missing.
func contain(t *testing.T, in string, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if !strings.Contains(in, s) {
			t.Errorf("%q is missing from:\n%s", s, in)
		}
	}
}

func TestNote(t *testing.T) {
	hosttest.Open(t)
	out := succeed(t, "run")
	contain(t, out, "V[:,:,0]", "V[:,:,1]", "V[0,0,0] = sum(X[0:5, 0:5, :] * W0) + b0",
		"V[0,1,1] = sum(X[0:5, 2:7, :] * W1) + b1", "V[2,3,1] = sum(X[4:9, 6:11, :] * W1) + b1",
		"exact: all 32 outputs equal", "bound: all 32 outputs")
	if n := strings.Count(out, " equal\n"); n != len(note.Outputs)+1 {
		t.Errorf("%d lines are equal, want %d:\n%s", n, len(note.Outputs)+1, out)
	}
	var r note.Report
	if err := json.Unmarshal([]byte(succeed(t, "run", "--json")), &r); err != nil || !r.Verified ||
		len(r.Formulas) != len(note.Outputs) {
		t.Errorf("JSON %+v, %v", r, err)
	}
}

func TestParams(t *testing.T) {
	notes := []string{"290,400", "363", "and 1 bias", "105,705,600", "34,848 weights + 96 biases", "34,944",
		"55x55x96"}
	contain(t, succeed(t, "params", "--input", "227x227x3", "--filter", "11", "--stride", "4", "--pad", "0", "--depth",
		"96"), notes...)
	contain(t, succeed(t, "params", "ic3ih227oc96kh11sh4"), notes...)
	contain(t, succeed(t, "params", "--json", "ic3ih227oc96kh11sh4"), `"shared": 34944`, `"unshared": 105705600`)
	contain(t, succeed(t, "params", "ic1ih10oc1kh3sh2"),
		"inputs with x = 9 are never read (the stride 2 does not fit)")
	contain(t, succeed(t, "params", "--input", "4x4x8", "--filter", "3", "--stride", "2", "--pad", "1",
		"--output-padding", "1", "--transposed", "--depth", "4"),
		"ic8ih4oc4oh8kh3sh2ph1+transposed", "8x8x4", "(4 - 1)*2 + 3 - 1 - 0 = 8 wide", "9,216")
	contain(t, succeed(t, "params", "--input", "8x8x6x3", "--filter", "3x5x1", "--stride", "1x2x3", "--depth", "2"),
		"ic3id6ih8oc2kd1kh5kw3sd3sh2sw1", "6x2x2x2")
	contain(t, succeed(t, "params", "ic1ih1oc1kh1sh3"), "(1 - 1 + 2*0)/3 + 1 = 1 wide")
	contain(t, succeed(t, "params", "ic1ih10oc1oh3kh3sh2"), "(10 - 3 + 0 - 3)/2 + 1 = 3 wide")
	contain(t, succeed(t, "params", "ic1ih2oc1oh9kh3sh3+transposed"), "(2 - 1)*3 + 3 - 0 + 3 = 9 wide",
		"outputs with x = 6-8 depend on no input")
	contain(t, succeed(t, "params", "--input", "9x5x2", "--filter", "3x1", "--stride", "2x1", "--depth", "4"), "4x5x4")
}

func TestDescriptor(t *testing.T) {
	hosttest.Open(t)
	contain(t, succeed(t, "run", "g2mb2ic4ih9iw7oc6kh3sh2ph1", "--data", "integers"), "exact: all", "outputs equal")
	contain(t, succeed(t, "run", "ic3ih10oc4kh3sh2", "--relu"), "bound: all 64 outputs",
		"inputs with y = 9 are never read")
	contain(t, succeed(t, "run", "ic3ih10oc4kh3sh2", "--relu=separate", "--threads", "256"), "bound: all 64 outputs")
	contain(t, succeed(t, "run", "ic3ih40oc4kh3", "--verify", "sample", "--sample", "100"), "100 of 5776 outputs")
	contain(t, succeed(t, "run", "ic3ih10oc4kh3", "--verify", "off"), "nothing was checked")
	contain(t, succeed(t, "run", "ic3ih10oc4kh3", "--backend", "cpu"), "the CPU reference (no GPU)")
	var r runReport
	if err := json.Unmarshal([]byte(succeed(t, "run", "--json", "ic3ih10oc4kh3")), &r); err != nil || !r.Verified ||
		r.Checked != 256 || r.Used == nil {
		t.Errorf("JSON %+v, %v", r, err)
	}
}

// TestNoAdapter holds that `run` says so loudly and computes on the reference, that what asked for a
// device does not, and that nothing else falls back.
func TestNoAdapter(t *testing.T) {
	t.Setenv("GPUCONV_GPU", "off")
	t.Setenv("GPUCONV_BACKEND", "")
	t.Setenv("GPUCONV_ADAPTER", "")
	code, stdout, stderr := gpuconv("run")
	if code != exitFine {
		t.Errorf("exit %d, want %d", code, exitFine)
	}
	contain(t, stderr, "WARNING: NO GPU", "CPU reference")
	contain(t, stdout, "Device: the CPU reference (no GPU)", "exact: all 32 outputs equal")
	for _, args := range [][]string{{"run", "--backend", "vulkan"}, {"run", "--adapter", "x", "ic1ih3oc1kh1"},
		{"verify", "--count", "1"}} {
		if code, stdout, stderr := gpuconv(args...); code != exitNoAdapter || stdout != "" {
			t.Errorf("gpuconv %v: exit %d, want %d; %s%s", args, code, exitNoAdapter, stdout, stderr)
		}
	}
}

func TestVerify(t *testing.T) {
	hosttest.Open(t)
	contain(t, succeed(t, "verify", "--count", "20", "--seed", "7"), "all right on",
		"20 of 20 layers passed, 8 bit for bit", "seed 7", "layers that cover each row, all right:",
		"padding SAME_UPPER")
	contain(t, succeed(t, "verify", "--count", "4", "--json"), `"failures": []`, `"count": 4`)
	contain(t, succeed(t, "verify", "--count", "4", "--backend", "cpu"), "4 of 4 layers passed")
}

func TestDevicesAndDoctor(t *testing.T) {
	dev := hosttest.Open(t)
	name := dev.GPU().Info().Name
	contain(t, succeed(t, "devices"), name, "backend", "driver", "65535 an axis", "features")
	if dev.GPU().Info().Type == gpu.Software {
		contain(t, succeed(t, "devices"), "software: a program, no GPU")
	}
	contain(t, succeed(t, "devices", "--json"), `"name": "`+name, `"max_storage_binding"`)
	contain(t, succeed(t, "doctor"), name, "works", "the notes' example is right, bit for bit", "known traps here",
		"github.com/cogentcore/webgpu", "advice")
	contain(t, succeed(t, "doctor", "--json"), `"works": true`, `"vulkan_driver_files"`)
}

// full takes nothing, as a full disk does.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// TestFullDisk holds that output that got lost is no success.
func TestFullDisk(t *testing.T) {
	var stderr bytes.Buffer
	for _, args := range [][]string{{"params", "ic3ih5oc4kh3"}, {"params", "--json", "ic3ih5oc4kh3"}, {"devices"}} {
		if code := execute(args, full{}, &stderr); code != exitFailed {
			t.Errorf("gpuconv %v: exit %d, want %d", args, code, exitFailed)
		}
	}
	contain(t, stderr.String(), "no space left")
}

// TestWidthArithmetic holds the notes' formula as params prints it.
func TestWidthArithmetic(t *testing.T) {
	contain(t, succeed(t, "params", "ic1ih10oc1kh3sh2"), "(10 - 3 + 2*0)/2 + 1 = 4.5, rounded down 4 wide")
	contain(t, succeed(t, "params", "ic1ih9oc1kh3sh2ph1"), "(9 - 3 + 2*1)/2 + 1 = 5 wide")
	contain(t, succeed(t, "params", "ic1ih6oc1oh3kh3sh2"), "(6 - 3 + 0 + 1)/2 + 1 = 3 wide")
}

// TestRefused holds that bad input ends with exit code 2, names the value, and prints nothing on stdout.
func TestRefused(t *testing.T) {
	dir := t.TempDir()
	bad := dir + "/bad.npy"
	if err := os.WriteFile(bad, []byte("no array"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args  []string
		words string
	}{
		{[]string{"frobnicate"}, "frobnicate"},
		{[]string{"run", "--frobnicate"}, "frobnicate"},
		{[]string{"run", "ic3ih5oc4kh9"}, "does not fit"},
		{[]string{"run", "ic1ih1000000oc1kh1"}, "8000000000008 bytes"},
		{[]string{"run", "a", "b"}, "at most 1"},
		{[]string{"run", "ic3ih5oc4kh3", "--relu=tanh"}, "--relu=tanh"},
		{[]string{"run", "ic3ih5oc4kh3", "--data", "complex"}, "--data complex"},
		{[]string{"run", "ic3ih5oc4kh3", "--data", "integers", "--activation", "sigmoid"}, "--activation sigmoid"},
		{[]string{"run", "ic3ih5oc4kh3", "--activation", "swish"}, `"swish"`},
		{[]string{"run", "ic3ih5oc4kh3", "--activation", "clip:3:1"}, "the lower end 3"},
		{[]string{"run", "ic3ih5oc4kh3", "--relu", "--activation", "tanh"}, "--relu --activation tanh"},
		{[]string{"run", "ic3ih5oc4kh3", "--residual", "inside"}, "--residual inside"},
		{[]string{"run", "ic3ih5oc4kh3", "--residual-input", bad}, "--residual before or after"},
		{[]string{"run", "ic3ih5oc4kh3", "--residual", "after", "--residual-input", bad}, "bad.npy"},
		{[]string{"run", "ic3ih5oc4kh3", "--slopes", bad}, "only --activation prelu"},
		{[]string{"run", "ic3ih5oc4kh3", "--activation", "prelu", "--slopes", bad}, "bad.npy"},
		{[]string{"run", "ic3ih5oc4kh3", "--dv", bad}, "only --backward"},
		{[]string{"run", "ic3ih5oc4kh3", "--backward", "--dv", bad}, "bad.npy"},
		{[]string{"run", "ic3ih5oc4kh3", "--backward", "--output", "v.npy"}, "--backward"},
		{[]string{"run", "ic3ih5oc4kh3", "--backward", "--verify", "sample"}, "--verify sample"},
		{[]string{"run", "ic3ih5oc4kh3", "--dtype", "float8"}, "--dtype float8"},
		{[]string{"run", "ic3ih5oc4kh3", "--dtype", "int8", "--backward"}, "--dtype int8 with --backward"},
		{[]string{"run", "ic3ih5oc4kh3", "--dtype", "int8", "--relu=separate"}, "--dtype int8 with --separate"},
		{[]string{"run", "ic3ih5oc4kh3", "--dtype", "int8", "--data", "integers"},
			"--dtype int8 with --data integers"},
		{[]string{"run", "ic3ih5oc4kh3", "--dtype", "int8", "--verify", "sample"},
			"--dtype int8 with --verify sample"},
		{[]string{"run", "ic3ih5oc4kh3", "--dtype", "int8", "--input", bad}, "--dtype int8 with files"},
		{[]string{"run", "--dtype", "int8", "--input", bad, "--filters", bad}, "--dtype int8 with files"},
		{[]string{"run", "--dtype", "int8"}, "no input"},
		{[]string{"run", "ic3ih5oc4kh3", "--dtype", "int8", "--threads", "7"}, "7 threads"},
		{[]string{"run", "ic3ih5oc4kh3", "--stride", "2", "--pad", "1"},
			"--stride, --pad: sizes of a layer from files"},
		{[]string{"run", "ic3ih5oc4kh3+reflect+circular"}, "one kind of padding"},
		{[]string{"run", "ic3ih5oc4kh3", "--verify", "maybe"}, "--verify maybe"},
		{[]string{"run", "ic3ih5oc4kh3", "--verify", "sample", "--sample", "0"}, "--sample 0"},
		{[]string{"run", "ic3ih5oc4kh3", "--threads", "7"}, "7 threads"},
		{[]string{"run", "ic3ih5oc4kh3", "--output", "v.txt"}, ".npy"},
		{[]string{"run", "ic3ih5oc4kh3", "--maps", "v.jpg"}, ".png"},
		{[]string{"run", "ic3ih5oc4kh3", "--input", "/nowhere/x.npy"}, "/nowhere/x.npy"},
		{[]string{"run", "ic3ih5oc4kh3", "--backend", "opencl"}, `"opencl"`},
		{[]string{"run", "--seed", "3"}, "no input"},
		{[]string{"run", "--input", bad}, "no input"},
		{[]string{"run", "--input", bad, "--filters", bad}, "bad.npy"},
		{[]string{"run", "--alexnet", bad}, "bad.npy"},
		{[]string{"run", "--alexnet", bad, "ic3ih5oc4kh3"}, "--alexnet"},
		{[]string{"params"}, "--input"},
		{[]string{"params", "--input", "227x227"}, "3 or 4 numbers"},
		{[]string{"params", "--input", "5x5x1", "--filter", "3", "--depth", "0"}, "oc"},
		{[]string{"params", "--input", "5x5x1", "--filter", "3", "--depth", "1", "--stride", "0"}, "--stride 0"},
		{[]string{"params", "--input", "5x5x1", "--filter", "q", "--depth", "1"}, `"q"`},
		{[]string{"params", "--input", "5x5x1", "--filter", "3", "--depth", "1", "--pad", "1,2,3"},
			"TOP,BOTTOM,LEFT,RIGHT"},
		{[]string{"params", "--input", "5x5x2x1", "--filter", "1", "--depth", "1", "--pad", "1,2,3,4"},
			"FRONT,BACK,TOP,BOTTOM,LEFT,RIGHT"},
		{[]string{"params", "--input", "5x5x1", "--filter", "3", "--depth", "1", "--pad", "1,2,-3,4"}, `"-3"`},
		{[]string{"params", "--input", "5x5x1", "--filter", "3", "--depth", "1", "--pad", "1,2,3,4000000000"},
			"4000000000"},
		{[]string{"params", "--input", "5x5x1", "--filter", "9", "--depth", "1", "--pad", "1,2,1,1"}, "9 taps"},
		{[]string{"params", "--input", "5x5x1", "--filter", "3", "--depth", "1", "--pad", "SAME"}, `"SAME"`},
		{[]string{"params", "--input", "5x5x1", "--filter", "3", "--depth", "1", "--pad", "5", "--padding", "reflect"},
			"must be at most 4"},
		{[]string{"params", "--input", "5x5x1", "--filter", "3", "--depth", "1", "--pad", "1", "--padding", "mirror"},
			"--padding mirror"},
		{[]string{"params", "--input", "5x5x1", "--filter", "3", "--depth", "1", "--output-padding", "1"},
			"--transposed"},
		{[]string{"params", "--input", "5x5x1", "--filter", "3", "--depth", "1", "--transposed", "--output-padding",
			"-1"}, "--output-padding -1"},
		{[]string{"params", "--input", "5x5x1", "--filter", "3", "--depth", "1", "--transposed", "--output-padding",
			"1", "--pad", "SAME_LOWER"}, "leave one of them out"},
		{[]string{"params", "--input", "5x5x1", "--filter", "3", "--depth", "1", "--transposed", "--padding",
			"circular"}, "a transposed layer pads with zeros only"},
		{[]string{"params", "--input", "1x1x1", "--filter", "1", "--depth", "1", "--transposed", "--pad", "1,0,0,0"},
			"an output of 0"},
		{[]string{"params", "--measure", "ic3ih2000oc96kh11"}, "553526937600 bytes"},
		{[]string{"params", "--measure", "ic3ih9oc9kh3+transposed"}, "transposed or unshared"},
		{[]string{"params", "--measure", "--depth", "3"}, "--input"},
		{[]string{"run", "ic3ih5oc4kh3", "--algorithm", "magic"},
			"--algorithm magic: must be one of direct, registers, shared"},
		{[]string{"run", "ic3ih5oc4kh3", "--algorithm", "magic/t64"}, "--algorithm magic/t64: must be one of direct"},
		{[]string{"run", "ic3ih5oc4kh3", "--algorithm", "shared/"}, "--algorithm shared/: must be one of direct"},
		{[]string{"run", "ic3ih5oc4kh3", "--algorithm", ""}, "--algorithm is empty"},
		{[]string{"run", "ic3ih5oc4kh3", "--algorithm", "direct", "--backend", "cpu"},
			"the CPU reference: leave --algorithm out"},
		{[]string{"tune"}, "name a --suite (alexnet, bodies16, core,"},
		{[]string{"tune", "more"}, "more"},
		{[]string{"tune", "--suite", "nowhere.txt"}, `"nowhere.txt"`},
		{[]string{"tune", "--suite", ""}, "--suite is empty"},
		{[]string{"tune", "--suite", "core", "--match", "("}, "--match ("},
		{[]string{"tune", "--suite", "core", "--match", "squeezenet"}, "none of the 22 layers matches"},
		{[]string{"tune", "--suite", "core", "--budget", "0s"}, "--budget 0s"},
		{[]string{"tune", "--suite", "core", "--backend", "cpu"}, "leave out --backend cpu"},
		{[]string{"tune", "--list", "--match", "x"}, "name one"},
		{[]string{"tune", "--import", "/nowhere/t.json"}, "/nowhere/t.json"},
		{[]string{"tune", "--export", "/nowhere/t.json"}, "/nowhere/t.json"},
		{[]string{"tune", "--import", bad}, "bad.npy: importing tunings: invalid tuning file: invalid character"},
		{[]string{"tune", "--list", "--cache", dir}, "name another file with --cache"},
		{[]string{"verify", "--count", "0"}, "--count 0"},
		{[]string{"devices", "more"}, "more"},
		{[]string{"devices", "--backend", "gl"}, "leave out --backend"},
		{[]string{"doctor", "--adapter", "1"}, "leave out --backend and --adapter"},
		{[]string{"params", "ic3ih5oc4kh3", "--stride", "2"}, "leave one of them out"},
		{[]string{"params", "--input", "5x5x1", "--filter", "3", "--depth", "1", "--batch", "0"}, "--batch 0"},
		{[]string{"params", "--input", "5x5x1", "--filter", "3", "--depth", "1", "--groups", "0"}, "--groups 0"},
		{[]string{"run", "ic3ih5oc4kh3", "--input", ""}, "--input is empty"},
		{[]string{"run", "ic3ih5oc4kh3", "--output", "/nowhere/at/all/v.npy"}, "no folder /nowhere/at/all"},
	} {
		code, stdout, stderr := gpuconv(c.args...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, c.words) {
			t.Errorf("gpuconv %s: exit %d, want %d and %q\n%s%s", strings.Join(c.args, " "), code, exitUsage, c.words,
				stdout, stderr)
		}
	}
}
