package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// report gives a command's results: to --output-json's file where there is one, and to stdout as JSON with
// --json, else as print prints them.
func (a *app) report(results any, print func(*app)) error {
	text, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return failure{fmt.Errorf("writing JSON: %w", err)}
	}
	write := func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	}
	if a.outputJSON != "" {
		if err := a.writeReport(a.outputJSON, write); err != nil {
			return failure{fmt.Errorf("--output-json: %w", err)}
		}
	}
	if a.json {
		write(a.stdout) // what gets lost there the command line reports, as with print
	} else {
		print(a.forPeople(a.stdout))
	}
	return nil
}

// checkOutputJSON refuses a file that cannot be written before anything is computed.
func (a *app) checkOutputJSON(c *cobra.Command) error {
	flag := c.Flags().Lookup("output-json")
	switch {
	case flag == nil || !flag.Changed:
		return nil
	case a.outputJSON == "":
		return usagef("--output-json is empty: name a file, or leave it out")
	case strings.HasPrefix(a.outputJSON, "-"): // the next flag, where the file was forgotten, or stdout
		return usagef("--output-json %s: must be a file; --json prints to stdout", a.outputJSON)
	}
	return hasFolder("--output-json", a.outputJSON)
}
