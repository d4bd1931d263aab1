package host_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/hosttest"
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

// broken are the variants that are broken, one of every kernel: the widest workgroups, for which barriers
// matter most, and small tiles, which compile fastest.
var broken = slices.Concat([]shaders.Variant{
	shaders.ReLU, shaders.Activate, shaders.ActivationGradients, shaders.BiasGradients, shaders.FilterGradients,
	shaders.Conv(256, shaders.Float32), shaders.Conv(256, shaders.Float16),
}, brokenStrips(), brokenSpreads(), brokenFilters(), rows(shaders.Winograds()), []shaders.Variant{
	shaders.QuantizeLinear, shaders.DequantizeLinear, shaders.Dequantize, shaders.Requantize,
	shaders.FourierRows(4), shaders.FourierColumns(4), shaders.FourierInverseColumns(4), shaders.FourierInverseRows(4),
	shaders.FourierRows(1), shaders.FourierColumns(1), shaders.FourierInverseColumns(1), shaders.FourierInverseRows(1),
	shaders.SpaceToDepthBy(4), shaders.SpaceToDepthBy(1), depthToSpace4, depthToSpace1,
	registers4, registers1, across, uniform, shared4, shared1, brokenSeparable, shaders.SumSplitK,
	shaders.Conv(256, shaders.Int8),
	peakKernel(true, 1), peakKernel(false, 1), peakKernel(true, 4), peakKernel(false, 4), copyKernel(1), copyKernel(4),
}, rows(shaders.Operators()), rows(shaders.Pools()), rows(shaders.Pointwises()), rows(shaders.Remaps()),
	rows(shaders.Reductions()), rows(shaders.Softmaxes()), rows(shaders.Extremes()), rows(shaders.Normalizes()),
	rows(shaders.Cumulates()), rows(shaders.Halves()), rows(shaders.Storeds()), rows(shaders.Singles()),
	rows(shaders.Textureds()),
	[]shaders.Variant{shaders.FromInt8, shaders.ToSumsBy(4), shaders.ToSumsBy(1)})

// rows are variants of one type.
func rows[V shaders.Variant](all []V) (variants []shaders.Variant) {
	for _, v := range all {
		variants = append(variants, v)
	}
	return variants
}

// sizes are the fields of rows that make no other kernel: how many threads share the work, and how much of it
// a thread or a workgroup takes. A field that is not here makes one: a transform's tile and its outputs, a
// filter that is unrolled, its stride, what is loaded at once, and what a type gains later.
var sizes = map[string][]string{
	"Sums": {"Threads"}, "Elementwise": {"Threads"}, "Operator": {"Threads"}, "Peak": {"Threads"}, "Copy": {"Threads"},
	"Half": {"Threads"}, "ToSums": {"Threads"}, "Winograd": {"Threads"}, "Fourier": {"Threads"},
	"SpaceToDepth": {"Threads"},
	"Pool":         {"Threads"}, "DepthToSpace": {"Threads", "Lanes"}, "Spread": {"Strip", "Rows", "Threads"},
	"Registers": {"Pixels", "Channels", "Threads"}, "Shared": {"Rows", "Columns", "Depth"},
	"Separable": {"Shared"},
	"Stem":      {"Strip", "Rows", "Channels", "Threads"}, "Slide": {"Strip", "Rows", "Threads"},
	"FilterTiles": {"Outputs", "Inputs", "Strip", "Threads"}, "FilterSlide": {"Strip", "Threads"},
	"FilterShared": {"Rows", "Columns", "Depth"},
	"BiasSums":     {"Threads"}, "Unshared": {"Images", "Threads"}, "FilterUnshared": {"Threads"},
	"UnsharedInputs": {"Images", "Threads"}, "UnsharedGather": {"Threads"},
	"Depthwise": {"Strip", "Threads"}, "Pointwise": {"Threads", "Each"}, "Remap": {"Threads", "Each"},
	"ReduceAxes": {"Lanes", "Threads"}, "Softmax": {"Lanes", "Threads"}, "Extreme": {"Lanes", "Threads"},
	"Normalize": {"Lanes", "Threads"}, "Cumulate": {"Lanes", "Threads"},
}

