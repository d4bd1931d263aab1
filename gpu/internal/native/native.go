//go:build !js

// Package native closes the gaps that the Go binding of wgpu-native leaves: it asks for devices with
// the reason of a refusal and with true limits, keeps every callback's state in C memory, where the Go
// collector cannot move or free it, catches errors that no scope caught and panics instead of letting wgpu
// abort, and encodes and sends a whole batch in one call. Everything else goes through the binding.
//
// No call here may run at the same time as another one on the same device: the caller holds one lock.
package native

/*
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "native.h"
#include "guard.h"
#include "submit.h"

typedef struct {
	WGPUDevice device;
	char *message;
	char *panic;
	uint32_t status;
	int called;
} deviceAnswer;

static int setOnce(_Atomic(char *) *slot, char const *message) {
	char *copy = strdup(message ? message : ""), *none = NULL;
	if (atomic_compare_exchange_strong(slot, &none, copy)) return 1;
	free(copy);
	return 0;
}

static void onError(uint32_t type, char const *message, void *userdata) {
	deviceState *s = userdata;
	if (setOnce(&s->error, message)) atomic_store(&s->errorType, type);
}

static void onLost(uint32_t reason, char const *message, void *userdata) {
	(void)reason;
	setOnce(&((deviceState *)userdata)->lost, message);
}

static void onDevice(uint32_t status, WGPUDevice device, char const *message, void *userdata) {
	deviceAnswer *a = userdata;
	a->device = device;
	a->status = status;
	a->message = strdup(message ? message : "");
	a->called = 1;
}

// An opening is the arguments and result of the guarded calls before there is a device.
typedef struct {
	WGPUInstance instance;
	WGPUFlags backends;
	WGPUAdapter adapter, *adapters;
	size_t count;
	WGPUDeviceDescriptor const *device;
	deviceAnswer *answer;
} opening;

static void createInstancePlain(void *v) {
	opening *o = v;
	WGPUInstanceExtras extras = {0}; // zeroed: the binding leaves two of its fields to chance
	extras.chain.sType = WGPUSType_InstanceExtras;
	extras.backends = o->backends;
	WGPUInstanceDescriptor d = {&extras.chain};
	o->instance = wgpuCreateInstance(&d);
}

static char *createInstance(opening *o) { return guarded(createInstancePlain, o); }

// enumerate gives the adapters in memory that the caller frees.
static void enumeratePlain(void *v) {
	opening *o = v;
	WGPUInstanceEnumerateAdapterOptions options = {NULL, o->backends};
	size_t most = wgpuInstanceEnumerateAdapters(o->instance, &options, NULL); // some may yet be plugged in
	o->adapters = calloc(most + 16, sizeof *o->adapters);
	o->count = most ? wgpuInstanceEnumerateAdapters(o->instance, &options, o->adapters) : 0;
}

static char *enumerate(opening *o) { return guarded(enumeratePlain, o); }

static void requestDevicePlain(void *v) {
	opening *o = v;
	wgpuAdapterRequestDevice(o->adapter, o->device, onDevice, o->answer);
}

static deviceAnswer requestDevice(WGPUAdapter adapter, char const *label, uint32_t const *features, size_t count,
		WGPULimits limits, deviceState *state) {
	deviceAnswer a = {0};
	WGPURequiredLimits required = {NULL, limits};
	WGPUDeviceDescriptor d = {0};
	d.label = label;
	d.requiredFeatures = features;
	d.requiredFeatureCount = count;
	d.requiredLimits = &required;
	d.deviceLostCallback = onLost;
	d.deviceLostUserdata = state;
	d.uncapturedErrorCallbackInfo.callback = onError;
	d.uncapturedErrorCallbackInfo.userdata = state;
	opening o = {.adapter = adapter, .device = &d, .answer = &a};
	a.panic = guarded(requestDevicePlain, &o);
	return a;
}

static char *takeError(deviceState *s, uint32_t *type) {
	*type = atomic_load(&s->errorType);
	return atomic_exchange(&s->error, NULL);
}

static char *lostMessage(deviceState *s) { return atomic_load(&s->lost); }

static void lose(deviceState *s, char const *message) { setOnce(&s->lost, message); }
*/
import "C"

import (
	"errors"
	"fmt"
	"reflect"
	"unsafe"

	"github.com/cogentcore/webgpu/wgpu"
)

// Instance is the door to all adapters of some backends.
type Instance struct{ ref C.WGPUInstance }

