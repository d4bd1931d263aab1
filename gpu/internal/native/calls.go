//go:build !js

package native

/*
#include <stdatomic.h>
#include <stdlib.h>
#include "native.h"
#include "guard.h"

typedef struct {
	_Atomic int done;
	uint32_t status;
} pendingState;

static void onDone(uint32_t status, void *userdata) {
	pendingState *p = userdata;
	p->status = status;
	atomic_store(&p->done, 1);
}

static int isDone(pendingState *p) { return atomic_load(&p->done); }

// A call is the arguments of one guarded call, each of which takes what it needs.
typedef struct {
	WGPUDevice device;
	WGPUQueue queue;
	void *object;
	void const *data;
	char const *label;
	uint64_t offset, size;
	uint32_t kind;
	void *result;
} call;

#define PLAIN(name, body) static void name##Plain(void *v) { call *c = v; body; }
#define GUARDED(name, body) PLAIN(name, body) static char *name(call *c) { return guarded(name##Plain, c); }
#define DEEP(name, body) PLAIN(name, body) static char *name(call *c) { return guardedDeep(name##Plain, c, c->size); }

GUARDED(createBuffer, ({
	WGPUBufferDescriptor d = {NULL, c->label, c->kind, c->size, 0};
	c->result = wgpuDeviceCreateBuffer(c->device, &d);
}))
GUARDED(createQuerySet, ({
	WGPUQuerySetDescriptor d = {NULL, NULL, c->kind, (uint32_t)c->size};
	c->result = wgpuDeviceCreateQuerySet(c->device, &d);
}))
DEEP(createShaderModule, ({
	WGPUShaderModuleWGSLDescriptor wgsl = {{NULL, WGPUSType_ShaderModuleWGSLDescriptor}, c->data};
	WGPUShaderModuleDescriptor d = {&wgsl.chain, c->label, 0, NULL};
	c->result = wgpuDeviceCreateShaderModule(c->device, &d);
}))
DEEP(createComputePipeline, ({
	void *const *objects = c->object; // layout, module
	WGPUComputePipelineDescriptor d = {NULL, c->label, objects[0], {NULL, objects[1], c->data, 0, NULL}};
	c->result = wgpuDeviceCreateComputePipeline(c->device, &d);
}))
GUARDED(submit, ({ void *commands = c->object; wgpuQueueSubmitForIndex(c->queue, 1, &commands); }))
GUARDED(poll, wgpuDevicePoll(c->device, 0, NULL))
GUARDED(workDone, wgpuQueueOnSubmittedWorkDone(c->queue, onDone, c->object))
GUARDED(mapRead, wgpuBufferMapAsync(c->object, 1, 0, c->size, onDone, c->result))
GUARDED(mapped, c->result = (void *)wgpuBufferGetConstMappedRange(c->object, 0, c->size))
GUARDED(unmap, wgpuBufferUnmap(c->object))
GUARDED(releaseDevice, ({ wgpuQueueRelease(c->queue); wgpuDeviceRelease(c->device); wgpuDeviceRelease(c->device); }))
GUARDED(writePlain, wgpuQueueWriteBuffer(c->queue, c->object, c->offset, c->data, c->size))

// Go's memory may be an argument, but not lie within one.
static char *writeBuffer(call *c, void const *data) {
	call mine = *c;
	mine.data = data;
	return writePlain(&mine);
}
*/
import "C"

import (
	"errors"
	"runtime"
	"strings"
	"unsafe"

	"github.com/cogentcore/webgpu/wgpu"
)

// ErrPanic is about a call in which wgpu panicked. The call did nothing that lasts.
var ErrPanic = errors.New("wgpu gave up")

// guard makes one guarded call. A thread on which Rust panicked is spoilt (see guard.c): it ends with the
// goroutine that is locked to it.
func guard(call func() *C.char) error {
	answer := make(chan *C.char)
	go func() {
		runtime.LockOSThread()
		message := call()
		if message == nil {
			runtime.UnlockOSThread()
		}
		answer <- message
	}()
	return panicked(<-answer)
}

// panicked turns what a guarded call returned into an error.
func panicked(message *C.char) error {
	if message == nil {
		return nil
	}
	defer C.free(unsafe.Pointer(message))
	return &panicError{C.GoString(message)}
}

type panicError struct{ message string }

func (e *panicError) Error() string { return strings.TrimSpace(e.message) }

func (e *panicError) Is(target error) bool { return target == ErrPanic }

// text gives C a string that lives until the function it returns is called.
func text(s string) (*C.char, func()) {
	c := C.CString(s)
	return c, func() { C.free(unsafe.Pointer(c)) }
}

// CreateBuffer makes a buffer. Like everything that is created here it must be released even where
// Error then tells of a mistake; only a panic gives none.
func (d *Device) CreateBuffer(label string, size uint64, usage wgpu.BufferUsage) (*wgpu.Buffer, error) {
	name, free := text(label)
	defer free()
	c := C.call{device: d.ref, label: name, size: C.uint64_t(size), kind: C.uint32_t(usage)}
	if err := guard(func() *C.char { return C.createBuffer(&c) }); err != nil {
		return nil, err
	}
	b := &wgpu.Buffer{}
	d.adopt(b, c.result)
	return b, nil
}

