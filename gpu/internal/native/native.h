// The few functions and structs of webgpu.h and wgpu.h that the Go binding wraps in a way that loses
// errors or memory. Declared here because the binding's header cannot be included from another module;
// the layouts are those of the header in github.com/cogentcore/webgpu v0.23.0, wgpu/lib.
#ifndef GPUCONV_NATIVE_H
#define GPUCONV_NATIVE_H

#include <stdint.h>
#include <stddef.h>

typedef void *WGPUInstance, *WGPUAdapter, *WGPUDevice, *WGPUQueue, *WGPUBuffer, *WGPUQuerySet,
	*WGPUCommandEncoder, *WGPUCommandBuffer, *WGPUComputePassEncoder, *WGPUShaderModule, *WGPUPipelineLayout,
	*WGPUComputePipeline, *WGPUBindGroup, *WGPUTexture, *WGPUTextureView;
typedef uint32_t WGPUFlags, WGPUBool;

typedef struct WGPUChainedStruct {
	struct WGPUChainedStruct const *next;
	uint32_t sType;
} WGPUChainedStruct;

enum { WGPUSType_ShaderModuleWGSLDescriptor = 6, WGPUSType_InstanceExtras = 0x00030006 };
enum { WGPUQueryType_Timestamp = 1, WGPUMapMode_Read = 1 };
enum { WGPUTextureUsage_CopyDst = 2, WGPUTextureUsage_StorageBinding = 8 };
enum { WGPUTextureDimension_2D = 1, WGPUTextureFormat_RGBA32Float = 0x23 };
#define WGPU_QUERY_SET_INDEX_UNDEFINED 0xffffffffu

typedef struct WGPUInstanceExtras {
	WGPUChainedStruct chain;
	WGPUFlags backends;
	WGPUFlags flags;
	uint32_t dx12ShaderCompiler;
	uint32_t gles3MinorVersion;
	char const *dxilPath;
	char const *dxcPath;
} WGPUInstanceExtras;

typedef struct WGPUInstanceDescriptor {
	WGPUChainedStruct const *nextInChain;
} WGPUInstanceDescriptor;

typedef struct WGPUInstanceEnumerateAdapterOptions {
	WGPUChainedStruct const *nextInChain;
	WGPUFlags backends;
} WGPUInstanceEnumerateAdapterOptions;

typedef struct WGPUAdapterInfo {
	void *nextInChain;
	char const *vendor;
	char const *architecture;
	char const *device;
	char const *description;
	uint32_t backendType;
	uint32_t adapterType;
	uint32_t vendorID;
	uint32_t deviceID;
} WGPUAdapterInfo;

typedef struct WGPULimits {
	uint32_t maxTextureDimension1D;
	uint32_t maxTextureDimension2D;
	uint32_t maxTextureDimension3D;
	uint32_t maxTextureArrayLayers;
	uint32_t maxBindGroups;
	uint32_t maxBindGroupsPlusVertexBuffers;
	uint32_t maxBindingsPerBindGroup;
	uint32_t maxDynamicUniformBuffersPerPipelineLayout;
	uint32_t maxDynamicStorageBuffersPerPipelineLayout;
	uint32_t maxSampledTexturesPerShaderStage;
	uint32_t maxSamplersPerShaderStage;
	uint32_t maxStorageBuffersPerShaderStage;
	uint32_t maxStorageTexturesPerShaderStage;
	uint32_t maxUniformBuffersPerShaderStage;
	uint64_t maxUniformBufferBindingSize;
	uint64_t maxStorageBufferBindingSize;
	uint32_t minUniformBufferOffsetAlignment;
	uint32_t minStorageBufferOffsetAlignment;
	uint32_t maxVertexBuffers;
	uint64_t maxBufferSize;
	uint32_t maxVertexAttributes;
	uint32_t maxVertexBufferArrayStride;
	uint32_t maxInterStageShaderComponents;
	uint32_t maxInterStageShaderVariables;
	uint32_t maxColorAttachments;
	uint32_t maxColorAttachmentBytesPerSample;
	uint32_t maxComputeWorkgroupStorageSize;
	uint32_t maxComputeInvocationsPerWorkgroup;
	uint32_t maxComputeWorkgroupSizeX;
	uint32_t maxComputeWorkgroupSizeY;
	uint32_t maxComputeWorkgroupSizeZ;
	uint32_t maxComputeWorkgroupsPerDimension;
} WGPULimits;

typedef struct WGPUSupportedLimits {
	void *nextInChain;
	WGPULimits limits;
} WGPUSupportedLimits;

