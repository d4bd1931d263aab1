package gomlx

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gpuconv/gpuconv/gpu"
)

// neighbour is a graph beside convolutions, with its inputs and how far float32 may be from float64 there.
type neighbour struct {
	name   string
	graph  graph
	inputs []input
	within float64
}

type (
	builder = backends.Builder
	op      = backends.Op
)

// neighbours are operators that the GPU computes whole. simplego has each of them.
var neighbours = []neighbour{
	{"elementwise", of(func(b builder, in []op) (op, error) {
		f := each{b: b}
		x := f.two(builder.Add, f.two(builder.Mul, in[0], in[1]), f.two(builder.Sub, in[0], in[1]))
		for _, u := range []unaryFunc{builder.Abs, builder.Sqrt, builder.Exp, builder.Neg, builder.Logistic,
			builder.Log, builder.Tanh, builder.Sin, builder.Cos, builder.Erf} {
			x = f.one(u, x)
		}
		x = f.two(builder.Div, x, f.two(builder.Max, in[0], f.two(builder.Min, in[1], in[0])))
		return x, f.err
	}), []input{reals(1, 3, 4, 5), reals(2, 3, 1, 5)}, 1e-3},
	{"rounding", func(b builder, in []op) (all []op, err error) {
		f := each{b: b}
		for _, u := range []unaryFunc{builder.Floor, builder.Ceil, builder.Round, builder.Sign} {
			all = append(all, f.one(u, f.two(builder.Mul, in[0], in[1])))
		}
		return all, f.err
	}, []input{reals(1, 2, 9), {nil, []float32{7}}}, 0},
	{"truth", of(func(b builder, in []op) (op, error) {
		f := each{b: b}
		less, same := f.two(builder.LessThan, in[0], in[1]), f.two(builder.Equal, in[0], in[0])
		more := f.one(builder.LogicalNot, f.two(builder.LogicalOr, less, f.two(builder.NotEqual, in[0], in[0])))
		yes := f.two(builder.LogicalAnd, f.two(builder.LogicalXor, more, same), same)
		return f.then(b.Where(yes, in[0], in[1])), f.err
	}), []input{reals(1, 4, 6), reals(2, 4, 6)}, 0},
	{"truth given out", func(b builder, in []op) ([]op, error) {
		f := each{b: b}
		return []op{f.two(builder.GreaterThan, in[0], in[1]), f.two(builder.GreaterOrEqual, in[0], in[0]),
			f.two(builder.LessOrEqual, in[0], in[1]), f.one(builder.IsNaN, in[1])}, f.err
	}, []input{reals(1, 4, 6), reals(2, 4, 6)}, 0},
	{"reductions", func(b builder, in []op) ([]op, error) {
		f := each{b: b}
		return []op{f.then(b.ReduceSum(in[0], 1, 2)), f.then(b.ReduceMax(in[0], 0)), f.then(b.ReduceMin(in[0])),
			f.then(b.ReduceProduct(in[0], 2)), f.then(b.ReduceSum(in[0]))}, f.err
	}, []input{reals(1, 3, 4, 5)}, 1e-5},
	{"softmax", of(func(b builder, in []op) (op, error) {
		f := each{b: b}
		wide := func(v op) op {
			return f.then(b.BroadcastInDim(v, shapes.Make(f.shape(v).DType, 4, 7), []int{0}))
		}
		e := f.one(builder.Exp, f.two(builder.Sub, in[0], wide(f.then(b.ReduceMax(in[0], 1)))))
		return f.two(builder.Div, e, wide(f.then(b.ReduceSum(e, 1)))), f.err
	}), []input{reals(1, 4, 7)}, 1e-6},
	{"products", func(b builder, in []op) ([]op, error) {
		f := each{b: b}
		return []op{f.then(b.DotGeneral(in[0], []int{3, 1}, []int{2}, in[1], []int{0, 3}, []int{2})),
			f.then(b.DotGeneral(in[0], []int{-1}, nil, in[1], []int{0}, nil))}, f.err
	}, []input{reals(1, 2, 3, 4, 5), reals(2, 5, 6, 4, 3)}, 1e-5},
	{"moving", of(func(b builder, in []op) (op, error) {
		f := each{b: b}
		x := f.then(b.Transpose(in[0], 2, 0, 1))
		x = f.then(b.Concatenate(1, x, f.then(b.Slice(x, []int{0, 0, 0}, []int{5, 2, 4}, []int{1, 1, 1}))))
		x = f.then(b.Slice(f.then(b.Identity(x)), []int{1, 0, 0}, []int{5, 5, 3}, []int{3, 2, 1}))
		return f.one(builder.Abs, f.then(b.Reshape(x, 9, 2))), f.err
	}), []input{reals(1, 3, 4, 5)}, 0},
}

