package main

import (
	"io"
	"os"
	"regexp"
	"runtime"
	"strings"

	"golang.org/x/term"
)

// painter is what is printed for people on: it knows how many columns there are, and colours verdicts.
type painter struct {
	to      io.Writer
	columns int // 0 for no limit
	colour  bool
}

// forPeople gives an app whose output, which goes to w, is made for who reads it there.
func (a *app) forPeople(w io.Writer) *app {
	columns, terminal := a.terminal(w)
	return a.reportingTo(&painter{to: w, columns: columns, colour: terminal && wantsColour()})
}

// columnsOf is how many columns there are for what is printed for people, 0 for no limit.
func columnsOf(w io.Writer) int {
	if p, ok := w.(*painter); ok {
		return p.columns
	}
	return 0
}

// terminalOf tells whether w is a terminal, and how many columns it has. What is no terminal has no limit, so
// that lines stay whole for other programs.
func terminalOf(w io.Writer) (columns int, terminal bool) {
	if steady, ok := w.(*steadyWriter); ok {
		w = steady.to
	}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil || columns < 1 {
		columns = 80
	}
	return columns, true
}

// wantsColour heeds https://no-color.org, and leaves out terminals that may not know the codes.
func wantsColour() bool {
	if os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	return runtime.GOOS != "windows" || os.Getenv("WT_SESSION") != ""
}

// The codes of ECMA-48, section 8.3.117.
const (
	bad   = "\x1b[1;31m" // bold and red
	good  = "\x1b[32m"   // green
	plain = "\x1b[0m"
)

var (
	badWords  = regexp.MustCompile(`\b(\d+ )?(FAILED|FAILS|WRONG|NOT KEPT|NO VERDICT|interrupted)\b`)
	goodWords = regexp.MustCompile(`(?m)\b(all right|is right|stages right|right, [0-9.e-]+%|works|` +
		`outputs (hold|equal)|equal$|all \d+ exact|gave the same bits)`)
)

// Write wraps lines that are too long, and colours the verdicts in what is written, which must be whole lines.
func (p *painter) Write(text []byte) (int, error) {
	var lines []string
	for _, line := range strings.Split(string(text), "\n") {
		lines = append(lines, wrap(line, p.columns)...)
	}
	painted := []byte(strings.Join(lines, "\n"))
	if p.colour {
		painted = badWords.ReplaceAll(painted, []byte(bad+"$0"+plain))
		painted = goodWords.ReplaceAll(painted, []byte(good+"$0"+plain))
	}
	if _, err := p.to.Write(painted); err != nil {
		return 0, err
	}
	return len(text), nil
}
