package gpu

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"
)

// Batch records dispatches and copies that are submitted at once and run in their order, each seeing
// what the ones before it wrote. A batch belongs to one goroutine; it may be submitted again.
type Batch struct {
	dev   *Device
	timed bool
	total bool // of a timed batch: all of it is measured together
	steps []step

	// What the last submission found, which serves the next one as well.
	recorded recording // of as many steps
	records  int
	checked  int    // how many steps were right
	closings uint64 // of the device's, by then
}

// step is a command with the objects that must still be open when it is submitted.
type step struct {
	copies         bool // from src to dst or texture; else group is dispatched
	group          *BindGroup
	grid           [3]uint32
	src, dst       *Buffer
	texture        *Texture // that is copied to, nil where dst is
	srcOff, dstOff uint64
	size           uint64
}

// NewBatch begins an empty batch.
func (d *Device) NewBatch() *Batch { return &Batch{dev: d} }

// NewTimedBatch begins a batch that measures each of its dispatches with the GPU's own clock, which
// the adapter must have ([FeatureTimestamps]). Copies count for the dispatch behind them. A timed batch takes up to
// 2048 dispatches; call Times once for each submission, for it also frees the timestamps.
func (d *Device) NewTimedBatch() *Batch { return &Batch{dev: d, timed: true} }

// NewTotalBatch begins a batch that is measured from its begin to its end, without what it costs to measure
// each of its dispatches. Times gives one time.
func (d *Device) NewTotalBatch() *Batch { return &Batch{dev: d, timed: true, total: true} }

// MaxTimed is how many dispatches a timed batch takes: WebGPU has 4096 queries in a set, two for each.
const MaxTimed = 4096 / 2

// Dispatch records a grid of x * y * z workgroups of g's kernel. A mistake is reported by Submit.
func (b *Batch) Dispatch(g *BindGroup, x, y, z uint32) {
	b.steps = append(b.steps, step{group: g, grid: [3]uint32{x, y, z}})
}

// Copy records a copy of size bytes, a multiple of 4, between two buffers.
func (b *Batch) Copy(dst *Buffer, dstOffset uint64, src *Buffer, srcOffset uint64, size uint64) {
	b.steps = append(b.steps, step{copies: true, src: src, dst: dst, srcOff: srcOffset, dstOff: dstOffset, size: size})
}

// CopyToTexture records a copy of size bytes, a multiple of 16, from a buffer at an offset, which is one too, to the
// begin of a texture.
func (b *Batch) CopyToTexture(dst *Texture, src *Buffer, srcOffset, size uint64) {
	b.steps = append(b.steps, step{copies: true, src: src, texture: dst, srcOff: srcOffset, size: size})
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
	f, err := b.launch(doing, s.ticks, nil)
	if err != nil {
		s.closeTicks()
		return nil, err
	}
	s.flight = f
	return s, nil
}

// Run submits the batch and waits for it, or until ctx ends: see [Submission.Wait].
func (b *Batch) Run(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return b.dev.failed("running a batch", err)
	}
	s, err := b.Submit()
	if err != nil {
		return err
	}
	return s.Wait(ctx)
}

// RunRead submits the batch, waits for it and then copies from src at offset into dst, a multiple of 4
// bytes: Run and [Buffer.Read] in one submission, which is waited for once. It measures no times.
func (b *Batch) RunRead(ctx context.Context, src *Buffer, offset uint64, dst []byte) error {
	if len(dst) == 0 {
		return b.Run(ctx)
	}
	return b.dev.read(ctx, src.about("running a batch and reading", len(dst)), b, src, offset, dst)
}

// launch submits the batch, with timestamps and a copy to be read unless they are nil. It asks read for the
// copy under the device's lock.
func (b *Batch) launch(op string, ticks *stagingTicks, read func() (tail, error)) (*flight, error) {
	return b.dev.launch(op, func(drv driver) (_ pending, err error) {
		recorded, err := b.record(drv)
		if err != nil {
			return nil, err
		}
		var t timestamps
		if ticks != nil { // its buffer is open: only closing the device, which has not happened, closes it
			t = timestamps{ticks.buffer.drv, ticks.dispatches}
		}
		var end tail
		if read != nil {
			if end, err = read(); err != nil {
				return nil, err
			}
		}
		return drv.submit(recorded, t, end)
	})
}

// record checks every step and has the driver translate them; the device's lock is held. Neither is done
// again where no step was added and nothing was closed: a layer's batch is submitted thousands of times.
func (b *Batch) record(drv driver) (recording, error) {
	if b.checked != len(b.steps) || b.closings != b.dev.closings {
		for i := range b.steps {
			if err := b.check(&b.steps[i]); err != nil {
				return nil, fmt.Errorf("step %d: %w", i, err)
			}
		}
		b.checked, b.closings = len(b.steps), b.dev.closings
	}
	if b.records != len(b.steps) {
		commands := make([]command, len(b.steps))
		for i, s := range b.steps {
			commands[i] = s.command()
		}
		b.recorded, b.records = drv.record(commands), len(b.steps)
	}
	return b.recorded, nil
}