// kernelOf is the same for rows that differ in nothing but sizes: the row without them.
func kernelOf(v shaders.Variant) any {
	row := reflect.New(reflect.TypeOf(v)).Elem()
	row.Set(reflect.ValueOf(v))
	for _, field := range sizes[row.Type().Name()] {
		row.FieldByName(field).SetZero() // panics where there is no such field
	}
	return row.Interface()
}

// TestAllKernelsAreBroken holds the list above against the table.
func TestAllKernelsAreBroken(t *testing.T) {
	have := map[any]bool{}
	for _, v := range broken {
		have[kernelOf(v)] = true
		if len(killers[v]) == 0 {
			t.Errorf("no killers of %s", v.Name())
		}
		if !slices.Contains(shaders.Variants(), v) {
			t.Errorf("%s is not in the table", v.Name())
		}
	}
	for _, v := range shaders.Variants() {
		if !have[kernelOf(v)] {
			t.Errorf("no mutants of %s", v.Name())
		}
	}
}

// foldSmall folds grids to 2 x 5 x n, so that every axis matters. Most killers leave workgroups over.
func foldSmall(count uint64, _ uint32) ([3]uint32, bool) {
	return [3]uint32{2, 5, uint32(count+9) / 10}, true
}

// chunk is a declaration at the top of a shader.
type chunk struct {
	first int      // the number of its first line
	lines []string // without comments
}

func (c chunk) text() string { return strings.Join(c.lines, "\n") }

// kind is the same for functions that differ in nothing but the type of their sums.
func (c chunk) kind() string {
	return strings.NewReplacer("-> i32", "-> f32", "sum: i32", "sum: f32", "i32(0)", "f32(0)").Replace(c.text())
}

// isFunction and isStruct tell what a chunk declares.
func (c chunk) isFunction() bool { return strings.HasPrefix(c.lines[0], "fn ") }
func (c chunk) isStruct() bool   { return strings.HasPrefix(c.lines[0], "struct ") }

// chunks splits a shader. Comments become empty lines.
func chunks(text string) []chunk {
	var all []chunk
	open := false
	for i, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "//") {
			line = ""
		}
		if !open {
			all = append(all, chunk{first: i})
		}
		last := &all[len(all)-1]
		last.lines = append(last.lines, line)
		if strings.HasSuffix(line, "{") || strings.HasSuffix(line, "(") {
			open = true
		}
		if line == "}" {
			open = false
		}
	}
	return all
}

// reached are the texts of the functions that main calls, directly or not.
func reached(all []chunk) map[string]bool {
	texts := map[string]bool{}
	var visit func(body string)
	visit = func(body string) {
		for _, c := range all {
			name, _, _ := strings.Cut(strings.TrimPrefix(c.lines[0], "fn "), "(")
			if c.isFunction() && !texts[c.text()] && regexp.MustCompile(`\b`+name+`\(`).MatchString(body) {
				texts[c.text()] = true
				visit(c.text())
			}
		}
	}
	visit("main(")
	for _, c := range all {
		if strings.HasPrefix(c.lines[0], "@compute") {
			visit(c.text())
		}
	}
	return texts
}

// lines gives what to break in each variant: each line that is code, with its number. What several
// variants share is broken once: a function in the first one that calls it, a struct in the last one,
// the fields of which all have others behind them or are read.
func lines(t *testing.T) map[shaders.Variant]map[int]string {
	t.Helper()
	code, seen := map[shaders.Variant]map[int]string{}, map[string]bool{}
	structs := map[string]shaders.Variant{}
	split, shapes := map[shaders.Variant][]chunk{}, map[string]map[string]bool{}
	alike := map[string]bool{}
	for _, v := range broken {
		s, err := shaders.Source(v)
		if err != nil {
			t.Fatal(err)
		}
		split[v] = chunks(s.WGSL)
		for _, c := range split[v] {
			if c.isStruct() && formOf(v) == nil { // which have those of their rows
				structs[c.text()] = v
			}
		}
	}
	for _, v := range broken {
		code[v] = map[int]string{}
		calls := reached(split[v])
		for _, c := range split[v] {
			if c.isStruct() && structs[c.text()] != v || c.isFunction() && (seen[c.text()] || !calls[c.text()]) {
				continue
			}
			c.into(code[v], seen[c.kind()])
			if ofTensors(v) && !c.isStruct() && (!c.isFunction() || strings.HasPrefix(c.lines[0], "fn main(")) {
				c.onlyOnce(code[v], alike)
			}
			seen[c.text()], seen[c.kind()] = c.isFunction(), c.isFunction()
		}
		ofRow := linesOfRow(t, v)
		maps.DeleteFunc(code[v], func(_ int, line string) bool { return ofRow[line] })
		if family := unrolledWith(v); family != "" {
			if shapes[family] == nil {
				shapes[family] = map[string]bool{}
			}
			firstAndLast(code[v], shapes[family])
		}
	}
	return code
}

