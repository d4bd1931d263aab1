package host_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/tensor"
)

// part is a layer of a program with its data.
type part struct {
	problem conv.Problem
	data    proof.Operands
	options host.LayerOptions
}

func newPart(t testing.TB, descriptor string, seed uint64, o host.LayerOptions) part {
	t.Helper()
	c := proof.Case{Problem: problem(t, descriptor), Seed: seed, Options: o}
	data, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	o.Slopes = data.Slopes
	return part{c.Problem, data, o}
}

// alone runs the layer by itself.
func (p part) alone(
	t testing.TB, dev *host.Device, algorithm string, x tensor.Volume, residual ...tensor.Volume,
) tensor.Volume {
	t.Helper()
	o := p.options
	o.Algorithm = algorithm
	v, err := build(t, dev, p.problem, p.data.W, o).Run(t.Context(), x, residual...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// compiled closes the program when the test ends.
func compiled(t testing.TB) func(*host.Program, error) *host.Program {
	return func(p *host.Program, err error) *host.Program {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Close() })
		return p
	}
}

// TestProgramOfTwoLayers holds that two layers in one submission give to the bit what they give one by one.
func TestProgramOfTwoLayers(t *testing.T) {
	dev := hosttest.Open(t)
	for _, algorithm := range []string{"direct", "registers", "winograd2", "winograd4", "fourier", ""} {
		first := newPart(t, "mb2ic8ih12oc16kh3ph1", 1,
			host.LayerOptions{Algorithm: algorithm, Epilogue: conv.Activate(conv.ReLU)})
		second := newPart(t, "mb2ic16ih12oc8kh3ph1", 2,
			host.LayerOptions{Algorithm: algorithm, Epilogue: prelu(conv.NoResidual)})
		b := host.NewProgram(dev)
		x := b.Input(2, 12, 12, 8)
		p := compiled(t)(b.Compile(b.Conv(b.Conv(x, first.problem, first.data.W, first.options), second.problem,
			second.data.W, second.options)))
		names := p.Algorithms()
		want := second.alone(t, dev, names[1], first.alone(t, dev, names[0], first.data.X))
		before := dev.GPU().Stats()
		for range 2 {
			got, err := p.Run(t.Context(), first.data.X)
			if err != nil || len(got) != 1 || !slices.Equal(got[0].Data, want.Data) {
				t.Errorf("%v: not what the layers give one by one, error %v", names, err)
			}
		}
		after := dev.GPU().Stats()
		if after.Submissions != before.Submissions+2 {
			t.Errorf("%v: %d submissions for two runs", names, after.Submissions-before.Submissions)
		}
		if after.BindGroups != before.BindGroups || after.Kernels != before.Kernels {
			t.Errorf("%v: running again made %+v, had %+v", names, after, before)
		}
	}
}

// bottleneck is a body of ResNet-50: 1x1, 3x3 and 1x1, each with its ReLU, the last behind the sum with the input.
func bottleneck(t testing.TB) []part {
	relu := conv.Activate(conv.ReLU)
	sum := relu
	sum.Residual = conv.BeforeFunction
	return []part{newPart(t, "ic256ih14oc64kh1", 1, host.LayerOptions{Epilogue: relu}),
		newPart(t, "ic64ih14oc64kh3ph1", 2, host.LayerOptions{Epilogue: relu}),
		newPart(t, "ic64ih14oc256kh1", 3, host.LayerOptions{Epilogue: sum})}
}

// joinBottleneck adds the body to a program.
func joinBottleneck(b *host.Builder, body []part, x host.Value) host.Value {
	y := b.Conv(x, body[0].problem, body[0].data.W, body[0].options)
	y = b.Conv(y, body[1].problem, body[1].data.W, body[1].options)
	return b.Conv(y, body[2].problem, body[2].data.W, body[2].options, x)
}

