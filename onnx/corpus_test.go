package onnx

import (
	"bytes"
	"errors"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// onnxData is where Debian's package libonnx-testdata lies: the test data of ONNX's own operators, of which 1.12 has
// at least so many models and tensors that are read.
const (
	onnxData    = "/usr/share/libonnx-testdata/data"
	leastModels = 1042
	leastData   = 3154
)

// found are the files of a pattern, of which there must be some.
func found(t *testing.T, pattern, otherwise string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("nothing is %s: %s", pattern, otherwise)
	}
	return files
}

// sameFloats compares by bits, so that a NaN is itself.
func sameFloats(a, b []float32) bool {
	return len(a) == len(b) && bytes.Equal(FloatTensor("", nil, a).data, FloatTensor("", nil, b).data)
}

// takeFloats takes the floats of all attributes out of a model, which reflect.DeepEqual would find different if NaN.
func takeFloats(m *Model) (all []float32) {
	for _, n := range m.Graph.Nodes {
		for _, name := range sortedKeys(n.Attributes) {
			a := n.Attributes[name]
			all = append(append(all, a.Float), a.Floats...)
			a.Float = 0
			for i := range a.Floats {
				a.Floats[i] = 0
			}
			n.Attributes[name] = a
		}
	}
	return all
}

// survives holds that a model that was read is the same one after it is written and read, and is written the same.
func survives(t *testing.T, m *Model) {
	t.Helper()
	data, err := m.Marshal()
	if err != nil {
		t.Fatalf("what was read is not written: %v", err)
	}
	again, err := Read(data, nil)
	if err != nil {
		t.Fatalf("what was written is not read: %v", err)
	}
	if twice, err := again.Marshal(); err != nil || !bytes.Equal(data, twice) {
		t.Fatalf("written twice it differs, error %v", err)
	}
	if a, b := takeFloats(m), takeFloats(again); !sameFloats(a, b) || !reflect.DeepEqual(m, again) {
		t.Fatalf("%+v, %v\nbecame\n%+v, %v", m, a, again, b)
	}
}

// refusal is why a model of the test data may be refused, in one word.
func refusal(err error) string {
	var parts *UnsupportedError
	if !errors.As(err, &parts) {
		return ""
	}
	for _, word := range []string{"subgraph", "sequence", "optional"} {
		if strings.Contains(parts.Parts[0], word) {
			return word
		}
	}
	return ""
}

// Everything in ONNX's own test data is read, written and read again, or refused for a reason that is counted.
func TestOnnxData(t *testing.T) {
	models := found(t, filepath.Join(onnxData, "*", "test_*", "model.onnx"), "apt-get install libonnx-testdata")
	refused, read := map[string]int{}, 0
	refusedFolders := map[string]bool{}
	for _, path := range models {
		m, err := ReadFile(path)
		reason := refusal(err)
		switch {
		case err == nil:
			read++
			survives(t, m)
		case reason != "":
			refused[reason]++
			refusedFolders[filepath.Dir(path)] = true
		default:
			t.Error(err)
		}
	}
	t.Logf("%d models read, refused %v", read, refused)
	if read < leastModels {
		t.Errorf("%d models were read, must be at least %d", read, leastModels)
	}

	tensors, others := 0, 0
	files := found(t, filepath.Join(onnxData, "*", "test_*", "*", "*.pb"), "apt-get install libonnx-testdata")
	for _, path := range files {
		x, err := ReadTensorFile(path)
		switch {
		case err == nil:
			tensors++
			tensorSurvives(t, x)
		case refusedFolders[filepath.Dir(filepath.Dir(path))]:
			others++ // an optional or a sequence, of a model that has one
		default:
			t.Error(err)
		}
	}
	t.Logf("%d tensors read; %d files of refused models are no tensors", tensors, others)
	if tensors < leastData {
		t.Errorf("%d tensors were read, must be at least %d", tensors, leastData)
	}
}

func tensorSurvives(t *testing.T, x Tensor) {
	t.Helper()
	data, err := MarshalTensor(x)
	if err != nil {
		t.Fatalf("%v: %v", x.title(), err)
	}
	if again, err := UnmarshalTensor(data); err != nil || !reflect.DeepEqual(x, again) {
		t.Fatalf("%+v\nbecame\n%+v, %v", x, again, err)
	}
	if x.Type == String {
		return
	}
	values, err := x.Doubles()
	count, _ := elements(x.Dims)
	if err != nil || int64(len(values)) != count {
		t.Fatalf("%v of shape %v has %d numbers, %v", x.title(), x.Dims, len(values), err)
	}
}

// Tensors of the test data whose numbers follow from each other: those of relu, and float32 as float16.
func TestOnnxNumbers(t *testing.T) {
	folder := filepath.Join(onnxData, "node")
	read := func(name string) Tensor {
		x, err := ReadTensorFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatalf("%v: apt-get install libonnx-testdata", err)
		}
		return x
	}
	in, err := read("test_relu/test_data_set_0/input_0.pb").Floats()
	if err != nil {
		t.Fatal(err)
	}
	out, err := read("test_relu/test_data_set_0/output_0.pb").Floats()
	if err != nil || len(in) != 60 {
		t.Fatal(err, len(in))
	}
	positive := 0
	for i, x := range in {
		if want := max(x, 0); out[i] != want {
			t.Errorf("relu(%v) is %v", x, out[i])
		}
		if x > 0 {
			positive++
		}
	}
	if positive < 20 {
		t.Errorf("%d of 60 numbers are positive", positive)
	}
	// A float16 is within half of its last place.
	wide, err := read("test_cast_FLOAT_to_FLOAT16/test_data_set_0/input_0.pb").Floats()
	if err != nil {
		t.Fatal(err)
	}
	half, err := read("test_cast_FLOAT_to_FLOAT16/test_data_set_0/output_0.pb").Floats()
	if err != nil || len(wide) != 12 {
		t.Fatal(err, len(wide))
	}
	for i, x := range wide {
		if math.Abs(float64(half[i]-x)) > 0x1p-11*math.Abs(float64(x)) {
			t.Errorf("%v as float16 is %v", x, half[i])
		}
	}
}

// Networks of other exporters lie beside the tree, in ../shared/data/models, and are no part of it. Where they are
// missing, networks that this test writes take their place.
func TestOtherExporters(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "shared", "data", "models", "*.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Log("wants the networks of ../shared/data/models; takes small ones of its own")
		files = []string{filepath.Join(t.TempDir(), "small.onnx")}
		if err := small().WriteFile(files[0]); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range files {
		m, err := ReadFile(path)
		if err != nil {
			t.Error(err)
			continue
		}
		t.Logf("%s: IR %d, opset %d, %d nodes, %d initializers, by %s", filepath.Base(path), m.IRVersion, m.Opsets[""],
			len(m.Graph.Nodes), len(m.Graph.Initializers), m.Producer)
		if len(m.Graph.Nodes) < 4 || len(m.Graph.Initializers) < 2 {
			t.Errorf("%s: %d nodes, %d initializers", path, len(m.Graph.Nodes), len(m.Graph.Initializers))
		}
		for _, x := range m.Graph.Initializers {
			tensorSurvives(t, x)
		}
		survives(t, m)
	}
}
