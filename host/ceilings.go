package host

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
)

// Ceilings are the most that a device was seen to do, with kernels that do nothing else and whose results
// were judged. Of several shapes of each kernel the best counts.
type Ceilings struct {
	GFLOPS     float64 `json:"gflops"`      // float32 multiplications and additions, 10^9 a second
	GBs        float64 `json:"gb_per_s"`    // bytes copied, read and written each counted, 10^9 a second
	Clock      string  `json:"clock"`       // gpu, or wall where the adapter has no timestamps
	PeakKernel string  `json:"peak_kernel"` // the shape that reached it
	CopyKernel string  `json:"copy_kernel"`
}

// The clocks that times are taken by.
const (
	ClockGPU  = "gpu"
	ClockWall = "wall"
)

// MeasureCeilings measures a device's ceilings in some seconds. The error wraps [ErrUnsupported] for the
// CPU reference, [cpuref.ErrMismatch] where a kernel computed something else, or ctx's.
func MeasureCeilings(ctx context.Context, d *Device) (Ceilings, error) {
	if err := d.usable(); err != nil {
		return Ceilings{}, err
	}
	if d.gpu == nil {
		return Ceilings{}, fmt.Errorf("%w: ceilings of %s", ErrUnsupported, d)
	}
	c := Ceilings{Clock: ClockWall}
	if d.gpu.Info().HasFeature(gpu.FeatureTimestamps) {
		c.Clock = ClockGPU
	}
	for _, k := range shaders.Peaks() {
		rate, err := best(ctx, d.gpu, peakSizes(k))
		if err != nil {
			return Ceilings{}, fmt.Errorf("measuring %s on %s: %w", k.Name(), d, err)
		}
		if rate > c.GFLOPS {
			c.GFLOPS, c.PeakKernel = rate, k.Name()
		}
	}
	for _, k := range shaders.Copies() {
		rate, err := best(ctx, d.gpu, copySizes(d.gpu, k))
		if err != nil {
			return Ceilings{}, fmt.Errorf("measuring %s on %s: %w", k.Name(), d, err)
		}
		if rate > c.GBs {
			c.GBs, c.CopyKernel = rate, k.Name()
		}
	}
	return c, nil
}

// trial is one kernel with its operands on the device.
type trial interface {
	record(r *recorder) error // adds one dispatch
	work() float64            // of one dispatch, in operations or bytes
	poison() error
	judge() error
	close()
}

// trials are ways to run a kernel, each with more work than the one before; there is always a first one.
type trials []func(*gpu.Device) (trial, error)

// longEnough is how long a dispatch must take for clocks and overheads not to matter.
const longEnough = 10 * time.Millisecond

// best gives the highest rate, 10^9 a second, of a kernel: that of the first size that takes long enough,
// or of the last one.
func best(ctx context.Context, dev *gpu.Device, s trials) (rate float64, err error) {
	for _, build := range s {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		t, err := build(dev)
		if err != nil {
			return 0, err
		}
		took, err := fastest(dev, t)
		t.close()
		if err != nil {
			return 0, err
		}
		if rate = max(rate, t.work()/took.Seconds()/1e9); took >= longEnough {
			break
		}
	}
	return rate, nil
}

// fastest judges a trial's results and gives the shortest time of one dispatch. Where others use the
// machine too, only many samples hold an undisturbed one.
func fastest(dev *gpu.Device, t trial) (time.Duration, error) {
	begun := time.Now()
	if err := attempt(dev, t); err != nil {
		return 0, err
	}
	dispatches := int(min(max(4*longEnough/time.Since(begun), 1), 16)) // what a batch costs beside them is shared
	r := newRecorder(dev)
	defer r.close()
	timed := dev.Info().HasFeature(gpu.FeatureTimestamps)
	if timed {
		r.batch = dev.NewTimedBatch()
	}
	for range dispatches {
		if err := t.record(&r); err != nil {
			return 0, err
		}
	}
	shortest := time.Duration(math.MaxInt64)
	begun = time.Now()
	for batches := 0; batches < 3 || time.Since(begun) < 20*longEnough; batches++ {
		took, err := runTimed(r.batch, timed, dispatches)
		if err != nil {
			return 0, err
		}
		shortest = min(shortest, max(took, 1))
	}
	return shortest, nil
}

// attempt runs a trial once and judges what it wrote.
func attempt(dev *gpu.Device, t trial) error {
	r := newRecorder(dev)
	defer r.close()
	if err := t.record(&r); err != nil {
		return err
	}
	if err := t.poison(); err != nil {
		return err
	}
	if err := r.batch.Run(context.Background()); err != nil {
		return err
	}
	return t.judge()
}

// runTimed gives the shortest time of a batch's dispatches by the GPU's clock, or their mean by the wall's.
func runTimed(b *gpu.Batch, timed bool, dispatches int) (time.Duration, error) {
	begun := time.Now()
	s, err := b.Submit()
	if err != nil {
		return 0, err
	}
	if err := s.Wait(context.Background()); err != nil {
		return 0, err
	}
	wall := time.Since(begun) / time.Duration(dispatches)
	if !timed {
		return wall, nil
	}
	times, err := s.Times(context.Background())
	if err != nil {
		return 0, err
	}
	shortest := times[0]
	for _, t := range times {
		shortest = min(shortest, t)
	}
	return shortest, nil
}
