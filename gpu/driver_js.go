//go:build js

package gpu

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"syscall/js"
	"time"
)

// InstallHint says how to come by an adapter.
const InstallHint = "use a browser with WebGPU, on https or localhost"

// The browser's driver speaks to navigator.gpu through syscall/js and leaves the binding's own types for
// GOOS=js alone: those ignore limits, panic on features, lack timestamps, report no error and need a
// page that sets window.wasm. What remains of WebGPU for compute is small.
//
// Calls are made under the Device's lock, and those that create things wait under it for the browser's
// verdict. That blocks goroutines only; the event loop that brings the verdict never takes the lock.

// platformAdapters asks for the fastest adapter, and for the browser's software one beside it. Where
// there is no WebGPU (an old browser, a page without a secure context, Node) the list is empty.
func platformAdapters() (list []adapter, err error) {
	defer rescue(&err)
	door := property(property(js.Global(), "navigator"), "gpu")
	if !door.Truthy() {
		return nil, nil
	}
	for _, options := range []map[string]any{{"powerPreference": "high-performance"}, {"forceFallbackAdapter": true}} {
		a, err := expect(door.Call("requestAdapter", options)).await()
		if err != nil {
			return nil, err
		}
		if !a.Truthy() {
			continue
		}
		info := describe(a)
		list = append(
			list,
			adapter{info: info, open: func() (driver, error) { return openJS(a, info) }, release: func() {}},
		)
		// A software adapter is the fallback itself. One that rank puts behind Software, since the browser
		// hides its type, must not lose its place as the default to the fallback.
		if info.Type <= Software {
			break
		}
	}
	return list, nil
}

// describe translates what the browser tells of an adapter. Browsers hide most of it by default.
func describe(a js.Value) AdapterInfo {
	about := property(a, "info")
	vendor := text(about, "vendor")
	info := AdapterInfo{
		Name:    text(about, "description"),
		Backend: BackendBrowser,
		Vendor:  vendorName(vendor),
		Driver:  text(about, "driver"),
	}
	if info.Name == "" {
		known := slices.DeleteFunc(
			[]string{info.Vendor, text(about, "architecture"), text(about, "device")},
			func(s string) bool { return s == "" },
		)
		info.Name = strings.Join(known, " ")
	}
	if info.Name == "" {
		info.Name = "WebGPU adapter"
	}
	fallback := property(about, "isFallbackAdapter").Truthy() || property(a, "isFallbackAdapter").Truthy()
	info.Type = typeOf(fallback, text(about, "type"), vendor, info.Name+" "+text(about, "architecture"))
	features := js.Global().Get("Array").Call("from", a.Get("features"))
	for i := range features.Length() {
		info.Features = append(info.Features, features.Index(i).String())
	}
	slices.Sort(info.Features)
	for name, field := range limitFields(&info.Limits) {
		readLimit(a.Get("limits").Get(name), field)
	}
	if readsTextures() {
		info.Limits.MaxTexture = maxTexture
	}
	return info
}

// readsTextures tells whether the browser's WGSL lets kernels read the textures that they could write.
func readsTextures() (reads bool) {
	attempt(func() {
		known := property(property(js.Global(), "navigator"), "gpu").Get("wgslLanguageFeatures")
		reads = known.Truthy() && known.Call("has", "readonly_and_readwrite_storage_textures").Bool()
	})
	return reads
}

// typeOf guesses an adapter's type. Chromium tells it ("discrete GPU", "CPU") to developers only; the
// vendors named here make one type for all practical purposes, AMD and Intel make both.
func typeOf(fallback bool, told, vendor, names string) AdapterType {
	isSoftware := func(program string) bool { return strings.Contains(strings.ToLower(names), program) }
	switch {
	case fallback,
		told == "CPU",
		slices.ContainsFunc([]string{"swiftshader", "llvmpipe", "lavapipe", "basic render", "warp"}, isSoftware):
		return Software
	case told == "discrete GPU":
		return Discrete
	case told == "integrated GPU":
		return Integrated
	case vendor == "nvidia":
		return Discrete
	case slices.Contains([]string{"apple", "arm", "broadcom", "img-tec", "qualcomm", "samsung"}, vendor):
		return Integrated
	}
	return Unknown
}

