//go:build !js

package native

/*
#cgo linux LDFLAGS: -ldl
#include <stddef.h>

#ifdef __linux__
#include <dlfcn.h>

// hasDisplay asks EGL for its default display, as wgpu does, which panics where there is none: where
// libEGL is installed, but no vendor's library behind it.
static int hasDisplay(void) {
	void *egl = dlopen("libEGL.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!egl) egl = dlopen("libEGL.so", RTLD_NOW | RTLD_LOCAL);
	if (!egl) return 0;
	void *(*getDisplay)(void *) = dlsym(egl, "eglGetDisplay");
	return getDisplay && getDisplay(NULL) != NULL;
}
#else
static int hasDisplay(void) { return 1; }
#endif
*/
import "C"

// HasGL reports whether GL can be asked for adapters.
func HasGL() bool { return C.hasDisplay() != 0 }
