package main

import (
	"os"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	if err := run(); err != nil {
		t.Error(err)
	}
}

// TestDocument holds that docs/embedding.md shows this program.
func TestDocument(t *testing.T) {
	document, err := os.ReadFile("../../docs/embedding.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(source), "func run() error {")
	if !strings.Contains(string(document), "func run() error {"+body) {
		t.Error("the program of docs/embedding.md is not examples/layer/main.go")
	}
}
