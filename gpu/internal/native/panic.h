// What a panic of Rust is, for those who catch one: see guard.c.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unwind.h>

// rustString is a String of rustc 1.80, with which the library was built; box and exception are what its
// panic throws: the message is behind the header that all languages share.
typedef struct { size_t room; char const *text; size_t length; } rustString;
typedef struct { struct _Unwind_Exception header; void const *canary; rustString const *data; size_t const *type; } rustException;

// copyOf is strndup, which Windows has not.
static char *copyOf(char const *text, size_t length) {
	char *copy = calloc(length + 1, 1);
	return copy ? memcpy(copy, text, length) : NULL;
}

// messageOf copies the text of a panic. Whatever does not look like one of Rust's, whose type says that it
// is as large as a String, gives a stopgap.
static char *messageOf(struct _Unwind_Exception *e) {
	rustException const *r = (void *)e;
	if (e->exception_class == 0x4d4f5a0052555354 /* "MOZ\0RUST" */ && r->type && r->type[1] == sizeof(rustString) && r->data) {
		rustString const *s = r->data;
		if (s->text && s->length > 0 && s->length <= s->room && s->length < 1 << 16) return copyOf(s->text, s->length);
	}
	return copyOf("wgpu panicked", 13);
}
