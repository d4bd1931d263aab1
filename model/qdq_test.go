package model

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// constant adds one of whole numbers of any type.
func (g *graph) constant(t onnx.DataType, shape []int, numbers ...int64) string {
	name := fmt.Sprintf("w%d", len(g.Graph.Initializers))
	g.Graph.Initializers = append(g.Graph.Initializers, onnx.WholeTensor(name, t, int64s(shape), numbers))
	return name
}

// reals adds a constant of these numbers, of one axis, or none where there is one.
func (g *graph) reals(numbers ...float32) string {
	name, dims := fmt.Sprintf("w%d", len(g.Graph.Initializers)), []int64{int64(len(numbers))}
	if len(numbers) == 1 {
		dims = nil
	}
	g.Graph.Initializers = append(g.Graph.Initializers, onnx.FloatTensor(name, dims, numbers))
	return name
}

// some are seeded whole numbers around 0.
func (g *graph) some(shape []int, most int64) (all []int64) {
	for range g.numbers(shape) {
		all = append(all, g.rng.Int64N(2*most+1)-most)
	}
	return all
}

// bytes dequantizes seeded weights of int8, with scales along an axis.
func (g *graph) bytes(shape []int, axis int, scales ...float32) string {
	w, zeros := g.constant(onnx.Int8, shape, g.some(shape, 100)...), make([]int64, len(scales))
	zero := g.constant(onnx.Int8, []int{len(zeros)}, zeros...)
	if len(scales) == 1 {
		zero = g.constant(onnx.Int8, nil, 3)
	}
	return g.node("DequantizeLinear", attributes{"axis": axis}.onnx(), w, g.reals(scales...), zero)
}

// bits quantizes a value to 8 bits and back. back false leaves it there.
func (g *graph) bits(v string, t onnx.DataType, scale float32, zero int64, back bool) string {
	s, z := g.reals(scale), g.constant(t, nil, zero)
	if v = g.node("QuantizeLinear", nil, v, s, z); back {
		v = g.node("DequantizeLinear", nil, v, s, z)
	}
	return v
}

// qdq are layers between DequantizeLinear and QuantizeLinear, and what they become; "" where they stay what they are.
var qdq = map[string]struct {
	build func(g *graph) string
	shape []int
	want  string
}{
	"Conv with a scale for each filter and biases": {func(g *graph) string {
		x, w := g.bits("x", onnx.Uint8, 0.013, 120, true), g.bytes([]int{3, 4, 3, 3}, 0, 0.01, 0.017, 0.023)
		var scales []float32
		for _, s := range []float32{0.01, 0.017, 0.023} {
			scales = append(scales, 0.013*s)
		}
		b := g.node("DequantizeLinear", attributes{"axis": 0}.onnx(), g.constant(onnx.Int32, []int{3}, 900, -40, 7),
			g.reals(scales...))
		v := g.node("Conv", attributes{"pads": []int{1, 1, 1, 1}, "strides": []int{2, 1}}.onnx(), x, w, b)
		return g.bits(v, onnx.Int8, 0.05, -7, true)
	}, []int{2, 4, 6, 5}, "QuantizeLinear QLinearConv DequantizeLinear"},
	"ConvTranspose with a scale for each filter and biases": {func(g *graph) string {
		x, w := g.bits("x", onnx.Uint8, 0.013, 120, true), g.bytes([]int{4, 3, 2, 3}, 1, 0.01, 0.017, 0.023)
		b := g.node("DequantizeLinear", attributes{"axis": 0}.onnx(), g.constant(onnx.Int32, []int{3}, 900, -40, 7),
			g.reals(float32(0.013)*0.01, float32(0.013)*0.017, float32(0.013)*0.023),
			g.constant(onnx.Int32, []int{3}, 0, 0, 0))
		v := g.node("ConvTranspose", attributes{"strides": []int{2, 1}}.onnx(), x, w, b)
		return g.bits(v, onnx.Uint8, 0.05, 100, false)
	}, []int{2, 4, 6, 5}, "QuantizeLinear DequantizeLinear ConvTranspose Mul QuantizeLinear"},
	"Conv with a zero point of its filters, and Relu that the range does": {func(g *graph) string {
		x, w := g.bits("x", onnx.Uint8, 0.013, 120, true), g.bytes([]int{3, 4, 3, 3}, 0, 0.01)
		return g.bits(g.node("Relu", nil, g.node("Conv", nil, x, w)), onnx.Uint8, 0.02, 0, false)
	}, []int{2, 4, 6, 5}, "QuantizeLinear QLinearConv"},
	"Conv in groups and a Clip": {func(g *graph) string {
		x, w := g.bits("x", onnx.Int8, 0.01, 4, true), g.bytes([]int{4, 2, 3, 3}, 0, 0.01)
		v := g.node("Clip", nil, g.node("Conv", attributes{"group": 2}.onnx(), x, w), g.reals(-0.3), g.reals(0.45))
		return g.bits(v, onnx.Uint8, 0.02, 128, false)
	}, []int{2, 4, 6, 5}, "QuantizeLinear QLinearConv Clip"},
	"MatMul with a scale for each column": {func(g *graph) string {
		a, b := g.bits("x", onnx.Uint8, 0.013, 120, true), g.bytes([]int{5, 3}, 1, 0.01, 0.017, 0.023)
		return g.bits(g.node("MatMul", nil, a, b), onnx.Uint8, 0.03, 100, false)
	}, []int{2, 4, 5}, "QuantizeLinear QLinearMatMul"},
	"Gemm": {func(g *graph) string {
		a, b := g.bits("x", onnx.Uint8, 0.013, 120, true), g.bytes([]int{5, 3}, 1, 0.01, 0.017, 0.023)
		return g.bits(g.node("Gemm", nil, a, b), onnx.Uint8, 0.03, 100, false)
	}, []int{4, 5}, "QuantizeLinear Reshape QLinearConv Reshape"},
	"Gemm of turned weights with biases": {func(g *graph) string {
		a, b := g.bits("x", onnx.Uint8, 0.013, 120, true), g.bytes([]int{3, 5}, 0, 0.01)
		c := g.constant(onnx.Int32, []int{3}, 900, -40, 7)
		c = g.node("DequantizeLinear", nil, c, g.reals(float32(0.013)*0.01))
		return g.bits(g.node("Gemm", attributes{"transB": 1}.onnx(), a, b, c), onnx.Int8, 0.03, 5, false)
	}, []int{4, 5}, "QuantizeLinear Reshape QLinearConv Reshape"},
	"biases of another scale": {func(g *graph) string {
		x, w := g.bits("x", onnx.Uint8, 0.013, 120, true), g.bytes([]int{3, 4, 3, 3}, 0, 0.01)
		b := g.node("DequantizeLinear", nil, g.constant(onnx.Int32, []int{3}, 900, -40, 7), g.reals(0.02))
		return g.bits(g.node("Conv", nil, x, w, b), onnx.Uint8, 0.05, 100, false)
	}, []int{2, 4, 6, 5}, ""},
	"sums that another node reads": {func(g *graph) string {
		x, w := g.bits("x", onnx.Uint8, 0.013, 120, true), g.bytes([]int{3, 4, 3, 3}, 0, 0.01)
		v := g.node("Conv", nil, x, w)
		g.output(g.node("Abs", nil, v))
		return g.bits(v, onnx.Uint8, 0.05, 100, false)
	}, []int{2, 4, 6, 5}, ""},
	"a Relu of an old opset that the range does not": {func(g *graph) string {
		g.Opsets[""] = 11
		x, w := g.bits("x", onnx.Uint8, 0.013, 120, true), g.bytes([]int{3, 4, 3, 3}, 0, 0.01)
		return g.bits(g.node("Relu", nil, g.node("Conv", nil, x, w)), onnx.Uint8, 0.02, 9, false)
	}, []int{2, 4, 6, 5}, ""},
	"scales along another axis": {func(g *graph) string {
		x, w := g.bits("x", onnx.Uint8, 0.013, 120, true), g.bytes([]int{3, 3, 3, 3}, 1, 0.01, 0.017, 0.023)
		return g.bits(g.node("Conv", nil, x, w), onnx.Uint8, 0.05, 100, false)
	}, []int{2, 3, 6, 5}, ""},
}