// vendorName writes the browser's lower-case names as vendors do, and as the native driver does.
func vendorName(name string) string {
	names := map[string]string{"amd": "AMD", "apple": "Apple", "arm": "ARM", "broadcom": "Broadcom",
		"google": "Google",
		"intel":  "Intel", "mesa": "Mesa", "microsoft": "Microsoft", "nvidia": "NVIDIA", "qualcomm": "Qualcomm"}
	if known, ok := names[name]; ok {
		return known
	}
	return name
}

// limitFields names the limits that we read from an adapter and ask of a device. Asking by name, not for
// all that the adapter has, keeps limits away that a browser lists but refuses.
func limitFields(l *Limits) map[string]any {
	return map[string]any{
		"maxBufferSize":                     &l.MaxBufferSize,
		"maxStorageBufferBindingSize":       &l.MaxStorageBinding,
		"maxUniformBufferBindingSize":       &l.MaxUniformBinding,
		"minStorageBufferOffsetAlignment":   &l.StorageOffsetAlignment,
		"minUniformBufferOffsetAlignment":   &l.UniformOffsetAlignment,
		"maxStorageBuffersPerShaderStage":   &l.MaxStorageBuffers,
		"maxComputeWorkgroupStorageSize":    &l.MaxWorkgroupStorage,
		"maxComputeInvocationsPerWorkgroup": &l.MaxWorkgroupInvocations,
		"maxComputeWorkgroupSizeX":          &l.MaxWorkgroupSizeX,
		"maxComputeWorkgroupSizeY":          &l.MaxWorkgroupSizeY,
		"maxComputeWorkgroupSizeZ":          &l.MaxWorkgroupSizeZ,
		"maxComputeWorkgroupsPerDimension":  &l.MaxWorkgroupsPerDimension,
	}
}

func readLimit(v js.Value, field any) {
	switch p := field.(type) {
	case *uint64:
		*p = uint64(v.Float())
	case *uint32:
		*p = uint32(min(v.Float(), math.MaxUint32))
	}
}

// jsDriver is a device of the browser.
type jsDriver struct {
	dev, queue js.Value
	onError    js.Func
	gone       chan struct{} // closes when the device is lost

	mu       sync.Mutex // guards what the browser's callbacks set; held for moments only
	why      string     // of the loss
	uncaught error      // what no error scope caught, until a call reports it
}

func openJS(a js.Value, info AdapterInfo) (_ driver, err error) {
	defer rescue(&err)
	limits := map[string]any{}
	for name := range limitFields(new(Limits)) {
		limits[name] = a.Get("limits").Get(name)
	}
	features := []any{}
	if info.HasFeature(FeatureTimestamps) {
		features = append(features, FeatureTimestamps)
	}
	request := map[string]any{"label": "gpuconv", "requiredFeatures": features, "requiredLimits": limits}
	dev, err := expect(a.Call("requestDevice", request)).await()
	if err != nil {
		return nil, err
	}
	d := &jsDriver{dev: dev, queue: dev.Get("queue"), gone: make(chan struct{})}
	d.listen()
	return d, nil
}

// listen has the browser tell of the device's loss and of errors that no scope caught.
func (d *jsDriver) listen() {
	then(d.dev.Get("lost"), func(v js.Value, err error) {
		why := text(v, "message")
		if why == "" {
			why = text(v, "reason")
		}
		d.lose(why)
	})
	d.onError = js.FuncOf(func(_ js.Value, args []js.Value) any {
		attempt(func() { args[0].Call("preventDefault") }) // the page's console need not repeat it
		err := reason(property(args[0], "error"))
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.uncaught == nil { // the first one tells most
			d.uncaught = err
		}
		return nil
	})
	d.dev.Call("addEventListener", "uncapturederror", d.onError)
}

// lose takes note of the device's loss; the first word on it counts.
func (d *jsDriver) lose(why string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.gone:
	default:
		d.why = why
		close(d.gone)
	}
}

func (d *jsDriver) lost() (string, bool) {
	select {
	case <-d.gone:
		return d.why, true
	default:
		return "", false
	}
}

// outcome is what a call reports: the device's loss before its own error, for it explains that.
func (d *jsDriver) outcome(err error) error {
	if why, lost := d.lost(); lost {
		return fmt.Errorf("%w: %s", ErrDeviceLost, why)
	}
	return err
}

// earlier is why a call need not be tried: the device is lost, or a call that did not wait for its
// verdict failed, which is reported once.
func (d *jsDriver) earlier() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.uncaught
	d.uncaught = nil
	if err != nil {
		err = fmt.Errorf("an earlier call failed: %w", err)
	}
	return d.outcome(err)
}

