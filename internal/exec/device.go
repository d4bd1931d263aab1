package exec

import (
	"fmt"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
)

// Device is a GPU with the shaders that it compiles. Tests that break shaders change the fields; kernels are cached by
// their text, so that a broken one is never taken for the original.
type Device struct {
	*gpu.Device
	Source func(shaders.Variant) (shaders.Shader, error)
	Fold   func(count uint64, limit uint32) ([3]uint32, bool) // of workgroups into a grid
}

// On compiles the shaders of the table for d.
func On(d *gpu.Device) *Device { return &Device{d, shaders.Source, shaders.Grid} }

// compile gives the kernel of a variant. Binding 0 is its parameters.
func (d *Device) compile(v shaders.Variant) (*gpu.Kernel, shaders.Shader, error) {
	s, err := d.Source(v)
	if err != nil {
		return nil, s, err
	}
	var kinds []gpu.BindingKind
	for _, access := range s.Bindings {
		kind, ok := map[shaders.Access]gpu.BindingKind{shaders.Uniform: gpu.UniformIn, shaders.Read: gpu.ReadOnly,
			shaders.Write: gpu.ReadWrite, shaders.Texture: gpu.TextureIn}[access]
		if !ok {
			return nil, s, fmt.Errorf("%w: shader %s has a binding of %q", gpu.ErrMisuse, s.Name, access)
		}
		kinds = append(kinds, kind)
	}
	k, err := d.Kernel(
		gpu.KernelSource{
			Name:             s.Name,
			WGSL:             s.WGSL,
			Entry:            s.Entry,
			Bindings:         kinds,
			Workgroup:        s.Workgroup,
			WorkgroupStorage: s.WorkgroupStorage,
		},
	)
	return k, s, err
}

// GuardBytes is how long guards are on each side, and what offsets of bindings are multiples of.
func GuardBytes(l gpu.Limits) uint64 {
	return max(256, uint64(l.StorageOffsetAlignment), uint64(l.UniformOffsetAlignment))
}

// ErrTooLarge is about operands that no binding of a device holds, and steps of more workgroups than it can count.
var ErrTooLarge = fmt.Errorf("too large for the device")
