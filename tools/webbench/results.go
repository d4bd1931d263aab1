package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/onnx"
)

// peerResult is a layer as compare reads it of others' files.
type peerResult struct {
	Problem string    `json:"problem"`
	Name    string    `json:"name"`
	First   float64   `json:"first_ms"`
	Median  float64   `json:"median_ms"`
	Samples []float64 `json:"samples_ms"`
	Error   string    `json:"error,omitempty"`
}

// results are those of all turns: a file of ours and one of the peer's for each.
type results struct {
	ours   []bench.File
	theirs [][]peerResult
}

// both measures a layer by the peer and by ours. What fails is a row with the reason.
func (r *results) both(ctx context.Context, o options, l bench.Layer, turn int, ours, theirs *side) error {
	if turn == len(r.theirs) {
		r.ours, r.theirs = append(r.ours, bench.File{}), append(r.theirs, nil)
	}
	name := l.Problem.Name
	of := peerResult{Problem: l.Problem.String(), Name: name}
	model, shape, err := network(l.Problem)
	if err != nil {
		return err
	}
	about, err := json.Marshal(shape)
	if err != nil {
		return err
	}
	script := fmt.Sprintf(`measure(%q, %s, %d).then(JSON.stringify)`, base64.StdEncoding.EncodeToString(model), about,
		o.budget.Milliseconds())
	if err := theirs.evaluate(ctx, o.limit, script, &of); err != nil {
		of.Error, _, _ = strings.Cut(err.Error(), "\n")
	} else {
		sorted := slices.Sorted(slices.Values(of.Samples))
		of.Median = sorted[len(sorted)/2]
	}
	r.theirs[turn] = append(r.theirs[turn], of)

	asked, err := json.Marshal(map[string]any{"Layers": l.Problem.String(), "Rounds": 1,
		"BudgetMS": o.budget.Milliseconds()})
	if err != nil {
		return err
	}
	var f bench.File
	script = fmt.Sprintf(`import("./program.js").then((p) => p.ask("bench", %s)).then(JSON.stringify)`, asked)
	if err := ours.evaluate(ctx, o.limit, script, &f); err != nil {
		f.Results = []bench.Result{{Problem: l.Problem.String(), Name: name, Error: err.Error()}}
	}
	all := &r.ours[turn]
	if all.Schema == 0 && f.Schema != 0 {
		f.Results = append(all.Results, f.Results...)
		*all = f
	} else {
		all.Results = append(all.Results, f.Results...)
	}
	r.tell(of, f.Results)
	return ctx.Err()
}

// tell prints a row as it comes.
func (r *results) tell(theirs peerResult, ours []bench.Result) {
	show := func(ms float64, err string) string {
		if err != "" {
			return err
		}
		return fmt.Sprintf("%.1f ms", ms)
	}
	text := "none"
	if len(ours) == 1 {
		median := 0.0
		if t := ours[0].Transfers; t != nil && t.Whole != nil {
			median = t.Whole.Median
		}
		text = show(median, ours[0].Error)
	}
	fmt.Printf("%-22s  ONNX Runtime Web %-12s  gpuconv %s\n", theirs.Name, show(theirs.Median, theirs.Error), text)
}

// write writes a file for each turn of both.
func (r *results) write(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for turn := range r.theirs {
		for name, of := range map[string]any{"browser-ort": map[string]any{"peer": "onnxruntime-web webgpu",
			"results": r.theirs[turn]}, "browser": r.ours[turn]} {
			data, err := json.MarshalIndent(of, "", " ")
			if err != nil {
				return err
			}
			path := filepath.Join(folder, fmt.Sprintf("%s%d.json", name, turn+1))
			if err := os.WriteFile(path, data, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// network is the layer as an ONNX file, with weights of all kinds, and the shape of its input x.
func network(p conv.Problem) (file []byte, shape []int, err error) {
	reals := func(n int64) []float32 {
		all := make([]float32, n)
		for i := range all {
			all[i] = float32(i*7%13-6) / 16
		}
		return all
	}
	ints := func(values ...int) onnx.Attribute {
		a := onnx.Attribute{Kind: onnx.KindInts}
		for _, v := range values {
			a.Ints = append(a.Ints, int64(v))
		}
		return a
	}
	value := func(name string, dims ...int) onnx.ValueInfo {
		v := onnx.ValueInfo{Name: name, Type: onnx.Float, HasShape: true}
		for _, d := range dims {
			v.Dims = append(v.Dims, onnx.Dim{Size: int64(d)})
		}
		return v
	}
	h, w := p.H, p.W
	shape = []int{p.Batch, p.InChannels, h.In, w.In}
	m := onnx.Model{IRVersion: 8, Producer: "gpuconv", Opsets: map[string]int64{"": 13}, Graph: onnx.Graph{
		Name:   "layer",
		Inputs: []onnx.ValueInfo{value("x", shape...)}, Outputs: []onnx.ValueInfo{value("v", p.Batch, p.OutChannels,
			h.Out, w.Out)},
		Initializers: []onnx.Tensor{
			onnx.FloatTensor("w", []int64{int64(p.OutChannels), int64(p.InChannels / p.Groups), int64(h.Filter),
				int64(w.Filter)}, reals(p.FilterLen())),
			onnx.FloatTensor("b", []int64{int64(p.OutChannels)}, reals(int64(p.OutChannels)))},
		Nodes: []onnx.Node{{Op: "Conv", Inputs: []string{"x", "w", "b"}, Outputs: []string{"v"},
			Attributes: map[string]onnx.Attribute{"strides": ints(h.Stride, w.Stride),
				"dilations": ints(h.Dilation, w.Dilation), "pads": ints(h.Pad, w.Pad, max(0, h.PadAfter()), max(0,
					w.PadAfter())),
				"group": {Kind: onnx.KindInt, Int: int64(p.Groups)}}}},
	}}
	file, err = m.Marshal()
	return file, shape, err
}
