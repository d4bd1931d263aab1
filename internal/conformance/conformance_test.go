package conformance_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/internal/conformance"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// testData is where Debian's package libonnx-testdata lies.
const testData = "/usr/share/libonnx-testdata/data"

// cases are ONNX's own. The folder "real" is left out: its weights are elsewhere.
func cases(t *testing.T) []conformance.Case {
	t.Helper()
	var folders []string
	for _, name := range []string{"node", "simple", "pytorch-converted", "pytorch-operator"} {
		folders = append(folders, filepath.Join(testData, name))
	}
	all, err := conformance.Find(folders...)
	if err != nil {
		t.Fatalf("%v: apt-get install libonnx-testdata", err)
	}
	return all
}

// least is how many of ONNX's cases must pass at least, so that none vanishes unseen.
const least = 844

// TestOnnxCases runs all of ONNX's own cases. One that fails is an error; what no network of ours runs is counted.
func TestOnnxCases(t *testing.T) {
	dev := hosttest.Open(t)
	var all []conformance.Result
	passed, numbers := 0, 0
	for i, c := range cases(t) {
		if testing.Short() && i%10 != 0 {
			continue
		}
		r := conformance.Run(context.Background(), dev, c)
		all = append(all, r)
		numbers += r.Numbers
		switch r.Status {
		case conformance.Passed:
			passed++
		case conformance.Failed:
			t.Errorf("%s: %v", c.Folder, r.Err)
		}
	}
	if !testing.Short() && passed < least {
		t.Errorf("%d cases passed, must be %d at least", passed, least)
	}
	for reason, count := range conformance.Reasons(all) {
		t.Logf("%d unsupported: %s", count, reason)
	}
	t.Logf("%d of %d cases passed, %d numbers judged", passed, len(all), numbers)
}

func TestAgree(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	floats := func(f ...float32) tensor.Array { return tensor.Array{Shape: []int{len(f)}, Data: f} }
	ints := func(i ...int64) tensor.Array { return tensor.Array{Shape: []int{len(i)}, Ints: i} }
	for _, c := range []struct {
		name      string
		got, want tensor.Array
		agree     bool
	}{
		{"equal", floats(1, nan, inf), floats(1, nan, inf), true},
		{"near", floats(1.0009), floats(1), true},
		{"far", floats(1.0011), floats(1), false},
		{"not NaN", floats(1), floats(nan), false},
		{"NaN", floats(nan), floats(1), false},
		{"another infinity", floats(-inf), floats(inf), false},
		{"finite", floats(1e38), floats(inf), false},
		{"shape", floats(1, 1), floats(1), false},
		{"whole", ints(1, 2), ints(1, 2), true},
		{"another whole", ints(1, 3), ints(1, 2), false},
		{"another type", floats(1), ints(1), false},
	} {
		if err := conformance.Agree(c.got, c.want); (err == nil) != c.agree ||
			err != nil && !errors.Is(err, conformance.ErrDiffers) {
			t.Errorf("%s: error %v, must agree: %v", c.name, err, c.agree)
		}
	}
}

// TestRun holds that a case with another output than is expected fails, that one without its model does, and that one
// with an operator that nobody knows is unsupported.
func TestRun(t *testing.T) {
	dev := hosttest.Open(t)
	write := func(op string, expected float32) conformance.Case {
		folder := t.TempDir()
		set := filepath.Join(folder, "test_data_set_0")
		value := []onnx.ValueInfo{{Name: "x", Type: onnx.Float, Dims: []onnx.Dim{{Size: 1}}, HasShape: true}}
		out := slices.Clone(value)
		out[0].Name = "y"
		m := onnx.Model{IRVersion: 8, Opsets: map[string]int64{"": 17}, Graph: onnx.Graph{
			Name: "g", Inputs: value, Outputs: out,
			Nodes: []onnx.Node{{Op: op, Inputs: []string{"x"}, Outputs: []string{"y"}}},
		}}
		if err := errors.Join(
			os.Mkdir(set, 0o700),
			m.WriteFile(filepath.Join(folder, "model.onnx")),
			writeTensor(filepath.Join(set, "input_0.pb"), 2),
			writeTensor(filepath.Join(set, "output_0.pb"), expected),
		); err != nil {
			t.Fatal(err)
		}
		return conformance.Case{Name: op, Folder: folder}
	}
	for _, c := range []struct {
		of   conformance.Case
		want conformance.Status
		err  error
	}{
		{write("Identity", 2), conformance.Passed, nil},
		{write("Identity", 3), conformance.Failed, conformance.ErrDiffers},
		{write("Nothing", 2), conformance.Unsupported, model.ErrUnsupported},
		{conformance.Case{Name: "none", Folder: t.TempDir()}, conformance.Failed, os.ErrNotExist},
	} {
		r := conformance.Run(context.Background(), dev, c.of)
		if r.Status != c.want || !errors.Is(r.Err, c.err) {
			t.Errorf("%s: %v, error %v, must be %v", c.of.Name, r.Status, r.Err, c.want)
		}
	}
}

// writeTensor writes a tensor of one number.
func writeTensor(path string, number float32) error {
	data, err := onnx.MarshalTensor(onnx.FloatTensor("", []int64{1}, []float32{number}))
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}
