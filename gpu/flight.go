package gpu

import (
	"fmt"
	"time"
)

// flight is something under way on the GPU. Its fields are guarded by the device's lock.
type flight struct {
	pending pending // nil once landed
	err     error   // of the landing
}

const (
	pollFirst = 10 * time.Microsecond
	pollLast  = time.Millisecond
)

// nextDelay lets short work be seen soon and long work cost little.
func nextDelay(d time.Duration) time.Duration { return min(d*3/2, pollLast) }

// launch begins something that await ends.
func (d *Device) launch(op string, begin func(driver) (pending, error)) (*flight, error) {
	f := &flight{}
	err := d.do(op, func(drv driver) (err error) {
		if f.pending, err = begin(drv); err == nil {
			d.flights[f] = struct{}{}
		}
		return err
	})
	return f, err
}

// await waits for f for as long as it takes: only the GPU's own word ends it, or the device's loss.
func (d *Device) await(op string, f *flight) error {
	for delay := pollFirst; ; delay = nextDelay(delay) {
		landed, ready, err := d.look(f)
		if landed {
			return d.failed(op, err)
		}
		select {
		case <-ready:
		case <-time.After(delay):
		}
	}
}

// look polls the driver and says whether f has landed, and if not, what to wait for.
func (d *Device) look(f *flight) (landed bool, ready <-chan struct{}, err error) {
	if d == nil || f == nil {
		return true, nil, fmt.Errorf("%w: nothing was submitted", ErrMisuse)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if f.pending != nil && d.drv != nil {
		d.pollLocked()
	}
	switch {
	case f.pending == nil:
		return true, nil, f.err
	case d.drv == nil:
		return true, nil, fmt.Errorf("device %w", ErrClosed)
	}
	return false, f.pending.ready(), nil
}

// pollLocked lets finished work land. On a lost device everything lands, with ErrDeviceLost.
func (d *Device) pollLocked() {
	if _, lost := d.drv.lost(); !lost {
		d.drv.poll()
	}
	why, lost := d.drv.lost()
	for f := range d.flights {
		done, err := f.pending.state()
		switch {
		case done:
			f.pending.free()
			if f.err = err; err != nil && lost {
				f.err = fmt.Errorf("%w: %s", ErrDeviceLost, why)
			}
		case lost: // what the driver still holds of it cannot be freed
			f.err = fmt.Errorf("%w: %s", ErrDeviceLost, why)
		default:
			continue
		}
		f.pending = nil
		delete(d.flights, f)
	}
}

// settle waits until nothing is under way, so that no memory is taken from under the GPU. The lock is
// held, and let go of while it waits.
func (d *Device) settle() {
	for delay := pollFirst; d.drv != nil; delay = nextDelay(delay) {
		if d.pollLocked(); len(d.flights) == 0 {
			return
		}
		d.mu.Unlock()
		time.Sleep(delay)
		d.mu.Lock()
	}
}
