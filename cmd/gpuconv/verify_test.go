package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/hosttest"
)

// TestVerifyCoverage holds the table against a count of its own, and that all of 500 cases leave no row out.
func TestVerifyCoverage(t *testing.T) {
	ran := 0
	code, stdout, stderr := hooked(func(a *app) {
		a.runCase = func(proof.Case, *host.Device) (cpuref.Report, error) { // only what is drawn matters here
			ran++
			return cpuref.Report{Checked: 1}, nil
		}
	}, "verify", "--json", "--backend", "cpu", "--count", "500", "--seed", "3")
	var reports []verifyReport
	if err := json.Unmarshal([]byte(stdout), &reports); err != nil || code != exitFine || len(reports) != 1 ||
		ran != 500 {
		t.Fatalf("exit %d, %d cases, %v\n%s%s", code, ran, err, stdout, stderr)
	}
	want := map[string]int{}
	for i := range 500 {
		for _, row := range proof.Rows(proof.Draw(3, i)) {
			want[row]++
		}
	}
	if r := reports[0]; r.Int8 != want["int8, sums exact"] ||
		r.Exact != want["float32, bit for bit"]+want["float16, bit for bit"] {
		t.Errorf("%d of int8 numbers and %d bit for bit, must be as in the rows: %v", r.Int8, r.Exact, want)
	}
	contain(t, reports[0].String(), fmt.Sprintf("%d of int8 numbers with exact sums", want["int8, sums exact"]))
	var names []string
	for _, row := range reports[0].Coverage {
		names = append(names, row.Row)
		if row.Cases == 0 || row.Cases != want[row.Row] || row.Failed != 0 {
			t.Errorf("%+v: must be %d cases, not 0, and none failed", row, want[row.Row])
		}
	}
	if !slices.Equal(names, proof.AllRows()) {
		t.Errorf("rows %q, must be %q", names, proof.AllRows())
	}
}

// TestVerifyWarns holds that a row that 500 cases do not cover is no secret.
func TestVerifyWarns(t *testing.T) {
	for count, warns := range map[int]bool{enoughCases - 1: false, enoughCases: true} {
		r := verifyReport{Count: count, Coverage: []verifyRow{{Row: "3D", Cases: 1}, {Row: "1D"}, {Row: "2D"}}}
		var out, err strings.Builder
		r.print(newApp(&out, &err))
		if strings.Contains(err.String(), "no layer covers 1D; 2D") != warns {
			t.Errorf("%d cases: %q, must warn %v", count, err.String(), warns)
		}
	}
}

// TestVerifyInterrupted sends real signals while the second layer, which fails, is made smaller: what ran by
// then is summed up.
func TestVerifyInterrupted(t *testing.T) {
	const signalled = 5
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		run := func(args ...string) (ran, code int, stdout, stderr string) {
			code, stdout, stderr = hooked(func(a *app) {
				a.runCase = func(proof.Case, *host.Device) (cpuref.Report, error) {
					ran++
					if ran == signalled {
						self, err := os.FindProcess(os.Getpid())
						if err == nil {
							err = self.Signal(signal)
						}
						if err != nil {
							t.Error(err)
						}
					}
					if ran >= signalled { // the signal takes its time
						time.Sleep(10 * time.Millisecond)
					}
					if ran == 2 {
						return cpuref.Report{}, errors.New("spoilt")
					}
					return cpuref.Report{Checked: 1}, nil
				}
			}, append([]string{"verify", "--backend", "cpu", "--count", "1000"}, args...)...)
			return ran, code, stdout, stderr
		}
		ran, code, stdout, stderr := run()
		if code != exitFailed || ran >= 1000 {
			t.Errorf("%v: exit %d after %d layers, want %d before the last\n%s%s", signal, code, ran, exitFailed,
				stdout, stderr)
		}
		contain(t, stdout, "layers that cover each row", "interrupted, until then 1 FAILED on the CPU reference")
		contain(t, stderr, " of 1000 layers ran")
		_, _, stdout, _ = run("--json")
		var reports []verifyReport
		if err := json.Unmarshal([]byte(stdout), &reports); err != nil || len(reports) != 1 ||
			!reports[0].Interrupted || reports[0].Count < 2 || reports[0].Count >= 1000 ||
			len(reports[0].Failures) != 1 {
			t.Errorf("%v: %v\n%s", signal, err, stdout)
		}
	}
}

