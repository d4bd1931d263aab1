//go:build !js

package gpu

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cogentcore/webgpu/wgpu"
	"github.com/gpuconv/gpuconv/gpu/internal/native"
	"github.com/gpuconv/gpuconv/gpu/internal/vulkan"
)

// quiet keeps libraries below from writing to stderr: every error that wgpu logs also comes back as
// one, and where no desktop runs, libwayland complains each time it is asked, unless this is set.
var quiet = sync.OnceFunc(func() {
	wgpu.SetLogLevel(wgpu.LogLevelOff)
	if os.Getenv("XDG_RUNTIME_DIR") == "" {
		os.Setenv("XDG_RUNTIME_DIR", os.TempDir())
	}
})

// InstallHint says how to come by an adapter.
const InstallHint = "install a Vulkan, Metal or DX12 driver; on Debian without a GPU: apt-get install libvulkan1 " +
	"mesa-vulkan-drivers"

// tickPeriod is how many nanoseconds a tick lasts: wgpu does not say.
func (d *nativeDriver) tickPeriod() (ns float64, known bool) { return 0, false }

// platformAdapters lists what wgpu finds, with the drivers' names from Vulkan. Every list comes from an
// instance of its own, so that devices share nothing: within an instance, wgpu 0.19 mixes them up once some
// were closed ("a resource with a different device").
func platformAdapters() ([]adapter, error) {
	quiet()
	const backends = wgpu.InstanceBackendVulkan | wgpu.InstanceBackendMetal | wgpu.InstanceBackendDX12
	instance, err := native.NewInstance(backends)
	if err != nil {
		return nil, err
	}
	defer instance.Release()
	found, err := instance.Adapters(backends)
	if err != nil {
		return nil, err
	}
	drivers := vulkan.Drivers()
	var list []adapter
	for _, a := range found {
		info := describe(a, drivers)
		list = append(
			list,
			adapter{info: info, open: func() (driver, error) { return openNative(a, info) }, release: a.Release},
		)
	}
	for i, info := range glInfos() {
		list = append(
			list,
			adapter{info: info, open: func() (driver, error) { return openGL(i, info) }, release: func() {}},
		)
	}
	return list, nil
}

// glAdapters opens an instance for GL that is never released: with it would go the one EGL display of the
// process, from under all devices on GL. A GL that does not even list adapters is none.
func glAdapters() []*native.Adapter {
	if !native.HasGL() {
		return nil
	}
	instance, err := native.NewInstance(wgpu.InstanceBackendGL)
	if err != nil {
		return nil
	}
	list, err := instance.Adapters(wgpu.InstanceBackendGL)
	if err != nil {
		return nil
	}
	return list
}

// glInfos looks only once, for what it opened cannot be released.
var glInfos = sync.OnceValue(func() (infos []AdapterInfo) {
	for _, a := range glAdapters() {
		infos = append(infos, describe(a, nil))
		a.Release()
	}
	return infos
})

func openGL(i int, info AdapterInfo) (driver, error) {
	list := glAdapters()
	for _, a := range list {
		defer a.Release()
	}
	if i >= len(list) {
		return nil, errors.New("it is gone")
	}
	return openNative(list[i], info)
}

// describe translates wgpu's description of an adapter.
func describe(a *native.Adapter, drivers []vulkan.Driver) AdapterInfo {
	n, l := a.Info(), a.Limits()
	info := AdapterInfo{
		Name: n.Description, // where wgpu 0.19 puts it; 22.1 has it in Device
		Backend: map[wgpu.BackendType]Backend{wgpu.BackendTypeVulkan: BackendVulkan,
			wgpu.BackendTypeMetal: BackendMetal, wgpu.BackendTypeD3D12: BackendDX12, wgpu.BackendTypeOpenGL: BackendGL,
			wgpu.BackendTypeOpenGLES: BackendGL}[n.Backend],
		Type: map[wgpu.AdapterType]AdapterType{wgpu.AdapterTypeDiscreteGPU: Discrete,
			wgpu.AdapterTypeIntegratedGPU: Integrated, wgpu.AdapterTypeCPU: Software,
			wgpu.AdapterTypeUnknown: Unknown}[n.Type],
		Vendor: vendorName(n.VendorID, n.Vendor),
		Limits: Limits{
			MaxBufferSize: l.MaxBufferSize, MaxStorageBinding: l.MaxStorageBufferBindingSize,
			MaxUniformBinding:       l.MaxUniformBufferBindingSize,
			StorageOffsetAlignment:  l.MinStorageBufferOffsetAlignment,
			UniformOffsetAlignment:  l.MinUniformBufferOffsetAlignment,
			MaxStorageBuffers:       l.MaxStorageBuffersPerShaderStage,
			MaxWorkgroupStorage:     l.MaxComputeWorkgroupStorageSize,
			MaxWorkgroupInvocations: l.MaxComputeInvocationsPerWorkgroup,
			MaxWorkgroupSizeX:       l.MaxComputeWorkgroupSizeX,
			MaxWorkgroupSizeY:       l.MaxComputeWorkgroupSizeY, MaxWorkgroupSizeZ: l.MaxComputeWorkgroupSizeZ,
			MaxWorkgroupsPerDimension: l.MaxComputeWorkgroupsPerDimension,
		},
	}
	if runtime.GOARCH == "arm64" && (runtime.GOOS == "linux" || runtime.GOOS == "windows") {
		info.Name, info.Driver = n.Device, n.Description
	}
	for _, f := range a.Features() {
		info.Features = append(info.Features, f.String())
	}
	slices.Sort(info.Features)
	if info.Backend != BackendGL && info.HasFeature(featureTextureReads) {
		info.Limits.MaxTexture = maxTexture
	}
	for _, d := range drivers {
		if info.Backend == BackendVulkan && d.VendorID == n.VendorID && d.DeviceID == n.DeviceID &&
			d.Device == info.Name {
			info.Driver = strings.TrimSpace(d.Name + " " + d.Version)
		}
	}
	return info
}

