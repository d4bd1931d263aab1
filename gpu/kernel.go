package gpu

import (
	"fmt"
	"strings"
)

// BindingKind is how a kernel sees the buffer at one @binding of @group(0).
type BindingKind int

// The kinds of bindings, with their WGSL address spaces.
const (
	ReadOnly  BindingKind = iota // var<storage, read>
	ReadWrite                    // var<storage, read_write>
	UniformIn                    // var<uniform>
)

// KernelSource is a compute shader: all that a device needs to compile it and to check its use.
type KernelSource struct {
	Name             string        // names it in errors
	WGSL             string        // the shader's text
	Entry            string        // the @compute function
	Bindings         []BindingKind // of @binding(0), @binding(1), ... in @group(0)
	Workgroup        [3]uint32     // @workgroup_size
	WorkgroupStorage uint32        // bytes of var<workgroup>; natively nobody else checks this limit
}

// Kernel is a compiled compute shader. Its device keeps it and closes it.
type Kernel struct {
	dev    *Device
	source KernelSource
	drv    driverKernel
}

// Kernel compiles a shader, or gives the kernel that was already compiled from the same source. The
// error wraps [ErrShader] with the compiler's message, or [ErrLimit].
func (d *Device) Kernel(source KernelSource) (*Kernel, error) {
	op := fmt.Sprintf("compiling shader %q", source.Name)
	if err := d.checkSource(source); err != nil {
		return nil, d.failed(op, err)
	}
	key := fmt.Sprintf("%q %v %s", source.Entry, source.Bindings, source.WGSL)
	var k *Kernel
	err := d.do(op, func(drv driver) error {
		if have, ok := d.kernels[key]; ok {
			k = have
			return nil
		}
		compiled, err := drv.createKernel(source)
		if err != nil {
			return err
		}
		k = &Kernel{dev: d, source: source, drv: compiled}
		d.kernels[key] = k
		return nil
	})
	return k, err
}

func (d *Device) checkSource(s KernelSource) error {
	l := d.info.Limits
	if s.Entry == "" || strings.ContainsRune(s.Entry+s.WGSL, 0) {
		return fmt.Errorf("%w: the entry point is %q and must be a name, without NUL bytes", ErrMisuse, s.Entry)
	}
	if !strings.Contains(s.WGSL, "fn "+s.Entry) {
		return fmt.Errorf("%w: there is no function %q", ErrShader, s.Entry)
	}
	storage := uint32(0)
	for i, b := range s.Bindings {
		if b < ReadOnly || b > UniformIn {
			return fmt.Errorf("%w: binding %d has no such kind: %d", ErrMisuse, i, b)
		}
		if b != UniformIn {
			storage++
		}
	}
	invocations := uint64(s.Workgroup[0]) * uint64(s.Workgroup[1]) * uint64(s.Workgroup[2])
	for _, c := range []struct {
		what       string
		has, limit uint64
	}{
		{"storage buffers", uint64(storage), uint64(l.MaxStorageBuffers)},
		{"bytes of workgroup memory", uint64(s.WorkgroupStorage), uint64(l.MaxWorkgroupStorage)},
		{"threads in a workgroup", invocations, uint64(l.MaxWorkgroupInvocations)},
		{"threads in a workgroup's x", uint64(s.Workgroup[0]), uint64(l.MaxWorkgroupSizeX)},
		{"threads in a workgroup's y", uint64(s.Workgroup[1]), uint64(l.MaxWorkgroupSizeY)},
		{"threads in a workgroup's z", uint64(s.Workgroup[2]), uint64(l.MaxWorkgroupSizeZ)},
	} {
		if c.has > c.limit {
			return fmt.Errorf("%w: %d %s, the device has at most %d", ErrLimit, c.has, c.what, c.limit)
		}
	}
	if invocations == 0 {
		return fmt.Errorf("%w: a workgroup of %v threads", ErrMisuse, s.Workgroup)
	}
	return nil
}

// drop releases; the device's lock is held.
func (k *Kernel) drop() {
	k.drv.release()
	k.drv = nil
}

// Binding is a range of a buffer that a kernel sees at one @binding. Size 0 is the rest of the buffer.
type Binding struct {
	Buffer       *Buffer
	Offset, Size uint64
}

// BindGroup ties a kernel to the buffers that it works on.
type BindGroup struct {
	kernel  *Kernel
	buffers []*Buffer
	drv     driverBindGroup // nil once closed; guarded by the device's lock
}

// Bind ties k to buffers: one binding for each of the source's, in their order.
func (k *Kernel) Bind(bindings ...Binding) (*BindGroup, error) {
	op := fmt.Sprintf("binding buffers to %q", k.source.Name)
	g := &BindGroup{kernel: k}
	err := k.dev.do(op, func(drv driver) error {
		ranges, err := k.checkBindings(bindings)
		if err != nil {
			return err
		}
		for _, b := range bindings {
			g.buffers = append(g.buffers, b.Buffer)
		}
		g.drv, err = drv.createBindGroup(k.drv, ranges)
		return err
	})
	if err != nil {
		return nil, err
	}
	return g, nil
}

// checkBindings turns bindings into ranges that WebGPU will accept; the device's lock is held.
func (k *Kernel) checkBindings(bindings []Binding) ([]driverBinding, error) {
	if len(bindings) != len(k.source.Bindings) {
		return nil, fmt.Errorf("%w: %d buffers, the shader binds %d", ErrMisuse, len(bindings), len(k.source.Bindings))
	}
	l := k.dev.info.Limits
	ranges := make([]driverBinding, len(bindings))
	for i, b := range bindings {
		if b.Size == 0 && b.Buffer != nil && b.Offset < b.Buffer.size {
			b.Size = b.Buffer.size - b.Offset
		}
		if err := b.Buffer.check(k.dev, b.Offset, b.Size); err != nil {
			return nil, fmt.Errorf("binding %d: %w", i, err)
		}
		usage, alignment, largest := Storage, l.StorageOffsetAlignment, l.MaxStorageBinding
		if k.source.Bindings[i] == UniformIn {
			usage, alignment, largest = Uniform, l.UniformOffsetAlignment, l.MaxUniformBinding
		}
		switch {
		case b.Buffer.usage != usage:
			return nil, fmt.Errorf("%w: binding %d: buffer %q is not for this kind of binding", ErrMisuse, i, b.Buffer.label)
		case b.Offset%uint64(alignment) != 0:
			return nil, fmt.Errorf("%w: binding %d: offset %d of buffer %q is not a multiple of %d", ErrMisuse, i, b.Offset, b.Buffer.label, alignment)
		case b.Size > largest:
			return nil, fmt.Errorf("%w: binding %d: %d bytes of buffer %q, a binding holds at most %d", ErrLimit, i, b.Size, b.Buffer.label, largest)
		}
		ranges[i] = driverBinding{buffer: b.Buffer.drv, offset: b.Offset, size: b.Size}
	}
	return ranges, nil
}

// Close lets go of the bind group, not of its buffers.
func (g *BindGroup) Close() error {
	d := g.kernel.dev
	d.mu.Lock()
	defer d.mu.Unlock()
	if g.drv != nil {
		g.drv.release()
		g.drv = nil
	}
	return nil
}

// check reports why g cannot be dispatched; the device's lock is held.
func (g *BindGroup) check() error {
	if g.drv == nil {
		return fmt.Errorf("bind group of %q %w", g.kernel.source.Name, ErrClosed)
	}
	for _, b := range g.buffers {
		if b.drv == nil {
			return fmt.Errorf("buffer %q %w", b.label, ErrClosed)
		}
	}
	return nil
}
