package operators

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/onnx"
)

// testdata is where Debian's package libonnx-testdata lies: the test data of ONNX's own operators, made with numpy
// (node, simple) and with PyTorch (pytorch-converted, pytorch-operator).
const testdata = "/usr/share/libonnx-testdata/data"

// ONNX's own tolerance for its test data.
const rtol, atol = 1e-3, 1e-7

// notOurs is the reason why a case is not about this package.
type notOurs string

func (n notOurs) Error() string { return string(n) }

// testCase is a folder: a graph, and sets of tensors that go in and come out.
type testCase struct {
	name  string
	model *onnx.Model
	sets  []string
}

func readCase(folder string) (c testCase, err error) {
	c.name = filepath.Base(folder)
	if c.model, err = onnx.ReadFile(filepath.Join(folder, "model.onnx")); err != nil {
		return c, err
	}
	c.sets, err = filepath.Glob(filepath.Join(folder, "test_data_set_*"))
	if err == nil && len(c.sets) == 0 {
		err = fmt.Errorf("%s has no test_data_set", folder)
	}
	return c, err
}

// arrayOf is a tensor of the test data.
func arrayOf(t onnx.Tensor) (*Array, error) {
	data, err := t.Doubles()
	a := &Array{Type: t.Type, Data: data, Shape: []int{}}
	for _, n := range t.Dims {
		a.Shape = append(a.Shape, int(n))
	}
	return a, err
}

func readArray(path string) (*Array, error) {
	t, err := onnx.ReadTensorFile(path)
	if err != nil {
		return nil, err
	}
	return arrayOf(t)
}

// values are what a set gives: by name, with the initializers.
func (c testCase) values(set string) (map[string]*Array, error) {
	values := map[string]*Array{}
	for _, t := range c.model.Graph.Initializers {
		a, err := arrayOf(t)
		if err != nil {
			return nil, err
		}
		values[t.Name] = a
	}
	given := 0
	for _, in := range c.model.Graph.Inputs {
		if values[in.Name] != nil {
			continue
		}
		a, err := readArray(filepath.Join(set, fmt.Sprintf("input_%d.pb", given)))
		if err != nil {
			return nil, err
		}
		given++
		values[in.Name] = a
	}
	return values, nil
}

// run computes the graph node by node, and gives the results by name.
func (c testCase) run(values map[string]*Array) (map[string]Result, error) {
	results := map[string]Result{}
	for _, n := range c.model.Graph.Nodes {
		var inputs []*Array
		for _, name := range n.Inputs {
			inputs = append(inputs, values[name])
		}
		out, err := Reference(n, c.model.Opsets[""], inputs)
		if err != nil {
			return nil, err
		}
		for i, name := range n.Outputs {
			if name == "" {
				continue
			}
			if i >= len(out) {
				return nil, fmt.Errorf("%s gives %d results, the node has output %d", n.Op, len(out), i)
			}
			results[name], values[name] = out[i], stored(out[i].Array)
		}
	}
	return results, nil
}

// stored is what the next node gets: numbers of 32 bits.
func stored(a Array) *Array {
	if a.Type != onnx.Float {
		return &a
	}
	a.Data = slices.Clone(a.Data)
	for i, v := range a.Data {
		a.Data[i] = float64(float32(v))
	}
	return &a
}

// check computes one set and holds the results to ONNX's tolerance, and where the graph is a single node to the error
// that is allowed. far is the largest distance relative to the tolerance, used the largest part of an allowed error.
func (c testCase) check(set string) (far, used float64, err error) {
	values, err := c.values(set)
	if err != nil {
		return 0, 0, err
	}
	results, err := c.run(values)
	if err != nil {
		return 0, 0, err
	}
	for i, out := range c.model.Graph.Outputs {
		want, err := readArray(filepath.Join(set, fmt.Sprintf("output_%d.pb", i)))
		if err != nil {
			return 0, 0, err
		}
		got, ok := results[out.Name]
		if !ok {
			return 0, 0, notOurs("a graph that gives its input")
		}
		f, err := distanceIn(got, want)
		if err != nil {
			return 0, 0, fmt.Errorf("output %d: %w", i, err)
		}
		far = max(far, f)
		single := want.Type != onnx.Float16 && want.Type != onnx.Double
		if single && len(c.model.Graph.Nodes) == 1 && len(want.Data) > 0 {
			report, err := Check(*want, got)
			if err == nil {
				err = report.Err()
			}
			if err != nil {
				return 0, 0, fmt.Errorf("output %d: %w", i, err)
			}
			used = max(used, report.BoundUsed)
		}
	}
	return far, used, nil
}

// distanceIn is how far the data is from our values, in parts of the tolerance.
func distanceIn(got Result, want *Array) (far float64, err error) {
	if !slices.Equal(got.Shape, want.Shape) || got.Type != want.Type {
		return 0, fmt.Errorf("shape %v of %v, must be %v of %v", got.Shape, got.Type, want.Shape, want.Type)
	}
	for i, w := range want.Data {
		d := distance(got.Data[i], w, 0)
		if d == 0 || !floating(want.Type) && got.Allowed != nil && d <= got.Allowed[i] {
			continue // or either side of a tie
		}
		if far = max(far, d/(atol+rtol*math.Abs(w))); !(far <= 1) {
			return 0, fmt.Errorf("%s is %v, must be %v", position(i, want.Shape), got.Data[i], w)
		}
	}
	return far, nil
}