// vendorName knows the PCI and Khronos vendor numbers that are met in practice.
func vendorName(id uint32, fallback string) string {
	names := map[uint32]string{0x1002: "AMD", 0x106b: "Apple", 0x10de: "NVIDIA", 0x13b5: "ARM", 0x14e4: "Broadcom",
		0x1414: "Microsoft", 0x1ae0: "Google", 0x5143: "Qualcomm", 0x8086: "Intel", 0x10005: "Mesa"}
	if name, ok := names[id]; ok {
		return name
	}
	return fallback
}

// featureTextureReads is what wgpu calls it that kernels may read the textures which they could write.
var featureTextureReads = wgpu.NativeFeatureTextureAdapterSpecificFormatFeatures.String()

// What C copies is a row as Go counts it: another size does not compile.
var _ [native.RowBytes]struct{} = [textureRow]struct{}{}

// nativeDriver is a device of wgpu-native.
type nativeDriver struct{ dev *native.Device }

func openNative(a *native.Adapter, info AdapterInfo) (driver, error) {
	var features []wgpu.FeatureName
	if info.HasFeature(FeatureTimestamps) {
		features = append(features, wgpu.FeatureNameTimestampQuery)
	}
	if info.Limits.MaxTexture > 0 {
		features = append(features, wgpu.NativeFeatureTextureAdapterSpecificFormatFeatures)
	}
	dev, err := a.RequestDevice("gpuconv", features)
	if err != nil {
		return nil, classify(err.Error())
	}
	return &nativeDriver{dev: dev}, nil
}

// outcome joins the error that a call returned with one that no scope caught, finds the reason, and
// notes a loss, for wgpu calls back about few of them. A panic that is not about memory is a loss too:
// nobody knows what the device is in for after it.
func (d *nativeDriver) outcome(err error) error {
	uncaught := d.dev.Error()
	if err == nil && uncaught != nil {
		err = errors.New(uncaught.Message)
		if uncaught.Type == wgpu.ErrorTypeOutOfMemory {
			return fmt.Errorf("%w: %w", ErrOutOfMemory, err)
		}
	}
	var reason error
	if err != nil {
		if reason = classify(err.Error()); !known(reason) && strings.Contains(err.Error(), "Validation Error") {
			reason = fmt.Errorf("%w: %w", ErrMisuse, reason)
		}
		if errors.Is(reason, ErrDeviceLost) || errors.Is(err, native.ErrPanic) && !errors.Is(reason, ErrOutOfMemory) {
			d.dev.Lose(err.Error())
		}
	}
	if why, lost := d.dev.Lost(); lost {
		return fmt.Errorf("%w: %s", ErrDeviceLost, why)
	}
	return reason
}

// known reports whether an error is about memory or loss, of which wgpu says that they are validation
// errors, too.
func known(err error) bool { return errors.Is(err, ErrOutOfMemory) || errors.Is(err, ErrDeviceLost) }

// final is outcome for calls after whose panic nothing works, be it only about memory: once a submission
// has failed, the next one waits for ever for a semaphore that the failed one was to signal.
func (d *nativeDriver) final(err error) error {
	if errors.Is(err, native.ErrPanic) {
		d.dev.Lose(err.Error())
	}
	return d.outcome(err)
}

