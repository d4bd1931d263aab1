package host_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/hosttest"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/shaders"
)

// The tests below break the shaders, one line or one token at a time, and require that a small fixed
// set of layers notices. What they would let pass is either a hole in the cases or code without effect.

// mutant is one shader of the table, broken.
type mutant struct {
	variant shaders.Variant
	was, is string // the line, trimmed; is may be empty
	text    string // of the whole shader
}

func (m mutant) String() string {
	return fmt.Sprintf("%s: `%s` became `%s`", m.variant.Name(), m.was, m.is)
}

// broken are the variants that are broken: the widest workgroups, for which barriers matter most. Lines
// that the second has in common with the first are broken in the first alone.
var broken = []shaders.Variant{shaders.Conv{Threads: 256}, shaders.Conv{Threads: 256, ReLU: true}, shaders.ReLU{Threads: 256}}

// killers are the layers that must notice, the quickest first. SeparateReLU runs the one shader of ReLU.
var killers = map[shaders.Variant][]proof.Case{
	broken[0]: convKillers(host.NoActivation),
	broken[1]: convKillers(host.ReLU),
	broken[2]: {
		killer("ic1iw700oc1kw1", host.SeparateReLU, 32),  // the last workgroup half full, and some left over
		killer("ic1iw5120oc1kw1", host.SeparateReLU, 32), // 20 workgroups, which fill the folded grid
	},
}

func convKillers(a host.Activation) []proof.Case {
	return []proof.Case{
		killer("mb2ic1ih3iw4oc2kh3ph1", a, 256),                            // each edge of each image is read over
		killer("g2mb2ic10ih6iw5oc6oh3ow2kh2kw3sh2sw3ph3pw1dh2dw1", a, 256), // no two parameters beside each other are alike
		killer("ic65ih2iw3oc3kh2", a, 256),                                 // more taps than threads
	}
}

func killer(descriptor string, a host.Activation, threads uint32) proof.Case {
	p, err := conv.Parse(descriptor)
	if err != nil {
		panic(err)
	}
	return proof.Case{Problem: p, Seed: 1, Mode: cpuref.Exact, Options: host.LayerOptions{Activation: a, Threads: threads}}
}

// foldSmall folds grids to 2 x 5 x n, so that every axis matters. The layers above leave workgroups over
// but for the one that says so.
func foldSmall(count uint64, _ uint32) ([3]uint32, bool) {
	return [3]uint32{2, 5, uint32(count+9) / 10}, true
}

// lines gives what to break: each line that is code, with its number, unless an earlier variant of the
// same shader has it too.
func lines(v shaders.Variant, text string) map[int]string {
	seen := map[string]bool{}
	for _, earlier := range broken[:slices.Index(broken, v)] {
		s, err := shaders.Source(earlier)
		if err == nil && fmt.Sprintf("%T", earlier) == fmt.Sprintf("%T", v) {
			for _, line := range strings.Split(s.WGSL, "\n") {
				seen[line] = true
			}
		}
	}
	code := map[int]string{}
	for i, line := range strings.Split(text, "\n") {
		if trimmed := strings.TrimSpace(line); trimmed != "" && !strings.HasPrefix(trimmed, "//") && !seen[line] {
			code[i] = line
		}
	}
	return code
}

// mutants breaks every line of code of every broken variant; each gives the lines to put in its place.
func mutants(t *testing.T, each func(line string) []string) []mutant {
	t.Helper()
	var all []mutant
	for _, v := range broken {
		s, err := shaders.Source(v)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Split(s.WGSL, "\n")
		code := lines(v, s.WGSL)
		for i := range text {
			for _, is := range each(code[i]) {
				changed := slices.Clone(text)
				changed[i] = is
				all = append(all, mutant{v, strings.TrimSpace(text[i]), strings.TrimSpace(is), strings.Join(changed, "\n")})
			}
		}
	}
	return all
}

// kill runs the killers with m in place of its original. killed is false where all pass.
func (m mutant) kill(t *testing.T, dev *host.Device) (killed, compiled bool) {
	t.Helper()
	text := m.text
	host.SetSource(t, func(v shaders.Variant) (shaders.Shader, error) {
		s, err := shaders.Source(v)
		if v == m.variant {
			s.WGSL = text
		}
		return s, err
	})
	for _, c := range killers[m.variant] {
		_, err := c.Run(dev)
		switch {
		case err == nil:
		case errors.Is(err, gpu.ErrShader):
			return true, false
		case errors.Is(err, cpuref.ErrMismatch), errors.Is(err, cpuref.ErrGuard), errors.Is(err, cpuref.ErrChanged):
			return true, true
		default:
			t.Fatalf("%v: %v", m, err)
		}
	}
	return false, true
}

// killersPass holds that nothing but the mutation can be what the killers notice.
func killersPass(t *testing.T, dev *host.Device) {
	t.Helper()
	for _, cases := range killers {
		for _, c := range cases {
			if _, err := c.Run(dev); err != nil {
				t.Fatalf("unbroken: %v\n\t%s", err, c.Repro(dev))
			}
		}
	}
}

// TestEveryLineMatters deletes each line of each shader.
func TestEveryLineMatters(t *testing.T) {
	host.SetFold(t, foldSmall)
	dev := hosttest.Open(t)
	killersPass(t, dev)
	lines, ran := 0, 0
	for _, m := range mutants(t, func(line string) []string {
		if line == "" {
			return nil
		}
		return []string{""}
	}) {
		killed, compiled := m.kill(t, dev)
		if !killed {
			t.Errorf("nothing notices that %v", m)
		}
		if lines++; compiled {
			ran++
		}
	}
	t.Logf("%d lines deleted, of which %d left a shader that compiles", lines, ran)
}