// NewInstance opens the given backends.
func NewInstance(backends wgpu.InstanceBackend) (*Instance, error) {
	o := C.opening{backends: C.WGPUFlags(backends)}
	if err := guard(func() *C.char { return C.createInstance(&o) }); err != nil {
		return nil, err
	}
	if o.instance == nil {
		return nil, errors.New("wgpu gave no instance")
	}
	return &Instance{o.instance}, nil
}

// Adapters lists the adapters of the given backends. Each wants its Release.
func (i *Instance) Adapters(backends wgpu.InstanceBackend) ([]*Adapter, error) {
	o := C.opening{instance: i.ref, backends: C.WGPUFlags(backends)}
	if err := guard(func() *C.char { return C.enumerate(&o) }); err != nil {
		return nil, err
	}
	defer C.free(unsafe.Pointer(o.adapters))
	adapters := make([]*Adapter, o.count)
	for k, ref := range unsafe.Slice(o.adapters, o.count) {
		adapters[k] = &Adapter{ref: ref}
	}
	return adapters, nil
}

// Release lets go of the instance; what was made from it goes on working.
func (i *Instance) Release() { C.wgpuInstanceRelease(i.ref) }

// Adapter is one GPU behind one backend.
type Adapter struct {
	ref  C.WGPUAdapter
	kept bool // its Release does nothing
}

// Info is what the backend says of an adapter, as it says it.
type Info struct {
	Vendor, Architecture, Device, Description string
	Backend                                   wgpu.BackendType
	Type                                      wgpu.AdapterType
	VendorID, DeviceID                        uint32
}

// Info copies the adapter's description and frees wgpu's own copy, which the binding leaks.
func (a *Adapter) Info() Info {
	var c C.WGPUAdapterInfo
	C.wgpuAdapterGetInfo(a.ref, &c)
	defer C.wgpuAdapterInfoFreeMembers(c)
	return Info{
		Vendor: C.GoString(c.vendor), Architecture: C.GoString(c.architecture),
		Device: C.GoString(c.device), Description: C.GoString(c.description),
		Backend: wgpu.BackendType(c.backendType), Type: wgpu.AdapterType(c.adapterType),
		VendorID: uint32(c.vendorID), DeviceID: uint32(c.deviceID),
	}
}

// Limits are those of webgpu.h that a compute program meets; sizes in bytes.
type Limits struct {
	MaxBufferSize, MaxStorageBufferBindingSize, MaxUniformBufferBindingSize      uint64
	MinStorageBufferOffsetAlignment, MinUniformBufferOffsetAlignment             uint32
	MaxStorageBuffersPerShaderStage                                              uint32
	MaxComputeWorkgroupStorageSize, MaxComputeInvocationsPerWorkgroup            uint32
	MaxComputeWorkgroupSizeX, MaxComputeWorkgroupSizeY, MaxComputeWorkgroupSizeZ uint32
	MaxComputeWorkgroupsPerDimension                                             uint32
}

// boundless is asked for where an adapter has no end of buffers: its own number for that, the highest one, stands for
// a limit that is not asked for, of which a device gets 256 MiB.
const boundless = 1 << 62

func (a *Adapter) limits() C.WGPULimits {
	var s C.WGPUSupportedLimits // no chained struct: its field comes back as garbage
	C.wgpuAdapterGetLimits(a.ref, &s)
	s.limits.maxBufferSize = min(s.limits.maxBufferSize, boundless)
	return s.limits
}

// Limits gives the best that the adapter offers.
func (a *Adapter) Limits() Limits {
	l := a.limits()
	return Limits{
		MaxBufferSize: uint64(l.maxBufferSize), MaxStorageBufferBindingSize: uint64(l.maxStorageBufferBindingSize),
		MaxUniformBufferBindingSize: uint64(l.maxUniformBufferBindingSize),
		MinStorageBufferOffsetAlignment: uint32(
			l.minStorageBufferOffsetAlignment,
		), MinUniformBufferOffsetAlignment: uint32(l.minUniformBufferOffsetAlignment),
		MaxStorageBuffersPerShaderStage: uint32(l.maxStorageBuffersPerShaderStage),
		MaxComputeWorkgroupStorageSize: uint32(
			l.maxComputeWorkgroupStorageSize,
		), MaxComputeInvocationsPerWorkgroup: uint32(l.maxComputeInvocationsPerWorkgroup),
		MaxComputeWorkgroupSizeX: uint32(
			l.maxComputeWorkgroupSizeX,
		), MaxComputeWorkgroupSizeY: uint32(l.maxComputeWorkgroupSizeY),
		MaxComputeWorkgroupSizeZ:         uint32(l.maxComputeWorkgroupSizeZ),
		MaxComputeWorkgroupsPerDimension: uint32(l.maxComputeWorkgroupsPerDimension),
	}
}

