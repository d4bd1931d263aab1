package gpu

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// BindingKind is how a kernel sees the buffer or texture at one @binding of @group(0).
type BindingKind int

// The kinds of bindings, with their WGSL address spaces or type.
const (
	ReadOnly  BindingKind = iota // var<storage, read>
	ReadWrite                    // var<storage, read_write>
	UniformIn                    // var<uniform>
	TextureIn                    // texture_storage_2d<rgba32float, read>
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
	source.Bindings = slices.Clone(source.Bindings) // the caller may go on to change his
	key := fmt.Sprintf("%q %v %s", source.Entry, source.Bindings, source.WGSL)
	var k *Kernel
	err := d.do(op, func(drv driver) error {
		if err := d.checkSource(source); err != nil {
			return err
		}
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
		d.stats.Kernels++
		return nil
	})
	return k, err
}

func (d *Device) checkSource(s KernelSource) error {
	l := d.info.Limits
	if err := checkText(s); err != nil {
		return err
	}
	storage, textures := uint32(0), uint32(0)
	for i, b := range s.Bindings {
		switch b {
		case ReadOnly, ReadWrite:
			storage++
		case TextureIn:
			textures++
		case UniformIn:
		default:
			return fmt.Errorf("%w: binding %d has no such kind: %d", ErrMisuse, i, b)
		}
	}
	if textures > 0 && l.MaxTexture == 0 {
		return fmt.Errorf("%w: kernels read no textures on this adapter", ErrLimit)
	}
	invocations := uint64(s.Workgroup[0]) * uint64(s.Workgroup[1]) * uint64(s.Workgroup[2])
	for _, c := range []struct {
		what       string
		has, limit uint64
	}{
		{"storage buffers", uint64(storage), uint64(l.MaxStorageBuffers)},
		{"textures", uint64(textures), maxTextures},
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

// maxTextures is how many textures every device has for a kernel to read.
const maxTextures = 4

// maxText is more than any shader needs, and lets a compiler do with a stack of some gigabytes that
// exist only on paper.
const maxText = 1 << 20

var (
	entryName    = regexp.MustCompile(`^[\pL_][\pL\pN_]*$`)
	workgroupVar = regexp.MustCompile(`\bvar\s*<\s*workgroup\s*>`)
)

// checkText finds what would crash a compiler rather than make it complain.
func checkText(s KernelSource) error {
	switch {
	case !entryName.MatchString(s.Entry):
		return fmt.Errorf("%w: the entry point %q, must be a function's name", ErrMisuse, s.Entry)
	case len(s.WGSL) > maxText:
		return fmt.Errorf("%w: a text of %d bytes, must be at most %d", ErrShader, len(s.WGSL), maxText)
	case !utf8.ValidString(s.WGSL) || strings.ContainsRune(s.WGSL, 0):
		return fmt.Errorf("%w: the text must be UTF-8 without NUL bytes", ErrShader)
	case s.WorkgroupStorage == 0 && workgroupVar.MatchString(s.WGSL):
		return fmt.Errorf("%w: the text has var<workgroup>, and WorkgroupStorage must say how many bytes", ErrMisuse)
	}
	return nil
}

// drop releases; the device's lock is held.
func (k *Kernel) drop() {
	k.drv.release()
	k.drv = nil
}

// Binding is a range of a buffer that a kernel sees at one @binding, or all of a texture. Size 0 is the rest of the
// buffer.
type Binding struct {
	Buffer       *Buffer
	Offset, Size uint64
	Texture      *Texture
}

// BindGroup ties a kernel to the buffers and textures that it works on.
type BindGroup struct {
	kernel   *Kernel
	buffers  []*Buffer
	textures []*Texture
	drv      driverBindGroup // nil once closed; guarded by the device's lock
}

// Bind ties k to buffers and textures: one binding for each of the source's, in their order.
func (k *Kernel) Bind(bindings ...Binding) (*BindGroup, error) {
	if k == nil {
		k = &Kernel{}
	}
	op := fmt.Sprintf("binding buffers to %q", k.source.Name)
	g := &BindGroup{kernel: k}
	err := k.dev.do(op, func(drv driver) error {
		ranges, err := k.checkBindings(bindings)
		if err != nil {
			return err
		}
		for _, b := range bindings {
			if b.Texture != nil {
				g.textures = append(g.textures, b.Texture)
			} else {
				g.buffers = append(g.buffers, b.Buffer)
			}
		}
		made, err := drv.createBindGroup(k.drv, ranges)
		if err == nil {
			g.drv = made
			k.dev.groups[g] = struct{}{}
			k.dev.stats.BindGroups++
		}
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
	ranges := make([]driverBinding, len(bindings))
	for i, b := range bindings {
		var err error
		if ranges[i], err = k.checkBinding(i, b); err != nil {
			return nil, fmt.Errorf("binding %d: %w", i, err)
		}
		for j := range i {
			if b.Buffer != nil && bindings[j].Buffer == b.Buffer && k.clash(j, ranges[j], i, ranges[i]) {
				return nil, fmt.Errorf(
					"%w: bindings %d and %d both are buffer %q, which the kernel writes: only ranges apart, all of "+
						"them written, may be bound together",
					ErrMisuse,
					j,
					i,
					b.Buffer.label,
				)
			}
		}
	}
	return ranges, nil
}

func (k *Kernel) checkBinding(i int, b Binding) (driverBinding, error) {
	if reads := k.source.Bindings[i] == TextureIn; reads || b.Texture != nil {
		switch {
		case !reads:
			return driverBinding{}, fmt.Errorf("%w: a texture, where the kernel binds a buffer", ErrMisuse)
		case b.Buffer != nil:
			return driverBinding{}, fmt.Errorf("%w: buffer %q, where the kernel reads a texture", ErrMisuse,
				b.Buffer.label)
		}
		if err := b.Texture.check(k.dev, 0); err != nil {
			return driverBinding{}, err
		}
		return driverBinding{texture: b.Texture.drv}, nil
	}
	if b.Size == 0 && b.Offset < b.Buffer.Size() {
		b.Size = b.Buffer.Size() - b.Offset
	}
	if err := b.Buffer.check(k.dev, b.Offset, b.Size); err != nil {
		return driverBinding{}, err
	}
	l := k.dev.info.Limits
	usage, alignment, largest := Storage, l.StorageOffsetAlignment, l.MaxStorageBinding
	if k.source.Bindings[i] == UniformIn {
		usage, alignment, largest = Uniform, l.UniformOffsetAlignment, l.MaxUniformBinding
	}
	switch {
	case b.Buffer.usage != usage:
		return driverBinding{}, fmt.Errorf("%w: buffer %q is not for this kind of binding", ErrMisuse, b.Buffer.label)
	case b.Offset%uint64(alignment) != 0:
		return driverBinding{}, fmt.Errorf(
			"%w: offset %d of buffer %q is not a multiple of %d",
			ErrMisuse,
			b.Offset,
			b.Buffer.label,
			alignment,
		)
	case b.Size > largest:
		return driverBinding{}, fmt.Errorf(
			"%w: %d bytes of buffer %q, a binding holds at most %d",
			ErrLimit,
			b.Size,
			b.Buffer.label,
			largest,
		)
	}
	return driverBinding{buffer: b.Buffer.drv, offset: b.Offset, size: b.Size}, nil
}

// clash reports what WebGPU forbids of two bindings of one buffer: to read it by one and write it by the
// other, wherever, and to write overlapping ranges by both.
func (k *Kernel) clash(i int, a driverBinding, j int, b driverBinding) bool {
	writes := func(i int) bool { return k.source.Bindings[i] == ReadWrite }
	overlap := a.offset < b.offset+b.size && b.offset < a.offset+a.size
	return writes(i) != writes(j) || writes(i) && overlap
}

// Close lets go of the bind group, not of its buffers and textures.
func (g *BindGroup) Close() error {
	if g == nil || g.kernel == nil {
		return nil
	}
	d := g.kernel.dev
	d.mu.Lock()
	defer d.mu.Unlock()
	if g.drv != nil {
		delete(d.groups, g)
		g.drop()
	}
	return nil
}

// drop releases; the device's lock is held.
func (g *BindGroup) drop() {
	g.kernel.dev.closings++
	g.drv.release()
	g.drv = nil
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
	for _, t := range g.textures {
		if t.drv == nil {
			return fmt.Errorf("texture %q %w", t.label, ErrClosed)
		}
	}
	return nil
}
