package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/tuning"
)

// tuneReport is the JSON of `gpuconv tune`.
type tuneReport struct {
	Adapter     string          `json:"adapter,omitempty"`
	Backend     string          `json:"backend,omitempty"`
	Driver      string          `json:"driver,omitempty"`
	Cache       string          `json:"cache"`
	Imported    *int            `json:"imported,omitempty"` // choices that were taken from --import
	Layers      []tuneRow       `json:"layers,omitempty"`
	Interrupted bool            `json:"interrupted,omitempty"`
	Choices     []tuning.Choice `json:"choices,omitzero"` // of --list
	Exported    string          `json:"exported,omitempty"`
	failed      bool
}

// tuneRow is one layer. Times are medians in milliseconds, 0 where they were not measured.
type tuneRow struct {
	Problem       string     `json:"problem"`
	Name          string     `json:"name,omitempty"`
	Gradient      string     `json:"gradient,omitempty"` // what is computed of the layer, where not V
	Behind        string     `json:"behind,omitempty"`   // the layer behind it, where both are computed
	Default       string     `json:"default,omitempty"`
	DefaultMillis float64    `json:"default_ms,omitempty"`
	Algorithm     string     `json:"algorithm,omitempty"`
	Millis        float64    `json:"ms,omitempty"`
	Clock         string     `json:"clock,omitempty"`
	BuildMillis   float64    `json:"build_ms,omitempty"` // compiling, packing and uploading, of all candidates
	Tried         int        `json:"tried"`
	Dropped       int        `json:"dropped"`
	Failed        int        `json:"failed"`
	LeftOut       int        `json:"left_out"`           // candidates for which there was no time
	Kept          *time.Time `json:"kept,omitempty"`     // when it was tuned, where that was earlier
	NotKept       bool       `json:"not_kept,omitempty"` // the choice is not in the tuning file
	Error         string     `json:"error,omitempty"`
	// Candidates are all that were tried, the first the default.
	Candidates []tuneCandidate `json:"candidates,omitempty"`
	key        tuning.Key
}

// tuneCandidate is one algorithm that was tried. Times are in milliseconds, the median one 0 where it never ran.
type tuneCandidate struct {
	Algorithm   string  `json:"algorithm"`
	BuildMillis float64 `json:"build_ms"`
	Millis      float64 `json:"ms,omitempty"`
	Samples     int     `json:"samples"`
	Dropped     bool    `json:"dropped,omitempty"`
	Verified    bool    `json:"verified,omitempty"`
	Error       string  `json:"error,omitempty"`
}

func newTuneCandidate(c tuning.Candidate) tuneCandidate {
	r := tuneCandidate{
		Algorithm:   c.Algorithm,
		BuildMillis: milliseconds(c.Build),
		Millis:      milliseconds(c.Median()),
		Samples:     len(c.Samples),
		Dropped:     c.Dropped,
		Verified:    c.Verified,
	}
	if c.Err != nil {
		r.Error = c.Err.Error()
	}
	return r
}

func (r *tuneReport) device(dev *host.Device) {
	info := dev.GPU().Info()
	r.Adapter, r.Backend, r.Driver = info.Name, string(info.Backend), info.Driver
}

// newTuneRow is a layer that is to be tuned.
func newTuneRow(s tuneSubject, dev *host.Device) tuneRow {
	r := tuneRow{key: s.key(dev), Problem: s.problem.String(), Name: s.problem.Name, Gradient: s.gradient}
	behind := ""
	if s.behind != nil {
		r.Behind, behind = s.behind.String(), s.behind.Name
	}
	if r.Name != "" {
		r.Name = ofLayer(r.Name, s.gradient, behind)
	}
	return r
}

// kept is of a layer that was tuned earlier.
func (r *tuneRow) kept(c tuning.Choice) {
	r.Algorithm, r.Millis, r.Clock, r.Kept = c.Algorithm, c.Millis, c.Clock, &c.Date
}

// tuned is of a layer that was tuned now.
func (r *tuneRow) tuned(t tuning.Result) {
	r.Default, r.Clock, r.Algorithm, r.Millis = t.Default, t.Clock, t.Choice.Algorithm, t.Choice.Millis
	r.Tried, r.LeftOut = len(t.Candidates), t.LeftOut
	for _, c := range t.Candidates {
		r.Candidates = append(r.Candidates, newTuneCandidate(c))
		r.BuildMillis += milliseconds(c.Build)
		switch {
		case c.Err != nil:
			r.Failed++
		case c.Dropped:
			r.Dropped++
		}
		if c.Algorithm == t.Default {
			r.DefaultMillis = milliseconds(c.Median())
		}
	}
}

