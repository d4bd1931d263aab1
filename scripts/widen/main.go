// Widen writes a network as programs take it that have no float16, or that take every initializer which is an input
// too for an input alone: its float16 numbers as float32, which are the same, and its initializers no longer inputs.
//
//	go run ./scripts/widen MODEL.onnx OUT.onnx
package main

import (
	"fmt"
	"os"

	"github.com/gpuconv/gpuconv/onnx"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "widen: usage: go run ./scripts/widen MODEL.onnx OUT.onnx")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "widen:", err)
		os.Exit(1)
	}
}

func run(from, to string) error {
	m, err := onnx.ReadFile(from)
	if err != nil {
		return err
	}
	if err := widen(m); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	return m.WriteFile(to)
}

// initializersAlone is the first version of ONNX's files in which an initializer need not be an input.
const initializersAlone = 4

func widen(m *onnx.Model) error {
	m.IRVersion = max(m.IRVersion, initializersAlone)
	g := &m.Graph
	constant := map[string]bool{}
	for i, t := range g.Initializers {
		constant[t.Name] = true
		if t.Type != onnx.Float16 {
			continue
		}
		values, err := t.Floats()
		if err != nil {
			return fmt.Errorf("initializer %q: %w", t.Name, err)
		}
		g.Initializers[i] = onnx.FloatTensor(t.Name, t.Dims, values)
	}
	var inputs []onnx.ValueInfo
	for _, in := range g.Inputs {
		if !constant[in.Name] {
			inputs = append(inputs, in)
		}
	}
	g.Inputs = inputs
	for _, infos := range [][]onnx.ValueInfo{g.Inputs, g.Outputs, g.Values} {
		for i := range infos {
			if infos[i].Type == onnx.Float16 {
				infos[i].Type = onnx.Float
			}
		}
	}
	return nil
}
