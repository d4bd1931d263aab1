package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/onnx"
)

// assorted is a network with layers of all kinds, whose filters are zeros, with a symbolic batch.
func assorted(t *testing.T) string { return modelFile(t, assortedGraph()) }

func assortedGraph() onnx.Graph {
	zeros := func(name string, dims ...int64) onnx.Tensor {
		count := int64(1)
		for _, size := range dims {
			count *= size
		}
		return onnx.FloatTensor(name, dims, make([]float32, count))
	}
	integer := func(i int64) onnx.Attribute { return onnx.Attribute{Kind: onnx.KindInt, Int: i} }
	return onnx.Graph{
		Inputs: []onnx.ValueInfo{
			info("x", onnx.Float, "N", 4, 9, 7),
			info("w", onnx.Float, 6, 2, 2, 3),
		}, // as old files have it
		Outputs: []onnx.ValueInfo{info("y", onnx.Float, "N", 5), info("s", onnx.Float, "N", 4, 9, 7)},
		Values: []onnx.ValueInfo{
			info(
				"a",
				onnx.Float,
				"N",
				6,
				8,
				5,
			), info("b", onnx.Float, "N", 2, 16, 10), info("f", onnx.Float, "N", 320),
			info("m", onnx.Float, "N", 3), info("turned", onnx.Float, 320, 3),
		},
		Nodes: []onnx.Node{
			{
				Op:         "Conv",
				Name:       "grouped \"one\"",
				Inputs:     []string{"x", "w"},
				Outputs:    []string{"a"},
				Attributes: map[string]onnx.Attribute{"group": integer(2)},
			},
			{
				Op:         "ConvTranspose",
				Inputs:     []string{"a", "u"},
				Outputs:    []string{"b"},
				Attributes: map[string]onnx.Attribute{"strides": ints(2, 2)},
			},
			{Op: "Flatten", Inputs: []string{"b"}, Outputs: []string{"f"}},
			{Op: "Transpose", Inputs: []string{"t"}, Outputs: []string{"turned"}},
			{Op: "MatMul", Inputs: []string{"f", "turned"}, Outputs: []string{"m"}},
			{
				Op:         "Gemm",
				Inputs:     []string{"m", "g"},
				Outputs:    []string{"y"},
				Attributes: map[string]onnx.Attribute{"transB": integer(1)},
			},
			{Op: "Relu", Inputs: []string{"x"}, Outputs: []string{"s"}},
		},
		Initializers: []onnx.Tensor{
			zeros("w", 6, 2, 2, 3), zeros("u", 6, 2, 2, 2), zeros("t", 3, 320), zeros("g", 5, 3),
			onnx.IntTensor("no parameter", []int64{9}, make([]int64, 9)),
		},
	}
}

