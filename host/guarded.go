package host

import (
	"fmt"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
)

// guarded is float32 numbers on the GPU between two stretches of guard words, so that a kernel that
// writes outside of its output is caught.
type guarded struct {
	buffer *gpu.Buffer
	what   string
	guard  uint64 // bytes on each side, a multiple of the offset alignment
	size   uint64 // bytes of numbers
}

func newGuarded(dev *gpu.Device, what string, count int64) (*guarded, error) {
	g := &guarded{what: what, guard: max(256, uint64(dev.Limits().StorageOffsetAlignment)), size: 4 * uint64(count)}
	if most := dev.Limits().MaxStorageBinding; g.size+g.guard > most {
		return nil, fmt.Errorf("%w: %s takes %d bytes, one binding of this adapter holds %d", ErrUnsupported, what, g.size, most-g.guard)
	}
	buffer, err := dev.NewBuffer(what, g.size+2*g.guard, gpu.Storage)
	if err != nil {
		return nil, err
	}
	g.buffer = buffer
	words := make([]uint32, g.guard/4)
	cpuref.FillGuard(words)
	for _, offset := range []uint64{0, g.guard + g.size} {
		if err := buffer.Write(offset, gpu.Bytes(words)); err != nil {
			buffer.Close()
			return nil, err
		}
	}
	return g, nil
}

// input binds the numbers alone.
func (g *guarded) input() gpu.Binding {
	return gpu.Binding{Buffer: g.buffer, Offset: g.guard, Size: g.size}
}

// output binds the numbers and the guard behind them: inside its binding nothing but the guard shows
// that a kernel wrote too much.
func (g *guarded) output() gpu.Binding { return gpu.Binding{Buffer: g.buffer, Offset: g.guard} }

func (g *guarded) write(data []float32) error { return g.buffer.Write(g.guard, gpu.Bytes(data)) }

func (g *guarded) read(data []float32) error { return g.buffer.Read(g.guard, gpu.Bytes(data)) }

// checkGuards reports guard words that are no longer what they were.
func (g *guarded) checkGuards() error {
	words := make([]uint32, g.guard/4)
	for _, side := range []struct {
		name   string
		offset uint64
	}{{"before", 0}, {"behind", g.guard + g.size}} {
		if err := g.buffer.Read(side.offset, gpu.Bytes(words)); err != nil {
			return err
		}
		if err := cpuref.CheckGuard(fmt.Sprintf("the guard %s %s", side.name, g.what), words); err != nil {
			return err
		}
	}
	return nil
}

// checkUnchanged reports numbers that are no longer those that were uploaded.
func (g *guarded) checkUnchanged(uploaded []float32) error {
	now := make([]float32, len(uploaded))
	if err := g.read(now); err != nil {
		return err
	}
	return cpuref.CheckUnchanged(g.what, uploaded, now)
}

func (g *guarded) close() {
	if g != nil {
		g.buffer.Close()
	}
}
