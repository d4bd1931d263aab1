package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/tensor"
)

// typed are the command lines that documents show, in blocks as they are typed, and in the text.
var typed = regexp.MustCompile("(?m)^(?:\\$ )?\\./gpuconv (.*?)(?: +#.*)?$|`(?:\\./)?gpuconv ([a-z]+ [^`\n]*)`")

// elsewhere are those that are not run here, and why.
var elsewhere = map[string]string{
	"run ic256ih4oc72kh1 --algorithm long": "docs/adding.md tells how to add that algorithm",
	"web":                                  "it serves until it is stopped: see TestWeb",
	"web --folder out/web --port 0":        "the same",
	"infer --check":                        "the name of a flag",
	"run --dtype float16":                  "the same",
	"run --deterministic":                  "the same",
	"tune --output-json FILE":              "the same",
	"infer MODEL --bisect TENSOR=FILE":     "it needs another runtime's tensor: see TestInferBisect",
}

// shorter are flags that make commands take less than what a reader waits for.
var shorter = map[string][]string{"bench": {"--no-ceilings", "--budget", "1ms"}, "tune": {"--budget", "1ms"}}

// standIns takes the place of files that a reader has, or gets, and of suites that take minutes.
func standIns(t *testing.T) map[string]string {
	t.Helper()
	folder := t.TempDir()
	in := func(name string) string { return filepath.Join(folder, name) }
	for name, shape := range map[string][]int{
		"X.npy": {11, 11, 4}, "W.npy": {2, 3, 3, 4}, "B.npy": {2}, "BANKS.npy": {12 * 12, 8, 3, 3, 8},
	} {
		numbers := 1
		for _, n := range shape {
			numbers *= n
		}
		a := tensor.Array{Shape: shape, Data: make([]float32, numbers)}
		if err := tensor.WriteNPYFile(in(name), a); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, in("suite.txt"), []byte(`ic4ih8oc4kh3n"a_3x3 and dw_5x5"`))
	for _, name := range []string{"A.json", "B.json"} {
		succeed(t, "bench", "--backend", "cpu", "--rounds", "2", "--budget", "1ms", "--output-json", in(name),
			"ic1ih4oc1kh1")
	}
	cases := conformanceTree(t)
	for _, failing := range []string{"test_wrong", "test_odd", "test_odder"} {
		if err := os.RemoveAll(filepath.Join(cases, "node", failing)); err != nil {
			t.Fatal(err)
		}
	}
	standIn := map[string]string{
		"MODEL.onnx": "examples/digits/digits.onnx", "PHOTO.jpg": "docs/pictures/scene.png", "DIR": cases,
		"core": in("suite.txt"), "resnet50": in("suite.txt"), "mobile": in("suite.txt"), "training": in("suite.txt"),
		"500": "5", "NET.onnx": "examples/digits/digits.onnx", "MODEL": "examples/digits/digits.onnx --dim N=1",
		"/usr/share/libonnx-testdata/data/node": cases, "DIR...": cases,
		"a*.json": in("A.json"), "b*.json": in("B.json"), "*.json": in("A.json") + " " + in("B.json"),
	}
	for _, name := range []string{"X.npy", "W.npy", "B.npy", "BANKS.npy", "A.json", "B.json", // read
		"V.npy", "dW.npy", "OUT.png", "OUT.html"} { // written
		standIn[name] = in(name)
	}
	return standIn
}

// replaced are the words of a command with what stands in for some of them, noted as used, and flags that shorten it.
func replaced(command string, standIn map[string]string, used map[string]bool) (words []string) {
	for _, word := range strings.Fields(quotes.Replace(command)) {
		if other, ok := standIn[word]; ok {
			used[word], word = true, other
		}
		words = append(words, strings.Fields(word)...)
	}
	if !slices.Contains(words, "--ceilings") {
		words = append(words, shorter[words[0]]...)
	}
	return words
}

// TestDocumentedCommandsRun runs every command that documents show, with files that stand in for those of a reader.
func TestDocumentedCommandsRun(t *testing.T) {
	hosttest.Open(t)
	standIn, used := standIns(t), map[string]bool{}
	t.Chdir("../..")
	documents, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	ran := map[string]bool{}
	for _, name := range append(documents, "README.md", "CONTRIBUTING.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range typed.FindAllStringSubmatch(string(text), -1) {
			command := m[1] + m[2]
			if ran[command] {
				continue
			}
			ran[command] = true
			if _, not := elsewhere[command]; not {
				continue
			}
			if code, _, stderr := gpuconv(replaced(command, standIn, used)...); code != exitFine {
				t.Errorf("%s shows `gpuconv %s`: exit %d, %s", name, command, code, stderr)
			}
		}
	}
	if len(ran) < 35 {
		t.Errorf("%d commands found: the test does not see them", len(ran))
	}
	for command := range elsewhere {
		if !ran[command] {
			t.Errorf("no document shows `gpuconv %s`, which is to be tested elsewhere", command)
		}
	}
	for word := range standIn {
		if !used[word] {
			t.Errorf("no command names %s, which the test has a stand-in for", word)
		}
	}
}
