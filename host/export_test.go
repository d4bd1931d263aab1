package host

import (
	"fmt"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
)

// SetSource has shaders compiled from other text until the test ends. Kernels are cached by their text:
// what is compiled so is never taken for the original.
func SetSource(t testing.TB, f func(shaders.Variant) (shaders.Shader, error)) {
	old := source
	source = f
	t.Cleanup(func() { source = old })
}

// SetFold has grids folded in another way until the test ends, so that few workgroups need all axes.
func SetFold(t testing.TB, f func(count uint64, limit uint32) ([3]uint32, bool)) {
	old := fold
	fold = f
	t.Cleanup(func() { fold = old })
}

// The operands of a layer, for Corrupt. Those from OperandDV on are of the way back.
const (
	OperandX = iota
	OperandW
	OperandB
	OperandSlopes
	OperandResidual
	OperandV
	OperandDV
	OperandZ
	OperandDZ
	OperandDX
	OperandDW
	OperandDB
	OperandDSlopes
)

// operandOf gives an operand's memory, and what runs on it.
func operandOf(t testing.TB, l *Layer, operand int) (*guarded, *recorder) {
	e := engineOf(t, l)
	if operand < OperandDV {
		return []*guarded{e.x, e.w, e.b, e.slopes, e.residual, e.v}[operand], &e.recorder
	}
	g, err := e.gradients()
	if err != nil {
		t.Fatal(err)
	}
	return []*guarded{g.dv, g.z, g.dz, g.dx, g.dw, g.db, g.dslope}[operand-OperandDV], &g.recorder
}

func engineOf(t testing.TB, l *Layer) *forward {
	e, ok := l.engine.(*forward)
	if !ok {
		t.Fatalf("%T is no engine of a GPU", l.engine)
	}
	return e
}

// Corrupt has each run of l write value over one word of an operand, after its dispatches. Words below
// 0 and from the operand's size on are guards.
func Corrupt(t testing.TB, l *Layer, operand int, word int64, value float32) {
	to, r := operandOf(t, l, operand)
	r.damage(t, to, word, value)
}

// CorruptBackward does so on the way back.
func CorruptBackward(t testing.TB, l *Layer, operand int, word int64, value float32) {
	to, _ := operandOf(t, l, operand)
	_, r := operandOf(t, l, OperandDV)
	r.damage(t, to, word, value)
}

func (r *recorder) damage(t testing.TB, to *guarded, word int64, value float32) {
	from, err := r.dev.NewBuffer("damage", 4, gpu.Storage)
	if err != nil {
		t.Fatal(err)
	}
	r.closers = append(r.closers, from)
	if err := from.Write(0, gpu.Bytes([]float32{value})); err != nil {
		t.Fatal(err)
	}
	r.batch.Copy(to.buffer, uint64(int64(to.guard)+4*word), from, 0, 4)
}

// Words is how many numbers an operand holds, and how many guard words stand on each side.
func Words(t testing.TB, l *Layer, operand int) (numbers, guards int64) {
	g, _ := operandOf(t, l, operand)
	return int64(g.size / 4), int64(g.guard / 4)
}

// LeaveOutAll has l dispatch nothing.
func LeaveOutAll(t testing.TB, l *Layer) { engineOf(t, l).batch = l.dev.gpu.NewBatch() }

// LeaveOutReLU has a layer that was built without activation judged as one with a separate ReLU.
func LeaveOutReLU(t testing.TB, l *Layer) {
	if l.options.Epilogue != (conv.Epilogue{}) {
		t.Fatal("the layer has an epilogue")
	}
	l.options.Epilogue, l.options.Separate = conv.Activate(conv.ReLU), true
}

// LeaveOutBackward has l dispatch nothing on the way back.
func LeaveOutBackward(t testing.TB, l *Layer) {
	_, r := operandOf(t, l, OperandDV)
	r.batch = l.dev.gpu.NewBatch()
}

// SwapXW has l's kernel see the filters as its input and the other way round. Both must be equally
// large, or the bindings would not hold them.
func SwapXW(t testing.TB, l *Layer) {
	e := engineOf(t, l)
	if e.x.size != e.w.size {
		t.Fatal("X and W differ in size")
	}
	e.x, e.w = e.w, e.x
	if err := e.w.write(l.filters.Data); err != nil {
		t.Fatal(err)
	}
}

// BreakCPU has the CPU reference add something to one output.
func BreakCPU(l *Layer, word int, add float32) { l.engine = brokenCPU{l.engine, word, add} }

type brokenCPU struct {
	engine
	word int
	add  float32
}

func (b brokenCPU) run(in operands, v []float32, checked bool) error {
	if err := b.engine.run(in, v, checked); err != nil {
		return fmt.Errorf("broken: %w", err)
	}
	v[b.word] += b.add
	return nil
}

// StripAlgorithms names the algorithms of depthwise layers and of groups of few channels.
func StripAlgorithms() (names []string) {
	for _, a := range stripAlgorithms() {
		names = append(names, AlgorithmName(a))
	}
	return names
}

// EveryAlgorithm lists all algorithms, whatever they serve.
func EveryAlgorithm() (all []Algorithm) {
	one := conv.Axis{In: 1, Out: 1, Filter: 1, Stride: 1, Dilation: 1}
	p := conv.Problem{Batch: 1, Groups: 1, InChannels: 1, OutChannels: 1, Z: one, H: one, W: one}
	for _, a := range everyAlgorithm(p, LayerOptions{}) {
		all = append(all, a)
	}
	return all
}
