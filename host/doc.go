// Package host runs convolution layers: it is the door for programs that import gpuconv.
//
// A [Device] is a GPU, or the CPU reference where one asks for it. A [Layer] keeps its filters on the
// device; [Layer.Run] uploads an input volume, computes and reads the output back, and [Layer.Verify]
// does the same and has every output judged by package cpuref.
package host
