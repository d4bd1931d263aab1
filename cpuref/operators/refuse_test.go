package operators

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/onnx"
)

// TestRefuses holds that what does not fit is an error which says so, and no panic.
func TestRefuses(t *testing.T) {
	x := of(shape(1, 2, 4, 4))
	for _, c := range []struct {
		name, op string
		opset    int64
		attrs    attributes
		inputs   []*Array
		err      error
	}{
		{"no such operator", "Nothing", 13, nil, nil, cpuref.ErrShape},
		{"no inputs", "Conv", 13, nil, nil, cpuref.ErrShape},
		{"too many inputs", "Relu", 13, nil, []*Array{x, x}, cpuref.ErrShape},
		{"a needed input is left out", "Add", 13, nil, []*Array{x, nil}, cpuref.ErrShape},
		{"an input of many is left out", "Sum", 13, nil, []*Array{x, nil, x}, cpuref.ErrShape},
		{"opset 0", "Relu", 0, nil, []*Array{x}, cpuref.ErrShape},
		{"a shape that lies", "Relu", 13, nil,
			[]*Array{{Type: onnx.Float, Shape: shape(3), Data: []float64{1}}}, cpuref.ErrShape},
		{"a negative size", "Relu", 13, nil, []*Array{{Type: onnx.Float, Shape: shape(-1)}}, cpuref.ErrShape},
		{"no broadcasting", "Add", 13, nil, []*Array{floats(1, 2), floats(1, 2, 3)}, cpuref.ErrShape},
		{"several types", "Add", 13, nil, []*Array{floats(1, 2), ints(1, 2)}, cpuref.ErrShape},
		{"whole numbers", "Exp", 13, nil, []*Array{ints(1, 2)}, cpuref.ErrShape},
		{"an unknown word", "Conv", 13, attributes{"auto_pad": "ALL"}, []*Array{x, x}, cpuref.ErrShape},
		{"an unknown mode", "Resize", 13, attributes{"mode": "best"}, []*Array{x, nil, floats(1, 1, 2, 2)},
			cpuref.ErrShape},
		{"an attribute of another kind", "Concat", 13, attributes{"axis": 1.5}, []*Array{x}, cpuref.ErrShape},
		{"an attribute that is left out", "Concat", 13, nil, []*Array{x}, cpuref.ErrShape},
		{"no flag", "Gemm", 13, attributes{"transA": 2}, []*Array{of(shape(2, 2)), of(shape(2, 2))},
			cpuref.ErrShape},
		{"strides of 0", "Conv", 13, attributes{"strides": []int{0, 1}}, []*Array{x, x}, cpuref.ErrShape},
		{"groups that do not divide", "Conv", 13, attributes{"group": 3}, []*Array{x, x}, cpuref.ErrShape},
		{"a kernel that is too large", "MaxPool", 13, attributes{"kernel_shape": []int{5, 5}}, []*Array{x},
			cpuref.ErrShape},
		{"no kernel", "MaxPool", 13, nil, []*Array{x}, cpuref.ErrShape},
		{"nothing but padding", "MaxPool", 13,
			attributes{"kernel_shape": []int{1, 1},
				"pads": []int{1, 1, 1, 1}}, []*Array{x}, cpuref.ErrShape},
		{"an attribute that is an input", "ReduceSum", 13, attributes{"axes": []int{1}}, []*Array{x},
			cpuref.ErrShape},
		{"an input that is an attribute", "ReduceSum", 11, nil, []*Array{x, ints(1)}, cpuref.ErrShape},
		{"an axis twice", "ReduceSum", 13, nil, []*Array{x, ints(1, -3)}, cpuref.ErrShape},
		{"an axis beyond", "Softmax", 13, attributes{"axis": 4}, []*Array{x}, cpuref.ErrShape},
		{"too much", "Tile", 13, nil, []*Array{x, ints(1, 1, 1e9, 1e9)}, cpuref.ErrShape},
		{"too much", "Expand", 13, nil, []*Array{x, ints(1<<40, 1, 2, 4, 4)}, cpuref.ErrShape},
		{"too much", "ConstantOfShape", 13, nil, []*Array{ints(1<<20, 1<<20)}, cpuref.ErrShape},
		{"no end", "Range", 13, nil, []*Array{scalar(0), scalar(math.Inf(1)), scalar(1)}, cpuref.ErrShape},
		{"an index beyond", "Gather", 13, nil, []*Array{x, ints(1)}, cpuref.ErrShape},
		{"real indices", "Gather", 13, nil, []*Array{x, floats(0)}, cpuref.ErrShape},
		{"a mean too few", "BatchNormalization", 15, attributes{"training_mode": 1},
			[]*Array{x, floats(1, 1), floats(1, 1), floats(1), floats(1, 1)}, cpuref.ErrShape},
		{"training", "Dropout", 13, nil, []*Array{x, scalar(0.5), typed(onnx.Bool, scalar(1))},
			cpuref.ErrShape},
		{"strings", "Cast", 13, attributes{"to": int(onnx.String)}, []*Array{x}, cpuref.ErrShape},
		{"a crop that is not finite", "Resize", 13,
			attributes{"coordinate_transformation_mode": "tf_crop_and_resize"},
			[]*Array{floats(1, 2), floats(0, math.NaN()), floats(2)}, cpuref.ErrShape},
		{"division by 0", "Div", 13, nil, []*Array{ints(1), ints(0)}, cpuref.ErrNoVerdict},
		{"modulo 0", "Mod", 13, nil, []*Array{ints(1), ints(0)}, cpuref.ErrNoVerdict},
		{"beyond the type", "Cast", 13, attributes{"to": int(onnx.Uint8)}, []*Array{floats(300)},
			cpuref.ErrNoVerdict},
		{"NaN", "QuantizeLinear", 13, nil, []*Array{floats(math.NaN()), scalar(1)}, cpuref.ErrNoVerdict},
		{"no scale", "DynamicQuantizeLinear", 13, nil, []*Array{floats(0, 0)}, cpuref.ErrNoVerdict},
	} {
		if results, err := Reference(newNode(t, c.op, c.attrs, 1), c.opset, c.inputs); !errors.Is(err,
			c.err) || results != nil {
			t.Errorf("%s, %s: error %v, must be %v", c.op, c.name, err, c.err)
		}
	}
	n := newNode(t, "Relu", nil, 1)
	n.Domain = "com.example"
	if _, err := Reference(n, 13, []*Array{x}); !errors.Is(err, cpuref.ErrShape) {
		t.Errorf("another domain: error %v", err)
	}
}

