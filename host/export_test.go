package host

import (
	"context"
	"fmt"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// Exec is what runs plans on d.
func Exec(d *Device) *exec.Device { return d.exec }

// SetSource has dev compile shaders from other text until the test ends. Kernels are cached by their text:
// what is compiled so is never taken for the original.
func SetSource(t testing.TB, dev *Device, f func(shaders.Variant) (shaders.Shader, error)) {
	old := dev.exec.Source
	dev.exec.Source = f
	t.Cleanup(func() { dev.exec.Source = old })
}

// SetFold has dev's grids folded in another way until the test ends, so that few workgroups need all axes.
func SetFold(t testing.TB, dev *Device, f func(count uint64, limit uint32) ([3]uint32, bool)) {
	old := dev.exec.Fold
	dev.exec.Fold = f
	t.Cleanup(func() { dev.exec.Fold = old })
}

// SetGeneral has dev's kernels know all of an epilogue, or again as little as their layers need, and gives how it was.
func SetGeneral(dev *Device, general bool) (was bool) {
	was = dev.hooks.general
	dev.hooks.general = general
	return was
}

// Hold takes what runs one goroutine at a time, until it is released.
func Hold(l *Layer, q *QuantizedLayer, p *Program, g *FilterGradient) (release func()) {
	locks := []interface {
		Lock()
		Unlock()
	}{&l.mu, &q.mu, &p.mu, &g.mu}
	for _, lock := range locks {
		lock.Lock()
	}
	return func() {
		for _, lock := range locks {
			lock.Unlock()
		}
	}
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

// operandOf gives the session that an operand is in, and its index there.
func operandOf(t testing.TB, l *Layer, operand int) (*exec.Session, int) {
	e := engineOf(t, l)
	if operand < OperandDV {
		return e.session, []int{algo.X, algo.W, algo.B, algo.Slopes, algo.Residual, algo.V}[operand]
	}
	g := backwardOf(t, l)
	p := g.plan
	return g.session, []int{p.DV, p.Z, p.DZ, p.DX, p.DW, p.DB, p.DSlopes}[operand-OperandDV]
}

func engineOf(t testing.TB, l *Layer) *whole {
	e, ok := l.engine.(*whole)
	if !ok {
		t.Fatalf("%T is no engine of a GPU", l.engine)
	}
	return e
}

func backwardOf(t testing.TB, l *Layer) *backward {
	g, err := engineOf(t, l).gradients()
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Corrupt has each run of l write value over one word of an operand, after its dispatches. Words below
// 0 and from the operand's size on are guards.
func Corrupt(t testing.TB, l *Layer, operand int, word int64, value float32) {
	s, i := operandOf(t, l, operand)
	damage(t, s, i, word, value)
}

// CorruptBackward does so on the way back, whose X, W, b, slopes and residual are its own.
func CorruptBackward(t testing.TB, l *Layer, operand int, word int64, value float32) {
	_, i := operandOf(t, l, operand)
	damage(t, backwardOf(t, l).session, i, word, value)
}

func damage(t testing.TB, s *exec.Session, operand int, word int64, value float32) {
	if err := s.Damage(operand, word, value); err != nil {
		t.Fatal(err)
	}
}

// Words is how many numbers an operand holds, and how many guard words stand on each side.
func Words(t testing.TB, l *Layer, operand int) (numbers, guards int64) {
	s, i := operandOf(t, l, operand)
	return s.Extent(i)
}

// LeaveOutAll has l dispatch nothing.
func LeaveOutAll(t testing.TB, l *Layer) { engineOf(t, l).session.LeaveOut() }

// LeaveOutReLU has a layer that was built without activation judged as one with a separate ReLU.
func LeaveOutReLU(t testing.TB, l *Layer) {
	if l.options.Epilogue != (conv.Epilogue{}) {
		t.Fatal("the layer has an epilogue")
	}
	l.options.Epilogue, l.options.Separate = conv.Activate(conv.ReLU), true
}

// LeaveOutBackward has l dispatch nothing on the way back.
func LeaveOutBackward(t testing.TB, l *Layer) { backwardOf(t, l).session.LeaveOut() }

// SwapXW has l's kernel see the filters as its input and the other way round. Both must be equally
// large, or the bindings would not hold them.
func SwapXW(t testing.TB, l *Layer) {
	if err := engineOf(t, l).session.Swap(algo.X, algo.W); err != nil {
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

func (b brokenCPU) run(ctx context.Context, in operands, v []float32, checked bool) error {
	if err := b.engine.run(ctx, in, v, checked); err != nil {
		return fmt.Errorf("broken: %w", err)
	}
	v[b.word] += b.add
	return nil
}

// StripAlgorithms names the algorithms of depthwise layers and of groups of few channels.
func StripAlgorithms() (names []string) {
	for _, a := range algo.Strips() {
		names = append(names, AlgorithmName(a))
	}
	return names
}

// EveryAlgorithm lists all algorithms, whatever they serve.
func EveryAlgorithm() (all []Algorithm) {
	for _, a := range algo.All(algo.Spec{Threads: shaders.ConvThreads[0]}) {
		all = append(all, a)
	}
	return all
}

// CorruptProgram has each run of p write value over one word of a node's volume, after its dispatches.
func CorruptProgram(t testing.TB, p *Program, node int, word int64, value float32) {
	volumes := p.steps[node].volumes
	damage(t, p.session, volumes[len(volumes)-1].operand, word, value)
}

// Dispatched tells each dispatch of a layer: its kernel, workgroups and parameters.
func Dispatched(t testing.TB, l *Layer) []string { return dispatched(engineOf(t, l).session) }

// ProgramDispatched tells each dispatch of a program.
func ProgramDispatched(p *Program) []string { return dispatched(p.session) }

func dispatched(s *exec.Session) (all []string) {
	for _, step := range s.Plan().Steps {
		all = append(all, fmt.Sprintf("%s of %d workgroups: %x", step.Kernel.Name(), step.Workgroups, step.Params))
	}
	return all
}
