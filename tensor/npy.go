package tensor

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/gpuconv/gpuconv/internal/files"
)

// The format is that of numpy/lib/format.py (NEP 1): a magic string, a version,
// the length of a header, the header as a Python dict literal, the numbers.
const (
	npyMagic     = "\x93NUMPY"
	maxNPYHeader = 64 << 10 // bytes; NumPy's own are below 1 KiB
	npyChunk     = 64 << 10 // bytes of data handled at a time
)

// ReadNPY reads one array in NumPy's .npy format, version 1, 2 or 3, in C or
// Fortran order, of type f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 or b1 in any byte
// order ('=' and '|' are read as little-endian).
//
// Numbers that float32 does not hold are rounded to the nearest that it does:
// integers beyond 2^24, and f8, of which those beyond the range become infinite.
// b1 becomes 0 or 1.
//
// It reads no further than the array's last byte, so arrays may follow each
// other in a stream. Memory grows with the data that is there, not with what the
// header claims. Content that is no such file, or is cut short, is an error that
// matches [ErrFormat], in the latter case also [io.ErrUnexpectedEOF]; a shape
// that is too large matches [ErrShape].
func ReadNPY(r io.Reader) (Array, error) { return readNPY(r, 0) }

// readNPY is ReadNPY for a source known to hold about available bytes: so much
// may be allocated at once.
func readNPY(r io.Reader, available int64) (Array, error) {
	text, err := readNPYHeader(r)
	if err != nil {
		return Array{}, err
	}
	h, err := parseNPYHeader(text)
	if err != nil {
		return Array{}, err
	}
	data, err := readNPYData(r, h, available)
	if err != nil {
		return Array{}, err
	}
	if h.fortran && len(data) > 1 && len(h.shape) > 1 {
		data = gather(data, h.shape, fortranStrides(h.shape))
	}
	return Array{Shape: h.shape, Data: data}, nil
}

// ReadNPYFile reads a .npy file as [ReadNPY] does. Bytes after the array are an
// error: they mean that something else was meant to be read.
func ReadNPYFile(path string) (Array, error) {
	f, err := os.Open(path)
	if err != nil {
		return Array{}, inContext("reading "+path, err)
	}
	defer f.Close()
	a, err := readWholeNPY(f, available(f))
	if err != nil {
		return Array{}, inContext("reading "+path, err)
	}
	return a, nil
}

// readWholeNPY is readNPY for a source that must end with the array.
func readWholeNPY(r io.Reader, available int64) (Array, error) {
	a, err := readNPY(r, available)
	if err != nil {
		return Array{}, err
	}
	switch n, err := io.ReadFull(r, make([]byte, 1)); {
	case n > 0:
		return Array{}, formatErrorf("npy: bytes follow the array of shape %v; the file must end with it", a.Shape)
	case err != io.EOF:
		return Array{}, inContext("npy", err)
	}
	return a, nil
}

// readNPYHeader reads up to the data and returns the dict literal.
func readNPYHeader(r io.Reader) (string, error) {
	var start [len(npyMagic) + 2]byte
	n, err := io.ReadFull(r, start[:])
	if got := start[:min(n, len(npyMagic))]; !bytes.HasPrefix([]byte(npyMagic), got) {
		return "", formatErrorf("npy: the file starts with %q, not with %q: it is no .npy file", got, npyMagic)
	}
	if err != nil {
		return "", cutShort(err, "npy: the file ends after %d bytes, within the magic string and the version", n)
	}
	major, minor := start[len(npyMagic)], start[len(npyMagic)+1]
	if major < 1 || major > 3 || minor != 0 {
		return "", formatErrorf("npy: version %d.%d is not known; use 1.0, 2.0 or 3.0", major, minor)
	}
	length, err := readNPYHeaderLength(r, major)
	if err != nil {
		return "", err
	}
	header := make([]byte, length)
	if n, err := io.ReadFull(r, header); err != nil {
		return "", cutShort(err, "npy: the header ends after %d of %d bytes", n, length)
	}
	return string(header), nil
}

func readNPYHeaderLength(r io.Reader, major byte) (uint32, error) {
	var b [4]byte
	field := b[:4]
	if major == 1 {
		field = b[:2]
	}
	if _, err := io.ReadFull(r, field); err != nil {
		return 0, cutShort(err, "npy: the file ends within the length of its header")
	}
	length := binary.LittleEndian.Uint32(b[:])
	if length > maxNPYHeader {
		return 0, formatErrorf("npy: the header claims %d bytes; at most %d are supported", length, maxNPYHeader)
	}
	return length, nil
}

