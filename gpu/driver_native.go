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

// platformAdapters lists what wgpu finds, with the drivers' names from Vulkan.
func platformAdapters() ([]adapter, error) {
	quiet()
	instance, err := native.NewInstance(wgpu.InstanceBackendAll)
	if err != nil {
		return nil, err
	}
	defer instance.Release()
	drivers := vulkan.Drivers()
	var list []adapter
	for _, a := range instance.Adapters(wgpu.InstanceBackendAll) {
		info := describe(a, drivers)
		list = append(list, adapter{info: info, open: func() (driver, error) { return openNative(a, info) }, release: a.Release})
	}
	return list, nil
}

// describe translates wgpu's description of an adapter.
func describe(a *native.Adapter, drivers []vulkan.Driver) AdapterInfo {
	n, l := a.Info(), a.Limits()
	info := AdapterInfo{
		Name:    n.Description, // where wgpu 0.19 puts it; 22.1 has it in Device
		Backend: map[wgpu.BackendType]Backend{wgpu.BackendTypeVulkan: BackendVulkan, wgpu.BackendTypeMetal: BackendMetal, wgpu.BackendTypeD3D12: BackendDX12, wgpu.BackendTypeOpenGL: BackendGL, wgpu.BackendTypeOpenGLES: BackendGL}[n.Backend],
		Type:    map[wgpu.AdapterType]AdapterType{wgpu.AdapterTypeDiscreteGPU: Discrete, wgpu.AdapterTypeIntegratedGPU: Integrated, wgpu.AdapterTypeCPU: Software}[n.Type],
		Vendor:  vendorName(n.VendorID, n.Vendor),
		Limits: Limits{
			MaxBufferSize: l.MaxBufferSize, MaxStorageBinding: l.MaxStorageBufferBindingSize, MaxUniformBinding: l.MaxUniformBufferBindingSize,
			StorageOffsetAlignment: l.MinStorageBufferOffsetAlignment, UniformOffsetAlignment: l.MinUniformBufferOffsetAlignment,
			MaxStorageBuffers: l.MaxStorageBuffersPerShaderStage, MaxWorkgroupStorage: l.MaxComputeWorkgroupStorageSize,
			MaxWorkgroupInvocations: l.MaxComputeInvocationsPerWorkgroup, MaxWorkgroupSizeX: l.MaxComputeWorkgroupSizeX,
			MaxWorkgroupSizeY: l.MaxComputeWorkgroupSizeY, MaxWorkgroupSizeZ: l.MaxComputeWorkgroupSizeZ,
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
	for _, d := range drivers {
		if info.Backend == BackendVulkan && d.VendorID == n.VendorID && d.DeviceID == n.DeviceID && d.Device == info.Name {
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

// nativeDriver is a device of wgpu-native.
type nativeDriver struct {
	dev   *native.Device
	queue *wgpu.Queue
}

func openNative(a *native.Adapter, info AdapterInfo) (driver, error) {
	var features []wgpu.FeatureName
	if info.HasFeature(FeatureTimestamps) {
		features = append(features, wgpu.FeatureNameTimestampQuery)
	}
	dev, err := a.RequestDevice("gpuconv", features)
	if err != nil {
		return nil, err
	}
	return &nativeDriver{dev: dev, queue: dev.GetQueue()}, nil
}

// outcome joins the error that a call returned with one that no scope caught, and finds the reason.
func (d *nativeDriver) outcome(err error) error {
	if uncaught := d.dev.Error(); err == nil && uncaught != nil {
		if err = errors.New(uncaught.Message); uncaught.Type == wgpu.ErrorTypeOutOfMemory {
			return fmt.Errorf("%w: %s", ErrOutOfMemory, uncaught.Message)
		}
	}
	if why, lost := d.dev.Lost(); lost {
		return fmt.Errorf("%w: %s", ErrDeviceLost, why)
	}
	if err == nil {
		return nil
	}
	return classify(err.Error())
}

func (d *nativeDriver) createBuffer(label string, size uint64, u Usage) (driverBuffer, error) {
	usage := map[Usage]wgpu.BufferUsage{
		Storage:  wgpu.BufferUsageStorage | wgpu.BufferUsageCopySrc | wgpu.BufferUsageCopyDst,
		Uniform:  wgpu.BufferUsageUniform | wgpu.BufferUsageCopySrc | wgpu.BufferUsageCopyDst,
		readback: wgpu.BufferUsageMapRead | wgpu.BufferUsageCopyDst,
		ticks:    wgpu.BufferUsageQueryResolve | wgpu.BufferUsageCopySrc,
	}[u]
	b, err := d.dev.CreateBuffer(&wgpu.BufferDescriptor{Label: label, Size: size, Usage: usage})
	if err = d.outcome(err); err != nil {
		return nil, err
	}
	return &nativeBuffer{b}, nil
}

type nativeBuffer struct{ *wgpu.Buffer }

func (b *nativeBuffer) release() { b.Release() }

// nativeKernel keeps what bind groups and passes need of a pipeline.
type nativeKernel struct {
	layout   *wgpu.BindGroupLayout
	pipeline *wgpu.ComputePipeline
}

func (k *nativeKernel) release() {
	k.pipeline.Release()
	k.layout.Release()
}

func (d *nativeDriver) createKernel(s KernelSource) (driverKernel, error) {
	shaderError := func(err error) error {
		if err = d.outcome(err); err != nil && !errors.Is(err, ErrOutOfMemory) && !errors.Is(err, ErrDeviceLost) {
			return fmt.Errorf("%w: %w", ErrShader, err)
		}
		return err
	}
	module, err := d.dev.CreateShaderModule(&wgpu.ShaderModuleDescriptor{Label: s.Name, WGSLDescriptor: &wgpu.ShaderModuleWGSLDescriptor{Code: s.WGSL}})
	if err = shaderError(err); err != nil {
		return nil, err
	}
	defer module.Release()
	entries := make([]wgpu.BindGroupLayoutEntry, len(s.Bindings))
	for i, b := range s.Bindings {
		kind := map[BindingKind]wgpu.BufferBindingType{ReadOnly: wgpu.BufferBindingTypeReadOnlyStorage, ReadWrite: wgpu.BufferBindingTypeStorage, UniformIn: wgpu.BufferBindingTypeUniform}[b]
		entries[i] = wgpu.BindGroupLayoutEntry{Binding: uint32(i), Visibility: wgpu.ShaderStageCompute, Buffer: wgpu.BufferBindingLayout{Type: kind}}
	}
	layout, err := d.dev.CreateBindGroupLayout(&wgpu.BindGroupLayoutDescriptor{Label: s.Name, Entries: entries})
	if err = d.outcome(err); err != nil {
		return nil, err
	}
	pipelineLayout, err := d.dev.CreatePipelineLayout(&wgpu.PipelineLayoutDescriptor{Label: s.Name, BindGroupLayouts: []*wgpu.BindGroupLayout{layout}})
	if err = d.outcome(err); err != nil {
		layout.Release()
		return nil, err
	}
	defer pipelineLayout.Release()
	pipeline, err := d.dev.CreateComputePipeline(&wgpu.ComputePipelineDescriptor{Label: s.Name, Layout: pipelineLayout,
		Compute: wgpu.ProgrammableStageDescriptor{Module: module, EntryPoint: s.Entry}})
	if err = shaderError(err); err != nil {
		layout.Release()
		return nil, err
	}
	return &nativeKernel{layout, pipeline}, nil
}

type nativeBindGroup struct{ *wgpu.BindGroup }

func (g *nativeBindGroup) release() { g.Release() }

func (d *nativeDriver) createBindGroup(k driverKernel, bindings []driverBinding) (driverBindGroup, error) {
	entries := make([]wgpu.BindGroupEntry, len(bindings))
	for i, b := range bindings {
		entries[i] = wgpu.BindGroupEntry{Binding: uint32(i), Buffer: b.buffer.(*nativeBuffer).Buffer, Offset: b.offset, Size: b.size}
	}
	g, err := d.dev.CreateBindGroup(&wgpu.BindGroupDescriptor{Layout: k.(*nativeKernel).layout, Entries: entries})
	if err = d.outcome(err); err != nil {
		return nil, err
	}
	return &nativeBindGroup{g}, nil
}

func (d *nativeDriver) write(b driverBuffer, offset uint64, data []byte) error {
	return d.outcome(d.queue.WriteBuffer(b.(*nativeBuffer).Buffer, offset, data))
}

func (d *nativeDriver) submit(ops []command, timed bool, ticks driverBuffer) (pending, error) {
	encoder, err := d.dev.CreateCommandEncoder(nil)
	if err = d.outcome(err); err != nil {
		return nil, err
	}
	defer encoder.Release()
	if timed {
		err = d.encodeTimed(encoder, ops, ticks.(*nativeBuffer).Buffer)
	} else {
		err = encode(encoder, ops)
	}
	if err = d.outcome(err); err != nil {
		return nil, err
	}
	commands, err := encoder.Finish(nil)
	if err = d.outcome(err); err != nil {
		return nil, err
	}
	// Submit aborts the process on a lost device or a bad command buffer; both were just looked for.
	d.queue.Submit(commands)
	commands.Release()
	done := nativePending{native.WorkDone(d.queue)}
	return done, d.outcome(nil)
}

// encode puts consecutive dispatches into one pass; WebGPU keeps them in order.
func encode(e *wgpu.CommandEncoder, ops []command) (err error) {
	var pass *wgpu.ComputePassEncoder
	end := func() {
		if pass != nil {
			err = errors.Join(err, pass.End())
			pass.Release()
			pass = nil
		}
	}
	for _, o := range ops {
		if o.kernel == nil {
			end()
			err = errors.Join(err, copyOn(e, o))
			continue
		}
		if pass == nil {
			pass = e.BeginComputePass(nil)
		}
		dispatchOn(pass, o)
	}
	end()
	return err
}

// encodeTimed gives every dispatch a pass with timestamps and resolves them into ticks.
func (d *nativeDriver) encodeTimed(e *wgpu.CommandEncoder, ops []command, ticks *wgpu.Buffer) error {
	n := uint32(0)
	for _, o := range ops {
		if o.kernel != nil {
			n += 2
		}
	}
	set, err := d.dev.CreateQuerySet(&wgpu.QuerySetDescriptor{Type: wgpu.QueryTypeTimestamp, Count: n})
	if err != nil {
		return err
	}
	defer set.Release()
	next := uint32(0)
	for _, o := range ops {
		if o.kernel == nil {
			err = errors.Join(err, copyOn(e, o))
			continue
		}
		pass := d.dev.BeginTimedPass(e, set, next, next+1)
		next += 2
		dispatchOn(pass, o)
		err = errors.Join(err, pass.End())
		pass.Release()
	}
	return errors.Join(err, e.ResolveQuerySet(set, 0, n, ticks, 0))
}

func dispatchOn(pass *wgpu.ComputePassEncoder, o command) {
	pass.SetPipeline(o.kernel.(*nativeKernel).pipeline)
	pass.SetBindGroup(0, o.group.(*nativeBindGroup).BindGroup, nil)
	pass.DispatchWorkgroups(o.grid[0], o.grid[1], o.grid[2])
}

func copyOn(e *wgpu.CommandEncoder, o command) error {
	return e.CopyBufferToBuffer(o.src.(*nativeBuffer).Buffer, o.srcOff, o.dst.(*nativeBuffer).Buffer, o.dstOff, o.size)
}

func (d *nativeDriver) mapRead(b driverBuffer, size uint64) (pending, error) {
	p := nativePending{native.MapRead(b.(*nativeBuffer).Buffer, size)}
	return p, d.outcome(nil)
}

func (d *nativeDriver) mapped(b driverBuffer, dst []byte) error {
	buffer := b.(*nativeBuffer).Buffer
	data, err := native.Mapped(buffer, uint64(len(dst)))
	if err == nil {
		copy(dst, data)
	}
	native.Unmap(buffer)
	return d.outcome(err)
}

func (d *nativeDriver) poll() { d.dev.Poll() }

func (d *nativeDriver) lost() (string, bool) { return d.dev.Lost() }

func (d *nativeDriver) destroy() { d.dev.Destroy() }

func (d *nativeDriver) close() {
	d.queue.Release()
	d.dev.Release()
}

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
