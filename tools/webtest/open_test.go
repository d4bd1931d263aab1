package webtest

import (
	"context"
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/gpuconv/gpuconv/tools/browser"
)

// open serves h and opens its page in a browser of its own, for as long as the test runs.
func open(t *testing.T, h http.Handler, o browser.Options) context.Context {
	t.Helper()
	url, stopServing, err := browser.Serve(h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stopServing)
	page, stop, err := browser.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	if err := chromedp.Do(page, chromedp.Navigate(url)); err != nil {
		t.Fatal(err)
	}
	return page
}