// Features lists what the adapter offers beyond the core of WebGPU.
func (a *Adapter) Features() []wgpu.FeatureName {
	n := C.wgpuAdapterEnumerateFeatures(a.ref, nil)
	if n == 0 {
		return nil
	}
	features := make([]wgpu.FeatureName, n)
	C.wgpuAdapterEnumerateFeatures(a.ref, (*C.uint32_t)(unsafe.Pointer(&features[0])))
	return features
}

// Release lets go of the adapter; devices opened on it go on working. After a refusal it does nothing:
// wgpu may have left a half-made device behind, whose threads crash when the driver is unloaded, as it is
// with the last of what an instance gave.
func (a *Adapter) Release() {
	if !a.kept {
		C.wgpuAdapterRelease(a.ref)
	}
}

// Device is a binding's device whose errors and loss are kept in C memory.
type Device struct {
	*wgpu.Device
	ref   C.WGPUDevice
	queue C.WGPUQueue // with a reference of its own to the device, as the binding gives it
	state *C.deviceState
}

// RequestDevice opens a device with all of the adapter's limits and the given features. The error holds
// wgpu's reason.
func (a *Adapter) RequestDevice(label string, features []wgpu.FeatureName) (d *Device, err error) {
	defer func() { a.kept = a.kept || err != nil }()
	name := C.CString(label)
	defer C.free(unsafe.Pointer(name))
	var list *C.uint32_t
	if len(features) > 0 {
		size := C.size_t(len(features)) * C.size_t(unsafe.Sizeof(features[0]))
		list = (*C.uint32_t)(C.malloc(size))
		defer C.free(unsafe.Pointer(list))
		copy(unsafe.Slice((*wgpu.FeatureName)(unsafe.Pointer(list)), len(features)), features)
	}
	// Never freed: wgpu may call back as late as the end of the process.
	state := (*C.deviceState)(C.calloc(1, C.size_t(unsafe.Sizeof(C.deviceState{}))))
	var answer C.deviceAnswer
	err = guard(func() *C.char {
		answer = C.requestDevice(a.ref, name, list, C.size_t(len(features)), a.limits(), state)
		return answer.panic
	})
	if err != nil {
		return nil, err
	}
	defer C.free(unsafe.Pointer(answer.message))
	if answer.called == 0 {
		return nil, errors.New("wgpu gave no answer")
	}
	if answer.status != 0 || answer.device == nil {
		return nil, errors.New(C.GoString(answer.message))
	}
	d = &Device{Device: &wgpu.Device{}, ref: answer.device, state: state}
	*field(d.Device, "ref") = unsafe.Pointer(answer.device)
	d.queue = C.WGPUQueue(*field(d.GetQueue(), "ref"))
	return d, nil
}

// Error takes the first error since the last call that no scope caught, or nil.
func (d *Device) Error() *wgpu.Error {
	var kind C.uint32_t
	message := C.takeError(d.state, &kind)
	if message == nil {
		return nil
	}
	defer C.free(unsafe.Pointer(message))
	return &wgpu.Error{Type: wgpu.ErrorType(kind), Message: C.GoString(message)}
}

// Lost reports whether the device is lost, and wgpu's message about it.
func (d *Device) Lost() (string, bool) {
	message := C.lostMessage(d.state)
	if message == nil {
		return "", false
	}
	return C.GoString(message), true
}

// Lose notes that the device is lost where wgpu does not call back about it; the first reason stands.
// Nothing of wgpu may be called for a lost device any more: much of it would panic.
func (d *Device) Lose(why string) {
	c := C.CString(why)
	defer C.free(unsafe.Pointer(c))
	C.lose(d.state, c)
}

// adopt makes object, one of the binding's, own ref and a reference to the device; its Release gives
// both back.
func (d *Device) adopt(object any, ref unsafe.Pointer) {
	C.wgpuDeviceReference(d.ref)
	*field(object, "ref") = ref
	*field(object, "deviceRef") = unsafe.Pointer(d.ref)
}

// field gives the binding's private pointer of that name. The version of the binding is fixed; one that
// has no such field stops the first use of a device with this message.
func field(object any, name string) *unsafe.Pointer {
	f := reflect.ValueOf(object).Elem().FieldByName(name)
	if !f.IsValid() || f.Kind() != reflect.Pointer && f.Kind() != reflect.UnsafePointer {
		panic(
			fmt.Sprintf(
				"native: %T has no pointer %q: this package is written for github.com/cogentcore/webgpu v0.23.0",
				object,
				name,
			),
		)
	}
	return (*unsafe.Pointer)(f.Addr().UnsafePointer())
}