// formOf is the row that a kernel is another form of, nil of others.
func formOf(v shaders.Variant) shaders.Variant {
	switch k := v.(type) {
	case shaders.Stored:
		return k.Of
	case shaders.Single:
		return k.Of
	case shaders.Textured:
		return k.Of
	}
	return nil
}

// linesOfRow are those that a kernel has of its row, where they are broken.
func linesOfRow(t *testing.T, v shaders.Variant) map[string]bool {
	t.Helper()
	row := formOf(v)
	if row == nil {
		return nil
	}
	s, err := shaders.Source(row)
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]bool{}
	for line := range strings.Lines(s.WGSL) {
		lines[strings.TrimSuffix(line, "\n")] = true
	}
	return lines
}

// ofTensors tells the kernels of package op from those of layers.
func ofTensors(v shaders.Variant) bool {
	switch v.(type) {
	case shaders.Pointwise, shaders.Remap, shaders.ReduceAxes, shaders.Softmax, shaders.Extreme, shaders.Normalize,
		shaders.Cumulate, shaders.Scatter, shaders.Chain:
		return true
	}
	return false
}

// onlyOnce leaves out the lines of a chunk that an earlier one has, too: of the kernels of tensors there are several
// for each operator, and all but the operator's functions is the same.
func (c chunk) onlyOnce(code map[int]string, seen map[string]bool) {
	for i, line := range c.lines {
		if seen[line] {
			delete(code, c.first+i)
		}
		seen[line] = true
	}
}

// unrolledWith names the variants that share their unrolled code: of hundreds of lines that are alike but for
// numbers and components the first of them has two broken. It is empty where each line is.
func unrolledWith(v shaders.Variant) string {
	switch v := v.(type) {
	case shaders.Tiles:
		return "tiles"
	case shaders.Slide:
		if v.Filter > 3 {
			return "slides"
		}
	case shaders.FilterTiles, shaders.FilterSlide, shaders.FilterShared:
		return "filters"
	case shaders.UnsharedInputs:
		return "unshared inputs"
	case shaders.Winograd:
		if strings.HasPrefix(v.Kernel, "winograd_gradient") || strings.HasPrefix(v.Kernel, "winograd_filters") {
			return "gradients by winograd"
		}
	case shaders.Fourier:
		return "fourier"
	case shaders.MatMul:
		return "matmul"
	case shaders.Textured:
		return v.Name() // of one line of a template each
	case shaders.Stem:
		if v != brokenStem { // the smallest
			return v.Name()
		}
	}
	return ""
}

// unrolled is what lines of unrolled code differ in: numbers, and components of vectors.
var unrolled = regexp.MustCompile(`[\d_]+|\.[xyzw]\b`)

// firstAndLast leaves no more than the first and the last of the lines that are alike but for numbers and
// components: the code of tiles is unrolled, and hundreds of mutants of one line of its template would tell
// the same. What an earlier variant has, too, is not broken again.
func firstAndLast(code map[int]string, seen map[string]bool) {
	alike := map[string][]int{}
	for _, i := range slices.Sorted(maps.Keys(code)) {
		kind := unrolled.ReplaceAllString(code[i], "#")
		alike[kind] = append(alike[kind], i)
	}
	for kind, all := range alike {
		if !seen[kind] {
			seen[kind], all = true, all[1:max(1, len(all)-1)]
		}
		for _, i := range all {
			delete(code, i)
		}
	}
}

// into adds the chunk's code. Of a function that was broken with sums of another type, no more than the
// call of product, for products differ by more than their type.
func (c chunk) into(code map[int]string, again bool) {
	for i, line := range c.lines {
		if strings.TrimSpace(line) != "" && (!again || strings.Contains(line, "product(")) {
			code[c.first+i] = line
		}
	}
}

