package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
)

// choseDevice reports whether the user named a backend or adapter.
func (a *app) choseDevice() bool {
	return a.device.Backend != "" || a.device.Adapter != "" || os.Getenv("GPUCONV_BACKEND") != "" ||
		os.Getenv("GPUCONV_ADAPTER") != ""
}

// noChoice refuses --backend and --adapter where all adapters are looked at, and heeds GPUCONV_GPU=off.
func (a *app) noChoice(command string) error {
	if a.device.Backend != "" || a.device.Adapter != "" {
		return usagef("gpuconv %s looks at all adapters: leave out --backend and --adapter", command)
	}
	if os.Getenv("GPUCONV_GPU") == "off" {
		return fmt.Errorf("%w: GPUCONV_GPU=off", gpu.ErrNoAdapter)
	}
	return nil
}

// commandLine is what the user typed.
func commandLine() string { return drivers() + strings.Join(os.Args, " ") }

// drivers are the variables that choose drivers, to stand before a command that shows a failure again.
func drivers() string {
	set := ""
	for _, name := range []string{"VK_ICD_FILENAMES", "VK_DRIVER_FILES"} {
		if v, ok := os.LookupEnv(name); ok {
			set += name + "=" + v + " "
		}
	}
	return set
}

// hasFolder refuses a file that is to be written where there is no folder.
func hasFolder(flag, file string) error {
	if info, err := os.Stat(filepath.Dir(file)); err != nil || !info.IsDir() {
		return usagef("%s %s: there is no folder %s", flag, file, filepath.Dir(file))
	}
	return nil
}

// milliseconds gives a time with all its digits.
func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

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

// unreadText says which inputs no output depends on, or nothing; of a transposed layer, which outputs
// depend on no input. Padding other than zeros reads inputs twice, and is left out.
func unreadText(p conv.Problem) []string {
	var lines []string
	const longest = 1 << 20 // looking at every position of a longer axis takes too long
	for i, axis := range p.Axes() {
		if axis.In > longest || axis.Out > longest || p.Padding != conv.Zero {
			continue
		}
		name, reason := "zyx"[i:i+1], ""
		if p.Transposed {
			if bare := axis.Adjoint().Unread(); len(bare) > 0 {
				lines = append(
					lines,
					fmt.Sprintf("outputs with %s = %s depend on no input, only on the bias", name, ranges(bare)),
				)
			}
			continue
		}
		if unread := axis.Unread(); len(unread) > 0 {
			if !axis.Fits() && unread[0] >= axis.In+axis.PadAfter() { // nothing but what lies behind the last window
				reason = fmt.Sprintf(" (the stride %d does not fit)", axis.Stride)
			}
			lines = append(lines, fmt.Sprintf("inputs with %s = %s are never read%s", name, ranges(unread), reason))
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
