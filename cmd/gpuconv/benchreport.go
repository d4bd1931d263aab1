package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/gpuconv/gpuconv/internal/files"
)

// rows is the table of a run, printed row by row where nothing else goes to stdout. What gets lost there the
// command line reports.
type rows struct {
	table *bench.Table // nil where there is none
	begun bool
}

// newRows begins the table with what is known before the first layer.
func (a *app) newRows(r bench.File, names []string, f benchFlags) *rows {
	taken := a.json || slices.ContainsFunc(f.outputs(), func(out [2]string) bool { return out[1] == "-" })
	if taken {
		return &rows{}
	}
	out := a.forPeople(a.stdout).stdout
	return &rows{table: bench.NewTable(out, r, names, columnsOf(out))}
}

func (r *rows) add(result bench.Result) {
	if r.table == nil {
		return
	}
	if !r.begun {
		r.table.Head()
		r.begun = true
	}
	r.table.Row(result)
}

// end prints the results that had no row yet, since their last round was not over, and the sums.
func (r *rows) end(f bench.File) {
	if r.table == nil {
		return
	}
	for _, result := range f.Results {
		if result.Error == "" && len(result.Time.Rounds) < f.Settings.Rounds {
			r.add(result)
		}
	}
	r.table.End(f)
}

// reportBench writes the reports that were asked for. A run that was interrupted before it had results takes
// no file's place.
func (a *app) reportBench(r bench.File, f benchFlags) error {
	printed := ""
	if a.json {
		printed = "-"
	}
	for _, out := range []struct {
		to    string
		write func(io.Writer, bench.File) error
	}{{printed, writeJSON}, {a.outputJSON, writeJSON}, {f.csv, bench.WriteCSV}, {f.html, bench.WriteHTML},
		{f.markdown, bench.WriteMarkdown}} {
		if nothing := r.Interrupted && len(r.Results) == 0; nothing && out.to != "-" {
			continue
		}
		if err := a.writeReport(out.to, func(w io.Writer) error { return out.write(w, r) }); err != nil {
			return failure{err}
		}
	}
	return nil
}

func writeJSON(w io.Writer, r bench.File) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(r)
}

// writeReport writes to a file, to stdout for -, or nowhere. What cannot be written leaves the file as it was.
func (a *app) writeReport(to string, write func(io.Writer) error) error {
	switch to {
	case "":
		return nil
	case "-":
		return write(a.stdout)
	}
	if err := files.Write(to, write); err != nil {
		return fmt.Errorf("writing %s: %w", to, err)
	}
	return nil
}
