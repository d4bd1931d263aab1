// A Vulkan layer for the tests: it makes calls fail as hardware does. While the file that GPUCONV_FAULTS
// names exists, it holds lines of "function result", and each call of such a function returns that result
// (-2 no device memory, -4 device lost) and does nothing else. A line "memory bytes" leaves the device no
// more memory than that. The file is looked at on every call, so that a program can begin and end the
// trouble as it runs. It serves one driver at a time.
//
// The structures are those of the loader's layer interface (LoaderLayerInterface.md and vk_layer.h).
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void (*function)(void);
typedef function (*getProc)(void *, char const *);
typedef int32_t (*create)(void *, void const *, void const *, void *); // of vkCreateDevice
typedef int32_t (*createInstance)(void const *, void const *, void *);

typedef struct link {
	struct link *next;
	getProc instanceProc, otherProc; // the other one is the device's, in a device's link
} link;

typedef struct chain {
	int32_t type;
	struct chain const *next;
	int32_t function;
	link *layers;
} chain;

enum { loaderInstance = 47, loaderDevice = 48, linkInfo = 0 };

// descend finds the loader's link in a chain and moves it on to the layer below.
static link *descend(void const *createInfo, int32_t type) {
	chain *c = *(chain **)((char *)createInfo + 8); // pNext, after sType
	while (c && !(c->type == type && c->function == linkInfo)) c = (chain *)c->next;
	if (!c) return NULL;
	link *here = c->layers;
	c->layers = here->next;
	return here;
}

// fault gives the result that the file wants for a function, 0 for none.
static int fault(char const *name) {
	char const *path = getenv("GPUCONV_FAULTS");
	FILE *f = path ? fopen(path, "r") : NULL;
	if (!f) return 0;
	char function[64];
	int wanted, result = 0;
	while (fscanf(f, "%63s %d", function, &wanted) == 2)
		if (!strcmp(function, name)) result = wanted;
	fclose(f);
	return result;
}

// Every function that may fail takes at most seven words, which all calling conventions of 64-bit systems
// other than Windows pass alike, so one shape of hook serves all.
#define FAULTY(X) \
	X(vkAllocateMemory) X(vkMapMemory) X(vkBindBufferMemory) X(vkCreateBuffer) X(vkCreateFence) X(vkCreateSemaphore) \
	X(vkCreateImage) X(vkCreateImageView) X(vkBindImageMemory) \
	X(vkCreateShaderModule) X(vkCreatePipelineLayout) X(vkCreateDescriptorSetLayout) X(vkCreateComputePipelines) \
	X(vkCreateDescriptorPool) X(vkAllocateDescriptorSets) X(vkCreateCommandPool) X(vkAllocateCommandBuffers) \
	X(vkBeginCommandBuffer) X(vkEndCommandBuffer) X(vkCreateQueryPool) X(vkQueueSubmit) X(vkGetFenceStatus) \
	X(vkWaitForFences) X(vkGetSemaphoreCounterValue) X(vkGetSemaphoreCounterValueKHR) X(vkWaitSemaphores) X(vkWaitSemaphoresKHR) \
	X(vkInvalidateMappedMemoryRanges) X(vkFlushMappedMemoryRanges) X(vkDeviceWaitIdle) X(vkQueueWaitIdle) X(vkResetCommandPool)

typedef intptr_t word;
typedef int32_t (*anyCall)(word, word, word, word, word, word, word);

#define HOOK(name) \
	static anyCall next_##name; \
	static int32_t my_##name(word a, word b, word c, word d, word e, word f, word g) { \
		int wanted = fault(#name); \
		return wanted ? wanted : next_##name(a, b, c, d, e, f, g); \
	}
FAULTY(HOOK)

// Of devices and memory the layer keeps count, in the file that GPUCONV_COUNTS names: a driver's own memory
// is where leaks would hide.
static atomic_int devices, memories;

static void count(atomic_int *what, int by) {
	atomic_fetch_add(what, by);
	char const *path = getenv("GPUCONV_COUNTS");
	FILE *f = path ? fopen(path, "w") : NULL;
	if (!f) return;
	fprintf(f, "%d %d", devices, memories);
	fclose(f);
}