typedef struct WGPURequiredLimits {
	WGPUChainedStruct const *nextInChain;
	WGPULimits limits;
} WGPURequiredLimits;

typedef struct WGPUQueueDescriptor {
	WGPUChainedStruct const *nextInChain;
	char const *label;
} WGPUQueueDescriptor;

typedef void (*WGPUDeviceLostCallback)(uint32_t reason, char const *message, void *userdata);
typedef void (*WGPUErrorCallback)(uint32_t type, char const *message, void *userdata);
typedef void (*WGPURequestDeviceCallback)(uint32_t status, WGPUDevice device, char const *message, void *userdata);
typedef void (*WGPUDoneCallback)(uint32_t status, void *userdata);

typedef struct WGPUUncapturedErrorCallbackInfo {
	WGPUChainedStruct const *nextInChain;
	WGPUErrorCallback callback;
	void *userdata;
} WGPUUncapturedErrorCallbackInfo;

typedef struct WGPUDeviceDescriptor {
	WGPUChainedStruct const *nextInChain;
	char const *label;
	size_t requiredFeatureCount;
	uint32_t const *requiredFeatures;
	WGPURequiredLimits const *requiredLimits;
	WGPUQueueDescriptor defaultQueue;
	WGPUDeviceLostCallback deviceLostCallback;
	void *deviceLostUserdata;
	WGPUUncapturedErrorCallbackInfo uncapturedErrorCallbackInfo;
} WGPUDeviceDescriptor;

typedef struct WGPUComputePassTimestampWrites {
	WGPUQuerySet querySet;
	uint32_t beginningOfPassWriteIndex;
	uint32_t endOfPassWriteIndex;
} WGPUComputePassTimestampWrites;

typedef struct WGPUComputePassDescriptor {
	WGPUChainedStruct const *nextInChain;
	char const *label;
	WGPUComputePassTimestampWrites const *timestampWrites;
} WGPUComputePassDescriptor;

typedef struct WGPUBufferDescriptor {
	WGPUChainedStruct const *nextInChain;
	char const *label;
	WGPUFlags usage;
	uint64_t size;
	WGPUBool mappedAtCreation;
} WGPUBufferDescriptor;

typedef struct WGPUExtent3D {
	uint32_t width;
	uint32_t height;
	uint32_t depthOrArrayLayers;
} WGPUExtent3D;

typedef struct WGPUTextureDescriptor {
	WGPUChainedStruct const *nextInChain;
	char const *label;
	WGPUFlags usage;
	uint32_t dimension;
	WGPUExtent3D size;
	uint32_t format;
	uint32_t mipLevelCount;
	uint32_t sampleCount;
	size_t viewFormatCount;
	uint32_t const *viewFormats;
} WGPUTextureDescriptor;

typedef struct WGPUTextureDataLayout {
	WGPUChainedStruct const *nextInChain;
	uint64_t offset;
	uint32_t bytesPerRow;
	uint32_t rowsPerImage;
} WGPUTextureDataLayout;

typedef struct WGPUImageCopyBuffer {
	WGPUChainedStruct const *nextInChain;
	WGPUTextureDataLayout layout;
	WGPUBuffer buffer;
} WGPUImageCopyBuffer;

typedef struct WGPUOrigin3D {
	uint32_t x;
	uint32_t y;
	uint32_t z;
} WGPUOrigin3D;

typedef struct WGPUImageCopyTexture {
	WGPUChainedStruct const *nextInChain;
	WGPUTexture texture;
	uint32_t mipLevel;
	WGPUOrigin3D origin;
	uint32_t aspect;
} WGPUImageCopyTexture;

typedef struct WGPUQuerySetDescriptor {
	WGPUChainedStruct const *nextInChain;
	char const *label;
	uint32_t type;
	uint32_t count;
} WGPUQuerySetDescriptor;

typedef struct WGPUShaderModuleWGSLDescriptor {
	WGPUChainedStruct chain;
	char const *code;
} WGPUShaderModuleWGSLDescriptor;

typedef struct WGPUShaderModuleDescriptor {
	WGPUChainedStruct const *nextInChain;
	char const *label;
	size_t hintCount;
	void const *hints;
} WGPUShaderModuleDescriptor;

typedef struct WGPUProgrammableStageDescriptor {
	WGPUChainedStruct const *nextInChain;
	WGPUShaderModule module;
	char const *entryPoint;
	size_t constantCount;
	void const *constants;
} WGPUProgrammableStageDescriptor;

