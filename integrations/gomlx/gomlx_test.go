package gomlx

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/backends/simplego"
	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gpuconv/gpuconv/gpu"
)

// open is a backend that the test finalizes.
func open(t *testing.T, configuration string) *Backend {
	t.Helper()
	b, err := New(configuration)
	if errors.Is(err, gpu.ErrNoAdapter) {
		t.Fatalf("%v\nThese tests need a WebGPU adapter; on Debian without a GPU: apt-get install libvulkan1 "+
			"mesa-vulkan-drivers", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	return b.(*Backend)
}

// graph builds values of inputs.
type graph func(b backends.Builder, in []backends.Op) ([]backends.Op, error)

// of makes a graph of one value.
func of(f func(b backends.Builder, in []backends.Op) (backends.Op, error)) graph {
	return func(b backends.Builder, in []backends.Op) ([]backends.Op, error) {
		v, err := f(b, in)
		return []backends.Op{v}, err
	}
}

// result is a graph's outputs, with the report of the backend that is ours.
type result struct {
	flat   [][]float64
	shapes []shapes.Shape
	report Report
}

// run builds a graph of these inputs, of the type that is asked for, and runs it twice.
func run(t *testing.T, on backends.Backend, g graph, as dtypes.DType, inputs ...input) result {
	t.Helper()
	b := on.Builder(t.Name())
	var in []backends.Op
	var given []backends.Buffer
	for i, x := range inputs {
		shape := shapes.Make(as, x.dims...)
		op, err := b.Parameter(fmt.Sprintf("x%d", i), shape, nil)
		if err != nil {
			t.Fatal(err)
		}
		buffer, err := on.BufferFromFlatData(0, x.flat(as), shape)
		if err != nil {
			t.Fatal(err)
		}
		in, given = append(in, op), append(given, buffer)
	}
	out, err := g(b, in)
	if err != nil {
		t.Fatal(err)
	}
	e, err := b.Compile(out, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Finalize()
	r := execute(t, on, e, given)
	again := execute(t, on, e, given)
	if fmt.Sprint(r.flat) != fmt.Sprint(again.flat) {
		t.Errorf("another run gave %v, the first one %v", again.flat, r.flat)
	}
	if ours, ok := e.(*Executable); ok {
		r.report = ours.Report()
	}
	return r
}

func execute(t *testing.T, on backends.Backend, e backends.Executable, given []backends.Buffer) (r result) {
	t.Helper()
	out, err := e.Execute(given, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, buffer := range out {
		shape, err := on.BufferShape(buffer)
		if err != nil {
			t.Fatal(err)
		}
		flat, err := on.BufferData(buffer)
		if err != nil {
			t.Fatal(err)
		}
		r.flat, r.shapes = append(r.flat, float64s(t, flat)), append(r.shapes, shape)
	}
	return r
}

func float64s(t *testing.T, flat any) (all []float64) {
	t.Helper()
	switch flat := flat.(type) {
	case []float64:
		return append([]float64{}, flat...)
	case []float32:
		for _, x := range flat {
			all = append(all, float64(x))
		}
	case []bool:
		for _, x := range flat {
			all = append(all, map[bool]float64{true: 1}[x])
		}
	default:
		t.Fatalf("outputs of %T", flat)
	}
	return all
}

// input is numbers that float32 holds.
type input struct {
	dims    []int
	numbers []float32
}

// reals are from -1 to 1.
func reals(seed uint64, dims ...int) input {
	rng := rand.New(rand.NewPCG(seed, 7))
	x := input{dims: dims, numbers: make([]float32, product(dims))}
	for i := range x.numbers {
		x.numbers[i] = rng.Float32()*2 - 1
	}
	return x
}

// abs are the sizes of numbers.
func (x input) abs() input {
	to := input{dims: x.dims}
	for _, n := range x.numbers {
		to.numbers = append(to.numbers, float32(math.Abs(float64(n))))
	}
	return to
}

func (x input) flat(as dtypes.DType) any {
	if as == dtypes.Float32 {
		return append([]float32{}, x.numbers...)
	}
	var to []float64
	for _, n := range x.numbers {
		to = append(to, float64(n))
	}
	return to
}

// other is GoMLX's own backend, which computes in float64 where that is asked for: the reference.
func other(t *testing.T) backends.Backend {
	t.Helper()
	b, err := simplego.New("ops_sequential") // in parallel its nodes race
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	return b
}

// near holds outputs within bounds of a reference.
func near(t *testing.T, got, want result, bound func(output, i int) float64) {
	t.Helper()
	if len(got.flat) != len(want.flat) {
		t.Fatalf("%d outputs, must be %d", len(got.flat), len(want.flat))
	}
	for o := range want.flat {
		if fmt.Sprint(got.shapes[o].Dimensions) != fmt.Sprint(want.shapes[o].Dimensions) {
			t.Fatalf("output %d is %s, must be %s", o, got.shapes[o], want.shapes[o])
		}
		for i, w := range want.flat[o] {
			g := got.flat[o][i]
			if w == g {
				continue
			}
			if d := math.Abs(g - w); !(d <= bound(o, i)) {
				t.Fatalf("number %d of output %d is %v, must be %v, within %g", i, o, g, w, bound(o, i))
			}
		}
	}
}

// onGPU holds that all of a graph is computed there.
func onGPU(t *testing.T, r Report, submissions int) {
	t.Helper()
	if r.OnGPU() == 0 || r.NotOnGPU() != 0 || r.Submissions != submissions {
		t.Errorf("%s, must be all on the GPU in %d submissions", r, submissions)
	}
}

func TestConfigurations(t *testing.T) {
	for configuration, says := range map[string]string{
		"fast": `"fast"`, "float64,,log,x": `configuration "x": must be float64 or log`,
	} {
		if _, err := New(configuration); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: error %v, must say %q", configuration, err, says)
		}
	}
	if b := open(t, "float64,log"); !b.options.float64s || !b.options.log {
		t.Errorf("options %+v", b.options)
	}
}