// mutants breaks every line of code of every broken variant; each gives the lines to put in its place.
func mutants(t *testing.T, each func(line string) []string) []mutant {
	t.Helper()
	var all []mutant
	code, wanted := lines(t), regexp.MustCompile(*mutantsOf)
	for _, v := range broken {
		if !wanted.MatchString(v.Name()) {
			continue
		}
		s, err := shaders.Source(v)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Split(s.WGSL, "\n")
		for i := range text {
			if code[v][i] == "" {
				continue
			}
			for _, is := range each(code[v][i]) {
				changed := slices.Clone(text)
				changed[i] = is
				all = append(all,
					mutant{v, strings.TrimSpace(text[i]), strings.TrimSpace(is), strings.Join(changed, "\n")})
			}
		}
	}
	return all
}

// kill runs the killers with m in place of its original. killed is false where all pass.
func (m mutant) kill(t *testing.T, dev *host.Device) (killed, compiled bool) {
	t.Helper()
	mutated = m
	cases := killers[m.variant]
	for i, c := range cases {
		err := c.run(dev)
		switch {
		case err == nil:
		case errors.Is(err, gpu.ErrShader):
			return true, false
		case errors.Is(err, cpuref.ErrMismatch), errors.Is(err, cpuref.ErrGuard), errors.Is(err, cpuref.ErrChanged),
			errors.Is(err, cpuref.ErrNoVerdict): // what comes after a gradient that was never written has none
			// The next mutant is most likely of the same line: what noticed this one goes first.
			killers[m.variant] = slices.Insert(slices.Delete(cases, i, i+1), 0, c)
			return true, true
		default:
			t.Fatalf("%v: %v", m, err)
		}
	}
	return false, true
}

// mutated is what takes its variant's place while mutate's test runs.
var mutated mutant

// sourceOf is the text of a variant, broken where mutated says so.
func sourceOf(v shaders.Variant) (shaders.Shader, error) {
	s, err := shaders.Source(v)
	if mutated.text != "" && v == mutated.variant {
		s.WGSL = mutated.text
	}
	return s, err
}

func mutate(t *testing.T, dev *host.Device) {
	addPlaced(dev)
	host.SetFold(t, dev, foldSmall)
	host.SetSource(t, dev, sourceOf)
	host.SetGeneral(dev, true)
	t.Cleanup(func() { host.SetGeneral(dev, false) })
	t.Cleanup(func() { mutated = mutant{} })
}

// passed are the variants whose killers passed in this process: on SwiftShader compiling kernels takes minutes.
var passed = map[shaders.Variant]bool{}

// killersPass holds that nothing but the mutation can be what the killers of the mutants' variants notice.
func killersPass(t *testing.T, dev *host.Device, chosen []mutant) {
	t.Helper()
	for _, m := range chosen {
		if passed[m.variant] {
			continue
		}
		passed[m.variant] = true
		for _, c := range killers[m.variant] {
			if err := c.run(dev); err != nil {
				t.Errorf("%s, %s, unbroken: %v", m.variant.Name(), c.name, err)
			}
		}
	}
	if t.Failed() {
		t.FailNow()
	}
}

// TestEveryLineMatters deletes each line of each shader.
func TestEveryLineMatters(t *testing.T) {
	chosen := turnOf(t, 20, 160)
	dev := hosttest.Open(t)
	mutate(t, dev)
	all := mutants(t, func(string) []string { return []string{""} })
	tried := todays(chosen, all)
	killersPass(t, dev, tried)
	ran := 0
	for _, m := range tried {
		killed, compiled := m.kill(t, dev)
		if !killed && !spared(m, "") {
			t.Errorf("nothing notices that %v", m)
		}
		if compiled {
			ran++
		}
	}
	for _, e := range equivalents {
		listed := func(m mutant) bool { return m.was == e.was }
		if e.is == "" && *mutantsOf == "" && !slices.ContainsFunc(all, listed) {
			t.Errorf("listed as a line without effect, but no line: `%s`", e.was)
		}
	}
	t.Logf("%d lines, %v deleted, of which %d left a shader that compiles", len(all), chosen, ran)
}