// TestVerifyShrinks breaks real runs: one number of V is wrong wherever an ordinary layer is padded with zeros.
// Every failure must be shown, the first five with a small layer that fails too, in the words of `run`.
func TestVerifyShrinks(t *testing.T) {
	dev := hosttest.Open(t)
	wrong := func(c proof.Case) bool {
		return !c.Backward && !c.Problem.Transposed && c.Problem.Padding == conv.Zero &&
			max(c.Problem.H.Pad, c.Problem.W.Pad) > 0
	}
	failing := 0
	for i := range 30 {
		if wrong(proof.Draw(1, i)) {
			failing++
		}
	}
	run := func(args ...string) (int, string, string) {
		return hooked(func(a *app) {
			a.runCase = func(c proof.Case, dev *host.Device) (cpuref.Report, error) {
				report, err := c.Run(dev)
				if err == nil && wrong(c) {
					err = fmt.Errorf("%w: spoilt", cpuref.ErrMismatch)
				}
				return report, err
			}
		}, args...)
	}
	code, stdout, stderr := run("verify", "--count", "30", "--json")
	var reports []verifyReport
	if err := json.Unmarshal([]byte(stdout), &reports); err != nil || code != exitFailed ||
		len(reports[0].Failures) != failing || failing <= shrunkFailures {
		t.Fatalf("exit %d, %v, %d failures wanted, more than %d\n%s%s", code, err, failing, shrunkFailures, stdout,
			stderr)
	}
	for i, f := range reports[0].Failures {
		shrunk := f.Small != ""
		if shrunk != (i < shrunkFailures) || shrunk != (f.SmallRepro != "") {
			t.Errorf("failure %d: %+v, the first %d must be shrunk", i, f, shrunkFailures)
		}
		if !shrunk {
			continue
		}
		small, _, err := readRepro(strings.TrimPrefix(f.SmallRepro, drivers()))
		if err != nil || !wrong(small) || small.Problem.String() != f.Small {
			t.Errorf("failure %d: %s: %v, must fail too", i, f.SmallRepro, err)
		}
		// A padding of 1, and nothing else.
		if small.Problem.FLOPs() > 4 || small.Options.Threads != 0 || small.Options.Epilogue != (conv.Epilogue{}) {
			t.Errorf("failure %d: %s is not small", i, f.SmallRepro)
		}
	}
	contain(t, stderr, "FAILED ", "  again: "+drivers()+"gpuconv run", "  small: "+drivers()+"gpuconv run")
	if n := strings.Count(stderr, "  small: "); n != shrunkFailures {
		t.Errorf("%d small layers, must be %d", n, shrunkFailures)
	}
	for _, row := range reports[0].Coverage {
		if row.Row == "padding zero" && row.Failed != failing {
			t.Errorf("%+v, must have %d failures", row, failing)
		}
	}
	_, stdout, _ = run("verify", "--count", "30")
	contain(t, stdout, fmt.Sprintf("padding zero (%d FAILED)", failing), fmt.Sprintf("%d FAILED on", failing))
	_ = dev
}

// TestSameFailure holds that shrinking does not turn one failure into another.
func TestSameFailure(t *testing.T) {
	other := fmt.Errorf("the device is gone")
	kinds := []error{cpuref.ErrMismatch, cpuref.ErrGuard, cpuref.ErrChanged, host.ErrUnsupported, cpuref.ErrNoVerdict,
		other}
	for i, a := range kinds {
		for k, b := range kinds {
			if got := sameFailure(fmt.Errorf("small: %w", a), fmt.Errorf("large: %w", b)); got != (i == k) {
				t.Errorf("%v after %v: %v, must be %v", a, b, got, i == k)
			}
		}
		if sameFailure(nil, a) {
			t.Errorf("no error is taken for %v", a)
		}
	}
}

