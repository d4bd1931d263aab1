package host

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/split"
)

// CPU is the backend's name of the CPU reference.
const CPU = "cpu"

// Options choose a device. The zero value takes GPUCONV_BACKEND and GPUCONV_ADAPTER from the
// environment, and where these are not set the best GPU there is.
type Options struct {
	Backend string // vulkan, metal, dx12, gl, or cpu for the reference
	Adapter string // index in the list of adapters, or a part of the name
}

// Device is what layers run on. It may be used from many goroutines.
type Device struct {
	gpu   *gpu.Device // nil for the CPU reference
	open  atomic.Bool // so that the zero value is no CPU reference by accident
	exec  *exec.Device
	hooks hooks
}

// hooks are what tests change; the zero value changes nothing.
type hooks struct {
	bindingLimit uint64                                 // bytes of a binding, below what the device says
	split        func(conv.Problem) (split.Plan, error) // how layers are split
	newBlock     func() error                           // is asked before the engine of a block is built
	general      bool                                   // kernels know all of an epilogue, whatever a layer has
}

func newDevice(g *gpu.Device) *Device {
	d := &Device{gpu: g}
	if g != nil {
		d.exec = exec.On(g)
	}
	d.open.Store(true)
	return d
}

// limits are those that algorithms plan for.
func (d *Device) limits() algo.Limits {
	l := algo.LimitsOf(d.gpu.Info())
	l.General = d.hooks.general
	return l
}

// plan says in which blocks a layer is computed.
func (d *Device) plan(p conv.Problem) (split.Plan, error) {
	if d.hooks.split != nil {
		return d.hooks.split(p)
	}
	return splitPlan(p, d.splitLimits())
}

// planQuantized says in which blocks a quantized layer is computed.
func (d *Device) planQuantized(p conv.Problem) (split.Plan, error) {
	if d.hooks.split != nil {
		return d.hooks.split(p)
	}
	return splitPlan(p, d.splitLimits().Packed())
}

// splitLimits are what one block may have.
func (d *Device) splitLimits() split.Limits {
	l := d.gpu.Limits()
	if most := d.hooks.bindingLimit; most > 0 {
		l.MaxStorageBinding = min(l.MaxStorageBinding, most)
	}
	return split.LimitsOf(l)
}

func splitPlan(p conv.Problem, most split.Limits) (split.Plan, error) {
	pl, err := split.New(p, most)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	return pl, err
}

// unsupported marks what no plan or device takes.
func unsupported(err error) error {
	for _, reason := range []error{exec.ErrTooLarge, algo.ErrTooLong, algo.ErrLimits, algo.ErrNotServed} {
		if errors.Is(err, reason) {
			return fmt.Errorf("%w: %w", ErrUnsupported, err)
		}
	}
	return err
}

// Open opens the device that o asks for. It never falls back: without a GPU the error wraps
// [gpu.ErrNoAdapter], and the caller may then ask for the [CPU] by name.
func Open(o Options) (*Device, error) {
	if o.Backend == "" {
		o.Backend = os.Getenv("GPUCONV_BACKEND")
	}
	if strings.EqualFold(o.Backend, CPU) {
		return newDevice(nil), nil
	}
	backend, err := gpu.ParseBackend(o.Backend)
	if err != nil {
		return nil, fmt.Errorf("%w, or cpu for the CPU reference", err)
	}
	if os.Getenv("GPUCONV_GPU") == "off" {
		return nil, fmt.Errorf(
			"%w: GPUCONV_GPU=off forbids all; unset it, or ask for the backend cpu",
			gpu.ErrNoAdapter,
		)
	}
	options, err := gpu.Options{Backend: backend, Adapter: o.Adapter}.FromEnvironment()
	if err != nil {
		return nil, err
	}
	d, err := gpu.Open(options)
	if err != nil {
		return nil, err
	}
	return newDevice(d), nil
}

// On runs layers on a GPU device that is open already. Closing the result closes d.
func On(d *gpu.Device) *Device {
	if d == nil {
		return &Device{} // as good as closed; nobody asked for the CPU
	}
	return newDevice(d)
}

// GPU is the device below, nil for the CPU reference.
func (d *Device) GPU() *gpu.Device {
	if d == nil {
		return nil
	}
	return d.gpu
}

// String names the device for people.
func (d *Device) String() string {
	switch {
	case d != nil && d.gpu != nil:
		return d.gpu.Info().String()
	case d.Usable() != nil:
		return "no open device"
	}
	return "the CPU reference (no GPU)"
}

// Close lets go of the device. Layers that are still open make it fail with [gpu.ErrLeak].
func (d *Device) Close() error {
	if d == nil {
		return nil
	}
	d.open.Store(false)
	if d.gpu == nil {
		return nil
	}
	return d.gpu.Close()
}

// Usable reports a device that is closed, or that Open never gave: the error wraps [gpu.ErrClosed].
func (d *Device) Usable() error {
	if d == nil || !d.open.Load() {
		return fmt.Errorf("device %w, or never opened: use one from host.Open", gpu.ErrClosed)
	}
	return nil
}

// ErrUnsupported is about a valid problem that no algorithm takes yet.
var ErrUnsupported = errors.New("not supported yet")