// swaps are the changes of single tokens. Parameters are taken for the next one of their kind in the
// struct, and numbers that are not here for ones a little off.
var swaps = map[string][]string{
	"+": {"-"}, "-": {"+"}, "*": {"+"}, "/": {"*"}, "%": {"/"}, "+=": {"="}, "<<": {">>"}, ">>": {"<<"},
	"<": {"<=", ">"}, ">": {">=", "<"}, "<=": {"<", ">="}, ">=": {">", "<="}, "==": {"!="}, "&&": {"||"}, "&": {"|"},
	"0u": {"1u"}, "1u": {"0u", "2u"}, "2u": {"1u", "3u"}, "3u": {"2u"}, "0": {"1"}, "1": {"2"}, "2": {"1"},
	"4u": {"5u"}, "8u": {"7u"}, "24u": {"16u"}, "64u": {"63u"}, "256u": {"255u"},
	"0.0": {"1.0"}, "1.0": {"2.0"}, "2.0": {"1.0"}, "10.0": {"1.0"}, "87.0": {"8.7"},
	"workgroup.x": {"workgroup.y"}, "workgroup.y": {"workgroup.z"}, "workgroup.z": {"workgroup.x"},
	"grid.x": {"grid.y"}, "grid.y": {"grid.x", "grid.z"},
	"to_size": {"from_size"}, "from_size": {"to_size"}, "back": {"!back"}, "bank": {"at"}, "at": {"bank"},
	"image": {"0u"}, "to": {"f"}, "f": {"to"},
	"channel": {"tap"}, "tap": {"taps"}, "taps": {"tap"}, "column": {"k"}, "k": {"output"}, "output": {"k"},
	"weight": {"i"},
	"inside": {"!inside"}, "beyond": {"!beyond"}, "inner": {"q"}, "thread": {"0u"}, "width": {"1u"}, "sum": {"1.0"},
	"low": {"high"}, "high": {"low"},
	"ins": {"outs"}, "outs": {"ins"}, "shared_outs": {"outs"}, "o": {"0u"}, "positions": {"1u"},
	"x": {"w"}, "w": {"x"}, "b": {"w"}, "dv": {"x"}, "i": {"thread"}, "max": {"min"}, "min": {"max"},
	"THREADS": {"1u"}, "read_write": {"read"},
	"both.x": {"both.y"}, "both.y": {"both.x"}, "z": {"slope"}, "slope": {"z"}, "held": {"z"}, "added": {"z"},
	"sigmoid": {"tangent"},
	"copy":    {"pad"}, "pad": {"copy"}, "n": {"i"}, "q": {"n"},
	"up": {"down"}, "down": {"up"}, "more": {"less"}, "less": {"more"}, "start": {"p.stride", "up"},
	"first": {"thread"}, "p.rounds": {"p.count"},
	"even1": {"odd1"}, "odd1": {"even1"}, "even2": {"even1"}, "odd2": {"odd1"}, "even3": {"even2"}, "odd3": {"odd2"},
	"even": {"odd"}, "odd": {"even"}, "near": {"far"}, "far": {"near"}, "nearer": {"farther"},
	"farther": {"nearer"}, "upper": {"lower"}, "lower": {"upper"},
	"COS1": {"COS3"}, "COS2": {"COS1"}, "COS3": {"COS1"}, "16u": {"15u"}, "23u": {"22u"}, "wide": {"rows"},
	"source": {"to"}, "twice": {"first"}, "last": {"first"}, "row": {"column"}, "number": {"i"}, "lane": {"0u"},
	"each": {"1u"},
	"d.e0": {"d.e1"}, "d.e1": {"d.e2"}, "d.e2": {"d.e3"}, "d.e3": {"d.e0"}, "d.e4": {"d.e3"}, "d.e5": {"d.e4"},
	"d.e6": {"d.e5"}, "d.e7": {"d.e6"}, "outputs": {"residues"}, "residues": {"outputs"}, "VECTOR": {"1u"},
	"row.x": {"row.y"}, "row.y": {"row.z"}, "column.z": {"column.y"},
	"t.number": {"t.image"}, "t.image": {"t.number"}, "t.block": {"t.blocks"}, "t.blocks": {"t.block"},
	"tiles.y": {"tiles.z"}, "tiles.z": {"tiles.y"},
	"tile.split": {"tile.group"}, "tile.column": {"tile.group"}, "tile.group": {"tile.split"},
	"tile.pixel": {"tile.channel"}, "tile.channel": {"tile.pixel"},
	"begin": {"0u"}, "end": {"columns", "steps"}, "columns": {"rows", "end"}, "all_columns": {"columns"},
	"rows": {"columns"}, "pixels": {"rows", "channels"}, "channels": {"pixels"}, "pixel": {"tile.pixel"},
	"four": {"0u"}, "bias": {"tile.channel"},
	"tile_pixels": {"tile_channels"}, "tile_channels": {"tile_pixels"}, "before": {"0u"}, "PIXELS": {"CHANNELS"},
	"CHANNELS": {"PIXELS"}, "ROWS": {"DEPTH"}, "COLUMNS": {"DEPTH", "PIXELS"}, "DEPTH": {"LOADERS"},
	"LOADERS":   {"ROWS"},
	"first_row": {"first_column"}, "first_column": {"first_row"}, "slices": {"step"}, "step": {"slices"},
	"steps": {"columns", "begin"}, "some": {"true"}, "mine": {"tile"}, "tile": {"mine"},
	"mine.channel": {"mine.pixel"}, "workgroup": {"rows"},
	"at.x": {"at.y"}, "at.y": {"at.z"}, "at.z": {"at.x"}, "c.x": {"c.y"}, "c.y": {"c.z"}, "c.z": {"c.x"},
	"n.x": {"n.y"}, "n.y": {"n.z"}, "n.z": {"n.x"},
	"pad.x": {"pad.y"}, "pad.y": {"pad.z"}, "pad.z": {"pad.x"}, "size.y": {"size.z"}, "size.z": {"size.y"},
	"position.x": {"position.y"}, "position.y": {"position.z"}, "position.z": {"position.x"},
	"axis": {"k"}, "coordinate": {"1u"}, "to.x": {"to.v"}, "to.y": {"to.x"}, "to.z": {"to.x"}, "to.v": {"to.x"},
	"at.v":        {"at.x"},
	"p.x.strides": {"p.v.strides"}, "p.y.strides": {"p.x.strides"}, "p.z.strides": {"p.x.strides"},
	"p.v.strides": {"p.x.strides"},
	"p.x.offset":  {"p.v.offset"}, "p.y.offset": {"p.x.offset"}, "p.z.offset": {"p.x.offset"},
	"p.v.offset": {"p.x.offset"},
	"head":       {"tail"}, "tail": {"head"}, "many": {"few"}, "few": {"many"}, "whole": {"!whole"},
	"extreme": {"!extreme"}, "middle": {"far"},
	"b.m": {"b.n"}, "b.n": {"b.m"}, "further": {"0"}, "p.shape.rank": {"1u"},
	"part": {"0u"}, "PARTS": {"1u"}, "LANES": {"1u"}, "largest": {"0.0"}, "mean": {"0.0"}, "p.rows": {"p.count"},
	"p.length":       {"p.count"},
	"p.terms.offset": {"p.x.offset"}, "p.results.offset": {"p.v.offset"}, "p.factors.offset": {"p.x.offset"},
	"p.summands.offset": {"p.x.offset"},
	"p.scale.offset":    {"p.x.offset"}, "p.bias.offset": {"p.x.offset"}, "p.scale.strides": {"p.x.strides"},
	"p.bias.strides":    {"p.x.strides"},
	"p.factors.strides": {"p.terms.strides"}, "p.summands.strides": {"p.terms.strides"},
	"p.terms.strides": {"p.x.strides"}, "p.results.strides": {"p.v.strides"},
	"by.results": {"by.terms"}, "by.factors": {"by.terms"}, "by.summands": {"by.factors"}, "at.scale": {"at.x"},
	"at.bias":  {"at.scale"},
	"to.terms": {"to.results"}, "to.results": {"to.terms"}, "to.factors": {"to.terms"}, "to.summands": {"to.terms"},
	"to.scale": {"to.x"}, "to.bias": {"to.x"},
	"p.reduced.rank": {"1u"}, "p.kept.rank": {"1u"}, "p.exclusive": {"p.reverse"}, "p.reverse": {"p.exclusive"},
	"p.numbers": {"p.within"},
	"p.within":  {"p.beside"}, "p.beside": {"p.within"}, "variance": {"mean"}, "behind": {"before"},
	"distance": {"mean"},
	"p.start":  {"p.step"}, "p.step": {"p.start"},
	"words.x": {"words.y"}, "words.y": {"words.z"}, "words.z": {"words.w"}, "words.w": {"words.x"},
	"low.xy": {"low.zw"}, "low.zw": {"low.xy"}, "high.xy": {"high.zw"}, "high.zw": {"high.xy"},
	"p.biases": {"p.outputs"},
}

