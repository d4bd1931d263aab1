package tuning

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
	"github.com/gpuconv/gpuconv/internal/files"
)

// read reads a file. Where it makes no sense it is set aside.
func read(path string) (file, error) {
	f, err := load(path)
	if !errors.Is(err, ErrInvalid) {
		return f, err
	}
	unlock, locked := lock(path)
	if locked != nil {
		return f, errors.Join(err, locked)
	}
	defer unlock()
	return loadOrSetAside(path) // another process may have done so by now
}

// load reads a file; no file has no choices.
func load(path string) (file, error) {
	r, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return file{}, nil
	}
	if err != nil {
		return file{}, fmt.Errorf("reading tunings: %w", err)
	}
	defer r.Close()
	f, err := decode(r)
	if err != nil {
		return file{}, fmt.Errorf("reading tunings from %s: %w", path, err)
	}
	return f, nil
}

// loadOrSetAside reads a file under the lock. One that makes no sense gets another name: it may be of use
// to someone. The error wraps ErrInvalid then, and the file's name is free unless it says otherwise.
func loadOrSetAside(path string) (file, error) {
	f, err := load(path)
	if !errors.Is(err, ErrInvalid) {
		return f, err
	}
	aside, e := freeName(path + ".broken")
	if e == nil {
		e = os.Rename(path, aside)
	}
	if e != nil {
		return f, &notSetAside{errors.Join(err, fmt.Errorf("and it could not be set aside: %w", e))}
	}
	return f, fmt.Errorf("%w; it is %s now", err, aside)
}

// notSetAside is about a file that makes no sense and still has its name: it must not be written over.
type notSetAside struct{ error }

func (e *notSetAside) Unwrap() error { return e.error }

// freeName gives a name that no file has: path, or path with a number.
func freeName(path string) (string, error) {
	for i := 1; i < 1000; i++ {
		name := path
		if i > 1 {
			name = fmt.Sprintf("%s%d", path, i)
		}
		if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			return name, nil
		}
	}
	return "", fmt.Errorf("too many files of the name %s", path)
}

// update merges what is in the file into f, and writes that in its place. A reader sees the file
// as it was or as it is then, never a part.
func update(path string, f *file) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("keeping tunings: %w", err)
	}
	unlock, err := lock(path)
	if err != nil {
		return err
	}
	defer unlock()
	there, aside := loadOrSetAside(path)
	var stays *notSetAside
	if errors.As(aside, &stays) || aside != nil && !errors.Is(aside, ErrInvalid) {
		return fmt.Errorf("keeping tunings: %w", aside)
	}
	f.merge(there)
	data, err := f.encode()
	if err == nil {
		err = files.WriteBytes(path, data)
	}
	if err != nil {
		return fmt.Errorf("keeping tunings: %w", err)
	}
	return aside
}

// lock keeps other processes from the file until unlock. What is locked is a file beside it, since
// the file itself is replaced. Where there are no locks, as in a browser, there are no other processes.
func lock(path string) (unlock func(), err error) {
	l := flock.New(path + ".lock")
	if err := l.Lock(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return nil, fmt.Errorf("locking tunings: %w", err)
	}
	return func() { l.Close() }, nil
}
