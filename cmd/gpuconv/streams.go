package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/tensor"
)

// stream stands for stdin or stdout where a file's name is expected.
const stream = "-"

// standardInput can be read by one flag or argument.
type standardInput struct {
	from  io.Reader
	taken string // by what it was read
}

// take gives the input to a flag or argument, and refuses a second one.
func (s *standardInput) take(by string) (io.Reader, error) {
	if s.taken != "" {
		return nil, usagef("%s %s: %s has read stdin already", by, stream, s.taken)
	}
	s.taken = by
	return s.from, nil
}

// readArray reads a file, or stdin, known by its first bytes. flag names what it is for.
func (a *app) readArray(flag, path string) (tensor.Array, tensor.Format, error) {
	if path != stream {
		return tensor.ReadFile(path)
	}
	r, err := a.stdin.take(flag)
	if err != nil {
		return tensor.Array{}, "", err
	}
	array, format, err := tensor.Read(r)
	if err != nil {
		err = fmt.Errorf("%s %s: %w", flag, stream, err)
	}
	return array, format, err
}

// readNumbers is readArray for what cannot be a picture.
func (a *app) readNumbers(flag, path string) (tensor.Array, error) {
	array, format, err := a.readArray(flag, path)
	if err == nil && format != tensor.NPY {
		err = usagef("%s %s: is a picture, must be .npy", flag, path)
	}
	return array, err
}

// readResults reads a file of bench's results, or stdin.
func (a *app) readResults(path string) (bench.File, error) {
	if path != stream {
		return bench.ReadFile(path)
	}
	r, err := a.stdin.take("compare")
	if err != nil {
		return bench.File{}, err
	}
	return bench.Read(r, "stdin")
}

// readSuite reads a suite by its name, from a file or from stdin.
func (a *app) readSuite(name string) ([]bench.Layer, error) {
	if name != stream {
		return bench.LoadSuite(name)
	}
	r, err := a.stdin.take("--suite")
	if err != nil {
		return nil, err
	}
	return bench.ReadSuite(r, "stdin")
}

// writeNPY writes a .npy file, or to stdout.
func (a *app) writeNPY(path string, array tensor.Array) error {
	if path != stream {
		return notWritten(tensor.WriteNPYFile(path, array), "")
	}
	return notWritten(tensor.WriteNPY(a.stdout, array), "writing to stdout: ")
}

// writeMaps writes a picture of maps to a .png, or to stdout.
func (a *app) writeMaps(path string, v tensor.Volume, o tensor.MapOptions) error {
	if path != stream {
		return notWritten(tensor.WriteMapsFile(path, v, o), "")
	}
	return notWritten(tensor.WriteMaps(a.stdout, v, o), "writing to stdout: ")
}

// notWritten tells a volume or a name that no file can have from a full disk and a reader that is gone.
func notWritten(err error, doing string) error {
	if err == nil || errors.Is(err, tensor.ErrShape) || errors.Is(err, tensor.ErrFormat) {
		return err
	}
	return failure{fmt.Errorf("%s%w", doing, err)}
}

// reportingTo gives an app that prints to w, where stdout is taken by data.
func (a *app) reportingTo(w io.Writer) *app {
	other := *a
	other.stdout = w
	return &other
}