// CreateTimestamps makes a set of timestamp queries.
func (d *Device) CreateTimestamps(count uint32) (*wgpu.QuerySet, error) {
	c := C.call{device: d.ref, size: C.uint64_t(count), kind: C.uint32_t(wgpu.QueryTypeTimestamp)}
	if err := guard(func() *C.char { return C.createQuerySet(&c) }); err != nil {
		return nil, err
	}
	set := &wgpu.QuerySet{}
	*field(set, "ref") = c.result
	return set, nil
}

// stackFor is enough for whatever a text may say: no construct of WGSL was found that takes more than
// three kilobytes of stack for each of its bytes (open parentheses do). Only what is used of it costs memory.
func stackFor(wgsl string) C.uint64_t { return 16<<20 + 8192*C.uint64_t(len(wgsl)) }

// CreateShaderModule compiles WGSL.
func (d *Device) CreateShaderModule(label, wgsl string) (*wgpu.ShaderModule, error) {
	name, free := text(label)
	defer free()
	code, freeCode := text(wgsl)
	defer freeCode()
	c := C.call{device: d.ref, label: name, data: unsafe.Pointer(code), size: stackFor(wgsl)}
	if err := panicked(C.createShaderModule(&c)); err != nil {
		return nil, err
	}
	module := &wgpu.ShaderModule{}
	*field(module, "ref") = c.result
	return module, nil
}

// CreateComputePipeline compiles one entry point of a module of that WGSL for the device.
func (d *Device) CreateComputePipeline(label string, layout *wgpu.PipelineLayout, module *wgpu.ShaderModule, wgsl, entry string) (*wgpu.ComputePipeline, error) {
	name, free := text(label)
	defer free()
	point, freePoint := text(entry)
	defer freePoint()
	objects := (*[2]unsafe.Pointer)(C.malloc(C.size_t(2 * unsafe.Sizeof(unsafe.Pointer(nil)))))
	defer C.free(unsafe.Pointer(objects))
	*objects = [2]unsafe.Pointer{*field(layout, "ref"), *field(module, "ref")}
	c := C.call{device: d.ref, label: name, object: unsafe.Pointer(objects), data: unsafe.Pointer(point), size: stackFor(wgsl)}
	if err := panicked(C.createComputePipeline(&c)); err != nil {
		return nil, err
	}
	pipeline := &wgpu.ComputePipeline{}
	*field(pipeline, "ref") = c.result
	return pipeline, nil
}

// Write copies data into a buffer, before what is submitted next.
func (d *Device) Write(b *wgpu.Buffer, offset uint64, data []byte) error {
	c := C.call{queue: d.queue, object: *field(b, "ref"), offset: C.uint64_t(offset), size: C.uint64_t(len(data))}
	return guard(func() *C.char { return C.writeBuffer(&c, unsafe.Pointer(unsafe.SliceData(data))) })
}

// Submit sends commands to the GPU.
func (d *Device) Submit(commands *wgpu.CommandBuffer) error {
	c := C.call{queue: d.queue, object: *field(commands, "ref")}
	return guard(func() *C.char { return C.submit(&c) })
}

// Poll lets finished work call back. It never waits: wgpu's own waiting gives up after 5 s and then
// reports work as done that is not.
func (d *Device) Poll() error {
	c := C.call{device: d.ref}
	return guard(func() *C.char { return C.poll(&c) })
}

// Close gives back the queue and the device.
func (d *Device) Close() error {
	c := C.call{device: d.ref, queue: d.queue}
	return guard(func() *C.char { return C.releaseDevice(&c) })
}

// Pending is something that the GPU will say when it is done.
type Pending struct{ state *C.pendingState }

func newPending() Pending {
	return Pending{(*C.pendingState)(C.calloc(1, C.size_t(unsafe.Sizeof(C.pendingState{}))))}
}

// Done reports whether the callback came, and its status (0 is success).
func (p Pending) Done() (status uint32, done bool) {
	if C.isDone(p.state) == 0 {
		return 0, false
	}
	return uint32(p.state.status), true
}

// Free may be called only once Done reported true: until then wgpu holds the memory.
func (p Pending) Free() { C.free(unsafe.Pointer(p.state)) }

// WorkDone is done when all that was submitted so far is.
func (d *Device) WorkDone() (Pending, error) {
	p := newPending()
	c := C.call{queue: d.queue, object: unsafe.Pointer(p.state)}
	return p, guard(func() *C.char { return C.workDone(&c) })
}

// MapRead is done when the first size bytes of b can be read by Mapped.
func (d *Device) MapRead(b *wgpu.Buffer, size uint64) (Pending, error) {
	p := newPending()
	c := C.call{object: *field(b, "ref"), size: C.uint64_t(size), result: unsafe.Pointer(p.state)}
	return p, guard(func() *C.char { return C.mapRead(&c) })
}

// Mapped is the memory of a mapped buffer, valid until Unmap.
func (d *Device) Mapped(b *wgpu.Buffer, size uint64) ([]byte, error) {
	c := C.call{object: *field(b, "ref"), size: C.uint64_t(size)}
	if err := guard(func() *C.char { return C.mapped(&c) }); err != nil {
		return nil, err
	}
	if c.result == nil {
		return nil, errors.New("wgpu mapped no memory")
	}
	return unsafe.Slice((*byte)(c.result), size), nil
}

// Unmap ends what MapRead began.
func (d *Device) Unmap(b *wgpu.Buffer) error {
	c := C.call{object: *field(b, "ref")}
	return guard(func() *C.char { return C.unmap(&c) })
}
