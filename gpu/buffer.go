package gpu

import (
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
	if err := d.checkBuffer(size, u); err != nil {
		return nil, d.failed(op, err)
	}
	b := &Buffer{dev: d, label: label, size: size, usage: u}
	err := d.do(op, func(drv driver) (err error) {
		if b.drv, err = drv.createBuffer(label, size, u); err == nil {
			d.buffers[b] = struct{}{}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return b, nil
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
func (b *Buffer) Size() uint64 { return b.size }

// Close frees the buffer once work that uses it is done.
func (b *Buffer) Close() error {
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
	b.drv.release()
	b.drv = nil
}

// check reports what is wrong with using a range of b; the device's lock is held.
func (b *Buffer) check(d *Device, offset, size uint64) error {
	switch {
	case b == nil:
		return fmt.Errorf("%w: no buffer", ErrMisuse)
	case b.dev != d:
		return fmt.Errorf("%w: buffer %q is another device's", ErrMisuse, b.label)
	case b.drv == nil:
		return fmt.Errorf("buffer %q %w", b.label, ErrClosed)
	case offset%4 != 0 || size%4 != 0 || size == 0:
		return fmt.Errorf("%w: %d bytes at %d of buffer %q, both must be multiples of 4 and the size positive", ErrMisuse, size, offset, b.label)
	case offset > b.size || size > b.size-offset:
		return fmt.Errorf("%w: %d bytes at %d of buffer %q, which has %d", ErrMisuse, size, offset, b.label, b.size)
	}
	return nil
}

// Write copies data, a multiple of 4 bytes, into the buffer at offset, before whatever is submitted
// later and after whatever was submitted before. The data may be reused at once.
func (b *Buffer) Write(offset uint64, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	return b.dev.do(fmt.Sprintf("writing %d bytes to buffer %q", len(data), b.label), func(drv driver) error {
		if err := b.check(b.dev, offset, uint64(len(data))); err != nil {
			return err
		}
		return drv.write(b.drv, offset, data)
	})
}

// Read waits for all that was submitted and copies from the buffer at offset into dst, a multiple of 4
// bytes.
func (b *Buffer) Read(offset uint64, dst []byte) error {
	if len(dst) == 0 {
		return nil
	}
	op := fmt.Sprintf("reading %d bytes of buffer %q", len(dst), b.label)
	size := uint64(len(dst))
	s, err := b.dev.takeStaging(op, size)
	if err != nil {
		return err
	}
	defer b.dev.giveStaging(s)
	f, err := b.dev.launch(op, func(drv driver) (pending, error) {
		if err := b.check(b.dev, offset, size); err != nil {
			return nil, err
		}
		p, err := drv.submit([]command{{src: b.drv, srcOff: offset, dst: s.buffer, size: size}}, false, nil)
		if err != nil {
			return nil, err
		}
		b.dev.flights[&flight{pending: p}] = struct{}{} // lands before the mapping does
		return drv.mapRead(s.buffer, size)
	})
	if err != nil {
		return err
	}
	if err := b.dev.await(op, f); err != nil {
		s.broken = true
		return err
	}
	return b.dev.do(op, func(drv driver) error { return drv.mapped(s.buffer, dst) })
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
func (d *Device) takeStaging(op string, size uint64) (*stagingBuffer, error) {
	var s *stagingBuffer
	err := d.do(op, func(drv driver) error {
		for i, have := range d.staging {
			if have.size >= size {
				s = have
				d.staging = slices.Delete(d.staging, i, i+1)
				return nil
			}
		}
		room := min(uint64(1)<<bits.Len64(size-1), d.info.Limits.MaxBufferSize&^3)
		buffer, err := drv.createBuffer("read-back", max(room, size), readback)
		s = &stagingBuffer{buffer: buffer, size: max(room, size)}
		return err
	})
	return s, err
}

// giveStaging keeps s for the next read, or frees it.
func (d *Device) giveStaging(s *stagingBuffer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.drv == nil || s.broken:
		s.buffer.release()
	case len(d.staging) < maxStaging:
		d.staging = append(d.staging, s)
	default: // the smallest serves least
		smallest := slices.MinFunc(append(d.staging, s), func(a, b *stagingBuffer) int { return int(a.size>>2) - int(b.size>>2) })
		if i := slices.Index(d.staging, smallest); i >= 0 {
			d.staging[i] = s
		}
		smallest.buffer.release()
	}
}

// Bytes views numbers of four bytes as bytes, without a copy.
func Bytes[T float32 | uint32 | int32](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), len(s)*4)
}
