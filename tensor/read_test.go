package tensor

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// TestRead holds that the first bytes tell what is read, whatever a file's name, and from a stream that gives
// one byte at a time.
func TestRead(t *testing.T) {
	var npy bytes.Buffer
	array := Array{Shape: []int{2, 3}, Data: []float32{1, 2, 3, 4, 5, 6}}
	if err := WriteNPY(&npy, array); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string // misleading
		file   []byte
		format Format
		shape  []int
	}{
		{"a.png", npy.Bytes(), NPY, []int{2, 3}},
		{"a.npy", pngOf(t, tinyPicture()), Picture, []int{2, 3, 3}},
		{"a.txt", storedScene(t, "top", "left"), Picture, []int{32, 48, 3}},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		if err := os.WriteFile(path, c.file, 0o600); err != nil {
			t.Fatal(err)
		}
		a, format, err := ReadFile(path)
		if err != nil || format != c.format || !slices.Equal(a.Shape, c.shape) || a.Validate() != nil {
			t.Errorf("%s: %v of shape %v, %v", c.name, format, a.Shape, err)
		}
		b, format, err := Read(iotest.OneByteReader(bytes.NewReader(c.file)))
		if err != nil || format != c.format || !slices.Equal(a.Data, b.Data) {
			t.Errorf("%s as a stream: %v of shape %v, %v", c.name, format, b.Shape, err)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	var npy bytes.Buffer
	if err := WriteNPY(&npy, Array{Shape: []int{1}, Data: []float32{1}}); err != nil {
		t.Fatal(err)
	}
	for text, words := range map[string]string{
		"":                               "nothing is there",
		"no array":                       `starts with "no arr": it is neither .npy nor PNG nor JPEG`,
		"GIF89a":                         "neither .npy nor PNG nor JPEG",
		"\x93NUM":                        "ends after 4 bytes",
		npy.String() + "x":               "bytes follow the array",
		npy.String()[:npy.Len()-1]:       "the data ends after 3 of 4 bytes",
		string(claiming(8193, 8192)[:9]): "use PNG or JPEG",
	} {
		if _, _, err := Read(strings.NewReader(text)); !errors.Is(err, ErrFormat) ||
			!strings.Contains(err.Error(), words) {
			t.Errorf("%.20q: %v, must say %q", text, err, words)
		}
	}
	broken := errors.New("the pipe broke")
	if _, _, err := Read(io.MultiReader(strings.NewReader("\x93N"), iotest.ErrReader(broken))); !errors.Is(err,
		broken) {
		t.Errorf("%v, must be the source's error", err)
	}
	if _, _, err := ReadFile(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