// scopes are WebGPU's kinds of errors, in the order in which they are popped.
var scopes = []string{"internal", "out-of-memory", "validation"}

// scoped makes calls inside error scopes. Its answer is the value of the promise that calls may return,
// or the error that a scope caught or a call threw. Scopes form one stack for the device; nothing comes
// between push and pop, as the Device's lock is held and there is no waiting in between.
func (d *jsDriver) scoped(calls func() js.Value) *answer {
	a := &answer{done: make(chan struct{})}
	err := attempt(func() {
		for _, scope := range slices.Backward(scopes) {
			d.dev.Call("pushErrorScope", scope)
		}
	})
	if err != nil {
		a.settle(js.Undefined(), err)
		return a
	}
	var result js.Value
	thrown := attempt(func() { result = calls() })
	err = attempt(func() {
		var promises []any
		for range scopes {
			promises = append(promises, d.dev.Call("popErrorScope"))
		}
		// all takes what is no promise as well, and leaves no rejection to the page's console.
		all := js.Global().Get("Promise").Call("all", append(promises, result))
		then(all, func(v js.Value, err error) {
			if err == nil {
				v, err = verdict(v)
			}
			a.settle(v, errors.Join(thrown, err))
		})
	})
	if err != nil { // and so nothing else settles it
		a.settle(js.Undefined(), errors.Join(thrown, err))
	}
	return a
}

// verdict looks through what the scopes caught, and gives what comes after that.
func verdict(all js.Value) (_ js.Value, err error) {
	defer rescue(&err)
	for i := range scopes {
		if caught := all.Index(i); caught.Truthy() {
			return js.Undefined(), reason(caught)
		}
	}
	return all.Index(len(scopes)), nil
}

// wait waits for an answer, with the Device's lock held, or for the device's loss.
func (d *jsDriver) wait(a *answer) (js.Value, error) {
	select {
	case <-a.done:
		return a.value, d.outcome(a.err)
	case <-d.gone:
		return js.Undefined(), d.outcome(nil)
	}
}

// create makes one object and waits for the verdict on it.
func (d *jsDriver) create(method string, descriptor map[string]any) (js.Value, error) {
	object := js.Undefined()
	_, err := d.wait(d.scoped(func() js.Value {
		object = d.dev.Call(method, descriptor)
		return js.Undefined()
	}))
	return object, err
}

// WebGPU's flags, which JavaScript takes as numbers.
const (
	flagMapRead      = 0x0001
	flagCopySrc      = 0x0004
	flagCopyDst      = 0x0008
	flagUniform      = 0x0040
	flagStorage      = 0x0080
	flagQueryResolve = 0x0200

	flagTextureCopyDst = 0x02
	flagTextureStorage = 0x08

	mapModeRead  = 1
	stageCompute = 4
)

// jsBuffer is a buffer with the verdict on the last copy into it.
type jsBuffer struct {
	js.Value
	filled *answer
}

// release frees the memory now, or when work that was submitted is done; the collector would take long.
func (b *jsBuffer) release() {
	attempt(func() { b.Call("destroy") }) // destroys what is invalid or destroyed without complaint
}

func (d *jsDriver) createBuffer(label string, size uint64, u Usage) (driverBuffer, error) {
	if err := d.earlier(); err != nil {
		return nil, err
	}
	usage := map[Usage]int{
		Storage:  flagStorage | flagCopySrc | flagCopyDst,
		Uniform:  flagUniform | flagCopySrc | flagCopyDst,
		readback: flagMapRead | flagCopyDst,
		ticks:    flagQueryResolve | flagCopySrc,
	}[u]
	object, err := d.create("createBuffer", map[string]any{"label": label, "size": size, "usage": usage})
	b := &jsBuffer{Value: object}
	if err != nil {
		if object.Truthy() {
			b.release()
		}
		return nil, err
	}
	return b, nil
}

// jsTexture is a texture with the view of it that kernels read.
type jsTexture struct{ texture, view js.Value }

// release frees the memory as that of a buffer.
func (t *jsTexture) release() { attempt(func() { t.texture.Call("destroy") }) }

