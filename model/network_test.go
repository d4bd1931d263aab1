package model

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/cpuref/operators"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

func device(t *testing.T) *host.Device {
	t.Helper()
	return hosttest.Open(t)
}

// body is one of ResNet's: two convolutions with their normalizations, what the input adds, and an activation.
func body() *graph {
	g := newGraph()
	x := g.input("x", 0, 4, 6, 5)
	pads := map[string]onnx.Attribute{"pads": {Kind: onnx.KindInts, Ints: []int64{1, 1, 1, 1}}}
	v := g.node("Conv", pads, x, g.weights(8, 4, 3, 3), g.weights(8))
	v = g.node("BatchNormalization", nil, v, g.weights(8), g.weights(8), g.weights(8), g.positive(8))
	v = g.node("Relu", nil, v)
	v = g.node("Conv", pads, v, g.weights(4, 8, 3, 3))
	v = g.node("BatchNormalization", nil, v, g.weights(4), g.weights(4), g.weights(4), g.positive(4))
	v = g.node("Add", nil, x, v)
	v = g.node("Relu", nil, v)
	g.output(v)
	return g
}

// reference computes a graph node by node in float64, as it stands: nothing is fused.
func (g *graph) reference(t *testing.T, inputs map[string]tensor.Array) map[string]*operators.Array {
	t.Helper()
	values := map[string]*operators.Array{}
	types := map[string]onnx.DataType{}
	for _, i := range g.Graph.Inputs {
		types[i.Name] = i.Type
	}
	for name, a := range inputs {
		values[name] = &operators.Array{
			Type:  types[name],
			Shape: a.Shape,
			Data:  numbers{floats: a.Data, ints: a.Ints}.float64s(),
		}
	}
	for _, w := range g.Graph.Initializers {
		v, err := initializer(w)
		if err != nil {
			t.Fatal(err)
		}
		values[w.Name] = &operators.Array{Type: w.Type, Shape: v.shape(), Data: v.known.float64s()}
	}
	for _, n := range g.Graph.Nodes {
		var in []*operators.Array
		for _, name := range n.Inputs {
			in = append(in, values[name])
		}
		out, err := operators.Reference(n, g.Opsets[""], in)
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range n.Outputs {
			values[name] = &out[i].Array
		}
	}
	return values
}

// near holds outputs against a reference of all nodes together, within what float32 may make of these sizes.
func near(t *testing.T, got tensor.Array, want *operators.Array) {
	t.Helper()
	if !slices.Equal(got.Shape, want.Shape) || len(got.Data) != len(want.Data) {
		t.Fatalf("shape %v of %d numbers, must be %v of %d", got.Shape, len(got.Data), want.Shape, len(want.Data))
	}
	most := 0.0
	for _, w := range want.Data {
		most = max(most, math.Abs(w))
	}
	for i, w := range want.Data {
		if d := math.Abs(float64(got.Data[i]) - w); !(d <= 1e-4*most) {
			t.Fatalf("number %d is %v, must be %v", i, got.Data[i], w)
		}
	}
}

// TestFused holds that normalizations, sums and activations are computed with the layers before them, to the same
// numbers.
func TestFused(t *testing.T) {
	g := body()
	net := g.network(t, Options{})
	inputs := map[string]tensor.Array{"x": g.array(2, 4, 6, 5)}
	got, err := net.Run(context.Background(), inputs)
	if err != nil {
		t.Fatal(err)
	}
	want := g.reference(t, inputs)
	near(t, got["v6"], want["v6"])
	s, err := net.Plan(t.Context(), inputs)
	if err != nil {
		t.Fatal(err)
	}
	// Two layers, and a copy each for x with its channels innermost and the output in ONNX's order.
	if len(s.Nodes) > 5 {
		t.Errorf("computed by %q, must be two layers and copies", s.Nodes)
	}
	var layers [][]int
	for _, nodes := range s.Fused {
		if len(nodes) > 0 {
			layers = append(layers, nodes)
		}
	}
	fused := [][]int{{0, 1, 2}, {3, 4, 5, 6}}
	if len(s.Fused) != len(s.Nodes) || fmt.Sprint(layers) != fmt.Sprint(fused) ||
		!slices.Equal(s.Shapes["v2"], []int{2, 8, 6, 5}) || s.Shapes["v1"] != nil {
		t.Errorf("fused %v, must be %v, shapes %v", s.Fused, fused, s.Shapes)
	}
	_, verdict, err := net.Check(context.Background(), inputs)
	if err := errors.Join(err, verdict.Err()); err != nil {
		t.Error(err)
	}
}

