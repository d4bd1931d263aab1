package operators

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/onnx"
)

// attributes are a node's, as Go values.
type attributes map[string]any

// newNode is a node with these attributes and so many outputs.
func newNode(t testing.TB, op string, attrs attributes, outputs int) onnx.Node {
	t.Helper()
	n := onnx.Node{Op: op, Name: "sample", Outputs: slices.Repeat([]string{"y"}, outputs),
		Attributes: map[string]onnx.Attribute{}}
	for name, v := range attrs {
		var a onnx.Attribute
		switch v := v.(type) {
		case int:
			a = onnx.Attribute{Kind: onnx.KindInt, Int: int64(v)}
		case float64:
			a = onnx.Attribute{Kind: onnx.KindFloat, Float: float32(v)}
		case string:
			a = onnx.Attribute{Kind: onnx.KindString, String: v}
		case []int:
			a.Kind = onnx.KindInts
			for _, i := range v {
				a.Ints = append(a.Ints, int64(i))
			}
		case []float64:
			a.Kind = onnx.KindFloats
			for _, x := range v {
				a.Floats = append(a.Floats, float32(x))
			}
		case onnx.Tensor:
			a = onnx.Attribute{Kind: onnx.KindTensor, Tensor: &v}
		default:
			t.Fatalf("attribute %s of %T", name, v)
		}
		n.Attributes[name] = a
	}
	return n
}

// of is a tensor of float32 with these numbers, or if there are none with numbers from 0.5 to 1.5.
func of(shape []int, data ...float64) *Array {
	a := &Array{Type: onnx.Float, Shape: shape, Data: data}
	if data == nil {
		r := rand.New(rand.NewPCG(1, uint64(len(shape))))
		for range size(shape) {
			a.Data = append(a.Data, float64(float32(0.5+r.Float64())))
		}
	}
	return a
}

// as is a tensor of another type, its numbers cut to whole ones if there are none.
func typed(t onnx.DataType, a *Array) *Array {
	a.Type = t
	if !floating(t) {
		for i, v := range a.Data {
			a.Data[i] = math.Trunc(v)
		}
	}
	return a
}

// ints is a line of whole numbers of 64 bits, and scalar one of them.
func ints(data ...float64) *Array {
	return &Array{Type: onnx.Int64, Shape: []int{len(data)}, Data: slices.Clone(data)}
}

func scalar(v float64) *Array { return &Array{Type: onnx.Float, Shape: []int{}, Data: []float64{v}} }

// line is a line of float32.
func floats(data ...float64) *Array { return of([]int{len(data)}, data...) }

// sample is a node of an operator that can be computed, with unit data.
type sample struct {
	op      string
	opset   int64
	attrs   attributes
	inputs  []*Array
	outputs int
}

// shape is a list of sizes.
func shape(sizes ...int) []int { return sizes }

