package host_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// The layers below have an X, V and R that are some channels of wider volumes, which are poison everywhere else.

// wider is where a volume stands in a wider one.
type wider struct {
	at       shaders.Placement
	channels int
	kind     shaders.DType
	bits     int // of a number
	count    int // of the volume's numbers
	words    []uint32
}

// int32s is how int8 layers store sums.
const int32s shaders.DType = "int32"

// newWider is all poison: NaN, each of its own kind, or of int8 the largest number.
func newWider(n shaders.DType, at shaders.Placement, channels int, count int64) wider {
	w := wider{at: at, channels: channels, kind: n, bits: 32, count: int(count)}
	poison := func(i int) uint32 { return 0x7fc00001 + uint32(i) }
	switch n {
	case shaders.Float16:
		w.bits, poison = 16, func(i int) uint32 { return 0x7e01 + uint32(i%200) }
	case shaders.Int8:
		w.bits, poison = 8, func(int) uint32 { return 127 }
	}
	numbers := int(count) / channels * int(at.Pitch)
	w.words = make([]uint32, (numbers*w.bits+31)/32)
	for i := range numbers {
		w.words[i*w.bits/32] |= poison(i) << (i * w.bits % 32)
	}
	return w
}

// place is the word in which the volume's number i stands, and where in it.
func (w wider) place(i int) (word, shift int, mask uint32) {
	at := (i/w.channels*int(w.at.Pitch) + int(w.at.First) + i%w.channels) * w.bits
	return at / 32, at % 32, math.MaxUint32 >> (32 - w.bits) << (at % 32)
}

// with has the volume's numbers in it.
func (w wider) with(data []float32) wider {
	for i, v := range data {
		bits := math.Float32bits(v)
		switch w.kind {
		case shaders.Float16:
			bits = uint32(tensor.ToHalf(v))
		case shaders.Int8, int32s:
			bits = uint32(int32(v))
		}
		word, shift, mask := w.place(i)
		w.words[word] = w.words[word]&^mask | bits<<shift&mask
	}
	return w
}

// numbers are those of the volume in what was read back. The error is about others that changed.
func (w wider) numbers(now []uint32) ([]float32, error) {
	data, others := make([]float32, w.count), slices.Clone(now)
	for i := range data {
		word, shift, mask := w.place(i)
		others[word] = others[word]&^mask | w.words[word]&mask
		switch bits := now[word] & mask >> shift; w.kind {
		case shaders.Float16:
			data[i] = tensor.FromHalf(uint16(bits))
		case int32s:
			data[i] = float32(int32(bits))
		case shaders.Int8:
			data[i] = float32(int8(bits))
		default:
			data[i] = math.Float32frombits(bits)
		}
	}
	for i := range others {
		if others[i] != w.words[i] {
			return data,
				fmt.Errorf("%w: beside the %d channels from %d on of %d a pixel word %d is %#x, must stay %#x",
					cpuref.ErrGuard, w.channels, w.at.First, w.at.Pitch, i, others[i], w.words[i])
		}
	}
	return data, nil
}

// attempt runs a plan once, with an output that holds words before, and gives those that it holds after. The error is
// also that of guards and of what changed that must not.
func attempt(dev *host.Device, p exec.Plan, inputs map[int][]uint32, output int, before []uint32) ([]uint32, error) {
	s, err := exec.Open(host.Exec(dev), p, exec.Guarded)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	for i, words := range inputs {
		if err := s.Write(i, words); err != nil {
			return nil, err
		}
	}
	if err := s.Poison(); err != nil {
		return nil, err
	}
	if err := s.Write(output, before); err != nil {
		return nil, err
	}
	if err := s.Run(context.Background()); err != nil {
		return nil, err
	}
	after, err := s.ReadWords(context.Background(), output)
	return after, errors.Join(err, s.Check(context.Background(), inputs))
}

