package webtest

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// faint are the texts that are seen whose contrast with their ground is below 4.5, with their ratio (WCAG 2.2, success
// criterion 1.4.3). Large and bold ones, for which 3 is enough, are held to the same; disabled controls to nothing.
const faint = `(() => {
	const rgba = (text) => {
		const canvas = new OffscreenCanvas(1, 1), c = canvas.getContext("2d");
		c.fillStyle = text;
		c.fillRect(0, 0, 1, 1);
		return [...c.getImageData(0, 0, 1, 1).data];
	};
	const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 :
		((v + 0.055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const ground = (e) => {
		for (; e; e = e.parentElement) {
			const colour = rgba(getComputedStyle(e).backgroundColor);
			if (colour[3] === 255) return colour;
		}
		return rgba("Canvas");
	};
	const found = new Set();
	for (const e of document.body.querySelectorAll("*")) {
		const words = [...e.childNodes].filter((n) => n.nodeType === 3 && n.textContent.trim());
		if (!words.length || e.disabled || !e.checkVisibility() || e.closest("option, canvas, noscript")) continue;
		const a = light(rgba(getComputedStyle(e).color)), b = light(ground(e));
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) found.add(e.tagName + " " + words[0].textContent.trim().slice(0,
			40) + " " + ratio.toFixed(2));
	}
	return [...found];
})()`

// testColours holds that all text can be read, by day and by night.
func testColours(t *testing.T, page context.Context) {
	for _, scheme := range []string{"light", "dark"} {
		err := chromedp.Do(page, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
			return err
		}))
		if err != nil {
			t.Fatal(err)
		}
		if texts := evaluate[[]string](t, page, faint); len(texts) > 0 {
			t.Errorf("%s: the contrast of these is below 4.5: %q", scheme, texts)
		}
		save(t, page, scheme)
	}
}
