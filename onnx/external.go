package onnx

import (
	"fmt"
	"io"
	"math/bits"
	"os"
	"path/filepath"
	"strconv"
)

// files are those of a model's external data. Each is opened once.
type files struct {
	open    func(location string) ([]byte, error)
	content map[string][]byte
}

func (f files) get(location string) ([]byte, error) {
	if !filepath.IsLocal(filepath.FromSlash(location)) {
		return nil, formatErrorf("location %q, must be a path within the model's folder", location)
	}
	if data, ok := f.content[location]; ok {
		return data, nil
	}
	if f.open == nil {
		return nil, unsupportedErrorf("data in file %q, with nothing given that opens files", location)
	}
	data, err := f.open(location)
	if err != nil {
		return nil, formatErrorf("location %q: %w", location, err)
	}
	f.content[location] = data
	return data, nil
}

// external is the part of a file that external_data names, which must be as long as the tensor needs.
func (p *tensorProto) external(t Tensor, from files) ([]byte, error) {
	if t.Type == String {
		return nil, formatErrorf("external data of strings, must be string_data")
	}
	count, err := elements(t.Dims)
	if err != nil {
		return nil, err
	}
	high, need := bits.Mul64(uint64(count), uint64(dataTypes[t.Type].size))
	entries := map[string]string{}
	for _, e := range p.externalData {
		entries[e.key] = e.value
	}
	offset, err := byteCount(entries, "offset", 0)
	if err != nil {
		return nil, err
	}
	length, err := byteCount(entries, "length", need)
	if err != nil {
		return nil, err
	}
	if high > 0 || length != need {
		return nil, formatErrorf("length %d, must be %d numbers of %d bytes", length, count, dataTypes[t.Type].size)
	}
	data, err := from.get(entries["location"])
	if err != nil {
		return nil, err
	}
	if size := uint64(len(data)); offset > size || length > size-offset {
		return nil, formatErrorf("%d bytes from offset %d of file %q, which has %d",
			length, offset, entries["location"], size)
	}
	return data[offset : offset+length : offset+length], nil
}

// byteCount is an entry that is a number of bytes, or what it is where it is left out.
func byteCount(entries map[string]string, key string, otherwise uint64) (uint64, error) {
	text, has := entries[key]
	if !has {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, formatErrorf("%s %q, must be a whole number of bytes", key, text)
	}
	return n, nil
}

// ReadFile reads a model as [Read] does, and its external data from the model's folder: regular files that are really
// there, and not behind a link that leaves the folder.
func ReadFile(path string) (*Model, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, named(err)
	}
	folder, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, named(err)
	}
	defer folder.Close()
	m, err := read(data, func(location string) ([]byte, error) { return readRegular(folder, location) })
	if err != nil {
		return nil, fmt.Errorf("onnx: %s: %w", path, err)
	}
	return m, nil
}

// readRegular reads a file whose reading ends, unlike that of a pipe.
func readRegular(folder *os.Root, location string) ([]byte, error) {
	name := filepath.FromSlash(location)
	info, err := folder.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, formatErrorf("%v, must be a regular file", info.Mode().Type())
	}
	f, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// ReadTensorFile reads a file as [UnmarshalTensor] does.
func ReadTensorFile(path string) (Tensor, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Tensor{}, named(err)
	}
	t, err := unmarshalTensor(data)
	if err != nil {
		return Tensor{}, fmt.Errorf("onnx: %s: %w", path, err)
	}
	return t, nil
}
