package main

import "testing"

// TestFilterGradientFlag holds that an algorithm for dW is taken by its name, and what is refused.
func TestFilterGradientFlag(t *testing.T) {
	const layer = "ic8ih14oc8kh3ph1"
	for _, name := range []string{"direct", "tiles", "winograd4", "tiles/8x8x4_v4_t8_k1"} {
		out := succeed(t, "run", layer, "--backward", "--filter-gradient", name)
		contain(t, out, "check dW  bound: all 576 elements")
	}
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"--filter-gradient", "tiles"}, "only --backward computes one"},
		{[]string{"--backward", "--filter-gradient", "tile"}, "must be one of direct, tiles, shared, winograd4"},
		{[]string{"--backward", "--filter-gradient", "grouped"}, "groups must have 4 input channels"},
	} {
		code, _, stderr := gpuconv(append([]string{"run", layer}, c.args...)...)
		if contain(t, stderr, c.says); code != 2 {
			t.Errorf("%v: exit code %d, must be 2", c.args, code)
		}
	}
}
