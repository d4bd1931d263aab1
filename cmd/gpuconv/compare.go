package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/bench"
	"github.com/spf13/cobra"
)

func (a *app) compareCommand() *cobra.Command {
	var rank bool
	c := &cobra.Command{
		Use:   "compare A B | A1 A2... -- B1 B2... | --rank A B C...",
		Short: "Hold files of results against each other, layer by layer",
		Long: `Gives for each layer of two files of bench's results the ratio of the medians with
a 95% confidence interval, what is significant and what is noise, and the geometric
mean of all. Layers are the same where their problems are, whatever their names.

Samples of one run that follow each other are alike, so it is not they that are
counted but rounds, and what sets a whole run apart no file of one run can show:
other work on the machine, its temperature, where memory lies. A run is taken to
differ from the next one as much as its rounds differ among themselves. To know,
measure each side several times, in turns, and name the files of A before --,
those of B behind it: then runs are held against runs. Three of each tell
apart what differs by 2.3 times the spread of runs, five by 1.5 times.

  for i in 1 2 3 4 5; do
    ./old bench --output-json a$i.json; ./new bench --output-json b$i.json
  done
  gpuconv compare a*.json -- b*.json

--rank puts many files, such as those of many machines, in the order of their speed
over the layers that all of them have.

A file of another program's times ({"peer": ...}) may have no samples: there the
ratio stands alone, and our times are those with upload and download. Files are JSON,
or CSV without samples, known by their content; - is stdin.`,
		Args: func(c *cobra.Command, args []string) error {
			if rank {
				return cobra.MinimumNArgs(2)(c, args)
			}
			_, _, err := compareSides(c, args)
			return err
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if rank {
				return a.rank(args)
			}
			namesA, namesB, err := compareSides(cmd, args)
			if err != nil {
				return err
			}
			one, err := a.readSide(namesA)
			if err != nil {
				return err
			}
			other, err := a.readSide(namesB)
			if err != nil {
				return err
			}
			c := bench.Compare(one, other)
			if len(c.Rows) == 0 {
				return usagef("%s and %s have no layer in common that was measured in both",
					strings.Join(namesA, ", "), strings.Join(namesB, ", "))
			}
			return a.report(c, func(a *app) { table(a.stdout, c.Lines()...) })
		},
	}
	c.Flags().BoolVar(&rank, "rank", false,
		"put files, each for itself, in the order of their speed over the layers that all have")
	return c
}

// rank reports the files in the order of their speed.
func (a *app) rank(names []string) error {
	var sides []bench.Side
	for _, name := range names {
		side, err := a.readSide([]string{name})
		if err != nil {
			return err
		}
		side.Name = name
		sides = append(sides, side)
	}
	r := bench.Rank(sides)
	if len(r.Places) == 0 {
		return usagef("%s have no layer in common that was measured in all of them", strings.Join(names, ", "))
	}
	return a.report(r, func(a *app) { table(a.stdout, r.Lines()...) })
}

// compareSides splits the files at --, or two of them in the middle.
func compareSides(c *cobra.Command, args []string) (a, b []string, err error) {
	at := c.ArgsLenAtDash()
	if at < 1 && len(args) == 2 {
		at = 1
	}
	if at < 1 || at >= len(args) {
		return nil, nil, usagef("%d files: name two, or several of each side with -- between the sides", len(args))
	}
	return args[:at], args[at:], nil
}

// readSide reads the files of one side, which is called by the first of them.
func (a *app) readSide(names []string) (bench.Side, error) {
	var s bench.Side
	for _, name := range names {
		f, err := a.readResults(name)
		if err != nil {
			return s, err
		}
		s.Runs = append(s.Runs, f)
	}
	s.Name = nameOf(s.Runs[0], names[0])
	if more := len(names) - 1; more > 0 {
		s.Name += fmt.Sprintf(", and %d more", more)
	}
	return s, nil
}

// nameOf is the file and what it was measured on.
func nameOf(f bench.File, path string) string {
	about := slices.DeleteFunc([]string{f.Adapter.Name, f.Date}, func(s string) bool { return s == "" })
	if path == stream {
		path = "stdin"
	}
	return strings.TrimSuffix(path+": "+strings.Join(about, ", "), ": ")
}
