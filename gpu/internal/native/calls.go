//go:build !js

package native

/*
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "native.h"
#include "guard.h"
#include "submit.h"

static int isDone(pendingState *p) { return atomic_load(&p->left) == 0; }

// nap sleeps to some tens of microseconds, where Go's own timers know only milliseconds.
#ifdef _WIN32
__declspec(dllimport) int __stdcall SwitchToThread(void);
static void yieldThread(void) { SwitchToThread(); }
static void nap(uint64_t nanoseconds) { (void)nanoseconds; }
#else
#include <sched.h>
#include <time.h>
static void yieldThread(void) { sched_yield(); }
static void nap(uint64_t nanoseconds) {
	struct timespec t = {nanoseconds / 1000000000, nanoseconds % 1000000000};
	nanosleep(&t, NULL);
}
#endif

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
GUARDED(createTexture, ({
	WGPUExtent3D size = {RowTexels, c->kind, 1};
	WGPUTextureDescriptor d = {NULL, c->label, WGPUTextureUsage_CopyDst | WGPUTextureUsage_StorageBinding,
		WGPUTextureDimension_2D, size, WGPUTextureFormat_RGBA32Float, 1, 1, 0, NULL};
	c->result = wgpuDeviceCreateTexture(c->device, &d);
}))
GUARDED(createView, c->result = wgpuTextureCreateView(c->object, NULL))
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
GUARDED(poll, wgpuDevicePoll(c->device, 0, NULL))
GUARDED(readPlain, ({
	void const *data = wgpuBufferGetConstMappedRange(c->object, 0, c->size);
	if (data) memcpy(c->result, data, c->size);
	c->kind = data != NULL;
	wgpuBufferUnmap(c->object);
}))
GUARDED(releaseDevice, ({ wgpuQueueRelease(c->queue); wgpuDeviceRelease(c->device); wgpuDeviceRelease(c->device); }))
GUARDED(writePlain, wgpuQueueWriteBuffer(c->queue, c->object, c->offset, c->data, c->size))

// Go's memory may be an argument, but not lie within one.
static char *writeBuffer(call *c, void const *data) {
	call mine = *c;
	mine.data = data;
	return writePlain(&mine);
}

static char *readMapped(call *c, void *result) {
	call mine = *c;
	mine.result = result;
	char *message = readPlain(&mine);
	c->kind = mine.kind;
	return message;
}
*/
import "C"

import (
	"errors"
	"runtime"
	"strings"
	"time"
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

// Texture is a texture of rows of 1024 texels, each of four float32 numbers, and the view of it that kernels read.
type Texture struct {
	*wgpu.Texture
	View *wgpu.TextureView // nil until CreateView
}

// RowBytes is the size of a texture's row.
const RowBytes = C.RowBytes

// CreateTexture makes a texture of so many rows, without its view.
func (d *Device) CreateTexture(label string, rows uint32) (*Texture, error) {
	name, free := text(label)
	defer free()
	c := C.call{device: d.ref, label: name, kind: C.uint32_t(rows)}
	if err := guard(func() *C.char { return C.createTexture(&c) }); err != nil {
		return nil, err
	}
	t := &Texture{Texture: &wgpu.Texture{}}
	d.adopt(t.Texture, c.result)
	return t, nil
}

// CreateView makes the view of a texture that is right.
func (t *Texture) CreateView() error {
	c := C.call{object: *field(t.Texture, "ref")}
	if err := guard(func() *C.char { return C.createView(&c) }); err != nil {
		return err
	}
	t.View = &wgpu.TextureView{}
	*field(t.View, "ref") = c.result
	return nil
}

// Release gives back the texture and its view.
func (t *Texture) Release() {
	if t.View != nil {
		t.View.Release()
	}
	t.Texture.Release()
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
func (d *Device) CreateComputePipeline(
	label string,
	layout *wgpu.PipelineLayout,
	module *wgpu.ShaderModule,
	wgsl, entry string,
) (*wgpu.ComputePipeline, error) {
	name, free := text(label)
	defer free()
	point, freePoint := text(entry)
	defer freePoint()
	objects := (*[2]unsafe.Pointer)(C.malloc(C.size_t(2 * unsafe.Sizeof(unsafe.Pointer(nil)))))
	defer C.free(unsafe.Pointer(objects))
	*objects = [2]unsafe.Pointer{*field(layout, "ref"), *field(module, "ref")}
	c := C.call{
		device: d.ref,
		label:  name,
		object: unsafe.Pointer(objects),
		data:   unsafe.Pointer(point),
		size:   stackFor(wgsl),
	}
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

// Poll lets finished work call back, again and again until that is true of p or the time is up; without
// a time, once. It never lets wgpu wait: wgpu's own waiting keeps others from submitting, gives up after 5 s
// and then reports work as done that is not.
func (d *Device) Poll(p Pending, most time.Duration) error {
	c := C.call{device: d.ref}
	begun := time.Now()
	return guard(func() *C.char {
		for {
			message := C.poll(&c)
			if message != nil || most == 0 || p.landed() || time.Since(begun) >= most {
				return message
			}
		}
	})
}

// Nap sleeps, more exactly than time.Sleep where the system can. For no time, it lets other goroutines and
// threads run first, such as a software adapter's, which do the work that is waited for.
func Nap(d time.Duration) {
	switch {
	case d == 0:
		runtime.Gosched()
		C.yieldThread()
	case runtime.GOOS == "windows" || d > time.Millisecond:
		time.Sleep(d) // which leaves the thread to other goroutines
	default:
		C.nap(C.uint64_t(d))
	}
}

// Close gives back the queue and the device.
func (d *Device) Close() error {
	c := C.call{device: d.ref, queue: d.queue}
	return guard(func() *C.char { return C.releaseDevice(&c) })
}

// Pending is something that the GPU will say when it is done. The zero value is nothing.
type Pending struct{ state *C.pendingState }

func newPending() Pending {
	p := Pending{(*C.pendingState)(C.calloc(1, C.size_t(unsafe.Sizeof(C.pendingState{}))))}
	p.state.left = 1 // until submit knows better
	return p
}

func (p Pending) landed() bool { return p.state != nil && C.isDone(p.state) != 0 }

// Done reports whether all callbacks came, and the status of the first one without success (0 is success).
func (p Pending) Done() (status uint32, done bool) {
	if !p.landed() {
		return 0, false
	}
	return uint32(p.state.status), true
}

// Free may be called only once Done reported true: until then wgpu holds the memory.
func (p Pending) Free() { C.free(unsafe.Pointer(p.state)) }

// ReadMapped copies from a buffer that a submission mapped, and unmaps it.
func (d *Device) ReadMapped(b *wgpu.Buffer, dst []byte) error {
	c := C.call{object: *field(b, "ref"), size: C.uint64_t(len(dst))}
	if err := guard(func() *C.char { return C.readMapped(&c, unsafe.Pointer(unsafe.SliceData(dst))) }); err != nil {
		return err
	}
	if c.kind == 0 {
		return errors.New("wgpu mapped no memory")
	}
	return nil
}
