package main

import (
	"testing"

	"github.com/gpuconv/gpuconv/host"
)

// TestMemoryText holds that textures are shown where a plan has them.
func TestMemoryText(t *testing.T) {
	m := host.Memory{Planned: 2048, Naive: 4096, LowerBound: 1024}
	for textures, want := range map[uint64]string{
		0:    "2 KiB planned, 4 KiB without sharing, 1 KiB at least",
		3072: "2 KiB planned, 4 KiB without sharing, 1 KiB at least, and 3 KiB of textures",
	} {
		if m.Textures = textures; memoryText(m) != want {
			t.Errorf("%q, want %q", memoryText(m), want)
		}
	}
}
