package webtest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/gpuconv/gpuconv/tools/browser"
)

// folder is what make web builds.
const folder = "../../out/web"

// losing stands before the worker's text: the device that it opened is lost when the page says so.
const losing = `
const request = GPUAdapter.prototype.requestDevice;
let device;
GPUAdapter.prototype.requestDevice = async function (...a) { return device = await request.apply(this, a); };
addEventListener("message", (e) => { if (e.data.lose) { e.stopImmediatePropagation(); device.destroy(); } });
`

// load opens the page and waits until it answers.
func load(t *testing.T, o browser.Options) context.Context {
	t.Helper()
	files := http.FileServer(http.Dir(folder))
	page := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/worker.js" || o.WithoutWebGPU {
			files.ServeHTTP(w, r)
			return
		}
		text, err := os.ReadFile(filepath.Join(folder, "worker.js"))
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "text/javascript")
		io.WriteString(w, losing+string(text))
	}), o)
	wait(t, page, `document.body.dataset.ready === "yes" && document.body.dataset.layer !== undefined`)
	return page
}

// wait waits until the page says that a condition is true.
func wait(t *testing.T, page context.Context, condition string) {
	t.Helper()
	const most = 90 * time.Second
	for begun := time.Now(); time.Since(begun) < most; time.Sleep(50 * time.Millisecond) {
		if evaluate[bool](t, page, "!!("+condition+")") {
			return
		}
	}
	save(t, page, "failed")
	t.Fatalf("after %v the page has not %s; it says %q", most, condition,
		evaluate[string](t, page, `document.querySelector("main").innerText.slice(0, 800)`))
}

