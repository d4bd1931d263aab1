package main

import (
	"fmt"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/tuning"
)

// runReport is the JSON of `gpuconv run`.
type runReport struct {
	Problem       string     `json:"problem"`
	Device        string     `json:"device"`
	Algorithm     string     `json:"algorithm,omitempty"` // none of the CPU reference
	Tuned         bool       `json:"tuned,omitempty"`     // it is the choice of a tuning
	WhyDirect     string     `json:"why_direct,omitempty"`
	Output        [4]int     `json:"output_nhwd"`
	Planes        int        `json:"output_planes"` // Z of a 3D layer, else 1
	Unread        []string   `json:"unread,omitempty"`
	Verified      bool       `json:"verified"`
	Checked       int        `json:"outputs_checked"`
	Check         string     `json:"check"`
	Used          *float64   `json:"bound_used,omitempty"`
	Stages        []runStage `json:"stages,omitempty"` // of --backward
	Hash          string     `json:"hash"`
	Deterministic bool       `json:"deterministic,omitempty"` // two runs gave the same bits
	// wall clock: upload, compute, read back and, unless off, the check
	Millis float64  `json:"time_ms"`
	Wrote  []string `json:"wrote,omitempty"`
}

// runStage is the verdict on one volume of the way back.
type runStage struct {
	What      string `json:"what"`
	Algorithm string `json:"algorithm,omitempty"`
	WhyDirect string `json:"why_direct,omitempty"`

	Checked int     `json:"checked"`
	Check   string  `json:"check"`
	Used    float64 `json:"bound_used"`
}

// newRunStage is what is said of a judged volume.
func newRunStage(stage host.Judged) runStage {
	s := runStage{What: stage.What, WhyDirect: stage.WhyDirect, Checked: stage.Report.Checked,
		Check: stage.Report.String(), Used: stage.Report.BoundUsed}
	if stage.Algorithm != nil {
		s.Algorithm = host.AlgorithmName(stage.Algorithm)
	}
	return s
}

// algorithm notes what computes the layer forward.
func (r *runReport) algorithm(l *host.Layer, dev *host.Device, o host.LayerOptions) {
	if dev.GPU() == nil {
		return
	}
	r.Algorithm, r.WhyDirect = host.AlgorithmName(l.Algorithm()), l.WhyDirect()
	key := tuning.KeyOf(dev.GPU().Info(), l.Problem(), o.DType)
	r.Tuned = o.Algorithm == "" && o.Threads == 0 && r.isChoice(o.Tunings, key)
}

// isChoice tells whether the algorithm is what a tuning chose.
func (r *runReport) isChoice(tunings *tuning.Cache, key tuning.Key) bool {
	choice, ok := tunings.Lookup(key)
	return ok && choice.Algorithm == r.Algorithm
}

func (r runReport) print(a *app) {
	output := "output\t" + sizeText(r.Planes, r.Output[1], r.Output[2], r.Output[3])
	if r.Output[0] > 1 {
		output += fmt.Sprintf(", %d images", r.Output[0])
	}
	rows := []string{"layer\t" + r.Problem, "device\t" + r.Device, output}
	switch {
	case r.Tuned:
		rows = append(rows, "algorithm\t"+r.Algorithm+", tuned")
	case r.Algorithm != "":
		rows = append(rows, "algorithm\t"+because(r.Algorithm, r.WhyDirect))
	}
	for _, u := range r.Unread {
		rows = append(rows, "note\t"+u)
	}
	for _, s := range r.Stages {
		if s.Algorithm != "" {
			rows = append(rows, s.What+" by\t"+because(s.Algorithm, s.WhyDirect))
		}
		rows = append(rows, fmt.Sprintf("check %s\t%s", s.What, s.Check))
	}
	if len(r.Stages) == 0 {
		rows = append(rows, "check\t"+r.Check)
	}
	rows = append(rows, "hash\t"+r.Hash[:16])
	if r.Deterministic {
		rows = append(rows, "again\ta second run on a fresh layer gave the same bits")
	}
	what := "to upload, compute, read back and check"
	if !r.Verified {
		what = "to upload, compute and read back"
	}
	rows = append(rows, fmt.Sprintf("time\t%.1f ms %s (wall clock, first run)", r.Millis, what))
	for _, w := range r.Wrote {
		rows = append(rows, "wrote\t"+w)
	}
	table(a.stdout, rows...)
}

// because is an algorithm, and why it is the direct one where it is.
func because(algorithm, why string) string {
	if why == "" {
		return algorithm
	}
	return algorithm + ": " + why
}
