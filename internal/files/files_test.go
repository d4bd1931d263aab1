package files_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/gpuconv/gpuconv/internal/files"
)

// is holds that a file has this text.
func is(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s has %q, %v, must have %q", filepath.Base(path), got, err, want)
	}
}

// old is a folder with one file, its path.
func old(t *testing.T) (dir, path string) {
	t.Helper()
	dir = t.TempDir()
	path = filepath.Join(dir, "a")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, path
}

// A failure leaves what was there before, and nothing beside it.
func TestWriteLosesNothing(t *testing.T) {
	dir, path := old(t)
	full := errors.New("the disk is full")
	err := files.Write(path, func(w io.Writer) error {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			t.Error(err)
		}
		is(t, path, "old")
		return full
	})
	if !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
	is(t, path, "old")
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("a failure left %v", left)
	}
	if err := files.WriteBytes(filepath.Join(dir, "no", "a"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: error %v", err)
	}
	if err := files.WriteBytes(dir, nil); err == nil {
		t.Error("a folder was written")
	}
}

// A link stays a link, a mode stays what it was, and a new file can be read by all.
func TestWriteReplaces(t *testing.T) {
	dir, path := old(t)
	link, fresh := filepath.Join(dir, "link"), filepath.Join(dir, "fresh")
	if err := os.Symlink("a", link); err != nil {
		t.Fatalf("links are needed: %v", err)
	}
	if err := errors.Join(files.WriteBytes(link, []byte("new")), files.WriteBytes(fresh, []byte("x"))); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v %v", info.Mode(), err)
	}
	is(t, path, "new")
	for file, want := range map[string]os.FileMode{path: 0o600, fresh: 0o644} {
		if info, err := os.Stat(file); err != nil || runtime.GOOS == "linux" && info.Mode().Perm() != want {
			t.Errorf("%s: the mode became %v, %v, must be %v", file, info.Mode(), err, want)
		}
	}
}