func (d *jsDriver) createTexture(label string, rows uint32) (driverTexture, error) {
	if err := d.earlier(); err != nil {
		return nil, err
	}
	object, err := d.create("createTexture", map[string]any{"label": label, "format": textureFormat,
		"size": []any{TextureWidth, rows}, "usage": flagTextureCopyDst | flagTextureStorage})
	t := &jsTexture{texture: object}
	if err == nil {
		err = attempt(func() { t.view = object.Call("createView") })
	}
	if err != nil {
		if object.Truthy() {
			t.release()
		}
		return nil, err
	}
	return t, nil
}

const textureFormat = "rgba32float"

// jsKernel keeps what bind groups and passes need of a pipeline.
type jsKernel struct{ layout, pipeline js.Value }

func (*jsKernel) release() {} // the collector's

func (d *jsDriver) createKernel(s KernelSource) (driverKernel, error) {
	if err := d.earlier(); err != nil {
		return nil, err
	}
	module, err := d.create("createShaderModule", map[string]any{"label": s.Name, "code": s.WGSL})
	if err != nil {
		return nil, d.shaderError(err, module)
	}
	entries := make([]any, len(s.Bindings))
	for i, b := range s.Bindings {
		entries[i] = layoutEntry(i, b)
	}
	layout, err := d.create("createBindGroupLayout", map[string]any{"label": s.Name, "entries": entries})
	if err != nil {
		return nil, d.kernelError(ErrMisuse, err) // more bindings than there may be
	}
	pipelineLayout, err := d.create(
		"createPipelineLayout",
		map[string]any{"label": s.Name, "bindGroupLayouts": []any{layout}},
	)
	if err != nil {
		return nil, err
	}
	// The asynchronous call gives a pipeline that is compiled, where the other one compiles at first use.
	pipeline, err := d.wait(d.scoped(func() js.Value {
		return d.dev.Call("createComputePipelineAsync", map[string]any{"label": s.Name, "layout": pipelineLayout,
			"compute": map[string]any{"module": module, "entryPoint": s.Entry}})
	}))
	if err != nil {
		return nil, d.shaderError(err, module)
	}
	return &jsKernel{layout, pipeline}, nil
}

func layoutEntry(i int, b BindingKind) map[string]any {
	e := map[string]any{"binding": i, "visibility": stageCompute}
	if b == TextureIn {
		e["storageTexture"] = map[string]any{"access": "read-only", "format": textureFormat}
		return e
	}
	kind := map[BindingKind]any{ReadOnly: "read-only-storage", ReadWrite: "storage", UniformIn: "uniform"}[b]
	e["buffer"] = map[string]any{"type": kind}
	return e
}

// shaderError says that a shader is at fault, in the compiler's words, unless memory or the device is.
func (d *jsDriver) shaderError(err error, module js.Value) error {
	if errors.Is(err, ErrOutOfMemory) || errors.Is(err, ErrDeviceLost) {
		return err
	}
	if found := d.compilerErrors(module); found != "" {
		return d.kernelError(ErrShader, errors.New(found))
	}
	return d.kernelError(ErrShader, err)
}

// kernelError says whose fault it is that a kernel cannot be made, unless memory or the device is at fault.
func (d *jsDriver) kernelError(fault, err error) error {
	if errors.Is(err, ErrOutOfMemory) || errors.Is(err, ErrDeviceLost) {
		return err
	}
	return fmt.Errorf("%w: %w", fault, err)
}

// compilerErrors lists what a shader's compiler complains about, as line:column: message. It is empty
// where the compiler finds nothing wrong, or cannot be asked.
func (d *jsDriver) compilerErrors(module js.Value) string {
	var found []string
	attempt(func() {
		info, err := d.wait(expect(module.Call("getCompilationInfo")))
		if err != nil {
			return
		}
		messages := info.Get("messages")
		for i := range messages.Length() {
			if m := messages.Index(i); text(m, "type") == "error" {
				found = append(
					found,
					fmt.Sprintf("%d:%d: %s", m.Get("lineNum").Int(), m.Get("linePos").Int(), text(m, "message")),
				)
			}
		}
	})
	return strings.Join(found, "; ")
}

type jsBindGroup struct{ js.Value }

func (jsBindGroup) release() {} // the collector's; it owns no memory on the GPU

func (d *jsDriver) createBindGroup(k driverKernel, bindings []driverBinding) (driverBindGroup, error) {
	if err := d.earlier(); err != nil {
		return nil, err
	}
	entries := make([]any, len(bindings))
	for i, b := range bindings {
		if b.texture != nil {
			entries[i] = map[string]any{"binding": i, "resource": b.texture.(*jsTexture).view}
			continue
		}
		resource := map[string]any{"buffer": b.buffer.(*jsBuffer).Value, "offset": b.offset, "size": b.size}
		entries[i] = map[string]any{"binding": i, "resource": resource}
	}
	group, err := d.create("createBindGroup", map[string]any{"layout": k.(*jsKernel).layout, "entries": entries})
	if err != nil {
		return nil, err
	}
	return jsBindGroup{group}, nil
}

