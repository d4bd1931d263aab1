package docs

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// packageLines are how many lines a package may have without a reason in docs/design.md, tests left out.
const packageLines = 2500

// TestSizes holds that docs/design.md gives a reason for each package that is large, and for no other.
func TestSizes(t *testing.T) {
	_, section, _ := strings.Cut(read(t, "docs/design.md"), "### Why some packages are large")
	section, _, _ = strings.Cut(section, "\n## ")
	reasons := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| \\S").FindAllStringSubmatch(section, -1) {
		reasons[m[1]] = true
	}
	order, _ := allowed(t)
	for _, name := range order {
		lines := 0
		files, err := filepath.Glob(filepath.Join(root, name, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no Go files, error %v", name, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			lines += bytes.Count(data, []byte("\n"))
		}
		if large := lines > packageLines; large != reasons[name] {
			t.Errorf("package %s has %d lines; docs/design.md gives a reason: %v, must give one above %d alone",
				name, lines, reasons[name], packageLines)
		}
		delete(reasons, name)
	}
	for name := range reasons {
		t.Errorf("docs/design.md gives a reason for %s, which is no package", name)
	}
}
