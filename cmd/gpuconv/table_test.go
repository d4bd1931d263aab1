package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/hosttest"
)

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		text string
		most int
		want string
	}{
		{"one two three", 0, "one two three"},
		{"one two three", 13, "one two three"},
		{"one two three", 12, "one two|three"},
		{"one two three", 7, "one two|three"},
		{"one two three", 3, "one|two|thr|ee"},
		{"winograd4/registers_16x16", 12, "winograd4/|registers_|16x16"},
		{"ünïcödé", 4, "ünïc|ödé"},
		{"   backend is", 8, "   backe|nd is"}, // an indent is no place to break at
		{"", 5, ""},
	} {
		if got := strings.Join(wrap(c.text, c.most), "|"); got != c.want {
			t.Errorf("%q in %d: %q, must be %q", c.text, c.most, got, c.want)
		}
	}
}

func TestTable(t *testing.T) {
	rows := []string{"alone", "a\tbb\tccc", "aaaaaaaaaaaa\tb\tc d e f g h", "x\tit goes on and on",
		"alone and much longer"}
	for columns, want := range map[int]string{
		0: "alone\na             bb  ccc\naaaaaaaaaaaa  b   c d e f g h\nx             it goes on and on\nalone " +
			"and much longer\n",
		20: "alone\na        bb  ccc\naaaaaaa  b   c d e f\naaaaa        g h\nx        it goes on\n         and " +
			"on\nalone and much\nlonger\n",
	} {
		var out strings.Builder
		table(&painter{to: &out, columns: columns}, rows...)
		if got := out.String(); got != want {
			t.Errorf("%d columns:\n%s\nmust be\n%s", columns, got, want)
		}
	}
}

// TestNoTerminal holds that files, pipes and what is no file at all have neither a width nor colours.
func TestNoTerminal(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	_, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	for _, w := range []io.Writer{file, pipe, &strings.Builder{}, &steadyWriter{to: file}} {
		if columns, terminal := terminalOf(w); terminal || columns != 0 {
			t.Errorf("%T: %d columns, a terminal %v", w, columns, terminal)
		}
	}
}

// onTerminal runs one command line on a terminal of 80 columns.
func onTerminal(change func(*app), args ...string) (code int, stdout, stderr string) {
	return hooked(func(a *app) {
		a.terminal = func(io.Writer) (int, bool) { return 80, true }
		if change != nil {
			change(a)
		}
	}, args...)
}

// TestTablesFit holds that all that is printed for people fits a terminal of 80 columns, loses nothing, and has
// its verdicts in colour, where that is wanted; and that other programs get neither.
func TestTablesFit(t *testing.T) {
	hosttest.Open(t)
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	t.Setenv("WT_SESSION", "1")
	cache := filepath.Join(t.TempDir(), "t.json")
	layers, results := suite(t), filepath.Join(t.TempDir(), "r.json")
	for _, c := range []struct {
		verdict bool
		args    []string
	}{
		{true, []string{"run"}},
		{true, []string{"run", "ic3ih40iw41oc4kh3kw5ph1n\"a layer with a name that is rather long, for once\"",
			"--output", filepath.Join(t.TempDir(), "v.npy")}},
		{true, []string{"run", "ic2ih5oc3kh3", "--backward", "--activation", "gelu"}},
		{false, []string{"params", "ic3ih227oc96kh11sh4"}},
		{true, []string{"params", "--measure", "ic2ih5oc3kh3"}},
		{true, []string{"verify", "--count", "3", "--backend", "cpu"}},
		{false, []string{"devices"}},
		{true, []string{"doctor"}},
		{false, []string{"version"}},
		{false, []string{"inspect", assorted(t), "--dim", "N=1"}},
		{false, []string{"conformance", conformanceTree(t), "--match", "good|odd"}},
		{
			true,
			[]string{"infer", brightest(t), "--random", "1", "--dim", "N=1", "--check", "--deterministic", "--profile",
				"--repeat", "2"},
		},
		{false, []string{"tune", "--suite", layers, "--cache", cache}},
		{false, []string{"tune", "--list", "--cache", cache}},
		{true, []string{"bench", "--backend", "cpu", "--budget", "1ms", "--rounds", "1", "--output-json", results,
			"ic2ih5oc3kh3"}},
		{false, []string{"compare", results, results}},
	} {
		code, out, stderr := onTerminal(tuneWith(nil), c.args...)
		if code != exitFine || strings.Contains(out, good) != c.verdict || strings.Contains(out, bad) {
			t.Fatalf("%v: exit %d, a good verdict in colour must be there %v:\n%q\n%s", c.args, code, c.verdict, out,
				stderr)
		}
		uncoloured := strings.NewReplacer(good, "", plain, "").Replace(out)
		for _, line := range strings.Split(uncoloured, "\n") {
			// a path stays whole
			if n := utf8.RuneCountInString(line); n > 80 && !strings.Contains(line, cache) &&
				!strings.Contains(line, filepath.Dir(results)) {
				t.Errorf("%v: %d characters: %s", c.args, n, line)
			}
		}
		if c.args[0] != "devices" {
			continue
		}
		if whole := succeed(t, c.args...); strings.Join(strings.Fields(whole),
			"") != strings.Join(strings.Fields(uncoloured), "") {
			t.Errorf("%v: what is wrapped lost something:\n%s\nwhole:\n%s", c.args, uncoloured, whole)
		}
	}
	for _, c := range []struct {
		name, value string
		args        []string
	}{{"NO_COLOR", "1", []string{"run"}}, {"TERM", "dumb", []string{"run"}},
		{"TERM", "xterm", []string{"run", "--json"}}} {
		t.Setenv(c.name, c.value)
		if _, out, _ := onTerminal(nil, c.args...); strings.Contains(out, "\x1b") || out == "" {
			t.Errorf("%s=%s %v: in colour, or nothing:\n%q", c.name, c.value, c.args, out)
		}
		t.Setenv("NO_COLOR", "")
	}
	if out := succeed(t, "run"); strings.Contains(out, "\x1b") {
		t.Errorf("in colour where there is no terminal:\n%q", out)
	}
	_, out, _ := onTerminal(func(a *app) { a.terminal = terminalOf }, "run", "ic3ih40oc4kh3")
	contain(t, out, "check      bound: all 5776 outputs hold, worst used") // not wrapped
	_, out, _ = onTerminal(func(a *app) {
		a.runCase = func(proof.Case, *host.Device) (cpuref.Report, error) {
			return cpuref.Report{}, cpuref.ErrMismatch
		}
	}, "verify", "--backend", "cpu", "--count", "1")
	contain(t, out, bad+"1 FAILED"+plain)
}
