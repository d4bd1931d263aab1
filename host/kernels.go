package host

import (
	"fmt"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
)

// recorder adds dispatches to a batch and keeps what they need until it is closed.
type recorder struct {
	dev     *gpu.Device
	batch   *gpu.Batch
	timed   *gpu.Batch // of the same dispatches
	closers []interface{ Close() error }
}

func newRecorder(dev *gpu.Device) recorder {
	return recorder{dev: dev, batch: dev.NewBatch(), timed: dev.NewTimedBatch()}
}

// sums records a kernel with a workgroup for each element.
func (r *recorder) sums(v shaders.Variant, params []byte, elements int64, bindings ...gpu.Binding) error {
	return r.record(v, params, uint64(elements), bindings)
}

// threads records a kernel with so many threads.
func (r *recorder) threads(v shaders.Variant, params []byte, count uint32, bindings ...gpu.Binding) error {
	s, err := source(v)
	if err != nil {
		return err
	}
	per := uint64(s.Workgroup[0])
	return r.record(v, params, (uint64(count)+per-1)/per, bindings)
}

// elementwise records a kernel with a thread for each element.
func (r *recorder) elementwise(v shaders.Elementwise, params []byte, elements int64, bindings ...gpu.Binding) error {
	return r.record(v, params, (uint64(elements)+uint64(v.Threads)-1)/uint64(v.Threads), bindings)
}

// record adds one dispatch, with the parameters at binding 0. Of the other bindings the last ones are
// written, as many as the kernel's variant says.
func (r *recorder) record(v shaders.Variant, params []byte, workgroups uint64, bindings []gpu.Binding) error {
	grid, ok := fold(workgroups, r.dev.Limits().MaxWorkgroupsPerDimension)
	if !ok {
		return fmt.Errorf("%w: %d workgroups", ErrUnsupported, workgroups)
	}
	kernel, err := compile(r.dev, v)
	if err != nil {
		return err
	}
	uniform, err := r.dev.NewBuffer("parameters of "+v.Name(), (uint64(len(params))+15)&^15, gpu.Uniform)
	if err != nil {
		return err
	}
	r.closers = append(r.closers, uniform)
	if err := uniform.Write(0, params); err != nil {
		return err
	}
	group, err := kernel.Bind(append([]gpu.Binding{{Buffer: uniform}}, bindings...)...)
	if err != nil {
		return err
	}
	r.closers = append(r.closers, group)
	r.batch.Dispatch(group, grid[0], grid[1], grid[2])
	r.timed.Dispatch(group, grid[0], grid[1], grid[2])
	return nil
}

func (r *recorder) close() {
	for i := len(r.closers) - 1; i >= 0; i-- {
		r.closers[i].Close()
	}
	r.closers = nil
}

// source is where compile takes shaders from, and fold how grids are made; tests that break shaders
// change them.
var (
	source = shaders.Source
	fold   = shaders.Grid
)

// compile gives the kernel of a variant. Binding 0 is its parameters.
func compile(dev *gpu.Device, v shaders.Variant) (*gpu.Kernel, error) {
	s, err := source(v)
	if err != nil {
		return nil, err
	}
	var kinds []gpu.BindingKind
	for _, access := range s.Bindings {
		kinds = append(kinds, map[shaders.Access]gpu.BindingKind{shaders.Uniform: gpu.UniformIn, shaders.Read: gpu.ReadOnly, shaders.Write: gpu.ReadWrite}[access])
	}
	return dev.Kernel(gpu.KernelSource{Name: s.Name, WGSL: s.WGSL, Entry: s.Entry, Bindings: kinds, Workgroup: s.Workgroup, WorkgroupStorage: s.WorkgroupStorage})
}
