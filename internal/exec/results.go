package exec

import (
	"context"
	"slices"

	"github.com/gpuconv/gpuconv/gpu"
)

// Result is an operand that is read back after a run: as numbers, or as words where Numbers is nil.
type Result struct {
	Operand int
	Numbers []float32
	Words   []uint32
}

// numbers tells whether it is read as numbers.
func (r Result) numbers() bool { return r.Numbers != nil }

// runReading runs all steps and reads results back: the first one in the same submission.
func (s *Session) runReading(ctx context.Context, results []Result) error {
	for i, r := range results {
		at := s.places[r.Operand]
		from := func(b *gpu.Buffer, offset uint64, dst []byte) error { return b.Read(ctx, offset, dst) }
		if i == 0 {
			from = func(b *gpu.Buffer, offset uint64, dst []byte) error { return s.batch.RunRead(ctx, b, offset, dst) }
		}
		var err error
		if r.Numbers == nil {
			err = from(at.buffer, at.offset, gpu.Bytes(r.Words))
		} else {
			err = s.read(r.Operand, r.Numbers, from)
		}
		if err != nil {
			return err
		}
	}
	if len(results) == 0 {
		return s.Run(ctx)
	}
	return nil
}

// joined are several results that are read together: a batch of all steps copies them behind each other, so that they
// are waited for once.
type joined struct {
	batch    *gpu.Batch
	buffer   *gpu.Buffer
	operands []int
	words    []uint32
}

// runJoined runs all steps and reads the words of several results back, in one submission.
func (s *Session) runJoined(ctx context.Context, results []Result) error {
	if err := s.join(results); err != nil {
		return err
	}
	j := s.joined
	if err := j.batch.RunRead(ctx, j.buffer, 0, gpu.Bytes(j.words)); err != nil {
		return err
	}
	words := j.words
	for _, r := range results {
		words = words[copy(r.Words, words):]
	}
	return nil
}

// join makes what reads these results together, where they are not those of the last time.
func (s *Session) join(results []Result) (err error) {
	j := &joined{batch: s.dev.NewBatch()}
	count := 0
	for _, r := range results {
		j.operands = append(j.operands, r.Operand)
		count += len(r.Words)
	}
	if s.joined != nil && slices.Equal(s.joined.operands, j.operands) && len(s.joined.words) == count {
		return nil
	}
	if j.buffer, err = s.buffer("results", 4*uint64(count), gpu.Storage); err != nil {
		return err
	}
	j.words = make([]uint32, count)
	s.dispatchAll(j.batch, s.dispatches)
	offset := uint64(0)
	for _, r := range results {
		at, size := s.places[r.Operand], 4*uint64(len(r.Words))
		j.batch.Copy(j.buffer, offset, at.buffer, at.offset, size)
		offset += size
	}
	s.joined = j
	return nil
}
