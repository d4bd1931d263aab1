package onnx

import (
	"bytes"
	"math"
	"path/filepath"
	"testing"
)

// A model is written the same each time, though maps are in no order, and read as it was.
func TestMarshal(t *testing.T) {
	first, err := small().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		if again, err := small().Marshal(); err != nil || !bytes.Equal(first, again) {
			t.Fatalf("written again it differs, error %v", err)
		}
	}
	path := filepath.Join(t.TempDir(), "small.onnx")
	if err := small().WriteFile(path); err != nil {
		t.Fatal(err)
	}
	m, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a := m.Graph.Nodes[3].Attributes
	if !math.IsInf(float64(a["alpha"].Float), -1) || a["keys"].Strings[2] != "\xff" ||
		m.Metadata["author"] != "somebody" || m.Graph.Nodes[0].Attributes["pads"].Ints[3] != math.MinInt64 ||
		m.Graph.Inputs[0].Dims[0].Param != "batch" {
		t.Errorf("%+v", m)
	}
	survives(t, m)
	if err := small().WriteFile(filepath.Join(path, "below")); err == nil {
		t.Error("a file below a file: no error")
	}
	if err := (&Model{}).WriteFile(path); err == nil {
		t.Error("an empty model: no error")
	}
}

// FuzzRead asserts that nothing panics, that errors have a kind, and that what is read survives being written.
func FuzzRead(f *testing.F) {
	model, err := small().Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(model)
	f.Add([]byte(modelOf(graphOf(nodeOf(wired{}.text(1, "a").number(20, 5).bytes(6, 1))))))
	f.Add([]byte(externalOf("location", "w.bin", "offset", "1", "length", "2")))
	for d := range dataTypes {
		for _, data := range []wired{wired{}.packed(5, 1, 0), wired{}.packed(7, 1, 0), wired{}.number(11, 1, 0),
			wired{}.word(4, 1, 2), wired{}.long(10, 1, 2), wired{}.text(6, "a").text(6, "b"), wired{}.bytes(9, 1, 2)} {
			f.Add([]byte(modelOf(graphOf(nodeOf(), wired{}.bytes(5, append(tensorOf(d), data...)...)...))))
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := Read(file, func(string) ([]byte, error) { return []byte{1, 2, 3}, nil })
		if err != nil {
			hasKind(t, err)
		} else {
			survives(t, m)
		}
		x, err := UnmarshalTensor(file)
		if err != nil {
			hasKind(t, err)
		} else {
			tensorSurvives(t, x)
		}
	})
}
