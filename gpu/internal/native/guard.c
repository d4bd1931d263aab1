//go:build !js && !windows

// wgpu 0.19 panics where a call has no way to give an error back: wgpuQueueSubmitForIndex and
// wgpuDevicePoll on a lost device, wgpuDeviceCreateQuerySet without memory, vkAllocateMemory with a
// result that wgpu does not expect. The panic unwinds the stack, finds nobody to catch it, and ends the
// process. Here it is caught, as a C++ catch (...) would, without asking for a C++ compiler: the frame of
// across has a personality of our own, which claims every exception. By the time that it is called to
// land one, all frames of Rust are unwound, their locks free and their memory given back.
//
// Rust also counts the panics of each thread, and while the count is not zero destructors do nothing.
// Only Rust's own catch counts down. So a thread that has seen a panic is spoilt; Go lets it end.
//
// guard_windows.c does the same for Windows on x86-64. Elsewhere than there and on ELF systems (and on
// linux/arm64, whose wgpu 22.1 is of a compiler that aborts where a panic would leave Rust) the call is made
// plainly and a panic still ends the process.
#include "guard.h"

#if defined(__ELF__) && (defined(__x86_64__) || defined(__aarch64__))

#include <setjmp.h>
#include "panic.h"

typedef struct {
	jmp_buf back;
	char *message;
} landing;

static _Thread_local landing *here;

__attribute__((used, visibility("hidden")))
_Unwind_Reason_Code gpuconvPersonality(int version, _Unwind_Action actions, _Unwind_Exception_Class class,
		struct _Unwind_Exception *e, struct _Unwind_Context *context) {
	(void)version, (void)class, (void)context;
	if (actions & _UA_FORCE_UNWIND) return _URC_CONTINUE_UNWIND; // the thread ends, which is no panic
	if (actions & _UA_SEARCH_PHASE) return _URC_HANDLER_FOUND;
	here->message = messageOf(e); // the exception itself is not freed: Rust aborts when others free it
	longjmp(here->back, 1);
}

// across is the frame that panics do not pass. Reading arg after the call keeps the frame on the stack.
__attribute__((noinline)) static void across(void (*f)(void *), void *arg) {
	__asm__ volatile(".cfi_personality 0x1b, gpuconvPersonality"); // 0x1b: relative to here, four bytes
	f(arg);
	__asm__ volatile("" : : "r"(arg) : "memory");
}

char *guarded(void (*f)(void *), void *arg) {
	landing l = {.message = NULL}, *outer = here;
	if (setjmp(l.back) == 0) {
		here = &l;
		across(f, arg);
	}
	here = outer;
	return l.message;
}

#else

char *guarded(void (*f)(void *), void *arg) {
	f(arg);
	return NULL;
}

#endif

#include <pthread.h>
#include <string.h>

typedef struct {
	void (*f)(void *);
	void *arg;
	char *message;
} deepCall;

static void *deep(void *v) {
	deepCall *c = v;
	c->message = guarded(c->f, c->arg);
	return NULL;
}

char *guardedDeep(void (*f)(void *), void *arg, size_t stack) {
	deepCall c = {f, arg, NULL};
	pthread_attr_t attributes;
	pthread_t thread;
	pthread_attr_init(&attributes);
	int failed = pthread_attr_setstacksize(&attributes, stack) || pthread_create(&thread, &attributes, deep, &c);
	pthread_attr_destroy(&attributes);
	if (failed) return strdup("out of memory: no stack for the compiler");
	pthread_join(thread, NULL);
	return c.message;
}
