package gomlx

import (
	"fmt"
	"log"
	"maps"
	"strings"
	"sync"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/backends/simplego"
	"github.com/gpuconv/gpuconv/host"
)

// BackendName is the backend's name in GOMLX_BACKEND.
const BackendName = "gpuconv"

func init() { backends.Register(BackendName, New) }

// Backend computes graphs of GoMLX on a GPU. It may be used from many goroutines. Its buffers are in the host's
// memory: they go to the GPU and back in each run.
type Backend struct {
	backends.DataInterface // simplego's
	options                options
	device                 *host.Device
	other                  backends.Backend // what computes elsewhere

	mu       sync.Mutex
	open     map[*Executable]bool
	ran      Report
	finished bool
}

// options are what a configuration asks for.
type options struct {
	float64s bool // float64 is computed as float32
	log      bool
}

var _ backends.Backend = (*Backend)(nil)

// New makes a backend, with a configuration of words that are joined by commas:
//
//   - float64 has float64 computed on the GPU, where it is float32: about 7 of its 16 digits are right. Without it
//     float64 is computed elsewhere.
//   - log prints the report of each graph by package log when it is compiled.
//
// It never falls back: without a GPU the error wraps gpu.ErrNoAdapter.
func New(configuration string) (backends.Backend, error) {
	var o options
	for word := range strings.SplitSeq(configuration, ",") {
		switch word {
		case "":
		case "float64":
			o.float64s = true
		case "log":
			o.log = true
		default:
			return nil, fmt.Errorf("backend gpuconv: configuration %q: must be float64 or log, or both with a comma",
				word)
		}
	}
	other, err := simplego.New("ops_sequential") // in parallel its nodes race, and its panics end the process
	if err != nil {
		return nil, fmt.Errorf("backend gpuconv: what computes elsewhere: %w", err)
	}
	device, err := host.Open(host.Options{})
	if err != nil {
		return nil, fmt.Errorf("backend gpuconv: %w", err)
	}
	if device.GPU() == nil {
		device.Close()
		return nil, fmt.Errorf("backend gpuconv: the device is %s, must be a GPU", device)
	}
	return &Backend{DataInterface: other, options: o, device: device, other: other, open: map[*Executable]bool{}}, nil
}

// Name is gpuconv.
func (b *Backend) Name() string { return BackendName }

// String is gpuconv.
func (b *Backend) String() string { return BackendName }

// Description names the device.
func (b *Backend) Description() string {
	return fmt.Sprintf("gpuconv on %s, with simplego for what it does not compute", b.device)
}

// NumDevices is 1.
func (b *Backend) NumDevices() int { return 1 }

// DeviceDescription names the adapter and its backend.
func (b *Backend) DeviceDescription(backends.DeviceNum) string { return b.device.String() }

// Capabilities are simplego's, and those of the operators that it lacks which the GPU computes.
func (b *Backend) Capabilities() backends.Capabilities {
	c := b.other.Capabilities().Clone()
	for _, op := range []backends.OpType{backends.OpTypePad, backends.OpTypeReverse, backends.OpTypeClamp,
		backends.OpTypeSelectAndScatterMax, backends.OpTypeSelectAndScatterMin,
		backends.OpTypeBatchNormForInference, backends.OpTypeBatchNormForTraining,
		backends.OpTypeBatchNormGradient} {
		c.Operations[op] = true
	}
	return c
}

// Builder begins a graph.
func (b *Backend) Builder(name string) backends.Builder { return newBuilder(b, name) }

// Report says what the runs of all graphs so far computed on the GPU and elsewhere, each node as often as it ran.
func (b *Backend) Report() Report {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.ran
	r.GPU, r.Elsewhere = maps.Clone(r.GPU), maps.Clone(r.Elsewhere)
	return r
}

// ranOnce adds a run to the report.
func (b *Backend) ranOnce(of Report) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ran.add(of)
}

// hold keeps an executable until it is finalized.
func (b *Backend) hold(e *Executable) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.finished {
		return fmt.Errorf("compiling graph %q: backend gpuconv is finalized", e.name)
	}
	b.open[e] = true
	if b.options.log {
		log.Printf("gpuconv: graph %q: %s", e.name, e.report)
	}
	return nil
}

func (b *Backend) release(e *Executable) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.open, e)
}

// Finalize frees all graphs and the device. Finalizing twice is fine.
func (b *Backend) Finalize() {
	b.mu.Lock()
	done, open := b.finished, b.open
	b.finished, b.open = true, map[*Executable]bool{}
	b.mu.Unlock()
	if done {
		return
	}
	for e := range open {
		e.Finalize()
	}
	if err := b.device.Close(); err != nil {
		log.Printf("gpuconv: closing %s: %v", b.device, err)
	}
	b.other.Finalize()
}

// IsFinalized reports whether Finalize was called.
func (b *Backend) IsFinalized() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.finished
}