func evaluate[T any](t *testing.T, page context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(page, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

func do(t *testing.T, page context.Context, script string) {
	t.Helper()
	if err := chromedp.Do(page, chromedp.Evaluate[chromedp.Void](script)); err != nil {
		t.Fatalf("%s: %v", script, err)
	}
}

func text(t *testing.T, page context.Context, id string) string {
	t.Helper()
	return evaluate[string](t, page, `document.getElementById("`+id+`").textContent`)
}

// save keeps a picture of the page for people to look at.
func save(t *testing.T, page context.Context, name string) {
	t.Helper()
	picture, err := chromedp.Run(page, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile("../../out/page-"+name+".png", picture, 0o644)
	}
	if err != nil {
		t.Error(err)
	}
}

// slide moves a slider and waits until the layer follows.
func slide(t *testing.T, page context.Context, name, value string) {
	t.Helper()
	do(t, page, `delete document.body.dataset.layer; { const e = document.getElementById("sliders").elements.`+name+
		`; e.value = "`+value+`"; e.dispatchEvent(new Event("input", { bubbles: true })); }`)
	wait(t, page, `document.body.dataset.layer !== undefined`)
}

// TestPage goes through the page as a person would.
func TestPage(t *testing.T) {
	page := load(t, browser.Options{})
	if err := chromedp.Do(page, chromedp.EmulateViewport(1100, 900)); err != nil {
		t.Fatal(err)
	}
	t.Run("adapter", func(t *testing.T) {
		if device := text(t, page, "device"); !strings.Contains(strings.ToLower(device), "swiftshader") {
			t.Errorf("the device is %q", device)
		}
		if rows := evaluate[int](t, page, `document.querySelectorAll("#limits tr").length`); rows < 10 {
			t.Errorf("%d rows of limits", rows)
		}
		traps := evaluate[[]string](t, page, `[...document.querySelectorAll("#traps li")].map((i) => i.textContent)`)
		if len(traps) < 3 || !strings.Contains(strings.Join(traps, "\n"), "SwiftShader compiles") {
			t.Errorf("known traps are %q", traps)
		}
	})
	t.Run("note", func(t *testing.T) {
		all := evaluate[[][]string](t, page, `[...document.querySelectorAll("#formulas tbody tr")].map((r) =>
			[...r.cells].map((c) => c.textContent))`)
		if len(all) != 10 {
			t.Fatalf("%d formulas, must be the notes' 10", len(all))
		}
		for _, row := range all {
			if row[1] != row[2] || row[3] != "equal" {
				t.Errorf("%v", row)
			}
		}
	})
	t.Run("prove", func(t *testing.T) { testProve(t, page) })
	t.Run("layer", func(t *testing.T) { testLayer(t, page) })
	t.Run("network", func(t *testing.T) { testNetwork(t, page) })
	t.Run("digit", func(t *testing.T) { testDigit(t, page) })
	t.Run("bench", func(t *testing.T) { testBench(t, page) })
	t.Run("busy", func(t *testing.T) { testBusy(t, page) })
	t.Run("loss", func(t *testing.T) { testLoss(t, page) })
	t.Run("names", func(t *testing.T) { testNames(t, page) })
	t.Run("colours", func(t *testing.T) { testColours(t, page) })
	if err := chromedp.Do(page, chromedp.EmulateViewport(390, 800)); err != nil {
		t.Fatal(err)
	}
	if wide := evaluate[int](t, page, `document.documentElement.scrollWidth`); wide > 390 {
		t.Errorf("on a phone of 390 pixels the page is %d wide", wide)
	}
	save(t, page, "phone")
	testAlone(t, page)
}

// testAlone holds that the page has asked nobody but its server, and that the browser would not let it.
func testAlone(t *testing.T, page context.Context) {
	asked := evaluate[[]string](t, page, `performance.getEntriesByType("resource").map((e) => e.name)
		.filter((n) => !n.startsWith(location.origin) && !n.startsWith("blob:") && !n.startsWith("data:"))`)
	if len(asked) != 0 {
		t.Errorf("the page asks others: %v", asked)
	}
	refused := evaluate[string](t, page, `new Promise((found) => {
		addEventListener("securitypolicyviolation", (e) => found(e.effectiveDirective), { once: true });
		fetch("https://gpuconv.invalid/").then(() => found("nothing"), () => setTimeout(found, 2000, "nothing")); })`)
	if refused != "connect-src" {
		t.Errorf("of another server's file the page's policy refuses %s, must refuse connect-src", refused)
	}
}

// testProve proves two random layers and measures one, and ranks the file that comes of it beside itself.
func testProve(t *testing.T, page context.Context) {
	do(t, page, `{ const run = document.getElementById("prove-run"); run.dataset.cases = 2;
		run.dataset.layers = 'ic4ih8oc4kh3ph1n"small"'; run.click(); }`)
	wait(t, page, `!document.getElementById("prove-result").hidden`)
	if verdict := text(t, page, "prove-status"); !strings.HasPrefix(verdict, "Proved: all ") ||
		!strings.Contains(verdict, "of 2 random layers") {
		t.Errorf("the verdict is %q", verdict)
	}
	saved := evaluate[string](t, page, `fetch(document.getElementById("prove-file").href).then((r) => r.text())`)
	var file struct {
		Results []struct{ Verified bool }
		Proof   struct{ Layers, Outputs, Failed int }
	}
	if err := json.Unmarshal([]byte(saved), &file); err != nil || len(file.Results) != 1 ||
		!file.Results[0].Verified || file.Proof.Layers != 2 || file.Proof.Outputs == 0 || file.Proof.Failed != 0 {
		t.Errorf("error %v, saved:\n%s", err, saved)
	}
	kind := evaluate[string](t, page, `fetch(document.getElementById("prove-picture").href).then((r) => r.blob())
		.then((b) => createImageBitmap(b)).then((i) => i.width + "x" + i.height)`)
	if kind != "1000x560" {
		t.Errorf("the picture is %s", kind)
	}
	do(t, page, `{ const given = new DataTransfer(), input = document.getElementById("rank");
		fetch(document.getElementById("prove-file").href).then((r) => r.text()).then((text) => {
			for (const name of ["a.json", "b.json"]) given.items.add(new File([text], name));
			input.files = given.files;
			input.dispatchEvent(new Event("change")); }) }`)
	wait(t, page, `!document.getElementById("ranking").hidden`)
	if rows := evaluate[int](t, page, `document.querySelectorAll("#ranking tbody tr").length`); rows != 2 {
		t.Errorf("%d files are ranked, must be 2", rows)
	}
}

func testLayer(t *testing.T, page context.Context) {
	slide(t, page, "S", "2")
	sizes := text(t, page, "sizes")
	if !strings.Contains(sizes, "24 × 24 × 6") || !strings.Contains(sizes, "450 weights") {
		t.Errorf("48x48x3 by 6 filters of 5x5, stride 2, padding 2: %s", sizes)
	}
	if verdict := text(t, page, "layer-verdict"); !strings.HasPrefix(verdict, "Right: ") {
		t.Errorf("the verdict is %q", verdict)
	}
	for range 5 {
		do(t, page, `for (const key of ["ArrowRight", "ArrowDown"])
			document.getElementById("v").dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true }))`)
	}
	formula := text(t, page, "cell")
	if !strings.HasPrefix(formula, "V[5,5,0] = sum(X[8:13, 8:13, :] * W0) + b0 = ") {
		t.Errorf("the formula is %q", formula)
	}
	values := evaluate[[]float64](t, page, `document.getElementById("cell").textContent
		.match(/-?[\d.]+(e-?\d+)?(?=;|$)/g).map(Number)`)
	if len(values) != 2 || math.Abs(values[0]-values[1]) > 1e-4 {
		t.Errorf("V and what the page adds up are %v", values)
	}
	colours := evaluate[int](t, page, `(() => { const v = document.getElementById("v");
		const { data } = v.getContext("2d").getImageData(0, 0, v.width, v.height);
		return new Set(new Uint32Array(data.buffer)).size })()`)
	if colours < 50 {
		t.Errorf("the maps have %d colours", colours)
	}
	slide(t, page, "Groups", "2")
	if wrong := text(t, page, "wrong"); !strings.Contains(wrong, "group") {
		t.Errorf("two groups of three channels: %q", wrong)
	}
	slide(t, page, "Groups", "3")
	if wrong := evaluate[bool](t, page, `document.getElementById("wrong").hidden`); !wrong {
		t.Error("what was wrong stays after it was mended")
	}
	slide(t, page, "Groups", "1")
}

func testNetwork(t *testing.T, page context.Context) {
	give(t, page, "model", "../../examples/digits/drawn/7.png")
	wait(t, page, `!document.getElementById("trouble").hidden`) // no ONNX file
	give(t, page, "model", "../../examples/digits/digits.onnx")
	wait(t, page, `document.getElementById("network-about").textContent.includes("scores")`)
	if disabled := evaluate[bool](t, page, `document.getElementById("network-run").disabled`); !disabled {
		t.Error("a network without a picture can be run")
	}
	samples := evaluate[int](t, page, `document.getElementById("sample").options.length`)
	for i := 1; i < samples; i++ {
		do(t, page, fmt.Sprintf(`{ const s = document.getElementById("sample"); s.selectedIndex = %d;
			s.dispatchEvent(new Event("change")); document.getElementById("network-verdict").textContent = "";
			document.getElementById("network-run").click() }`, i))
		wait(t, page, `document.getElementById("network-verdict").textContent.includes("Not judged")`)
	}
	if samples < 3 {
		t.Errorf("%d samples, must be some", samples)
	}
	// Both are dropped, as a person does.
	do(t, page, `document.getElementById("network-about").textContent = ""`)
	drop(t, page, "network", "../../examples/digits/digits.onnx", "../../examples/digits/drawn/7.png")
	wait(t, page, `document.getElementById("network-about").textContent.includes("scores") &&
		document.getElementById("sample").value === "" && !document.getElementById("network-run").disabled`)
	do(t, page, `document.getElementById("scores").hidden = document.getElementById("check").checked = true;
		document.getElementById("network-run").click()`)
	wait(t, page, `!document.getElementById("scores").hidden`)
	class := evaluate[string](t, page, `document.querySelector("#scores tbody tr").cells[1].textContent`)
	if class != "7" {
		t.Errorf("the seven is read as %s", class)
	}
	if verdict := text(t, page, "network-verdict"); !strings.Contains(verdict, "hold") {
		t.Errorf("the verdict is %q", verdict)
	}
	if nodes := evaluate[int](t, page, `document.querySelectorAll("#profile tbody tr").length`); nodes < 2 {
		t.Errorf("the profile has %d nodes", nodes)
	}
}

// testDigit draws a seven with a pointer, and a one with the keys.
func testDigit(t *testing.T, page context.Context) {
	do(t, page, `document.getElementById("check").checked = true;
		document.getElementById("network-about").textContent = ""; document.getElementById("digits").click()`)
	wait(t, page, `document.getElementById("network-about").textContent.startsWith("digits.onnx: ") &&
		!document.getElementById("digit-part").hidden`)
	read := func(drawing, digit string) {
		t.Helper()
		do(t, page, `document.getElementById("digit-clear").click();
			document.getElementById("network-verdict").textContent = ""; `+drawing)
		wait(t, page, `document.getElementById("network-verdict").textContent.includes("hold")`)
		class := evaluate[string](t, page, `document.querySelector("#scores tbody tr").cells[1].textContent`)
		inked := evaluate[int](t, page, `(() => { const c = document.getElementById("digit").getContext("2d");
			return c.getImageData(0, 0, 280, 280).data.filter((v, i) => i % 4 === 0 && v > 0).length })()`)
		if class != digit || inked < 1000 {
			t.Errorf("a drawn %s of %d pixels is read as %s", digit, inked, class)
		}
	}
	read(`{ const field = document.getElementById("digit"), { left, top, width } = field.getBoundingClientRect();
		field.setPointerCapture = () => {};
		const send = (type, x, y) => field.dispatchEvent(new PointerEvent(type,
			{ clientX: left + x * width, clientY: top + y * width, pointerId: 1 }));
		send("pointerdown", 0.2, 0.2);
		for (const [x, y] of [[0.4, 0.19], [0.6, 0.18], [0.5, 0.4], [0.4, 0.6], [0.33, 0.8]])
			send("pointermove", x, y);
		send("pointerup", 0.33, 0.8); }`, "7")
	save(t, page, "digit")
	read(`{ const press = (key) => document.getElementById("digit").dispatchEvent(new KeyboardEvent("keydown",
			{ key, cancelable: true }));
		for (let i = 0; i < 8; i++) press("ArrowUp");
		press(" ");
		for (let i = 0; i < 15; i++) press("ArrowDown");
		press(" "); }`, "1")
	give(t, page, "model", "../../examples/digits/drawn/7.png") // no network, so that there is no field for it
	wait(t, page, `getComputedStyle(document.getElementById("digit-part")).display === "none"`)
}

func testBench(t *testing.T, page context.Context) {
	do(t, page, `document.getElementById("budget").value = 40; document.getElementById("rounds").value = 1;
		document.getElementById("layers").value = 'ic3ih32oc8kh3ph1n"one"\nic8ih16oc8kh1n"two"';
		document.getElementById("bench-run").click()`)
	wait(t, page, `!document.getElementById("bench-save").hidden`)
	verdicts := evaluate[[]string](t, page, `[...document.querySelectorAll("#results tbody tr")].map((r) =>
		r.cells[4].textContent)`)
	if len(verdicts) != 2 || verdicts[0] != "every output holds" || verdicts[1] != "every output holds" {
		t.Fatalf("verdicts %q", verdicts)
	}
	saved := evaluate[string](t, page, `fetch(document.getElementById("bench-save").href).then((r) => r.text())`)
	var file struct {
		Schema  int
		Adapter struct{ Backend string }
		Results []struct{ Verified bool }
	}
	err := json.Unmarshal([]byte(saved), &file)
	if err != nil || file.Schema != 1 || file.Adapter.Backend != "browser" ||
		len(file.Results) != 2 || !file.Results[1].Verified {
		t.Errorf("error %v, saved:\n%s", err, saved)
	}
	name := filepath.Join(t.TempDir(), "saved.json")
	if err := os.WriteFile(name, []byte(saved), 0o644); err != nil {
		t.Fatal(err)
	}
	give(t, page, "bench-other", name)
	wait(t, page, `document.querySelectorAll("#comparison tbody tr").length === 2`)
	testDroppedResults(t, name)
	name = filepath.Join(t.TempDir(), "wrong.json")
	if err := os.WriteFile(name, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	give(t, page, "bench-other", name)
	wait(t, page, `!document.getElementById("trouble").hidden`)
	if trouble := text(t, page, "trouble"); !strings.Contains(trouble, "wrong.json") {
		t.Errorf("a file that is none: %q", trouble)
	}
}

// testDroppedResults drops a saved file on a page that has measured nothing, twice, and has the command read it.
func testDroppedResults(t *testing.T, name string) {
	page := load(t, browser.Options{})
	drop(t, page, "bench", name)
	wait(t, page, `document.getElementById("bench-status").textContent.includes("saved.json is read")`)
	drop(t, page, "bench", name)
	wait(t, page, `document.querySelectorAll("#comparison tbody tr").length === 2`)
	out, err := exec.Command("go", "-C", "../..", "run", "./cmd/gpuconv", "compare", name, name).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "geometric mean of 2") {
		t.Errorf("gpuconv compare of what the page saved: %v\n%s", err, out)
	}
}

// transfer is a script that makes t of files, as a browser does where a person chooses or drops them.
func transfer(t *testing.T, paths []string) string {
	t.Helper()
	script := "const t = new DataTransfer(); "
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		script += fmt.Sprintf("t.items.add(new File([Uint8Array.from(atob(%q), (c) => c.charCodeAt(0))], %q)); ",
			base64.StdEncoding.EncodeToString(data), filepath.Base(path))
	}
	return script
}

// give chooses a file, as a script in the page can.
func give(t *testing.T, page context.Context, id, name string) {
	t.Helper()
	do(t, page, fmt.Sprintf(`{ %s const input = document.getElementById(%q); input.files = t.files;
		input.dispatchEvent(new Event("change")); }`, transfer(t, []string{name}), id))
}

// drop drops files on an element, as a script in the page can.
func drop(t *testing.T, page context.Context, id string, names ...string) {
	t.Helper()
	do(t, page, fmt.Sprintf(`{ %s document.getElementById(%q).dispatchEvent(new DragEvent("drop",
		{ dataTransfer: t, bubbles: true, cancelable: true })); }`, transfer(t, names), id))
}

// TestWithoutWebGPU holds that the page says so, says what to do, and goes on with the reference.
func TestWithoutWebGPU(t *testing.T) {
	page := load(t, browser.Options{WithoutWebGPU: true})
	advice := text(t, page, "advice")
	if !strings.Contains(advice, "no WebGPU") || !strings.Contains(advice, "chrome://") {
		t.Errorf("the advice is %q", advice)
	}
	if verdict := text(t, page, "layer-verdict"); !strings.HasPrefix(verdict, "Right: ") {
		t.Errorf("the verdict is %q", verdict)
	}
	save(t, page, "without")
}

// TestSize holds that the page loads in little.
func TestSize(t *testing.T) {
	const most = 6e6
	wasm, err := os.ReadFile(filepath.Join(folder, "main.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(wasm); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	if packed.Len() > most {
		t.Errorf("main.wasm has %d bytes gzipped, must have at most %g", packed.Len(), most)
	}
	t.Logf("%d bytes gzipped", packed.Len())
}
