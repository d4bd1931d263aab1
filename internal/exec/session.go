package exec

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
)

// Session is a plan on a device: its memory, and its dispatches as recorded once. It belongs to one goroutine at a
// time.
type Session struct {
	dev        *Device
	plan       Plan
	memory     Memory // of pooled sessions
	places     []place
	dispatches []dispatch
	textures   textures
	batch      *gpu.Batch
	timed      []*gpu.Batch // of the same dispatches, made when first asked for
	total      *gpu.Batch   // of so many runs, made when first asked for
	runs       int
	joined     *joined // results that were read together last
	closers    []interface{ Close() error }
}

// The kinds of memory that a session may have.
const (
	Guarded = true
	Pooled  = false
)

// Open allocates a plan's memory, fills its constants and records its steps. The error wraps [ErrTooLarge] or gpu's
// reasons.
func Open(dev *Device, p Plan, guarded bool) (*Session, error) {
	return OpenContext(context.Background(), dev, p, guarded)
}

// OpenContext is Open until ctx ends, between one constant or kernel and the next.
func OpenContext(ctx context.Context, dev *Device, p Plan, guarded bool) (_ *Session, err error) {
	s := &Session{dev: dev, plan: p, places: make([]place, len(p.Operands))}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if err := p.validate(); err != nil {
		return nil, err
	}
	if err := s.allocate(guarded); err != nil {
		return nil, err
	}
	if err := s.fill(ctx); err != nil {
		return nil, err
	}
	return s, s.record(ctx)
}

func (s *Session) allocate(guarded bool) error {
	for i, o := range s.plan.Operands {
		if err := fits(o, s.dev.Limits()); err != nil {
			return err
		}
		if !guarded {
			continue
		}
		var err error
		if s.places[i], err = s.guarded(o); err != nil {
			return err
		}
	}
	if guarded {
		return nil
	}
	return s.pooled()
}

// fill uploads the constants.
func (s *Session) fill(ctx context.Context) error {
	for i, o := range s.plan.Operands {
		if err := ctx.Err(); err != nil {
			return err
		}
		if o.Role != Constant {
			continue
		}
		words, err := o.Fill()
		if err != nil {
			return err
		}
		if err := s.Write(i, words); err != nil {
			return err
		}
	}
	return nil
}

// Plan is what the session runs.
func (s *Session) Plan() Plan { return s.plan }

// Memory is how operands share buffers, of a pooled session.
func (s *Session) Memory() Memory { return s.memory }

// Write uploads an operand's words.
func (s *Session) Write(operand int, words []uint32) error {
	at, o := s.places[operand], s.plan.Operands[operand]
	if uint64(len(words))*4 != o.Bytes() {
		return fmt.Errorf("%w: %d words for %s, which takes %d", gpu.ErrMisuse, len(words), o.Name, o.Bytes()/4)
	}
	if o.Role == Constant {
		s.places[operand].digest = digest(words)
	}
	if err := at.buffer.Write(at.offset, gpu.Bytes(words)); err != nil || o.Role != Constant {
		return err
	}
	return s.copyConstants(operand)
}

// WriteAll uploads the words of several operands.
func (s *Session) WriteAll(inputs map[int][]uint32) error {
	for operand, words := range inputs {
		if err := s.Write(operand, words); err != nil {
			return err
		}
	}
	return nil
}

// WriteNumbers uploads an operand's numbers, as it stores them.
func (s *Session) WriteNumbers(operand int, data []float32) error {
	return s.Write(operand, Words(s.plan.Operands[operand].DType, data))
}

// Run runs all steps and waits for them, until ctx ends at most.
func (s *Session) Run(ctx context.Context) error { return s.batch.Run(ctx) }

// Submit sends all steps to the device and returns at once.
func (s *Session) Submit() (*gpu.Submission, error) { return s.batch.Submit() }

// RunRead runs all steps and reads an operand's numbers back, waiting once.
func (s *Session) RunRead(ctx context.Context, operand int, to []float32) error {
	return s.read(operand, to, func(b *gpu.Buffer, offset uint64, dst []byte) error {
		return s.batch.RunRead(ctx, b, offset, dst)
	})
}

// Read reads an operand's numbers back.
func (s *Session) Read(ctx context.Context, operand int, to []float32) error {
	return s.read(operand, to,
		func(b *gpu.Buffer, offset uint64, dst []byte) error { return b.Read(ctx, offset, dst) })
}

func (s *Session) read(operand int, to []float32, from func(*gpu.Buffer, uint64, []byte) error) error {
	at, o := s.places[operand], s.plan.Operands[operand]
	words := Bits(to)
	if o.DType != shaders.Float32 {
		words = make([]uint32, WordsOf(o.DType, int64(len(to))))
	}
	if err := from(at.buffer, at.offset, gpu.Bytes(words)); err != nil {
		return err
	}
	unpack(o.DType, to, words)
	return nil
}

