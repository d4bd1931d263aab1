#include <stddef.h>

// guarded calls f(arg) and gives NULL, or, where Rust panicked in it, the panic's message, which the
// caller frees. A thread on which that happened must make no more calls of Rust: see guard.c.
char *guarded(void (*f)(void *), void *arg);

// guardedDeep is guarded on a thread of its own, with a stack of that many bytes: for compilers, which
// call themselves as deep as their text goes. The caller's thread stays as it was.
char *guardedDeep(void (*f)(void *), void *arg, size_t stack);
