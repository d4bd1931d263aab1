package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
)

// verifyReport is the JSON of `gpuconv verify`, one for each adapter.
type verifyReport struct {
	Adapter     string `json:"adapter"`
	Backend     string `json:"backend"`
	Seed        uint64 `json:"seed"`
	Count       int    `json:"count"`                 // layers that ran
	Interrupted bool   `json:"interrupted,omitempty"` // they are not all that were asked for
	// problems compared bit for bit; the others by the bound
	Exact    int             `json:"exact"`
	Int8     int             `json:"int8"` // of the others those whose int32 sums were exact
	Outputs  int64           `json:"outputs"`
	Worst    float64         `json:"worst_bound_used"`
	Coverage []verifyRow     `json:"coverage"`
	Failures []verifyFailure `json:"failures"`
}

// verifyRow is how often one thing that layers can do was tried.
type verifyRow struct {
	Row    string `json:"row"`
	Cases  int    `json:"cases"`
	Failed int    `json:"failed"`
}

type verifyFailure struct {
	Problem    string `json:"problem"`
	Error      string `json:"error"`
	Repro      string `json:"repro"`
	Small      string `json:"small,omitempty"` // the first failures' smallest layer that still fails
	SmallRepro string `json:"small_repro,omitempty"`
}

func newVerifyReport(dev *host.Device, seed uint64) verifyReport {
	r := verifyReport{Adapter: dev.String(), Backend: host.CPU, Seed: seed, Failures: []verifyFailure{}}
	rows := proof.AllRows()
	if g := dev.GPU(); g != nil {
		r.Adapter, r.Backend = g.Info().Name, string(g.Info().Backend)
		rows = append(rows, proof.AlgorithmRows()...)
	}
	for _, name := range rows {
		r.Coverage = append(r.Coverage, verifyRow{Row: name})
	}
	return r
}

// count adds a case to the rows that it covers.
func (r *verifyReport) count(c proof.Case, failed bool) {
	r.Count++
	at := 0
	for _, name := range proof.Rows(c) {
		for r.Coverage[at].Row != name { // both are in the same order
			at++
		}
		r.Coverage[at].Cases++
		if failed {
			r.Coverage[at].Failed++
		}
	}
}

// print writes the rows in columns of pairs, and the line that sums up.
func (r verifyReport) print(a *app) {
	var cells []string
	widest, failed := 0, false
	for _, row := range r.Coverage {
		cell := fmt.Sprintf("%d\t%s", row.Cases, row.Row)
		if row.Failed > 0 {
			cell += fmt.Sprintf(" (%d FAILED)", row.Failed)
			failed = true
		}
		cells = append(cells, cell)
		widest = max(widest, len(cell)+columnGap)
	}
	columns := 3
	if limit := columnsOf(a.stdout); limit > 0 {
		columns = min(max(limit/(widest+columnGap), 1), columns)
	}
	rows := make([]string, (len(cells)+columns-1)/columns)
	for i, cell := range cells {
		if at := i % len(rows); rows[at] == "" {
			rows[at] = cell
		} else {
			rows[at] += "\t" + cell
		}
	}
	title := "layers that cover each row, all right:"
	if failed {
		title = "layers that cover each row:"
	}
	fmt.Fprintln(a.stdout, title)
	table(a.stdout, rows...)
	table(a.stdout, r.String())
	if missing := r.missing(); len(missing) > 0 && r.Count >= enoughCases {
		fmt.Fprintf(a.stderr, "WARNING: no layer covers %s\n", strings.Join(missing, "; "))
	}
}

// enoughCases is how many cases have to cover every row.
const enoughCases = 500

// missing names the rows that no case covers.
func (r verifyReport) missing() []string {
	var names []string
	for _, row := range r.Coverage {
		if row.Cases == 0 {
			names = append(names, row.Row)
		}
	}
	return names
}

// String is the line that sums up.
func (r verifyReport) String() string {
	verdict := "all right"
	if len(r.Failures) > 0 {
		verdict = fmt.Sprintf("%d FAILED", len(r.Failures))
	}
	switch {
	case r.Interrupted && r.Count == 0:
		verdict = "interrupted before any layer ran"
	case r.Interrupted:
		verdict = "interrupted, until then " + verdict
	}
	passed := r.Count - len(r.Failures)
	return fmt.Sprintf(
		"%s on %s (%s): %d of %d layers passed, %d bit for bit, %d within the bound (at most %.1f%% of it used; %d "+
			"of int8 numbers with exact sums), %s outputs; seed %d",
		verdict,
		r.Adapter,
		r.Backend,
		passed,
		r.Count,
		r.Exact,
		passed-r.Exact,
		100*r.Worst,
		r.Int8,
		thousands(r.Outputs),
		r.Seed,
	)
}

const (
	shrunkFailures = 5 // the later ones mostly have the same cause
	shrinkTime     = 20 * time.Second
)

// shrink looks for a small case that fails as c did, until ctx ends.
func (a *app) shrink(ctx context.Context, dev *host.Device, c proof.Case, was error) proof.Case {
	ctx, stop := context.WithTimeout(ctx, shrinkTime)
	defer stop()
	return proof.Shrink(c, func(small proof.Case) bool {
		if ctx.Err() != nil {
			return false
		}
		_, err := a.runCase(small, dev)
		return sameFailure(err, was)
	})
}

// sameFailure reports whether an error is of the other's kind: a wrong number is not shrunk to a layer
// that is only refused.
func sameFailure(err, was error) bool {
	if err == nil {
		return false
	}
	for _, kind := range []error{cpuref.ErrMismatch, cpuref.ErrGuard, cpuref.ErrChanged, host.ErrUnsupported,
		cpuref.ErrNoVerdict} {
		if errors.Is(was, kind) {
			return errors.Is(err, kind)
		}
	}
	return !isCheck(err) && !errors.Is(err, host.ErrUnsupported) && !errors.Is(err, cpuref.ErrNoVerdict)
}
