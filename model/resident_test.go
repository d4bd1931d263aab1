package model

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// TestResident holds that a network's outputs go into the next one, and into the same again, on the device: the same
// bits as through the host, nothing read back between, and no memory left behind.
func TestResident(t *testing.T) {
	g := body()
	net, ctx := g.network(t, Options{}), context.Background()
	x := g.array(1, 4, 6, 5)
	want, err := net.Run(ctx, map[string]tensor.Array{"x": x})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if want, err = net.Run(ctx, map[string]tensor.Array{"x": want["v6"]}); err != nil {
			t.Fatal(err)
		}
	}
	d := net.dev.GPU()
	live, made := d.Live(), d.Stats()
	in := Input{Array: x}
	for range 3 {
		out, err := net.RunResident(ctx, map[string]Input{"x": in})
		if err != nil {
			t.Fatal(err)
		}
		if err := in.Resident.Close(); err != nil {
			t.Fatal(err)
		}
		in = Input{Resident: out["v6"]}
	}
	// Each run is a submission of its nodes and one of copies of its outputs, and two runs copy their inputs.
	if n := d.Stats().Submissions - made.Submissions; n != 8 {
		t.Errorf("%d submissions, must be 8: none to read back", n)
	}
	if r := in.Resident; r.Type() != onnx.Float || !slices.Equal(r.Shape(), []int{1, 4, 6, 5}) {
		t.Errorf("%v of shape %v", r.Type(), r.Shape())
	}
	got, err := in.Resident.Array(ctx)
	if err != nil || !slices.Equal(got.Data, want["v6"].Data) {
		t.Errorf("%v, error %v, must be %v", got, err, want["v6"])
	}
	if err := errors.Join(in.Resident.Close(), in.Resident.Close()); err != nil {
		t.Error(err)
	}
	if now := d.Live(); now.Buffers != live.Buffers {
		t.Errorf("%d buffers, were %d", now.Buffers, live.Buffers)
	}
}

// TestResidentShape holds that an input on the device which a shape follows from is read, and outputs that follow from
// constants are given.
func TestResidentShape(t *testing.T) {
	ctx := context.Background()
	sizes := newGraph()
	sizes.output(sizes.node("Abs", nil, sizes.typed("n", onnx.Int64, 2)), sizes.node("Identity", nil, sizes.whole(3)))
	given := sizes.network(t, Options{})
	n := tensor.Array{Shape: []int{2}, Ints: []int64{-3, 4}}
	out, err := given.RunResident(ctx, map[string]Input{"n": {Array: n}})
	if err != nil {
		t.Fatal(err)
	}
	defer out["v0"].Close()
	three, err := out["v1"].Array(ctx)
	if err != nil || !slices.Equal(three.Ints, []int64{3}) {
		t.Errorf("%v, error %v, must be 3", three, err)
	}
	g := newGraph()
	g.output(g.node("Relu", nil, g.node("Reshape", nil, g.input("x", 2, 6), g.typed("shape", onnx.Int64, 2))))
	net, x := g.network(t, Options{}), g.array(2, 6)
	for range 2 {
		y, err := net.RunResident(ctx, map[string]Input{"x": {Array: x}, "shape": {Resident: out["v0"]}})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(y["v1"].Shape(), []int{3, 4}) {
			t.Errorf("shape %v, must be [3 4]", y["v1"].Shape())
		}
		y["v1"].Close()
	}
}

// TestResidentRefuses holds what is said of tensors that cannot be inputs.
func TestResidentRefuses(t *testing.T) {
	ctx := context.Background()
	g := body()
	net := g.network(t, Options{})
	out, err := net.RunResident(ctx, map[string]Input{"x": {Array: g.array(1, 4, 6, 5)}})
	if err != nil {
		t.Fatal(err)
	}
	y := out["v6"]
	defer y.Close()
	whole := newGraph()
	whole.output(whole.node("Abs", nil, whole.typed("x", onnx.Int64, 1, 4, 6, 5)))
	small := newGraph()
	small.output(small.node("Abs", nil, small.input("x", 2)))
	closed, err := net.RunResident(ctx, map[string]Input{"x": {Resident: y}})
	if err != nil {
		t.Fatal(err)
	}
	closed["v6"].Close()
	for what, c := range map[string]struct {
		net  *Network
		name string
		r    *Resident
		want error
	}{
		"a type":    {whole.network(t, Options{}), "x", y, ErrInput},
		"a shape":   {small.network(t, Options{}), "x", y, ErrInput},
		"a name":    {net, "z", y, ErrInput},
		"closed":    {net, "x", closed["v6"], gpu.ErrClosed},
		"of none":   {net, "x", &Resident{dtype: onnx.Float, shape: []int{1, 4, 6, 5}}, cpuref.ErrShape},
		"a network": {nil, "x", y, gpu.ErrClosed},
	} {
		live := device(t).GPU().Live().Buffers
		if _, err := c.net.RunResident(ctx, map[string]Input{c.name: {Resident: c.r}}); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, must be %v", what, err, c.want)
		}
		if what != "of none" && what != "closed" && device(t).GPU().Live().Buffers != live {
			t.Errorf("%s: buffers are left behind", what)
		}
	}
	var none *Resident
	if _, err := none.Array(ctx); err == nil || none.Close() != nil || none.Shape() != nil {
		t.Error("nothing is said of nil")
	}
}
