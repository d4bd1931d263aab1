package bench

import (
	"bufio"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
)

// ErrInput is in the chain of every error about a suite or a file of results that makes no sense.
var ErrInput = errors.New("bad input")

// Layer is one line of a suite.
type Layer struct {
	Problem conv.Problem
	Count   int // how often the network has it
}

//go:embed suites/*.txt
var suites embed.FS

// Suites are the names of the suites that come with the package: networks and DeepBench, whose sources
// stand in their files, and core, which every comparison of speeds is made on.
func Suites() []string {
	files, err := suites.ReadDir("suites")
	if err != nil {
		panic(err) // embedded: a test would have seen it
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), ".txt"))
	}
	return names
}

// LoadSuite gives a suite by its name, or reads it from a file. The error wraps [ErrInput] and names the
// file, the line and the value, or is the file system's.
func LoadSuite(name string) ([]Layer, error) {
	if slices.Contains(Suites(), name) {
		f, err := suites.Open(path.Join("suites", name+".txt"))
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return ReadSuite(f, name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf(
			"%w: suite %q is neither one of %s nor a file that opens: %w",
			ErrInput,
			name,
			strings.Join(Suites(), ", "),
			err,
		)
	}
	defer f.Close()
	return ReadSuite(f, name)
}

// ReadSuite reads a descriptor a line (see [conv.Parse]), each with how often the layer occurs behind it
// where it is not once: `ic64ih56oc64kh3ph1n"conv2" x3`. What follows a # is a comment. from names the
// source in errors, which wrap [ErrInput].
func ReadSuite(r io.Reader, from string) ([]Layer, error) {
	var layers []Layer
	lines := bufio.NewScanner(r)
	number := 0
	for lines.Scan() {
		number++
		text := strings.TrimSpace(withoutComment(lines.Text()))
		if text == "" {
			continue
		}
		layer, err := parseLayer(text)
		if err != nil {
			return nil, fmt.Errorf("%w: %s:%d: %w", ErrInput, from, number, err)
		}
		layers = append(layers, layer)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%w: %s:%d: %w", ErrInput, from, number+1, err)
	}
	if len(layers) == 0 {
		return nil, fmt.Errorf("%w: %s has no layers", ErrInput, from)
	}
	return layers, nil
}

// withoutComment cuts a line at its first # outside of a name.
func withoutComment(line string) string {
	quoted := false
	for i, c := range line {
		switch {
		case c == '"':
			quoted = !quoted
		case c == '#' && !quoted:
			return line[:i]
		}
	}
	return line
}

// maxCount is more often than any network has a layer.
const maxCount = 1e6

func parseLayer(text string) (Layer, error) {
	l := Layer{Count: 1}
	if at := strings.LastIndexAny(text, " \t\""); at >= 0 && text[at] != '"' {
		count, found := strings.CutPrefix(text[at+1:], "x")
		n, err := strconv.Atoi(count)
		if !found || err != nil || n < 1 || n > maxCount {
			return l,
				fmt.Errorf("%q after the descriptor, must be how often the layer occurs, such as x3", text[at+1:])
		}
		l.Count, text = n, strings.TrimSpace(text[:at])
	}
	p, err := conv.Parse(text)
	l.Problem = p
	return l, err
}
