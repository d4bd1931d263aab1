package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/onnx"
	"github.com/gpuconv/gpuconv/tensor"
)

// inferBisect is what the report says of expected values, where all agree.
type inferBisect struct {
	Tensors   []bisectRow `json:"tensors"`
	Tolerance float64     `json:"tolerance"`
}

// bisectRow is one tensor with expected values: see [model.Departure].
type bisectRow struct {
	Tensor   string    `json:"tensor"`
	Node     string    `json:"node"`
	Device   jsonFloat `json:"device"`
	Expected jsonFloat `json:"expected"`
	Between  jsonFloat `json:"between"`
}

// readExpected reads the files of --bisect, by the tensor's name.
func (f *inferFlags) readExpected(a *app, n *network) (map[string]tensor.Array, error) {
	var ports []model.Port
	for _, node := range n.model.Graph.Nodes {
		for _, name := range node.Outputs {
			if name != "" {
				ports = append(ports, model.Port{Name: name})
			}
		}
	}
	all := map[string]tensor.Array{}
	for _, text := range f.bisect {
		of := ports
		if !strings.Contains(text, "=") {
			of = n.outputs
		}
		name, file, err := named("--bisect", text, of)
		if err != nil {
			return nil, err
		}
		if _, taken := all[name]; taken {
			return nil, usagef("--bisect %s: tensor %q has a file already", text, name)
		}
		if all[name], err = a.readAny(file); err != nil {
			return nil, fmt.Errorf("--bisect %s: %w", text, err)
		}
	}
	return all, nil
}

// readAny reads a .npy or an ONNX tensor of any type.
func (a *app) readAny(file string) (tensor.Array, error) {
	data, err := a.readBytes("--bisect", file)
	if err != nil {
		return tensor.Array{}, err
	}
	array, format, err := tensor.Read(bytes.NewReader(data))
	switch {
	case format == tensor.Picture:
		return array, usagef("%s is a picture, must be a .npy or an ONNX tensor (.pb)", file)
	case format != "":
		return array, err
	}
	t, err := onnx.UnmarshalTensor(data)
	if err != nil {
		return array, fmt.Errorf("it is neither .npy nor an ONNX tensor: %w", err)
	}
	return model.ArrayOf(t)
}

// against holds the network's nodes and the expected values against the reference, and says which of them is wrong.
func (r *inference) against(ctx context.Context) error {
	var found *model.Bisection
	err := r.stage(ctx, "bisecting", -1, func(func()) (err error) {
		found, err = model.Bisect(ctx, r.dev, r.network.model, r.options, r.inputs, r.expected, r.flags.tolerance)
		return err
	})
	if err == nil && r.app.spoilVerdict != nil {
		r.app.spoilVerdict(&found.Verdict)
	}
	if isCheck(err) {
		return r.failed(err.Error())
	}
	if err != nil {
		return err
	}
	return r.blame(found)
}

// failed reports a check that failed, with the command that shows it again.
func (r *inference) failed(what string) error {
	fmt.Fprintf(r.app.stderr, "FAILED: %s\n  again: %s\n", what, commandLine())
	return failure{errReported}
}

// blame fails and says what is wrong first, or fills in the report where nothing is.
func (r *inference) blame(b *model.Bisection) error {
	file, drift, apart := b.File(), b.Drift(), b.Apart()
	switch wrong := b.Wrong(); {
	case wrong != nil:
		text := fmt.Sprintf("the GPU is wrong: %v", b.Err())
		if file == nil {
			text += "\n  the expected values agree with the reference"
		}
		failed := r.failed(text)
		return cmp.Or(r.save(b.Verdict), failed)
	case file != nil:
		failed := r.failed(fileText(b, file))
		return cmp.Or(r.saveCase(b.SaveFile, "these nodes as a model with what is expected around them"), failed)
	case drift != nil:
		return r.failed(fmt.Sprintf(
			"every node of the GPU is right by itself, and its %q is off by %.3g of the largest number from the "+
				"reference of the whole network, first of all tensors, behind %s: either roundings grow there, or a "+
				"layer was folded wrongly", drift.Tensor, drift.Device, drift.Node))
	case apart != nil:
		return r.failed(fmt.Sprintf(
			"%q of the GPU and what is expected are %.3g of the largest number apart, each within %.3g of the "+
				"reference",
			apart.Tensor, apart.Between, b.Tolerance))
	}
	r.report.Bisect = &inferBisect{Tolerance: b.Tolerance}
	for _, d := range b.Tensors {
		if d.Given {
			r.report.Bisect.Tensors = append(r.report.Bisect.Tensors, bisectRow{d.Tensor, d.Node,
				jsonFloat(d.Device), jsonFloat(d.Expected), jsonFloat(d.Between)})
		}
	}
	return nil
}

// fileText says where the expected values depart.
func fileText(b *model.Bisection, d *model.Departure) string {
	text := fmt.Sprintf(
		"the expected values are wrong, and every node of the GPU is right: expected %q is off by %.3g of the "+
			"largest number from the reference in float64, and the GPU by %.3g",
		d.Tensor, d.Expected, d.Device,
	)
	if d.Nodes == 1 {
		return fmt.Sprintf("%s\n  first at %s, given what is expected before it", text, d.Node)
	}
	return fmt.Sprintf("%s\n  first among %d nodes, the last of them %s: expected values of tensors between them "+
		"come nearer", text, d.Nodes, d.Node)
}

// String is one line for people.
func (b inferBisect) String() string {
	worst := bisectRow{}
	for _, row := range b.Tensors {
		if row.Between >= worst.Between {
			worst = row
		}
	}
	return fmt.Sprintf(
		"expected values agree with the GPU and the reference, of %d tensors the worst, %q, by %.3g of its "+
			"largest number",
		len(b.Tensors), worst.Tensor, float64(worst.Between),
	)
}
