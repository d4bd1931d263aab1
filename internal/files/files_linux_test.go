package files_test

import (
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/gpuconv/gpuconv/internal/files"
)

// What is no regular file is written to, not replaced, and what it refuses is an error.
func TestWriteToPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	err = files.WriteBytes(fmt.Sprintf("/proc/self/fd/%d", w.Fd()), []byte("some"))
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != "some" {
		t.Errorf("got %q, %v", got, err)
	}
	if err := files.WriteBytes("/dev/full", []byte("some")); err == nil {
		t.Error("a full disk is no error")
	}
	if info, err := os.Stat("/dev/full"); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		t.Errorf("/dev/full became %v, %v", info.Mode(), err)
	}
}
