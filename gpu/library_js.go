package gpu

// Library names the WebGPU implementation: the browser's own.
func Library() string { return "the browser's WebGPU" }
