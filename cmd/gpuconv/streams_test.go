package main

import (
	"bytes"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/internal/hosttest"
)

// piped runs one command line with input on stdin.
func piped(input string, args ...string) (code int, stdout, stderr string) {
	return hooked(func(a *app) { a.stdin = &standardInput{from: strings.NewReader(input)} }, args...)
}

// contents are a file's.
func contents(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestPipes holds that each operand and each output can be a stream, with the same bytes as a file, and that
// nothing but data goes to stdout.
func TestPipes(t *testing.T) {
	hosttest.Open(t)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	files := map[string]string{"--input": at("X.npy"), "--filters": at("W.npy"), "--bias": at("b.npy"),
		"--residual-input": at("R.npy"), "--slopes": at("s.npy")}
	npy(t, files["--input"], "<f4", false, []int{5, 6, 2}, wave(60, 0.3))
	npy(t, files["--filters"], "<f4", false, []int{3, 3, 3, 2}, wave(54, 0.7))
	npy(t, files["--bias"], "<f4", false, []int{3}, wave(3, 0.9))
	npy(t, files["--residual-input"], "<f4", false, []int{3, 4, 3}, wave(36, 1.1))
	npy(t, files["--slopes"], "<f4", false, []int{3}, wave(3, 1.3))
	command := func(streamed, output string) []string {
		args := []string{"run", "--activation", "prelu", "--residual", "before", "--output", output}
		for flag, path := range files {
			if flag == streamed {
				path = stream
			}
			args = append(args, flag, path)
		}
		return args
	}
	succeed(t, command("", at("V.npy"))...)
	want := contents(t, at("V.npy"))
	for streamed, path := range files {
		code, stdout, stderr := piped(contents(t, path), command(streamed, stream)...)
		if code != exitFine || stdout != want {
			t.Errorf("%s -: exit %d, stdout must be the bytes of V.npy\n%.100q\n%s", streamed, code, stdout, stderr)
		}
		contain(t, stderr, "bound: all 36 outputs", "wrote      -")
	}
	code, stdout, stderr := piped("", "run", "ic2ih5oc3kh3", "--backward", "--dw", stream, "--dx", at("dX.npy"))
	if code != exitFine || !strings.HasPrefix(stdout, "\x93NUMPY") || len(stdout) != 128+4*54 {
		t.Errorf("--dw -: exit %d, %d bytes\n%s", code, len(stdout), stderr)
	}
	code, stdout, stderr = piped("", "run", "ic2ih5oc3kh3", "--maps", stream)
	if _, err := png.Decode(strings.NewReader(stdout)); code != exitFine || err != nil {
		t.Errorf("--maps -: exit %d, %v\n%s", code, err, stderr)
	}
	if code, _, stderr := piped(stdout, "run", "--alexnet", stream, "--verify", "off"); code != exitFine {
		t.Errorf("--alexnet -: exit %d\n%s", code, stderr)
	}
	// A picture is known by its content, whatever its name.
	picture := at("photo.npy")
	if err := os.WriteFile(picture, []byte(stdout), 0o644); err != nil {
		t.Fatal(err)
	}
	npy(t, at("W3.npy"), "<f4", false, []int{2, 3, 3, 3}, wave(54, 0.7))
	succeed(t, "run", "--input", picture, "--filters", at("W3.npy"))
}

// TestPipedResults holds that suites and results of either kind come from stdin.
func TestPipedResults(t *testing.T) {
	dir := t.TempDir()
	jsonFile, csvFile := filepath.Join(dir, "r.json"), filepath.Join(dir, "r.csv")
	code, stdout, stderr := piped("ic2ih5oc3kh3\nic1ih4oc1kh1n\"one\"\n", "bench", "--suite", stream, "--backend",
		"cpu", "--budget", "1ms", "--output-json", jsonFile, "--csv", csvFile)
	if code != exitFine || !strings.Contains(stdout, "2 results, 0 failed") {
		t.Fatalf("exit %d\n%s%s", code, stdout, stderr)
	}
	for _, c := range [][2]string{{jsonFile, "stdin: the CPU reference"}, {csvFile, "stdin\n"}} {
		for _, args := range [][]string{{"compare", jsonFile, stream}, {"compare", stream, jsonFile}} {
			code, stdout, stderr := piped(contents(t, c[0]), args...)
			if code != exitFine {
				t.Errorf("%v of %s: exit %d\n%s", args, c[0], code, stderr)
			}
			contain(t, stdout, "geometric mean of 2", c[1])
		}
	}
}

// TestPipesRefused holds that two cannot share a stream, and that what comes from one is named.
func TestPipesRefused(t *testing.T) {
	for _, c := range []struct {
		input string
		args  []string
		words string
	}{
		{"", []string{"run", "--input", stream, "--filters", stream}, "nothing is there"},
		{"scribble", []string{"run", "ic2ih5oc3kh3", "--filters", stream},
			`--filters -: tensor: it starts with "scribb"`},
		{npyText(t), []string{"run", "ic2ih5oc3kh3", "--input", stream, "--bias", stream},
			"--bias -: --input has read stdin already"},
		{"", []string{"run", "ic2ih5oc3kh3", "--output", stream, "--maps", stream},
			"--output -, --maps -: only one of them can go to stdout"},
		{"", []string{"run", "ic2ih5oc3kh3", "--output", stream, "--json"}, "--json, --output -: only one of them"},
		{"", []string{"run", "ic2ih5oc3kh3", "--output", "v.npy", "--output-json", "v.npy"},
			"--output v.npy: --output-json writes that file already"},
		{npyText(t), []string{"run", "--alexnet", stream}, "is an array, must be a PNG or JPEG picture"},
		{"", []string{"compare", stream, stream}, "stdin: no JSON of results, and no CSV"},
		{`{"schema":1,"results":[]}`, []string{"compare", stream, stream},
			"compare -: compare has read stdin already"},
		{"", []string{"bench", "--suite", stream}, "stdin has no layers"},
		{"ic1ih3oc1kh9", []string{"tune", "--suite", stream}, "stdin:1: "},
	} {
		code, stdout, stderr := piped(c.input, c.args...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, c.words) {
			t.Errorf("gpuconv %s: exit %d, want %d and %q\n%s%s", strings.Join(c.args, " "), code, exitUsage, c.words,
				stdout, stderr)
		}
	}
}

// npyText is an array of 5 x 5 x 2.
func npyText(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "X.npy")
	npy(t, path, "<f4", false, []int{5, 5, 2}, wave(50, 0.3))
	return contents(t, path)
}

// TestBrokenPipe holds that data which got lost is no success.
func TestBrokenPipe(t *testing.T) {
	var stderr bytes.Buffer
	reader, writer := io.Pipe()
	reader.Close()
	if code := execute([]string{"run", "ic2ih5oc3kh3", "--backend", "cpu", "--output", stream}, writer,
		&stderr); code != exitFailed {
		t.Errorf("exit %d, want %d\n%s", code, exitFailed, stderr.String())
	}
	contain(t, stderr.String(), "writing to stdout: ")
}
