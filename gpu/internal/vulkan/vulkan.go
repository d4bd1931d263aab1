//go:build !js

// Package vulkan asks the Vulkan loader for what wgpu does not pass on: the name and version of the
// driver behind each GPU. It loads the loader at run time and needs no header; where there is no
// loader, it knows nothing.
package vulkan

/*
#cgo linux LDFLAGS: -ldl
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <windows.h>
#define VKAPI __stdcall
static void *loader(void) { return (void *)LoadLibraryA("vulkan-1.dll"); }
static void *symbol(void *l, char const *name) { return (void *)GetProcAddress((HMODULE)l, name); }
#else
#include <dlfcn.h>
#define VKAPI
static void *loader(void) {
	void *l = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
	return l ? l : dlopen("libvulkan.dylib", RTLD_NOW | RTLD_LOCAL);
}
static void *symbol(void *l, char const *name) { return dlsym(l, name); }
#endif

// The structures are those of the Vulkan 1.2 specification, chapters 4 and 5; limits and sparse
// properties, which nobody here reads, are room.
typedef struct {
	int32_t sType; void const *pNext;
	char const *app; uint32_t appVersion; char const *engine; uint32_t engineVersion, apiVersion;
} ApplicationInfo;
typedef struct {
	int32_t sType; void const *pNext; uint32_t flags; ApplicationInfo const *app;
	uint32_t layers; char const *const *layerNames; uint32_t extensions; char const *const *extensionNames;
} InstanceCreateInfo;
typedef struct {
	uint32_t apiVersion, driverVersion, vendorID, deviceID, type; char name[256]; uint8_t uuid[16];
	uint64_t room[256];
} Properties;
typedef struct { int32_t sType; void *pNext; Properties p; } Properties2;
typedef struct {
	int32_t sType; void *pNext; uint32_t driverID; char name[256], info[256]; uint8_t conformance[4];
} DriverProperties;

typedef struct { uint32_t vendorID, deviceID; char device[256], name[256], info[256]; } driver;

// drivers fills at most max entries and gives their number.
static uint32_t drivers(driver *out, uint32_t max) {
	void *l = loader();
	if (!l) return 0;
	void *(VKAPI *getProc)(void *, char const *) = symbol(l, "vkGetInstanceProcAddr");
	if (!getProc) return 0;
	int32_t (VKAPI *create)(InstanceCreateInfo const *, void const *, void **) = getProc(NULL, "vkCreateInstance");
	if (!create) return 0;
	ApplicationInfo app = {0, NULL, "gpuconv", 1, NULL, 0, 1u << 22 | 1u << 12}; // Vulkan 1.1
	InstanceCreateInfo info = {1, NULL, 0, &app, 0, NULL, 0, NULL};
	void *instance = NULL;
	if (create(&info, NULL, &instance) != 0) return 0;
	int32_t (VKAPI *enumerate)(void *, uint32_t *, void **) = getProc(instance, "vkEnumeratePhysicalDevices");
	void (VKAPI *properties)(void *, Properties2 *) = getProc(instance, "vkGetPhysicalDeviceProperties2");
	void (VKAPI *destroy)(void *, void const *) = getProc(instance, "vkDestroyInstance");
	void *devices[64];
	uint32_t n = 64 < max ? 64 : max;
	if (!enumerate || !properties || enumerate(instance, &n, devices) < 0) n = 0;
	for (uint32_t i = 0; i < n; i++) {
		DriverProperties d = {1000196000};
		Properties2 p = {1000059001, &d};
		properties(devices[i], &p);
		out[i].vendorID = p.p.vendorID;
		out[i].deviceID = p.p.deviceID;
		memcpy(out[i].device, p.p.name, 256);
		memcpy(out[i].name, d.name, 256);
		memcpy(out[i].info, d.info, 256);
	}
	if (destroy) destroy(instance, NULL);
	return n;
}
*/
import "C"

// Driver is one GPU that Vulkan sees and the driver behind it.
type Driver struct {
	VendorID, DeviceID uint32
	Device             string // the GPU's name
	Name, Version      string // e.g. "llvmpipe", "Mesa 22.3.6 (LLVM 15.0.6)"
}

// Drivers lists the GPUs that the Vulkan loader sees, none where there is no loader.
func Drivers() []Driver {
	const most = 64
	buffer := make([]C.driver, most)
	n := C.drivers(&buffer[0], most)
	list := make([]Driver, n)
	for i := range list {
		c := &buffer[i]
		list[i] = Driver{
			VendorID: uint32(c.vendorID), DeviceID: uint32(c.deviceID),
			Device: C.GoString(&c.device[0]), Name: C.GoString(&c.name[0]), Version: C.GoString(&c.info[0]),
		}
	}
	return list
}