// attemptKernel is attempt of one dispatch, which reads these words, in the order of its bindings, and writes the
// last.
func attemptKernel(
	dev *host.Device, k shaders.Variant, params []byte, workgroups int64, before []uint32, reads ...[]uint32,
) ([]uint32, error) {
	var p exec.Plan
	var uses []exec.Use
	inputs := map[int][]uint32{}
	add := func(name string, role exec.Role, words []uint32) int {
		i := p.Add(exec.Operand{Name: name, Role: role, Count: int64(len(words)), DType: shaders.Float32})
		uses = append(uses, exec.Whole(i))
		return i
	}
	for _, words := range reads {
		inputs[add("an input", exec.Input, words)] = words
	}
	output := add("the output", exec.Output, before)
	p.Dispatch(k, params, workgroups, uses...)
	return attempt(dev, p, inputs, output, before)
}

// placed is a layer in the midst of wider volumes, and what computes it.
type placed struct {
	spec      algo.Spec
	algorithm algo.Algorithm
}

func (l placed) String() string {
	s := l.spec
	return fmt.Sprintf("%s by %s, X %v, V %v, R %v, %v", s.Problem, algo.Name(l.algorithm), s.X, s.V, s.Residual,
		s.Epilogue)
}

// plan has the vectors of software adapters, which are the widest, on every device.
func (l placed) plan(dev *host.Device) (algo.Plan, error) {
	return l.algorithm.Plan(l.spec, algo.Limits{Limits: dev.GPU().Limits(), Software: true})
}

// run runs the layer and judges V, and all that stands around it.
func (l placed) run(dev *host.Device) error {
	plan, err := l.plan(dev)
	if err != nil {
		return err
	}
	return l.runBy(dev, plan)
}

// runBy is run by a plan of the layer's.
func (l placed) runBy(dev *host.Device, plan algo.Plan) error {
	s, p := l.spec, l.spec.Problem
	options := host.LayerOptions{Epilogue: s.Epilogue, DType: s.DType}
	c := proof.Case{Problem: p, Seed: 1, Mode: cpuref.Exact, Options: options}
	if by, ok := algo.TransformOf(l.algorithm); ok && algo.Rounds(by, p) {
		c.Mode = cpuref.Bounded
	}
	data, err := c.Data()
	if err != nil {
		return err
	}
	plan.Fill(data.W, data.Slopes)
	v := newWider(s.DType, s.V, p.OutChannels, p.OutLen())
	inputs := map[int][]uint32{algo.X: newWider(s.DType, s.X, p.InChannels, p.InLen()).with(data.X.Data).words}
	for _, r := range data.Residual {
		inputs[algo.Residual] = newWider(s.DType, s.Residual, p.OutChannels, p.OutLen()).with(r.Data).words
	}
	after, err := attempt(dev, plan.Plan, inputs, algo.V, v.words)
	if err != nil {
		return err
	}
	got, err := v.numbers(after)
	return errors.Join(err, l.judge(data, got, c.Mode))
}

// judge holds V against the reference.
func (l placed) judge(data proof.Operands, v []float32, mode cpuref.Mode) error {
	sums := func() (cpuref.Reference, error) { return cpuref.Conv(l.spec.Problem, data.X, data.W) }
	if by, ok := algo.TransformOf(l.algorithm); ok && mode == cpuref.Bounded {
		sums = func() (cpuref.Reference, error) { return cpuref.Transformed(by, l.spec.Problem, data.X, data.W) }
	}
	ref, err := sums()
	if err != nil {
		return err
	}
	var residual []float32
	for _, r := range data.Residual {
		residual = r.Data
	}
	if ref, err = ref.Epilogue(l.spec.Epilogue, data.Slopes, residual); err != nil {
		return err
	}
	report, err := cpuref.Check(v, ref, mode)
	return errors.Join(err, report.Err())
}

// among places volumes among channels of wider ones: X at multiples of x, V of v, R anywhere, no two alike.
func among(s algo.Spec, x, v uint32) algo.Spec {
	in, out := uint32(s.Problem.InChannels), uint32(s.Problem.OutChannels)
	up := func(n, to uint32) uint32 { return (n + to - 1) / to * to }
	s.X = shaders.Placement{Pitch: up(in+9, x), First: up(3, x)}
	s.V = shaders.Placement{Pitch: up(out+13, v), First: up(5, v)}
	s.Residual = shaders.Placement{Pitch: out + 7, First: 2}
	return s
}

