package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/tensor"
)

// typed are the command lines that documents show as typed, in blocks.
var typed = regexp.MustCompile(`(?m)^(?:\$ )?\./gpuconv (.*?)(?: +#.*)?$`)

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
	writeFile(t, in("suite.txt"), []byte(`ic4ih8oc4kh3n"a_3x3"`))
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
		"core": in("suite.txt"), "resnet50": in("suite.txt"), "500": "5",
	}
	for _, name := range []string{"X.npy", "W.npy", "B.npy", "BANKS.npy", "A.json", "B.json", // read
		"V.npy", "dW.npy", "OUT.png", "OUT.html"} { // written
		standIn[name] = in(name)
	}
	return standIn
}

// TestDocumentedCommandsRun runs every command of the README and of docs/command.md, with files that stand in for
// those of a reader.
func TestDocumentedCommandsRun(t *testing.T) {
	hosttest.Open(t)
	standIn, used := standIns(t), map[string]bool{}
	t.Chdir("../..")
	ran := 0
	for _, name := range []string{"README.md", "docs/command.md", "docs/embedding.md"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range typed.FindAllStringSubmatch(string(text), -1) {
			words := strings.Fields(quotes.Replace(m[1]))
			for i, word := range words {
				if other, ok := standIn[word]; ok {
					words[i], used[word] = other, true
				}
			}
			ran++
			words = append(words, shorter[words[0]]...)
			if code, _, stderr := gpuconv(words...); code != exitFine {
				t.Errorf("%s shows `gpuconv %s`: exit %d, %s", name, m[1], code, stderr)
			}
		}
	}
	if ran < 20 {
		t.Errorf("%d commands found: the test does not see them", ran)
	}
	for word := range standIn {
		if !used[word] {
			t.Errorf("no command names %s, which the test has a stand-in for", word)
		}
	}
}
