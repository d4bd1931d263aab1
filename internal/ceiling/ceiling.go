// Package ceiling measures the most that a device was seen to do, with kernels that do nothing else and whose results
// are judged. It must not import host: a layer is measured against what it finds, not by it.
package ceiling

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// Rate is the highest rate of the kernels of one kind, 10^9 a second.
type Rate struct {
	Most   float64
	Kernel string // the shape that reached it
}

// Arithmetic measures float32 multiplications and additions.
func Arithmetic(ctx context.Context, dev *exec.Device) (r Rate, err error) {
	for _, k := range shaders.Peaks() {
		if err := r.measure(ctx, dev, k, peakSizes(k)); err != nil {
			return Rate{}, err
		}
	}
	return r, nil
}

// Bandwidth measures bytes copied, read and written each counted.
func Bandwidth(ctx context.Context, dev *exec.Device) (r Rate, err error) {
	for _, k := range shaders.Copies() {
		if err := r.measure(ctx, dev, k, copySizes(dev, k)); err != nil {
			return Rate{}, err
		}
	}
	return r, nil
}

// measure keeps the best of what was measured before and the trials of one kernel.
func (r *Rate) measure(ctx context.Context, dev *exec.Device, k shaders.Variant, sizes []trial) error {
	rate, err := best(ctx, dev, sizes)
	if err == nil && math.IsInf(rate, 0) {
		err = errors.New("it took no time at all by the device's clock")
	}
	if err != nil {
		return fmt.Errorf("measuring %s: %w", k.Name(), err)
	}
	if rate > r.Most {
		*r = Rate{rate, k.Name()}
	}
	return nil
}

// trial is one kernel on operands of one size.
type trial interface {
	plan() exec.Plan // of one dispatch
	work() float64   // of one dispatch, in operations or bytes
	judge(ctx context.Context, s *exec.Session) error
}

// longEnough is how long a dispatch must take for clocks and overheads not to matter.
const longEnough = 10 * time.Millisecond

// best gives the highest rate, 10^9 a second, of trials each with more work than the one before: that of the first one
// that takes long enough, or of the last one.
func best(ctx context.Context, dev *exec.Device, trials []trial) (rate float64, err error) {
	for _, t := range trials {
		took, err := fastest(ctx, dev, t)
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
func fastest(ctx context.Context, dev *exec.Device, t trial) (time.Duration, error) {
	begun := time.Now()
	if err := attempt(ctx, dev, t); err != nil {
		return 0, err
	}
	p := t.plan()
	dispatches := int(min(max(4*longEnough/time.Since(begun), 1), 16)) // what a batch costs beside them is shared
	for range dispatches - 1 {
		p.Steps = append(p.Steps, p.Steps[0])
	}
	s, err := exec.Open(dev, p, exec.Guarded)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	shortest := time.Duration(math.MaxInt64)
	begun = time.Now()
	for batches := 0; batches < 3 || time.Since(begun) < 20*longEnough; batches++ {
		took, err := sample(ctx, s, dev.Info().HasFeature(gpu.FeatureTimestamps))
		if err != nil {
			return 0, err
		}
		shortest = min(shortest, max(took, 1))
	}
	return shortest, nil
}

// attempt runs a trial once and judges what it wrote.
func attempt(ctx context.Context, dev *exec.Device, t trial) error {
	s, err := exec.Open(dev, t.plan(), exec.Guarded)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Process(ctx, nil, true); err != nil {
		return err
	}
	return t.judge(ctx, s)
}

// sample gives the shortest time of a session's dispatches by the GPU's clock, or their mean by the wall's. A time of
// nothing at all is no time: an H100's driver gave such once, which made its ceiling endless.
func sample(ctx context.Context, s *exec.Session, timed bool) (time.Duration, error) {
	begun := time.Now()
	if !timed {
		err := s.Run(ctx)
		return time.Since(begun) / time.Duration(len(s.Plan().Steps)), err
	}
	times, err := s.Times(ctx)
	if err != nil {
		return 0, err
	}
	times = slices.DeleteFunc(times, func(t time.Duration) bool { return t == 0 })
	if len(times) == 0 {
		return time.Since(begun) / time.Duration(len(s.Plan().Steps)), nil
	}
	return slices.Min(times), nil
}
