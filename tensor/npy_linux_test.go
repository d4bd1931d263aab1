package tensor

import (
	"fmt"
	"os"
	"slices"
	"testing"
)

// What is not a regular file must be written to, not replaced.
func TestWriteFileToPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	err = WriteNPYFile(fmt.Sprintf("/proc/self/fd/%d", w.Fd()), upTo(3))
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if a, err := ReadNPY(r); err != nil || !slices.Equal(a.Data, upTo(3).Data) {
		t.Errorf("got %v, %v", a, err)
	}
}
