package host_test

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/cpuref/operators"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/shaders"
)

// rowCase is a tensor whose axes stand in memory in some order, the last one the quickest, and those of rows.
type rowCase struct{ shape, axes, order []int }

// rowCases are tensors for which package op chooses a form: that of short rows, that of rows up to 1024 numbers or
// beside each other, and that of long ones.
func rowCases(r shaders.Rows) []rowCase {
	all := map[shaders.Rows][]rowCase{
		{Flat: true, Lanes: 256, Threads: 256}: {
			{[]int{2, 3, 5}, []int{2}, []int{0, 1, 2}}, {[]int{700, 7}, []int{1}, []int{1, 0}},
			{[]int{2, 5200}, []int{0}, []int{0, 1}},
		},
		{Flat: true, Lanes: 16, Threads: 256}: {
			{[]int{2, 3, 2, 2, 2, 49}, []int{5}, []int{1, 3, 0, 4, 2, 5}}, {[]int{900, 61}, []int{1}, []int{0, 1}},
			{[]int{320, 40}, []int{1}, []int{0, 1}}, // 20 full workgroups
			{[]int{2, 1100, 19}, []int{1}, []int{0, 1, 2}},
		},
		{Flat: true, Lanes: 1, Threads: 256}: {
			{[]int{2, 3, 2, 2, 2, 1300}, []int{5}, []int{1, 3, 0, 4, 2, 5}}, {[]int{20, 1300}, []int{1}, []int{0, 1}},
		},
		{Flat: false, Lanes: 256, Threads: 256}: {
			{[]int{2, 3, 2, 2, 3, 2, 2, 2}, []int{0, 2, 4, 6}, []int{7, 5, 1, 3, 6, 0, 2, 4}},
			{[]int{3, 700, 5}, []int{0, 2}, []int{0, 1, 2}},
		},
		{Flat: false, Lanes: 16, Threads: 256}: {
			{[]int{3, 2, 3, 2, 2, 4}, []int{1, 2, 3, 4, 5}, []int{2, 4, 0, 1, 5, 3}},
			{[]int{2, 3, 2, 2, 4, 2, 5, 2}, []int{0, 2, 4, 6}, []int{7, 5, 1, 3, 6, 0, 2, 4}},
		},
		{Flat: false, Lanes: 1, Threads: 256}: {
			{[]int{3, 5, 4, 4, 4, 4}, []int{1, 2, 3, 4, 5}, []int{2, 4, 0, 1, 5, 3}},
			{[]int{30, 3, 50}, []int{0, 2}, []int{0, 1, 2}},
		},
	}
	return all[r]
}

// rowRun is a kernel of rows on a device: what it is in ONNX, of rows and their numbers as a matrix, and its steps.
type rowRun struct {
	node    onnx.Node
	opset   int64
	in, out byte // types, as in the tables
	whole   bool // there are as many results as numbers, and not one for each row
	data    func(i int) float64
	steps   func(p *exec.Plan, out, in op.Tensor, axes []int) error
}

// addRows gives a kernel its killers.
func addRows(k shaders.Variant, form shaders.Rows, run rowRun) {
	for _, c := range rowCases(form) {
		name := fmt.Sprintf("%s, %v by %v", run.node.Op, c.shape, c.axes)
		killers[k] = append(killers[k], killer{name, func(dev *host.Device) error { return run.on(dev, k, c) }})
	}
}

// spreadOut is a view of a shape in an order of memory, with room around its numbers.
func spreadOut(shape, order []int, gap int) op.View {
	v := op.View{Shape: shape, Strides: make([]int, len(shape)), Offset: 3 + gap}
	step := gap
	for _, axis := range slices.Backward(order) {
		v.Strides[axis] = step
		step = step*shape[axis] + gap - 1
	}
	return v
}

// byRows is a view with the axes of rows last.
func byRows(v op.View, axes []int) (op.View, error) {
	var order []int
	for axis := range v.Shape {
		if !slices.Contains(axes, axis) {
			order = append(order, axis)
		}
	}
	return v.Permute(append(order, axes...)...)
}

// rowsIn are a case's tensor and another one of its shape with the axes of rows last, how many others there are, and
// how many numbers a row has.
func rowsIn(c rowCase) (x, y op.View, kept, count int, err error) {
	if x, err = byRows(spreadOut(c.shape, c.order, 2), c.axes); err == nil {
		y, err = byRows(spreadOut(c.shape, c.order, 3), c.axes)
	}
	kept, count = len(c.shape)-len(c.axes), 1
	for _, axis := range c.axes {
		count *= c.shape[axis]
	}
	return x, y, kept, count, err
}