// check reports what is wrong with a step; the device's lock is held.
func (b *Batch) check(s *step) error {
	if s.copies {
		return b.checkCopy(s)
	}
	return b.checkDispatch(s)
}

func (b *Batch) checkDispatch(s *step) error {
	if s.group == nil || s.group.kernel == nil {
		return fmt.Errorf("%w: a dispatch without a bind group, or with one that Bind did not make", ErrMisuse)
	}
	if s.group.kernel.dev != b.dev {
		return fmt.Errorf("%w: kernel %q is another device's", ErrMisuse, s.group.kernel.source.Name)
	}
	for _, n := range s.grid {
		if most := b.dev.info.Limits.MaxWorkgroupsPerDimension; n == 0 || n > most {
			return fmt.Errorf("%w: a grid of %v workgroups, each axis must be from 1 to %d", ErrMisuse, s.grid, most)
		}
	}
	return s.group.check()
}

func (b *Batch) checkCopy(s *step) error {
	if err := s.src.check(b.dev, s.srcOff, s.size); err != nil {
		return fmt.Errorf("copying from: %w", err)
	}
	if s.texture != nil {
		return b.checkTexture(s)
	}
	if err := s.dst.check(b.dev, s.dstOff, s.size); err != nil {
		return fmt.Errorf("copying to: %w", err)
	}
	if s.src == s.dst {
		return fmt.Errorf("%w: copying within one buffer, %q", ErrMisuse, s.src.label)
	}
	return nil
}

func (b *Batch) checkTexture(s *step) error {
	if s.srcOff%texelBytes != 0 || s.size%texelBytes != 0 {
		return fmt.Errorf("%w: copying %d bytes at %d to a texture, both must be multiples of %d", ErrMisuse, s.size,
			s.srcOff, texelBytes)
	}
	if err := s.texture.check(b.dev, s.size); err != nil {
		return fmt.Errorf("copying to: %w", err)
	}
	return nil
}

// command is a step, which was checked, as the driver takes it; the device's lock is held.
func (s *step) command() command {
	if s.copies && s.texture != nil {
		return command{src: s.src.drv, srcOff: s.srcOff, texture: s.texture.drv, size: s.size}
	}
	if s.copies {
		return command{src: s.src.drv, srcOff: s.srcOff, dst: s.dst.drv, dstOff: s.dstOff, size: s.size}
	}
	return command{kernel: s.group.kernel.drv, group: s.group.drv, grid: s.grid}
}

// Wait waits until the batch is done, however long it takes, or until ctx ends, whose error it then wraps. The
// GPU goes on with the batch all the same, and what is submitted later waits for it there.
func (s *Submission) Wait(ctx context.Context) error {
	if s == nil {
		s = &Submission{}
	}
	return s.dev.await(ctx, "waiting for a batch", s.flight)
}

// Times waits for a timed batch and gives how long each of its dispatches took on the GPU, in their
// order, or all together, of a batch that is measured so. It may be called once.
func (s *Submission) Times(ctx context.Context) ([]time.Duration, error) {
	raw, err := s.rawTicks(ctx)
	if err != nil {
		return nil, err
	}
	ns, err := s.dev.TimestampPeriod(ctx)
	if err != nil {
		return nil, err
	}
	times := make([]time.Duration, len(raw)/2)
	for i := range times {
		begin, end := raw[2*i], raw[2*i+1]
		if end < begin {
			return nil, s.dev.failed(
				"reading timestamps",
				fmt.Errorf("dispatch %d ended at tick %d, before it began at %d", i, end, begin),
			)
		}
		times[i] = time.Duration(float64(end-begin) * ns)
	}
	return times, nil
}

// rawTicks waits and reads the timestamps, two for each dispatch.
func (s *Submission) rawTicks(ctx context.Context) ([]uint64, error) {
	const op = "reading timestamps"
	if s == nil {
		s = &Submission{}
	}
	if s.ticks == nil {
		return nil, s.dev.failed(op, fmt.Errorf("%w: the batch was not timed", ErrMisuse))
	}
	defer s.closeTicks()
	if err := s.Wait(ctx); err != nil {
		return nil, err
	}
	data := make([]byte, 16*s.ticks.dispatches)
	if err := s.ticks.buffer.Read(ctx, 0, data); err != nil {
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
	if b.total {
		n = min(n, 1)
	}
	buffer, err := b.dev.newBuffer(op, "timestamps", 16*uint64(n), ticks, func(uint64, Usage) error {
		switch {
		case !b.dev.info.HasFeature(FeatureTimestamps):
			return fmt.Errorf("%w: the adapter has no %s", ErrLimit, FeatureTimestamps)
		case n == 0 || n > MaxTimed:
			return fmt.Errorf("%w: a timed batch of %d dispatches, must be 1 to %d", ErrMisuse, n, MaxTimed)
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
