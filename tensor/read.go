package tensor

import (
	"bufio"
	"io"
	"os"
	"strings"
)

// Format is what a file holds.
type Format string

const (
	NPY     Format = "npy"
	Picture Format = "picture" // PNG or JPEG
)

// Read reads an array in NumPy's .npy format, as [ReadNPY] does, or a PNG or JPEG
// picture, as [DecodeImage] does, as an array of shape (H, W, 3). Which of them it is
// shows in the first bytes. Bytes after a .npy array are an error: they mean that
// something else was meant to be read. What is neither matches [ErrFormat].
func Read(r io.Reader) (Array, Format, error) {
	source := bufio.NewReader(r)
	start, err := source.Peek(len(npyMagic))
	switch {
	case err != nil && err != io.EOF:
		return Array{}, "", inContext("reading", err)
	case len(start) == 0:
		return Array{}, "", formatErrorf("nothing is there to be read; use .npy, PNG or JPEG")
	case strings.HasPrefix(npyMagic, string(start)):
		a, err := readWholeNPY(source, available(r))
		return a, NPY, err
	case !strings.HasPrefix("\x89PNG\r\n", string(start)) && !strings.HasPrefix(string(start), "\xff\xd8"):
		return Array{}, "", formatErrorf("it starts with %q: it is neither .npy nor PNG nor JPEG", start)
	}
	v, err := DecodeImage(source)
	return v.Array(), Picture, err
}

// ReadFile reads a file as [Read] does. Its name does not matter.
func ReadFile(path string) (Array, Format, error) {
	f, err := os.Open(path)
	if err != nil {
		return Array{}, "", inContext("reading "+path, err)
	}
	defer f.Close()
	a, format, err := Read(f)
	if err != nil {
		return Array{}, "", inContext("reading "+path, err)
	}
	return a, format, nil
}

// available is how many bytes a source is known to hold.
func available(r io.Reader) int64 {
	if f, ok := r.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			return info.Size()
		}
	}
	return 0
}
