//go:build amd64 && !darwin

package native

import (
	"errors"
	"strings"
	"testing"
)

// wgpu panics where it is given no device: on the caller's thread, and on the deep one that compiles. The panic is
// an error with its text, again and again.
func TestPanicsAreErrors(t *testing.T) {
	var none Device
	for range 20 {
		_, plain := none.CreateBuffer("none", 4, 0)
		_, deep := none.CreateShaderModule("none", "")
		for _, err := range []error{plain, deep} {
			if !errors.Is(err, ErrPanic) || !strings.Contains(err.Error(), "invalid device") {
				t.Fatalf("got %v", err)
			}
		}
	}
}
