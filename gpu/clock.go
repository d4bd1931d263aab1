package gpu

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

// The clocks that times are taken by, as files name them: the GPU's own, or the wall's where the adapter has no
// timestamps.
const (
	ClockGPU  = "gpu"
	ClockWall = "wall"
)

// TimestampPeriod is how many nanoseconds one tick of the GPU's clock lasts. Nothing in WebGPU's native
// doors says so (Vulkan's timestampPeriod is 1 on some GPUs and 10, 40, 52.08 or 83.33 on others), hence
// it is measured once, against the wall clock, and set to the known period that is nearest.
func (d *Device) TimestampPeriod(ctx context.Context) (ns float64, err error) {
	if d == nil {
		return 0, d.failed("measuring the GPU's clock", fmt.Errorf("%w: there is no device", ErrMisuse))
	}
	d.period.Lock()
	defer d.period.Unlock()
	if d.nsPerTick == 0 {
		err = d.do("reading the GPU's clock", func(drv driver) error {
			d.nsPerTick, _ = drv.tickPeriod()
			return nil
		})
	}
	if d.nsPerTick == 0 && err == nil {
		d.nsPerTick, err = d.measurePeriod(ctx)
	}
	return d.nsPerTick, err
}

// knownPeriods are those of clocks at 1 GHz, 100, 38.4, 27, 25, 24, 19.2, 12.5 and 12 MHz.
var knownPeriods = []float64{1, 10, 1e3 / 38.4, 1e3 / 27, 40, 1e3 / 24, 1e3 / 19.2, 80, 1e3 / 12}

// snap gives the known period within 2% of a measured one, or the measured one.
func snap(measured float64) float64 {
	for _, known := range knownPeriods {
		if math.Abs(measured/known-1) < 0.02 {
			return known
		}
	}
	return measured
}

// measurePeriod takes two timestamps some time apart, again with more time where the result is no
// known period.
func (d *Device) measurePeriod(ctx context.Context) (float64, error) {
	var measured float64
	for apart := 50 * time.Millisecond; apart <= 400*time.Millisecond; apart *= 2 {
		t0, w0, err := d.tick(ctx)
		if err != nil {
			return 0, err
		}
		select {
		case <-ctx.Done():
			return 0, d.failed("measuring the GPU's clock", ctx.Err())
		case <-time.After(apart):
		}
		t1, w1, err := d.tick(ctx)
		if err != nil {
			return 0, err
		}
		if t1 <= t0 {
			return 0, d.failed("measuring the GPU's clock", errors.New("it stands still"))
		}
		measured = float64(w1.Sub(w0).Nanoseconds()) / float64(t1-t0)
		if s := snap(measured); s != measured {
			return s, nil
		}
	}
	return measured, nil
}

// tick runs a kernel that does nothing and gives its first timestamp, with the wall clock of it.
func (d *Device) tick(ctx context.Context) (uint64, time.Time, error) {
	b, err := d.NewBuffer("clock", 4, Storage)
	if err != nil {
		return 0, time.Time{}, err
	}
	defer b.Close()
	k, err := d.Kernel(
		KernelSource{Name: "clock", Entry: "main", Bindings: []BindingKind{ReadWrite}, Workgroup: [3]uint32{1, 1, 1},
			WGSL: "@group(0) @binding(0) var<storage, read_write> b: array<u32>;\n@compute @workgroup_size(1) fn " +
				"main() { b[0] = 1u; }\n"},
	)
	if err != nil {
		return 0, time.Time{}, err
	}
	g, err := k.Bind(Binding{Buffer: b})
	if err != nil {
		return 0, time.Time{}, err
	}
	defer g.Close()
	batch := d.NewTimedBatch()
	batch.Dispatch(g, 1, 1, 1)
	begun := time.Now()
	s, err := batch.Submit()
	if err != nil {
		return 0, begun, err
	}
	raw, err := s.rawTicks(ctx)
	if err != nil {
		return 0, begun, err
	}
	return raw[0], begun, nil
}