var (
	token      = regexp.MustCompile(`[A-Za-z_][\w.]*|\d[\d.]*u?|[-+*/%<>=&|!]+`)
	comparison = regexp.MustCompile(`[\w.]+ (<|>|<=|>=|==) [\w.]+`)
	fraction   = regexp.MustCompile(`^\d+\.\d+$`)
	// in unrolled code
	numbered = regexp.MustCompile(
		`^(start|image|from|pixel|inside|column|row|sum|place|x|w|[dtupqrio])\d{1,2}(_\d)?(\.n\d)?(\.[xyzw])?$`)
	bounding = regexp.MustCompile(`let (end|steps) = `)
)

// tokenMutants changes each token of a line in turn, and takes each comparison for true. Left out by
// rule is what could run for ever, for nothing stops a GPU: the condition and the step of a for, and sums
// that bound it, which would wrap around if they were differences; 0 taken away instead of added; types,
// which do not compile; and structs, which package shaders holds against Go's, field by field.
func tokenMutants(params map[string]string, line string) []string {
	code, _, _ := strings.Cut(line, "//")
	if head, _, ok := strings.Cut(code, ";"); ok && strings.Contains(code, "for (") {
		code = head
	}
	if strings.HasPrefix(code, "fn ") || regexp.MustCompile(`^\t\w+: [\w<>]+,`).MatchString(code) {
		return nil
	}
	var all []string
	for _, at := range comparison.FindAllStringIndex(code, -1) {
		all = append(all, line[:at[0]]+"true"+line[at[1]:])
	}
	for _, at := range token.FindAllStringIndex(code, -1) {
		word := code[at[0]:at[1]]
		if word == "+" && (bounding.MatchString(code) || strings.HasPrefix(code[at[1]:], " 0u")) {
			continue
		}
		for _, other := range changes(params, word) {
			all = append(all, line[:at[0]]+other+line[at[1]:])
		}
	}
	return all
}