// dense places volumes where those stand that stand alone.
func dense(s algo.Spec) algo.Spec {
	s.X.Pitch, s.V.Pitch = uint32(s.Problem.InChannels), uint32(s.Problem.OutChannels)
	s.Residual.Pitch = s.V.Pitch
	return s
}

// placedLayers are small layers which together every kernel that reads X or writes V serves, with channels by fours
// and one by one, of several groups and images, and of several taps.
func placedLayers() []string {
	layers := []string{
		"g2mb2ic6ih5iw4oc10kh3kw2ph1", "g2mb2ic8ih5iw4oc24kh3kw2ph1", // implicit GEMM
		"g2mb2ic128ih2iw3oc8kh1kw2", "ic256iw9oc12kw1", // split-K
		"g2mb2ic4ih3iw4oc6kh2kw3sh2ph1+transposed", "g2mb2ic4ih3iw4oc6kh2kw3+unshared",
		"g2mb5ic8ih3iw4oc16kh2kw3+unshared",
		"mb2ic3id3ih4iw5oc8kd2kh3kw2pd1ph1pw0+reflect",
		"g8mb2ic8ih9iw19oc8kh3ph1", "g8mb2ic8ih9iw19oc8kh3sh2ph1", // slides
		"g8mb2ic8ih9iw19oc8kh5ph2", "g8mb2ic8ih9iw19oc8kh5sh2ph2", "g8mb2ic8ih9iw19oc8kh7ph3",
		"g2mb2ic8ih9iw19oc8kh3ph1", "g2mb2ic8ih9iw19oc8kh3sh2ph1",
		"g6mb2ic6ih5iw9oc12kh2kw4ph1", "g8mb2ic8ih5iw9oc8kh2kw4ph1", // depthwise
		"mb2ic3ih9iw33oc24kh3ph1", "mb2ic3ih19iw33oc24kh3sh2ph1", // stems
		"mb2ic3ih19iw33oc24kh7sh2ph1", "mb2ic3ih19iw33oc24kh11sh4ph1",
		"g2mb2ic8ih9iw13oc8kh5sh2ph2", "g2mb2ic6ih9iw13oc10kh5sh2ph2", // from space to depth
	}
	for _, taps := range []int{3, 4, 5, 7} { // transforms
		for _, channels := range []string{"mb2ic3oc5", "mb2ic4oc8"} {
			layers = append(layers, fmt.Sprintf("%sih9iw11kh%dkw%dph1", channels, taps, taps),
				fmt.Sprintf("%sih4iw17kh1kw%dph0pw1", channels, taps),
				fmt.Sprintf("%sih17iw4kh%dkw1ph1pw0", channels, taps))
		}
	}
	return layers
}

// placedSpecs are those of a layer, not placed yet: of both kinds of numbers, and with all operands.
func placedSpecs(descriptor string) (all []algo.Spec) {
	p, err := conv.Parse(descriptor)
	if err != nil {
		panic(err)
	}
	for _, n := range []shaders.DType{shaders.Float32, shaders.Float16} {
		all = append(all, algo.Spec{Problem: p, Epilogue: prelu(conv.BeforeFunction), DType: n})
	}
	return all
}

// placedKernels are a placed layer for each kernel that reads X or writes V.
func placedKernels(dev *host.Device) map[shaders.Variant]placed {
	found := map[shaders.Variant]placed{}
	see := func(s algo.Spec) {
		for _, a := range algo.All(s) {
			l := placed{s, a}
			plan, err := l.plan(dev)
			if err != nil {
				continue
			}
			for _, step := range plan.Steps {
				_, known := found[step.Kernel]
				placed := func(u exec.Use) bool { return u.Operand == algo.X || u.Operand == algo.V }
				if !known && slices.ContainsFunc(step.Uses, placed) {
					found[step.Kernel] = l
				}
			}
		}
	}
	for _, descriptor := range placedLayers() {
		for _, s := range placedSpecs(descriptor) {
			s.Threads = 256
			see(among(s, 1, 2))
			see(among(s, 4, 4))
			s.Separate = true
			see(among(s, 4, 4))
			s.Epilogue = conv.Activate(conv.ReLU)
			see(among(s, 4, 4))
		}
	}
	return found
}