// on runs a kernel on a tensor and judges each of its numbers.
func (r rowRun) on(dev *host.Device, k shaders.Variant, c rowCase) error {
	x, y, kept, count, err := rowsIn(c)
	if err != nil {
		return err
	}
	if !r.whole {
		y = spreadOut(x.Shape[:kept], everyAxis(kept), 3)
	}
	in, out := numbersOf(r.in, end(x), r.data), numbersOf(r.out, end(y), nil)
	for _, i := range hosttest.Beside(x, len(in.Words)) {
		in.Words[i] = 0x7fc00000 // NaN, or a large number: no kernel may read it
	}
	got, err := hosttest.RunSteps(host.Exec(dev), []hosttest.Numbers{in}, []hosttest.Numbers{out},
		func(p *exec.Plan, ins, outs []int) error {
			return chosen(p, k, r.steps(p, y.Of(outs[0]), x.Of(ins[0]), everyAxis(x.Rank())[kept:]))
		})
	if err != nil {
		return err
	}
	if err := hosttest.Untouched(y, got[0]); err != nil {
		return err
	}
	inputs := []*operators.Array{matrix(x, in, count)}
	if r.node.Op == "CumSum" {
		inputs = append(inputs, &operators.Array{Type: onnx.Int64, Data: []float64{1}})
	}
	want, err := operators.Reference(r.node, r.opset, inputs)
	if err != nil {
		return err
	}
	return judged(values(out.DType, hosttest.Seen(y, got[0])), want[0])
}

// matrix is what a view has, with a row of so many numbers for each row.
func matrix(v op.View, n hosttest.Numbers, count int) *operators.Array {
	a := operators.Array{Type: onnx.Float, Shape: []int{v.Count() / count, count}}
	if n.DType == shaders.Int32 {
		a.Type = onnx.Int32
	}
	a.Data = values(n.DType, hosttest.Seen(v, n.Words))
	return &a
}

// chosen holds that a plan has a step of the kernel that is to be judged.
func chosen(p *exec.Plan, k shaders.Variant, err error) error {
	if err == nil && !slices.ContainsFunc(p.Steps, func(s exec.Step) bool { return s.Kernel == k }) {
		return fmt.Errorf("%s is none of the steps, the first one of which is %s", k.Name(), p.Steps[0].Kernel.Name())
	}
	return err
}

// judged holds numbers against their reference.
func judged(got []float64, want operators.Result) error {
	report, err := operators.Check(operators.Array{Type: want.Type, Shape: want.Shape, Data: got}, want)
	if err != nil {
		return err
	}
	return report.Err()
}

func everyAxis(rank int) (all []int) {
	for axis := range rank {
		all = append(all, axis)
	}
	return all
}

// numbersOf are so many numbers of a type.
func numbersOf(letter byte, n int, data func(i int) float64) hosttest.Numbers {
	if data == nil {
		data = func(int) float64 { return 0 }
	}
	if letter == 'i' {
		whole := make([]int32, n)
		for i := range whole {
			whole[i] = int32(data(i))
		}
		return hosttest.Whole(whole)
	}
	floats := make([]float32, n)
	for i := range floats {
		floats[i] = float32(data(i))
	}
	return hosttest.Floats(floats)
}

// nodeOf is a node with whole numbers as attributes.
func nodeOf(name string, attributes map[string]int64) onnx.Node {
	n := onnx.Node{Op: name, Inputs: []string{"x"}, Outputs: []string{"y"}, Attributes: map[string]onnx.Attribute{}}
	for key, value := range attributes {
		n.Attributes[key] = onnx.Attribute{Kind: onnx.KindInt, Int: value}
	}
	if n.Attributes["axes"].Kind != 0 {
		n.Attributes["axes"] = onnx.Attribute{Kind: onnx.KindInts, Ints: []int64{1}}
	}
	return n
}

// The data of rows. No two numbers beside each other are alike.
func waves(i int) float64      { return math.Sin(float64(i+1)) * float64(1+i%7) }
func steep(i int) float64      { return 600 * waves(i) } // e to the power of a difference may overflow
func aboveZero(i int) float64  { return math.Abs(waves(i)) + 0.125 }
func aboutOne(i int) float64   { return 1 + waves(i)/512 }
func wholeWaves(i int) float64 { return math.Round(1e6 * waves(i)) }
func fewPrimes(i int) float64  { return []float64{1, -1, 1, 1, -1, 1, 1}[i%7] * float64(1+(i%53)/52) }
func ties(i int) float64       { return math.Round(2 * waves(i)) }

// What is behind a row is larger than all of it, or smaller.
func rising(i int) float64  { return float64(i) - 1e6 }
func falling(i int) float64 { return 1e6 - float64(i) }
func lowest(int) float64    { return math.MinInt32 }

