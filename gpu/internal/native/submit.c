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

static void endPass(submission *s) {
	if (!s->pass) return;
	wgpuComputePassEncoderEnd(s->pass);
	wgpuComputePassEncoderRelease(s->pass); // wgpu 22.1 wants it gone before the submission
	s->pass = NULL;
}

// beginPass begins a pass with timestamps at its begin and its end, or at one of them, or without any.
static void beginPass(submission *s, uint32_t first, uint32_t last) {
	WGPUComputePassTimestampWrites times = {s->set, first, last};
	int timed = first != WGPU_QUERY_SET_INDEX_UNDEFINED || last != WGPU_QUERY_SET_INDEX_UNDEFINED;
	WGPUComputePassDescriptor d = {NULL, NULL, timed ? &times : NULL};
	s->pass = wgpuCommandEncoderBeginComputePass(s->encoder, &d);
}

// stamp writes one timestamp between two passes, as the begin or the end of a pass of nothing.
static void stamp(submission *s, uint32_t first, uint32_t last) {
	endPass(s);
	beginPass(s, first, last);
	endPass(s);
}

static void copyRows(submission *s, step const *c, uint32_t row, uint32_t rows, uint32_t texels) {
	if (!rows || !texels) return;
	WGPUTextureDataLayout layout = {NULL, c->srcOffset + (uint64_t)row * RowBytes, RowBytes, rows};
	WGPUImageCopyBuffer from = {NULL, layout, c->src};
	WGPUImageCopyTexture to = {NULL, c->texture, 0, {0, row, 0}, 0};
	WGPUExtent3D size = {texels, rows, 1};
	wgpuCommandEncoderCopyBufferToTexture(s->encoder, &from, &to, &size);
}

static void copyStep(submission *s, step const *c) {
	endPass(s);
	if (!c->texture) {
		wgpuCommandEncoderCopyBufferToBuffer(s->encoder, c->src, c->srcOffset, c->dst, c->dstOffset, c->size);
		return;
	}
	uint32_t rows = c->size / RowBytes;
	copyRows(s, c, 0, rows, RowTexels);
	copyRows(s, c, rows, 1, c->size % RowBytes / TexelBytes);
}

// nextPass begins the pass of the next dispatches. Of a submission whose dispatches are measured one by one, copies
// count for the dispatch behind them.
static void nextPass(submission *s) {
	uint32_t first = WGPU_QUERY_SET_INDEX_UNDEFINED, last = first;
	if (s->set && !s->whole) {
		if (!s->begun) first = s->query;
		last = s->query + 1;
		s->query += 2;
		s->begun = 0;
	}
	beginPass(s, first, last);
}

// encodeSteps puts consecutive dispatches into one pass, in which WebGPU keeps their order; with more than two
// timestamps each has its own. What the pass already has set is not set again.
static void encodeSteps(submission *s) {
	step const *last = NULL; // dispatched in this pass
	int apart = s->queries > 2;
	for (step const *c = s->steps; c < s->steps + s->count; c++) {
		if (!c->pipeline) {
			if (s->set && !s->whole && !s->begun && s->query < s->queries) {
				stamp(s, s->query, WGPU_QUERY_SET_INDEX_UNDEFINED);
				s->begun = 1;
			}
			copyStep(s, c);
			continue;
		}
		if (apart) endPass(s);
		if (!s->pass) {
			nextPass(s);
			last = NULL;
		}
		if (!last || last->pipeline != c->pipeline) wgpuComputePassEncoderSetPipeline(s->pass, c->pipeline);
		if (!last || last->group != c->group) wgpuComputePassEncoderSetBindGroup(s->pass, 0, c->group, 0, NULL);
		wgpuComputePassEncoderDispatchWorkgroups(s->pass, c->grid[0], c->grid[1], c->grid[2]);
		last = c;
	}
	endPass(s);
}

// encodeAll encodes the steps. Where all of them are measured together and there are copies among them, which no pass
// may have within it, the timestamps stand before the first step and behind the last one.
static void encodeAll(submission *s) {
	s->whole = 0;
	for (step const *c = s->steps; s->queries == 2 && c < s->steps + s->count; c++) s->whole |= !c->pipeline;
	if (s->whole) stamp(s, 0, WGPU_QUERY_SET_INDEX_UNDEFINED);
	encodeSteps(s);
	if (s->whole) stamp(s, WGPU_QUERY_SET_INDEX_UNDEFINED, 1);
}

// encode makes the command buffer; where it does not, the state has the error.
static void encode(submission *s) {
	if (s->queries) {
		WGPUQuerySetDescriptor d = {NULL, NULL, WGPUQueryType_Timestamp, s->queries};
		s->set = wgpuDeviceCreateQuerySet(s->device, &d);
	}
	if (!failed(s)) s->encoder = wgpuDeviceCreateCommandEncoder(s->device, NULL);
	if (failed(s)) return;
	encodeAll(s);
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