// readRepro reads a command with the flags of the real command line.
func readRepro(command string) (proof.Case, host.Options, error) {
	words := shellWords(command)
	var f runFlags
	a := newApp(nil, nil)
	sub, rest, err := a.rootCommand(&f).Find(words[1:])
	if err != nil {
		return proof.Case{}, host.Options{}, err
	}
	if err := sub.ParseFlags(rest); err != nil {
		return proof.Case{}, host.Options{}, err
	}
	f.sizesGiven = f.changed(sub)
	j, err := f.job(sub.Flags().Args())
	return j.proofCase(), a.device, err
}

// shellWords splits a command as a shell does that knows single quotes and \ before one character.
func shellWords(s string) []string {
	var words []string
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimLeft(s, " ") {
		var word strings.Builder
		for s != "" && s[0] != ' ' {
			switch s[0] {
			case '\'':
				quoted, rest, _ := strings.Cut(s[1:], "'")
				word.WriteString(quoted)
				s = rest
			case '\\':
				word.WriteString(s[1:2])
				s = s[2:]
			default:
				word.WriteByte(s[0])
				s = s[1:]
			}
		}
		words = append(words, word.String())
	}
	return words
}

func TestShellWords(t *testing.T) {
	if got := shellWords(`gpuconv 'a b' 'it'\''s' c`); strings.Join(got, "|") != "gpuconv|a b|it's|c" {
		t.Errorf("split into %q", got)
	}
}

// TestRepro holds that the command of every case is one that `run` reads as the same case, on the same
// device, and that it has no flag that says nothing.
func TestRepro(t *testing.T) {
	gpuDevice := hosttest.Open(t)
	cpu, err := host.Open(host.Options{Backend: host.CPU})
	if err != nil {
		t.Fatal(err)
	}
	info := gpuDevice.GPU().Info()
	for dev, want := range map[*host.Device]host.Options{cpu: {Backend: host.CPU},
		gpuDevice: {Backend: string(info.Backend), Adapter: info.Name}} {
		for i := range 500 {
			c := proof.Draw(1, i)
			if i%5 == 0 { // each case takes its time to draw from
				c = c.WithAlgorithm(dev)
			}
			c.Problem.Name = []string{"", "a layer", "it's $HOME; `ls` \\"}[i%3]
			words := shellWords(c.Repro(dev))
			if want := []string{"gpuconv", "run", c.Problem.String(), "--seed",
				fmt.Sprint(c.Seed)}; !slices.Equal(words[:min(len(want), len(words))], want) {
				t.Fatalf("%q must begin with %q", words, want)
			}
			noEpilogue := c.Options.Epilogue == conv.Epilogue{}
			for word, is := range map[string]bool{"--separate": c.Options.Separate, "--backward": c.Backward,
				"--threads": c.Options.Threads != 0, "--algorithm": c.Options.Algorithm != "",
				"--dtype": c.Options.DType != "", "--activation": !noEpilogue, "--residual": !noEpilogue} {
				if slices.Contains(words, word) != is {
					t.Fatalf("%q of %+v: %s is there %v, must be %v", words, c, word, !is, is)
				}
			}
			got, device, err := readRepro(c.Repro(dev))
			if err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", c) || device != want {
				t.Fatalf("%s\n\tis %+v on %+v, %v\n\tmust be %+v on %+v", c.Repro(dev), got, device, err, c, want)
			}
		}
	}
	_, options, _ := readRepro(proof.Draw(1, 0).Repro(gpuDevice))
	again, err := host.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.String() != gpuDevice.String() {
		t.Errorf("the command opens %v, must open %v", again, gpuDevice)
	}
}
