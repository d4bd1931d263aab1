package onnx

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"testing"
)

// externalOf is a model whose initializer t, of 2 uint8, has its data in a file that these keys and values say.
func externalOf(entries ...string) wired {
	x := tensorOf(Uint8).number(14, 1)
	for i := 0; i < len(entries); i += 2 {
		x = x.bytes(13, wired{}.text(1, entries[i]).text(2, entries[i+1])...)
	}
	return modelOf(graphOf(nodeOf(), wired{}.bytes(5, x...)...))
}

// What opens files is asked once for each, and never for one outside of the folder. Its errors can be told.
func TestExternalOpen(t *testing.T) {
	x := tensorOf(Uint8).number(14, 1).bytes(13, wired{}.text(1, "location").text(2, "w")...)
	y := append(slices.Clone(x), wired{}.text(8, "other")...)
	model := modelOf(graphOf(nodeOf(), wired{}.bytes(5, x...).bytes(5, y...)...))
	asked := 0
	m, err := Read(model, func(string) ([]byte, error) { asked++; return []byte{1, 2, 3}, nil })
	if err != nil || asked != 1 || len(m.Graph.Initializers) != 2 {
		t.Errorf("asked %d times, error %v", asked, err)
	}
	_, err = Read(model, func(string) ([]byte, error) { return nil, fs.ErrPermission })
	wantError(t, err, ErrFormat, `initializer 0: tensor "t": location "w": permission denied`)
	if !errors.Is(err, fs.ErrPermission) {
		t.Errorf("error %v, must be fs.ErrPermission too", err)
	}
	_, err = Read(model, nil)
	wantError(t, err, ErrUnsupported, `data in file "w", with nothing given that opens files`)
	_, err = Read(externalOf("location", "/etc/passwd"), func(name string) ([]byte, error) {
		t.Errorf("asked for %q", name)
		return nil, nil
	})
	wantError(t, err, ErrFormat, `location "/etc/passwd"`)
	huge := tensorOf(Double).number(1, 1<<61).number(14, 1).bytes(13, wired{}.text(1, "location").text(2, "w")...)
	_, err = Read(modelOf(graphOf(nodeOf(), wired{}.bytes(5, huge...)...)), nil)
	wantError(t, err, ErrFormat, "length 0, must be 4611686018427387904 numbers of 8 bytes")
	if _, err := ReadFile(filepath.Join(t.TempDir(), "none.onnx")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}
