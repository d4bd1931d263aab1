package model

import (
	"context"
	"fmt"
	"sync"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/tensor"
)

// anew takes another device in place of one that was lost, checks every node of a run on it, with all weights uploaded
// anew, and runs once more. The first error is in the chain where this fails too.
func (net *Network) anew(
	ctx context.Context,
	on *host.Device,
	inputs map[string]tensor.Array,
	lost error,
) (map[string]tensor.Array, error) {
	if err := net.reopen(ctx, on); err != nil {
		return nil, fmt.Errorf("opening the device again: %w, after %w", err, lost)
	}
	_, verdict, err := net.Check(ctx, inputs)
	if err == nil {
		err = verdict.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("on a device that was opened again: %w, after %w", err, lost)
	}
	return net.runOnce(ctx, inputs)
}

// reopen takes another device in place of the lost one, unless another goroutine's run has done so.
func (net *Network) reopen(ctx context.Context, lost *host.Device) error {
	if err := net.mu.LockFor(ctx); err != nil {
		return err
	}
	defer net.mu.Unlock()
	if net.closed || net.dev != lost {
		return nil // the next run says so, or goes on
	}
	dev, err := net.devices.after(lost)
	if err != nil {
		return err
	}
	for _, p := range net.plans {
		_ = p.program.Close() // what closing says of a device that is lost is of no use
	}
	net.plans = nil
	net.state.Lock()
	defer net.state.Unlock()
	net.dev = dev
	return nil
}

// current is the device that the network runs on.
func (net *Network) current() *host.Device {
	if net == nil {
		return nil
	}
	net.state.Lock()
	defer net.state.Unlock()
	return net.dev
}

// devices are the caller's, and those that a network opened in place of lost ones. All stages of a network share them.
type devices struct {
	open func() (*host.Device, error) // nil where none may be

	mu     sync.Mutex
	on     *host.Device // the newest one
	opened []*host.Device
}

// after gives the device to take in place of a lost one: that which another stage opened before, or a new one.
func (d *devices) after(lost *host.Device) (*host.Device, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.on != lost {
		return d.on, nil
	}
	dev, err := d.open()
	if err != nil {
		return nil, err
	}
	d.on, d.opened = dev, append(d.opened, dev)
	return dev, nil
}

// newest is the device that stages are made on.
func (d *devices) newest() *host.Device {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.on
}

// close closes all that were opened: of those that were lost since, what closing says is of no use.
func (d *devices) close() (err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, dev := range d.opened {
		if of := dev.Close(); dev == d.on {
			err = of
		}
	}
	d.opened = nil
	return err
}

// share has a stage, and its own stages, take the devices of the whole.
func (net *Network) share(of *devices) {
	if net == nil {
		return
	}
	net.devices, net.stage = of, true
	if net.stages != nil {
		net.stages.before.share(of)
	}
}