// notFinite has some NaN and infinities.
func notFinite(i int) float64 {
	switch i % 421 {
	case 20:
		return math.NaN()
	case 140:
		return math.Inf(1)
	case 240, 333:
		return math.Inf(-1)
	}
	return waves(i)
}

func init() {
	for _, k := range shaders.Reductions() {
		for _, run := range reduceRuns(k) {
			addRows(k, k.Rows, run)
			if k.Kernel == "sum" && k.In == "f" && k.Flat && k.Lanes == 16 { // long rows are reduced in parts
				inParts := func(dev *host.Device) error {
					return run.on(dev, k, rowCase{[]int{2500, 17}, []int{0}, []int{0, 1}})
				}
				killers[k] = append(killers[k], killer{"in parts", inParts})
			}
		}
	}
	for _, k := range shaders.Softmaxes() {
		for _, data := range []func(int) float64{waves, steep, notFinite} {
			addRows(k, k.Rows, softmaxRun(k, data))
		}
	}
	for _, k := range shaders.Extremes() {
		addExtreme(k)
	}
	for _, k := range shaders.Normalizes() {
		for _, c := range rowCases(k.Rows) {
			name := fmt.Sprintf("%v by %v", c.shape, c.axes)
			run := func(dev *host.Device) error { return normalized(dev, k, c, 0.5) }
			killers[k] = append(killers[k], killer{name, run})
			if !k.Scaled {
				run := func(dev *host.Device) error { return normalized(dev, k, c, 0) }
				killers[k] = append(killers[k], killer{name + ", tiny numbers", run})
			}
		}
	}
	for _, k := range shaders.Cumulates() {
		for _, exclusive := range []bool{false, true} {
			for _, reverse := range []bool{false, true} {
				addRows(k, k.Rows, cumulateRun(k, exclusive, reverse))
			}
		}
	}
}

// reduceData are the numbers that each kind of reduction is put to, of float32 and of int32.
var reduceData = map[string][2][]func(int) float64{
	"ReduceSum":       {{aboveZero, waves}, {wholeWaves}},
	"ReduceMean":      {{aboveZero, waves}, {wholeWaves}},
	"ReduceMax":       {{rising, notFinite}, {rising, wholeWaves, lowest}},
	"ReduceMin":       {{falling, notFinite}, {falling, wholeWaves}},
	"ReduceProd":      {{aboutOne}, {fewPrimes}},
	"ReduceL1":        {{waves}},
	"ReduceL2":        {{waves}},
	"ReduceSumSquare": {{waves}},
	"ReduceLogSum":    {{aboveZero}},
}

func reduceRuns(k shaders.ReduceAxes) (all []rowRun) {
	name := map[string]string{
		"sum": "ReduceSum", "mean": "ReduceMean", "max": "ReduceMax", "min": "ReduceMin", "prod": "ReduceProd",
		"l1": "ReduceL1", "l2": "ReduceL2", "sum_square": "ReduceSumSquare", "log_sum": "ReduceLogSum",
		"root_of_sum": "ReduceL2",
	}[k.Kernel]
	for _, data := range reduceData[name][strings.Index("fi", k.In)] {
		node := nodeOf(name, map[string]int64{"axes": 1})
		run := rowRun{node: node, opset: 11, in: k.In[0], out: k.In[0], data: data}
		run.steps = func(p *exec.Plan, out, in op.Tensor, axes []int) error {
			if k.Kernel == "root_of_sum" {
				return rootOfSquares(p, out, in, axes)
			}
			return op.Reduce(p, k.Kernel, out, in, axes)
		}
		all = append(all, run)
	}
	return all
}

// rootOfSquares is the second step of l2 alone, behind another one that squares.
func rootOfSquares(p *exec.Plan, out, in op.Tensor, axes []int) error {
	count := p.Operands[in.Operand].Count
	whole, squares := op.Contiguous(int(count)), p.Scratch("squares", count)
	x := whole.Of(in.Operand)
	if err := op.Pointwise(p, "mul", 0, 0, whole.Of(squares), x, x); err != nil {
		return err
	}
	return op.Reduce(p, "root_of_sum", out, in.View.Of(squares), axes)
}

func softmaxRun(k shaders.Softmax, data func(int) float64) rowRun {
	run := rowRun{opset: 11, in: 'f', out: 'f', data: data, whole: true}
	switch k.Kernel {
	case "softmax":
		run.node, run.steps = nodeOf("Softmax", map[string]int64{"axis": 1}), op.Softmax
	case "log_softmax":
		run.node, run.steps = nodeOf("LogSoftmax", map[string]int64{"axis": 1}), op.LogSoftmax
	default:
		run.node, run.whole = nodeOf("ReduceLogSumExp", map[string]int64{"axes": 1}), false
		run.steps = func(p *exec.Plan, out, in op.Tensor, axes []int) error {
			return op.Reduce(p, "log_sum_exp", out, in, axes)
		}
	}
	return run
}