// TestNothingPanics computes samples with something changed: sizes, numbers, types, attributes, opsets, inputs. What
// is computed has as many numbers as its shape says.
func TestNothingPanics(t *testing.T) {
	const rounds = 40
	computed, refused := 0, 0
	r := rand.New(rand.NewPCG(7, 7))
	for _, s := range samples() {
		for range rounds {
			n, inputs := newNode(t, s.op, s.attrs, s.outputs), slices.Clone(s.inputs)
			for i, a := range inputs {
				if a != nil {
					inputs[i] = &Array{a.Type, slices.Clone(a.Shape), slices.Clone(a.Data)}
				}
			}
			opset := s.opset
			for range 1 + r.IntN(2) {
				inputs = changed(r, &n, &opset, inputs)
			}
			results, err := Reference(n, opset, inputs)
			switch {
			case err == nil:
				computed++
			case errors.Is(err, cpuref.ErrShape) || errors.Is(err, cpuref.ErrNoVerdict):
				refused++
			default:
				t.Errorf("%s: error %v", s.op, err)
			}
			for k, y := range results {
				if size(y.Shape) != len(y.Data) || y.Allowed != nil && len(y.Allowed) != len(y.Data) {
					t.Errorf("%s: result %d of shape %v has %d numbers, %d errors", s.op, k,
						y.Shape, len(y.Data), len(y.Allowed))
				}
			}
		}
	}
	t.Logf("%d computed, %d refused", computed, refused)
	if computed < 1000 || refused < 1000 {
		t.Errorf("%d computed and %d refused, must be 1000 of both", computed, refused)
	}
}

// odd are whole numbers that are seldom meant.
var odd = []int64{-1 << 40, -7, -2, -1, 0, 1, 2, 3, 5, 1 << 8, math.MaxInt64, math.MinInt64}

// changed makes one change.
func changed(r *rand.Rand, n *onnx.Node, opset *int64, inputs []*Array) []*Array {
	i := r.IntN(max(len(inputs), 1))
	if len(inputs) == 0 || r.IntN(4) == 0 {
		changeNode(r, n, opset)
		return inputs
	}
	a := inputs[i]
	switch kind := r.IntN(7); {
	case kind == 0:
		return append(inputs, inputs[r.IntN(len(inputs))])
	case kind == 1:
		return inputs[:i]
	case a == nil || kind == 2:
		inputs[i] = nil
	case kind == 3: // another shape
		for d := range a.Shape {
			if r.IntN(2) == 0 {
				a.Shape[d] = r.IntN(4)
			}
		}
		a.Data = of(a.Shape).Data
	case kind == 4: // another rank
		a.Shape = append([]int{r.IntN(3)}, a.Shape[min(r.IntN(3), len(a.Shape)):]...)
		a.Data = of(a.Shape).Data
	case kind == 5: // other numbers
		special := []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, 0, 1e30, -3, 7, 1 << 40, 0.5}
		for j := range a.Data {
			if r.IntN(3) == 0 {
				a.Data[j] = special[r.IntN(len(special))]
			}
		}
	default:
		a.Type = onnx.DataType(1 + r.IntN(16))
	}
	return inputs
}

// changeNode changes the opset, or one attribute.
func changeNode(r *rand.Rand, n *onnx.Node, opset *int64) {
	names := []string{"axis", "axes", "group", "kernel_shape", "strides", "pads", "dilations", "p", "size",
		"blocksize", "k",
		"keepdims", "perm", "to", "start", "end", "num_groups", "batch_dims", "offset_group",
		"block_size", "output_padding",
		"output_shape", "split", "num_outputs", "storage_order", "starts", "alpha", "epsilon", "beta", "cubic_coeff_a"}
	name := names[r.IntN(len(names))]
	for known := range n.Attributes {
		if r.IntN(2) == 0 {
			name = known
		}
	}
	a, ok := n.Attributes[name]
	switch r.IntN(4) {
	case 0:
		*opset = int64(r.IntN(30))
		return
	case 1:
		delete(n.Attributes, name)
		return
	}
	if !ok {
		a.Kind = []onnx.AttributeKind{onnx.KindInt, onnx.KindInts, onnx.KindFloat, onnx.KindString}[r.IntN(4)]
	}
	a.Int, a.Float, a.String = odd[r.IntN(len(odd))], float32(r.NormFloat64()), "odd"
	if r.IntN(4) == 0 {
		a.Float = float32(math.NaN())
	}
	a.Ints = make([]int64, r.IntN(5))
	for i := range a.Ints {
		a.Ints[i] = odd[r.IntN(len(odd))]
	}
	n.Attributes[name] = a
}
