package host

import (
	"context"
	"fmt"
	"unsafe"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// guarded is numbers on the GPU between two stretches of guard words, so that a kernel that writes
// outside of its output is caught.
type guarded struct {
	buffer   *gpu.Buffer
	what     string
	numbers  Numbers  // float32, or two float16 to a word
	uploaded []uint32 // the words that were written last
	guard    uint64   // bytes on each side, a multiple of the offset alignment
	size     uint64   // bytes of numbers
}

func newGuarded(dev *gpu.Device, what string, count int64, n Numbers) (*guarded, error) {
	return newGuardedFor(gpu.Storage, dev, what, count, n)
}

// newGuardedFor is newGuarded for either usage.
func newGuardedFor(usage gpu.Usage, dev *gpu.Device, what string, count int64, n Numbers) (*guarded, error) {
	perWord := map[Numbers]uint64{Float16: 2, shaders.Int8: 4}
	per := max(1, perWord[n])
	g := &guarded{what: what, numbers: n, guard: guardBytes(dev.Limits()), size: 4 * ((uint64(count) + per - 1) / per)}
	if most := dev.Limits().MaxStorageBinding; g.size+g.guard > most {
		return nil, fmt.Errorf("%w: %s takes %d bytes, one binding of this adapter holds %d", ErrUnsupported, what, g.size, most-g.guard)
	}
	buffer, err := dev.NewBuffer(what, g.size+2*g.guard, usage)
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

// guardBytes is how long guards are.
func guardBytes(l gpu.Limits) uint64 {
	return max(256, uint64(l.StorageOffsetAlignment), uint64(l.UniformOffsetAlignment))
}

// input binds the numbers alone.
func (g *guarded) input() gpu.Binding {
	return gpu.Binding{Buffer: g.buffer, Offset: g.guard, Size: g.size}
}

// output binds the numbers and the guard behind them: inside its binding nothing but the guard shows
// that a kernel wrote too much.
func (g *guarded) output() gpu.Binding { return gpu.Binding{Buffer: g.buffer, Offset: g.guard} }

// write uploads numbers.
func (g *guarded) write(data []float32) error {
	if g.numbers != Float16 {
		return g.writeWords(bitsOf(data))
	}
	words := make([]uint32, (len(data)+1)/2)
	for i, v := range data {
		words[i/2] |= uint32(tensor.ToHalf(v)) << (i % 2 * 16)
	}
	return g.writeWords(words)
}

// writeWords uploads words, which must stay as they are until checkUnchanged.
func (g *guarded) writeWords(words []uint32) error {
	g.uploaded = words
	return g.buffer.Write(g.guard, gpu.Bytes(words))
}

// numbersIn is how many numbers there is room for.
func (g *guarded) numbersIn() uint64 {
	if g.numbers == Float16 {
		return g.size / 2
	}
	return g.size / 4
}

// read takes numbers back.
func (g *guarded) read(data []float32) error { return g.take(data, func(offset uint64, dst []byte) error { return g.buffer.Read(context.Background(), offset, dst) }) }

// runRead runs a batch and takes numbers back, waiting once.
func (g *guarded) runRead(b *gpu.Batch, data []float32) error {
	return g.take(data, func(offset uint64, dst []byte) error { return b.RunRead(context.Background(), g.buffer, offset, dst) })
}

// take takes numbers back in the given way.
func (g *guarded) take(data []float32, read func(offset uint64, dst []byte) error) error {
	if g.numbers != Float16 {
		return read(g.guard, gpu.Bytes(data))
	}
	words := make([]uint32, (len(data)+1)/2)
	if err := read(g.guard, gpu.Bytes(words)); err != nil {
		return err
	}
	for i := range data {
		data[i] = tensor.FromHalf(uint16(words[i/2] >> (i % 2 * 16)))
	}
	return nil
}

// bitsOf views numbers as words, without a copy.
func bitsOf(data []float32) []uint32 {
	if len(data) == 0 {
		return nil
	}
	return unsafe.Slice((*uint32)(unsafe.Pointer(&data[0])), len(data))
}

// checkGuards reports guard words that are no longer what they were.
func (g *guarded) checkGuards() error {
	words := make([]uint32, g.guard/4)
	for _, side := range []struct {
		name   string
		offset uint64
	}{{"before", 0}, {"behind", g.guard + g.size}} {
		if err := g.buffer.Read(context.Background(), side.offset, gpu.Bytes(words)); err != nil {
			return err
		}
		if err := cpuref.CheckGuard(fmt.Sprintf("the guard %s %s", side.name, g.what), words); err != nil {
			return err
		}
	}
	return nil
}

// checkUnchanged reports words that are no longer those that were uploaded.
func (g *guarded) checkUnchanged() error {
	if len(g.uploaded) == 0 {
		return nil
	}
	now := make([]uint32, len(g.uploaded))
	if err := g.buffer.Read(context.Background(), g.guard, gpu.Bytes(now)); err != nil {
		return err
	}
	return cpuref.CheckUnchanged(g.what, floatsOf(g.uploaded), floatsOf(now))
}

// floatsOf views words as numbers, without a copy.
func floatsOf(words []uint32) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(&words[0])), len(words))
}

func (g *guarded) close() {
	if g != nil {
		g.buffer.Close()
	}
}
