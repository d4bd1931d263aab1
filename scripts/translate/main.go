// Translate has naga write every shader of the table in the languages that drivers of other systems take, and has
// validators read what it wrote: what Metal or DX12 would never see because naga refuses it is found on any machine.
// `make translate` calls it.
//
//	go run ./scripts/translate NAGA...
//
// Each NAGA is a program of the crate naga-cli. It exits with 1 where one failed that `listed` does not name.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/gpuconv/gpuconv/shaders"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "translate: usage: go run ./scripts/translate NAGA...")
		os.Exit(2)
	}
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "translate:", err)
		os.Exit(1)
	}
}

// goldens is where the text of every row of the table is kept. A test of package shaders holds both to one another.
const goldens = "shaders/testdata"

func run(nagas []string, out io.Writer) error {
	dir, err := os.MkdirTemp("", "translate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var columns []column
	for _, naga := range nagas {
		c, err := translateAll(naga, dir)
		if err != nil {
			return err
		}
		columns = append(columns, c)
	}
	bad := report(out, columns)
	if bad != 0 {
		return fmt.Errorf("%d translations failed that are not listed, or are listed and did not fail", bad)
	}
	return nil
}

// translateAll gives what one naga makes of each row of the table. dir is for what it writes.
func translateAll(naga, dir string) (column, error) {
	version, err := versionOf(naga)
	if err != nil {
		return column{}, err
	}
	c := column{naga: version}
	rows := shaders.Variants()
	bar := progressBar("naga-cli "+version, len(rows))
	defer bar.Clear()
	for _, v := range rows {
		bar.Add(1)
		s, err := shaders.Source(v)
		if err != nil {
			return column{}, err
		}
		if err := c.translate(naga, dir, s); err != nil {
			return column{}, err
		}
	}
	c.variants = len(rows)
	return c, nil
}

// translate writes one shader in every language.
func (c *column) translate(naga, dir string, s shaders.Shader) error {
	for _, t := range targets {
		written := filepath.Join(dir, t.file)
		args := append([]string{"--index-bounds-check-policy", t.bounds, "--entry-point", s.Entry}, t.args...)
		err := call(naga, append(args, filepath.Join(goldens, s.Name+".wgsl"), written)...)
		if err == nil {
			err = t.check(written)
		}
		var refused *refusal
		if err != nil && !errors.As(err, &refused) {
			return fmt.Errorf("%s to %s: %w", s.Name, t.name, err)
		}
		if refused != nil {
			c.failures = append(c.failures, failure{t.name, s.Name, refused.reason})
		}
		// What one variant left must not be read as the next one's.
		if err := os.Remove(written); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// refusal is what a program said that ended with an error.
type refusal struct{ reason string }

func (r *refusal) Error() string { return r.reason }

// call runs a program. Its error is a *refusal where the program ran and ended with one.
func call(program string, args ...string) error {
	said, err := exec.Command(program, args...).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return &refusal{reasonIn(string(said), exit)}
	}
	return err
}

// Where an error is stands before what it is, in glslangValidator's words and in spirv-val's.
var place = regexp.MustCompile(`^(?i:error): (?:line \d+: |\S+:\d+: )?`)

// reasonIn is the line that says what is wrong, without its place, so that the same reason of two variants is one.
func reasonIn(said string, exit *exec.ExitError) string {
	reason := exit.String()
	for i, line := range slices.Backward(strings.Split(said, "\n")) {
		switch {
		case strings.HasPrefix(line, "\t"): // naga ends with causes, the deepest last
			return strings.TrimSpace(line)
		case place.MatchString(line): // the others begin with it
			reason = strings.TrimSpace(place.ReplaceAllString(line, ""))
		case i == 0 && reason == exit.String() && line != "":
			reason = line
		}
	}
	return reason
}

func versionOf(naga string) (string, error) {
	said, err := exec.Command(naga, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("%s --version: %w", naga, err)
	}
	return strings.TrimSpace(string(said)), nil
}

// progressBar is seen on a terminal alone.
func progressBar(what string, total int) *progressbar.ProgressBar {
	return progressbar.NewOptions(total, progressbar.OptionSetWriter(os.Stderr),
		progressbar.OptionSetVisibility(term.IsTerminal(int(os.Stderr.Fd()))),
		progressbar.OptionSetDescription(what), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
}
