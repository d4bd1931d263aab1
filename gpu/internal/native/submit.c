//go:build !js

#include "submit.h"
#include "guard.h"

static int failed(submission *s) { return atomic_load(&s->state->error) != NULL; }

static void onDone(uint32_t status, void *userdata) {
	pendingState *p = userdata;
	uint32_t success = 0;
	if (status) atomic_compare_exchange_strong(&p->status, &success, status);
	atomic_fetch_sub(&p->left, 1);
}

static void beginPass(submission *s, uint32_t query) {
	WGPUComputePassTimestampWrites times = {s->set, query, query + 1};
	WGPUComputePassDescriptor d = {NULL, NULL, s->set ? &times : NULL};
	s->pass = wgpuCommandEncoderBeginComputePass(s->encoder, &d);
}

static void endPass(submission *s) {
	if (!s->pass) return;
	wgpuComputePassEncoderEnd(s->pass);
	wgpuComputePassEncoderRelease(s->pass); // wgpu 22.1 wants it gone before the submission
	s->pass = NULL;
}

static void copyStep(submission *s, step const *c) {
	endPass(s);
	wgpuCommandEncoderCopyBufferToBuffer(s->encoder, c->src, c->srcOffset, c->dst, c->dstOffset, c->size);
}

// encodeSteps puts consecutive dispatches into one pass, in which WebGPU keeps their order; with more than two
// timestamps each has its own. What the pass already has set is not set again.
static void encodeSteps(submission *s) {
	step const *last = NULL; // dispatched in this pass
	uint32_t query = 0;
	for (step const *c = s->steps; c < s->steps + s->count; c++) {
		if (!c->pipeline) {
			copyStep(s, c);
			continue;
		}
		if (s->queries > 2) endPass(s);
		if (!s->pass) {
			beginPass(s, query);
			query += 2;
			last = NULL;
		}
		if (!last || last->pipeline != c->pipeline) wgpuComputePassEncoderSetPipeline(s->pass, c->pipeline);
		if (!last || last->group != c->group) wgpuComputePassEncoderSetBindGroup(s->pass, 0, c->group, 0, NULL);
		wgpuComputePassEncoderDispatchWorkgroups(s->pass, c->grid[0], c->grid[1], c->grid[2]);
		last = c;
	}
	endPass(s);
}

// encode makes the command buffer; where it does not, the state has the error.
static void encode(submission *s) {
	if (s->queries) {
		WGPUQuerySetDescriptor d = {NULL, NULL, WGPUQueryType_Timestamp, s->queries};
		s->set = wgpuDeviceCreateQuerySet(s->device, &d);
	}
	if (!failed(s)) s->encoder = wgpuDeviceCreateCommandEncoder(s->device, NULL);
	if (failed(s)) return;
	encodeSteps(s);
	if (s->set) wgpuCommandEncoderResolveQuerySet(s->encoder, s->set, 0, s->queries, s->ticks, 0);
	if (s->read.size) copyStep(s, &s->read);
	if (!failed(s)) s->commands = wgpuCommandEncoderFinish(s->encoder, NULL);
}

static void submitPlain(void *v) {
	submission *s = v;
	encode(s);
	if (failed(s)) return;
	s->sending = 1;
	wgpuQueueSubmitForIndex(s->queue, 1, &s->commands);
	atomic_store(&s->pending->left, s->read.size ? 2 : 1);
	wgpuQueueOnSubmittedWorkDone(s->queue, onDone, s->pending);
	if (s->read.size) wgpuBufferMapAsync(s->read.dst, WGPUMapMode_Read, 0, s->read.size, onDone, s->pending);
}

static void forgetPlain(void *v) {
	submission *s = v;
	if (s->pass) wgpuComputePassEncoderRelease(s->pass);
	if (s->commands) wgpuCommandBufferRelease(s->commands);
	if (s->encoder) wgpuCommandEncoderRelease(s->encoder);
	if (s->set) wgpuQuerySetRelease(s->set);
	s->pass = s->commands = s->encoder = s->set = NULL;
}

static void submitAndForget(void *v) {
	submitPlain(v);
	if (!atomic_load(&((submission *)v)->state->lost)) forgetPlain(v);
}

char *gpuconvSubmit(submission *s, step const *steps) {
	submission mine = *s;
	mine.steps = steps;
	char *message = guarded(submitAndForget, &mine);
	mine.steps = s->steps;
	*s = mine;
	return message;
}

char *gpuconvForget(submission *s) { return guarded(forgetPlain, s); }
