package cpuref

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// harmless are what anybody may name: errors, verdicts, what is looked at around a run, how large data may be, and
// what ceilings are judged by. All else gives numbers to judge by, which whoever computes what is judged must not
// call.
var harmless = regexp.MustCompile(`^(Err.*|Mode|Bounded|Exact|Report|Reference|Poison|FillGuard|` +
	`Check(Guard|Unchanged|Shapes|Input|Output|Filters)|MaxOutputs|` +
	`ExactLimit|TransformExactLimit|ExactEpilogue|Peak)$`)

// ofOperators are what anybody may name of package operators: tensors, and verdicts on them.
var ofOperators = regexp.MustCompile(`^(Array|Result|Check|Names)$`)

// judges are the files that hold results against the reference, and the device that is the reference itself.
var judges = regexp.MustCompile(`^(verify.*|judge.*|quantized|quantized_cpu|cpu)\.go$`)

// TestOnlyJudgesCompute holds that the reference computes for nobody but those who judge by it: a mistake that both
// share would never be found.
func TestOnlyJudgesCompute(t *testing.T) {
	users := 0
	eachFile(t, "..", func(path string, file *ast.File) {
		if strings.HasPrefix(filepath.ToSlash(path), "../cpuref/") {
			return
		}
		for pkg, allowed := range map[string]*regexp.Regexp{"cpuref": harmless, "operators": ofOperators} {
			for _, name := range namesOf(file, pkg) {
				users++
				if !allowed.MatchString(name) && !judges.MatchString(filepath.Base(path)) {
					t.Errorf("%s names %s.%s, which is for judging: compute it on its own side", path, pkg, name)
				}
			}
		}
	})
	if users < 50 {
		t.Errorf("only %d names of cpuref were found: the test looks in the wrong place", users)
	}
}

// TestReferenceTakesMatricesAlone holds that the reference packs and transforms no filters by the functions that what
// computes uses: of package transform it knows the plans.
func TestReferenceTakesMatricesAlone(t *testing.T) {
	plans := []string{"Transform", "Line", "SpaceToDepth", "Fourier"}
	users := 0
	eachFile(t, ".", func(path string, file *ast.File) {
		for _, name := range namesOf(file, "transform") {
			users++
			if !slices.Contains(plans, name) {
				t.Errorf("%s names transform.%s, must be one of %v", path, name, plans)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if s, ok := call.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Filters" {
					t.Errorf("%s calls a transform's Filters, which are those of what is judged", path)
				}
			}
			return true
		})
	})
	if users < 5 {
		t.Errorf("only %d names of transform were found: the test looks in the wrong place", users)
	}
}

// eachFile calls do for each Go file below a folder that is no test, parsed.
func eachFile(t *testing.T, folder string, do func(path string, file *ast.File)) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err == nil {
			do(path, file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// namesOf are what a file names of a package, as often as it does.
func namesOf(file *ast.File, pkg string) (names []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if of, ok := s.X.(*ast.Ident); ok && of.Name == pkg {
				names = append(names, s.Sel.Name)
			}
		}
		return true
	})
	return names
}
