package proof_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/hosttest"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/shaders"
)

// traits names what is special about a case.
func traits(c proof.Case) []string {
	p, o := c.Problem, c.Options
	either := func(has func(conv.Axis) bool) bool { return has(p.H) || has(p.W) }
	around := func(off int) bool { return slices.Contains(shaders.ConvThreads, uint32(p.TapsPerOutput()-off)) }
	point := conv.Axis{In: 1, Out: 1, Filter: 1, Stride: 1, Dilation: 1}
	all := []string{fmt.Sprint("activation ", o.Activation), fmt.Sprint("threads ", o.Threads), fmt.Sprint("mode ", c.Mode)}
	for name, has := range map[string]bool{
		"groups":                           p.Groups > 1,
		"groups, not depthwise":            p.Groups > 1 && p.InChannels > p.Groups,
		"depthwise":                        p.Groups > 1 && p.InChannels == p.Groups,
		"depth multiplier":                 p.Groups > 1 && p.InChannels == p.Groups && p.OutChannels > p.Groups,
		"batch":                            p.Batch > 1,
		"1D":                               p.H == point && p.W != point,
		"1x1":                              p.H.Filter == 1 && p.W.Filter == 1,
		"rectangular":                      p.H.In != p.W.In && p.H.Filter != p.W.Filter,
		"dilation":                         either(func(a conv.Axis) bool { return a.Dilation > 1 && a.Filter > 1 }),
		"asymmetric, more padding behind":  either(func(a conv.Axis) bool { return a.Out > a.SymmetricOut() }),
		"asymmetric, less padding behind":  either(func(a conv.Axis) bool { return a.Out < a.SymmetricOut() }),
		"stride that does not fit":         either(func(a conv.Axis) bool { return !a.Fits() }),
		"padding as large as the filter":   either(func(a conv.Axis) bool { return a.Pad >= a.Extent() }),
		"filter larger than the input":     either(func(a conv.Axis) bool { return a.Extent() > a.In }),
		"more products than threads":       p.TapsPerOutput() > 256,
		"one product less than threads":    around(-1),
		"as many products as threads":      around(0),
		"one product more than threads":    around(1),
		"inputs that no output depends on": either(func(a conv.Axis) bool { return len(a.Unread()) > 0 }),
	} {
		if has {
			all = append(all, name)
		}
	}
	return all
}

// TestDrawCovers holds that 500 cases of any series have a few of every kind.
func TestDrawCovers(t *testing.T) {
	want := []string{"groups", "groups, not depthwise", "depthwise", "depth multiplier", "batch", "1D", "1x1", "rectangular", "dilation",
		"asymmetric, more padding behind", "asymmetric, less padding behind", "stride that does not fit", "padding as large as the filter",
		"filter larger than the input", "more products than threads", "one product less than threads", "as many products as threads", "one product more than threads",
		"inputs that no output depends on", "mode exact", "mode bound", "activation 0", "activation 1", "activation 2", "threads 0"}
	for _, threads := range shaders.ConvThreads {
		want = append(want, fmt.Sprint("threads ", threads))
	}
	for seed := range uint64(3) {
		counts := map[string]int{}
		for i := range 500 {
			for _, trait := range traits(proof.Draw(seed, i)) {
				counts[trait]++
			}
		}
		for _, trait := range want {
			if counts[trait] < 5 {
				t.Errorf("series %d: %s %d times, must be 5 or more", seed, trait, counts[trait])
			}
		}
		if len(counts) != len(want) {
			t.Errorf("series %d: traits %v, must be those of %v", seed, counts, want)
		}
	}
}

// TestDrawIsCrossed holds that the rarer options are drawn in each mode and with each activation.
func TestDrawIsCrossed(t *testing.T) {
	counts := map[string]int{}
	for i := range 500 {
		c := proof.Draw(1, i)
		for _, trait := range traits(c) {
			counts[fmt.Sprint(trait, " x mode ", c.Mode)]++
			counts[fmt.Sprint(trait, " x activation ", c.Options.Activation)]++
		}
	}
	for _, trait := range []string{"groups", "depthwise", "batch", "1D", "dilation", "asymmetric, more padding behind", "threads 0", "threads 32", "threads 256"} {
		for _, with := range []string{"mode exact", "mode bound", "activation 0", "activation 1", "activation 2"} {
			if n := counts[trait+" x "+with]; n < 3 {
				t.Errorf("%s x %s: %d times, must be 3 or more", trait, with, n)
			}
		}
	}
}

// TestDrawIsFixed holds the first cases of a series: a repro command or a report names a case by its
// number, and has to mean the same one tomorrow and on any platform.
func TestDrawIsFixed(t *testing.T) {
	for i, want := range []string{
		"mb2ic1ih9iw1oc13kh7kw11sh2sw1ph1pw6 seed 2569511209 exact {Activation:2 Threads:64}",
		"g26mb3ic26ih3iw9oc26kh1kw3sh5sw1ph1pw2dw2 seed 4283098015 bound {Activation:2 Threads:128}",
		"mb2ic1ih3iw31oc8kh1kw3sw2ph2dh1dw0 seed 3304433030 exact {Activation:2 Threads:0}",
		"g5ic65iw2oc40ow1kw1sw5pw6 seed 2438017916 bound {Activation:2 Threads:0}",
		"ic257ih17iw9oc17kh1sh2ph2dh1dw2 seed 526194867 exact {Activation:0 Threads:0}",
		"g3mb3ic12ih31iw16oc9oh12ow2kh7kw2sh2sw5 seed 2282100118 bound {Activation:1 Threads:256}",
	} {
		c := proof.Draw(1, i)
		if got := fmt.Sprintf("%s seed %d %v %+v", c.Problem, c.Seed, c.Mode, c.Options); got != want {
			t.Errorf("case %d is\n\t%s, must be\n\t%s", i, got, want)
		}
		if again := proof.Draw(1, i); again != c {
			t.Errorf("case %d drawn again is %+v, was %+v", i, again, c)
		}
	}
	if proof.Draw(1, 0) == proof.Draw(2, 0) {
		t.Error("two series begin alike")
	}
}

