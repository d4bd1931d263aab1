package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/gpuconv/gpuconv/conv"
)

// choseDevice reports whether the user named a backend or adapter.
func (a *app) choseDevice() bool {
	return a.device.Backend != "" || a.device.Adapter != "" || os.Getenv("GPUCONV_BACKEND") != "" || os.Getenv("GPUCONV_ADAPTER") != ""
}

// table aligns columns that its rows separate by tabs.
func table(w io.Writer, rows ...string) {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintln(t, r)
	}
	t.Flush()
}

// thousands groups digits: 105,705,600.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// bytesText gives a size in the unit that suits it.
func bytesText(n uint64) string {
	units := []string{"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	v, u := float64(n), 0
	for v >= 1024 && u < len(units)-1 {
		v, u = v/1024, u+1
	}
	return fmt.Sprintf("%.4g %s", v, units[u])
}

// unreadText says which inputs no output depends on, or nothing.
func unreadText(p conv.Problem) []string {
	var lines []string
	const longest = 1 << 20 // looking at every position of a longer axis takes too long
	for _, axis := range []struct {
		name string
		conv.Axis
	}{{"x", p.W}, {"y", p.H}} {
		if axis.In > longest || axis.Out > longest {
			continue
		}
		if unread := axis.Unread(); len(unread) > 0 {
			reason := ""
			if !axis.Fits() {
				reason = fmt.Sprintf(" (the stride %d does not fit)", axis.Stride)
			}
			lines = append(lines, fmt.Sprintf("inputs with %s = %s are never read%s", axis.name, ranges(unread), reason))
		}
	}
	return lines
}

// ranges writes rising positions as 1, 4-6, 9, and no more than a few of them.
func ranges(positions []int) string {
	var parts []string
	for i := 0; i < len(positions); {
		j := i
		for j+1 < len(positions) && positions[j+1] == positions[j]+1 {
			j++
		}
		if i == j {
			parts = append(parts, fmt.Sprint(positions[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", positions[i], positions[j]))
		}
		i = j + 1
	}
	if most := 8; len(parts) > most {
		return strings.Join(parts[:most], ", ") + fmt.Sprintf(", ... (%d in all)", len(positions))
	}
	return strings.Join(parts, ", ")
}
