package host

import (
	"context"
	"fmt"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
)

// peakTrial runs peak.wgsl.
type peakTrial struct {
	kernel         shaders.Peak
	threads        int64
	rounds         uint32
	values, result *guarded
	constants      []float32 // as uploaded, element by element
}

// peakSizes first grow the number of threads, until they fill any GPU, and then the loop, which stays far
// below the 65,535 rounds that llvmpipe makes at most.
func peakSizes(k shaders.Peak) (s trials) {
	for _, size := range []struct {
		threads int64
		rounds  uint32
	}{{1 << 14, 256}, {1 << 16, 256}, {1 << 18, 256}, {1 << 20, 256}, {1 << 20, 1024}, {1 << 20, 4096}} {
		s = append(s, func(dev *gpu.Device) (trial, error) { return newPeakTrial(dev, k, size.threads, size.rounds) })
	}
	return s
}

func newPeakTrial(dev *gpu.Device, k shaders.Peak, threads int64, rounds uint32) (_ *peakTrial, err error) {
	t := &peakTrial{kernel: k, threads: threads, rounds: rounds, constants: peakConstants(k)}
	defer func() {
		if err != nil {
			t.close()
		}
	}()
	if t.values, err = newGuarded(dev, "the numbers to multiply", int64(len(t.constants)), Float32); err != nil {
		return nil, err
	}
	if t.result, err = newGuarded(dev, "the sums", threads*int64(k.Lanes), Float32); err != nil {
		return nil, err
	}
	return t, t.values.write(t.constants)
}

// peakConstants are the starts of the chains and up, more, down, less, different in each lane, and such
// that all sums stay whole numbers below 2^24: a pair adds more*down + less, at most 8.
func peakConstants(k shaders.Peak) []float32 {
	var all []float32
	for i := range shaders.PeakChains {
		all = append(all, float32(3*i+1))
	}
	for _, four := range [][]float32{{2, 4, 8, 2}, {6, 8, 24, 10}, {0.5, 0.25, 0.125, 0.5}, {4, 5, 1, 3}} {
		all = append(all, four[:k.Lanes]...)
	}
	return all
}

func (t *peakTrial) record(r *recorder) error {
	params := shaders.Encode(shaders.PeakParams{Rounds: t.rounds, Count: uint32(t.threads)})
	threads := int64(t.kernel.Threads)
	return r.sums(t.kernel, params, (t.threads+threads-1)/threads, t.values.input(), t.result.output())
}

func (t *peakTrial) work() float64 {
	return float64(t.threads) * float64(t.kernel.FLOPs(t.rounds))
}

func (t *peakTrial) poison() error { return poison([]*guarded{t.result}) }

// judge holds every sum against the twin's, bit for bit. All workgroups compute the same.
func (t *peakTrial) judge() error {
	lanes := int(t.kernel.Lanes)
	got := make([]float32, t.threads*int64(lanes))
	if err := t.result.read(got); err != nil {
		return err
	}
	want := t.want()
	for i, v := range got {
		if w := want[i%len(want)]; v != w {
			return fmt.Errorf("%w: lane %d of thread %d of %d is %g after %d rounds, must be %g", cpuref.ErrMismatch, i%lanes, i/lanes, t.threads, v, t.rounds, w)
		}
	}
	return checkMemory([]*guarded{t.values}, []*guarded{t.result})
}

// want is what one workgroup computes.
func (t *peakTrial) want() []float32 {
	lanes := int(t.kernel.Lanes)
	c := t.constants[shaders.PeakChains:]
	want := make([]float32, int(t.kernel.Threads)*lanes)
	for i := range want {
		lane := i % lanes
		var starts []float32
		for at := lane; at < shaders.PeakChains; at += lanes {
			starts = append(starts, t.constants[at])
		}
		want[i] = cpuref.Peak(starts, c[lane], c[lanes+lane], c[2*lanes+lane], c[3*lanes+lane], i/lanes, int(t.rounds)*shaders.PeakPairs)
	}
	return want
}

func (t *peakTrial) close() {
	t.values.close()
	t.result.close()
}

// copyTrial runs copy.wgsl.
type copyTrial struct {
	kernel   shaders.Copy
	elements int64 // of 16 bytes
	from, to *guarded
	words    []uint32
}

// copySizes has one size, larger than caches are: much larger on a GPU, whose memory is faster too.
func copySizes(dev *gpu.Device, k shaders.Copy) trials {
	size := int64(256 << 20)
	if dev.Info().Type == gpu.Software {
		size = 64 << 20
	}
	const guards = 1 << 16
	size = min(size, int64(min(dev.Limits().MaxStorageBinding, dev.Limits().MaxBufferSize, 1<<40))-guards)
	return trials{func(dev *gpu.Device) (trial, error) { return newCopyTrial(dev, k, size/16) }}
}

func newCopyTrial(dev *gpu.Device, k shaders.Copy, elements int64) (_ *copyTrial, err error) {
	t := &copyTrial{kernel: k, elements: elements, words: make([]uint32, 4*elements)}
	for i := range t.words {
		t.words[i] = uint32(i) * 2654435761 // odd: no two words are alike
	}
	defer func() {
		if err != nil {
			t.close()
		}
	}()
	if t.from, err = newGuarded(dev, "the words to copy", 4*elements, Float32); err != nil {
		return nil, err
	}
	if t.to, err = newGuarded(dev, "the copy", 4*elements, Float32); err != nil {
		return nil, err
	}
	return t, t.from.writeWords(t.words)
}

func (t *copyTrial) record(r *recorder) error {
	each := int64(t.kernel.Threads * t.kernel.Each)
	return r.sums(t.kernel, shaders.Encode(shaders.CopyParams{Count: uint32(t.elements)}), (t.elements+each-1)/each, t.from.input(), t.to.output())
}

func (t *copyTrial) work() float64 { return 2 * 16 * float64(t.elements) }

func (t *copyTrial) poison() error { return poison([]*guarded{t.to}) }

func (t *copyTrial) judge() error {
	got := make([]uint32, len(t.words))
	if err := t.to.buffer.Read(context.Background(), t.to.guard, gpu.Bytes(got)); err != nil {
		return err
	}
	for i, w := range t.words {
		if got[i] != w {
			return fmt.Errorf("%w: word %d of %d is %#x, must be %#x", cpuref.ErrMismatch, i, len(got), got[i], w)
		}
	}
	return checkMemory([]*guarded{t.from}, []*guarded{t.to})
}

func (t *copyTrial) close() {
	t.from.close()
	t.to.close()
}
