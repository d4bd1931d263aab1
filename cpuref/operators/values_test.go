package operators

import (
	"fmt"
	"math"
	"testing"

	"github.com/gpuconv/gpuconv/onnx"
)

// counted are the numbers from first on, in a shape.
func counted(first float64, sizes ...int) *Array {
	a := &Array{Type: onnx.Float, Shape: sizes}
	for i := range size(sizes) {
		a.Data = append(a.Data, first+float64(i))
	}
	return a
}

// filled is one number again and again.
func filled(v float64, sizes ...int) *Array {
	a := counted(0, sizes...)
	for i := range a.Data {
		a.Data[i] = v
	}
	return a
}

// with is a with other numbers at some places.
func with(a *Array, changes map[int]float64) *Array {
	for i, v := range changes {
		a.Data[i] = v
	}
	return a
}

// byHand are nodes with results that were computed by hand, or stand in ONNX's spec and in tests newer than the data:
// of operators without test data, and of what changed between opsets.
var byHand = []struct {
	name   string
	op     string
	opset  int64
	attrs  attributes
	inputs []*Array
	want   []*Array // results that must be so, the first ones; nil is not looked at
}{
	{"", "Affine", 7, attributes{"alpha": 0.5, "beta": 1.0}, []*Array{floats(2, -4)}, []*Array{floats(2, -1)}},
	{"", "ImageScaler", 7, attributes{"scale": 2.0, "bias": []float64{1, -1}},
		[]*Array{of(shape(1, 2, 1, 2), 1, 2, 3, 4)}, []*Array{of(shape(1, 2, 1, 2), 3, 5, 5, 7)}},
	{"left, top, right, bottom", "Crop", 7, attributes{"border": []int{1, 0, 2, 1}},
		[]*Array{counted(0, 1, 1, 3, 4)}, []*Array{of(shape(1, 1, 2, 1), 1, 5)}},
	{"a height and a width", "Crop", 7, attributes{"border": []int{1, 2, 0, 0}, "scale": []int{1, 2}},
		[]*Array{counted(0, 1, 1, 3, 4)}, []*Array{of(shape(1, 1, 1, 2), 9, 10)}},
	{"that learns", "BatchNormalization", 15, attributes{"training_mode": 1, "epsilon": 3.0, "momentum": 0.75},
		[]*Array{of(shape(2, 1, 1), 1, 3), floats(2), floats(1), floats(10), floats(20)},
		[]*Array{of(shape(2, 1, 1), 0, 2), floats(8), floats(15.25)}},
	{"whole numbers to a real power", "Pow", 13, nil,
		[]*Array{ints(3, -2, 2, 4), floats(4, 3, 0.5, 0.5)}, []*Array{ints(81, -8, 1, 2)}},
	{"without padding", "DeformConv", 19, attributes{"kernel_shape": []int{2, 2}},
		[]*Array{counted(0, 1, 1, 3, 3), filled(1, 1, 1, 2, 2),
			with(filled(0, 1, 8, 2, 2), map[int]float64{0: 0.5, 21: -0.1})},
		[]*Array{of(shape(1, 1, 2, 2), 9.5, 11.9, 20, 24)}},
	{"padding", "DeformConv", 19, attributes{"kernel_shape": []int{2, 2}, "pads": []int{1, 1, 1, 1}},
		[]*Array{counted(0, 1, 1, 3, 3), filled(1, 1, 1, 2, 2),
			with(filled(0, 1, 8, 4, 4), map[int]float64{0: 0.5, 86: -0.1})},
		[]*Array{of(shape(1, 1, 4, 4), 0, 1, 3, 2, 3, 8, 11.9, 7, 9, 20, 24, 13, 6, 13, 15, 8)}},
	{"mask, bias", "DeformConv", 19, nil,
		[]*Array{counted(0, 1, 1, 3, 3), filled(1, 1, 1, 2, 2), filled(0, 1, 8, 2, 2), floats(1),
			with(filled(1, 1, 4, 2, 2), map[int]float64{4: 0.2})},
		[]*Array{of(shape(1, 1, 2, 2), 8.2, 13, 21,
			25)}}, // of the second tap at the first output, 1 becomes 0.2

	{"", "Gelu", 20, nil, []*Array{floats(-1, 0, 1)}, []*Array{floats(-0.15865526, 0, 0.84134474)}},
	{"tanh", "Gelu", 20, attributes{"approximate": "tanh"}, []*Array{floats(-1, 0, 1)},
		[]*Array{floats(-0.158808, 0, 0.841192)}},
	{"", "Mish", 18, nil, []*Array{floats(-1, 0, 1)}, []*Array{floats(-0.30340146, 0, 0.86509839)}},
	{"p 1", "LpPool", 11, attributes{"kernel_shape": []int{2}, "p": 1}, []*Array{of(shape(1, 1, 3), 3, -4, 5)},
		[]*Array{of(shape(1, 1, 2), 7, 9)}},
	{"p 2", "LpPool", 11, attributes{"kernel_shape": []int{2}}, []*Array{of(shape(1, 1, 3), 3, -4, 3)},
		[]*Array{of(shape(1, 1, 2), 5, 5)}},
	{"p 3", "GlobalLpPool", 2, attributes{"p": 3}, []*Array{of(shape(1, 1, 3), 3, -4, 5)},
		[]*Array{of(shape(1, 1, 1), 6)}},
	{"", "GlobalLpPool", 2, nil, []*Array{of(shape(1, 2, 2), 3, 4, 5, 12)}, []*Array{of(shape(1, 2, 1), 5, 13)}},
	{"scale of groups", "GroupNormalization", 18, attributes{"num_groups": 2, "epsilon": 0.0},
		[]*Array{of(shape(1, 4, 1), 1, 3, 0, 8), floats(2, 3),
			floats(0, 1)}, []*Array{of(shape(1, 4, 1), -2, 2, -2, 4)}},
	{"scale of channels", "GroupNormalization", 21, attributes{"num_groups": 2, "epsilon": 0.0},
		[]*Array{of(shape(1, 4, 1), 1, 3, 0, 8), floats(2, 3, 4, 5),
			floats(0, 1, 2, 3)}, []*Array{of(shape(1, 4, 1), -2, 4, -2, 8)}},

	// Resize, from opset 18 on: antialias, axes, policies, half_pixel_symmetric.
	{"linear, antialias", "Resize", 18, attributes{"mode": "linear", "antialias": 1},
		[]*Array{counted(1, 1, 1, 4, 4), nil,
			floats(1, 1, 0.6, 0.6)}, []*Array{of(shape(1, 1, 2, 2), 2.875, 4.5, 9.375, 11)}},
	{"cubic, antialias", "Resize", 18, attributes{"mode": "cubic", "antialias": 1},
		[]*Array{counted(1, 1, 1, 4, 4), nil, floats(1, 1, 0.6, 0.6)},
		[]*Array{of(shape(1, 1, 2, 2), 2.5180721, 4.2858863, 9.589329, 11.357142)}},
	{"symmetric", "Resize", 19, attributes{"mode": "linear",
		"coordinate_transformation_mode": "half_pixel_symmetric"},
		[]*Array{of(shape(1, 1, 1, 4), 1, 2, 3, 4), nil,
			floats(1, 1, 1, 0.6)}, []*Array{of(shape(1, 1, 1, 2), 1.6666667, 3.3333333)}},
	{"not larger", "Resize", 18, attributes{"axes": []int{-1, 2}, "keep_aspect_ratio_policy": "not_larger"},
		[]*Array{of(shape(1, 1, 2, 2), 1, 2, 3, 4), nil, nil,
			ints(4, 2)}, []*Array{of(shape(1, 1, 2, 2), 1, 2, 3, 4)}},
	{"not smaller", "Resize", 18, attributes{"axes": []int{3}, "keep_aspect_ratio_policy": "not_smaller"},
		[]*Array{of(shape(1, 1, 1, 2), 1, 2), nil, nil, ints(4)}, []*Array{of(shape(1, 1, 1, 4), 1, 1, 2, 2)}},
	{"centers of numbers", "Resize", 11, attributes{"coordinate_transformation_mode": "tf_half_pixel_for_nn",
		"nearest_mode": "floor"},
		[]*Array{of(shape(1, 4), 1, 2, 3, 4), nil, floats(1, 0.5)}, []*Array{of(shape(1, 2), 2, 4)}},
	{"one number of PyTorch's", "Resize", 11, attributes{"mode": "linear",
		"coordinate_transformation_mode": "pytorch_half_pixel"},
		[]*Array{of(shape(1, 3), 1, 2, 3), nil, nil, ints(1, 1)}, []*Array{of(shape(1, 1), 1)}},
	{"a crop and what is outside", "Resize", 11,
		attributes{"mode": "linear", "coordinate_transformation_mode": "tf_crop_and_resize",
			"extrapolation_value": 9.0}, []*Array{of(shape(1, 3), 1, 2, 3), floats(0, -0.5, 1,
			0.75), nil, ints(1,
			6)},
		[]*Array{of(shape(1, 6), 9, 9, 1, 1.5, 2, 2.5)}},
	{"opset 10", "Resize", 10, nil, []*Array{of(shape(1, 4), 1, 2, 3, 4), floats(1, 0.5)},
		[]*Array{of(shape(1, 2), 1, 3)}},
	{"opset 10, up", "Resize", 10, nil, []*Array{floats(1, 2), floats(3)}, []*Array{floats(1, 1, 1, 2, 2, 2)}},
	{"opset 10, down", "Resize", 10, nil, []*Array{floats(1, 2, 3, 4), floats(0.6)}, []*Array{floats(1, 3)}},
	{"scales as an attribute", "Upsample", 7, attributes{"mode": "linear", "scales": []float64{1, 2}},
		[]*Array{of(shape(1, 2), 1, 2)}, []*Array{of(shape(1, 4), 1, 1.5, 2, 2)}},

	// What was an attribute, and is an input since, or means something else.
	{"attributes", "Slice", 9, attributes{"starts": []int{1, -2}, "ends": []int{1 << 40, 3}, "axes": []int{0, 1}},
		[]*Array{counted(0, 2, 3)}, []*Array{of(shape(1, 2), 4, 5)}},
	{"an attribute", "Split", 11, attributes{"split": []int{1, 2}}, []*Array{floats(1, 2, 3)},
		[]*Array{floats(1), floats(2, 3)}},
	{"a smaller last part", "Split", 18, attributes{"num_outputs": 2}, []*Array{floats(1, 2, 3)},
		[]*Array{floats(1, 2), floats(3)}},
	{"an attribute", "Squeeze", 11, attributes{"axes": []int{-1}}, []*Array{of(shape(1, 2, 1), 3, 4)},
		[]*Array{of(shape(1, 2), 3, 4)}},
	{"an attribute", "Unsqueeze", 11, attributes{"axes": []int{0, 2}}, []*Array{floats(3, 4)},
		[]*Array{of(shape(1, 2, 1), 3, 4)}},
	{"attributes", "Pad", 2, attributes{"pads": []int{1, 0}, "value": 7.0}, []*Array{floats(3, 4)},
		[]*Array{floats(7, 3, 4)}},
	{"wrap, axes", "Pad", 19, attributes{"mode": "wrap"},
		[]*Array{of(shape(1, 3), 3, 4, 5), ints(4, 1), nil, ints(-1)},
		[]*Array{of(shape(1, 8), 5, 3, 4, 5, 3, 4, 5, 3)}},
	{"less", "Pad", 13, nil, []*Array{floats(3, 4, 5), ints(-1, 2), scalar(1)}, []*Array{floats(4, 5, 1, 1)}},
	{"attributes", "Clip", 10, attributes{"min": -1.0, "max": 1.0}, []*Array{floats(-3, 0.5, 4)},
		[]*Array{floats(-1, 0.5, 1)}},
	{"min above max", "Clip", 13, nil, []*Array{floats(-3, 0.5, 4), scalar(2), scalar(1)},
		[]*Array{floats(1, 1, 1)}},
	{"lines of all axes behind", "Softmax", 11, nil, []*Array{of(shape(1, 2, 2), 0, 0, 0, 0)},
		[]*Array{filled(0.25, 1, 2, 2)}},
	{"lines of one axis", "Softmax", 13, nil, []*Array{of(shape(1, 2, 2), 0, 0, 0, 0)},
		[]*Array{filled(0.5, 1, 2, 2)}},
	{"lines of all axes behind", "LogSoftmax", 11, nil, []*Array{of(shape(1, 2, 2), 0, 0, 0, 0)},
		[]*Array{filled(-math.Log(4), 1, 2, 2)}},
	{"lines of all axes behind", "Hardmax", 11, nil, []*Array{of(shape(1, 2, 2), 0, 1, 2, 2)},
		[]*Array{of(shape(1, 2, 2), 0, 0, 1, 0)}},
	{"k as an attribute, ties", "TopK", 9, attributes{"k": 2}, []*Array{floats(1, 3, 2, 3)},
		[]*Array{floats(3, 3), ints(1, 3)}},
	{"an attribute", "ReduceSum", 11, attributes{"axes": []int{-1}, "keepdims": 0}, []*Array{counted(1, 2, 2)},
		[]*Array{floats(3, 7)}},
	{"an input", "ReduceSum", 13, attributes{"keepdims": 0}, []*Array{counted(1, 2, 2), ints(0)},
		[]*Array{floats(4, 6)}},
	{"an attribute", "ReduceMean", 17, attributes{"axes": []int{0}}, []*Array{counted(1, 2, 2)},
		[]*Array{of(shape(1, 2), 2, 3)}},
	{"an input", "ReduceMean", 18, nil, []*Array{counted(1, 2, 2), ints(0)}, []*Array{of(shape(1, 2), 2, 3)}},
	{"nothing to do", "ReduceMax", 18, attributes{"noop_with_empty_axes": 1}, []*Array{floats(1, 2)},
		[]*Array{floats(1, 2)}},
	{"of nothing", "ReduceLogSumExp", 18, attributes{"keepdims": 0}, []*Array{of(shape(0))},
		[]*Array{scalar(math.Inf(-1))}},
	{"mask of truth values", "Dropout", 12, nil, []*Array{floats(1, 2)},
		[]*Array{floats(1, 2), typed(onnx.Bool, floats(1, 1))}},
	{"mask of reals", "Dropout", 7, nil, []*Array{floats(1, 2)}, []*Array{floats(1, 2), floats(1, 1)}},
	{"along an axis", "Add", 6, attributes{"broadcast": 1, "axis": 0}, []*Array{counted(0, 2, 2), floats(10, 20)},
		[]*Array{of(shape(2, 2), 10, 11, 22, 23)}},
	{"new mode", "SpaceToDepth", 28, attributes{"blocksize": 2, "mode": "CRD"}, []*Array{counted(0, 1, 2, 2, 2)},
		[]*Array{counted(0, 1, 8, 1, 1)}},
	{"old mode", "SpaceToDepth", 13, attributes{"blocksize": 2}, []*Array{counted(0, 1, 2, 2, 2)},
		[]*Array{of(shape(1, 8, 1, 1), 0, 4, 1, 5, 2, 6, 3, 7)}},

	// Corners that the test data has none of.
	{"dilations, ceil", "AveragePool", 19, attributes{"kernel_shape": []int{2, 2}, "dilations": []int{2, 2},
		"ceil_mode": 1},
		[]*Array{counted(1, 1, 1, 4, 4)}, []*Array{of(shape(1, 1, 2, 2), 6, 7, 10, 11)}},
	{"ceil adds nothing to the padding", "AveragePool", 11,
		attributes{"kernel_shape": []int{2}, "strides": []int{2}, "pads": []int{1, 0},
			"ceil_mode": 1, "count_include_pad": 1}, []*Array{of(shape(1, 1, 4), 2, 4, 6,
			8)}, []*Array{of(shape(1, 1, 3), 1, 5, 8)}},
	{"order of columns", "MaxPool", 8, attributes{"kernel_shape": []int{2, 2}, "storage_order": 1},
		[]*Array{counted(0, 1, 1, 2, 3)},
		[]*Array{of(shape(1, 1, 1, 2), 4, 5), typed(onnx.Int64, of(shape(1, 1, 1, 2), 3, 5))}},
	{"last index", "ArgMax", 13, attributes{"select_last_index": 1, "keepdims": 0}, []*Array{floats(1, 3, 3)},
		[]*Array{typed(onnx.Int64, scalar(2))}},
	{"halfs", "Round", 11, nil, []*Array{floats(0.5, 1.5, -0.5, 2.5)}, []*Array{floats(0, 2, 0, 2)}},
	{"the sign of the divisor", "Mod", 13, nil, []*Array{ints(-4, 7, 5), ints(3, -3, 8)},
		[]*Array{ints(2, -2, 5)}},
	{"towards 0", "Div", 14, nil, []*Array{ints(-7, 7), ints(2, 2)}, []*Array{ints(-3, 3)}},
	{"modulo the type", "Add", 14, nil, []*Array{typed(onnx.Int8, floats(100, -100)),
		typed(onnx.Int8, floats(100, -100))},
		[]*Array{typed(onnx.Int8, floats(-56, 56))}},
	{"a scalar", "NonZero", 13, nil, []*Array{scalar(3)},
		[]*Array{typed(onnx.Int64, of(shape(0, 1), []float64{}...))}},
	{"of 16 bits", "Cast", 13, attributes{"to": int(onnx.Float16)}, []*Array{floats(1.0002441406, 70000, -1e-9)},
		[]*Array{typed(onnx.Float16, floats(1, math.Inf(1), 0))}},
	{"of the brain", "Cast", 13, attributes{"to": int(onnx.BFloat16)}, []*Array{floats(1.00390625, 3e38)},
		[]*Array{typed(onnx.BFloat16, floats(1, 226*0x1p120))}},
	{"modulo the type", "Cast", 13, attributes{"to": int(onnx.Uint8)}, []*Array{ints(-1, 257)},
		[]*Array{typed(onnx.Uint8, floats(255, 1))}},
	{"towards 0", "Cast", 13, attributes{"to": int(onnx.Int32)}, []*Array{floats(-1.7, 2.9)},
		[]*Array{typed(onnx.Int32, floats(-1, 2))}},
	{"blocks", "DequantizeLinear", 21, attributes{"axis": 0, "block_size": 2},
		[]*Array{typed(onnx.Int8, floats(1, 2, 3)), floats(2, 10)}, []*Array{floats(2, 4, 30)}},
	{"reflections", "GridSample", 16, attributes{"padding_mode": "reflection", "align_corners": 1},
		[]*Array{of(shape(1, 1, 1, 3), 1, 2, 3),
			of(shape(1, 1, 3, 2), 1.5, 0, -2, 0, 4.5, 0)}, []*Array{of(shape(1, 1, 1, 3), 2.5, 2, 2.5)}},
	{"three axes", "GridSample", 20, attributes{"align_corners": 1},
		[]*Array{counted(0, 1, 1, 2, 2, 2),
			of(shape(1, 1, 1, 2, 3), -1, 0, 1, 1, 1, 1)}, []*Array{of(shape(1, 1, 1, 1, 2), 5, 7)}},
	{"a batch of tuples", "GatherND", 12, attributes{"batch_dims": 1},
		[]*Array{counted(0, 2, 3), typed(onnx.Int64, of(shape(2, 1), 2, 0))}, []*Array{floats(2, 3)}},
	{"largest", "ScatterElements", 18, attributes{"reduction": "max"},
		[]*Array{floats(1, 5), ints(0, 0), floats(3, 2)}, []*Array{floats(3, 5)}},
	{"both zero points", "MatMulInteger", 10, nil,
		[]*Array{typed(onnx.Uint8, of(shape(1, 2), 3, 4)), typed(onnx.Uint8, of(shape(2, 1), 5, 6)),
			typed(onnx.Uint8, scalar(1)), typed(onnx.Uint8, scalar(2))}, []*Array{typed(onnx.Int32,
			of(shape(1, 1), 18))}},
	{"rows and columns", "MatMul", 13, nil, []*Array{floats(1, 2), floats(3, 4)}, []*Array{scalar(11)}},
}