// writeChunk bounds the JavaScript memory that a write passes through; writeBuffer has taken what it was
// given when it returns.
const writeChunk = 4 << 20

// write does not wait for a verdict. Its arguments are known to be right, so that only memory can fail
// it: that comes as an uncaptured error, which a later call reports.
func (d *jsDriver) write(b driverBuffer, offset uint64, data []byte) error {
	if err := d.earlier(); err != nil {
		return err
	}
	err := attempt(func() {
		chunk := js.Global().Get("Uint8Array").New(min(len(data), writeChunk))
		for len(data) > 0 {
			n := js.CopyBytesToJS(chunk, data)
			d.queue.Call("writeBuffer", b.(*jsBuffer).Value, offset, chunk, 0, n)
			data, offset = data[n:], offset+uint64(n)
		}
	})
	return d.outcome(err)
}

// record has nothing to translate.
func (d *jsDriver) record(commands []command) recording { return commands }

// submit does not wait for a verdict either: what it returns brings it, and mapped looks at it as well,
// so that a failed copy never passes for data.
func (d *jsDriver) submit(r recording, ticks timestamps, read tail) (pending, error) {
	ops, _ := r.([]command)
	if err := d.earlier(); err != nil {
		return nil, err
	}
	if read.size > 0 {
		ops = append(slices.Clip(ops), command{src: read.src, srcOff: read.offset, dst: read.dst, size: read.size})
	}
	done := d.send(ops, ticks)
	for _, o := range ops {
		if o.kernel == nil && o.texture == nil {
			o.dst.(*jsBuffer).filled = done
		}
	}
	if read.size == 0 {
		return jsPending{d, done}, nil
	}
	// The mapping is done when the submission is, and not before.
	mapping := d.scoped(func() js.Value { return read.dst.(*jsBuffer).Call("mapAsync", mapModeRead, 0, read.size) })
	return jsPending{d, mapping}, nil
}

// send encodes and submits all commands.
func (d *jsDriver) send(ops []command, ticks timestamps) *answer {
	return d.scoped(func() js.Value {
		encoder := d.dev.Call("createCommandEncoder")
		if ticks.buffer != nil {
			set := d.encodeTimed(encoder, ops, ticks)
			defer set.Call("destroy") // submitted work keeps it
		} else {
			encodePlain(encoder, ops)
		}
		d.queue.Call("submit", []any{encoder.Call("finish")})
		return d.queue.Call("onSubmittedWorkDone")
	})
}

// encode puts consecutive dispatches into passes that begin begins; WebGPU keeps them in order. Where apart is set
// each has its own. Before a copy it calls copying.
func encode(encoder js.Value, ops []command, apart bool, begin func() js.Value, copying func()) {
	pass := js.Undefined()
	end := func() {
		if pass.Truthy() {
			pass.Call("end")
			pass = js.Undefined()
		}
	}
	for _, o := range ops {
		if o.kernel == nil {
			end()
			copying()
			copyOn(encoder, o)
			continue
		}
		if apart {
			end()
		}
		if !pass.Truthy() {
			pass = begin()
		}
		dispatchOn(pass, o)
	}
	end()
}

// encodePlain encodes all commands without timestamps.
func encodePlain(encoder js.Value, ops []command) {
	encode(encoder, ops, false, func() js.Value { return encoder.Call("beginComputePass") }, func() {})
}

// stamper begins passes with timestamps.
type stamper struct {
	encoder, set js.Value
	next         int  // timestamp
	begun        bool // whether what the next pass measures has begun: with copies before it
}

// pass begins a pass with timestamps at its begin or its end, or both; -1 is none.
func (s *stamper) pass(first, last int) js.Value {
	writes := map[string]any{"querySet": s.set}
	if first >= 0 {
		writes["beginningOfPassWriteIndex"] = first
	}
	if last >= 0 {
		writes["endOfPassWriteIndex"] = last
	}
	return s.encoder.Call("beginComputePass", map[string]any{"timestampWrites": writes})
}

