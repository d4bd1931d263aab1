// guard.c's catch (...) for Windows, whose exceptions are the system's own: it asks the handler that a frame's
// unwind data names whether to land there, and where. Here libgcc's handler asks our personality, which claims
// every exception of Rust or C++ and lands it behind the call, with the exception as the result.
//
// On windows/arm64 (whose wgpu 22.1 aborts where a panic would leave Rust) the call is made plainly and a panic
// still ends the process.
#include <windows.h>
#include "guard.h"

#if defined(__x86_64__) && defined(__SEH__)

#include "panic.h"

// gpuconvAcross calls f(arg) and gives NULL, or the exception that came out of it.
void *gpuconvAcross(void (*f)(void *), void *arg);
extern char const gpuconvLanding[];

__asm__(
	"	.text\n"
	"	.globl gpuconvAcross\n"
	"	.def gpuconvAcross; .scl 2; .type 32; .endef\n"
	"	.seh_proc gpuconvAcross\n"
	"gpuconvAcross:\n"
	"	subq $40, %rsp\n"
	"	.seh_stackalloc 40\n"
	"	.seh_endprologue\n"
	"	movq %rcx, %rax\n"
	"	movq %rdx, %rcx\n"
	"	call *%rax\n"
	"	xorl %eax, %eax\n"
	"	.globl gpuconvLanding\n"
	"gpuconvLanding:\n"
	"	addq $40, %rsp\n"
	"	ret\n"
	"	.seh_handler gpuconvHandler, @except, @unwind\n"
	"	.seh_endproc\n");

static _Unwind_Reason_Code personality(int version, _Unwind_Action actions, _Unwind_Exception_Class class,
		struct _Unwind_Exception *e, struct _Unwind_Context *context) {
	(void)version, (void)class;
	if (actions & _UA_FORCE_UNWIND) return _URC_CONTINUE_UNWIND; // the thread ends, which is no panic
	if (actions & _UA_SEARCH_PHASE) return _URC_HANDLER_FOUND;
	_Unwind_SetGR(context, 0, (_Unwind_Word)e); // rax
	_Unwind_SetIP(context, (_Unwind_Ptr)gpuconvLanding);
	return _URC_INSTALL_CONTEXT;
}

EXCEPTION_DISPOSITION gpuconvHandler(PEXCEPTION_RECORD r, void *frame, PCONTEXT c, PDISPATCHER_CONTEXT d) {
	return _GCC_specific_handler(r, frame, c, d, personality);
}

char *guarded(void (*f)(void *), void *arg) {
	struct _Unwind_Exception *e = gpuconvAcross(f, arg);
	return e ? messageOf(e) : NULL; // the exception is not freed: Rust aborts when others free it
}

#else

char *guarded(void (*f)(void *), void *arg) {
	f(arg);
	return NULL;
}

#endif

typedef struct {
	void (*f)(void *);
	void *arg;
	char *message;
} deepCall;

static DWORD WINAPI deep(void *v) {
	deepCall *c = v;
	c->message = guarded(c->f, c->arg);
	return 0;
}

char *guardedDeep(void (*f)(void *), void *arg, size_t stack) {
	deepCall c = {f, arg, NULL};
	HANDLE thread = CreateThread(NULL, stack, deep, &c, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
	if (!thread) return _strdup("out of memory: no stack for the compiler");
	WaitForSingleObject(thread, INFINITE);
	CloseHandle(thread);
	return c.message;
}
