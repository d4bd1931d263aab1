package webtest

import (
	"context"
	"strings"
	"testing"
	"time"
)

// lose has the worker lose the device that it opened last.
const lose = `import("./program.js").then((p) => p.worker.postMessage({ lose: true }));`

// bench begins a benchmark of these layers.
func bench(t *testing.T, page context.Context, budget, layers string) {
	t.Helper()
	do(t, page, `document.getElementById("budget").value = `+budget+`; document.getElementById("rounds").value = 1;
		document.getElementById("layers").value = '`+layers+`'; document.getElementById("bench-run").click()`)
}

// testBusy holds that the page goes on while the program works, and that a benchmark can be stopped: what was measured
// by then is kept.
func testBusy(t *testing.T, page context.Context) {
	do(t, page, `window.ticks = 0; window.ticking = setInterval(() => ticks++, 10)`)
	bench(t, page, "400", `ic8ih16oc8kh1n"quick"`)
	wait(t, page, `!document.getElementById("bench-save").hidden`)
	if ticks := evaluate[int](t, page, `clearInterval(window.ticking), window.ticks`); ticks < 5 {
		t.Errorf("the page's timer went %d times while the program measured", ticks)
	}
	bench(t, page, "60000", `ic8ih16oc8kh1n"first"\nic8ih16oc8kh3n"second"`)
	wait(t, page, `!document.getElementById("bench-stop").disabled`)
	time.Sleep(500 * time.Millisecond)
	do(t, page, `document.getElementById("bench-stop").click()`)
	wait(t, page, `!document.getElementById("bench-save").hidden`)
	if status := text(t, page, "bench-status"); !strings.HasSuffix(status, "then stopped.") {
		t.Errorf("a benchmark that was stopped: %q", status)
	}
}

// testLoss loses the device in the middle of each kind of work: none says that numbers are wrong, and all go on after.
func testLoss(t *testing.T, page context.Context) {
	do(t, page, lose)
	slide(t, page, "K", "3")
	if verdict := text(t, page, "layer-verdict"); !strings.HasPrefix(verdict, "Right") {
		t.Errorf("a layer after the device's loss: %q", verdict)
	}

	bench(t, page, "60000", `ic8ih16oc8kh1n"lost"`)
	wait(t, page, `!document.getElementById("bench-stop").disabled`)
	time.Sleep(500 * time.Millisecond)
	do(t, page, lose)
	wait(t, page, `!document.getElementById("bench-run").disabled`)
	if said := text(t, page, "results") + text(t, page, "trouble"); !strings.Contains(said, "lost") {
		t.Errorf("a benchmark whose device is lost: %q", said)
	}
	bench(t, page, "40", `ic8ih16oc8kh1n"again"`)
	wait(t, page, `document.getElementById("results").textContent.includes("every output holds")`)

	prove := `{ const run = document.getElementById("prove-run"); run.dataset.layers = 'ic4ih8oc4kh3ph1n"small"';
		document.getElementById("prove-status").textContent = ""; run.dataset.cases = `
	do(t, page, prove+`400; run.click(); }`)
	wait(t, page, `document.getElementById("prove-status").textContent.startsWith("2 of 400")`)
	do(t, page, lose)
	wait(t, page, `!document.getElementById("prove-run").disabled`)
	said := text(t, page, "prove-status") + text(t, page, "trouble")
	if !strings.Contains(said, "lost") || strings.Contains(said, "WRONG") {
		t.Errorf("a proof whose device is lost: %q", said)
	}
	do(t, page, prove+`2; run.click(); }`)
	wait(t, page, `document.getElementById("prove-status").textContent.startsWith("Proved")`)

	give(t, page, "model", "../../examples/digits/digits.onnx")
	wait(t, page, `document.getElementById("network-about").textContent.includes("scores")`)
	give(t, page, "photo", "../../examples/digits/drawn/7.png")
	wait(t, page, `!document.getElementById("network-run").disabled`)
	do(t, page, lose+`document.getElementById("network-verdict").textContent = "";
		document.getElementById("check").checked = true; document.getElementById("network-run").click()`)
	wait(t, page, `!document.getElementById("network-run").disabled`)
	do(t, page, `document.getElementById("network-run").click()`)
	wait(t, page, `document.getElementById("network-verdict").textContent.includes("hold")`)
}

// testNames holds that all that can be used has a name, and can be reached by keyboard.
func testNames(t *testing.T, page context.Context) {
	nameless := evaluate[[]string](t, page, `[...document
		.querySelectorAll("input, select, textarea, button, a, canvas")]
		.filter((e) => !(e.ariaLabel || e.textContent.trim() || e.labels?.[0]?.textContent.trim())
			&& e.id !== "prove-canvas").map((e) => e.outerHTML)`)
	if len(nameless) != 0 {
		t.Errorf("without a name for those who hear the page: %q", nameless)
	}
	unreached := evaluate[[]string](t, page, `[...document
		.querySelectorAll("input, select, textarea, button, [tabindex]")]
		.filter((e) => { const shown = e.checkVisibility() && !e.disabled; e.focus();
			return shown && document.activeElement !== e; }).map((e) => e.outerHTML)`)
	if len(unreached) != 0 {
		t.Errorf("cannot be reached by keyboard: %q", unreached)
	}
}
