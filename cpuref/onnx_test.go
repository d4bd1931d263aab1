package cpuref

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// onnxData is where Debian's package libonnx-testdata lies: the test data of ONNX's own operators, made
// with numpy (node) and with PyTorch (pytorch-converted, pytorch-operator).
const onnxData = "/usr/share/libonnx-testdata/data"

// notOurs is the reason why a case is not about this package.
type notOurs string

func (n notOurs) Error() string { return string(n) }

// onnxOperators are those that this package has an oracle for, each with the number of cases in
// libonnx-testdata 1.12 that there must at least be.
var onnxOperators = map[string]struct {
	check func(*testing.T, onnxCase) error
	least int
}{
	"Conv":          {checkOnnxConv, 33},
	"ConvTranspose": {checkOnnxConv, 13},
	"ConvInteger":   {checkOnnxInteger, 3},
	"Pad":           {checkOnnxPad, 6},
	"Relu":          {checkOnnxFunction, 3}, "Clip": {checkOnnxFunction, 9}, "LeakyRelu": {checkOnnxFunction, 5},
	"PRelu": {checkOnnxFunction, 8}, "Sigmoid": {checkOnnxFunction, 3}, "Tanh": {checkOnnxFunction, 3},
	"HardSigmoid": {checkOnnxFunction, 3}, "HardSwish": {checkOnnxFunction, 1}, "Elu": {checkOnnxFunction, 4},
}

// The oracle against a second source. It never skips: without the data it fails and says what to do.
func TestOnnxData(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join(onnxData, "*", "test_*"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no test data below %s: apt-get install libonnx-testdata", onnxData)
	}
	ran, others := map[string]int{}, 0
	for _, folder := range folders {
		if filepath.Base(filepath.Dir(folder)) == "real" {
			continue // whole networks, whose weights are elsewhere
		}
		c, err := readOnnxCase(folder)
		ours := len(c.nodes) > 0 &&
			slices.ContainsFunc(c.nodes, func(n onnxNode) bool { return onnxOperators[n.op].check != nil })
		if !ours && !strings.Contains(strings.ToLower(c.name), "conv") {
			others++
			continue
		}
		if err == nil {
			err = checkOnnxCase(t, c)
		}
		switch reason, is := err.(notOurs); {
		case is:
			t.Logf("not about us: %s: %v", c.name, reason)
		case err != nil:
			t.Errorf("%s: %v", c.name, err)
		default:
			ran[c.nodes[0].op]++
		}
	}
	total := 0
	for op, o := range onnxOperators {
		total += ran[op]
		if ran[op] < o.least {
			t.Errorf("%d cases of %s ran, must be at least %d", ran[op], op, o.least)
		}
	}
	t.Logf("%d cases ran, %v; %d of other operators", total, ran, others)
}

func checkOnnxCase(t *testing.T, c onnxCase) error {
	if len(c.nodes) != 1 {
		return notOurs(fmt.Sprintf("a graph of %d nodes", len(c.nodes)))
	}
	o, ours := onnxOperators[c.nodes[0].op]
	if !ours {
		return notOurs("operator " + c.nodes[0].op)
	}
	return o.check(t, c)
}

// volume4 is a tensor of 1D, 2D or 3D images as a volume.
func volume4(t onnxTensor) (tensor.Volume, error) {
	a := t.array()
	if len(a.Shape) == 3 { // N, C, W
		a.Shape = []int{a.Shape[0], a.Shape[1], 1, a.Shape[2]}
	}
	return tensor.VolumeFrom(a, tensor.NCHW)
}