// stamp writes one timestamp between two passes, as the begin or the end of a pass of nothing.
func (s *stamper) stamp(first, last int) { s.pass(first, last).Call("end") }

// dispatches begins the pass of the next dispatches.
func (s *stamper) dispatches() js.Value {
	first := s.next
	if s.begun {
		first = -1
	}
	s.begun = false
	s.next += 2
	return s.pass(first, s.next-1)
}

// encodeTimed gives every dispatch, with the copies before it, timestamps of its own, or all commands two where they
// are measured together, and resolves them into ticks. The set that it returns is to be destroyed after the
// submission.
func (d *jsDriver) encodeTimed(encoder js.Value, ops []command, ticks timestamps) js.Value {
	n := 2 * ticks.dispatches
	set := d.dev.Call("createQuerySet", map[string]any{"type": "timestamp", "count": n})
	s := &stamper{encoder: encoder, set: set}
	if n == 2 && slices.ContainsFunc(ops, func(o command) bool { return o.kernel == nil }) {
		s.stamp(0, -1)
		encodePlain(encoder, ops)
		s.stamp(-1, 1)
	} else {
		encode(encoder, ops, n > 2, s.dispatches, func() {
			if !s.begun && s.next < n {
				s.stamp(s.next, -1)
				s.begun = true
			}
		})
	}
	encoder.Call("resolveQuerySet", set, 0, n, ticks.buffer.(*jsBuffer).Value, 0)
	return set
}

func dispatchOn(pass js.Value, o command) {
	pass.Call("setPipeline", o.kernel.(*jsKernel).pipeline)
	pass.Call("setBindGroup", 0, o.group.(jsBindGroup).Value)
	pass.Call("dispatchWorkgroups", o.grid[0], o.grid[1], o.grid[2])
}

func copyOn(encoder js.Value, o command) {
	src := o.src.(*jsBuffer).Value
	if o.texture == nil {
		encoder.Call("copyBufferToBuffer", src, o.srcOff, o.dst.(*jsBuffer).Value, o.dstOff, o.size)
		return
	}
	rows := o.size / textureRow
	for _, part := range []struct{ row, rows, texels uint64 }{
		{0, rows, TextureWidth},
		{rows, 1, o.size % textureRow / texelBytes},
	} {
		if part.rows == 0 || part.texels == 0 {
			continue
		}
		encoder.Call("copyBufferToTexture",
			map[string]any{"buffer": src, "offset": o.srcOff + part.row*textureRow, "bytesPerRow": textureRow},
			map[string]any{"texture": o.texture.(*jsTexture).texture, "origin": []any{0, part.row}},
			[]any{part.texels, part.rows})
	}
}

func (d *jsDriver) mapped(b driverBuffer, dst []byte) error {
	buffer := b.(*jsBuffer)
	err := attempt(func() {
		data := buffer.Call("getMappedRange", 0, len(dst))
		js.CopyBytesToGo(dst, js.Global().Get("Uint8Array").New(data))
	})
	err = errors.Join(err, attempt(func() { buffer.Call("unmap") }))
	if err == nil && buffer.filled != nil {
		_, err = d.wait(buffer.filled) // here by now: it was asked for before the mapping
	}
	if err == nil {
		err = d.earlier() // what was read may lack what could not be written
	}
	return d.outcome(err)
}

func (d *jsDriver) poll(pending, time.Duration) {} // the event loop brings everything

// nap sleeps, which lets the event loop go on.
func nap(d time.Duration) { time.Sleep(max(d, time.Millisecond)) }

// tickPeriod is how many nanoseconds a tick lasts: one, by the specification, section 20.2.
func (d *jsDriver) tickPeriod() (ns float64, known bool) { return 1, true }

// close destroys the device as well: the collector knows nothing of the memory that one holds.
func (d *jsDriver) close() {
	attempt(func() {
		d.dev.Call("removeEventListener", "uncapturederror", d.onError)
		d.dev.Call("destroy")
	})
	d.onError.Release()
}

// jsPending waits for the answer to a scoped call.
type jsPending struct {
	driver *jsDriver
	answer *answer
}

// state reports the device's loss in place of any other outcome, for a browser then ends all that is
// under way as if it had been done.
func (p jsPending) state() (bool, error) {
	select {
	case <-p.answer.done:
		return true, p.driver.outcome(p.answer.err)
	default:
		return false, nil
	}
}

func (p jsPending) ready() <-chan struct{} { return p.answer.done }

func (jsPending) free() {} // callbacks release themselves