// readNPYData reads the elements in the order of the file.
func readNPYData(r io.Reader, h npyHeader, available int64) ([]float32, error) {
	count, err := product("npy", h.shape)
	if err != nil {
		return nil, err
	}
	// Only what is known to be there is allocated ahead.
	ahead := max(npyChunk, available) / int64(h.dtype.size)
	data := make([]float32, 0, min(int64(count), ahead))
	chunk := make([]byte, min(npyChunk, int64(count)*int64(h.dtype.size)))
	for len(data) < count {
		want := int(min(int64(len(chunk)), int64(count-len(data))*int64(h.dtype.size)))
		n, err := io.ReadFull(r, chunk[:want])
		if err != nil {
			size := int64(h.dtype.size)
			return nil, cutShort(err, "npy: the data ends after %d of %d bytes (dtype %s, shape %v)",
				int64(len(data))*size+int64(n), int64(count)*size, h.dtype.name, h.shape)
		}
		data = h.dtype.appendTo(data, chunk[:want])
	}
	return data, nil
}

// cutShort describes a read that failed: with the given words if the source
// ended, with its own error otherwise.
func cutShort(err error, format string, args ...any) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return formatErrorf(format+": %w", append(args, io.ErrUnexpectedEOF)...)
	}
	return inContext("npy", err)
}

func fortranStrides(shape []int) []int {
	strides := make([]int, len(shape))
	step := 1
	for i, size := range shape {
		strides[i] = step
		step *= size
	}
	return strides
}

// WriteNPY writes a in NumPy's .npy format, version 1.0, little-endian float32 or,
// of Ints, int64, in C order: byte for byte what numpy.save writes. It fails with [ErrShape] if
// a is not valid, before anything is written.
func WriteNPY(w io.Writer, a Array) error {
	if err := a.Validate(); err != nil {
		return err
	}
	if a.Ints != nil {
		return writeNPY(w, npyPreamble("<i8", a.Shape), a.Ints, func(b []byte, i int64) []byte {
			return binary.LittleEndian.AppendUint64(b, uint64(i))
		})
	}
	return writeNPY(w, npyPreamble("<f4", a.Shape), a.Data, func(b []byte, x float32) []byte {
		return binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	})
}

// writeNPY writes what stands before the data, and the data, each number as add appends it.
func writeNPY[T any](w io.Writer, preamble []byte, data []T, add func([]byte, T) []byte) error {
	if _, err := w.Write(preamble); err != nil {
		return inContext("writing npy", err)
	}
	const longest = 8 // bytes of a number
	chunk := make([]byte, 0, min(npyChunk, longest*len(data)))
	for rest := data; len(rest) > 0; {
		n := min(len(rest), npyChunk/longest)
		chunk = chunk[:0]
		for _, x := range rest[:n] {
			chunk = add(chunk, x)
		}
		if _, err := w.Write(chunk); err != nil {
			return inContext("writing npy", err)
		}
		rest = rest[n:]
	}
	return nil
}

// WriteNPYFile writes a .npy file as [WriteNPY] does. It writes to a temporary
// file beside path and renames that at the end, so that a failure leaves what
// was at path before.
func WriteNPYFile(path string, a Array) error {
	if err := a.Validate(); err != nil {
		return inContext("writing "+path, err)
	}
	return writeFile(path, func(w io.Writer) error { return WriteNPY(w, a) })
}

func writeFile(path string, write func(io.Writer) error) error {
	if err := files.Write(path, write); err != nil {
		return inContext("writing "+path, err)
	}
	return nil
}

// npyPreamble returns everything before the data.
func npyPreamble(dtype string, shape []int) []byte {
	var tuple strings.Builder
	for i, size := range shape {
		if i > 0 {
			tuple.WriteString(", ")
		}
		tuple.WriteString(strconv.Itoa(size))
	}
	if len(shape) == 1 {
		tuple.WriteByte(',')
	}
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", dtype, tuple.String())
	if len(shape) > 0 {
		// NumPy leaves room for the first size to grow in place to 21 digits.
		header += strings.Repeat(" ", max(0, 21-len(strconv.Itoa(shape[0]))))
	}
	// The data starts at a multiple of 64 bytes, after a newline.
	const fixed = len(npyMagic) + 2 + 2 + 1
	header += strings.Repeat(" ", 64-(fixed+len(header))%64) + "\n"
	out := append([]byte(npyMagic), 1, 0)
	out = binary.LittleEndian.AppendUint16(out, uint16(len(header)))
	return append(out, header...)
}
