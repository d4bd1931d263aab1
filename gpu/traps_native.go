//go:build !js

package gpu

import "runtime"

// platformTraps are those of wgpu and of the operating system.
func platformTraps() []string {
	list := []string{
		"wgpu reports work as done that takes longer than 5 s: gpuconv waits for the GPU's own word",
		"wgpu does not say how long a timestamp's tick is: gpuconv measures it",
		"WGSL's float16, subgroups and override constants do not compile in this wgpu: no shader here uses them",
	}
	if runtime.GOARCH == "arm64" && runtime.GOOS != "darwin" {
		list = append(list, "this platform's wgpu is 22.1: workgroup memory is not zeroed, and no shader here relies "+
			"on it")
	}
	if runtime.GOARCH != "amd64" || runtime.GOOS == "darwin" {
		list = append(list, "wgpu panics where it has no way to give an error, as on a lost device or without "+
			"memory: on Linux and Windows on 64-bit x86 that is an error, here it ends the process")
	}
	if runtime.GOOS == "windows" {
		list = append(list, "Windows resets a GPU that works for 2 s on one submission: run large layers with care")
	}
	return list
}