// TestByHand holds nodes to results that were found by hand.
func TestByHand(t *testing.T) {
	tested := map[string]bool{}
	for _, c := range byHand {
		name := fmt.Sprintf("%s-%d, %s", c.op, c.opset, c.name)
		tested[c.op] = true
		results, err := Reference(newNode(t, c.op, c.attrs, len(c.want)), c.opset, c.inputs)
		if err != nil || len(results) < len(c.want) {
			t.Errorf("%s: %d results, error %v", name, len(results), err)
			continue
		}
		for k, want := range c.want {
			got := results[k]
			if got.Type != want.Type {
				t.Errorf("%s: result %d is of %v, must be of %v", name, k, got.Type, want.Type)
			}
			got.Allowed = make([]float64, len(got.Data)) // what was written down has so many digits
			for i, v := range want.Data {
				got.Allowed[i] = 1e-6 * math.Abs(v)
				if math.IsInf(v, 0) {
					got.Allowed[i] = 0
				}
			}
			if report, err := Check(*want, got); err != nil || !report.OK() && len(want.Data) > 0 {
				t.Errorf("%s: result %d: %v, error %v", name, k, report, err)
			}
		}
	}
	for _, op := range Names() {
		if least[op] == 0 && !tested[op] {
			t.Errorf("%s has neither test data nor values by hand", op)
		}
	}
}
