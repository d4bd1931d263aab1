package gpu

import (
	"encoding/binary"
	"fmt"
	"time"
)

// Batch records dispatches and copies that are submitted at once and run in their order, each seeing
// what the ones before it wrote. A batch belongs to one goroutine; it may be submitted again.
type Batch struct {
	dev   *Device
	timed bool
	steps []step
}

// step is a command with the objects that must still be open when it is submitted.
type step struct {
	copies         bool // from src to dst; else group is dispatched
	group          *BindGroup
	grid           [3]uint32
	src, dst       *Buffer
	srcOff, dstOff uint64
	size           uint64
}

// NewBatch begins an empty batch.
func (d *Device) NewBatch() *Batch { return &Batch{dev: d} }

// NewTimedBatch begins a batch that measures each of its dispatches with the GPU's own clock, which
// the adapter must have ([FeatureTimestamps]). A timed batch takes up to 2048 dispatches; call Times
// once for each submission, for it also frees the timestamps.
func (d *Device) NewTimedBatch() *Batch { return &Batch{dev: d, timed: true} }

// maxTimed is WebGPU's limit of 4096 queries in a set, two for each dispatch.
const maxTimed = 4096 / 2

// Dispatch records a grid of x * y * z workgroups of g's kernel. A mistake is reported by Submit.
func (b *Batch) Dispatch(g *BindGroup, x, y, z uint32) {
	b.steps = append(b.steps, step{group: g, grid: [3]uint32{x, y, z}})
}

// Copy records a copy of size bytes, a multiple of 4, between two buffers.
func (b *Batch) Copy(dst *Buffer, dstOffset uint64, src *Buffer, srcOffset uint64, size uint64) {
	b.steps = append(b.steps, step{copies: true, src: src, dst: dst, srcOff: srcOffset, dstOff: dstOffset, size: size})
}

// Submission is a batch on its way.
type Submission struct {
	dev    *Device
	flight *flight
	ticks  *stagingTicks // nil where not timed
}

type stagingTicks struct {
	buffer     *Buffer
	dispatches int
}

// Submit sends the batch to the GPU and returns at once. Closing a buffer or bind group afterwards is
// safe: the GPU keeps it until the batch is done.
func (b *Batch) Submit() (*Submission, error) {
	const doing = "submitting a batch"
	s := &Submission{dev: b.dev}
	if b.timed {
		if err := b.prepareTicks(doing, s); err != nil {
			return nil, err
		}
	}
	f, err := b.dev.launch(doing, func(drv driver) (pending, error) {
		ops, err := b.commands()
		if err != nil {
			return nil, err
		}
		var ticks driverBuffer
		if b.timed {
			ticks = s.ticks.buffer.drv // open: only closing the device, which has not happened, closes it
		}
		return drv.submit(ops, b.timed, ticks)
	})
	if err != nil {
		s.closeTicks()
		return nil, err
	}
	s.flight = f
	return s, nil
}

// Run submits the batch and waits for it.
func (b *Batch) Run() error {
	s, err := b.Submit()
	if err != nil {
		return err
	}
	return s.Wait()
}

// commands checks every step and turns it into what the driver takes; the device's lock is held.
func (b *Batch) commands() ([]command, error) {
	ops := make([]command, len(b.steps))
	for i, s := range b.steps {
		var err error
		if s.copies {
			ops[i], err = b.copyCommand(s)
		} else {
			ops[i], err = b.dispatchCommand(s)
		}
		if err != nil {
			return nil, fmt.Errorf("step %d: %w", i, err)
		}
	}
	return ops, nil
}

