// Package conformance runs test cases in the layout of ONNX's own operator tests on a device: a folder a case, with
// model.onnx and test_data_set_0, test_data_set_1 and so on, each with input_0.pb and output_0.pb and their like.
//
// A case passes where every node is right within the bound of its own reference, and the outputs agree with the
// expected ones within the tolerance of ONNX's own runner.
package conformance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// The tolerance of ONNX's own runner (onnx/backend/test/case/test_case.py): an output may differ from what is expected
// by Absolute + Relative * |expected|.
const (
	Relative = 1e-3
	Absolute = 1e-7
)

// Case is one folder.
type Case struct {
	Name, Folder string
}

// Find gives the cases below the folders, in alphabetical order of their paths. The error names a folder that cannot
// be read, or in which there are none.
func Find(folders ...string) (all []Case, err error) {
	for _, folder := range folders {
		before := len(all)
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && d.Name() == "model.onnx" {
				dir := filepath.Dir(path)
				all = append(all, Case{filepath.Base(dir), dir})
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(all) == before {
			return nil, fmt.Errorf(
				"%s: no case below it, which is a folder with a model.onnx: %w",
				folder,
				fs.ErrNotExist,
			)
		}
	}
	return all, nil
}

// Status is how a case came out.
type Status int

// How a case can come out.
const (
	Passed Status = iota
	Failed
	Unsupported // its model has what no network of ours runs
)

// unsupported are the errors about what no network of ours runs, and about data that a case's own model does not take.
var unsupported = []error{model.ErrUnsupported, onnx.ErrUnsupported, host.ErrUnsupported, model.ErrInput}

func (s Status) String() string { return [...]string{"passed", "failed", "unsupported"}[s] }

// Result is how a case came out, and why it did not pass.
type Result struct {
	Case
	Status  Status
	Err     error
	Numbers int     // that were judged
	Bound   float64 // the largest part of a bound that one of them used
}

// Run runs all data sets of a case.
func Run(ctx context.Context, dev *host.Device, c Case) Result {
	r := Result{Case: c}
	if r.Err = r.run(ctx, dev); r.Err != nil {
		r.Status = Failed
	}
	for _, reason := range unsupported {
		if errors.Is(r.Err, reason) {
			r.Status = Unsupported
		}
	}
	return r
}

func (r *Result) run(ctx context.Context, dev *host.Device) (err error) {
	net, err := model.Load(dev, filepath.Join(r.Folder, "model.onnx"), model.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, net.Close()) }()
	sets, err := filepath.Glob(filepath.Join(r.Folder, "test_data_set_*"))
	if err != nil || len(sets) == 0 {
		return fmt.Errorf("%s: no test_data_set_*", r.Folder)
	}
	for _, set := range sets {
		if err := r.runSet(ctx, net, set); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(set), err)
		}
	}
	return nil
}

func (r *Result) runSet(ctx context.Context, net *model.Network, set string) error {
	inputs := map[string]tensor.Array{}
	for i, port := range net.Inputs() {
		a, err := readArray(filepath.Join(set, fmt.Sprintf("input_%d.pb", i)), port)
		if err != nil {
			return err
		}
		inputs[port.Name] = a
	}
	got, err := net.Run(ctx, inputs)
	if err != nil {
		return err
	}
	_, verdict, err := net.Check(ctx, inputs)
	if err != nil {
		return err
	}
	r.Numbers += verdict.Numbers()
	r.Bound = max(r.Bound, verdict.Worst().Report.BoundUsed)
	if err := verdict.Err(); err != nil {
		return err
	}
	for i, port := range net.Outputs() {
		name := filepath.Join(set, fmt.Sprintf("output_%d.pb", i))
		if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
			continue // an optional output that the case leaves open
		}
		want, err := readArray(name, port)
		if err != nil {
			return err
		}
		if err := Agree(got[port.Name], want); err != nil {
			return fmt.Errorf("output %q: %w", port.Name, err)
		}
	}
	return nil
}

// readArray reads what a port takes or gives from a .pb file.
func readArray(name string, port model.Port) (tensor.Array, error) {
	t, err := onnx.ReadTensorFile(name)
	if err != nil {
		return tensor.Array{}, err
	}
	if port.Type == onnx.BFloat16 && t.Type == onnx.Uint16 {
		return tensor.Array{}, fmt.Errorf("%w: bfloat16 numbers in a file as uint16", model.ErrUnsupported)
	}
	return model.ArrayOf(t)
}

// ErrDiffers is about an output that is not what a case expects.
var ErrDiffers = errors.New("differs from what is expected")

// Agree reports an output that is not within the tolerance of what is expected, and where it is the farthest from it.
func Agree(got, want tensor.Array) error {
	if !slices.Equal(got.Shape, want.Shape) && len(got.Shape)+len(want.Shape) > 0 {
		return fmt.Errorf("%w: shape %v, must be %v", ErrDiffers, got.Shape, want.Shape)
	}
	if (got.Ints != nil) != (want.Ints != nil) {
		return fmt.Errorf("%w: whole numbers where there must be others, or the other way round", ErrDiffers)
	}
	worst, at := 0.0, -1
	for i := range want.Ints {
		if got.Ints[i] != want.Ints[i] {
			return fmt.Errorf("%w: number %d is %d, must be %d", ErrDiffers, i, got.Ints[i], want.Ints[i])
		}
	}
	for i := range want.Data {
		if by := beyond(float64(got.Data[i]), float64(want.Data[i])); by > worst {
			worst, at = by, i
		}
	}
	if at >= 0 {
		return fmt.Errorf(
			"%w: number %d is %v, must be %v within %v and %v of it",
			ErrDiffers,
			at,
			got.Data[at],
			want.Data[at],
			Absolute,
			Relative,
		)
	}
	return nil
}

// beyond is how far a number is outside of the tolerance.
func beyond(got, want float64) float64 {
	switch {
	case got == want || math.IsNaN(got) && math.IsNaN(want):
		return 0
	case math.IsNaN(got) || math.IsNaN(want) || math.IsInf(got, 0) || math.IsInf(want, 0):
		return math.Inf(1)
	}
	return math.Abs(got-want) - (Absolute + Relative*math.Abs(want))
}

// Reasons counts why cases are unsupported, each by its last words.
func Reasons(all []Result) map[string]int {
	counted := map[string]int{}
	for _, r := range all {
		if r.Status == Unsupported {
			counted[reason(r.Err)]++
		}
	}
	return counted
}

// reason is an error without the names of the case.
func reason(err error) string {
	text := err.Error()
	for _, reason := range unsupported {
		if _, behind, ok := strings.Cut(text, reason.Error()+": "); ok {
			text = behind
		}
	}
	return text
}
