package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documented are the command lines of gpuconv in documents: those of blocks, and those in the text.
var documented = regexp.MustCompile("(?m)^\\./gpuconv (.*?)(?: +#.*)?$|`(?:[^`\n]*\\| )?gpuconv ([a-z][^`\n]*)`")

// quotes are what a shell takes away.
var quotes = strings.NewReplacer("'", "", `"`, "")

// TestDocumentedCommands holds that the commands and flags that documents show are there.
func TestDocumentedCommands(t *testing.T) {
	names, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range append(names, "../../README.md", "../../CONTRIBUTING.md", "../../CHANGELOG.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range documented.FindAllStringSubmatch(string(text), -1) {
			found++
			words := strings.Fields(quotes.Replace(m[1] + m[2]))
			if slices.Contains(words, "completion") || slices.Contains(words, "--help") {
				continue // cobra's own
			}
			a := &app{stdout: io.Discard, stderr: io.Discard}
			c, rest, err := a.rootCommand(&runFlags{}).Find(words)
			if err == nil {
				err = c.ParseFlags(rest)
			}
			if err == nil && m[1] != "" { // text also names commands alone
				err = c.ValidateArgs(c.Flags().Args())
			}
			if err != nil {
				t.Errorf("%s shows `gpuconv %s`: %v", filepath.Base(name), strings.Join(words, " "), err)
			}
		}
	}
	if found < 20 {
		t.Errorf("%d commands found in documents: the test does not see them", found)
	}
}
