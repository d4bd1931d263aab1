package gpu

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"slices"
	"unsafe"
)

// Usage says what a buffer is for.
type Usage int

// What a buffer may be for. Storage and Uniform buffers can also be copied from and to.
const (
	Storage  Usage = iota // read and written by kernels
	Uniform               // small, read by kernels
	readback              // read by the host
	ticks                 // timestamps land here
)

// Buffer is memory on the GPU. It is zero when made.
type Buffer struct {
	dev   *Device
	label string
	size  uint64
	usage Usage
	drv   driverBuffer // nil once closed; guarded by dev.mu
}

// NewBuffer makes a buffer of size bytes, a positive multiple of 4. The label names it in errors. The
// error wraps [ErrOutOfMemory], or [ErrLimit] where no buffer may be so large.
func (d *Device) NewBuffer(label string, size uint64, u Usage) (*Buffer, error) {
	op := fmt.Sprintf("making buffer %q of %d bytes", label, size)
	return d.newBuffer(op, label, size, u, d.checkBuffer)
}

// newBuffer makes a buffer that is the caller's to close, if check finds nothing wrong with it.
func (d *Device) newBuffer(op, label string, size uint64, u Usage, check func(uint64, Usage) error) (*Buffer, error) {
	b := &Buffer{dev: d, label: label, size: size, usage: u}
	err := d.do(op, func(drv driver) error {
		if err := check(size, u); err != nil {
			return err
		}
		made, err := d.createBuffer(drv, label, size, u)
		if err == nil {
			b.drv = made
			d.buffers[b] = struct{}{}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

// createBuffer is where all of a device's buffers come from; its lock is held.
func (d *Device) createBuffer(drv driver, label string, size uint64, u Usage) (driverBuffer, error) {
	b, err := drv.createBuffer(label, size, u)
	if err == nil {
		d.stats.Buffers++
	}
	return b, err
}

func (d *Device) checkBuffer(size uint64, u Usage) error {
	switch {
	case u != Storage && u != Uniform:
		return fmt.Errorf("%w: usage %d, must be Storage or Uniform", ErrMisuse, u)
	case size == 0 || size%4 != 0:
		return fmt.Errorf("%w: %d bytes, must be a positive multiple of 4", ErrMisuse, size)
	case size > d.info.Limits.MaxBufferSize:
		return fmt.Errorf("%w: a buffer holds at most %d bytes", ErrLimit, d.info.Limits.MaxBufferSize)
	}
	return nil
}

// Size is the buffer's size in bytes.
func (b *Buffer) Size() uint64 {
	if b == nil {
		return 0
	}
	return b.size
}

// device is what b was made from, nil where b was never made.
func (b *Buffer) device() *Device {
	if b == nil {
		return nil
	}
	return b.dev
}

// Close frees the buffer once work that uses it is done.
func (b *Buffer) Close() error {
	if b.device() == nil {
		return nil
	}
	b.dev.mu.Lock()
	defer b.dev.mu.Unlock()
	if b.drv != nil {
		delete(b.dev.buffers, b)
		b.drop()
	}
	return nil
}

// drop releases; the device's lock is held.
func (b *Buffer) drop() {
	b.dev.closings++
	b.drv.release()
	b.drv = nil
}

// check reports what is wrong with using a range of b; the device's lock is held.
func (b *Buffer) check(d *Device, offset, size uint64) error {
	switch {
	case b.device() == nil:
		return fmt.Errorf("%w: no buffer, or one that NewBuffer did not make", ErrMisuse)
	case b.dev != d:
		return fmt.Errorf("%w: buffer %q is another device's", ErrMisuse, b.label)
	case b.drv == nil:
		return fmt.Errorf("buffer %q %w", b.label, ErrClosed)
	case offset%4 != 0 || size%4 != 0 || size == 0:
		return fmt.Errorf(
			"%w: %d bytes at %d of buffer %q, both must be multiples of 4 and the size positive",
			ErrMisuse,
			size,
			offset,
			b.label,
		)
	case offset > b.size || size > b.size-offset:
		return fmt.Errorf("%w: %d bytes at %d of buffer %q, which has %d", ErrMisuse, size, offset, b.label, b.size)
	}
	return nil
}

// about says what is being done to b, for errors.
func (b *Buffer) about(doing string, bytes int) string {
	if b == nil {
		return fmt.Sprintf("%s %d bytes of no buffer", doing, bytes)
	}
	return fmt.Sprintf("%s %d bytes of buffer %q", doing, bytes, b.label)
}

// Write copies data, a multiple of 4 bytes, into the buffer at offset, before whatever is submitted
// later and after whatever was submitted before. The data may be reused at once.
func (b *Buffer) Write(offset uint64, data []byte) error {
	d := b.device()
	return d.do(b.about("writing", len(data)), func(drv driver) error {
		if len(data) == 0 {
			return nil
		}
		if err := b.check(d, offset, uint64(len(data))); err != nil {
			return err
		}
		return drv.write(b.drv, offset, data)
	})
}

// Read waits for all that was submitted and copies from the buffer at offset into dst, a multiple of 4
// bytes. It waits until ctx ends at most.
func (b *Buffer) Read(ctx context.Context, offset uint64, dst []byte) error {
	d := b.device()
	return d.read(ctx, b.about("reading", len(dst)), &Batch{dev: d}, b, offset, dst)
}

// read runs a batch, which may be empty, and reads from a buffer.
func (d *Device) read(ctx context.Context, op string, batch *Batch, b *Buffer, offset uint64, dst []byte) error {
	size := uint64(len(dst))
	if size == 0 {
		return d.do(op, func(driver) error { return nil })
	}
	if err := ctx.Err(); err != nil {
		return d.failed(op, err)
	}
	s, err := d.takeStaging(op, size, func() error { return b.check(d, offset, size) })
	if err != nil {
		return err
	}
	s.broken = true // until all went well: a mapping may still be under way
	defer d.giveStaging(s)
	f, err := batch.launch(op, nil, func() (tail, error) {
		if err := b.check(d, offset, size); err != nil {
			return tail{}, err
		}
		return tail{src: b.drv, offset: offset, dst: s.buffer, size: size}, nil
	})
	if err != nil {
		return err
	}
	if err := d.await(ctx, op, f); err != nil {
		return err
	}
	err = d.do(op, func(drv driver) error { return drv.mapped(s.buffer, dst) })
	s.broken = err != nil
	return err
}

// stagingBuffer is memory that the host can map. A device keeps a few, so that reading the same amount
// again allocates nothing.
type stagingBuffer struct {
	buffer driverBuffer
	size   uint64
	broken bool // a mapping failed: not to be used again
}

const maxStaging = 4

// takeStaging finds or makes a staging buffer of at least size bytes.
func (d *Device) takeStaging(op string, size uint64, check func() error) (s *stagingBuffer, err error) {
	err = d.do(op, func(drv driver) error {
		if err := check(); err != nil {
			return err
		}
		for i, have := range d.staging {
			if have.size >= size {
				s = have
				d.staging = slices.Delete(d.staging, i, i+1)
				return nil
			}
		}
		room := max(size, min(uint64(1)<<bits.Len64(size-1), d.info.Limits.MaxBufferSize&^3))
		buffer, err := d.createBuffer(drv, "read-back", room, readback)
		if err == nil {
			s = &stagingBuffer{buffer: buffer, size: room}
		}
		return err
	})
	return s, err
}

// giveStaging keeps s for the next read, or frees it. The list is sorted by size, so that a read takes the
// smallest that will do; where there are too many, the smallest goes.
func (d *Device) giveStaging(s *stagingBuffer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.drv == nil || s.broken {
		s.buffer.release()
		return
	}
	at, _ := slices.BinarySearchFunc(d.staging, s,
		func(a, b *stagingBuffer) int { return cmp.Compare(a.size, b.size) })
	d.staging = slices.Insert(d.staging, at, s)
	if len(d.staging) > maxStaging {
		d.staging[0].buffer.release()
		d.staging = slices.Delete(d.staging, 0, 1)
	}
}

// Bytes views numbers of four bytes as bytes, without a copy.
func Bytes[T float32 | uint32 | int32](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), len(s)*4)
}
