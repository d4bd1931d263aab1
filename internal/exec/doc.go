// Package exec runs plans on a GPU: it owns their memory, records their dispatches, and looks after what a run must
// leave as it was.
//
// A [Plan] is data: operands, and steps that dispatch kernels over them. A [Session] is a plan on a device, with
// memory of one of two kinds. Guarded memory gives each operand a buffer of its own between guard words, so that a
// kernel that writes outside of its output is caught. Pooled memory lets operands share buffers that are never needed
// at the same time; see [PlanMemory].
//
// The package knows nothing of convolution, and must not import packages that do, but for the shaders that it
// compiles.
package exec