// TestDataIsFixed does the same for the operands.
func TestDataIsFixed(t *testing.T) {
	p, err := conv.Parse("ic2ih3oc2kh2")
	if err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[cpuref.Mode]string{cpuref.Exact: "[-130 -9 723] [777 -433 678] [-896 -42]",
		cpuref.Bounded: "[0.5933145 0.67161536 -0.4447658] [-0.83643043 0.77548873 0.4376253] [-0.8998394 0.47019625]"} {
		x, w, err := proof.Case{Problem: p, Seed: 1, Mode: mode}.Data()
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(x.Data[:3], w.Data[:3], w.Bias); got != want {
			t.Errorf("%v data is %s, must be %s", mode, got, want)
		}
	}
}

// TestTooMuchData asks for more than a test, or a mistyped command, should take. Nothing is made.
func TestTooMuchData(t *testing.T) {
	for _, s := range []string{"ic1000ih100000oc1kh1", "ic1ih1oc1kh1ph60000"} {
		p, err := conv.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err = (proof.Case{Problem: p}).Data(); !errors.Is(err, host.ErrUnsupported) || !strings.Contains(err.Error(), s) {
			t.Errorf("%s: error %v, must wrap %q", s, err, host.ErrUnsupported)
		}
	}
}

// TestBadCases holds that what cannot be a case is an error, not a panic.
func TestBadCases(t *testing.T) {
	dev := hosttest.Open(t)
	for _, c := range []struct {
		c      proof.Case
		reason error
	}{
		{proof.Case{}, conv.ErrInvalid},
		{proof.Case{Mode: cpuref.Exact}, conv.ErrInvalid},
		{proof.Case{Problem: conv.Problem{Batch: -1}}, conv.ErrInvalid},
	} {
		if _, err := c.c.Run(dev); !errors.Is(err, c.reason) {
			t.Errorf("%+v: error %v, must wrap %q", c.c, err, c.reason)
		}
	}
}

// TestRepro reads the command back as a shell and the command line would, into the same case.
func TestRepro(t *testing.T) {
	gpuDevice := hosttest.Open(t)
	cpu, err := host.Open(host.Options{Backend: host.CPU})
	if err != nil {
		t.Fatal(err)
	}
	for _, dev := range []*host.Device{gpuDevice, cpu} {
		for i := range 100 {
			c := proof.Draw(1, i)
			c.Problem.Name = []string{"", "a layer", "it's $HOME; `ls` \\"}[i%3]
			got, options := readRepro(t, c.Repro(dev))
			if got != c {
				t.Fatalf("%s\n\tis %+v, must be %+v", c.Repro(dev), got, c)
			}
			want := host.Options{Backend: host.CPU}
			if g := dev.GPU(); g != nil {
				want = host.Options{Backend: string(g.Info().Backend), Adapter: g.Info().Name}
			}
			if options != want {
				t.Fatalf("%s\n\topens %+v, must be %+v", c.Repro(dev), options, want)
			}
		}
	}
	_, options := readRepro(t, proof.Draw(1, 0).Repro(gpuDevice))
	again, err := host.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if again.String() != gpuDevice.String() {
		t.Errorf("the command opens %v, must open %v", again, gpuDevice)
	}
}

// reluFlag is --relu or --relu=separate.
type reluFlag struct{ host.Activation }

func (*reluFlag) IsBoolFlag() bool { return true }
func (r *reluFlag) String() string { return fmt.Sprint(r.Activation) }
func (r *reluFlag) Set(s string) error {
	kinds := map[string]host.Activation{"true": host.ReLU, "separate": host.SeparateReLU}
	var ok bool
	if r.Activation, ok = kinds[s]; !ok {
		return fmt.Errorf("--relu=%s", s)
	}
	return nil
}

func readRepro(t *testing.T, command string) (proof.Case, host.Options) {
	t.Helper()
	words := shellWords(command)
	if len(words) < 3 || words[0] != "gpuconv" || words[1] != "run" {
		t.Fatalf("not a command: %s", command)
	}
	var c proof.Case
	var o host.Options
	var relu reluFlag
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Uint64Var(&c.Seed, "seed", 0, "")
	data := flags.String("data", "", "")
	threads := flags.Uint("threads", 0, "")
	flags.Var(&relu, "relu", "")
	flags.StringVar(&o.Backend, "backend", "", "")
	flags.StringVar(&o.Adapter, "adapter", "", "")
	if err := flags.Parse(words[3:]); err != nil || flags.NArg() > 0 {
		t.Fatalf("%s: %v, left over %q", command, err, flags.Args())
	}
	p, err := conv.Parse(words[2])
	if err != nil {
		t.Fatal(err)
	}
	modes := map[string]cpuref.Mode{"integers": cpuref.Exact, "reals": cpuref.Bounded}
	mode, ok := modes[*data]
	if !ok {
		t.Fatalf("%s: --data %s", command, *data)
	}
	c.Problem, c.Mode, c.Options = p, mode, host.LayerOptions{Activation: relu.Activation, Threads: uint32(*threads)}
	return c, o
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
