package model

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestOperatorsAreDocumented holds the table of docs/networks.md against the operators that networks may have.
func TestOperatorsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/networks.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| family | operators |")
	table, _, _ = strings.Cut(table, "\n\n")
	words := strings.FieldsFunc(table, func(r rune) bool { return strings.ContainsRune(" ,;|()\n", r) })
	for _, op := range Operators() {
		if !slices.Contains(words, op) {
			t.Errorf("docs/networks.md does not name %s", op)
		}
	}
	for _, w := range words {
		named := strings.ToUpper(w[:1]) == w[:1] && w[0] >= 'A' && w[0] <= 'Z'
		if named && !slices.Contains(Operators(), w) {
			t.Errorf("docs/networks.md names %s, which no network may have", w)
		}
	}
}
