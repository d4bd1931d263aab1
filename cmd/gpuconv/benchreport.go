package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"

	"github.com/gpuconv/gpuconv/bench"
)

// reportBench writes what was asked for, and the table where nothing else goes to stdout. A run that was
// interrupted before it had results takes no file's place.
func (a *app) reportBench(r bench.File, f benchFlags) error {
	if !a.json && f.csv != "-" && f.html != "-" {
		if err := bench.WriteTable(a.stdout, r); err != nil {
			return failure{err}
		}
	}
	printed := ""
	if a.json {
		printed = "-"
	}
	for _, out := range []struct {
		to    string
		write func(io.Writer, bench.File) error
	}{{printed, writeJSON}, {a.outputJSON, writeJSON}, {f.csv, bench.WriteCSV}, {f.html, bench.WriteHTML}} {
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
	var text bytes.Buffer
	if err := write(&text); err != nil {
		return err
	}
	return os.WriteFile(to, text.Bytes(), 0o666)
}