// each keeps the first error of operators one after the other.
type each struct {
	b   builder
	err error
}

func (f *each) then(v op, err error) op {
	if f.err == nil {
		f.err = err
	}
	return v
}

func (f *each) one(do unaryFunc, x op) op { return f.then(do(f.b, x)) }

func (f *each) two(do binaryFunc, x, y op) op { return f.then(do(f.b, x, y)) }

func (f *each) shape(v op) shapes.Shape {
	s, err := f.b.OpShape(v)
	f.then(nil, err)
	return s
}

// TestNeighbours holds operators beside convolutions against simplego in float64.
func TestNeighbours(t *testing.T) {
	ours, theirs := open(t, ""), other(t)
	for _, n := range neighbours {
		t.Run(n.name, func(t *testing.T) {
			got := run(t, ours, n.graph, dtypes.Float32, n.inputs...)
			want := run(t, theirs, n.graph, dtypes.Float64, n.inputs...)
			near(t, got, want, func(o, i int) float64 { return n.within * max(1, math.Abs(want.flat[o][i])) })
			onGPU(t, got.report, 1)
		})
	}
}

// TestWindows holds each kind of windows, along axes that are apart too, with gaps between numbers and in windows.
func TestWindows(t *testing.T) {
	ours, theirs := open(t, ""), other(t)
	for _, kind := range []backends.ReduceOpType{backends.ReduceOpMax, backends.ReduceOpMin, backends.ReduceOpSum} {
		for i, w := range []windows{
			{size: []int{1, 2, 3, 1}},
			{size: []int{1, 3, 2, 1}, strides: []int{1, 1, 2, 1}, paddings: [][2]int{{0, 0}, {1, 1}, {0, 1}, {0, 0}}},
			{size: []int{2, 1, 1, 3}, strides: []int{1, 1, 1, 2}},
			{size: []int{1, 2, 2, 1}, strides: []int{1, 1, 1, 1}, base: []int{1, 2, 3, 1},
				dilation: []int{1, 2, 1, 1}},
			{size: []int{2, 2, 2, 1}, strides: []int{1, 2, 1, 1}},
			{size: []int{1, 1, 1, 1}, strides: []int{1, 2, 1, 1}},
		} {
			t.Run(fmt.Sprint(kind, i), func(t *testing.T) {
				g := of(func(b builder, in []op) (op, error) {
					return b.ReduceWindow(in[0], kind, w.size, w.strides, w.base, w.dilation, w.paddings)
				})
				x := reals(uint64(i), 2, 6, 5, 4)
				got, want := run(t, ours, g, dtypes.Float32, x), run(t, theirs, g, dtypes.Float64, x)
				within := map[backends.ReduceOpType]float64{backends.ReduceOpSum: 1e-5}[kind]
				near(t, got, want, func(_, _ int) float64 { return within })
				onGPU(t, got.report, 1)
			})
		}
	}
}