// The memory that lives, for a device that has not more than the file says.
typedef struct memory {
	struct memory *next;
	word handle;
	int64_t size;
} memory;

static memory *live;
static int64_t used;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

// add takes memory of a size, below the layer, where there is room.
static int32_t add(int64_t size, word device, word info, word allocator, word out) {
	int64_t most = fault("memory");
	if (most && used + size > most) return -2;
	int32_t result = my_vkAllocateMemory(device, info, allocator, out, 0, 0, 0);
	if (result) return result;
	memory *m = malloc(sizeof *m);
	*m = (memory){live, *(word *)out, size};
	live = m;
	used += size;
	count(&memories, 1);
	return 0;
}

static int32_t countAllocateMemory(word device, word info, word allocator, word out, word e, word f, word g) {
	pthread_mutex_lock(&lock);
	int32_t result = add(*(int64_t *)(info + 16), device, info, allocator, out); // allocationSize, after sType and pNext
	pthread_mutex_unlock(&lock);
	return result;
}

static anyCall next_vkFreeMemory, next_vkDestroyDevice;

static void countFreeMemory(word device, word handle, word allocator) {
	pthread_mutex_lock(&lock);
	next_vkFreeMemory(device, handle, allocator, 0, 0, 0, 0);
	for (memory **at = &live; handle && *at; at = &(*at)->next) {
		memory *m = *at;
		if (m->handle != handle) continue;
		*at = m->next;
		used -= m->size;
		free(m);
		count(&memories, -1);
		break;
	}
	pthread_mutex_unlock(&lock);
}

static void countDestroyDevice(word device, word allocator) {
	next_vkDestroyDevice(device, allocator, 0, 0, 0, 0, 0);
	count(&devices, -1);
}

static getProc nextInstance, nextDevice;

static int32_t myCreateInstance(void const *info, void const *allocator, void *out) {
	link *l = descend(info, loaderInstance);
	if (!l) return -3;
	nextInstance = l->instanceProc;
	int32_t result = fault("vkCreateInstance");
	if (result) return result;
	return ((createInstance)nextInstance(NULL, "vkCreateInstance"))(info, allocator, out);
}

static int32_t myCreateDevice(void *gpu, void const *info, void const *allocator, void *out) {
	link *l = descend(info, loaderDevice);
	if (!l) return -3;
	nextDevice = l->otherProc;
	int32_t result = fault("vkCreateDevice");
	if (result == 0) result = ((create)l->instanceProc(NULL, "vkCreateDevice"))(gpu, info, allocator, out);
	if (result == 0) count(&devices, 1);
	return result;
}

function vkGetDeviceProcAddr(void *device, char const *name) {
	function below = nextDevice(device, name);
	if (!below) return NULL;
#define TAKE(f) if (!strcmp(name, #f)) { next_##f = (anyCall)below; return (function)my_##f; }
	if (!strcmp(name, "vkAllocateMemory")) { next_vkAllocateMemory = (anyCall)below; return (function)countAllocateMemory; }
	if (!strcmp(name, "vkFreeMemory")) { next_vkFreeMemory = (anyCall)below; return (function)countFreeMemory; }
	if (!strcmp(name, "vkDestroyDevice")) { next_vkDestroyDevice = (anyCall)below; return (function)countDestroyDevice; }
	FAULTY(TAKE)
	return below;
}

function vkGetInstanceProcAddr(void *instance, char const *name) {
	if (!strcmp(name, "vkCreateInstance")) return (function)myCreateInstance;
	if (!strcmp(name, "vkCreateDevice")) return (function)myCreateDevice;
	if (!strcmp(name, "vkGetDeviceProcAddr")) return (function)vkGetDeviceProcAddr;
	if (!strcmp(name, "vkGetInstanceProcAddr")) return (function)vkGetInstanceProcAddr;
	return nextInstance ? nextInstance(instance, name) : NULL;
}