// TestProgramOfAResidualBody runs two bodies of ResNet-50, and holds that they are what their layers give, that each
// node is judged right, and that volumes share memory.
func TestProgramOfAResidualBody(t *testing.T) {
	dev := hosttest.Open(t)
	body := bottleneck(t)
	b := host.NewProgram(dev)
	x := b.Input(1, 14, 14, 256)
	y := joinBottleneck(b, body, joinBottleneck(b, body, x))
	p, checked := compiled(t)(b.Compile(y)), compiled(t)(b.CompileChecked(y))
	names, in := p.Algorithms(), body[0].data.X
	want := in
	for range 2 {
		one := body[0].alone(t, dev, names[0], want)
		two := body[1].alone(t, dev, names[1], one)
		want = body[2].alone(t, dev, names[2], two, want)
	}
	before := dev.GPU().Stats().Submissions
	got, err := p.Run(t.Context(), in)
	if err != nil || !slices.Equal(got[0].Data, want.Data) {
		t.Errorf("not what the layers give one by one, error %v", err)
	}
	if n := dev.GPU().Stats().Submissions - before; n != 1 {
		t.Errorf("%d submissions for one run", n)
	}
	judged, reports, err := checked.Verify(t.Context(), host.VerifyOptions{}, in)
	if err != nil || len(reports) != 6 || !slices.Equal(judged[0].Data, want.Data) {
		t.Fatalf("%d reports, error %v", len(reports), err)
	}
	for _, r := range reports {
		if err := r.Report.Err(); err != nil {
			t.Errorf("%s: %v", r.Node, err)
		}
	}
	m := p.Memory()
	t.Logf("%v: memory %+v", names, m)
	if m.Planned >= m.Naive || m.Planned < m.LowerBound || m.LowerBound < m.Live || m.Live == 0 ||
		float64(m.Planned) > 1.05*float64(m.LowerBound) {
		t.Errorf("memory %+v: must share, and be within 5%% of the bound", m)
	}
}

