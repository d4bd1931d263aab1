package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
)

// timesOf sums samples in milliseconds up.
func timesOf(samples []float64) bench.Times {
	t := bench.Times{Samples: samples}
	t.Median, t.P10, t.P90 = t.Percentile(50), t.Percentile(10), t.Percentile(90)
	return t
}

// repeat measures whole inferences by the wall clock.
func (r *inference) repeat(ctx context.Context) error {
	var samples []float64
	err := r.stage(ctx, "repeating", r.flags.repeat, func(step func()) error {
		for range r.flags.repeat {
			begun := time.Now()
			if _, err := r.net.Run(ctx, r.inputs); err != nil {
				return err
			}
			samples = append(samples, milliseconds(time.Since(begun)))
			step()
		}
		return nil
	})
	if err != nil {
		return err
	}
	sum := 0.0
	for _, s := range samples {
		sum += s
	}
	times := timesOf(samples)
	r.report.Repeat, r.report.PerSecond = &times, 1000*float64(len(samples))/sum
	return nil
}

// profileRow is where the GPU's time went: to one node.
type profileRow struct {
	Node      string   `json:"node"`
	Algorithm string   `json:"algorithm"`
	Kernels   []string `json:"kernels"`
	Millis    float64  `json:"time_ms"`
	Percent   float64  `json:"percent"`
	GFLOPs    float64  `json:"gflops,omitempty"` // in a second, of layers
}

// profile runs the network by the GPU's clock, so often as --repeat says, and gives each node its median, and all of
// them together theirs: the clock is then asked no more than at both ends.
func (r *inference) profile(ctx context.Context) error {
	count := max(r.flags.repeat, 1)
	var runs [][]host.NodeTime
	var together []float64
	err := r.stage(ctx, "timing", count, func(step func()) error {
		for range count {
			times, err := r.net.Profile(ctx, r.inputs)
			if err != nil {
				return err
			}
			took, err := r.net.Time(ctx, 1, r.inputs)
			if err != nil {
				return err
			}
			runs, together = append(runs, times), append(together, milliseconds(took))
			step()
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.report.Profile, r.report.Together = profileRows(runs), timesOf(together).Median
	return nil
}

// profileRows joins the dispatches of each node.
func profileRows(runs [][]host.NodeTime) []profileRow {
	rows, total, before := []profileRow{}, 0.0, ""
	flops := []int64{}
	for i, t := range runs[0] {
		samples := make([]float64, len(runs))
		for k, run := range runs {
			samples[k] = milliseconds(run[i].Time)
		}
		if t.Node != before {
			rows = append(rows, profileRow{Node: nodeTitle(t.Node), Algorithm: t.Algorithm})
			flops, before = append(flops, operations(t.Node)), t.Node
		}
		row, millis := &rows[len(rows)-1], timesOf(samples).Median
		row.Kernels, row.Millis, total = append(row.Kernels, t.Kernel), row.Millis+millis, total+millis
	}
	for i := range rows {
		row := &rows[i]
		if total > 0 {
			row.Percent = 100 * row.Millis / total
		}
		if row.Millis > 0 {
			row.GFLOPs = float64(flops[i]) / row.Millis / 1e6 // 0 of what is no layer
		}
	}
	return rows
}

// programNode is a node's number in the program that a network is compiled to, which says nothing to people.
var programNode = regexp.MustCompile(`^node \d+, `)

// layersOfNode are the layers that a program's node is, where it is one, or two that are computed together: programs
// call them layer, or layers, and their descriptors.
func layersOfNode(node string) []conv.Problem {
	what := programNode.ReplaceAllString(node, "")
	if descriptor, ok := strings.CutPrefix(what, "layer "); ok {
		if p, err := conv.Parse(strings.TrimSuffix(descriptor, " of int8")); err == nil {
			return []conv.Problem{p}
		}
	}
	both, ok := strings.CutPrefix(what, "layers ")
	for at := 0; ok && at < len(both); at++ { // the name of a layer may have "and" in it
		first, second, found := strings.Cut(both[at:], " and ")
		if !found {
			break
		}
		at += len(first)
		p, err := conv.Parse(both[:at])
		if q, e := conv.Parse(second); err == nil && e == nil {
			return []conv.Problem{p, q}
		}
	}
	return nil
}

// operations are those of a node's layers, 0 of a node that is none.
func operations(node string) (sum int64) {
	for _, p := range layersOfNode(node) {
		sum += p.FLOPs()
	}
	return sum
}

// nodeTitle is a program's node for people: the model's own nodes, and what layers they are where they are some.
func nodeTitle(node string) string {
	var names []string
	for _, p := range layersOfNode(node) {
		if name := p.Name; name != "" {
			p.Name = ""
			names = append(names, name+", "+p.String())
		}
	}
	if len(names) > 0 {
		return strings.Join(names, "; ")
	}
	return programNode.ReplaceAllString(node, "")
}

// profileTable is for people.
func profileTable(rows []profileRow, together float64) (lines []string) {
	lines = []string{"node\talgorithm\tms\t%\tGFLOP/s"}
	total := 0.0
	for _, r := range rows {
		speed := ""
		if r.GFLOPs > 0 {
			speed = fmt.Sprintf("%.3g", r.GFLOPs)
		}
		lines = append(lines, fmt.Sprintf("%s\t%s\t%.3f\t%.1f\t%s", r.Node, r.Algorithm, r.Millis, r.Percent, speed))
		total += r.Millis
	}
	return append(lines, fmt.Sprintf("all %d\tone by one, by the GPU's clock\t%.3f\t\t", len(rows), total),
		fmt.Sprintf("\tin one go\t%.3f\t\t", together))
}
