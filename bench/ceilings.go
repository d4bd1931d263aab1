package bench

import (
	"context"
	"fmt"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/ceiling"
	"github.com/gpuconv/gpuconv/internal/exec"
)

// Ceilings are the most that a device was seen to do, with kernels that do nothing else and whose results
// were judged. Of several shapes of each kernel the best counts.
type Ceilings struct {
	GFLOPS     float64 `json:"gflops"`      // float32 multiplications and additions, 10^9 a second
	GBs        float64 `json:"gb_per_s"`    // bytes copied, read and written each counted, 10^9 a second
	Clock      string  `json:"clock"`       // [gpu.ClockGPU] or [gpu.ClockWall]
	PeakKernel string  `json:"peak_kernel"` // the shape that reached it
	CopyKernel string  `json:"copy_kernel"`
}

// MeasureCeilings measures a device's ceilings in some seconds. The error wraps [host.ErrUnsupported] for the
// CPU reference, [cpuref.ErrMismatch] where a kernel computed something else, [gpu.ErrClosed], or ctx's.
func MeasureCeilings(ctx context.Context, d *host.Device) (Ceilings, error) {
	if err := d.Usable(); err != nil {
		return Ceilings{}, err
	}
	if d.GPU() == nil {
		return Ceilings{}, fmt.Errorf("%w: ceilings of %s", host.ErrUnsupported, d)
	}
	dev := exec.On(d.GPU())
	peak, err := ceiling.Arithmetic(ctx, dev)
	if err != nil {
		return Ceilings{}, fmt.Errorf("%w on %s", err, d)
	}
	copied, err := ceiling.Bandwidth(ctx, dev)
	if err != nil {
		return Ceilings{}, fmt.Errorf("%w on %s", err, d)
	}
	c := Ceilings{GFLOPS: peak.Most, GBs: copied.Most, Clock: gpu.ClockWall,
		PeakKernel: peak.Kernel, CopyKernel: copied.Kernel}
	if d.GPU().Info().HasFeature(gpu.FeatureTimestamps) {
		c.Clock = gpu.ClockGPU
	}
	return c, nil
}