// ReadWords reads all of an operand's words back.
func (s *Session) ReadWords(ctx context.Context, operand int) ([]uint32, error) {
	at, o := s.places[operand], s.plan.Operands[operand]
	words := make([]uint32, o.Bytes()/4)
	return words, at.buffer.Read(ctx, at.offset, gpu.Bytes(words))
}

// Times runs all steps and gives the time of each by the device's own clock, which it must have.
func (s *Session) Times(ctx context.Context) ([]time.Duration, error) {
	var times []time.Duration
	for _, batch := range s.timedBatches() {
		submitted, err := batch.Submit()
		if err != nil {
			return nil, err
		}
		some, err := submitted.Times(ctx)
		if err != nil {
			return nil, err
		}
		times = append(times, some...)
	}
	return times, nil
}

// Took runs all steps a number of times, one run after the other, and gives the time of one by the device's own clock,
// which it must have. That they are measured together leaves out what it costs to measure each step.
func (s *Session) Took(ctx context.Context, runs int) (time.Duration, error) {
	if s.total == nil || s.runs != runs {
		s.total, s.runs = s.dev.NewTotalBatch(), runs
		for range runs {
			s.dispatchAll(s.total, s.dispatches)
		}
	}
	submitted, err := s.total.Submit()
	if err != nil {
		return 0, err
	}
	times, err := submitted.Times(ctx)
	if err != nil {
		return 0, err
	}
	return times[0] / time.Duration(runs), nil
}

// Poison fills all that kernels write with NaN, so that what no kernel writes is noticed. Where operands share buffers
// it says nothing.
func (s *Session) Poison() error {
	for i, o := range s.plan.Operands {
		if o.Role == Constant || o.Role == Input || o.Role == State {
			continue
		}
		nans := make([]float32, o.Count)
		if o.DType == shaders.Int8 {
			nans = nans[:o.Bytes()/4]
		}
		cpuref.Poison(nans)
		if err := s.WriteNumbers(i, nans); err != nil {
			return err
		}
	}
	return nil
}

// Check looks at all that a run of a guarded session must leave as it was: guards, constants, and inputs, which must
// still hold the words given here for them.
func (s *Session) Check(ctx context.Context, inputs map[int][]uint32) error {
	var errs []error
	for i, o := range s.plan.Operands {
		errs = append(errs, s.checkGuards(ctx, i))
		switch words, written := inputs[i], o.Role == Input; {
		case o.Role == Constant:
			errs = append(errs, s.checkConstant(ctx, i))
		case written && words != nil:
			now, err := s.ReadWords(ctx, i)
			if err == nil {
				err = changed(o, words, now)
			}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Release lets go of what constants are filled from.
func (s *Session) Release() {
	s.plan.Operands = slices.Clone(s.plan.Operands)
	for i := range s.plan.Operands {
		s.plan.Operands[i].Fill = nil
	}
}

// Close frees the session's memory.
func (s *Session) Close() {
	if s == nil {
		return
	}
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i].Close()
	}
	s.closers = nil
}

// Process writes inputs, runs all steps, and reads results back. With checked, all that kernels write is poisoned
// before, and all that they must leave as it was is looked at after.
func (s *Session) Process(ctx context.Context, inputs map[int][]uint32, checked bool, results ...Result) error {
	if err := s.WriteAll(inputs); err != nil {
		return err
	}
	if checked {
		if err := s.Poison(); err != nil {
			return err
		}
	}
	read := s.runReading
	if !checked && len(results) > 1 && !slices.ContainsFunc(results, Result.numbers) {
		read = s.runJoined
	}
	if err := read(ctx, results); err != nil || !checked {
		return err
	}
	return s.Check(ctx, inputs)
}

// ProcessHere writes inputs, copies others from buffers of the device, runs all steps, and copies results to buffers
// of the device, each from its begin on. Nothing is read back.
func (s *Session) ProcessHere(ctx context.Context, inputs map[int][]uint32, from, to map[int]*gpu.Buffer) error {
	if err := s.WriteAll(inputs); err != nil {
		return err
	}
	before, after := s.dev.NewBatch(), s.dev.NewBatch()
	for operand, b := range from {
		at := s.places[operand]
		before.Copy(at.buffer, at.offset, b, 0, s.plan.Operands[operand].Bytes())
	}
	for operand, b := range to {
		at := s.places[operand]
		after.Copy(b, 0, at.buffer, at.offset, s.plan.Operands[operand].Bytes())
	}
	if len(from) > 0 {
		if _, err := before.Submit(); err != nil {
			return err
		}
	}
	if _, err := s.Submit(); err != nil {
		return err
	}
	return after.Run(ctx)
}