// addPlaced adds a placed layer to the killers of every kernel: without it nothing would notice a first channel that
// is taken for another one. It waits until all files have their killers, for some replace a row's.
func addPlaced(dev *host.Device) {
	placedOnce.Do(func() {
		kernels := placedKernels(dev)
		for _, v := range broken {
			if l, ok := kernels[v]; ok {
				killers[v] = append(killers[v], killer{"placed " + l.String(), l.run})
			}
		}
		for v, run := range placedAlone {
			killers[v] = append(killers[v], killer{"placed", run})
		}
	})
}

var placedOnce sync.Once

// placedAlone are the kernels that no plan places.
var placedAlone = map[shaders.Variant]func(*host.Device) error{
	shaders.FilterGradients:         placedGradient,
	shaders.Conv(256, shaders.Int8): placedSums,
	shaders.Dequantize:              placedDequantize,
	shaders.Requantize:              placedRequantize,
}

// placedData are a layer of small integers, its filters and residual, and where they stand.
func placedData(e conv.Epilogue, backward bool) (algo.Spec, host.Operands, error) {
	s := among(placedSpecs("g2mb2ic6ih5iw4oc10kh3kw2ph1")[0], 1, 1)
	s.Epilogue = e
	data, err := host.SeededOperands(s.Problem, host.LayerOptions{Epilogue: e}, 1, backward, 2)
	return s, data, err
}

// placedGradient is the gradient with respect to the filters, of a placed X and a placed dV.
func placedGradient(dev *host.Device) error {
	s, data, err := placedData(conv.Epilogue{}, true)
	if err != nil {
		return err
	}
	p := s.Problem
	dw := newWider(shaders.Float32, shaders.Placement{Pitch: 1}, 1, p.FilterLen())
	x := newWider(shaders.Float32, s.X, p.InChannels, p.InLen()).with(data.X.Data)
	dv := newWider(shaders.Float32, s.V, p.OutChannels, p.OutLen()).with(data.DV.Data)
	params := shaders.Encode(shaders.FilterGradient(p).Place(s.X, s.V, s.Residual))
	after, err := attemptKernel(dev, shaders.FilterGradients, params, p.FilterLen(), dw.words, x.words, dv.words)
	if err != nil {
		return err
	}
	ref, err := cpuref.FilterGradient(p, data.X, data.DV)
	if err != nil {
		return err
	}
	return placedExactly(dw, after, ref)
}

// placedExactly judges what was read back.
func placedExactly(w wider, after []uint32, ref cpuref.Reference) error {
	got, changed := w.numbers(after)
	report, err := cpuref.Check(got, ref, cpuref.Exact)
	return errors.Join(changed, err, report.Err())
}

// alone has numbers one behind the other.
func alone(n shaders.DType, data []float32) []uint32 {
	return newWider(n, shaders.Placement{Pitch: 1}, 1, int64(len(data))).with(data).words
}

// placedSums are the sums of an int8 layer, of a placed X.
func placedSums(dev *host.Device) error {
	s, data, err := placedData(conv.Epilogue{}, false)
	if err != nil {
		return err
	}
	p := s.Problem
	x := newWider(shaders.Int8, s.X, p.InChannels, p.InLen()).with(data.X.Data)
	v := newWider(int32s, s.V, p.OutChannels, p.OutLen())
	params := shaders.Encode(shaders.Forward(p, conv.Epilogue{}).Place(s.X, s.V, s.Residual))
	after, err := attemptKernel(dev, shaders.Conv(256, shaders.Int8), params, p.OutLen(), v.words,
		x.words, alone(shaders.Int8, data.W.Data), alone(int32s, data.W.Bias), make([]uint32, p.OutChannels))
	if err != nil {
		return err
	}
	ref, err := cpuref.Conv(p, data.X, data.W)
	if err != nil {
		return err
	}
	return placedExactly(v, after, ref)
}