// TestProgramJoins joins and splits channels in all ways that need care: in place, of what is read elsewhere, of
// inputs, twice, in each other, and where in place a kernel would read what it writes.
func TestProgramJoins(t *testing.T) {
	dev := hosttest.Open(t)
	layer := newPart(t, "ic8ih6oc4kh3ph1", 1, host.LayerOptions{})
	back := newPart(t, "ic4ih6oc8kh1", 2, host.LayerOptions{Epilogue: conv.Epilogue{Residual: conv.AfterFunction}})
	wide := newPart(t, "ic12ih6oc4kh1", 3, host.LayerOptions{})
	run := func(p part, x tensor.Volume, r ...tensor.Volume) tensor.Volume {
		return p.alone(t, dev, "direct", x, r...)
	}
	for name, c := range map[string]struct {
		build func(b *host.Builder, x host.Value) host.Value
		want  func(x tensor.Volume) tensor.Volume
		steps int // dispatched nodes: copies show
	}{
		"two layers side by side": {func(b *host.Builder, x host.Value) host.Value {
			return b.Concat(conved(b, layer, x), conved(b, layer, x))
		}, func(x tensor.Volume) tensor.Volume { v := run(layer, x); return joined(v, v) }, 2},
		"the input and what reads it": {func(b *host.Builder, x host.Value) host.Value {
			return conved(b, wide, b.Concat(x, conved(b, layer, x)))
		}, func(x tensor.Volume) tensor.Volume { return run(wide, joined(x, run(layer, x))) }, 3},
		"one volume twice": {func(b *host.Builder, x host.Value) host.Value {
			v := conved(b, layer, x)
			return b.Concat(v, v)
		}, func(x tensor.Volume) tensor.Volume { v := run(layer, x); return joined(v, v) }, 3},
		"dense: a layer reads what its own output is joined to": {func(b *host.Builder, x host.Value) host.Value {
			v := conved(b, layer, x)
			v = conved(b, back, v, x)
			return b.Concat(v, conved(b, layer, v))
		}, func(x tensor.Volume) tensor.Volume {
			v := run(back, run(layer, x), x)
			return joined(v, run(layer, v))
		}, 4},
		"in each other": {func(b *host.Builder, x host.Value) host.Value {
			v := conved(b, layer, x)
			return b.Concat(conved(b, layer, x), b.Concat(v, conved(b, layer, x)))
		}, func(x tensor.Volume) tensor.Volume { v := run(layer, x); return joined(v, v, v) }, 3},
		"channels of channels": {func(b *host.Builder, x host.Value) host.Value {
			v := b.Concat(conved(b, layer, x), conved(b, layer, x), conved(b, layer, x))
			return conved(b, layer, b.Channels(b.Channels(v, 2, 12), 1, 9))
		}, func(x tensor.Volume) tensor.Volume {
			v := run(layer, x)
			return run(layer, cut(joined(v, v, v), 3, 11))
		}, 4},
		"channels that are joined again": {func(b *host.Builder, x host.Value) host.Value {
			v := b.Concat(conved(b, layer, x), conved(b, layer, x))
			return b.Concat(b.Channels(v, 4, 8), v, b.Channels(v, 0, 4))
		}, func(x tensor.Volume) tensor.Volume { v := run(layer, x); return joined(v, v, v, v) }, 5},
		"an output that is an input": {func(b *host.Builder, x host.Value) host.Value { return x },
			func(x tensor.Volume) tensor.Volume { return x }, 1},
		"an output that is some channels": {func(b *host.Builder, x host.Value) host.Value {
			return b.Channels(conved(b, back, b.Channels(x, 4, 8), x), 3, 5)
		},
			func(x tensor.Volume) tensor.Volume { return cut(run(back, cut(x, 4, 8), x), 3, 5) }, 2},
		"operators": {func(b *host.Builder, x host.Value) host.Value {
			v := conved(b, layer, x)
			w := b.Operator("mul", b.Channels(x, 1, 5), v)
			return b.Concat(b.Operator("relu", w), b.Operator("max", w, v),
				b.Operator("sub", b.Operator("add", w, v), v))
		}, func(x tensor.Volume) tensor.Volume {
			v := run(layer, x)
			w := each(cut(x, 1, 5), v, func(x, y float32) float32 { return x * y })
			sum := each(w, v, func(x, y float32) float32 { return x + y })
			return joined(each(w, w, func(x, _ float32) float32 {
				return max(x, 0)
			}), each(w, v, func(x, y float32) float32 { return max(x, y) }),
				each(sum, v, func(x, y float32) float32 { return x - y }))
		}, 6},
	} {
		b := host.NewProgram(dev)
		v := c.build(b, b.Input(1, 6, 6, 8))
		want := c.want(layer.data.X)
		p, checked := compiled(t)(b.Compile(v)), compiled(t)(b.CompileChecked(v))
		if n := len(p.Algorithms()); n != c.steps {
			t.Errorf("%s: %v, must be %d nodes", name, p.Algorithms(), c.steps)
		}
		got, err := p.Run(t.Context(), layer.data.X)
		if err != nil || got[0].D != want.D || !slices.Equal(got[0].Data, want.Data) {
			t.Errorf("%s: %v, must be %v, error %v", name, got, want, err)
		}
		_, reports, err := checked.Verify(t.Context(), host.VerifyOptions{}, layer.data.X)
		if err != nil || len(reports) != c.steps {
			t.Errorf("%s: %d reports, error %v", name, len(reports), err)
		}
		for _, r := range reports {
			if err := r.Report.Err(); err != nil {
				t.Errorf("%s: %s: %v", name, r.Node, err)
			}
		}
	}
}

// conved adds a layer by the direct algorithm.
func conved(b *host.Builder, p part, x host.Value, residual ...host.Value) host.Value {
	o := p.options
	o.Algorithm = "direct"
	return b.Conv(x, p.problem, p.data.W, o, residual...)
}