// TestShapes runs one network with more shapes than it keeps plans for.
func TestShapes(t *testing.T) {
	g := body()
	net := g.network(t, Options{})
	for round := range 2 {
		for n := 1; n <= mostPlans+2; n++ {
			inputs := map[string]tensor.Array{"x": g.array(n, 4, 6, 5)}
			got, err := net.Run(context.Background(), inputs)
			if err != nil {
				t.Fatalf("round %d, %d images: %v", round, n, err)
			}
			near(t, got["v6"], g.reference(t, inputs)["v6"])
		}
	}
	if len(net.plans) != mostPlans {
		t.Errorf("%d plans are kept, must be %d", len(net.plans), mostPlans)
	}
}

// TestShapeFromInput holds that a shape which a run gives is one, each time anew.
func TestShapeFromInput(t *testing.T) {
	g := newGraph()
	x, shape := g.input("x", 2, 3, 4), g.typed("shape", onnx.Int64, 2)
	g.output(g.node("Reshape", nil, x, g.node("Identity", nil, shape)))
	net := g.network(t, Options{})
	for _, to := range [][]int64{{6, 4}, {4, 6}, {-1, 2}, {6, 4}} {
		in := map[string]tensor.Array{"x": g.array(2, 3, 4), "shape": {Shape: []int{2}, Ints: to}}
		got, err := net.Run(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Clone(to)
		if want[0] < 0 {
			want[0] = 12
		}
		if out := got["v1"]; !slices.Equal(int64s(out.Shape), want) || !slices.Equal(out.Data, in["x"].Data) {
			t.Errorf("shape %v, must be %v, with the input's numbers", out.Shape, want)
		}
	}
}

func TestUnknownOperators(t *testing.T) {
	g := newGraph()
	v := g.node("Frobnicate", nil, g.input("x", 1))
	v = g.node("Relu", nil, v)
	g.output(g.node("Defrobnicate", nil, v))
	_, err := New(device(t), &g.Model, Options{})
	if !errors.Is(err, ErrUnsupported) || !strings.Contains(fmt.Sprint(err), "Frobnicate") ||
		!strings.Contains(fmt.Sprint(err), "Defrobnicate") || strings.Contains(fmt.Sprint(err), "Relu") {
		t.Errorf("error %v, must name both unknown operators", err)
	}
	// How many inputs these read is unknown too.
	g = newGraph()
	g.output(g.node("SequenceEmpty", nil))
	if _, err := New(device(t), &g.Model, Options{}); !errors.Is(err, ErrUnsupported) || errors.Is(err, ErrGraph) {
		t.Errorf("an unknown operator without inputs: error %v, must be about the operator alone", err)
	}
	// What no output follows from is not asked for.
	g = newGraph()
	x := g.input("x", 1)
	g.node("Frobnicate", nil, x)
	g.output(g.node("Relu", nil, x))
	g.network(t, Options{})
}

func TestInputs(t *testing.T) {
	g := body()
	net := g.network(t, Options{})
	ctx := context.Background()
	good := g.array(1, 4, 6, 5)
	for _, c := range []struct {
		name   string
		inputs map[string]tensor.Array
		says   string
	}{
		{"none", nil, `input "x" is missing`},
		{"another", map[string]tensor.Array{"x": good, "y": good}, `no input is called "y"`},
		{"shape", map[string]tensor.Array{"x": g.array(1, 4, 6, 6)},
			"has shape [1 4 6 6], must be x float32 [x_0 4 6 5]"},
		{"rank", map[string]tensor.Array{"x": g.array(4, 6, 5)}, "has shape [4 6 5]"},
		{"short", map[string]tensor.Array{"x": {Shape: good.Shape, Data: good.Data[1:]}}, "holds 119 elements"},
		{"whole", map[string]tensor.Array{"x": {Shape: good.Shape, Ints: make([]int64, 120)}},
			"must have float32 ones"},
	} {
		_, err := net.Run(ctx, c.inputs)
		if !errors.Is(err, ErrInput) || !strings.Contains(fmt.Sprint(err), c.says) {
			t.Errorf("%s: error %v, must say %q", c.name, err, c.says)
		}
	}
	if _, err := net.Run(ctx, map[string]tensor.Array{"x": good}); err != nil {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := net.Run(ended, map[string]tensor.Array{"x": good}); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: error %v", err)
	}
	if err := errors.Join(net.Close(), net.Close()); err != nil {
		t.Error(err)
	}
	if _, err := net.Run(ctx, map[string]tensor.Array{"x": good}); !errors.Is(err, gpu.ErrClosed) {
		t.Errorf("after Close: error %v", err)
	}
	var nobody *Network
	if _, err := nobody.Run(ctx, nil); !errors.Is(err, gpu.ErrClosed) || nobody.Close() != nil {
		t.Errorf("no network: error %v", err)
	}
}

// TestCheckFindsWrongView breaks the lowering of an operator that only moves numbers, which no kernel's judge would
// see.
func TestCheckFindsWrongView(t *testing.T) {
	right := lowerings["Transpose"]
	t.Cleanup(func() { lowerings["Transpose"] = right })
	lowerings["Transpose"] = lowering{lower: func(c *compiler, n *node) error {
		x := c.in(n, 0)
		wrong, err := x.view.Permute(0, 2, 1)
		if err != nil {
			return err
		}
		wrong.Offset++
		return c.moved(n, x.seen(wrong))
	}}
	g := newGraph()
	v := g.node("Transpose", wholes("perm", 0, 2, 1), g.input("x", 3, 3, 3))

	g.output(g.node("Relu", nil, v))
	_, verdict, err := g.network(t, Options{}).
		Check(context.Background(), map[string]tensor.Array{"x": g.array(3, 3, 3)})
	if err == nil {
		err = verdict.Err()
	}
	if !errors.Is(err, cpuref.ErrMismatch) && !strings.Contains(fmt.Sprint(err), "view") {
		t.Errorf("error %v, must name the Transpose", err)
	}
}

// TestManyGoroutines shares a network.
func TestManyGoroutines(t *testing.T) {
	g := body()
	net := g.network(t, Options{})
	inputs := []map[string]tensor.Array{{"x": g.array(1, 4, 6, 5)}, {"x": g.array(2, 4, 6, 5)}}
	var want [2][]float32
	for i, in := range inputs {
		out, err := net.Run(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		want[i] = out["v6"].Data
	}
	errs := make(chan error)
	for k := range 4 {
		go func() {
			for range 10 {
				out, err := net.Run(context.Background(), inputs[k%2])
				if err == nil && !slices.Equal(out["v6"].Data, want[k%2]) {
					err = errors.New("other numbers")
				}
				if err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// TestPadded holds that a convolution pads what a Pad before it would, in each of its modes, to the same numbers.
func TestPadded(t *testing.T) {
	for _, mode := range []string{"constant", "reflect", "edge", "wrap"} {
		t.Run(mode, func(t *testing.T) {
			g := newGraph()
			if mode == "wrap" {
				g.Opsets[""] = 19
			}
			pads := g.whole(0, 0, 1, 2, 0, 0, 2, 1)
			v := g.node("Pad", attributes{"mode": mode}.onnx(), g.input("x", 2, 3, 5, 4), pads)
			g.output(g.node("Conv", nil, v, g.weights(4, 3, 3, 3)))
			net := g.network(t, Options{})
			inputs := map[string]tensor.Array{"x": g.array(2, 3, 5, 4)}
			out, err := net.Run(context.Background(), inputs)
			if err != nil {
				t.Fatal(err)
			}
			near(t, out["v1"], g.reference(t, inputs)["v1"])
			s, err := net.Plan(t.Context(), inputs)
			if err != nil {
				t.Fatal(err)
			}
			if slices.ContainsFunc(s.Nodes, func(name string) bool { return strings.HasPrefix(name, "remap") }) {
				t.Errorf("computed by %q, must have no copy that pads", s.Nodes)
			}
		})
	}
}

// plannedWell holds that a network's plan takes no more than so many times the least that any plan could.
func plannedWell(t *testing.T, net *Network, inputs map[string]tensor.Array, times float64) {
	t.Helper()
	s, err := net.Plan(t.Context(), inputs)
	if m := s.Memory; err != nil || m.LowerBound == 0 || float64(m.Planned) > times*float64(m.LowerBound) {
		t.Errorf("%s: %d bytes planned, must be no more than %v times %d, error %v", net.name, m.Planned, times,
			m.LowerBound, err)
	}
}

// TestPlannedMemory holds it of the network that is shipped.
func TestPlannedMemory(t *testing.T) {
	net, err := Load(device(t), "../examples/digits/digits.onnx", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	plannedWell(t, net, map[string]tensor.Array{"picture": newGraph().array(1, 1, 28, 28)}, 1.05)
}