func addExtreme(k shaders.Extreme) {
	name := map[string]string{"largest": "ArgMax", "smallest": "ArgMin", "hardmax": "Hardmax"}[k.Kernel]
	for _, last := range []bool{false, true} {
		attributes := map[string]int64{"axis": 1, "select_last_index": int64(truth(last))}
		run := rowRun{opset: 13, in: k.In[0], out: 'i', data: ties}
		run.steps = func(p *exec.Plan, out, in op.Tensor, axes []int) error {
			return op.Extreme(p, k.Kernel, out, in, axes[0], last)
		}
		if k.OneHot() {
			delete(attributes, "select_last_index")
			run.out, run.whole, run.steps = 'f', true, op.Hardmax
		}
		run.node = nodeOf(name, attributes)
		addRows(k, k.Rows, run)
		for _, run.data = range map[string][]func(int) float64{"f": {notFinite}, "i": {rising, falling}}[k.In] {
			addRows(k, k.Rows, run)
		}
	}
}

func cumulateRun(k shaders.Cumulate, exclusive, reverse bool) rowRun {
	attributes := map[string]int64{"exclusive": int64(truth(exclusive)), "reverse": int64(truth(reverse))}
	run := rowRun{node: nodeOf("CumSum", attributes), opset: 14, in: k.In[0], out: k.In[0], data: waves, whole: true}
	if k.In == "i" {
		run.data = ties
	}
	run.steps = func(p *exec.Plan, out, in op.Tensor, axes []int) error {
		return op.Cumulate(p, out, in, axes[0], exclusive, reverse)
	}
	return run
}

// tiny numbers are such that what is added to their deviation shows.
func tiny(i int) float64 { return 1e-8 * waves(i) }

// normalized runs a normalization whose scale and bias broadcast along some axes, with a summand within the root, or
// without one that of MeanVarianceNormalization.
func normalized(dev *host.Device, k shaders.Normalize, c rowCase, within float32) error {
	x, y, kept, count, err := rowsIn(c)
	if err != nil {
		return err
	}
	scale := spread(x.Shape, 3)
	bias := spread(x.Shape, 5)
	rows := op.Contiguous(x.Count() / count)
	node := nodeOf("MeanVarianceNormalization", map[string]int64{"axes": 1})
	n, data := op.Normalization{Beside: 1e-9}, tiny
	if within != 0 {
		n, data = op.Normalization{Within: within}, aboveZero
		node = nodeOf("LayerNormalization", map[string]int64{"axis": 1})
		node.Attributes["epsilon"] = onnx.Attribute{Kind: onnx.KindFloat, Float: within}
	}
	in := []hosttest.Numbers{
		numbersOf('f', end(x), data), numbersOf('f', end(scale), waves), numbersOf('f', end(bias), aboutOne),
	}
	statistics := numbersOf('f', rows.Count(), nil)
	out := []hosttest.Numbers{numbersOf('f', end(y), nil), statistics, statistics}
	if !k.Scaled {
		in = in[:1]
	}
	if !k.Statistics {
		out = out[:1]
	}
	got, err := hosttest.RunSteps(host.Exec(dev), in, out, func(p *exec.Plan, ins, outs []int) error {
		if k.Scaled {
			n.Scale, n.Bias = at(scale, ins[1]), at(bias, ins[2])
		}
		if k.Statistics {
			n.Mean, n.Inverse = at(rows, outs[1]), at(rows, outs[2])
		}
		return chosen(p, k, op.Normalize(p, y.Of(outs[0]), x.Of(ins[0]), everyAxis(x.Rank())[kept:], n))
	})
	if err != nil {
		return err
	}
	var inputs []*operators.Array
	for i, v := range []op.View{x, scale, bias}[:len(in)] {
		if v, err = op.Broadcast(v, x.Shape); err != nil {
			return err
		}
		inputs = append(inputs, matrix(v, in[i], count))
	}
	if within != 0 && !k.Scaled {
		inputs = append(inputs, &operators.Array{Type: onnx.Float, Data: []float64{1}})
	}
	want, err := operators.Reference(node, 17, inputs)
	if err != nil {
		return err
	}
	for i, v := range []op.View{y, rows, rows}[:len(out)] {
		if err := hosttest.Untouched(v, got[i]); err != nil {
			return err
		}
		if err := judged(values(out[i].DType, hosttest.Seen(v, got[i])), want[i]); err != nil {
			return err
		}
	}
	return nil
}

func at(v op.View, operand int) *op.Tensor {
	t := v.Of(operand)
	return &t
}