// joined joins volumes along channels.
func joined(volumes ...tensor.Volume) tensor.Volume {
	v := volumes[0]
	v.D, v.Data = 0, nil
	for pixel := range v.N * v.H * v.W {
		for _, w := range volumes {
			v.Data = append(v.Data, w.Data[pixel*w.D:][:w.D]...)
		}
	}
	for _, w := range volumes {
		v.D += w.D
	}
	return v
}

// cut gives some channels.
func cut(of tensor.Volume, first, end int) tensor.Volume {
	v := of
	v.D, v.Data = end-first, nil
	for pixel := range v.N * v.H * v.W {
		v.Data = append(v.Data, of.Data[pixel*of.D+first:pixel*of.D+end]...)
	}
	return v
}

// each computes an operator.
func each(x, y tensor.Volume, of func(x, y float32) float32) tensor.Volume {
	v := x.Clone()
	for i := range v.Data {
		v.Data[i] = of(x.Data[i], y.Data[i])
	}
	return v
}

// TestDrawnPrograms holds of drawn programs of all algorithms that each node is right, and that sharing memory and
// being joined in place change no bit.
func TestDrawnPrograms(t *testing.T) {
	dev := hosttest.Open(t)
	copies, algorithms := 0, map[string]bool{}
	for seed := range uint64(enough(120)) {
		rng := rand.New(rand.NewPCG(seed, 77))
		b := host.NewProgram(dev)
		input := newPart(t, "mb2ic8ih7iw6oc8kh1", seed, host.LayerOptions{}).data.X
		values, depths := []host.Value{b.Input(2, 7, 6, 8)}, []int{8}
		for range 2 + rng.IntN(8) {
			v, depth := drawValue(t, rng, b, values, depths)
			values, depths = append(values, v), append(depths, depth)
		}
		outputs := []host.Value{values[len(values)-1], values[rng.IntN(len(values))]}
		p, checked := compiled(t)(b.Compile(outputs...)), compiled(t)(b.CompileChecked(outputs...))
		got, err := p.Run(t.Context(), input)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		want, reports, err := checked.Verify(t.Context(), host.VerifyOptions{}, input)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for _, r := range reports {
			if err := r.Report.Err(); err != nil {
				t.Errorf("seed %d: %s: %v", seed, r.Node, err)
			}
		}
		for i := range want {
			if !slices.Equal(got[i].Data, want[i].Data) {
				t.Errorf("seed %d: output %d is not what it is without sharing memory", seed, i)
			}
		}
		for _, a := range p.Algorithms() {
			name, _, _ := strings.Cut(a, "/")
			if algorithms[name] = true; strings.HasPrefix(a, "operator_copy") {
				copies++
			}
		}
		p.Close()
		checked.Close()
	}
	t.Logf("%d copies, by %v", copies, algorithms)
	if len(algorithms) < 6 || copies == 0 {
		t.Errorf("%d copies, by %v: must have some, and more algorithms", copies, algorithms)
	}
}