// filters4 is a tensor of filters. Those of ConvTranspose are (C, M/g, ...): input channels outermost.
func filters4(t onnxTensor, transposed bool, groups int) (tensor.Filters, error) {
	a := t.array()
	if len(a.Shape) == 3 {
		a.Shape = []int{a.Shape[0], a.Shape[1], 1, a.Shape[2]}
	}
	f, err := tensor.FiltersFrom(a, tensor.OIHW)
	if err != nil || !transposed {
		return f, err
	}
	depth, slices, taps := f.K/groups, f.D, f.Planes()*f.H*f.W
	turned, err := tensor.NewFilterBanks(1, slices*groups, f.Planes(), f.H, f.W, depth)
	for i := range turned.Data {
		d, tap, k := i%depth, i/depth%taps, i/depth/taps
		turned.Data[i] = f.Data[((k/slices*depth+d)*taps+tap)*slices+k%slices]
	}
	return turned, err
}

// onnxAxes are the axes of a Conv or ConvTranspose node, first the slowest.
func onnxAxes(c onnxCase, in, filter, out []int) ([]conv.Axis, error) {
	n := c.nodes[0]
	rank := len(in)
	strides, dilations := n.list("strides", rank, 1), n.list("dilations", rank, 1)
	pads, extra := n.list("pads", 2*rank, 0), n.list("output_padding", rank, 0)
	sizes, auto := n.ints["output_shape"], n.strings["auto_pad"]
	axes := make([]conv.Axis, rank)
	for i := range axes {
		a := conv.Axis{In: in[i], Filter: filter[i], Stride: strides[i], Dilation: dilations[i], Pad: pads[i]}
		if n.op == "ConvTranspose" {
			full := (a.In-1)*a.Stride + a.Extent() + extra[i]
			a.Out = full - pads[i] - pads[rank+i]
			switch {
			case auto == "SAME_UPPER" || auto == "SAME_LOWER":
				a.Out = a.In * a.Stride
				a.Pad = half(full-a.Out, auto == "SAME_LOWER")
			case len(sizes) == rank:
				a.Out = sizes[i]
				a.Pad = half(full-a.Out, true) // "else: pads[start] = total - total/2"
			}
		} else {
			a.Out = (a.In+pads[i]+pads[rank+i]-a.Extent())/a.Stride + 1
			if strings.HasPrefix(auto, "SAME") {
				a.Out = ceilDiv(a.In, a.Stride)
				a.Pad = half((a.Out-1)*a.Stride+a.Extent()-a.In, auto == "SAME_LOWER")
			}
		}
		if a.Out != out[i] {
			return nil, fmt.Errorf("axis %d has %d outputs by its attributes, and %d in the data", i, a.Out, out[i])
		}
		axes[i] = a
	}
	return axes, nil
}

// half is the part of the padding that comes first: the smaller one, or the larger.
func half(total int, larger bool) int {
	total = max(total, 0)
	if larger {
		return total - total/2
	}
	return total / 2
}

// setAxes puts one to three axes into the problem.
func setAxes(p *conv.Problem, axes []conv.Axis) {
	p.H = conv.Axis{In: 1, Filter: 1}
	for i, to := range []*conv.Axis{&p.W, &p.H, &p.Z}[:len(axes)] {
		*to = axes[len(axes)-1-i]
	}
}

// onnxProblem is the problem of a Conv, ConvTranspose or ConvInteger node.
func onnxProblem(c onnxCase, x, w onnxTensor) (conv.Problem, error) {
	n := c.nodes[0]
	p := conv.Problem{Batch: x.shape[0], Groups: n.list("group", 1, 1)[0], InChannels: x.shape[1],
		Transposed: n.op == "ConvTranspose"}
	if p.OutChannels = w.shape[0]; p.Transposed {
		p.OutChannels = w.shape[1] * p.Groups
	}
	axes, err := onnxAxes(c, x.shape[2:], w.shape[2:], c.want.shape[2:])
	if err != nil {
		return p, err
	}
	setAxes(&p, axes)
	return conv.New(p)
}