// made releases what a call made where the call failed, and gives its outcome.
func (d *nativeDriver) made(object interface{ Release() }, err error) error {
	failed := err != nil // then there is no object
	if err = d.outcome(err); err != nil && !failed {
		d.release(object)
	}
	return err
}

// release lets go of an object, but not on a lost device: that is never polled again, and without polling
// wgpu frees nothing.
func (d *nativeDriver) release(objects ...interface{ Release() }) {
	for _, o := range objects {
		if _, lost := d.dev.Lost(); !lost {
			o.Release()
		}
	}
}

func (d *nativeDriver) createBuffer(label string, size uint64, u Usage) (driverBuffer, error) {
	usage := map[Usage]wgpu.BufferUsage{
		Storage:  wgpu.BufferUsageStorage | wgpu.BufferUsageCopySrc | wgpu.BufferUsageCopyDst,
		Uniform:  wgpu.BufferUsageUniform | wgpu.BufferUsageCopySrc | wgpu.BufferUsageCopyDst,
		readback: wgpu.BufferUsageMapRead | wgpu.BufferUsageCopyDst,
		ticks:    wgpu.BufferUsageQueryResolve | wgpu.BufferUsageCopySrc,
	}[u]
	b, err := d.dev.CreateBuffer(label, size, usage)
	if err = d.made(b, err); err != nil {
		return nil, err
	}
	return &nativeBuffer{b, d}, nil
}

type nativeBuffer struct {
	*wgpu.Buffer
	on *nativeDriver
}

func (b *nativeBuffer) release() { b.on.release(b.Buffer) }

func (d *nativeDriver) createTexture(label string, rows uint32) (driverTexture, error) {
	t, err := d.dev.CreateTexture(label, rows)
	if err = d.made(t, err); err != nil {
		return nil, err
	}
	if err := d.outcome(t.CreateView()); err != nil {
		d.release(t)
		return nil, err
	}
	return &nativeTexture{t, d}, nil
}

type nativeTexture struct {
	*native.Texture
	on *nativeDriver
}

func (t *nativeTexture) release() { t.on.release(t.Texture) }

// nativeKernel keeps what bind groups and passes need of a pipeline.
type nativeKernel struct {
	layout   *wgpu.BindGroupLayout
	pipeline *wgpu.ComputePipeline
	on       *nativeDriver
}

func (k *nativeKernel) release() { k.on.release(k.pipeline, k.layout) }

func (d *nativeDriver) createKernel(s KernelSource) (driverKernel, error) {
	module, err := d.dev.CreateShaderModule(s.Name, s.WGSL)
	if err = d.compiled(module, err); err != nil {
		return nil, err
	}
	defer d.release(module)
	entries := make([]wgpu.BindGroupLayoutEntry, len(s.Bindings))
	for i, b := range s.Bindings {
		entries[i] = layoutEntry(uint32(i), b)
	}
	layout, err := d.dev.CreateBindGroupLayout(&wgpu.BindGroupLayoutDescriptor{Label: s.Name, Entries: entries})
	if err = d.made(layout, err); err != nil {
		return nil, err
	}
	pipeline, err := d.createPipeline(s, module, layout)
	if err != nil {
		d.release(layout)
		return nil, err
	}
	return &nativeKernel{layout, pipeline, d}, nil
}

func layoutEntry(i uint32, b BindingKind) wgpu.BindGroupLayoutEntry {
	e := wgpu.BindGroupLayoutEntry{Binding: i, Visibility: wgpu.ShaderStageCompute}
	if b == TextureIn {
		e.StorageTexture = wgpu.StorageTextureBindingLayout{Access: wgpu.StorageTextureAccessReadOnly,
			Format: wgpu.TextureFormatRGBA32Float, ViewDimension: wgpu.TextureViewDimension2D}
		return e
	}
	e.Buffer.Type = map[BindingKind]wgpu.BufferBindingType{ReadOnly: wgpu.BufferBindingTypeReadOnlyStorage,
		ReadWrite: wgpu.BufferBindingTypeStorage, UniformIn: wgpu.BufferBindingTypeUniform}[b]
	return e
}

func (d *nativeDriver) createPipeline(
	s KernelSource,
	module *wgpu.ShaderModule,
	group *wgpu.BindGroupLayout,
) (*wgpu.ComputePipeline, error) {
	layout, err := d.dev.CreatePipelineLayout(
		&wgpu.PipelineLayoutDescriptor{Label: s.Name, BindGroupLayouts: []*wgpu.BindGroupLayout{group}},
	)
	if err = d.made(layout, err); err != nil {
		return nil, err
	}
	defer d.release(layout)
	pipeline, err := d.dev.CreateComputePipeline(s.Name, layout, module, s.WGSL, s.Entry)
	return pipeline, d.compiled(pipeline, err)
}