// TestPadAndReverse holds what simplego lacks against what is composed for it, and both against numbers by hand.
func TestPadAndReverse(t *testing.T) {
	g := of(func(b builder, in []op) (op, error) {
		f := each{b: b}
		with := f.then(b.Constant([]float32{9}))
		if f.shape(in[0]).DType == dtypes.Float64 {
			with = f.then(b.Constant([]float64{9}))
		}
		x := f.then(b.Reverse(f.one(builder.Neg, in[0]), 1))
		axes := []backends.PadAxis{{Start: 1, End: -1, Interior: 1}, {End: 1}}
		return f.then(b.Pad(x, with, axes...)), f.err
	})
	x := input{[]int{2, 3}, []float32{1, 2, 3, 4, 5, 6}}
	want := []float64{9, 9, 9, 9, -3, -2, -1, 9, 9, 9, 9, 9}
	ours := open(t, "")
	for as, computed := range map[dtypes.DType]int{dtypes.Float32: 3, dtypes.Float64: 0} {
		got := run(t, ours, g, as, x)
		if !slices.Equal(got.flat[0], want) || got.report.OnGPU() != computed {
			t.Errorf("%s: %v, must be %v; %s, must be %d on the GPU", as, got.flat[0], want, got.report, computed)
		}
	}
}

// TestSelectAndScatter holds the gradient of windows against one that is computed number by number.
func TestSelectAndScatter(t *testing.T) {
	ours := open(t, "")
	w := windows{dims: []int{2, 6, 5}, size: []int{1, 3, 2}, strides: []int{1, 2, 1},
		paddings: [][2]int{{0, 0}, {1, 0}, {0, 1}}}
	x, source := reals(1, 2, 6, 5), reals(2, 2, 3, 5)
	for _, sign := range []float32{1, -1} {
		g := of(func(b builder, in []op) (op, error) {
			do := b.SelectAndScatterMax
			if sign < 0 {
				do = b.SelectAndScatterMin
			}
			return do(in[0], in[1], w.size, w.strides, w.paddings)
		})
		want := make([]float64, len(x.numbers))
		for k, given := range source.numbers {
			n, i, j := k/15, k/5%3, k%5
			best, where := float32(math.Inf(-1)), -1
			for a := max(2*i-1, 0); a < min(2*i+2, 6); a++ {
				for b := j; b < min(j+2, 5); b++ {
					if at := n*30 + a*5 + b; x.numbers[at]*sign > best {
						best, where = x.numbers[at]*sign, at
					}
				}
			}
			want[where] += float64(given)
		}
		got := run(t, ours, g, dtypes.Float32, x, source)
		near(t, got, result{flat: [][]float64{want}, shapes: got.shapes}, func(_, _ int) float64 { return 1e-6 })
		onGPU(t, got.report, 1)
	}
}

// TestStages runs a graph whose middle is elsewhere: what the last stage reads of the first one stays on the GPU.
func TestStages(t *testing.T) {
	g := of(func(b builder, in []op) (op, error) {
		f := each{b: b}
		x := f.then(b.Dot(in[0], in[1]))
		return f.two(builder.Mul, f.one(builder.Expm1, x), f.one(builder.Abs, x)), f.err
	})
	ours, theirs := open(t, ""), other(t)
	x, y := reals(1, 3, 4), reals(2, 4, 5)
	got, want := run(t, ours, g, dtypes.Float32, x, y), run(t, theirs, g, dtypes.Float64, x, y)
	near(t, got, want, func(_, _ int) float64 { return 1e-5 })
	if r := got.report; r.Submissions != 2 || r.OnGPU() != 3 ||
		!maps.Equal(r.Elsewhere, map[Elsewhere]int{{"Expm1", "gpuconv has no such operator"}: 1}) {
		t.Error(r)
	}
	if s := stagesOf(t, ours, g, x, y); len(s) != 3 || !s[0].gpu || !s[0].kept || s[2].kept {
		t.Errorf("%d stages, must be three, of which the first one's output stays on the GPU", len(s))
	}
	if r := ours.Report(); r.Runs != 2 || r.OnGPU() != 6 || r.NotOnGPU() != 2 || r.Submissions != 4 {
		t.Errorf("of two runs: %s", r)
	}
}