func checkOnnxConv(t *testing.T, c onnxCase) error {
	xt, _ := c.input(0)
	wt, _ := c.input(1)
	p, err := onnxProblem(c, xt, wt)
	if err != nil {
		return err
	}
	x, err := volume4(xt)
	if err != nil {
		return err
	}
	w, err := filters4(wt, p.Transposed, p.Groups)
	if err != nil {
		return err
	}
	if b, has := c.input(2); has {
		if w.Bias, err = tensor.BiasFrom(b.array()); err != nil {
			return err
		}
	}
	ref, err := Conv(p, x, w)
	if err != nil {
		return err
	}
	return heldAgainst(t, c, ref, Bounded)
}

// heldAgainst judges the case's output, which was computed in float32 in some order, as a GPU's would be.
func heldAgainst(t *testing.T, c onnxCase, ref Reference, mode Mode) error {
	want, err := volume4(c.want)
	if err != nil {
		return err
	}
	report, err := Check(want.Data, ref, mode)
	if err != nil {
		return err
	}
	t.Logf("%s: %v: %v", c.name, ref.Problem, report)
	return report.Err()
}

// checkOnnxInteger shifts uint8 operands and their zero points to int8.
func checkOnnxInteger(t *testing.T, c onnxCase) error {
	var zeros [2][]int8
	operand := func(i int) []int8 {
		v, has := c.input(i)
		shift := 0.0
		if v.kind == onnx.Uint8 {
			shift = 128
		}
		out := make([]int8, len(v.values))
		for j, u := range v.values {
			out[j] = int8(u - shift)
		}
		if !has && i > 1 { // the zero point 0 of an operand that is shifted
			if of, _ := c.input(i - 2); of.kind == onnx.Uint8 {
				out = []int8{-128}
			}
		}
		return out
	}
	xt, _ := c.input(0)
	wt, _ := c.input(1)
	zeros[0], zeros[1] = operand(2), operand(3)
	p, err := onnxProblem(c, xt, wt)
	if err != nil {
		return err
	}
	// Package tensor moves the axes, of floats that hold these numbers.
	move := func(q []int8, t onnxTensor) (v onnxTensor) {
		v = onnxTensor{shape: t.shape}
		for _, n := range q {
			v.values = append(v.values, float64(n))
		}
		return v
	}
	x, err := volume4(move(operand(0), xt))
	if err != nil {
		return err
	}
	w, err := filters4(move(operand(1), wt), false, p.Groups)
	if err != nil {
		return err
	}
	zero := int8(0)
	if len(zeros[0]) > 0 {
		zero = zeros[0][0]
	}
	sums, err := QuantizedConv(p, bytesOf(x.Data), bytesOf(w.Data), zero, zeros[1])
	if err != nil {
		return err
	}
	ref := newReference(p)
	for i, v := range sums {
		ref.Value[i] = float64(v)
	}
	return heldAgainst(t, c, ref, Exact)
}

func bytesOf(data []float32) []int8 {
	out := make([]int8, len(data))
	for i, v := range data {
		out[i] = int8(v)
	}
	return out
}

// checkOnnxPad is a depthwise layer of filters of one tap of 1: it does nothing but pad.
func checkOnnxPad(t *testing.T, c onnxCase) error {
	n := c.nodes[0]
	xt, _ := c.input(0)
	mode, known := map[string]conv.Padding{"": conv.Zero, "constant": conv.Zero, "reflect": conv.Reflect,
		"edge": conv.Replicate}[n.strings["mode"]]
	pads := n.ints["pads"]
	if given, has := c.input(1); has {
		for _, v := range given.values {
			pads = append(pads, int(v))
		}
	}
	value, _ := c.input(2)
	rank := len(xt.shape)
	constant := n.floats["value"] != 0 || len(value.values) > 0 && value.values[0] != 0
	if !known || rank < 3 || rank > 5 || len(pads) != 2*rank || pads[0]+pads[1]+pads[rank]+pads[rank+1] != 0 ||
		slices.Min(pads) < 0 || constant {
		return notOurs(fmt.Sprintf("Pad with mode %q, value %v, pads %v", n.strings["mode"], value.values, pads))
	}
	x, err := volume4(xt)
	if err != nil {
		return err
	}
	axes := make([]conv.Axis, rank-2)
	for i := range axes {
		axes[i] = conv.Axis{In: xt.shape[2+i], Out: c.want.shape[2+i], Filter: 1, Pad: pads[2+i]}
	}
	p := conv.Problem{Batch: x.N, Groups: x.D, InChannels: x.D, OutChannels: x.D, Padding: mode}
	setAxes(&p, axes)
	if p, err = conv.New(p); err != nil {
		return err
	}
	w, err := tensor.NewFilters(x.D, 1, 1, 1)
	for i := range w.Data {
		w.Data[i] = 1
	}
	if err != nil {
		return err
	}
	ref, err := Conv(p, x, w)
	if err != nil {
		return err
	}
	return heldAgainst(t, c, ref, Exact)
}

