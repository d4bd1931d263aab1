package main

import (
	"context"
	"fmt"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/note"
)

// adapterAnswer is what the page says of the device.
type adapterAnswer struct {
	Device   string            `json:"device"`
	GPU      bool              `json:"gpu"`
	Adapters []gpu.AdapterInfo `json:"adapters"`
	Clock    string            `json:"clock"`
	Advice   string            `json:"advice"`
	Traps    []string          `json:"known_traps"`
	Host     bench.Host        `json:"host"`
	Ceilings *bench.Ceilings   `json:"ceilings,omitempty"`
}

// adapter describes the device; with {"ceilings":true} it measures the most that it can do.
func (p *program) adapter(ctx context.Context, q question) (answer, error) {
	var wanted struct{ Ceilings bool }
	if err := q.read(&wanted); err != nil {
		return answer{}, err
	}
	dev, err := p.open()
	if err != nil {
		return answer{}, err
	}
	a := adapterAnswer{Device: dev.String(), GPU: dev.GPU() != nil, Host: bench.ThisHost(),
		Adapters: []gpu.AdapterInfo{}, Advice: advice(dev)}
	if a.Adapters, err = gpu.Adapters(); err != nil {
		return answer{}, err
	}
	a.Traps = gpu.KnownTraps(a.Adapters)
	if dev.GPU() != nil {
		if a.Clock, err = clock(ctx, dev.GPU()); err != nil {
			return answer{}, err
		}
		if wanted.Ceilings {
			c, err := bench.MeasureCeilings(ctx, dev)
			if err != nil {
				return answer{}, err
			}
			a.Ceilings = &c
		}
	}
	return answer{value: a}, nil
}

func clock(ctx context.Context, d *gpu.Device) (string, error) {
	if !d.Info().HasFeature(gpu.FeatureTimestamps) {
		return "no timestamps: times are by the wall's clock", nil
	}
	ns, err := d.TimestampPeriod(ctx)
	return fmt.Sprintf("timestamps, a tick is %.4g ns; browsers round them, most to 0.1 ms", ns), err
}

// advice says what to do where there is no GPU.
func advice(dev *host.Device) string {
	switch {
	case dev.GPU() == nil:
		return "This browser gives this page no adapter: there is no WebGPU here. What you see is computed by the " +
			"reference, on the CPU. WebGPU is in Chrome and Edge from 113, Safari from 26 and Firefox from 141 on " +
			"Windows; it wants a page on https or localhost, and a driver that the browser does not block: " +
			"chrome://gpu tells. On Linux, Chrome may need chrome://flags/#enable-unsafe-webgpu and #enable-vulkan."
	case dev.GPU().Info().Type == gpu.Software:
		return "The adapter is a program that pretends to be a GPU: right for tests, no measure of speed."
	}
	return ""
}

// note runs the example of the notes.
func (p *program) note(_ context.Context, _ question) (answer, error) {
	dev, err := p.open()
	if err != nil {
		return answer{}, err
	}
	r, err := note.Run(dev)
	return answer{value: r}, err
}