// samples has one or more of every operator. What is not a copy has numbers around 1.
func samples() (all []sample) {
	add := func(op string, opset int64, attrs attributes, inputs ...*Array) {
		all = append(all, sample{op, opset, attrs, inputs, 1})
	}
	x4 := func() *Array { return of(shape(2, 4, 5, 6)) }
	flag := func(data ...float64) *Array { return typed(onnx.Bool, of(shape(len(data)), data...)) }
	bytes := func(sizes ...int) *Array { return typed(onnx.Uint8, of(sizes)) }

	for _, op := range []string{
		"Identity", "Abs", "Neg", "Sign", "Floor", "Ceil", "Round", "IsNaN", "IsInf", "Sqrt",
		"Reciprocal", "Exp", "Log", "Sin",
		"Cos", "Atan", "Sinh", "Cosh", "Asinh", "Relu", "LeakyRelu", "Elu", "Sigmoid", "Tanh",
		"HardSigmoid", "HardSwish",
		"Gelu", "Erf", "Softsign", "Softplus", "Mish", "ThresholdedRelu", "Celu", "Selu", "Shrink", "Clip", "Softmax",
		"LogSoftmax", "Hardmax", "GlobalMaxPool", "GlobalAveragePool", "GlobalLpPool",
		"MeanVarianceNormalization", "Flatten",
		"Transpose", "Dropout", "Shape", "Size", "NonZero", "ArgMax", "ArgMin", "Trilu", "Squeeze",
		"ReduceSum", "ReduceMean",
		"ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare",
		"ReduceLogSum", "ReduceLogSumExp",
		"DynamicQuantizeLinear",
	} {
		add(op, 20, nil, x4())
	}
	half := func() *Array { return of(shape(3), 0.25, -0.5, 0.625) }
	add("Asin", 20, nil, half())
	add("Acos", 20, nil, half())
	add("Atanh", 20, nil, half())
	add("Tan", 20, nil, half())
	add("Acosh", 20, nil, floats(1.5, 2, 3))
	add("Not", 20, nil, flag(1, 0, 1))
	for _, op := range []string{"And", "Or", "Xor"} {
		add(op, 20, nil, flag(1, 0, 1), flag(1, 1, 0))
	}
	for _, op := range []string{"Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "Sum", "Mean", "Equal", "Less",
		"LessOrEqual", "Greater", "GreaterOrEqual", "PRelu"} {
		add(op, 20, nil, x4(), of(shape(4, 1, 6)))
	}
	add("Mod", 20, attributes{"fmod": 1}, x4(), of(shape(1), 0.7))
	add("Where", 20, nil, flag(1, 0, 1), of(shape(2, 3)), of(shape(1, 3)))

	add("Conv", 20, attributes{"pads": []int{1, 1, 1, 1}, "group": 2}, x4(), of(shape(6, 2, 3, 3)), of(shape(6)))
	add("ConvTranspose", 20, attributes{"strides": []int{2, 2}, "group": 2}, x4(), of(shape(4, 3, 3, 2)),
		of(shape(6)))
	add("ConvInteger", 20, nil, bytes(1, 2, 4, 4), bytes(3, 2, 2, 2), bytes(1), bytes(3))
	add("DeformConv", 20, nil, of(shape(1, 2, 4, 4)), of(shape(3, 2, 2, 2)), of(shape(1, 8, 3, 3)), of(shape(3)),
		of(shape(1, 4, 3, 3)))
	pool := func() attributes {
		return attributes{"kernel_shape": []int{3, 2}, "strides": []int{2, 2}, "ceil_mode": 1}
	}
	add("MaxPool", 20, pool(), x4())
	add("AveragePool", 20, pool(), x4())
	add("LpPool", 20, pool(), x4())
	add("LpPool", 20, attributes{"kernel_shape": []int{3, 2}, "p": 3}, x4())

	add("BatchNormalization", 20, nil, x4(), of(shape(4)), of(shape(4)), of(shape(4)), of(shape(4)))
	all = append(all, sample{"BatchNormalization", 20, attributes{"training_mode": 1},
		[]*Array{x4(), of(shape(4)), of(shape(4)), of(shape(4)), of(shape(4))}, 3})
	add("InstanceNormalization", 20, nil, x4(), of(shape(4)), of(shape(4)))
	add("LayerNormalization", 20, attributes{"axis": 2}, x4(), of(shape(5, 6)), of(shape(5, 6)))
	add("GroupNormalization", 20, attributes{"num_groups": 2}, x4(), of(shape(2)), of(shape(2)))
	add("GroupNormalization", 21, attributes{"num_groups": 2}, x4(), of(shape(4)), of(shape(4)))
	add("LRN", 20, attributes{"size": 3}, x4())
	add("Gemm", 20, attributes{"alpha": 0.5, "transB": 1}, of(shape(3, 5)), of(shape(4, 5)), of(shape(4)))
	add("MatMul", 20, nil, of(shape(2, 1, 3, 5)), of(shape(2, 5, 4)))
	add("MatMulInteger", 20, nil, bytes(3, 5), bytes(5, 4), bytes(1), bytes(4))

	add("CumSum", 20, attributes{"exclusive": 1}, x4(), typed(onnx.Int64, scalar(1)))
	add("TopK", 20, attributes{"axis": 1}, x4(), ints(2))
	add("Reshape", 20, nil, x4(), ints(2, -1, 0))
	add("Unsqueeze", 20, nil, x4(), ints(0, -1))
	add("Tile", 20, nil, x4(), ints(1, 2, 1, 2))
	add("Expand", 20, nil, of(shape(4, 1)), ints(2, 1, 3))
	add("Concat", 20, attributes{"axis": 1}, x4(), of(shape(2, 1, 5, 6)))
	all = append(all, sample{"Split", 20, attributes{"axis": 1}, []*Array{x4()}, 2})
	add("Slice", 20, nil, x4(), ints(0, -1), ints(3, -9), ints(1, 3), ints(2, -2))
	add("Pad", 20, attributes{"mode": "reflect"}, x4(), ints(0, 1, 0, 2), nil, ints(2, 3))
	add("DepthToSpace", 20, attributes{"blocksize": 2}, x4())
	add("SpaceToDepth", 20, attributes{"blocksize": 2}, of(shape(1, 2, 4, 6)))
	add("Gather", 20, attributes{"axis": 1}, x4(), typed(onnx.Int64, of(shape(2, 2), 0, -1, 3, 1)))
	add("GatherElements", 20, nil, of(shape(3, 2)), typed(onnx.Int64, of(shape(2, 2), 0, -1, 2, 1)))
	add("GatherND", 20, attributes{"batch_dims": 1}, of(shape(2, 3, 4)), typed(onnx.Int64, of(shape(2, 1), 0, -1)))
	add("Scatter", 10, attributes{"axis": 1}, of(shape(2, 3)), typed(onnx.Int64, of(shape(2, 2), 0, -1, 2, 1)),
		of(shape(2, 2)))
	add("ScatterElements", 20, attributes{"reduction": "add"}, of(shape(3, 2)),
		typed(onnx.Int64, of(shape(2, 2), 0, -1, 2, 1)), of(shape(2, 2)))
	add("ScatterND", 20, attributes{"reduction": "mul"}, of(shape(4, 2)),
		typed(onnx.Int64, of(shape(2, 1), 0, -1)), of(shape(2, 2)))
	add("ReverseSequence", 20, nil, of(shape(3, 2)), ints(1, 3))

	for _, mode := range []string{"nearest", "linear", "cubic"} {
		add("Resize", 20, attributes{"mode": mode}, x4(), nil, floats(1, 1, 1.7, 0.6))
		add("Resize", 20, attributes{"mode": mode, "coordinate_transformation_mode": "tf_crop_and_resize",
			"axes": []int{2, 3}},
			x4(), floats(0.1, 0.2, 0.8, 1.1), nil, ints(3, 7))
	}
	add("Resize", 20, attributes{"mode": "cubic", "antialias": 1, "exclude_outside": 1}, x4(), nil, nil,
		ints(2, 4, 2, 3))
	add("Upsample", 9, attributes{"mode": "linear"}, x4(), floats(1, 1, 1.7, 2))
	for _, mode := range []string{"linear", "nearest", "cubic"} {
		add("GridSample", 20, attributes{"mode": mode, "padding_mode": "border"}, x4(), of(shape(2, 3, 3, 2)))
	}
	add("NonMaxSuppression", 20, nil, of(shape(1, 3, 4)), of(shape(1, 2, 3)), ints(2), floats(0.5), floats(0.1))

	add("Constant", 20, attributes{"value_floats": []float64{1, 2}})
	add("ConstantOfShape", 20, attributes{"value": onnx.FloatTensor("", []int64{1}, []float32{3})}, ints(2, 3))
	add("Range", 20, nil, scalar(1), scalar(2), scalar(0.3))
	add("OneHot", 20, nil, ints(0, 2, -1), ints(3), floats(0, 1))
	add("EyeLike", 20, attributes{"k": 1}, of(shape(3, 4)))
	add("Cast", 20, attributes{"to": int(onnx.Float16)}, x4())
	add("CastLike", 20, nil, x4(), ints(1))

	add("Affine", 7, attributes{"alpha": 0.5, "beta": 0.25}, x4())
	add("ImageScaler", 7, attributes{"scale": 0.5, "bias": []float64{1, 2, 3, 4}}, x4())
	add("Crop", 7, attributes{"border": []int{1, 0, 2, 1}}, x4())
	add("QuantizeLinear", 20, attributes{"axis": 1}, x4(), of(shape(4)), bytes(4))
	add("DequantizeLinear", 20, attributes{"axis": 1}, bytes(2, 4, 3), of(shape(4)), bytes(4))
	add("QLinearConv", 20, nil, bytes(1, 2, 4, 4), scalar(1), bytes(1), bytes(3, 2, 2, 2), of(shape(3)), bytes(3),
		scalar(9), bytes(1),
		typed(onnx.Int32, of(shape(3))))
	add("QLinearMatMul", 20, nil, bytes(3, 5), scalar(1), bytes(1), bytes(5, 4), scalar(1), bytes(1), scalar(9),
		bytes(1))
	return all
}