// checkOnnxFunction holds an activation by its own error alone.
func checkOnnxFunction(t *testing.T, c onnxCase) error {
	xt, _ := c.input(0)
	a, err := onnxActivation(c)
	if err != nil {
		return err
	}
	slopes, channels, err := onnxSlopes(c, xt)
	if err != nil {
		return err
	}
	for i, z := range xt.values {
		slope := slopes[i/channels%len(slopes)]
		want := activate(a, z, slope)
		// The result is rounded once more than a shader's own error says, by whoever stored it.
		if allowed := ownError(a, z, 0, slope) + math.Abs(want)*ulp; !(math.Abs(c.want.values[i]-want) <= allowed) {
			return fmt.Errorf("%w: %v(%v) is %v in the data, %v by the oracle, allowed %g", ErrMismatch, a, z,
				c.want.values[i], want, allowed)
		}
	}
	return nil
}

// onnxSlopes are a PReLU's, with the number of elements in a row that share one.
func onnxSlopes(c onnxCase, x onnxTensor) (slopes []float64, run int, err error) {
	slope, _ := c.input(1)
	switch n := len(slope.values); {
	case c.nodes[0].op != "PRelu" || n == 1:
		return append(slices.Clone(slope.values), 0)[:1], len(x.values), nil
	case n == len(x.values):
		return slope.values, 1, nil
	case len(x.shape) > 1 && n == x.shape[1] && n == slope.shape[0]: // (C, 1, 1), or (C) in older files
		run = 1
		for _, size := range x.shape[2:] {
			run *= size
		}
		return slope.values, run, nil
	case slices.Equal(slope.shape, x.shape[len(x.shape)-len(slope.shape):]):
		return slope.values, 1, nil // of the innermost axes
	}
	return nil, 0, notOurs(fmt.Sprintf("slopes of shape %v for %v", slope.shape, x.shape))
}

// onnxActivation is the node's function; parameters that are left out are ONNX's defaults, which conv has.
func onnxActivation(c onnxCase) (conv.Activation, error) {
	n := c.nodes[0]
	name := strings.ToLower(n.op)
	if name == "leakyrelu" {
		name = "leaky"
	}
	a, err := conv.ParseActivation(name)
	if err != nil {
		return a, err
	}
	if v, has := n.floats["alpha"]; has {
		a.Alpha = float32(v)
	}
	if v, has := n.floats["beta"]; has {
		a.Beta = float32(v)
	}
	if n.op != "Clip" {
		return a, nil
	}
	if x, _ := c.input(0); x.kind != onnx.Float {
		return a, notOurs("Clip of whole numbers")
	}
	a.Alpha, a.Beta = -math.MaxFloat32, math.MaxFloat32
	for name, v := range n.floats {
		*map[string]*float32{"min": &a.Alpha, "max": &a.Beta}[name] = float32(v)
	}
	for i, to := range []*float32{&a.Alpha, &a.Beta} {
		if v, has := c.input(1 + i); has {
			*to = float32(v.values[0])
		}
	}
	return a, nil
}