// stagesOf are those of a graph of these inputs.
func stagesOf(t *testing.T, b *Backend, g graph, inputs ...input) []*stage {
	t.Helper()
	on := b.Builder(t.Name())
	var in []op
	for _, x := range inputs {
		v, err := on.Parameter("", shapes.Make(dtypes.Float32, x.dims...), nil)
		if err != nil {
			t.Fatal(err)
		}
		in = append(in, v)
	}
	out, err := g(on, in)
	if err != nil {
		t.Fatal(err)
	}
	e, err := on.Compile(out, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Finalize)
	return e.(*Executable).stages
}

// TestKnown holds that what a network would compute on the host, of constants, is said to be computed elsewhere, and
// that what layers make of such constants is not.
func TestKnown(t *testing.T) {
	g := of(func(b builder, in []op) (op, error) {
		f := each{b: b}
		two := f.then(b.Constant([]float32{2}))
		wide := f.then(b.BroadcastInDim(f.two(builder.Mul, two, two), shapes.Make(dtypes.Float32, 3, 4), nil))
		sum := f.then(b.ReduceSum(f.then(b.BroadcastInDim(two, shapes.Make(dtypes.Float32, 3, 4), nil)), 1))
		return f.two(builder.Add, f.then(b.Dot(in[0], wide)), f.then(b.Reshape(sum, 3, 1))), f.err
	})
	got := run(t, open(t, ""), g, dtypes.Float32, input{[]int{3, 3}, []float32{1, 2, 3, 4, 5, 6, 7, 8, 9}})
	if want := []float64{32, 32, 32, 32, 68, 68, 68, 68, 104, 104, 104, 104}; !slices.Equal(got.flat[0], want) {
		t.Errorf("%v, must be %v", got.flat[0], want)
	}
	want := map[Elsewhere]int{{"Mul", "all operands follow from constants of one number"}: 1}
	if r := got.report; !maps.Equal(r.Elsewhere, want) || r.OnGPU() != 6 {
		t.Errorf("%s, must be Mul alone elsewhere", r)
	}
}

// TestRefused holds that what gpuconv refuses is computed elsewhere, and the report says why: nine axes that lie
// apart.
func TestRefused(t *testing.T) {
	dims := slices.Repeat([]int{2}, 9)
	order := []int{8, 7, 6, 5, 4, 3, 2, 1, 0}
	g := of(func(b builder, in []op) (op, error) {
		f := each{b: b}
		sum := f.two(builder.Add, in[0], f.then(b.Transpose(in[0], order...)))
		return f.two(builder.Mul, f.one(builder.Expm1, sum), in[0]), f.err
	})
	ours, theirs := open(t, ""), other(t)
	x := reals(1, dims...)
	got := run(t, ours, g, dtypes.Float32, x)
	near(t, got, run(t, theirs, g, dtypes.Float64, x), func(_, _ int) float64 { return 1e-5 })
	text := got.report.String()
	if got.report.OnGPU() != 2 || !strings.Contains(text, "Transpose: gpuconv refuses it") ||
		!strings.Contains(text, "must be 8 at most") {
		t.Errorf("%s, must be Add and Mul on the GPU, and say that Transpose was refused for its 9 axes", text)
	}
}

