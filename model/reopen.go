package model

import (
	"context"
	"fmt"

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
	if err := net.reopen(on); err != nil {
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
func (net *Network) reopen(lost *host.Device) error {
	net.mu.Lock()
	defer net.mu.Unlock()
	if net.closed || net.dev != lost {
		return nil // the next run says so, or goes on
	}
	dev, err := net.options.Reopen()
	if err != nil {
		return err
	}
	// What closing says of a device that is lost is of no use.
	for _, p := range net.plans {
		_ = p.program.Close()
	}
	if net.reopened != nil {
		_ = net.reopened.Close()
	}
	net.dev, net.reopened, net.plans = dev, dev, nil
	return nil
}

// current is the device that the network runs on.
func (net *Network) current() *host.Device {
	if net == nil {
		return nil
	}
	net.mu.Lock()
	defer net.mu.Unlock()
	return net.dev
}
