// Package cpuref is the reference that every convolution of gpuconv is judged by: it computes what a
// layer's outputs must be, in float64, says how far a float32 result may lie from that, and gives the
// verdict. It owes nothing to what it judges: it imports no shader, no GPU and none of the host. Of package transform,
// which what computes uses too, it takes the matrices for the bounds alone.
//
// [Conv] is the truth, the formula's loops and nothing else. [Im2col] is the same reference by way of
// matrix products, for layers too large for loops. [CheckSample] judges layers too large for either.
// [Reference.Epilogue] adds what follows the sum: activations and residuals, with the error that they may
// add. [InputGradient], [FilterGradient], [BiasGradient] and [EpilogueGradient] are the way back. All go
// through one index map, in index.go, and serve every kind of problem. [QuantizedConv] is for whole numbers
// of 8 bits, [Reference.Half] for results that are stored as float16. [Transformed] has the bound of results that
// were computed through transforms, Winograd's or Fourier's; the values are the same, and come from the layer itself.
// [ConvSample] and [TransformedSample] are the same of some outputs, for layers with too many.
//
// A verdict is exact or by a bound, and there is no other tolerance. Exact is for integer data inside
// [ExactLimit], where float32 makes no rounding error in any order of summation. [Bound] is for real
// data; it too holds for any order of summation.
//
// [Poison], [FillGuard] and [CheckUnchanged] are for the buffers around a run: outputs that were never
// written, writes that land outside, inputs that did not stay what they were.
//
// Files carry the names of the shaders that they are the twin of: conv.go of shaders/conv.wgsl,
// relu.go of shaders/relu.wgsl, index.go of shaders/index.wgsl.
package cpuref