// placedDequantize makes a placed V of sums, which stand alone, and a placed R.
func placedDequantize(dev *host.Device) error {
	v, after, ref, err := finishPlaced(dev, shaders.Dequantize, shaders.Float32)
	if err != nil {
		return err
	}
	return placedExactly(v, after, ref)
}

// placedRequantize makes int8 outputs, which stand alone, of sums and a placed R: whole numbers in range, for their
// scale is 1.
func placedRequantize(dev *host.Device) error {
	v, after, ref, err := finishPlaced(dev, shaders.Requantize, shaders.Int8)
	if err != nil {
		return err
	}
	want := make([]float32, len(ref.Value))
	for i, z := range ref.Value {
		want[i] = float32(math.RoundToEven(min(max(z, -128), 127)))
	}
	got, changed := v.numbers(after)
	return sameNumbers(got, want, changed)
}

// finishPlaced runs what makes outputs of an int8 layer's sums, and gives V before and after, and what it must be.
func finishPlaced(
	dev *host.Device, k shaders.Elementwise, n shaders.DType,
) (v wider, after []uint32, ref cpuref.Reference, err error) {
	e := prelu(conv.BeforeFunction)
	s, data, err := placedData(e, false)
	if err != nil {
		return v, nil, ref, err
	}
	if n == shaders.Int8 {
		s.V = shaders.Placement{Pitch: uint32(s.Problem.OutChannels)}
	}
	p := s.Problem
	if ref, err = cpuref.Conv(p, data.X, data.W); err != nil {
		return v, nil, ref, err
	}
	sums := ref.Volume().Data
	if ref, err = ref.Epilogue(e, data.Slopes, data.Residual[0].Data); err != nil {
		return v, nil, ref, err
	}
	v = newWider(n, s.V, p.OutChannels, p.OutLen())
	r := newWider(shaders.Float32, s.Residual, p.OutChannels, p.OutLen()).with(data.Residual[0].Data)
	scales := exec.Bits(slices.Repeat([]float32{1}, p.OutChannels))
	params := shaders.Forward(p, e).Place(shaders.Placement{}, s.V, s.Residual)
	params.VScale = 1
	after, err = attemptKernel(dev, k, shaders.Encode(params), ceilDiv(p.OutLen(), int64(k.Threads)),
		v.words, alone(int32s, sums), scales, exec.Bits(data.Slopes), r.words)
	return v, after, ref, err
}

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }

// vectors is how many channels of X a plan's kernels load, and of V store, at once, wherever these stand: transforms
// choose kernels by where they stand.
func vectors(plan algo.Plan) (x, v uint32) {
	kernel := plan.Steps[0].Kernel
	for formOf(kernel) != nil {
		kernel = formOf(kernel)
	}
	switch k := kernel.(type) {
	case shaders.Tiles:
		return k.Vectored(), k.Vectored()
	case shaders.Stem:
		return 1, k.Stored()
	case shaders.Slide:
		return 4, 4
	case shaders.Depthwise:
		return k.Vector, k.Vector
	case shaders.Unshared:
		return k.Vector, k.Vector
	case shaders.Sums:
		if k.DType == shaders.Float16 {
			return 1, 2
		}
	}
	return 1, 1
}

// TestPlacement runs every algorithm on volumes in the midst of wider ones, wherever it serves them, and holds that it
// refuses those that its kernels cannot load or store.
func TestPlacement(t *testing.T) {
	dev := hosttest.Open(t)
	ran, refused := map[string]int{}, 0
	for _, descriptor := range placedLayers() {
		for _, s := range placedSpecs(descriptor) {
			first := map[string]bool{}
			for _, a := range algo.All(s) {
				plan, err := placed{among(s, 4, 4), a}.plan(dev)
				name := nameOf(a)
				switch {
				case errors.Is(err, shaders.ErrPlacement) &&
					(s.DType != shaders.Float16 || s.Problem.OutChannels%2 == 0):
					t.Errorf("%s by %s: %v", descriptor, algo.Name(a), err)
				case err != nil || testing.Short() && (first[name] || ran[name] == 8) || first[name] &&
					ran[algo.Name(a)] == 2:
					continue // the first of each name runs on every layer, or on eight, and each other one on two
				}
				first[name] = true
				ran[name]++
				ran[algo.Name(a)]++
				refused += everyPlacement(t, dev, s, a, plan, ran[name] == 1)
			}
		}
	}
	t.Logf("%v ran, %d were refused", ran, refused)
	for _, a := range algo.All(algo.Spec{Threads: shaders.ConvThreads[0]}) {
		if ran[nameOf(a)] == 0 || ran[algo.Name(a)] == 0 && !testing.Short() {
			t.Errorf("%s ran on no layer", algo.Name(a))
		}
	}
}

