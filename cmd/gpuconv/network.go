package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/onnx"
)

// network is a model that was read, and held against what networks can be, before any GPU is touched.
type network struct {
	path            string
	model           *onnx.Model
	dims            map[string]int // sizes that the command line gives to symbolic dimensions
	inputs, outputs []model.Port
}

// readNetwork reads a model from a file, or from stdin, with the sizes of --dim.
func (a *app) readNetwork(path string, dims []string) (*network, error) {
	m, err := a.readModel(path)
	if err != nil {
		return nil, err
	}
	n := &network{path: path, model: m}
	if n.dims, err = parseDims(m, dims); err != nil {
		return nil, err
	}
	return n, n.look()
}

// look holds the model against what networks can be, on the CPU reference, which computes none.
func (n *network) look() error {
	cpu, err := host.Open(host.Options{Backend: host.CPU})
	if err != nil {
		return err
	}
	defer cpu.Close()
	net, err := model.New(cpu, n.model, model.Options{Dims: n.dims})
	if err != nil {
		return fmt.Errorf("%s: %w", n.path, err)
	}
	n.inputs, n.outputs = net.Inputs(), net.Outputs()
	return net.Close()
}

func (a *app) readModel(path string) (*onnx.Model, error) {
	if path != stream {
		return onnx.ReadFile(path)
	}
	r, err := a.stdin.take("the model")
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, failure{fmt.Errorf("reading the model from stdin: %w", err)}
	}
	m, err := onnx.Read(data, nil)
	if err != nil {
		err = fmt.Errorf("stdin: %w", err)
	}
	return m, err
}

// parseDims reads --dim NAME=N, where NAME is a symbolic dimension of an input.
func parseDims(m *onnx.Model, flags []string) (map[string]int, error) {
	var names []string
	for _, i := range m.Graph.Inputs {
		for _, d := range i.Dims {
			if d.Param != "" && !slices.Contains(names, d.Param) {
				names = append(names, d.Param)
			}
		}
	}
	dims := map[string]int{}
	for _, flag := range flags {
		name, text, _ := strings.Cut(flag, "=")
		size, err := strconv.Atoi(text)
		switch {
		case err != nil || size < 1:
			return nil, usagef("--dim %s: must be NAME=N, with a whole number N of 1 or more", flag)
		case !slices.Contains(names, name) && len(names) == 0:
			return nil, usagef("--dim %s: the inputs have no symbolic dimension", flag)
		case !slices.Contains(names, name):
			return nil, usagef(
				"--dim %s: the symbolic dimensions of the inputs are %s",
				flag,
				strings.Join(names, ", "),
			)
		case dims[name] != 0:
			return nil, usagef("--dim %s: %s is given twice", flag, name)
		}
		dims[name] = size
	}
	return dims, nil
}

// portList is one line for each input or output, for people.
func portList(ports []model.Port) string {
	var b strings.Builder
	for _, p := range ports {
		fmt.Fprintf(&b, "\n  %s", p)
	}
	return b.String()
}

// named splits NAME=FILE. The name may be left out where there is one port alone.
func named(flag, text string, ports []model.Port) (name, file string, err error) {
	for _, p := range ports {
		if rest, ok := strings.CutPrefix(text, p.Name+"="); ok && len(p.Name) >= len(name) {
			name, file = p.Name, rest
		}
	}
	switch {
	case file != "":
		return name, file, nil
	case name != "" || text == "":
		return "", "", usagef("%s %s: name a file", flag, text)
	case len(ports) != 1:
		return "", "", usagef("%s %s: must be NAME=FILE, of one of these:%s", flag, text, portList(ports))
	}
	return ports[0].Name, text, nil
}

// isFloat tells whether networks have numbers of this type as float32; all others are whole numbers.
func isFloat(t onnx.DataType) bool {
	return slices.Contains([]onnx.DataType{onnx.Float, onnx.Float16, onnx.BFloat16, onnx.Double}, t)
}