// drawValue adds a node to a program whose volumes are 2x7x6.
func drawValue(t *testing.T, rng *rand.Rand, b *host.Builder, values []host.Value, depths []int) (host.Value, int) {
	i, j := rng.IntN(len(values)), rng.IntN(len(values))
	switch rng.IntN(6) {
	case 0:
		if depths[i]+depths[j] <= 48 {
			return b.Concat(values[i], values[j]), depths[i] + depths[j]
		}
	case 1:
		first := rng.IntN(depths[i])
		end := first + 1 + rng.IntN(depths[i]-first)
		if rng.IntN(2) == 0 {
			first, end = first/4*4, (end+3)/4*4
		}
		if end <= depths[i] {
			return b.Channels(values[i], first, end), end - first
		}
	case 2:
		if depths[i] == depths[j] {
			return b.Operator([]string{"add", "mul", "max", "sub", "min"}[rng.IntN(5)], values[i], values[j]),
				depths[i]
		}
	}
	out := []int{4, 8, 8, 16, 5}[rng.IntN(5)]
	p := problem(t, []string{"mb2ic1ih7iw6oc1kh1", "mb2ic1ih7iw6oc1kh3ph1", "mb2ic1ih7iw6oc1kh3ph1+reflect",
		"mb2ic1ih7iw6oc1kh5ph2"}[rng.IntN(4)])
	p.InChannels, p.OutChannels = depths[i], out
	o := host.LayerOptions{}
	if rng.IntN(2) == 0 {
		o.Epilogue = conv.Activate(conv.ReLU)
	}
	residual := []host.Value{}
	for k, d := range depths {
		if d == out && rng.IntN(2) == 0 && len(residual) == 0 {
			o.Epilogue.Residual = conv.AfterFunction
			residual = append(residual, values[k])
		}
	}
	list, err := host.Algorithms(b.Device(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	if a := list[rng.IntN(len(list))]; rng.IntN(3) > 0 && out != 5 && depths[i]%4 == 0 && a.Name() != "direct" {
		o.Algorithm = a.Name()
	}
	data, err := proof.Case{Problem: p, Seed: rng.Uint64(), Options: o}.Data()
	if err != nil {
		t.Fatal(err)
	}
	return b.Conv(values[i], p, data.W, o, residual...), out
}

// TestProgramMisuse holds that what makes no sense says so.
func TestProgramMisuse(t *testing.T) {
	dev := hosttest.Open(t)
	p := newPart(t, "ic8ih6oc4kh3ph1", 1, host.LayerOptions{})
	other := host.NewProgram(dev)
	foreign := other.Input(1, 6, 6, 8)
	for words, c := range map[string]struct {
		want  error
		build func(b *host.Builder, x host.Value) host.Value
	}{
		"must be 1x6x6x8": {cpuref.ErrShape,
			func(b *host.Builder, x host.Value) host.Value { return conved(b, p, conved(b, p, x)) }},
		"another program": {gpu.ErrMisuse,
			func(b *host.Builder, _ host.Value) host.Value { return conved(b, p, foreign) }},
		`operator "tan"`: {gpu.ErrMisuse,
			func(b *host.Builder, x host.Value) host.Value { return b.Operator("tan", x) }},
		"operator add takes 2": {cpuref.ErrShape,
			func(b *host.Builder, x host.Value) host.Value { return b.Operator("add", x) }},
		"must be equal": {cpuref.ErrShape,
			func(b *host.Builder, x host.Value) host.Value { return b.Operator("add", x, conved(b, p, x)) }},
		"of no volumes": {gpu.ErrMisuse, func(b *host.Builder, _ host.Value) host.Value {
			return b.Concat()
		}},
		"differ in channels alone": {cpuref.ErrShape,
			func(b *host.Builder, x host.Value) host.Value { return b.Concat(x, b.Input(1, 6, 5, 8)) }},
		"must be among its 8": {cpuref.ErrShape,
			func(b *host.Builder, x host.Value) host.Value { return b.Channels(x, 4, 9) }},
		"each must be 1 or more": {cpuref.ErrShape,
			func(b *host.Builder, _ host.Value) host.Value { return b.Input(1, 0, 6, 8) }},
		"fewer than 2^32": {cpuref.ErrShape,
			func(b *host.Builder, _ host.Value) host.Value { return b.Input(1<<20, 1<<20, 1<<20, 1<<20) }},
		"float16": {host.ErrUnsupported, func(b *host.Builder, x host.Value) host.Value {
			return b.Conv(x, p.problem, p.data.W, host.LayerOptions{DType: host.Float16})
		}},
		"algorithm \"tea\"": {gpu.ErrMisuse, func(b *host.Builder, x host.Value) host.Value {
			return b.Conv(x, p.problem, p.data.W, host.LayerOptions{Algorithm: "tea"})
		}},
		"adds 1": {cpuref.ErrShape, func(b *host.Builder, x host.Value) host.Value {
			return b.Conv(x, p.problem, p.data.W,
				host.LayerOptions{Epilogue: conv.Epilogue{Residual: conv.AfterFunction}})
		}},
	} {
		b := host.NewProgram(dev)
		v := c.build(b, b.Input(1, 6, 6, 8))
		_, err := b.Compile(v)
		says(t, words, err, c.want, words)
	}
	_, err := other.Compile()
	says(t, "no outputs", err, gpu.ErrMisuse, "without outputs")
	_, err = (*host.Builder)(nil).Compile()
	says(t, "no builder", err, gpu.ErrMisuse, "host.NewProgram")
	cpu, err := host.Open(host.Options{Backend: host.CPU})
	if err != nil {
		t.Fatal(err)
	}
	defer cpu.Close()
	b := host.NewProgram(cpu)
	_, err = b.Compile(b.Input(1, 1, 1, 1))
	says(t, "the CPU", err, host.ErrUnsupported, "run on a GPU")
}

// TestProgramRuns holds that runs are told apart, wrong inputs are refused, and a closed program says so.
func TestProgramRuns(t *testing.T) {
	dev := hosttest.Open(t)
	first := newPart(t, "ic8ih6oc4kh3ph1", 1, host.LayerOptions{})
	b := host.NewProgram(dev)
	v := conved(b, first, b.Input(1, 6, 6, 8))
	p := compiled(t)(b.Compile(v))
	x := first.data.X
	want, err := p.Run(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	one, err := p.Submit(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := one.Wait(t.Context()); err != nil || !slices.Equal(got[0].Data, want[0].Data) {
		t.Errorf("Submit and Wait: error %v, or other outputs than Run's", err)
	}
	if _, err := p.Submit(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	_, err = one.Wait(t.Context())
	says(t, "a run that was replaced", err, gpu.ErrMisuse, "another run")
	_, err = p.Run(t.Context())
	says(t, "no input", err, cpuref.ErrShape, "takes 1")
	short := x
	short.Data = short.Data[1:]
	_, err = p.Run(t.Context(), short)
	says(t, "a short input", err, cpuref.ErrShape, "with 287 numbers")
	_, _, err = p.Verify(t.Context(), host.VerifyOptions{}, x)
	says(t, "Verify without CompileChecked", err, gpu.ErrMisuse, "CompileChecked")
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := p.Run(ended, x); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: %v", err)
	}
	if got, err := p.Run(t.Context(), x); err != nil || !slices.Equal(got[0].Data, want[0].Data) {
		t.Errorf("after an ended context: %v, or other outputs", err)
	}
	p.Close()
	_, err = p.Run(t.Context(), x)
	says(t, "closed", err, gpu.ErrClosed, "program")
	_, err = (*host.Program)(nil).Run(t.Context())
	says(t, "no program", err, gpu.ErrClosed, "Builder.Compile")
}

// TestProgramIsJudged damages what a node writes: that node's report must show it, and no other's.
func TestProgramIsJudged(t *testing.T) {
	dev := hosttest.Open(t)
	first := newPart(t, "ic8ih6oc4kh3ph1", 1, host.LayerOptions{})
	b := host.NewProgram(dev)
	v := conved(b, first, b.Input(1, 6, 6, 8))
	p := compiled(t)(b.CompileChecked(b.Operator("relu", b.Operator("add", v, v))))
	for node := range 3 {
		// other than what the next node makes of the last one
		host.CorruptProgram(t, p, node, 5, float32(int(1e6)<<(2*node)))
		_, reports, err := p.Verify(t.Context(), host.VerifyOptions{}, first.data.X)
		if err != nil || len(reports) != 3 || reports[node].Report.OK() {
			t.Fatalf("node %d damaged: %v, error %v", node, reports, err)
		}
	}
}

// BenchmarkProgramNodes is programs so small that nearly all of their time is the host's, and batches of as many
// dispatches that do nothing beside them: the difference is what a node costs.
func BenchmarkProgramNodes(b *testing.B) {
	dev := hosttest.Open(b)
	for _, nodes := range []int{1, 100} {
		builder := host.NewProgram(dev)
		v := builder.Input(1, 1, 1, 1)
		for range nodes {
			v = builder.Operator("copy", v)
		}
		p := compiled(b)(builder.Compile(v))
		x := tensor.Volume{N: 1, H: 1, W: 1, D: 1, Data: []float32{1}}
		b.Run(map[int]string{1: "program/1", 100: "program/100"}[nodes], func(b *testing.B) {
			for b.Loop() {
				if _, err := p.Run(b.Context(), x); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(map[int]string{1: "empty/1", 100: "empty/100"}[nodes],
			func(b *testing.B) { emptyDispatches(b, dev.GPU(), nodes) })
	}
}

// emptyDispatches runs kernels that do nothing on as many bindings as a copy has, and reads one number back.
func emptyDispatches(b *testing.B, dev *gpu.Device, count int) {
	var bindings []gpu.Binding
	for _, usage := range []gpu.Usage{gpu.Uniform, gpu.Storage, gpu.Storage} {
		buffer, err := dev.NewBuffer("nothing", 32, usage)
		if err != nil {
			b.Fatal(err)
		}
		defer buffer.Close()
		bindings = append(bindings, gpu.Binding{Buffer: buffer})
	}
	k, err := dev.Kernel(gpu.KernelSource{Name: "nothing", Entry: "main",
		Bindings: []gpu.BindingKind{gpu.UniformIn, gpu.ReadOnly, gpu.ReadWrite}, Workgroup: [3]uint32{256, 1, 1},
		WGSL: `@group(0) @binding(0) var<uniform> p: array<vec4<u32>, 2>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> v: array<f32>;
@compute @workgroup_size(256) fn main(@builtin(local_invocation_index) i: u32) { if i < p[0].x { v[i] = x[i]; } }
`})
	if err != nil {
		b.Fatal(err)
	}
	batch := dev.NewBatch()
	for range count {
		g, err := k.Bind(bindings...)
		if err != nil {
			b.Fatal(err)
		}
		defer g.Close()
		batch.Dispatch(g, 1, 1, 1)
	}
	one := make([]float32, 1)
	for b.Loop() {
		if err := bindings[1].Buffer.Write(0, gpu.Bytes(one)); err != nil {
			b.Fatal(err)
		}
		if err := batch.RunRead(b.Context(), bindings[2].Buffer, 0, gpu.Bytes(one)); err != nil {
			b.Fatal(err)
		}
	}
}

// TestWhole holds that a layer which says that it is of whole numbers is judged to the last bit, though the mode is
// another one, and has no verdict where it is not.
func TestWhole(t *testing.T) {
	dev := hosttest.Open(t)
	p := must(conv.Parse("ic4ih5oc4kh3ph1"))
	x, w := must(tensor.NewVolume(1, 5, 5, 4)), must(tensor.NewFilters(4, 3, 3, 4))
	for i := range w.Data {
		w.Data[i] = float32(i%7 - 3)
	}
	b := host.NewProgram(dev)
	o := host.LayerOptions{Exact: true, Whole: true}
	program := compiled(t)(b.CompileChecked(b.Conv(b.Input(1, 5, 5, 4), p, w, o)))
	for _, c := range []struct {
		of    float32
		wraps error
	}{{100, nil}, {1.0 / 3, cpuref.ErrNoVerdict}} { // whose sums no float32 has
		for i := range x.Data {
			x.Data[i] = c.of * float32(i%5-2)
		}
		_, reports, err := program.Verify(t.Context(), host.VerifyOptions{Mode: cpuref.Bounded}, x)
		if !errors.Is(err, c.wraps) || err == nil && (len(reports) != 1 || reports[0].Report.Mode != cpuref.Exact) {
			t.Errorf("X of %v: error %v, reports %+v", c.of, err, reports)
		}
	}
}