// swaps are the changes of single tokens. Parameters are taken for the next one of their struct beside.
var swaps = map[string][]string{
	"+": {"-"}, "-": {"+"}, "*": {"+"}, "/": {"*"}, "%": {"/"}, "+=": {"="},
	"<": {"<=", ">"}, "==": {"!="}, "&&": {"||"},
	"0u": {"1u"}, "2u": {"1u", "3u"}, "0": {"1"}, "0.0": {"1.0"}, "256u": {"255u"},
	"workgroup.x": {"workgroup.y"}, "workgroup.y": {"workgroup.z"}, "workgroup.z": {"workgroup.x"},
	"grid.x": {"grid.y"}, "grid.y": {"grid.x", "grid.z"},
	"out_x": {"out_y"}, "out_y": {"out_x"}, "in_x": {"in_y"}, "in_y": {"in_x"}, "filter_x": {"filter_y"}, "filter_y": {"filter_x"},
	"image": {"out_y"}, "channel": {"first_channel"}, "first_channel": {"channel"}, "column": {"k"}, "k": {"output"}, "output": {"k"},
	"tap": {"taps"}, "taps": {"tap"}, "inside": {"!inside"}, "thread": {"0u"}, "width": {"1u"}, "value": {"sum"}, "sum": {"1.0"},
	"x": {"w"}, "w": {"x"}, "b": {"w"}, "i": {"thread"}, "max": {"min"}, "THREADS": {"1u"}, "u32": {"i32"}, "read_write": {"read"},
}

var token = regexp.MustCompile(`[A-Za-z_][\w.]*|\d[\d.]*u?|[-+*/%<>=&|!]+`)

var comparison = regexp.MustCompile(`[\w.]+ (<|==) [\w.]+`)

// tokenMutants changes each token of a line in turn, and takes each comparison for true. Left out by
// rule is what could run for ever, for nothing stops a GPU: the condition and the step of a for.
func tokenMutants(params []string, line string) []string {
	code, _, _ := strings.Cut(line, "//")
	if head, _, ok := strings.Cut(code, ";"); ok && strings.Contains(code, "for (") {
		code = head
	}
	var all []string
	for _, at := range comparison.FindAllStringIndex(code, -1) {
		all = append(all, line[:at[0]]+"true"+line[at[1]:])
	}
	for _, at := range token.FindAllStringIndex(code, -1) {
		word := code[at[0]:at[1]]
		others := swaps[word]
		if i := slices.Index(params, word); i >= 0 {
			others = []string{params[(i+1)%len(params)]}
		}
		for _, other := range others {
			all = append(all, line[:at[0]]+other+line[at[1]:])
		}
	}
	return all
}

// paramNames are p.outputs and its sisters, in their order.
func paramNames(t *testing.T) []string {
	s, err := shaders.Source(broken[0])
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^\t(\w+): u32,`).FindAllStringSubmatch(s.WGSL, -1) {
		names = append(names, "p."+m[1])
	}
	return names
}

// equivalents are the mutants that no run could tell from the original, and those that only a race tells:
// they depend on which thread comes first, and may be noticed on one adapter and not on the next.
var equivalents = []equivalent{
	{"if inside && thread == 0u {", "if inside && thread == 1u {", false, "after the last barrier any one thread may write the output"},
	{"if inside && thread == 0u {", "if inside && thread != 0u {", false, "the others all write the same value that the first would"},
	{"if inside && thread == 0u {", "if inside && 0u == 0u {", false, "all write the same value"},
	{"if inside && thread == 0u {", "if inside && true {", false, "all write the same value"},
	{"if thread < width {", "if true {", true, "threads from width on add to sums that are read in this round for the last time"},
	{"if thread < width {", "if thread <= width {", true, "thread width adds to a sum that is read in this round for the last time, by thread 0"},
	{"if thread < width {", "if 0u < width {", true, "threads from width on add to sums that are read in this round for the last time"},
}

type equivalent struct {
	was, is string
	race    bool
	why     string
}

// TestEveryTokenMatters changes each token of each shader.
func TestEveryTokenMatters(t *testing.T) {
	host.SetFold(t, foldSmall)
	dev := hosttest.Open(t)
	killersPass(t, dev)
	params := paramNames(t)
	ran, found := 0, map[string]bool{}
	for _, m := range mutants(t, func(line string) []string { return tokenMutants(params, line) }) {
		killed, compiled := m.kill(t, dev)
		if compiled {
			ran++
		}
		found[m.was+m.is] = true
		listed := slices.IndexFunc(equivalents, func(e equivalent) bool { return e.was == m.was && e.is == m.is })
		switch {
		case listed < 0 && !killed:
			t.Errorf("nothing notices that %v", m)
		case listed >= 0 && killed && !equivalents[listed].race:
			t.Errorf("listed as equivalent, and yet it is noticed that %v", m)
		}
	}
	for _, e := range equivalents {
		if !found[e.was+e.is] {
			t.Errorf("listed as equivalent, but no mutant: `%s` became `%s`", e.was, e.is)
		}
	}
	if t.Logf("%d mutants compiled and ran", ran); ran < 60 {
		t.Error("must be 60 or more")
	}
}
