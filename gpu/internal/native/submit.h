// What lasts longer than one call, and submissions.
#ifndef GPUCONV_SUBMIT_H
#define GPUCONV_SUBMIT_H

#include <stdatomic.h>
#include "native.h"

// What the callbacks of one device have said. Messages are set once, by whoever comes first.
typedef struct {
	_Atomic(char *) error;
	_Atomic uint32_t errorType;
	_Atomic(char *) lost;
} deviceState;

// A pendingState waits for as many callbacks as are left, and keeps the first status that is no success.
typedef struct {
	_Atomic int left;
	_Atomic uint32_t status;
} pendingState;

// A step is a dispatch where it has a pipeline, else a copy: to a texture where it has one, row by row from the first.
typedef struct {
	WGPUComputePipeline pipeline;
	WGPUBindGroup group;
	uint32_t grid[3];
	WGPUBuffer src, dst;
	WGPUTexture texture;
	uint64_t srcOffset, dstOffset, size;
} step;

// What a texture has in a row: texels of four float32 numbers.
enum { TexelBytes = 16, RowTexels = 1024, RowBytes = RowTexels * TexelBytes };

// A submission is what one call of gpuconvSubmit needs, and what it makes on the way.
typedef struct {
	WGPUDevice device;
	WGPUQueue queue;
	deviceState *state;
	step const *steps;
	size_t count;
	uint32_t queries;      // timestamps, two for each dispatch, or none
	WGPUBuffer ticks;      // where they land
	step read;             // a last copy, into a buffer that is then mapped; none where its size is 0
	pendingState *pending; // done when all is

	WGPUQuerySet set;
	WGPUCommandEncoder encoder;
	WGPUComputePassEncoder pass;
	uint32_t query; // the next timestamp
	int begun;      // whether what the next pass measures has begun: with copies before it
	int whole;      // whether all steps are measured together, in more than one pass
	WGPUCommandBuffer commands;
	int sending; // whether the queue was asked: what fails from then on cannot be taken back
} submission;

// gpuconvSubmit encodes all steps and sends them, without a way back to Go in between, and gives NULL or the
// message of a panic, which the caller frees. Where the state then has an error and sending is not set,
// nothing was sent. The steps are an argument of their own, since Go's memory may not lie within one.
char *gpuconvSubmit(submission *s, step const *steps);

// gpuconvForget releases what that made. After a panic it must be called on another thread.
char *gpuconvForget(submission *s);

#endif
