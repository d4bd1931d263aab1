package bench

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// WriteMarkdown writes a run as a table in Markdown, with what was measured on above it and the sums below.
func WriteMarkdown(w io.Writer, f File) error {
	var text bytes.Buffer
	paragraph := func(line string) {
		if line != "" {
			fmt.Fprintf(&text, "%s\n\n", markdownText(line))
		}
	}
	for _, line := range f.about() {
		what, value, _ := strings.Cut(line, " ")
		paragraph(what + ": " + strings.TrimSpace(value))
	}
	if len(f.Results) > 0 {
		markdownTable(&text, f)
	}
	for _, line := range summary(f) {
		paragraph(line)
	}
	if len(f.Results) > 0 {
		paragraph("Times " + clocksText(f) + "; " + checkLegend + ".")
	}
	_, err := w.Write(bytes.TrimRight(text.Bytes(), "\n"))
	if err == nil {
		_, err = io.WriteString(w, "\n")
	}
	return err
}

// markdownTable writes a line for each result.
func markdownTable(text *bytes.Buffer, f File) {
	columns := f.Settings.columns()
	line := func(cell func(int, column) string) {
		for i, c := range columns {
			fmt.Fprintf(text, "| %s ", cell(i, c))
		}
		text.WriteString("|\n")
	}
	line(func(_ int, c column) string { return c.title })
	line(func(_ int, c column) string {
		if c.text {
			return "---"
		}
		return "---:"
	})
	for _, r := range f.Results {
		line(func(i int, c column) string {
			switch {
			case r.Error == "":
				return markdownText(c.of(r))
			case i == 0:
				return markdownText(r.Label())
			case i == 1:
				return "FAILED"
			case i == len(columns)-1:
				return markdownText(r.algorithm() + ": " + oneLine(r.Error))
			}
			return ""
		})
		for _, cells := range f.Settings.dispatchCells(columns, r) {
			line(func(i int, _ column) string { return markdownText(strings.TrimSpace(cells[i])) })
		}
	}
	text.WriteString("\n")
}

// markdownText writes text so that Markdown shows it as it is.
func markdownText(text string) string {
	var escaped strings.Builder
	for _, c := range text {
		if strings.ContainsRune("\\`*_|<>[]#&~", c) {
			escaped.WriteByte('\\')
		}
		escaped.WriteRune(c)
	}
	return escaped.String()
}
