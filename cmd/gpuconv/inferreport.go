package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/tensor"
)

// inferReport is the JSON of `gpuconv infer`: what was computed, by what, and how it was judged.
type inferReport struct {
	Model         string        `json:"model"`
	Graph         string        `json:"graph"`
	Producer      string        `json:"producer"`
	Opset         int64         `json:"opset"`
	Adapter       bench.Adapter `json:"adapter"`
	Commit        string        `json:"commit,omitempty"`
	Shaders       string        `json:"shaders"`         // the hash of all kernels' WGSL
	Nodes         []string      `json:"nodes"`           // the algorithm, or first kernel, of each that ran on the GPU
	Names         []string      `json:"node_names"`      // what these are
	OnGPU         int           `json:"nodes_on_gpu"`    // in so many submissions
	Submissions   int           `json:"submissions"`     // one, or one more than nodes that the CPU computes
	Elsewhere     int           `json:"nodes_elsewhere"` // what else the GPU cannot run is an error
	OnCPU         []string      `json:"nodes_on_cpu,omitempty"`
	Memory        host.Memory   `json:"memory"`
	Inputs        []given       `json:"inputs"`
	Outputs       []inferOutput `json:"outputs"`
	Hash          string        `json:"hash"`
	Deterministic bool          `json:"deterministic,omitempty"` // two runs gave the same bits
	Check         *inferCheck   `json:"check,omitempty"`
	Bisect        *inferBisect  `json:"bisect,omitempty"`
	Profile       []profileRow  `json:"profile,omitempty"`
	Together      float64       `json:"profile_together_ms,omitempty"` // all nodes in one go
	FirstMillis   float64       `json:"first_ms"`                      // weights uploaded, compiled, and the first run
	Repeat        *bench.Times  `json:"repeat,omitempty"`
	PerSecond     float64       `json:"per_second,omitempty"`
}

// inferOutput is one output in the report.
type inferOutput struct {
	Name  string    `json:"name"`
	Type  string    `json:"type"`
	Shape []int     `json:"shape"`
	Least jsonFloat `json:"least"` // of its numbers, NaN left out
	Most  jsonFloat `json:"most"`
	NaNs  int       `json:"nans,omitempty"`
	Top   []score   `json:"top,omitempty"`
	Wrote string    `json:"wrote,omitempty"`
}

// describe fills in what the first run shows.
func (r *inference) describe(s model.Summary) {
	m := r.network.model
	r.report.Model, r.report.Graph, r.report.Opset = r.network.path, m.Graph.Name, m.Opsets[""]
	r.report.Producer = strings.TrimSpace(m.Producer + " " + m.ProducerVersion)
	r.report.Adapter, r.report.Commit, r.report.Shaders = bench.AdapterOf(r.dev), bench.Commit(), host.ShadersHash()
	r.report.Nodes, r.report.OnGPU = append([]string{}, s.Nodes...), len(s.Nodes)
	r.report.Names = []string{}
	for _, name := range s.Names {
		r.report.Names = append(r.report.Names, nodeTitle(name))
	}
	r.report.Submissions, r.report.Elsewhere, r.report.OnCPU = s.Submissions, len(s.Elsewhere), s.Elsewhere
	r.report.Memory, r.report.Hash = s.Memory, hash(r.results(r.outputs))
}

// give writes the files and reports.
func (r *inference) give() error {
	options, err := r.flags.pictureFlags.parse()
	if err != nil {
		return err
	}
	for _, port := range r.network.outputs {
		a := r.outputs[port.Name]
		if err := checkLabels(r.labels, port.Name, a.Shape); err != nil {
			return err
		}
		r.report.Outputs = append(r.report.Outputs, r.output(port, a))
	}
	for _, o := range r.report.Outputs {
		if o.Wrote == "" {
			continue
		}
		if err := r.app.writeOutput(o.Wrote, o.Name, r.outputs[o.Name], options); err != nil {
			return fmt.Errorf("output %q: %w", o.Name, err)
		}
	}
	toStdout := slices.ContainsFunc(r.report.Outputs, func(o inferOutput) bool { return o.Wrote == stream })
	return r.app.report(r.report, func(a *app) {
		if toStdout {
			a = r.app.forPeople(r.app.stderr)
		}
		r.report.print(a)
	})
}