// inFloat32 is what computes the operators of 8-bit whole numbers whose sums float32 has exactly.
var inFloat32 = strings.NewReplacer("QLinearConv", "DequantizeLinear Conv Mul QuantizeLinear",
	"QLinearMatMul", "DequantizeLinear MatMul Mul QuantizeLinear")

// TestQDQ holds that layers between numbers of 8 bits become quantized ones, which give exactly what the nodes do in
// float64 and are judged, and that what is none stays.
func TestQDQ(t *testing.T) {
	for what, c := range qdq {
		t.Run(what, func(t *testing.T) {
			g, ctx := newGraph(), context.Background()
			g.input("x", c.shape...)
			y := c.build(g)
			g.output(y)
			net, inputs := g.network(t, Options{}), map[string]tensor.Array{"x": g.array(c.shape...)}
			var ops []string
			whole := false
			for _, n := range net.nodes {
				ops, whole = append(ops, n.Op), whole || n.whole
			}
			got, want := strings.Join(ops, " "), inFloat32.Replace(c.want)
			if whole != (c.want != "") || c.want != "" && got != want {
				t.Errorf("%s, must be %q", got, want)
			}
			out, err := net.Run(ctx, inputs)
			if err != nil {
				t.Fatal(err)
			}
			right, of := g.reference(t, inputs)[y], out[y]
			numbers := numbers{floats: of.Data, ints: of.Ints}.float64s()
			for i, w := range right.Data {
				w, off := float64(float32(w)), 0.0
				if c.want == "" {
					off = 1 // of sums in float32
				}
				if math.Abs(numbers[i]-w) > off || !slices.Equal(of.Shape, right.Shape) {
					t.Fatalf("%v of shape %v, must be %v of %v: number %d", numbers[i], of.Shape, w, right.Shape, i)
				}
			}
			if slices.Min(right.Data) == slices.Max(right.Data) {
				t.Error("all numbers are the same")
			}
			_, verdict, err := net.Check(ctx, inputs)
			if err != nil || !verdict.OK() {
				t.Errorf("%v, error %v", verdict.Err(), err)
			}
		})
	}
}
