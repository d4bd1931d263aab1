package main

import (
	"io"

	"path/filepath"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// pictureEndings are those of files that an output is drawn to.
var pictureEndings = []string{".png", ".jpg", ".jpeg"}

// outputFiles are the files of --output, by the output's name.
func (a *app) outputFiles(flags []string, ports []model.Port) (map[string]string, error) {
	files, streams := map[string]string{}, 0
	if a.json {
		streams++
	}
	taken := map[string]string{filepath.Clean(a.outputJSON): "--output-json"}
	for _, text := range flags {
		name, file, err := named("--output", text, ports)
		if err != nil {
			return nil, err
		}
		if other := files[name]; other != "" {
			return nil, usagef("--output %s: output %q goes to %s already", text, name, other)
		}
		if files[name] = file; file == stream {
			streams++
			continue
		}
		if other := taken[filepath.Clean(file)]; other != "" {
			return nil, usagef("--output %s: %s writes that file already", text, other)
		}
		taken[filepath.Clean(file)] = "--output " + name
		if ending := strings.ToLower(filepath.Ext(file)); !slices.Contains(
			append(pictureEndings, ".npy", ".pb"),
			ending,
		) {
			return nil, usagef("--output %s: must end in .npy, .pb, .png or .jpg", text)
		}
		if err := hasFolder("--output", file); err != nil {
			return nil, err
		}
	}
	if streams > 1 {
		return nil, usagef("--json and --output %s: only one of them can go to stdout", stream)
	}
	return files, nil
}

// writeOutput writes an output to a file by its ending, to stdout as .npy.
func (a *app) writeOutput(file, name string, array tensor.Array, options pictureOptions) error {
	switch ending := strings.ToLower(filepath.Ext(file)); {
	case file == stream || ending == ".npy":
		return a.writeNPY(file, array)
	case ending == ".pb":
		data, err := onnx.MarshalTensor(asTensor(name, array))
		if err != nil {
			return err
		}
		if err := a.writeReport(file, func(w io.Writer) error {
			_, err := w.Write(data)
			return err
		}); err != nil {
			return failure{err}
		}
		return nil
	}
	v, err := options.output(array)
	if err != nil {
		return err
	}
	return tensor.WriteImageFile(file, v)
}

// asTensor is an array as ONNX has it, of float32 or int64.
func asTensor(name string, a tensor.Array) onnx.Tensor {
	dims := make([]int64, len(a.Shape))
	for i, size := range a.Shape {
		dims[i] = int64(size)
	}
	if a.Ints != nil {
		return onnx.IntTensor(name, dims, a.Ints)
	}
	return onnx.FloatTensor(name, dims, a.Data)
}
