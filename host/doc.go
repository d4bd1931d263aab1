// Package host runs convolution layers, and programs of them: it is the door for programs that import gpuconv.
//
// A [Device] is a GPU, or the CPU reference where one asks for it. A [Layer] keeps its filters on the device;
// [Layer.Run] uploads an input volume, computes and reads the output back, and [Layer.Verify] does the same and has
// every output judged by package cpuref. A [Program] joins layers: volumes go from one to the next on the device, in
// memory that they share, and [Program.Verify] judges each of them by what it really read.
//
// The package owns what callers see: devices, layers, programs and verdicts. What an algorithm dispatches is planned
// by internal/algo, what runs a plan is internal/exec, and what cuts a layer into blocks is internal/split: none of
// them may import this one.
package host