// inspected runs inspect and gives its JSON.
func inspected(t *testing.T, args ...string) (r inspectReport) {
	t.Helper()
	if err := json.Unmarshal([]byte(succeed(t, append([]string{"inspect", "--json"}, args...)...)), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// squeezed has one space where there are several.
func squeezed(text string) string {
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(lines, "\n")
}

// TestInspectLayers holds what is counted of layers, without any GPU: by hand, from the notes' formulas.
func TestInspectLayers(t *testing.T) {
	t.Setenv("GPUCONV_GPU", "off")
	r := inspected(t, assorted(t), "--dim", "N=3")
	want := []inspectLayer{
		// 6 filters of 2x3 over 2 of 4 channels; 8*5*6 neurons; three images, 2 operations a product
		{0, "Conv", "6 of 3x2x2", 6*12 + 6, 240 * 13, 3 * 2 * 240 * 12},
		// 2 filters of 2x2 over 6 channels, laid at each of 8*5 inputs; 16*10*2 neurons
		{1, "ConvTranspose", "2 of 2x2x6", 2*24 + 2, 320 * 25, 3 * 2 * 40 * 2 * 24},
		{4, "MatMul", "3 of 1x1x320", 963, 963, 3 * 2 * 960},
		{5, "Gemm", "5 of 1x1x3", 20, 20, 3 * 2 * 15},
	}
	if fmt.Sprint(r.Layers) != fmt.Sprint(want) {
		t.Errorf("layers\n%v, must be\n%v", r.Layers, want)
	}
	if want := int64(6*12 + 6*8 + 960 + 15); r.Parameters != want {
		t.Errorf("%d parameters, must be %d", r.Parameters, want)
	}
	if len(r.Inputs) != 1 || len(r.Outputs) != 2 {
		t.Errorf("inputs %v, outputs %v", r.Inputs, r.Outputs)
	}
	if r.Plan != nil || !strings.Contains(r.NoPlan, "no usable GPU adapter") || r.Unsupported != "" {
		t.Errorf("plan %v, %q, without an adapter", r.Plan, r.NoPlan)
	}
	out := squeezed(succeed(t, "inspect", assorted(t), "--dim", "N=3"))
	contain(
		t,
		out,
		`"tiny" by a test`,
		"IR version 8, opset 17",
		"input x float32 [3 4 9 7]",
		"output y float32 [3 5]",
		"7: 1 Conv, 1 ConvTranspose, 1 Flatten",
		"1,095 in the file",
		"none: no usable GPU adapter",
		"x [3 4 9 7], w [6 2 2 3]",
		"a [3 6 8 5]",
		"all 4 1,111 12,103 34,650",
	)
}

// TestInspectOpenSizes holds that layers are counted for one image where their number is open, and how to say it.
func TestInspectOpenSizes(t *testing.T) {
	hosttest.Open(t)
	r := inspected(t, assorted(t))
	want := "{0 Conv 6 of 3x2x2 78 3120 5760} {4 MatMul 3 of 1x1x320 963 963 1920}"
	if got := fmt.Sprint(r.Layers[0], r.Layers[2]); got != want {
		t.Errorf("%s, must be %s", got, want)
	}
	if r.Plan == nil || fmt.Sprint(r.Plan.Inputs) != "[x [1 4 9 7]]" {
		t.Errorf("plan %+v, %q, must be of one image", r.Plan, r.NoPlan)
	}
	open := echoFile(t, onnx.Float, "N", "M")
	if r := inspected(t, open); r.Plan != nil || !strings.Contains(r.NoPlan, "say it with --dim M=N") {
		t.Errorf("plan %v, %q, of an open size", r.Plan, r.NoPlan)
	}
	contain(t, succeed(t, "inspect", assorted(t)), "x float32 [N 4 9 7]")
}

// TestInspectCompiledSizes holds that the compiled network says the sizes that the file does not.
func TestInspectCompiledSizes(t *testing.T) {
	hosttest.Open(t)
	g := assortedGraph()
	g.Values = nil
	got, want := inspected(t, modelFile(t, g), "--dim", "N=3"), inspected(t, assorted(t), "--dim", "N=3")
	if fmt.Sprint(got.Layers) != fmt.Sprint(want.Layers) || len(got.Layers) != 4 {
		t.Errorf("%v, must be %v", got.Layers, want.Layers)
	}
}

// TestInspectUnknownSizes holds that sizes which the file does not say are not made up.
func TestInspectUnknownSizes(t *testing.T) {
	t.Setenv("GPUCONV_GPU", "off")
	g := assortedGraph()
	g.Values = nil
	r := inspected(t, modelFile(t, g))
	// Of the first product not even the matrix is known, which a Transpose gives.
	want := "[{0 Conv 6 of 3x2x2 78 0 0} {1 ConvTranspose 2 of 2x2x6 50 0 0} {5 Gemm 5 of 1x1x3 20 0 0}]"
	if fmt.Sprint(r.Layers) != want {
		t.Errorf("%v, must be %s", r.Layers, want)
	}
	contain(t, squeezed(succeed(t, "inspect", modelFile(t, g))), "0 Conv 6 of 3x2x2 78 ? ?",
		"3 layers have outputs whose size the file does not say", "x [N 4 9 7], w [6 2 2 3] a ?")
}

// TestInspectPlan holds that the compiled network is shown.
func TestInspectPlan(t *testing.T) {
	dev := hosttest.Open(t)
	r := inspected(t, assorted(t), "--dim", "N=2")
	if p := r.Plan; p == nil || p.Device != dev.String() || len(p.Algorithms) < 5 || p.Memory.Planned == 0 ||
		p.Memory.Naive < p.Memory.Planned {
		t.Errorf("%+v, %q", r.Plan, r.NoPlan)
	}
	contain(
		t,
		succeed(t, "inspect", assorted(t), "--dim", "N=2"),
		"nodes after fusion, in one submission",
		" by ",
		"planned",
		"without sharing",
	)
}

// TestInspectUnsupported holds that all operators which nobody knows are named at once, and the rest shown all the
// same.
// TestInspectFused holds what is computed at once of the network that is shipped, and the shapes that its file does
// not say, those between fused nodes among them.
func TestInspectFused(t *testing.T) {
	hosttest.Open(t)
	out := squeezed(succeed(t, "inspect", "../../examples/digits/digits.onnx"))
	contain(t, out, "conv0 [1 8 26 26] relu0 [1 8 26 26]", "flat [1 400]", "1 1 Conv, 2 Relu ", "5 7 Flatten, 8 Gemm ",
		"10 of 1x1x400")
}

func TestInspectUnsupported(t *testing.T) {
	net := modelFile(t, onnx.Graph{
		Inputs:  []onnx.ValueInfo{info("x", onnx.Float, 1)},
		Outputs: []onnx.ValueInfo{{Name: "y"}},
		Nodes: []onnx.Node{
			{Op: "Frobnicate", Inputs: []string{"x", ""}, Outputs: []string{"h"}},
			{Op: "Relu", Domain: "com.example", Inputs: []string{"h"}, Outputs: []string{"y"}},
		},
	})
	out := succeed(t, "inspect", net)
	contain(t, out, "WRONG", "Frobnicate (node 0", "com.example.Relu (node 1", "x [1], -", "h ?", "y undefined ?")
	if strings.Contains(out, "plan") {
		t.Errorf("a plan for what is not supported:\n%s", out)
	}
}

// TestInspectDot holds the drawing of a small graph.
func TestInspectDot(t *testing.T) {
	want := strings.Join([]string{
		`digraph "tiny" {`, `	node [shape=box]`, `	in0 [shape=ellipse label="x"]`,
		`	n0 [label="Conv\ngrouped \"one\""]`, `	in0 -> n0 [label="[N 4 9 7]"]`,
		`	n1 [label="ConvTranspose"]`, `	n0 -> n1 [label="[N 6 8 5]"]`,
		`	n2 [label="Flatten"]`, `	n1 -> n2 [label="[N 2 16 10]"]`,
		`	n3 [label="Transpose"]`,
		`	n4 [label="MatMul"]`, `	n2 -> n4 [label="[N 320]"]`, `	n3 -> n4 [label="[320 3]"]`,
		`	n5 [label="Gemm"]`, `	n4 -> n5 [label="[N 3]"]`,
		`	n6 [label="Relu"]`, `	in0 -> n6 [label="[N 4 9 7]"]`,
		`	out0 [shape=ellipse label="y"]`, `	n5 -> out0 [label="[N 5]"]`,
		`	out1 [shape=ellipse label="s"]`, `	n6 -> out1 [label="[N 4 9 7]"]`, `}`, ``,
	}, "\n")
	if got := succeed(t, "inspect", assorted(t), "--dot"); got != want {
		t.Errorf("%s, must be\n%s", got, want)
	}
}

func TestInspectRefused(t *testing.T) {
	t.Setenv("GPUCONV_GPU", "off")
	for _, c := range []struct {
		args  []string
		words string
	}{
		{nil, "accepts 1 arg"},
		{[]string{"/nowhere/m.onnx"}, "/nowhere/m.onnx"},
		{[]string{assorted(t), "--dim", "K=1"}, "the symbolic dimensions of the inputs are N"},
		{[]string{assorted(t), "--dot", "--json"}, "--dot and --json"},
		{[]string{assorted(t), "--cache", ""}, "--cache is empty"},
	} {
		code, stdout, stderr := gpuconv(append([]string{"inspect"}, c.args...)...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, c.words) {
			t.Errorf(
				"gpuconv inspect %v: exit %d, want %d and %q\n%s%s",
				c.args,
				code,
				exitUsage,
				c.words,
				stdout,
				stderr,
			)
		}
	}
}
