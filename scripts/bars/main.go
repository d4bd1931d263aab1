// Bars prints how the results of a folder stand against the bars that the project has set itself. `make
// bench` calls it; see scripts/bench.sh for how the files come to be.
package main

import (
	"fmt"
	"os"
	"text/tabwriter"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "bars: usage: go run ./scripts/bars FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "bars:", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "bar\twanted\tmeasured")
	for _, b := range bars() {
		figure, err := b.figure(dir)
		if os.IsNotExist(err) {
			figure, err = "not measured here", nil
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", b.what, b.want, figure)
	}
	return w.Flush()
}