// TestPanics holds that a panic of simplego, which lacks products of windows of truth values, is an error.
func TestPanics(t *testing.T) {
	b := open(t, "")
	on := b.Builder("")
	x, err := on.Parameter("x", shapes.Make(dtypes.Bool, 4), nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err := on.ReduceWindow(x, backends.ReduceOpProduct, []int{2}, nil, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := on.Compile([]op{v}, nil)
	if err != nil {
		t.Fatal(err)
	}
	given, err := b.BufferFromFlatData(0, make([]bool, 4), shapes.Make(dtypes.Bool, 4))
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.Execute([]backends.Buffer{given}, nil, 0)
	if err == nil || !strings.Contains(err.Error(), "simplego") {
		t.Errorf("error %v, must be simplego's", err)
	}
}

// TestWindowsOfTruth runs windows of truth values, as DropBlock has them.
func TestWindowsOfTruth(t *testing.T) {
	b := open(t, "")
	for kind, want := range map[backends.ReduceOpType][]float64{
		backends.ReduceOpMin: {1, 0, 0, 1}, backends.ReduceOpMax: {1, 1, 1, 1},
	} {
		g := of(func(on builder, in []op) (op, error) {
			f := each{b: on}
			return f.then(on.ReduceWindow(f.two(builder.GreaterThan, in[0], f.then(on.Constant([]float32{0}))), kind,
				[]int{2}, []int{1}, nil, nil, nil)), f.err
		})
		got := run(t, b, g, dtypes.Float32, input{[]int{5}, []float32{1, 1, -1, 1, 1}})
		onGPU(t, got.report, 1)
		if !slices.Equal(got.flat[0], want) {
			t.Errorf("%s: %v, must be %v", kind, got.flat[0], want)
		}
	}
}

// TestManyAtOnce runs one graph from several goroutines.
func TestManyAtOnce(t *testing.T) {
	b := open(t, "")
	on := b.Builder("")
	x, err := on.Parameter("x", shapes.Make(dtypes.Float32, 64), nil)
	if err != nil {
		t.Fatal(err)
	}
	f := each{b: on}
	v := f.two(builder.Mul, f.one(builder.Expm1, f.one(builder.Abs, x)), f.then(on.Constant([]float32{2})))
	if f.err != nil {
		t.Fatal(f.err)
	}
	e, err := on.Compile([]op{v}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 8 {
		x := reals(uint64(i), 64)
		all.Go(func() {
			for range 4 {
				out, err := e.Execute([]backends.Buffer{buffer(t, b, x)}, nil, 0)
				if err != nil {
					t.Error(err)
					return
				}
				flat, err := b.BufferData(out[0])
				want := 2 * math.Expm1(math.Abs(float64(x.numbers[63])))
				if err != nil || math.Abs(float64(flat.([]float32)[63])-want) > 1e-5 {
					t.Errorf("run %d gave %v, must be %v, error %v", i, flat, want, err)
				}
			}
		})
	}
	all.Wait()
	if r := b.Report(); r.Runs != 32 {
		t.Errorf("%d runs, must be 32", r.Runs)
	}
}

// TestFloat64 holds that float64 is computed on the GPU where that is asked for.
func TestFloat64(t *testing.T) {
	ours, theirs := open(t, "float64"), other(t)
	c := convolutions[0]
	x, w := reals(1, c.input...), reals(2, c.kernel...)
	got := run(t, ours, c.graph(), dtypes.Float64, x, w)
	near(t, got, run(t, theirs, c.graph(), dtypes.Float64, x, w), func(_, _ int) float64 { return 1e-5 })
	onGPU(t, got.report, 1)
	if got.shapes[0].DType != dtypes.Float64 {
		t.Errorf("V is %s, must be of float64", got.shapes[0])
	}
}

// TestCompilesOnce holds that a graph which runs again compiles nothing.
func TestCompilesOnce(t *testing.T) {
	b := open(t, "")
	c := convolutions[0]
	on := b.Builder("")
	x, err := on.Parameter("x", shapes.Make(dtypes.Float32, c.input...), nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := on.Parameter("w", shapes.Make(dtypes.Float32, c.kernel...), nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err := c.graph()(on, []op{x, w})
	if err != nil {
		t.Fatal(err)
	}
	e, err := on.Compile(v, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Finalize()
	var before gpu.Stats
	for i := range 3 {
		before = b.device.GPU().Stats()
		execute(t, b, e, []backends.Buffer{buffer(t, b, reals(uint64(i), c.input...)),
			buffer(t, b, reals(uint64(i)+5, c.kernel...))})
	}
	if after := b.device.GPU().Stats(); after.Kernels != before.Kernels || after.BindGroups != before.BindGroups {
		t.Errorf("a third run made %+v of %+v", after, before)
	}
}

func buffer(t *testing.T, b *Backend, x input) backends.Buffer {
	t.Helper()
	to, err := b.BufferFromFlatData(0, x.numbers, shapes.Make(dtypes.Float32, x.dims...))
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// TestErrors holds that what cannot be is an error that names it, and no panic.
func TestErrors(t *testing.T) {
	b := open(t, "")
	wrong := func(name string, f func(on *Builder, x op) (op, error), says string) {
		on := b.Builder("g").(*Builder)
		x, err := on.Parameter("x", shapes.Make(dtypes.Float32, 2, 3, 4), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f(on, x); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: error %v, must say %q", name, err, says)
		}
	}
	wrong("another graph", func(on *Builder, _ op) (op, error) {
		y, err := b.Builder("h").Constant([]float32{1})
		if err != nil {
			return nil, err
		}
		return on.Abs(y)
	}, `must be a value of graph "g"`)
	wrong("nil", func(on *Builder, x op) (op, error) { return on.Add(x, nil) }, "operand 1 is <nil>")
	wrong("kernel", func(on *Builder, x op) (op, error) {
		return on.ConvGeneral(x, x, last(1), nil, nil, nil, nil, 1, 1)
	}, "ConvGeneral")
	wrong("axes", func(on *Builder, x op) (op, error) {
		return on.ConvGeneral(x, x, backends.ConvolveAxesConfig{}, nil, nil, nil, nil, 1, 1)
	}, "ConvGeneral")
	wrong("reverse", func(on *Builder, x op) (op, error) { return on.Reverse(x, 3) }, "axis 3")
	wrong("pad", func(on *Builder, x op) (op, error) { return on.Pad(x, x) }, "with a scalar")
	wrong("dot", func(on *Builder, x op) (op, error) { return on.Dot(x, x) }, "must be vectors or matrices")
	wrong("complex", func(on *Builder, x op) (op, error) { return on.Complex(x, x) }, "operator Complex")
	wrong("numbers", func(on *Builder, _ op) (op, error) { return on.Constant(3) }, "must be a slice")
	wrong("compiled", func(on *Builder, x op) (op, error) {
		if _, err := on.Compile([]op{x}, nil); err != nil {
			return nil, err
		}
		return on.Abs(x)
	}, "is compiled already")
}

// TestExecuteErrors holds the same of runs, and that nothing is done after the end.
func TestExecuteErrors(t *testing.T) {
	b := open(t, "")
	on := b.Builder("g")
	x, err := on.Parameter("x", shapes.Make(dtypes.Float32, 2, 3), nil)
	if err != nil {
		t.Fatal(err)
	}
	y, err := on.Abs(x)
	if err != nil {
		t.Fatal(err)
	}
	e, err := on.Compile([]op{y, x, y}, nil)
	if err != nil {
		t.Fatal(err)
	}
	good := buffer(t, b, reals(1, 2, 3))
	out, err := e.Execute([]backends.Buffer{good}, nil, 0)
	if err != nil || len(out) != 3 || out[0] == out[2] || out[1] == good {
		t.Errorf("outputs %v, error %v, must be three buffers of their own", out, err)
	}
	for says, given := range map[string][]backends.Buffer{
		"0 inputs, must be 1": nil,
		`input "x" is (Float32)[3 2], must be (Float32)[2 3]`: {buffer(t, b, reals(1, 3, 2))},
		`input "x": buffer is not`:                            {3},
	} {
		if _, err := e.Execute(given, nil, 0); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error %v, must say %q", err, says)
		}
	}
	e.Finalize()
	e.Finalize()
	_, err = e.Execute([]backends.Buffer{good}, nil, 0)
	if err == nil || !strings.Contains(err.Error(), "finalized") {
		t.Errorf("error %v, must say that the graph is finalized", err)
	}
	b.Finalize()
	b.Finalize()
	if _, err := b.Builder("").Compile(nil, nil); err == nil || !b.IsFinalized() {
		t.Errorf("a finalized backend compiled, error %v", err)
	}
}
