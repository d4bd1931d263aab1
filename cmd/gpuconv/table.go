package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	columnGap   = 2
	leastColumn = 6 // characters of a column that is narrowed
)

// table aligns columns that its rows separate by tabs. Where the terminal is too narrow the widest of them are
// wrapped. A row without tabs stands alone, between tables of their own.
func table(w io.Writer, rows ...string) {
	limit := columnsOf(w)
	for len(rows) > 0 {
		n := 0
		for n < len(rows) && strings.Contains(rows[n], "\t") {
			n++
		}
		if n == 0 {
			printRow(w, []string{rows[0]}, []int{fitting(limit, 0)})
			rows = rows[1:]
			continue
		}
		printTable(w, rows[:n], limit)
		rows = rows[n:]
	}
}

// fitting is how much room is left of a limit, 0 for no limit.
func fitting(limit, taken int) int {
	if limit == 0 {
		return 0
	}
	return max(limit-taken, leastColumn)
}

func printTable(w io.Writer, rows []string, limit int) {
	var cells [][]string
	var widths []int
	for _, r := range rows {
		row := strings.Split(r, "\t")
		cells = append(cells, row)
		for len(widths) < len(row) {
			widths = append(widths, 0)
		}
	}
	last := len(widths) - 1
	for _, row := range cells {
		for i, cell := range row {
			if i < len(row)-1 || i == last { // a row's own last cell has all the rest of the line
				widths[i] = max(widths[i], utf8.RuneCountInString(cell))
			}
		}
	}
	narrow(widths, limit)
	for _, row := range cells {
		room, taken := []int{}, 0
		for i := range row {
			if i < len(row)-1 {
				room = append(room, widths[i])
			} else {
				room = append(room, fitting(limit, taken))
			}
			taken += widths[i] + columnGap
		}
		printRow(w, row, room)
	}
}

// narrow takes characters from the widest columns until all fit, or none can give one.
func narrow(widths []int, limit int) {
	sum := columnGap * (len(widths) - 1)
	for _, n := range widths {
		sum += n
	}
	for ; limit > 0 && sum > limit; sum-- {
		widest := 0
		for i, n := range widths {
			if n > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= leastColumn {
			return
		}
		widths[widest]--
	}
}

// printRow prints cells side by side in as many lines as they need. Room of 0 is no limit.
func printRow(w io.Writer, cells []string, room []int) {
	var wrapped [][]string
	lines := 1
	for i, cell := range cells {
		wrapped = append(wrapped, wrap(cell, room[i]))
		lines = max(lines, len(wrapped[i]))
	}
	for at := range lines {
		var line strings.Builder
		for i, parts := range wrapped {
			part := ""
			if at < len(parts) {
				part = parts[at]
			}
			line.WriteString(part)
			if i < len(cells)-1 {
				line.WriteString(strings.Repeat(" ", max(room[i]-utf8.RuneCountInString(part), 0)+columnGap))
			}
		}
		fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// wrap breaks a text into lines of at most so many characters: at a space, else behind a sign that joins names,
// else anywhere.
func wrap(text string, most int) (lines []string) {
	rest := []rune(text)
	indent := len(text) - len(strings.TrimLeft(text, " "))
	for most > 0 && len(rest) > most {
		at, next := most, most
		if i := lastBreak(rest, indent, most, func(r rune) bool { return r == ' ' }); i >= 0 {
			at, next = i, i+1
		} else if i := lastBreak(rest, indent, most-1,
			func(r rune) bool { return strings.ContainsRune("/_,:+-", r) }); i >= 0 {
			at, next = i+1, i+1
		}
		lines = append(lines, string(rest[:at]))
		rest, indent = rest[next:], 0
	}
	return append(lines, string(rest))
}

// lastBreak is the last place from first to last where a text may be broken, -1 for none.
func lastBreak(text []rune, first, last int, may func(rune) bool) int {
	for i := last; i > first; i-- {
		if may(text[i]) {
			return i
		}
	}
	return -1
}
