// Package gpu runs compute shaders written in WGSL on GPUs, through WebGPU: natively on Vulkan,
// Metal, DX12 and GL, and in the browser. It knows nothing of what the shaders compute.
//
// A [Device] is opened on one adapter. It makes [Buffer]s and compiles [Kernel]s, which it keeps; a
// [Batch] records dispatches and copies and submits them at once. Everything that is made is closed by
// whoever made it; closing twice is fine, and using what is closed gives [ErrClosed]. Wrong use and
// failing hardware give errors, never a panic. All of it may be used from many goroutines.
//
// In the browser these calls wait for events: they must not be made from within a js.Func.
//
// Native code and the browser's are split by file suffix behind the interfaces in driver.go.
package gpu