// output describes one.
func (r *inference) output(port model.Port, a tensor.Array) inferOutput {
	o := inferOutput{
		Name:  port.Name,
		Type:  port.Type.String(),
		Shape: append([]int{}, a.Shape...),
		Wrote: r.files[port.Name],
	}
	first := true
	for _, x := range asFloats(a).Data {
		switch v := jsonFloat(x); {
		case x != x:
			o.NaNs++
		case first:
			o.Least, o.Most, first = v, v, false
		default:
			o.Least, o.Most = min(o.Least, v), max(o.Most, v)
		}
	}
	if a.Ints == nil && classes(a.Shape) > 0 {
		o.Top = highest(a.Data, r.flags.top, r.labels)
	}
	return o
}

func (r inferReport) print(a *app) {
	rows := []string{
		fmt.Sprintf("network\t%s: %q by %s, opset %d", r.Model, r.Graph, r.Producer, r.Opset),
		fmt.Sprintf("device\t%s (%s)", r.Adapter.Name, r.Adapter.Backend),
	}
	for _, in := range r.Inputs {
		rows = append(rows, fmt.Sprintf("input\t%s %s %v from %s", in.Name, in.Type, in.Shape, in.From))
	}
	for _, o := range r.Outputs {
		rows = append(rows, "output\t"+o.String())
	}
	rows = append(rows,
		"nodes\t"+r.places(),
		"memory\t"+memoryText(r.Memory),
	)
	if r.Check != nil {
		rows = append(rows, "check\t"+r.Check.String())
	}
	if r.Bisect != nil {
		rows = append(rows, "bisect\t"+r.Bisect.String())
	}
	rows = append(rows, "hash\t"+r.Hash[:16])
	if r.Deterministic {
		rows = append(rows, "again\ta second run gave the same bits")
	}
	rows = append(
		rows,
		fmt.Sprintf("first\t%.1f ms to upload the weights, compile and run (wall clock)", r.FirstMillis),
	)
	if t := r.Repeat; t != nil {
		rows = append(rows, fmt.Sprintf(
			"repeat\t%.4g ms in the median of %d runs with transfers, p10 %.4g, p90 %.4g; %.4g inferences a second",
			t.Median,
			len(t.Samples),
			t.P10,
			t.P90,
			r.PerSecond,
		))
	}
	table(a.stdout, rows...)
	for _, o := range r.Outputs {
		o.printTop(a)
	}
	if r.Profile != nil {
		table(a.stdout, profileTable(r.Profile, r.Together)...)
	}
}

// places says where the nodes ran.
func (r inferReport) places() string {
	text := fmt.Sprintf("%d ran on the GPU", r.OnGPU)
	if r.OnGPU > 0 {
		text += ", " + submissionsText(r.Submissions)
	}
	if r.Elsewhere == 0 {
		return text + ", and none elsewhere"
	}
	return fmt.Sprintf("%s, and %d on the CPU: %s", text, r.Elsewhere, strings.Join(r.OnCPU, "; "))
}

// submissionsText is in how many a run is sent to the GPU.
func submissionsText(n int) string {
	if n < 2 {
		return "in one submission"
	}
	return fmt.Sprintf("in %d submissions", n)
}

// memoryText is how much memory a plan takes.
func memoryText(m host.Memory) string {
	text := fmt.Sprintf(
		"%s planned, %s without sharing, %s at least",
		bytesText(m.Planned), bytesText(m.Naive), bytesText(m.LowerBound),
	)
	if m.Textures > 0 {
		text += fmt.Sprintf(", and %s of textures", bytesText(m.Textures))
	}
	return text
}

func (o inferOutput) String() string {
	text := fmt.Sprintf("%s %s %v", o.Name, o.Type, o.Shape)
	if len(o.Shape) == 0 || !slices.Contains(o.Shape, 0) {
		text += fmt.Sprintf(", from %.6g to %.6g", float32(o.Least), float32(o.Most))
	}
	if o.NaNs > 0 {
		text += fmt.Sprintf(", and %d NaN", o.NaNs)
	}
	if o.Wrote != "" {
		text += ", to " + o.Wrote
	}
	return text
}

// printTop shows the highest scores.
func (o inferOutput) printTop(a *app) {
	var rows []string
	for i, s := range o.Top {
		row := fmt.Sprintf("%d.\tclass %d\t%.4g", i+1, s.Class, float32(s.Score))
		if s.Label != "" {
			row += "\t" + s.Label
		}
		rows = append(rows, row)
	}
	table(a.stdout, rows...)
}