// changes are what a token is changed to, none for those that are exempt.
func changes(params map[string]string, word string) []string {
	if numbered.MatchString(word) {
		return []string{neighbour(word)}
	}
	if next, ok := params[word]; ok && next != word {
		return []string{next}
	}
	if others := swaps[word]; others != nil || !fraction.MatchString(word) {
		return others
	}
	return []string{"1.01 * " + word}
}

// neighbour takes a name's component, or else its last number, for the one beside it.
func neighbour(name string) string {
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		return name[:dot+1] + map[string]string{"x": "y", "y": "z", "z": "w", "w": "x"}[name[dot+1:]]
	}
	last := len(name) - 1
	n, _ := strconv.Atoi(name[last:])
	return fmt.Sprintf("%s%d", name[:last], n^1)
}

// withParams are the variants whose parameters are taken for each other.
var withParams = []shaders.Variant{shaders.Conv(256, shaders.Float32), shaders.BiasGradients}

// nextParam gives for p.outputs and its sisters, and for their coordinates, the next one of the same type.
func nextParam(t *testing.T) map[string]string {
	next := map[string]string{}
	for _, v := range withParams {
		s, err := shaders.Source(v)
		if err != nil {
			t.Fatal(err)
		}
		kinds := map[string][]string{}
		for _, m := range regexp.MustCompile(`(?m)^\t(\w+): ([\w<>]+),`).FindAllStringSubmatch(s.WGSL, -1) {
			kinds[m[2]] = append(kinds[m[2]], "p."+m[1])
		}
		for _, names := range kinds {
			for i, name := range names {
				if _, twice := next[name]; !twice {
					next[name] = names[(i+1)%len(names)]
				}
				next[name+".xy"] = name + ".yz"
				for k, axis := range "xyz" {
					next[name+"."+string(axis)] = name + "." + "yzx"[k:k+1]
				}
			}
		}
	}
	return next
}

