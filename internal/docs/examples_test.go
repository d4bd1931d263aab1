package docs

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestExamples holds that each package that can be imported says what it is for, and shows it in an example that runs.
func TestExamples(t *testing.T) {
	list := exec.Command("go", "list", "-f", "{{.Name}} {{.Dir}}", "./...")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		name, folder, _ := strings.Cut(line, " ")
		if name == "main" || notImported.MatchString(filepath.ToSlash(folder)) {
			continue
		}
		looked++
		if text := packageDoc(t, folder); !strings.HasPrefix(text, "Package "+name+" ") {
			t.Errorf("the doc of %s starts with %.40q, must say what Package %s is for", folder, text, name)
		}
		shown := false
		for _, e := range examples(t, folder) {
			shown = shown || e.Output != "" || e.EmptyOutput
		}
		if !shown {
			t.Errorf("%s has no Example with an output", folder)
		}
	}
	if looked < 10 {
		t.Errorf("%d packages were looked at, must be 10 or more", looked)
	}
}

// notImported are folders of packages that nobody outside of the module can, or wants to, import.
var notImported = regexp.MustCompile(`/(internal|examples)/`)

// packageDoc is the comment on top of a package.
func packageDoc(t *testing.T, folder string) string {
	t.Helper()
	for _, f := range parsed(t, folder, false) {
		if f.Doc != nil {
			return f.Doc.Text()
		}
	}
	return ""
}

func examples(t *testing.T, folder string) []*doc.Example {
	t.Helper()
	return doc.Examples(parsed(t, folder, true)...)
}

// parsed are the files of a package: its tests, or the others.
func parsed(t *testing.T, folder string, tests bool) (files []*ast.File) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") != tests {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}