// least is how many cases of an operator in libonnx-testdata 1.12 there must at least be. Those that it has none of
// have values by hand: see byHand.
var least = map[string]int{
	"Abs": 1, "Acos": 2, "Acosh": 2, "Add": 7, "And": 8, "ArgMax": 16, "ArgMin": 16, "Asin": 2, "Asinh": 2,
	"Atan": 2, "Atanh": 2, "AveragePool": 18, "BatchNormalization": 9, "Cast": 12, "CastLike": 6, "Ceil": 2,
	"Celu": 1, "Clip": 12, "Concat": 13, "Constant": 1, "ConstantOfShape": 3, "Conv": 33, "ConvInteger": 3,
	"ConvTranspose": 13, "Cos": 2, "Cosh": 2, "CumSum": 7, "DepthToSpace": 4, "DequantizeLinear": 2, "Div": 4,
	"Dropout": 6, "DynamicQuantizeLinear": 3, "Elu": 4, "Equal": 2, "Erf": 1, "Exp": 3, "Expand": 6,
	"EyeLike": 3, "Flatten": 11, "Floor": 2, "Gather": 6, "GatherElements": 3, "GatherND": 3, "Gemm": 12,
	"GlobalAveragePool": 2, "GlobalMaxPool": 2, "Greater": 2, "GreaterOrEqual": 2, "GridSample": 8,
	"HardSigmoid": 3, "HardSwish": 1, "Hardmax": 7, "Identity": 1, "InstanceNormalization": 3, "IsInf": 3,
	"IsNaN": 1, "LRN": 2, "LayerNormalization": 19, "LeakyRelu": 5, "Less": 2, "LessOrEqual": 2, "Log": 2,
	"LogSoftmax": 10, "MatMul": 3, "MatMulInteger": 1, "Max": 15, "MaxPool": 24, "Mean": 3,
	"MeanVarianceNormalization": 1, "Min": 15, "Mod": 13, "Mul": 4, "Neg": 2, "NonMaxSuppression": 9,
	"NonZero": 1, "Not": 3, "OneHot": 4, "Or": 8, "PRelu": 8, "Pad": 8, "Pow": 15, "QLinearConv": 1,
	"QLinearMatMul": 2, "QuantizeLinear": 2, "Range": 2, "Reciprocal": 2, "ReduceL1": 8, "ReduceL2": 8,
	"ReduceLogSum": 5, "ReduceLogSumExp": 8, "ReduceMax": 8, "ReduceMean": 10, "ReduceMin": 8, "ReduceProd": 8,
	"ReduceSum": 12, "ReduceSumSquare": 8, "Relu": 3, "Reshape": 10, "Resize": 22, "ReverseSequence": 2,
	"Round": 1, "Scatter": 2, "ScatterElements": 4, "ScatterND": 3, "Selu": 5, "Shape": 10, "Shrink": 3, "Sigmoid": 3,
	"Sign": 2, "Sin": 2, "Sinh": 2, "Size": 2, "Slice": 8, "Softmax": 10, "Softplus": 3, "Softsign": 2,
	"SpaceToDepth": 2, "Split": 8, "Sqrt": 3, "Squeeze": 2, "Sub": 4, "Sum": 3, "Tan": 2, "Tanh": 3,
	"ThresholdedRelu": 3, "Tile": 2, "TopK": 3, "Transpose": 8, "Trilu": 18, "Unsqueeze": 8, "Upsample": 1,
	"Where": 2, "Xor": 8,
}

// leastGraphs is how many graphs of several nodes there must at least be.
const leastGraphs = 87

// tally is what ran of an operator.
type tally struct {
	cases     int
	far, used float64
}

// TestOnnxData holds the reference to a second source. It never skips: without the data it fails and says what to do.
func TestOnnxData(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join(testdata, "*", "test_*"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no test data below %s: apt-get install libonnx-testdata", testdata)
	}
	ran, graphs, others := map[string]tally{}, 0, map[string]int{}
	for _, folder := range folders {
		if filepath.Base(filepath.Dir(folder)) == "real" {
			continue // whole networks, whose weights are elsewhere
		}
		c, err := readCase(folder)
		if err != nil {
			others["not read"]++ // subgraphs, sequences and optional values
			continue
		}
		op, missing := c.ours()
		if missing != "" {
			others[missing]++
			continue
		}
		for _, set := range c.sets {
			far, used, err := c.check(set)
			switch reason, is := err.(notOurs); {
			case is:
				others[string(reason)]++
			case err != nil:
				t.Errorf("%s/%s (%s): %v", filepath.Base(filepath.Dir(folder)), c.name, filepath.Base(set), err)
			case len(c.model.Graph.Nodes) > 1:
				graphs++
			default:
				n := ran[op]
				ran[op] = tally{n.cases + 1, max(n.far, far), max(n.used, used)}
			}
		}
	}
	for _, op := range Names() {
		if least := least[op]; ran[op].cases < least {
			t.Errorf("%d cases of %s ran, must be at least %d", ran[op].cases, op, least)
		}
		t.Logf("%-26s %d cases, %.2g of the tolerance, %.2g of the bound",
			op, ran[op].cases, ran[op].far, ran[op].used)
	}
	t.Logf("%d graphs of several nodes; not about us: %v", graphs, others)
	if graphs < leastGraphs {
		t.Errorf("%d graphs of several nodes ran, must be at least %d", graphs, leastGraphs)
	}
}

// ours is the operator of a single node. missing is why the case is not about this package.
func (c testCase) ours() (op, missing string) {
	for _, n := range c.model.Graph.Nodes {
		op = n.Op
		if _, ok := operators[n.Op]; !ok {
			return op, n.Op
		}
	}
	if strings.Contains(c.name, "training") && op != "BatchNormalization" {
		return op, "training"
	}
	for _, v := range slices.Concat(c.model.Graph.Inputs, c.model.Graph.Outputs) {
		if v.Type == onnx.String || v.Type == onnx.BFloat16 { // which the data holds as uint16
			return op, v.Type.String()
		}
	}
	return op, ""
}
