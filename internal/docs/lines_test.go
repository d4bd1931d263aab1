package docs

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// columns are how many a line may have at most, where a tab is tabColumns of them.
const (
	columns    = 119
	tabColumns = 4
)

// exemption is of lines that may be longer.
type exemption struct {
	why string
	is  func(name, line string) bool
}

var longLines = []exemption{
	{"golden files and other data of tests are what programs write", func(name, _ string) bool {
		return slices.Contains(strings.Split(name, "/"), "testdata")
	}},
	{"a row of a table is one line in Markdown", func(name, line string) bool {
		return path.Ext(name) == ".md" && strings.HasPrefix(line, "|")
	}},
}

// tooLong tells the lines of a text that are longer than they may be, by their numbers.
func tooLong(name, text string) (all []int) {
	for i, line := range strings.Split(text, "\n") {
		wide := utf8.RuneCountInString(line) + (tabColumns-1)*strings.Count(line, "\t")
		if wide > columns && !slices.ContainsFunc(longLines, func(e exemption) bool { return e.is(name, line) }) {
			all = append(all, i+1)
		}
	}
	return all
}

// TestLines holds that code, documents, shaders' templates and scripts stay below 120 columns.
func TestLines(t *testing.T) {
	counts := map[string]int{}
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		kind := path.Ext(name)
		if d == nil || d.IsDir() {
			if err == nil && (strings.HasPrefix(d.Name(), ".") && name != "." || name == built) {
				return fs.SkipDir
			}
			return err
		}
		if !slices.Contains([]string{".go", ".md", ".wgsl", ".sh", ".py"}, kind) && name != "Makefile" {
			return nil
		}
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return err
		}
		counts[kind]++
		for _, line := range tooLong(name, string(data)) {
			t.Errorf("%s:%d has more than %d columns", name, line, columns)
		}
		return nil
	})
	if err != nil || counts[".go"] < 100 || counts[".md"] < 5 || counts[".wgsl"] < 20 || counts[".sh"] < 2 {
		t.Errorf("files %v, error %v", counts, err)
	}
}

// TestTooLong holds what counts as too long.
func TestTooLong(t *testing.T) {
	row := "| " + strings.Repeat("x", columns)
	text := fmt.Sprintf("%s\n%sx\n\t%s\n%s\n%s",
		strings.Repeat("é", columns), strings.Repeat("é", columns), strings.Repeat("x", columns-tabColumns+1), row, "")
	for name, want := range map[string][]int{
		"a.go": {2, 3, 4}, "docs/a.md": {2, 3}, "shaders/testdata/a.wgsl": nil, "testdata.go": {2, 3, 4},
	} {
		if got := tooLong(name, text); !slices.Equal(got, want) {
			t.Errorf("%s: lines %v are too long, must be %v", name, got, want)
		}
	}
}
