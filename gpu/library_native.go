//go:build !js

package gpu

import "runtime"

// Library names the WebGPU implementation that is linked in, with its version. The library's own wgpuGetVersion gives
// 0: these are the versions that the static libraries of github.com/cogentcore/webgpu v0.23.0 name inside.
func Library() string {
	if runtime.GOARCH == "arm64" && (runtime.GOOS == "linux" || runtime.GOOS == "windows") {
		return "wgpu-native, wgpu-core 22.1"
	}
	return "wgpu-native, wgpu-core 0.19"
}