// nameOf is an algorithm's name, of those that split sums another one.
func nameOf(a algo.Algorithm) string {
	if strings.Contains(a.Variant(), "_k") {
		return a.Name() + " split-K"
	}
	return a.Name()
}

// everyPlacement runs a layer by an algorithm with each kind of placement, and gives how many it refused, as it must.
// What knows little of the algorithm, dense placements and activations alone, is for one layer of each.
func everyPlacement(
	t *testing.T, dev *host.Device, s algo.Spec, a algo.Algorithm, plan algo.Plan, all bool,
) (refused int) {
	x, v := vectors(plan)
	separate := among(s, 4, 4)
	separate.Separate = true
	relu := separate
	relu.Epilogue = conv.Activate(conv.ReLU)
	type attempted struct {
		spec    algo.Spec
		refused bool
	}
	cases := []attempted{{among(s, 4, 4), false}, {among(s, 1, 4), x > 1}, {among(s, 4, 1), v > 1}}
	if all {
		cases = append(cases, attempted{dense(s), false}, attempted{separate, false}, attempted{relu, false})
	}
	for _, c := range cases {
		if c.spec.Separate && s.DType != shaders.Float32 {
			continue // activations alone are float32
		}
		l := placed{c.spec, a}
		switch err := l.run(dev); {
		case c.refused && errors.Is(err, shaders.ErrPlacement):
			refused++
		case c.refused || err != nil:
			t.Errorf("%s: %v, must be refused: %v", l, err, c.refused)
		}
	}
	return refused
}

// TestPlacedKernels holds that each kernel of the table that has a volume to place is placed by a layer, or alone.
func TestPlacedKernels(t *testing.T) {
	dev := hosttest.Open(t)
	host.SetGeneral(dev, true)
	t.Cleanup(func() { host.SetGeneral(dev, false) })
	kernels := placedKernels(dev)
	have := map[any]bool{}
	for v := range kernels {
		have[kernelOf(v)] = true
	}
	for v, run := range placedAlone {
		if have[kernelOf(v)] = true; run(dev) != nil {
			t.Errorf("%s: %v", v.Name(), run(dev))
		}
	}
	for _, v := range broken {
		unplaced := v == shaders.ActivationGradients || v == shaders.BiasGradients ||
			v == shaders.QuantizeLinear || v == shaders.DequantizeLinear || // which have placed killers of their own
			v == shaders.FromInt8 || ofFilterGradients(v) || slices.Contains(training, v) // whose volumes stand alone
		switch k := v.(type) {
		case shaders.Peak, shaders.Copy, shaders.Operator, shaders.Separable: // the last two have their own
			unplaced = true
		case shaders.Half, shaders.Stored, shaders.Single, shaders.ToSums: // whose volumes stand alone
			unplaced = true
		case shaders.Pool, shaders.Pointwise, shaders.Remap, shaders.MatMul, shaders.Resample, shaders.Lookup,
			shaders.Scatter, shaders.TopK, shaders.Sample, shaders.ReduceAxes, shaders.Softmax, shaders.Extreme,
			shaders.Normalize, shaders.Cumulate, shaders.Chain: // whose tensors are views
			unplaced = true
		case shaders.Textured:
			_, gradients := k.Of.(shaders.FilterTiles)
			unplaced = gradients || formOf(k.Of) != nil
		case shaders.Fourier:
			unplaced = k.Kernel == "fourier_columns" || k.Kernel == "fourier_inverse_columns"
		}
		if _, ok := kernels[v]; !ok && placedAlone[v] == nil && !unplaced {
			t.Errorf("%s: no layer places its volumes", v.Name())
		}
	}
}
