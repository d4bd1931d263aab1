package docs

import (
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// allowed are the lines of docs/design.md that say what each package may import, in their order.
func allowed(t *testing.T) (order []string, may map[string][]string) {
	t.Helper()
	_, text, _ := strings.Cut(read(t, "docs/design.md"), "```\nconv\n")
	text, _, _ = strings.Cut("conv\n"+text, "```")
	may = map[string][]string{}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		words := strings.Fields(line)
		if strings.HasPrefix(line, " ") { // what the line before may import too
			last := order[len(order)-1]
			may[last] = append(may[last], words...)
			continue
		}
		order = append(order, words[0])
		may[words[0]] = words[1:]
	}
	return order, may
}

// TestImports holds that packages import what docs/design.md lets them, and that its arrows point one way.
func TestImports(t *testing.T) {
	order, may := allowed(t)
	for i, name := range order {
		for _, other := range may[name] {
			if at := slices.Index(order, other); at < 0 || at >= i {
				t.Errorf("docs/design.md lets %s import %s, which is not above it", name, other)
			}
		}
	}
	list := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	const module = "github.com/gpuconv/gpuconv/"
	seen := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		words := strings.Fields(line)
		name := strings.TrimPrefix(words[0], module)
		seen[name] = true
		if !slices.Contains(order, name) {
			t.Errorf("docs/design.md does not say what %s may import", name)
		}
		for _, other := range words[1:] {
			if ours, ok := strings.CutPrefix(other, module); ok && !slices.Contains(may[name], ours) {
				t.Errorf("%s imports %s, docs/design.md lets it import %v", name, ours, may[name])
			}
		}
	}
	for _, name := range order {
		if !seen[name] {
			t.Errorf("docs/design.md names %s, which is no package", name)
		}
	}
}

// built is the folder of what make targets build, which is not of the tree.
const built = "out"

// documents are all Markdown files of the tree.
func documents(t *testing.T) (all []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		if name == built {
			return fs.SkipDir
		}
		if err == nil && path.Ext(name) == ".md" {
			all = append(all, name)
		}
		return err
	})
	if err != nil || len(all) < 5 {
		t.Fatalf("documents %v, error %v", all, err)
	}
	return all
}

var (
	link      = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	inText    = regexp.MustCompile("`((?:bench|cmd|cpuref|docs|gpu|host|internal|scripts|shaders)/[\\w./]+\\.\\w+)`")
	heading   = regexp.MustCompile(`(?m)^#+ (.*)$`)
	noAnchor  = regexp.MustCompile(`[^\w\- ]`)
	namedTest = regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w+`)
)

// TestLinks holds that the files and headings that documents point to are there.
func TestLinks(t *testing.T) {
	for _, name := range documents(t) {
		text := read(t, name)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.HasPrefix(m[1], "https://") {
				continue
			}
			to, anchor, _ := strings.Cut(m[1], "#")
			file := path.Join(path.Dir(name), to)
			if to == "" {
				file = name
			}
			if _, err := os.Stat(filepath.Join(root, file)); err != nil {
				t.Errorf("%s points to %s: %v", name, m[1], err)
			} else if anchor != "" && !slices.Contains(anchors(read(t, file)), anchor) {
				t.Errorf("%s points to %s, where no heading is called so", name, m[1])
			}
		}
		for _, m := range inText.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(root, m[1])); err != nil && m[1] != "internal/algo/long.go" {
				t.Errorf("%s names a file: %v", name, err)
			}
		}
	}
}

// anchors are what GitHub calls a document's headings.
func anchors(text string) (all []string) {
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		all = append(all, strings.ReplaceAll(noAnchor.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return all
}

// TestNamedTests holds that tests which documents name are there.
func TestNamedTests(t *testing.T) {
	var code strings.Builder
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, "_test.go") {
			data, err := os.ReadFile(name)
			code.Write(data)
			return err
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, name := range documents(t) {
		for _, test := range namedTest.FindAllString(read(t, name), -1) {
			if named++; !strings.Contains(code.String(), "func "+test+"(") {
				t.Errorf("%s names %s, which is no test", name, test)
			}
		}
	}
	if named < 10 {
		t.Errorf("documents name %d tests: they are not found", named)
	}
}

// TestProgram holds that the program of docs/embedding.md is the example, line by line.
func TestProgram(t *testing.T) {
	_, text, ok := strings.Cut(read(t, "docs/embedding.md"), "```go\n\tb := host.NewProgram")
	text, _, closed := strings.Cut("\tb := host.NewProgram"+text, "```")
	example := read(t, "host/example_test.go")
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if !ok || !closed || !strings.Contains(example, strings.TrimSpace(line)) {
			t.Errorf("`%s` is no line of host/example_test.go", line)
		}
	}
}
