package gpu

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
)

// Options choose an adapter. The zero value is the best one there is.
type Options struct {
	Backend Backend // BackendAny for any
	Adapter string  // index in Adapters, or a part of the name in any case; empty for the best
}

func (o Options) String() string {
	var parts []string
	if o.Backend != BackendAny {
		parts = append(parts, fmt.Sprintf("backend %s", o.Backend))
	}
	if o.Adapter != "" {
		parts = append(parts, fmt.Sprintf("adapter %q", o.Adapter))
	}
	return strings.Join(parts, ", ")
}

// FromEnvironment reads GPUCONV_BACKEND and GPUCONV_ADAPTER into what o leaves open.
func (o Options) FromEnvironment() (Options, error) {
	if o.Backend == BackendAny {
		b, err := ParseBackend(os.Getenv("GPUCONV_BACKEND"))
		if err != nil {
			return o, fmt.Errorf("GPUCONV_BACKEND: %w", err)
		}
		o.Backend = b
	}
	if o.Adapter == "" {
		o.Adapter = os.Getenv("GPUCONV_ADAPTER")
	}
	return o, nil
}

// Device is one open GPU. It may be used from many goroutines: calls are made one at a time, waiting is
// done side by side.
type Device struct {
	info AdapterInfo

	mu       sync.Mutex // guards all below, and the driver: WebGPU's error scopes belong to the device
	drv      driver     // nil once closed
	closing  bool       // nothing new begins
	kernels  map[string]*Kernel
	buffers  map[*Buffer]struct{}
	textures map[*Texture]struct{}
	groups   map[*BindGroup]struct{}
	staging  []*stagingBuffer
	flights  map[*flight]struct{} // under way, as far as was seen

	stats    Stats
	closings uint64 // of buffers, textures and bind groups, so that batches know what was checked before

	period    sync.Mutex // guards what follows, and is taken before mu
	nsPerTick float64    // of timestamps, measured when first asked for
}

// Open opens a device on the adapter that o asks for. The error wraps [ErrNoAdapter] where there is none.
func Open(o Options) (*Device, error) {
	list, err := platformAdapters()
	if err != nil {
		return nil, &Error{Op: "listing adapters", Err: err}
	}
	defer releaseAll(list)
	list = rank(list)
	i, err := choose(list, o)
	if err != nil {
		hint := "gpuconv devices lists what there is"
		if len(list) == 0 {
			hint = InstallHint
		}
		return nil, &Error{Op: "choosing an adapter", Err: err, Hint: hint}
	}
	drv, err := list[i].open()
	if err != nil {
		return nil, &Error{
			Op:      "opening a device",
			Adapter: list[i].info.String(),
			Err:     err,
			Hint:    "update the driver, or choose another adapter",
		}
	}
	return newDevice(list[i].info, drv), nil
}

func newDevice(info AdapterInfo, drv driver) *Device {
	return &Device{
		info:     info,
		drv:      drv,
		kernels:  map[string]*Kernel{},
		buffers:  map[*Buffer]struct{}{},
		textures: map[*Texture]struct{}{},
		groups:   map[*BindGroup]struct{}{},
		flights:  map[*flight]struct{}{},
	}
}

// Info describes the adapter that the device is open on.
func (d *Device) Info() AdapterInfo {
	if d == nil {
		return AdapterInfo{}
	}
	return d.info
}

// Limits are those of the device: all that its adapter offers.
func (d *Device) Limits() Limits { return d.Info().Limits }

// Live counts what is open on a device.
type Live struct {
	Buffers    int    // buffers that callers have not closed
	Textures   int    // textures that callers have not closed
	Bytes      uint64 // the sizes of both
	BindGroups int    // bind groups that callers have not closed
	Kernels    int    // compiled kernels, which the device keeps
	Staging    int    // buffers that the device keeps for reading back
}

// Live counts what is open now.
func (d *Device) Live() Live {
	if d == nil {
		return Live{}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	l := Live{Buffers: len(d.buffers), BindGroups: len(d.groups), Kernels: len(d.kernels), Staging: len(d.staging)}
	for b := range d.buffers {
		l.Bytes += b.size
	}
	l.Textures = len(d.textures)
	for t := range d.textures {
		l.Bytes += t.size
	}
	return l
}

// Stats counts what was made on a device since it was opened: nothing is subtracted when something is
// closed. So a caller can prove that work done again makes nothing new.
type Stats struct {
	Buffers     uint64 // allocated, with those that the device keeps for reading back and for timestamps
	Textures    uint64
	BindGroups  uint64
	Kernels     uint64 // compiled
	Submissions uint64 // batches and reads that were sent to the GPU
}

// Stats counts what was made so far; a closed device remembers.
func (d *Device) Stats() Stats {
	if d == nil {
		return Stats{}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stats
}

// Close waits for work under way and lets go of everything that was made from the device. Buffers,
// textures and bind groups that were still open are closed, and named in an error that wraps [ErrLeak]. A second Close
// does nothing. What a lost device holds stays with the driver: taking it back might wait for ever.
func (d *Device) Close() error {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closing = true
	d.settle()
	if d.drv == nil {
		return nil
	}
	leaks := d.dropAll()
	d.drv.close()
	d.drv, d.kernels, d.buffers, d.textures, d.groups, d.staging = nil, nil, nil, nil, nil, nil
	if leaks != nil {
		return d.failed("closing the device", fmt.Errorf("%w: %s", ErrLeak, strings.Join(leaks, ", ")))
	}
	return nil
}

// dropAll releases what is open and says what of it callers should have closed; the lock is held.
func (d *Device) dropAll() (leaks []string) {
	for g := range d.groups {
		leaks = append(leaks, fmt.Sprintf("a bind group of %q", g.kernel.source.Name))
		g.drop()
	}
	for b := range d.buffers {
		leaks = append(leaks, fmt.Sprintf("buffer %q of %d bytes", b.label, b.size))
		b.drop()
	}
	for t := range d.textures {
		leaks = append(leaks, fmt.Sprintf("texture %q of %d bytes", t.label, t.size))
		t.drop()
	}
	for _, k := range d.kernels {
		k.drop()
	}
	for _, s := range d.staging {
		s.buffer.release()
	}
	slices.Sort(leaks)
	return leaks
}

// do makes one call on the driver, under the lock, with the state that any call must find.
func (d *Device) do(op string, f func(driver) error) error {
	if d == nil {
		return d.failed(op, fmt.Errorf("%w: there is no device", ErrMisuse))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.drv == nil || d.closing {
		return d.failed(op, fmt.Errorf("device %w", ErrClosed))
	}
	if why, lost := d.drv.lost(); lost {
		return d.failed(op, fmt.Errorf("%w: %s", ErrDeviceLost, why))
	}
	return d.failed(op, f(d.drv))
}

// failed wraps an error with what was being done and where.
func (d *Device) failed(op string, err error) error {
	var already *Error
	if err == nil || errors.As(err, &already) {
		return err
	}
	e := &Error{Op: op, Err: err, Hint: hint(err)}
	if info := d.Info(); info.Name != "" {
		e.Adapter = info.String()
	}
	return e
}
