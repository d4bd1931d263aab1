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

// TestReadme holds that the README shows this program.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(source), "func run() error {")
	if !strings.Contains(string(readme), "func run() error {"+body) {
		t.Error("the README's program is not examples/layer/main.go")
	}
}
