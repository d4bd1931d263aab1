package main

import (
	"bytes"
	"runtime/debug"
	"testing"
)

// TestVersion holds that the program says what Go recorded of it, and which library is linked in.
func TestVersion(t *testing.T) {
	contain(t, succeed(t, "version"), "github.com/gpuconv/gpuconv", "go1.", "wgpu-core ", "webgpu v0.23.0")
	info := &debug.BuildInfo{
		Main: debug.Module{Path: "example.com/gpuconv", Version: "v1.2.3"},
		Deps: []*debug.Module{
			{Path: "example.com/other", Version: "v9.9.9"},
			{Path: "github.com/cogentcore/webgpu", Version: "v0.23.0"},
		},
		Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "0123abcd"}, {Key: "vcs.modified", Value: "true"}},
	}
	for _, c := range []struct {
		r     buildReport
		texts []string
	}{
		{
			built(info, true),
			[]string{"gpuconv v1.2.3\n", "example.com/gpuconv", "webgpu v0.23.0", "0123abcd, with changes"},
		},
		{built(nil, false), []string{"gpuconv (devel)\n", "not recorded", "unknown"}},
	} {
		var text bytes.Buffer
		c.r.print(&app{stdout: &text})
		contain(t, text.String(), c.texts...)
	}
}
