package main

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/gpuconv/gpuconv/host"
)

// TestClasses holds which shapes look like scores of classes.
func TestClasses(t *testing.T) {
	for _, c := range []struct {
		shape []int
		want  int
	}{
		{[]int{1, 1000, 1, 1}, 1000},
		{[]int{1, 10}, 10},
		{[]int{7}, 7},
		{[]int{1, 1}, 0},
		{[]int{}, 0},
		{[]int{1}, 0},
		{[]int{10, 1}, 0}, // ten images
		{[]int{2, 10}, 0},
		{[]int{1, 1, 28}, 0},
		{[]int{1, 3, 5}, 0},
		{[]int{1, -1}, 0},
		{[]int{-1, 10}, 0},
		{[]int{1, 0}, 0},
	} {
		if got := classes(c.shape); got != c.want {
			t.Errorf("%v: %d classes, must be %d", c.shape, got, c.want)
		}
	}
}

// TestHighest holds the order of scores: equal ones by class, NaN last.
func TestHighest(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	top := highest([]float32{nan, 1, 3, nan, 1, -inf, inf}, 9, nil)
	var order []int
	for _, s := range top {
		order = append(order, s.Class)
	}
	if fmt.Sprint(order) != "[6 2 1 4 5 0 3]" {
		t.Errorf("%v", top)
	}
	text, err := json.Marshal(top[:2])
	if want := `[{"class":6,"score":null},{"class":2,"score":3}]`; err != nil || string(text) != want {
		t.Errorf("%s, error %v, must be %s", text, err, want)
	}
	if text, err := json.Marshal(highest([]float32{0.924, 1e30}, 2, []string{"a", "b"})); err != nil ||
		string(text) != `[{"class":1,"score":1e+30,"label":"b"},{"class":0,"score":0.924,"label":"a"}]` {
		t.Errorf("%s, error %v", text, err)
	}
}

// TestProfileRows holds that a node's time is the sum of the medians of its dispatches.
func TestProfileRows(t *testing.T) {
	run := func(ms ...int) (all []host.NodeTime) {
		nodes := []string{
			"node 1, layer ic64ih10oc100kh1",
			"node 1, layer ic64ih10oc100kh1",
			`node 2, layer ic64ih10oc100kh1n"node 4, Conv 'a'"`,
			"node 3, node 9, MaxPool",
		}
		for i, m := range ms {
			all = append(all, host.NodeTime{
				Node: nodes[i], Algorithm: "a",
				Dispatch: host.Dispatch{Kernel: fmt.Sprint("k", i), Time: time.Duration(m) * time.Millisecond},
			})
		}
		return all
	}
	rows := profileRows([][]host.NodeTime{run(1, 7, 8, 4), run(3, 2, 90, 4), run(2, 3, 7, 4)})
	want := []profileRow{
		{"layer ic64ih10oc100kh1", "a", []string{"k0", "k1"}, 5, 100 * 5. / 17, 1.28 / 5},
		{"node 4, Conv 'a', ic64ih10oc100kh1", "a", []string{"k2"}, 8, 100 * 8. / 17, 1.28 / 8},
		{"node 9, MaxPool", "a", []string{"k3"}, 4, 100 * 4. / 17, 0},
	}
	if fmt.Sprintf("%.9v", rows) != fmt.Sprintf("%.9v", want) {
		t.Errorf("%.9v, must be %.9v", rows, want)
	}
}
