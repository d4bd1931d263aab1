//go:build !js

package bench_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/bench"
)

// pageOf is the HTML page of a run.
func pageOf(t *testing.T, f bench.File) string {
	t.Helper()
	var out bytes.Buffer
	if err := bench.WriteHTML(&out, f); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// rows are the rows of the page's results.
func rows(t *testing.T, page string) []string {
	t.Helper()
	_, body, found := strings.Cut(page, "<tbody")
	body, _, closed := strings.Cut(body, "</tbody>")
	if !found || !closed {
		t.Fatalf("no table in:\n%s", page)
	}
	return strings.Split(body, "<tr ")[1:]
}

// TestPageRows holds that each result has its row with name, verdict and figures, those that failed too.
func TestPageRows(t *testing.T) {
	f := reported()
	f.Results[1].Verified, f.Results[1].BoundUsed = false, nil
	page := pageOf(t, f)
	all := rows(t, page)
	if len(all) != len(f.Results) {
		t.Fatalf("%d rows, want %d", len(all), len(f.Results))
	}
	contains(t, all[0], `id="r1"`, "first &lt;&amp;&gt; ×3", "ic1ih4oc1kh1", "✓ right, 12%",
		`data-sort="0.125"`, "2 ms", "1.5 s", "7 ms")
	contains(t, all[1], "second", "not checked", "winograd<small> tile8<",
		"1234567", `data-sort="1.23457e&#43;06"`)
	contains(t, all[2], "third", "✗ FAILED", "it broke\nbadly")
	contains(t, page, "✗ 1 failed", "✓ 1 right, with at most 12% of the rounding bound",
		"1 not checked", "Interrupted: ", "peak_k")
	if n := strings.Count(strings.ToLower(page), "interrupted"); n != 1 {
		t.Errorf("the page says %d times that the run was interrupted", n)
	}
	heads := strings.Count(page, "<th scope=\"col\"")
	for i, row := range all[:2] {
		if cells := strings.Count(row, "<td ") + strings.Count(row, "<th "); cells != heads {
			t.Errorf("row %d has %d cells, the head %d", i+1, cells, heads)
		}
	}
	contains(t, all[2], `colspan="`+strconv.Itoa(heads-4)+`"`)
}

// TestPageFigures holds that bars and boxes stand for the figures beside them.
func TestPageFigures(t *testing.T) {
	f := file(result("ic1ih4oc1kh1", "slow", 4, 4, 4, 4, 4, 4, 4, 40),
		result("ic1ih5oc1kh1", "fast", 1, 1.5, 2, 2.5, 3))
	f.Settings.Percentiles = []float64{5, 99.5}
	page := pageOf(t, f)
	all := rows(t, page)
	contains(t, page, "99.5% of the samples took no longer")
	contains(t, all[0], `class="bar" width="50%"`, "1 of 8 outside", `class="out" cx="99%"`)
	contains(t, all[1], `class="bar" width="100%"`, "all 0.5 to 1.5, 0 of 5 outside")
}

// TestPageNeedsNothing holds that the page stands alone: it loads nothing, and the browser would not let it.
func TestPageNeedsNothing(t *testing.T) {
	page := pageOf(t, reported())
	contains(t, page, `http-equiv="Content-Security-Policy" content="default-src 'none';`)
	plain := strings.ReplaceAll(page, `xmlns="http://www.w3.org/2000/svg"`, "")
	plain = strings.ReplaceAll(plain, `xmlns:xlink="http://www.w3.org/1999/xlink"`, "")
	loads := regexp.MustCompile(`(?i)https?:|//[a-z]+\.|\bsrc\s*=|<link|@import|url\(|fetch\(|<iframe|<img`)
	if found := loads.FindAllString(plain, -1); found != nil {
		t.Errorf("the page loads %q", found)
	}
}

// TestPageEscapes holds that nothing from a file of results is taken for HTML, wherever it stands.
func TestPageEscapes(t *testing.T) {
	const evil = `"'><script>alert(1)</script><b x="`
	f := reported()
	for i := range f.Results {
		r := &f.Results[i]
		r.Name, r.Algorithm, r.Variant = evil, evil, evil
	}
	f.Results[0].Problem, f.Results[2].Error = evil, evil
	f.Adapter = bench.Adapter{Name: evil, Backend: evil, Type: evil, Driver: evil}
	f.Host = bench.Host{OS: evil, Arch: evil, CPU: evil, Go: evil}
	f.Date, f.Commit, f.Command = evil, evil, evil
	f.Settings.Suite, f.Settings.Match, f.Settings.Algorithms = evil, evil, []string{evil}
	f.Ceilings.Clock, f.Ceilings.PeakKernel, f.Ceilings.CopyKernel = evil, evil, evil
	page := pageOf(t, f)
	if n := strings.Count(page, "<script"); n != 1 || strings.Contains(page, "<b x=") {
		t.Errorf("%d scripts, want the page's own alone:\n%s", n, page)
	}
	if !strings.Contains(page, "&lt;script&gt;alert(1)") {
		t.Error("the names are missing")
	}
}

// TestPageSorts holds that each title is a button that says what its column is, that it does nothing without
// JavaScript, and that the script tells the order to who does not see it.
func TestPageSorts(t *testing.T) {
	page := pageOf(t, reported())
	_, head, _ := strings.Cut(page, "<thead")
	head, _, _ = strings.Cut(head, "</thead>")
	button := regexp.MustCompile(`^[^>]* title="[^"]+"><button type="button" disabled>[^<]+</button></th>`)
	heads := strings.Split(head, "<th ")[1:]
	for _, th := range heads {
		if !button.MatchString(th) {
			t.Errorf("no button, or no word of what the column is: %s", th)
		}
	}
	if len(heads) < 10 {
		t.Errorf("%d columns", len(heads))
	}
	contains(t, page, "button.disabled = false", `setAttribute("aria-sort"`)
}

// TestPageColors holds that both schemes have every colour, and that text stands out from the page as WCAG's
// level AA asks: contrast 4.5.
func TestPageColors(t *testing.T) {
	page := pageOf(t, reported())
	light, rest, _ := strings.Cut(page, "@media (prefers-color-scheme: dark)")
	dark, _, _ := strings.Cut(rest, "* {")
	a, b := colors(t, light), colors(t, dark)
	if len(a) < 10 {
		t.Errorf("%d colours: %v", len(a), a)
	}
	for name := range a {
		if _, both := b[name]; !both {
			t.Errorf("%s has no colour in the dark", name)
		}
	}
	for _, scheme := range []map[string]float64{a, b} {
		for _, text := range []string{"ink", "soft", "right", "failed"} {
			for _, ground := range []string{"paper", "band"} {
				high, low := max(scheme[text], scheme[ground]), min(scheme[text], scheme[ground])
				if contrast := (high + 0.05) / (low + 0.05); contrast < 4.5 {
					t.Errorf("%s on %s has contrast %.2f", text, ground, contrast)
				}
			}
		}
	}
	for _, used := range regexp.MustCompile(`var\(--(\w+)\)`).FindAllStringSubmatch(page, -1) {
		if _, known := a[used[1]]; !known {
			t.Errorf("no colour %s", used[1])
		}
	}
	_, pictures, _ := strings.Cut(page, "</style>")
	if fixed := regexp.MustCompile(`(fill|stroke):#\w+`).FindString(pictures); fixed != "" {
		t.Errorf("a picture has %s in both schemes", fixed)
	}
}

// colors are the relative luminances of the colours that a style sheet names, by WCAG 2's formula.
func colors(t *testing.T, style string) map[string]float64 {
	t.Helper()
	all := map[string]float64{}
	for _, c := range regexp.MustCompile(`--(\w+): #(\w{6});`).FindAllStringSubmatch(style, -1) {
		rgb, err := strconv.ParseUint(c[2], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		for i, weight := range []float64{0.0722, 0.7152, 0.2126} {
			v := float64(rgb>>(8*i)&0xff) / 255
			if v <= 0.04045 {
				v /= 12.92
			} else {
				v = math.Pow((v+0.055)/1.055, 2.4)
			}
			all[c[1]] += weight * v
		}
	}
	return all
}

// TestPagePictures holds that pictures are well-formed, say what they are, and that the roofline has a point
// for each result with a rate, which leads to its row.
func TestPagePictures(t *testing.T) {
	page := pageOf(t, reported())
	svgs := strings.Split(page, "<svg")[1:]
	if len(svgs) != 5 { // a bar and a box for two results, and the roofline
		t.Fatalf("%d pictures", len(svgs))
	}
	for i, svg := range svgs {
		svg, _, _ = strings.Cut("<svg"+svg, "</svg>")
		d := xml.NewDecoder(strings.NewReader(svg + "</svg>"))
		for err := error(nil); !errors.Is(err, io.EOF); {
			if _, err = d.Token(); err != nil && !errors.Is(err, io.EOF) {
				t.Fatalf("picture %d: %v", i, err)
			}
		}
		if !strings.Contains(svg, "<title>") || !strings.Contains(svg, "aria-") {
			t.Errorf("picture %d does not say what it is: %s", i, svg)
		}
	}
	roofline := svgs[len(svgs)-1]
	contains(t, roofline, "operations / byte", "GFLOP/s", `href="#r1"`, `href="#r2"`,
		"1: first &lt;&amp;&gt;, direct: ")
	if n := strings.Count(roofline, "<circle"); n != 2 {
		t.Errorf("%d points, want 2", n)
	}
}

// TestPageOfLittle holds that a page can be made of whatever a file may lack.
func TestPageOfLittle(t *testing.T) {
	empty := pageOf(t, file())
	contains(t, empty, "no layer was measured")
	if strings.Contains(empty, "<thead") || strings.Contains(empty, "<svg") {
		t.Error("a table or a picture of nothing")
	}
	bare := result("ic1ih4oc1kh1", "", 1)
	bare.Bytes, bare.BoundUsed = 0, nil
	bare.Time = &bench.Times{Median: 1, P10: 1, P90: 1}
	page := pageOf(t, file(bare))
	contains(t, page, "✓ right<", "✓ 1 right<")
	if strings.Contains(page, "<h2>Roofline") {
		t.Error("a roofline without points")
	}
	odd := reported()
	odd.Results[0].GFLOPS, odd.Ceilings.GBs = 1e308, math.MaxFloat64
	page = pageOf(t, odd)
	if n := strings.Count(page, "<circle"); n != 1 {
		t.Errorf("%d points, want that of the result with a rate that can be drawn", n)
	}
	if strings.Contains(page, "stroke:var(--mark)") || !strings.Contains(pageOf(t, reported()), "stroke:var(--mark)") {
		t.Error("the roof must be there, but for ceilings that cannot be drawn")
	}
	pageOf(t, file(result("ic1ih4oc1kh1", "", 1)))
	pageOf(t, file(bench.Result{Problem: "ic1ih6oc1kh1", Error: "it broke"}))
}