func (r tuneReport) print(a *app) {
	if r.Imported != nil {
		fmt.Fprintf(a.stdout, "%d choices imported to %s\n", *r.Imported, r.Cache)
	}
	if len(r.Layers) > 0 {
		fmt.Fprintf(a.stdout, "tuned on %s (%s)\n", r.Adapter, r.Backend)
		rows := []string{"layer\tdefault\tms\tquickest\tms\tratio\ttried"}
		for _, l := range r.Layers {
			rows = append(rows, l.String())
		}
		table(a.stdout, rows...)
		r.printKept(a)
	}
	if r.Choices != nil {
		fmt.Fprintf(a.stdout, "%d choices in %s\n", len(r.Choices), r.Cache)
		printChoices(a, r.Choices)
	}
	if r.Exported != "" {
		fmt.Fprintf(a.stdout, "exported to %s\n", r.Exported)
	}
}

// printChoices writes those of each adapter, driver and program under a line that names them.
func printChoices(a *app, choices []tuning.Choice) {
	for len(choices) > 0 {
		first := choices[0]
		rows := []string{"layer\tnumbers\talgorithm\tms\tclock\trunner-up\tms\tdate"}
		n := 0
		for ; n < len(choices) && sameTuner(choices[n], first); n++ {
			c := choices[n]
			runnerUp := "\t"
			if c.RunnerUp != "" {
				runnerUp = fmt.Sprintf("%s\t%.4g", c.RunnerUp, c.RunnerUpMillis)
			}
			rows = append(
				rows,
				fmt.Sprintf("%s\t%s\t%s\t%.4g\t%s\t%s\t%s", ofLayer(c.Problem, c.Gradient, c.Behind), c.DType,
					c.Algorithm, c.Millis, c.Clock,
					runnerUp, c.Date.Format(time.DateOnly)),
			)
		}
		table(a.stdout, fmt.Sprintf("on %s (%s), driver %s, shaders %s",
			first.Adapter, first.Backend, orUnknown(first.Driver), first.Shaders))
		table(a.stdout, rows...)
		choices = choices[n:]
	}
}

// sameTuner tells whether two choices are for the same adapter, driver, backend and shaders.
func sameTuner(a, b tuning.Choice) bool {
	return a.Adapter == b.Adapter && a.Driver == b.Driver && a.Backend == b.Backend && a.Shaders == b.Shaders
}

// confirm looks into the file for the choices, since writing it may have failed.
func (r *tuneReport) confirm(path string) {
	inFile, err := tuning.Open(path)
	for i := range r.Layers {
		l := &r.Layers[i]
		choice, found := inFile.Lookup(l.key)
		l.NotKept = l.Algorithm != "" && (err != nil || !found || choice.Algorithm != l.Algorithm)
	}
}

// kept counts the layers whose choice is in the file, and those whose choice is not.
func (r tuneReport) kept() (kept, lost int) {
	for _, l := range r.Layers {
		switch {
		case l.NotKept:
			lost++
		case l.Algorithm != "":
			kept++
		}
	}
	return kept, lost
}

func (r tuneReport) printKept(a *app) {
	kept, lost := r.kept()
	if kept > 0 || lost == 0 {
		fmt.Fprintf(a.stdout, "%d choices kept in %s\n", kept, r.Cache)
	}
	if lost > 0 {
		fmt.Fprintf(a.stdout, "%d choices NOT KEPT: they are not in %s\n", lost, r.Cache)
	}
}

// String is a row of the table.
func (r tuneRow) String() string {
	name := r.Name
	if name == "" {
		name = ofLayer(r.Problem, r.Gradient, r.Behind)
	}
	if r.Kept != nil {
		return fmt.Sprintf("%s\t\t\t%s\t%.4g\tkept from %s", name, r.Algorithm, r.Millis, r.Kept.Format(time.DateOnly))
	}
	algorithm, millis, ratio := r.Algorithm, "", ""
	if algorithm == "" {
		algorithm = "FAILED"
	} else {
		millis = fmt.Sprintf("%.4g", r.Millis)
	}
	byDefault := ""
	if r.DefaultMillis > 0 {
		byDefault = fmt.Sprintf("%.4g", r.DefaultMillis)
		if r.Millis > 0 {
			ratio = fmt.Sprintf("%.2f", r.DefaultMillis/r.Millis)
		}
	}
	tried := fmt.Sprint(r.Tried)
	for _, count := range []struct {
		n    int
		what string
	}{{r.Dropped, "dropped"}, {r.Failed, "FAILED"}, {r.LeftOut, "left out"}} {
		if count.n > 0 {
			tried += fmt.Sprintf(", %d %s", count.n, count.what)
		}
	}
	return strings.Join([]string{name, r.Default, byDefault, algorithm, millis, ratio, tried}, "\t")
}
