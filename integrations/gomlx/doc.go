// Package gomlx is a backend of GoMLX (github.com/gomlx/gomlx) that computes convolutions, pools and their neighbours
// on a GPU by gpuconv, and what else there is in a graph on the CPU, by GoMLX's own backend simplego.
//
//	import _ "github.com/gpuconv/gpuconv/integrations/gomlx"
//
// registers it by the name gpuconv, so that GOMLX_BACKEND=gpuconv selects it. The device is the best GPU, or the one
// that GPUCONV_BACKEND and GPUCONV_ADAPTER name.
//
// A graph that is compiled is cut into stages, on the GPU and elsewhere in turns. What one stage on the GPU computes
// is an ONNX network of package model, whose nodes run in one submission. Nothing runs elsewhere in silence: [Report]
// says how many nodes the GPU computes, which ones it does not, and why. [Executable.Report] is that of one graph, and
// [Backend.Report] of all runs so far.
//
// On the GPU are numbers of float32, and truth values between them. Other data types are computed elsewhere, but for
// float64 where the configuration asks for that: see [New].
package gomlx
