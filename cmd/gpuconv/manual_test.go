package main

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/cobra/doc"
)

var (
	manual     = flag.String("manual", "", "write the manual pages to this `folder`, and keep them")
	manualDate = flag.Int64("manual-date", 0, "`seconds` since 1970 that the pages bear")
)

// TestManualPages writes a page for each command, which a release has.
func TestManualPages(t *testing.T) {
	folder := *manual
	if folder == "" {
		folder = t.TempDir()
	} else if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	root := newApp(io.Discard, io.Discard).rootCommand(&runFlags{})
	root.DisableAutoGenTag = true
	date := time.Unix(*manualDate, 0).UTC()
	header := &doc.GenManHeader{Section: "1", Date: &date, Source: "gpuconv"}
	if err := doc.GenManTree(root, header, folder); err != nil {
		t.Fatal(err)
	}
	for _, c := range root.Commands() {
		if !c.IsAvailableCommand() {
			continue // help, which is a topic
		}
		page, err := os.ReadFile(filepath.Join(folder, "gpuconv-"+c.Name()+".1"))
		if err != nil || c.Short == "" {
			t.Errorf("command %s: no page, or nothing to say in it: %v", c.Name(), err)
		}
		contain(t, string(page), "NAME", "SYNOPSIS")
	}
}
