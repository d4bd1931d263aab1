package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/conformance"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// folded are for each operator that graphs compute shapes with how many of ONNX's cases the host computes, where all
// that they read is constant. Others are of types or attributes that it leaves to the device.
var folded = map[string]int{
	"Abs": 1, "Add": 3, "And": 8, "ArgMax": 16, "ArgMin": 16, "Cast": 12, "Ceil": 2, "Clip": 11, "Concat": 13,
	"Div": 4, "Equal": 2, "Expand": 6, "Floor": 2, "Gather": 4, "GatherElements": 3, "GatherND": 3,
	"Greater": 2, "GreaterOrEqual": 2, "Less": 2, "LessOrEqual": 2, "Max": 15, "Mean": 3, "Min": 15, "Mod": 10,
	"Mul": 4, "Neg": 2, "NonZero": 1, "Not": 3, "Or": 8, "Pow": 15, "Range": 2, "Reciprocal": 2,
	"ReduceMax": 8, "ReduceMean": 10, "ReduceMin": 8, "ReduceProd": 8, "ReduceSum": 12, "Reshape": 10,
	"Round": 1, "ScatterElements": 3, "ScatterND": 1, "Shape": 10, "Sign": 2, "Size": 2, "Slice": 8, "Sqrt": 3,
	"Squeeze": 2, "Sub": 4, "Sum": 3, "Transpose": 8, "Unsqueeze": 8, "Where": 2, "Xor": 8,
}

// TestFolded runs ONNX's cases with constants for inputs: what the host then computes, so that shapes can follow from
// it, is what the cases expect.
func TestFolded(t *testing.T) {
	dev := hosttest.Open(t)
	counts := map[string]int{}
	for _, c := range cases(t) {
		m, err := onnx.ReadFile(filepath.Join(c.Folder, "model.onnx"))
		if err != nil || len(m.Graph.Nodes) != 1 || folded[m.Graph.Nodes[0].Op] == 0 {
			continue
		}
		before := dev.GPU().Stats().Submissions
		err = constant(dev, m, filepath.Join(c.Folder, "test_data_set_0"))
		switch onHost := dev.GPU().Stats().Submissions == before; {
		case errors.Is(err, model.ErrUnsupported) || errors.Is(err, fs.ErrNotExist) ||
			strings.Contains(c.Folder, "BFLOAT16"): // which the cases hold as whole numbers
		case err != nil:
			t.Errorf("%s: %v", filepath.Base(c.Folder), err)
		case onHost:
			counts[m.Graph.Nodes[0].Op]++
		}
	}
	for op, want := range folded {
		if counts[op] != want {
			t.Errorf("%s: %d cases computed by the host, must be %d", op, counts[op], want)
		}
	}
}

// constant runs a case with its inputs as constants.
func constant(dev *host.Device, m *onnx.Model, set string) (err error) {
	for i, input := range m.Graph.Inputs {
		of, err := onnx.ReadTensorFile(filepath.Join(set, fmt.Sprintf("input_%d.pb", i)))
		if err != nil {
			return err
		}
		of.Name = input.Name
		m.Graph.Initializers = append(m.Graph.Initializers, of)
	}
	m.Graph.Inputs = nil
	net, err := model.New(dev, m, model.Options{})
	if err != nil {
		return err
	}
	defer net.Close()
	got, err := net.Run(context.Background(), map[string]tensor.Array{})
	if err != nil {
		return err
	}
	for i, output := range m.Graph.Outputs {
		name := filepath.Join(set, fmt.Sprintf("output_%d.pb", i))
		if _, err := os.Stat(name); err != nil {
			continue // an optional output that the case leaves open
		}
		of, err := onnx.ReadTensorFile(name)
		if err != nil {
			return err
		}
		want, err := model.ArrayOf(of)
		if err != nil {
			return err
		}
		if err := conformance.Agree(got[output.Name], want); err != nil {
			return err
		}
	}
	return nil
}