// TestSamples holds that there is a sample of every operator, and that all can be computed.
func TestSamples(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range samples() {
		seen[s.op] = true
		results, err := Reference(newNode(t, s.op, s.attrs, s.outputs), s.opset, s.inputs)
		if err != nil || len(results) == 0 {
			t.Errorf("%s: %d results, error %v", s.op, len(results), err)
		}
	}
	for _, op := range Names() {
		if !seen[op] {
			t.Errorf("there is no sample of %s", op)
		}
	}
}

// TestAllowedIsSmall holds that at unit data no operator may be off by more than a thousandth of its largest number.
func TestAllowedIsSmall(t *testing.T) {
	for _, s := range samples() {
		results, err := Reference(newNode(t, s.op, s.attrs, s.outputs), s.opset, s.inputs)
		if err != nil {
			t.Fatal(err)
		}
		for k, r := range results {
			if r.Allowed == nil || !floating(r.Type) {
				continue
			}
			largest, widest := 0.0, 0.0
			for i, v := range r.Data {
				largest, widest = max(largest, math.Abs(v)), max(widest, r.Allowed[i])
			}
			t.Logf("%s: result %d: %.2g of %.2g", s.op, k, widest, largest)
			if !(widest > 0 && widest <= 1e-3*largest) && !(s.op == "Resize" && s.attrs["mode"] == "nearest") {
				t.Errorf("%s, result %d: an error of %g is allowed of numbers up to %g", s.op, k,
					widest, largest)
			}
		}
	}
}
