package shaders

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestHash holds that the hash is of the text of all that layers are computed by, and is the same from run to run.
func TestHash(t *testing.T) {
	was := Hash()
	if len(was) != 16 || strings.Trim(was, "0123456789abcdef") != "" || hash(Variants(), timed) != was {
		t.Errorf("hash %q, then %q", was, hash(Variants(), timed))
	}
	rows, seen := Variants(), map[string]bool{}
	for i, v := range rows {
		if kind := fmt.Sprintf("%T", v); seen[kind] {
			continue // one row of a kind is enough
		} else {
			seen[kind] = true
		}
		without := append(append([]Variant{}, rows[:i]...), rows[i+1:]...)
		name, _, _ := strings.Cut(v.Name(), "_")
		left := slices.Contains([]string{"peak", "copy", "operator", "pool", "pointwise", "remap", "matmul",
			"resample", "gather", "topk", "sample",
			"reduce", "softmax", "extreme", "normalize", "cumulate"}, name)
		if (hash(without, timed) == was) != left {
			t.Errorf("without %s the hash is the same: %v, must be %v", v.Name(), !left, left)
		}
		if hash(without, func(Variant) bool { return true }) == HashAll() {
			t.Errorf("without %s the hash of all is the same", v.Name())
		}
	}
}
