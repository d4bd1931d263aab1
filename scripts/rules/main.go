// Rules fits the figures of internal/algo's rules to results of gpuconv bench, and prints them as they stand in
// rules.go, beside what they would choose. A software adapter's and a GPU's are fitted the same way; of both kinds
// each gets its own. See docs/rules.md; `make rules` measures and fits.
//
//	go run ./scripts/rules RESULTS.json...
//	go run ./scripts/rules -trim SMALL.json RESULTS.json
//
// The second leaves out of results what the fit does not read, so that they can be kept in the tree.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	trimmed := flag.String(
		"trim",
		"",
		"write the one file of results to this `file`, without what the fit does not read",
	)
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "rules: usage: go run ./scripts/rules [-trim SMALL.json] RESULTS.json...")
	}
	flag.Parse()
	if flag.NArg() == 0 || *trimmed != "" && flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	err := error(nil)
	if *trimmed != "" {
		err = trim(flag.Arg(0), *trimmed)
	} else {
		err = run(flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "rules:", err)
		os.Exit(1)
	}
}

// run fits and reports each kind of device of which there are results.
func run(files []string) error {
	all, err := read(files)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return errors.New(
			"no layer has two algorithms of three samples or more: measure with gpuconv bench --algorithm all " +
				"--rounds 3",
		)
	}
	for _, software := range []bool{true, false} {
		if layers := all.of(software); len(layers) > 0 {
			report(os.Stdout, software, layers, choose(layers, current(software)))
		}
	}
	return nil
}
