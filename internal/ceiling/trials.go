package ceiling

import (
	"context"
	"fmt"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// peakTrial runs peak.wgsl.
type peakTrial struct {
	kernel    shaders.Peak
	threads   int64
	rounds    uint32
	constants []float32 // as uploaded, element by element
}

// The operands of a trial.
const (
	from = iota
	to
)

// peakSizes first grow the number of threads, until they fill any GPU, and then the loop, which stays far
// below the 65,535 rounds that llvmpipe makes at most.
func peakSizes(k shaders.Peak) (all []trial) {
	for _, size := range []struct {
		threads int64
		rounds  uint32
	}{{1 << 14, 256}, {1 << 16, 256}, {1 << 18, 256}, {1 << 20, 256}, {1 << 20, 1024}, {1 << 20, 4096}} {
		all = append(all, peakTrial{k, size.threads, size.rounds, peakConstants(k)})
	}
	return all
}

// AttemptPeak runs a row of peak.wgsl once and judges it.
func AttemptPeak(ctx context.Context, dev *exec.Device, k shaders.Peak, threads int64, rounds uint32) error {
	return attempt(ctx, dev, peakTrial{k, threads, rounds, peakConstants(k)})
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

func (t peakTrial) plan() (p exec.Plan) {
	fill := func() ([]uint32, error) { return exec.Bits(t.constants), nil }
	p.Add(
		exec.Operand{
			Name:  "the numbers to multiply",
			Role:  exec.Constant,
			Count: int64(len(t.constants)),
			DType: shaders.Float32,
			Fill:  fill,
		},
	)
	p.Add(
		exec.Operand{
			Name:  "the sums",
			Role:  exec.Output,
			Count: t.threads * int64(t.kernel.Lanes),
			DType: shaders.Float32,
		},
	)
	params := shaders.Encode(shaders.PeakParams{Rounds: t.rounds, Count: uint32(t.threads)})
	p.Threads(t.kernel, params, t.threads, int64(t.kernel.Threads), exec.Whole(from), exec.Whole(to))
	return p
}

func (t peakTrial) work() float64 {
	return float64(t.threads) * float64(t.kernel.FLOPs(t.rounds))
}

// judge holds every sum against the twin's, bit for bit. All workgroups compute the same.
func (t peakTrial) judge(ctx context.Context, s *exec.Session) error {
	lanes := int(t.kernel.Lanes)
	got := make([]float32, t.threads*int64(lanes))
	if err := s.Read(ctx, to, got); err != nil {
		return err
	}
	want := t.want()
	for i, v := range got {
		if w := want[i%len(want)]; v != w {
			return fmt.Errorf(
				"%w: lane %d of thread %d of %d is %g after %d rounds, must be %g",
				cpuref.ErrMismatch,
				i%lanes,
				i/lanes,
				t.threads,
				v,
				t.rounds,
				w,
			)
		}
	}
	return nil
}

// want is what one workgroup computes.
func (t peakTrial) want() []float32 {
	lanes := int(t.kernel.Lanes)
	c := t.constants[shaders.PeakChains:]
	want := make([]float32, int(t.kernel.Threads)*lanes)
	for i := range want {
		lane := i % lanes
		var starts []float32
		for at := lane; at < shaders.PeakChains; at += lanes {
			starts = append(starts, t.constants[at])
		}
		want[i] = cpuref.Peak(
			starts,
			c[lane],
			c[lanes+lane],
			c[2*lanes+lane],
			c[3*lanes+lane],
			i/lanes,
			int(t.rounds)*shaders.PeakPairs,
		)
	}
	return want
}

// copyTrial runs copy.wgsl.
type copyTrial struct {
	kernel   shaders.Copy
	elements int64 // of 16 bytes
}

// copySizes has one size, larger than caches are: much larger on a GPU, whose memory is faster too.
func copySizes(dev *exec.Device, k shaders.Copy) []trial {
	size := int64(256 << 20)
	if dev.Info().Type == gpu.Software {
		size = 64 << 20
	}
	const guards = 1 << 16
	size = min(size, int64(min(dev.Limits().MaxStorageBinding, dev.Limits().MaxBufferSize, 1<<40))-guards)
	return []trial{copyTrial{k, size / 16}}
}

// AttemptCopy runs a row of copy.wgsl once and judges it.
func AttemptCopy(ctx context.Context, dev *exec.Device, k shaders.Copy, elements int64) error {
	return attempt(ctx, dev, copyTrial{k, elements})
}

// word is what is copied: no two words are alike.
func word(i int) uint32 { return uint32(i) * 2654435761 } // odd

func (t copyTrial) plan() (p exec.Plan) {
	count := 4 * t.elements
	fill := func() ([]uint32, error) {
		words := make([]uint32, count)
		for i := range words {
			words[i] = word(i)
		}
		return words, nil
	}
	p.Add(
		exec.Operand{Name: "the words to copy", Role: exec.Constant, Count: count, DType: shaders.Float32, Fill: fill},
	)
	p.Add(exec.Operand{Name: "the copy", Role: exec.Output, Count: count, DType: shaders.Float32})
	params := shaders.Encode(shaders.CopyParams{Count: uint32(t.elements)})
	p.Threads(t.kernel, params, t.elements, int64(t.kernel.Threads*t.kernel.Each), exec.Whole(from), exec.Whole(to))
	return p
}

func (t copyTrial) work() float64 { return 2 * 16 * float64(t.elements) }

func (t copyTrial) judge(ctx context.Context, s *exec.Session) error {
	got, err := s.ReadWords(ctx, to)
	if err != nil {
		return err
	}
	for i, w := range got {
		if w != word(i) {
			return fmt.Errorf("%w: word %d of %d is %#x, must be %#x", cpuref.ErrMismatch, i, len(got), w, word(i))
		}
	}
	return nil
}
