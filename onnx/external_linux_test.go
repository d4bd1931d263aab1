package onnx

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// A folder with a model, its data, and what a model must not read.
func TestExternalData(t *testing.T) {
	above := t.TempDir()
	folder := filepath.Join(above, "model")
	path := filepath.Join(folder, "network")
	data := []byte{10, 11, 12, 13, 14}
	for _, err := range []error{
		os.MkdirAll(filepath.Join(folder, "sub"), 0o777),
		os.WriteFile(filepath.Join(folder, "w.bin"), data, 0o666),
		os.WriteFile(filepath.Join(folder, "sub", "w.bin"), data[2:4], 0o666),
		os.WriteFile(filepath.Join(above, "secret"), data, 0o666),
		os.Symlink(filepath.Join("..", "secret"), filepath.Join(folder, "out")),
		os.Symlink(filepath.Join(above, "secret"), filepath.Join(folder, "absolute")),
		os.Symlink(above, filepath.Join(folder, "up")),
		os.Symlink("w.bin", filepath.Join(folder, "within")),
		syscall.Mkfifo(filepath.Join(folder, "pipe"), 0o666),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		entries []string
		want    []int64
		words   string
	}{
		{[]string{"location", "w.bin"}, []int64{10, 11}, ""},
		{[]string{"location", "w.bin", "offset", "3", "length", "2", "checksum", "?"}, []int64{13, 14}, ""},
		{[]string{"location", "./sub/w.bin", "length", "2"}, []int64{12, 13}, ""},
		{[]string{"location", "sub/../w.bin", "offset", "1"}, []int64{11, 12}, ""},
		{[]string{"location", "within"}, []int64{10, 11}, ""},
		{[]string{"location", "w.bin", "offset", "4"}, nil, `2 bytes from offset 4 of file "w.bin", which has 5`},
		{[]string{"location", "w.bin", "offset", "9223372036854775807"}, nil, "from offset 9223372036854775807"},
		{[]string{"location", "w.bin", "offset", "9223372036854775808"}, nil,
			`offset "9223372036854775808", must be a whole`},
		{[]string{"location", "w.bin", "offset", "-1"}, nil, `offset "-1", must be a whole number`},
		{[]string{"location", "w.bin", "length", "3"}, nil, "length 3, must be 2 numbers of 1 bytes"},
		{[]string{"location", "w.bin", "length", ""}, nil, `length "", must be a whole number`},
		{[]string{"offset", "1"}, nil, `location "", must be a path within the model's folder`},
		{[]string{"location", "../secret"}, nil, `location "../secret", must be a path within`},
		{[]string{"location", "sub/../../secret"}, nil, "must be a path within"},
		{[]string{"location", filepath.Join(above, "secret")}, nil, "must be a path within"},
		{[]string{"location", "out"}, nil, `location "out": `},
		{[]string{"location", "absolute"}, nil, `location "absolute": `},
		{[]string{"location", "up/secret"}, nil, `location "up/secret": `},
		{[]string{"location", "sub"}, nil, "must be a regular file"},
		{[]string{"location", "pipe"}, nil, "must be a regular file"},
		{[]string{"location", "missing"}, nil, "no such file"},
		{[]string{"location", "w.bin\x00"}, nil, `location "w.bin\x00": `},
	} {
		if err := os.WriteFile(path, externalOf(c.entries...), 0o666); err != nil {
			t.Fatal(err)
		}
		m, err := ReadFile(path)
		if c.want == nil {
			wantError(t, err, ErrFormat, c.words)
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", c.entries, err)
			continue
		}
		if got, err := m.Graph.Initializers[0].Ints(); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q: %v, %v, must be %v", c.entries, got, err, c.want)
		}
		survives(t, m)
	}
}
