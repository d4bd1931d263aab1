package webtest

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/gpuconv/gpuconv/tools/browser"
)

// compileAll asks the browser's compiler of WGSL, which is stricter than wgpu's, for its complaints about every
// shader.
const compileAll = `(async () => {
	const device = await (await navigator.gpu.requestAdapter()).requestDevice();
	const complaints = [];
	for (const [name, code] of Object.entries(await (await fetch("/shaders.json")).json())) {
		device.pushErrorScope("validation");
		const info = await device.createShaderModule({ code }).getCompilationInfo();
		await device.popErrorScope();
		complaints.push(...info.messages.map((m) => name + ":" + m.lineNum + ":" + m.linePos + ": " + m.message));
	}
	return complaints;
})()`

// TestShadersAreWGSL holds that the browser takes every variant of every shader without a complaint.
func TestShadersAreWGSL(t *testing.T) {
	names, err := filepath.Glob("../../shaders/testdata/*.wgsl")
	if err != nil || len(names) < 100 {
		t.Fatalf("%d shaders, error %v", len(names), err)
	}
	texts := map[string]string{"broken": "fn"}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(name)] = string(text)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "text/html") })
	mux.HandleFunc("/shaders.json", func(w http.ResponseWriter, _ *http.Request) { json.NewEncoder(w).Encode(texts) })
	page := open(t, mux, browser.Options{})
	complaints, err := chromedp.Run(page, chromedp.Evaluate[[]string](compileAll, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	ours := 0
	for _, c := range complaints {
		if c[:len("broken")] == "broken" { // or else nothing was compiled
			ours++
			continue
		}
		t.Error(c)
	}
	if ours != 1 {
		t.Errorf("%d complaints about a shader that is broken on purpose, must be 1", ours)
	}
}
