package host

import (
	"context"

	"github.com/gpuconv/gpuconv/internal/ceiling"
	"github.com/gpuconv/gpuconv/shaders"
)

// AttemptPeak runs a row of peak.wgsl once and judges it.
func AttemptPeak(d *Device, k shaders.Peak, threads int64, rounds uint32) error {
	return ceiling.AttemptPeak(context.Background(), d.exec, k, threads, rounds)
}

// AttemptCopy runs a row of copy.wgsl once and judges it.
func AttemptCopy(d *Device, k shaders.Copy, elements int64) error {
	return ceiling.AttemptCopy(context.Background(), d.exec, k, elements)
}
