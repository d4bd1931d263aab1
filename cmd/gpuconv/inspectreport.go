package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// inspectReport is the JSON of `gpuconv inspect`.
type inspectReport struct {
	Model       string           `json:"model"`
	Graph       string           `json:"graph"`
	Producer    string           `json:"producer"`
	IR          int64            `json:"ir_version"`
	Opsets      map[string]int64 `json:"opsets"` // by domain, "" is ONNX's own
	Inputs      []inspectPort    `json:"inputs"`
	Outputs     []inspectPort    `json:"outputs"`
	Operators   map[string]int   `json:"operators"` // how many nodes each has
	Nodes       []inspectNode    `json:"nodes"`
	Parameters  int64            `json:"parameters"` // numbers of floating point, and of 8 bits, in the file
	Layers      []inspectLayer   `json:"layers"`
	Unsupported string           `json:"unsupported,omitempty"` // what no network of ours runs, all of it
	Plan        *inspectPlan     `json:"plan,omitempty"`
	NoPlan      string           `json:"no_plan,omitempty"` // why there is none
}

// inspectValue is a value of the graph, with the shape that the file says: null where it says none.
type inspectValue struct {
	Name  string `json:"name"`
	Shape axes   `json:"shape"`
}

type inspectPort struct {
	inspectValue
	Type string `json:"type"`
}

type inspectNode struct {
	Index   int            `json:"index"`
	Op      string         `json:"op"`
	Domain  string         `json:"domain,omitempty"`
	Name    string         `json:"name,omitempty"`
	Inputs  []inspectValue `json:"inputs"`
	Outputs []inspectValue `json:"outputs"`
}

// byCount are the names of what was counted, the most frequent first.
func byCount(counts map[string]int) []string {
	return slices.SortedFunc(maps.Keys(counts), func(x, y string) int {
		return cmp.Or(cmp.Compare(counts[y], counts[x]), cmp.Compare(x, y))
	})
}

func (r inspectReport) print(a *app) {
	rows := []string{
		fmt.Sprintf("network\t%s: %q by %s", r.Model, r.Graph, r.Producer),
		fmt.Sprintf("format\tIR version %d, opset %s", r.IR, r.opsets()),
	}
	for _, p := range r.Inputs {
		rows = append(rows, "input\t"+p.String())
	}
	for _, p := range r.Outputs {
		rows = append(rows, "output\t"+p.String())
	}
	rows = append(rows,
		fmt.Sprintf("nodes\t%d: %s", len(r.Nodes), r.operators()),
		fmt.Sprintf("parameters\t%s in the file", thousands(r.Parameters)),
	)
	table(a.stdout, append(rows, r.summary()...)...)
	fmt.Fprintln(a.stdout)
	table(a.stdout, r.nodeTable()...)
	if r.Plan != nil {
		fmt.Fprintln(a.stdout)
		table(a.stdout, r.planTable()...)
	}
	if len(r.Layers) > 0 {
		fmt.Fprintln(a.stdout)
		table(a.stdout, r.layerTable()...)
	}
}

// summary says whether and how the network can be computed.
func (r inspectReport) summary() (rows []string) {
	switch {
	case r.Unsupported != "":
		return []string{"WRONG\t" + r.Unsupported}
	case r.NoPlan != "":
		return []string{"plan\tnone: " + r.NoPlan}
	case r.Plan == nil:
		return nil
	}
	counts := map[string]int{}
	for _, name := range r.Plan.Algorithms {
		counts[name]++
	}
	var inputs []string
	for _, v := range r.Plan.Inputs {
		inputs = append(inputs, v.String())
	}
	rows = []string{
		fmt.Sprintf("plan\ton %s, for %s", r.Plan.Device, strings.Join(inputs, ", ")),
		fmt.Sprintf("\t%d nodes after fusion, %s", len(r.Plan.Algorithms), submissionsText(r.Plan.Submissions)),
	}
	for _, name := range byCount(counts) {
		rows = append(rows, fmt.Sprintf("\t%d by %s", counts[name], name))
	}
	for _, node := range r.Plan.OnCPU {
		rows = append(rows, fmt.Sprintf("\t1 by the CPU: %s", node))
	}
	return append(rows, "memory\t"+memoryText(r.Plan.Memory))
}

func (r inspectReport) opsets() string {
	var all []string
	for _, domain := range slices.Sorted(maps.Keys(r.Opsets)) {
		text := fmt.Sprint(r.Opsets[domain])
		if domain != "" {
			text += " of " + domain
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

func (v inspectValue) String() string {
	if v.Name == "" {
		return "-" // left out
	}
	return v.Name + " " + v.Shape.String()
}

func (p inspectPort) String() string { return fmt.Sprintf("%s %s %s", p.Name, p.Type, p.Shape) }

func (r inspectReport) nodeTable() []string {
	rows := []string{"node\toperator\treads\tgives"}
	joined := func(values []inspectValue) string {
		var all []string
		for _, v := range values {
			all = append(all, v.String())
		}
		return strings.Join(all, ", ")
	}
	for _, n := range r.Nodes {
		op := n.Op
		if n.Domain != "" {
			op = n.Domain + "." + op
		}
		rows = append(rows, fmt.Sprintf("%d\t%s\t%s\t%s", n.Index, op, joined(n.Inputs), joined(n.Outputs)))
	}
	return rows
}

// planTable shows which nodes each step of the plan computes.
func (r inspectReport) planTable() []string {
	rows := []string{"step\tcomputes\tby"}
	for i, algorithm := range r.Plan.Algorithms {
		var nodes []string
		for _, n := range r.Plan.Fused[i] {
			nodes = append(nodes, fmt.Sprintf("%d %s", n, r.Nodes[n].Op))
		}
		if nodes == nil {
			nodes = []string{"a copy"}
		}
		rows = append(rows, fmt.Sprintf("%d\t%s\t%s", i, strings.Join(nodes, ", "), algorithm))
	}
	return rows
}

// layerTable shows each layer's parameters with and without sharing, and the sums.
func (r inspectReport) layerTable() []string {
	rows := []string{"node\tlayer\tfilters\tshared\tunshared\toperations"}
	var shared, unshared, flops int64
	unknown := 0
	text := func(n int64) string {
		if n == 0 {
			return "?"
		}
		return thousands(n)
	}
	for _, l := range r.Layers {
		rows = append(rows, fmt.Sprintf(
			"%d\t%s\t%s\t%s\t%s\t%s", l.Node, l.Op, l.Filters, text(l.Shared), text(l.Unshared), text(l.FLOPs),
		))
		shared, unshared, flops = shared+l.Shared, unshared+l.Unshared, flops+l.FLOPs
		if l.FLOPs == 0 {
			unknown++
		}
	}
	rows = append(
		rows,
		fmt.Sprintf("all %d\t\t\t%s\t%s\t%s", len(r.Layers), text(shared), text(unshared), text(flops)),
		"parameters, a bias for each filter among them, if all neurons of a depth slice share one filter, "+
			"and if each has its own",
	)
	if unknown > 0 {
		rows = append(rows, fmt.Sprintf("%d layers have outputs whose size the file does not say", unknown))
	}
	return rows
}
