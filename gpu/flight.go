package gpu

import (
	"context"
	"fmt"
	"time"
)

// flight is something under way on the GPU. Its fields are guarded by the device's lock.
type flight struct {
	pending pending // nil once landed
	err     error   // of the landing
}

// spinFor is how long a wait looks without sleeping, and lookFor for how long at a time, for it keeps
// others from the device while it does.
const (
	spinFor = 200 * time.Microsecond
	lookFor = 5 * time.Microsecond
)

// looking is for how long the next look may last after that much waiting: a moment at first, so that short
// work is seen at once, then none.
func looking(waited time.Duration) time.Duration {
	if waited < spinFor {
		return lookFor
	}
	return 0
}

// pause is how long to sleep before the next look after that much waiting. It adds little to what was
// waited already, and lets a long wait cost little: some percent of one core after a millisecond, nothing
// that could be measured after a second.
func pause(waited time.Duration) time.Duration {
	if waited < spinFor {
		return 0
	}
	return min(max(waited/32, 20*time.Microsecond), 5*time.Millisecond)
}

// launch begins something that await ends.
func (d *Device) launch(op string, begin func(driver) (pending, error)) (*flight, error) {
	f := &flight{}
	err := d.do(op, func(drv driver) (err error) {
		if f.pending, err = begin(drv); f.pending != nil { // what is under way must land, be it in vain
			d.flights[f] = struct{}{}
			d.stats.Submissions++
		}
		return err
	})
	return f, err
}

// await waits for f for as long as it takes: only the GPU's own word ends it, the device's loss, or the end of
// ctx, after which f lands whenever somebody else looks.
func (d *Device) await(ctx context.Context, op string, f *flight) error {
	for begun := time.Now(); ; {
		waited := time.Since(begun)
		landed, ready, err := d.look(f, looking(waited))
		if landed {
			return d.failed(op, err)
		}
		if err := ctx.Err(); err != nil {
			return d.failed(op, err)
		}
		rest(ready, pause(waited))
	}
}

// rest sleeps, or until ready where the driver has a channel for that. To sleep for no time is to let
// others go first.
func rest(ready <-chan struct{}, most time.Duration) {
	if ready == nil {
		nap(most)
		return
	}
	select {
	case <-ready:
	case <-time.After(max(most, time.Millisecond)): // the device may be lost
	}
}

// look polls the driver, for f up to some time, and says whether f has landed, and if not, what to wait for.
func (d *Device) look(f *flight, most time.Duration) (landed bool, ready <-chan struct{}, err error) {
	if d == nil || f == nil {
		return true, nil, fmt.Errorf("%w: nothing was submitted", ErrMisuse)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if f.pending != nil && d.drv != nil {
		d.pollLocked(f.pending, most)
	}
	switch {
	case f.pending == nil:
		return true, nil, f.err
	case d.drv == nil:
		return true, nil, fmt.Errorf("device %w", ErrClosed)
	}
	return false, f.pending.ready(), nil
}

// pollLocked lets finished work land, and looks for p up to some time. On a lost device everything lands,
// with ErrDeviceLost.
func (d *Device) pollLocked(p pending, most time.Duration) {
	if _, lost := d.drv.lost(); !lost {
		d.drv.poll(p, most)
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
	for begun := time.Now(); d.drv != nil; {
		if d.pollLocked(nil, 0); len(d.flights) == 0 {
			return
		}
		d.mu.Unlock()
		rest(nil, pause(time.Since(begun)))
		d.mu.Lock()
	}
}