// TestEveryTokenMatters changes each token of each shader.
func TestEveryTokenMatters(t *testing.T) {
	chosen := turnOf(t, 45, 360)
	dev := hosttest.Open(t)
	mutate(t, dev)
	params := nextParam(t)
	all := mutants(t, func(line string) []string { return tokenMutants(params, line) })
	found := map[string]bool{}
	for _, m := range all {
		found[m.was+m.is] = true
	}
	tried, ran := todays(chosen, all), 0
	killersPass(t, dev, tried)
	for _, m := range tried {
		killed, compiled := m.kill(t, dev)
		if compiled {
			ran++
		}
		listed := slices.IndexFunc(equivalents, func(e equivalent) bool { return e.was == m.was && e.is == m.is })
		switch {
		case listed < 0 && !killed:
			t.Errorf("nothing notices that %v", m)
		case listed >= 0 && killed && !equivalents[listed].race:
			t.Errorf("listed as equivalent, and yet it is noticed that %v", m)
		}
	}
	for _, e := range equivalents {
		if e.is != "" && *mutantsOf == "" && !found[e.was+e.is] {
			t.Errorf("listed as equivalent, but no mutant: `%s` became `%s`", e.was, e.is)
		}
	}
	t.Logf("%d of %d mutants compiled and ran, %v", ran, len(all), chosen)
	if len(all) < 20000 && *mutantsOf == "" {
		t.Errorf("there are %d mutants, must be 20000 or more", len(all))
	}
	if chosen.every == 1 && ran < 4000 && *mutantsOf == "" {
		t.Errorf("%d mutants of all compile, must be 4000 or more", ran)
	}
}

var (
	allMutants = flag.Bool("all-mutants", false, "try every mutant, not every so many of them")
	mutantsOf  = flag.String("mutants-of", "",
		"try mutants of those variants alone whose names match this `expression`")
)

// turn is which of the mutants are tried: one in so many, on each day others.
type turn struct{ every, number int }

// turnOf is the turn of today, or the one that GPUCONV_MUTANTS names: any whole number. One in normal mutants is
// tried, or one in short where time is short, as on an adapter that takes ten times as long. A test that fails
// says how to try the same ones again.
func turnOf(t *testing.T, normal, short int) turn {
	t.Helper()
	every := normal
	switch {
	case *allMutants:
		every = 1
	case testing.Short():
		every = short
	}
	number := int(time.Now().Unix() / (24 * 60 * 60))
	if text := os.Getenv("GPUCONV_MUTANTS"); text != "" {
		var err error
		if number, err = strconv.Atoi(text); err != nil || number < 0 {
			t.Fatalf("GPUCONV_MUTANTS=%s: must be a whole number, such as %d, today's turn", text,
				time.Now().Unix()/(24*60*60))
		}
	}
	t.Cleanup(func() {
		if t.Failed() && every > 1 {
			t.Logf("GPUCONV_MUTANTS=%d tries the same mutants again", number)
		}
	})
	return turn{every, number % every}
}

// todays are the mutants whose turn it is. Sixteen stand beside each other, most of one kernel, so that only the
// killers of some kernels must have passed before, on each day of about as many.
func todays[M any](u turn, all []M) (chosen []M) {
	for i, m := range all {
		if i/16%u.every == u.number {
			chosen = append(chosen, m)
		}
	}
	return chosen
}

func (u turn) String() string {
	if u.every == 1 {
		return "all"
	}
	return fmt.Sprintf("part %d of %d", u.number+1, u.every)
}

// TestTurns holds that as many days as one mutant is tried in try all of them, each once.
func TestTurns(t *testing.T) {
	defer func(all bool) { *allMutants = all }(*allMutants)
	*allMutants = false
	var numbers [1000]int
	for i := range numbers {
		numbers[i] = i
	}
	times := make([]int, len(numbers))
	const days = 10
	for day := range days {
		t.Setenv("GPUCONV_MUTANTS", strconv.Itoa(20000+day))
		for _, i := range todays(turnOf(t, days, days), numbers[:]) {
			times[i]++
		}
	}
	for i, n := range times {
		if n != 1 {
			t.Fatalf("mutant %d is tried %d times in %d days, must be once", i, n, days)
		}
	}
}

// spared reports a mutant that is listed as equivalent.
func spared(m mutant, is string) bool {
	return slices.ContainsFunc(equivalents, func(e equivalent) bool { return e.was == m.was && e.is == is })
}

type equivalent struct {
	was, is string // is is empty for a line that is deleted
	race    bool   // only a race tells: it may be noticed on one adapter and not on the next
	why     string
}
