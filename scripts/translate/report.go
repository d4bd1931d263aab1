package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// column is what one naga made of the table.
type column struct {
	naga     string // its version
	variants int
	failures []failure
}

type failure struct{ target, variant, reason string }

// listing names failures that are known, by the naga, the target and what the reason begins with.
type listing struct{ naga, target, reason, why string }

// listed are failures that nothing here can mend.
var listed = []listing{}

func (l listing) names(naga string, f failure) bool {
	return l.naga == naga && l.target == f.target && strings.HasPrefix(f.reason, l.reason)
}

// report prints the table of targets and nagas, and each reason with its number. It counts what failed and is not
// listed, and what is listed and did not fail.
func report(out io.Writer, columns []column) (bad int) {
	counts := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprint(counts, "target")
	for _, c := range columns {
		fmt.Fprintf(counts, "\tnaga-cli %s, of %d variants", c.naga, c.variants)
	}
	fmt.Fprintln(counts)
	for _, t := range targets {
		fmt.Fprint(counts, t.name)
		for _, c := range columns {
			fmt.Fprintf(counts, "\t%d passed, %d failed", c.variants-c.failed(t.name), c.failed(t.name))
		}
		fmt.Fprintln(counts)
	}
	counts.Flush()
	for _, c := range columns {
		bad += c.reasons(out)
	}
	return bad
}

func (c column) failed(target string) (count int) {
	for _, f := range c.failures {
		if f.target == target {
			count++
		}
	}
	return count
}

// reasons prints each reason of a target, with how many variants have it and the first of them.
func (c column) reasons(out io.Writer) (bad int) {
	type kind struct{ target, reason string }
	variants := map[kind][]string{}
	for _, f := range c.failures {
		k := kind{f.target, f.reason}
		variants[k] = append(variants[k], f.variant)
	}
	kinds := slices.SortedFunc(maps.Keys(variants), func(a, b kind) int {
		return strings.Compare(a.target+a.reason, b.target+b.reason)
	})
	seen := map[listing]bool{}
	for _, k := range kinds {
		why := "not listed"
		for _, l := range listed {
			if l.names(c.naga, failure{target: k.target, reason: k.reason}) {
				seen[l], why = true, "listed: "+l.why
			}
		}
		names := variants[k]
		if why == "not listed" {
			bad += len(names)
		}
		fmt.Fprintf(out, "\nnaga-cli %s, %s, %d variants, such as %s:\n  %s\n  %s\n",
			c.naga, k.target, len(names), names[0], k.reason, why)
	}
	for _, l := range listed {
		if l.naga == c.naga && !seen[l] {
			bad++
			fmt.Fprintf(out, "\nnaga-cli %s, %s: listed, and did not fail:\n  %s\n", l.naga, l.target, l.reason)
		}
	}
	return bad
}