func (b *Batch) dispatchCommand(s step) (command, error) {
	if s.group == nil || s.group.kernel == nil {
		return command{}, fmt.Errorf("%w: a dispatch without a bind group, or with one that Bind did not make", ErrMisuse)
	}
	if s.group.kernel.dev != b.dev {
		return command{}, fmt.Errorf("%w: kernel %q is another device's", ErrMisuse, s.group.kernel.source.Name)
	}
	for _, n := range s.grid {
		if most := b.dev.info.Limits.MaxWorkgroupsPerDimension; n == 0 || n > most {
			return command{}, fmt.Errorf("%w: a grid of %v workgroups, each axis must be from 1 to %d", ErrMisuse, s.grid, most)
		}
	}
	if err := s.group.check(); err != nil {
		return command{}, err
	}
	return command{kernel: s.group.kernel.drv, group: s.group.drv, grid: s.grid}, nil
}

func (b *Batch) copyCommand(s step) (command, error) {
	if err := s.src.check(b.dev, s.srcOff, s.size); err != nil {
		return command{}, fmt.Errorf("copying from: %w", err)
	}
	if err := s.dst.check(b.dev, s.dstOff, s.size); err != nil {
		return command{}, fmt.Errorf("copying to: %w", err)
	}
	if s.src == s.dst {
		return command{}, fmt.Errorf("%w: copying within one buffer, %q", ErrMisuse, s.src.label)
	}
	return command{src: s.src.drv, srcOff: s.srcOff, dst: s.dst.drv, dstOff: s.dstOff, size: s.size}, nil
}

// Wait waits until the batch is done, however long it takes.
func (s *Submission) Wait() error {
	if s == nil {
		s = &Submission{}
	}
	return s.dev.await("waiting for a batch", s.flight)
}

// Times waits for a timed batch and gives how long each of its dispatches took on the GPU, in their
// order. It may be called once.
func (s *Submission) Times() ([]time.Duration, error) {
	raw, err := s.rawTicks()
	if err != nil {
		return nil, err
	}
	ns, err := s.dev.TimestampPeriod()
	if err != nil {
		return nil, err
	}
	times := make([]time.Duration, len(raw)/2)
	for i := range times {
		begin, end := raw[2*i], raw[2*i+1]
		if end < begin {
			return nil, s.dev.failed("reading timestamps", fmt.Errorf("dispatch %d ended at tick %d, before it began at %d", i, end, begin))
		}
		times[i] = time.Duration(float64(end-begin) * ns)
	}
	return times, nil
}

// rawTicks waits and reads the timestamps, two for each dispatch.
func (s *Submission) rawTicks() ([]uint64, error) {
	const op = "reading timestamps"
	if s == nil {
		s = &Submission{}
	}
	if s.ticks == nil {
		return nil, s.dev.failed(op, fmt.Errorf("%w: the batch was not timed", ErrMisuse))
	}
	defer s.closeTicks()
	if err := s.Wait(); err != nil {
		return nil, err
	}
	data := make([]byte, 16*s.ticks.dispatches)
	if err := s.ticks.buffer.Read(0, data); err != nil {
		return nil, err
	}
	raw := make([]uint64, 2*s.ticks.dispatches)
	for i := range raw {
		raw[i] = binary.LittleEndian.Uint64(data[8*i:])
	}
	return raw, nil
}

// prepareTicks makes the buffer that a timed batch's timestamps land in.
func (b *Batch) prepareTicks(op string, s *Submission) error {
	n := 0
	for _, st := range b.steps {
		if !st.copies {
			n++
		}
	}
	buffer, err := b.dev.newBuffer(op, "timestamps", 16*uint64(n), ticks, func(uint64, Usage) error {
		switch {
		case !b.dev.info.HasFeature(FeatureTimestamps):
			return fmt.Errorf("%w: the adapter has no %s", ErrLimit, FeatureTimestamps)
		case n == 0 || n > maxTimed:
			return fmt.Errorf("%w: a timed batch of %d dispatches, must be 1 to %d", ErrMisuse, n, maxTimed)
		}
		return nil
	})
	s.ticks = &stagingTicks{buffer, n}
	return err
}

func (s *Submission) closeTicks() {
	if s.ticks != nil {
		s.ticks.buffer.Close()
	}
}