typedef struct WGPUComputePipelineDescriptor {
	WGPUChainedStruct const *nextInChain;
	char const *label;
	WGPUPipelineLayout layout;
	WGPUProgrammableStageDescriptor compute;
} WGPUComputePipelineDescriptor;

WGPUInstance wgpuCreateInstance(WGPUInstanceDescriptor const *);
void wgpuInstanceRelease(WGPUInstance);
size_t wgpuInstanceEnumerateAdapters(WGPUInstance, WGPUInstanceEnumerateAdapterOptions const *, WGPUAdapter *);
void wgpuAdapterGetInfo(WGPUAdapter, WGPUAdapterInfo *);
void wgpuAdapterInfoFreeMembers(WGPUAdapterInfo);
WGPUBool wgpuAdapterGetLimits(WGPUAdapter, WGPUSupportedLimits *);
size_t wgpuAdapterEnumerateFeatures(WGPUAdapter, uint32_t *);
void wgpuAdapterRequestDevice(WGPUAdapter, WGPUDeviceDescriptor const *, WGPURequestDeviceCallback, void *);
void wgpuAdapterRelease(WGPUAdapter);
void wgpuDeviceReference(WGPUDevice);
void wgpuDeviceRelease(WGPUDevice);
WGPUBuffer wgpuDeviceCreateBuffer(WGPUDevice, WGPUBufferDescriptor const *);
WGPUTexture wgpuDeviceCreateTexture(WGPUDevice, WGPUTextureDescriptor const *);
WGPUTextureView wgpuTextureCreateView(WGPUTexture, void const *descriptor);
WGPUQuerySet wgpuDeviceCreateQuerySet(WGPUDevice, WGPUQuerySetDescriptor const *);
WGPUShaderModule wgpuDeviceCreateShaderModule(WGPUDevice, WGPUShaderModuleDescriptor const *);
WGPUComputePipeline wgpuDeviceCreateComputePipeline(WGPUDevice, WGPUComputePipelineDescriptor const *);
WGPUBool wgpuDevicePoll(WGPUDevice, WGPUBool wait, void const *index);
void wgpuQueueRelease(WGPUQueue);
void wgpuQueueWriteBuffer(WGPUQueue, WGPUBuffer, uint64_t offset, void const *data, size_t size);
uint64_t wgpuQueueSubmitForIndex(WGPUQueue, size_t count, WGPUCommandBuffer const *);
void wgpuQueueOnSubmittedWorkDone(WGPUQueue, WGPUDoneCallback, void *);
void wgpuBufferMapAsync(WGPUBuffer, WGPUFlags mode, size_t offset, size_t size, WGPUDoneCallback, void *);
void const *wgpuBufferGetConstMappedRange(WGPUBuffer, size_t offset, size_t size);
void wgpuBufferUnmap(WGPUBuffer);
void wgpuBufferRelease(WGPUBuffer);
WGPUCommandEncoder wgpuDeviceCreateCommandEncoder(WGPUDevice, void const *descriptor);
WGPUComputePassEncoder wgpuCommandEncoderBeginComputePass(WGPUCommandEncoder, WGPUComputePassDescriptor const *);
void wgpuCommandEncoderCopyBufferToBuffer(WGPUCommandEncoder, WGPUBuffer src, uint64_t srcOffset, WGPUBuffer dst, uint64_t dstOffset, uint64_t size);
void wgpuCommandEncoderCopyBufferToTexture(WGPUCommandEncoder, WGPUImageCopyBuffer const *, WGPUImageCopyTexture const *, WGPUExtent3D const *);
void wgpuCommandEncoderResolveQuerySet(WGPUCommandEncoder, WGPUQuerySet, uint32_t first, uint32_t count, WGPUBuffer dst, uint64_t dstOffset);
WGPUCommandBuffer wgpuCommandEncoderFinish(WGPUCommandEncoder, void const *descriptor);
void wgpuCommandEncoderRelease(WGPUCommandEncoder);
void wgpuCommandBufferRelease(WGPUCommandBuffer);
void wgpuQuerySetRelease(WGPUQuerySet);
void wgpuComputePassEncoderSetPipeline(WGPUComputePassEncoder, WGPUComputePipeline);
void wgpuComputePassEncoderSetBindGroup(WGPUComputePassEncoder, uint32_t index, WGPUBindGroup, size_t offsets, uint32_t const *);
void wgpuComputePassEncoderDispatchWorkgroups(WGPUComputePassEncoder, uint32_t x, uint32_t y, uint32_t z);
void wgpuComputePassEncoderEnd(WGPUComputePassEncoder);
void wgpuComputePassEncoderRelease(WGPUComputePassEncoder);

#endif