// compiled is made for calls that compile: what goes wrong there is the shader's fault, a compiler that
// panics included, unless memory or the device gave out.
func (d *nativeDriver) compiled(object interface{ Release() }, err error) error {
	if errors.Is(err, native.ErrPanic) {
		if reason := classify(err.Error()); errors.Is(reason, ErrOutOfMemory) {
			return reason
		}
		return fmt.Errorf("%w: the compiler gave up: %w", ErrShader, err)
	}
	err = d.made(object, err)
	if err == nil || known(err) {
		return err
	}
	return fmt.Errorf("%w: %s", ErrShader, strings.TrimPrefix(err.Error(), ErrMisuse.Error()+": "))
}

type nativeBindGroup struct {
	*wgpu.BindGroup
	on *nativeDriver
}

func (g *nativeBindGroup) release() { g.on.release(g.BindGroup) }

func (d *nativeDriver) createBindGroup(k driverKernel, bindings []driverBinding) (driverBindGroup, error) {
	entries := make([]wgpu.BindGroupEntry, len(bindings))
	for i, b := range bindings {
		if b.texture != nil {
			entries[i] = wgpu.BindGroupEntry{Binding: uint32(i), TextureView: b.texture.(*nativeTexture).View}
			continue
		}
		entries[i] = wgpu.BindGroupEntry{
			Binding: uint32(i),
			Buffer:  b.buffer.(*nativeBuffer).Buffer,
			Offset:  b.offset,
			Size:    b.size,
		}
	}
	g, err := d.dev.CreateBindGroup(&wgpu.BindGroupDescriptor{Layout: k.(*nativeKernel).layout, Entries: entries})
	if err = d.made(g, err); err != nil {
		return nil, err
	}
	return &nativeBindGroup{g, d}, nil
}

func (d *nativeDriver) write(b driverBuffer, offset uint64, data []byte) error {
	return d.outcome(d.dev.Write(b.(*nativeBuffer).Buffer, offset, data))
}

func (d *nativeDriver) record(commands []command) recording {
	steps := make([]native.Step, len(commands))
	for i, c := range commands {
		switch {
		case c.kernel != nil:
			steps[i] = native.Dispatch(c.kernel.(*nativeKernel).pipeline, c.group.(*nativeBindGroup).BindGroup, c.grid)
		case c.texture != nil:
			steps[i] = native.CopyToTexture(c.src.(*nativeBuffer).Buffer, c.srcOff,
				c.texture.(*nativeTexture).Texture, c.size)
		default:
			steps[i] = native.Copy(c.src.(*nativeBuffer).Buffer, c.srcOff, c.dst.(*nativeBuffer).Buffer, c.dstOff,
				c.size)
		}
	}
	return steps
}

func (d *nativeDriver) submit(r recording, ticks timestamps, read tail) (pending, error) {
	steps, _ := r.([]native.Step)
	var more native.Extras
	if ticks.buffer != nil {
		more.Ticks, more.Dispatches = ticks.buffer.(*nativeBuffer).Buffer, ticks.dispatches
	}
	if read.size > 0 {
		more.Read = native.Copy(
			read.src.(*nativeBuffer).Buffer,
			read.offset,
			read.dst.(*nativeBuffer).Buffer,
			0,
			read.size,
		)
	}
	p, sending, err := d.dev.Submit(steps, more)
	if !sending {
		return nil, d.outcome(err)
	}
	return nativePending{p}, d.final(err)
}

func (d *nativeDriver) mapped(b driverBuffer, dst []byte) error {
	return d.final(d.dev.ReadMapped(b.(*nativeBuffer).Buffer, dst))
}

// poll may find the device lost; whoever asks next will hear of it.
func (d *nativeDriver) poll(p pending, most time.Duration) {
	on, _ := p.(nativePending)
	if p == nil {
		most = 0
	}
	d.final(d.dev.Poll(on.Pending, most))
}

func (d *nativeDriver) lost() (string, bool) { return d.dev.Lost() }

func (d *nativeDriver) close() {
	if _, lost := d.dev.Lost(); !lost {
		d.dev.Close() // a loss that shows only now is nobody's concern any more
	}
}

// nap sleeps between two looks at the GPU.
func nap(d time.Duration) { native.Nap(d) }

// nativePending waits for a callback that only sets memory of its own.
type nativePending struct{ native.Pending }

func (p nativePending) state() (bool, error) {
	status, done := p.Done()
	if done && status != 0 {
		return true, fmt.Errorf("the GPU ended the work with status %d", status)
	}
	return done, nil
}

func (nativePending) ready() <-chan struct{} { return nil }

func (p nativePending) free() { p.Free() }
