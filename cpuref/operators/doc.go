// Package operators is the reference of ONNX's operators: what each makes of its inputs in float64, and how far a
// float32 result may lie from that. It is written from ONNX's operator spec (docs/Operators.md and docs/Changelog.md,
// from opset 7 on) and for judges alone: it imports nothing that computes on a GPU, and nothing that computes there
// imports it.
//
// [Reference] computes the outputs of one node; [Check] gives the verdict on one of them. Inputs are the numbers that
// the device had, so that no error of an earlier node counts twice.
//
// Allowed errors have u = 2^-23 for each rounding, because WGSL leaves the rounding mode open, 2^-126 for results that
// may be flushed to zero, and WGSL's section "Floating Point Accuracy" for its functions: a division 2.5u, a square
// root 4.5u (1/inverseSqrt), exp(x) (3 + 2|x|)u, log(x) 2^-21 for x in [0.5, 2] and 3u elsewhere. Sums of n terms hold
// in any order: g(n+2) of the terms' magnitude, as in [cpuref.Bound]. Each operator says its own in a line. What is
// copied, compared or made of whole numbers has none: every number must be equal. Where the exact result jumps, and
// the number that it jumps by is itself rounded (the coordinate of a resized picture, the quotient of QuantizeLinear),
// the results on both sides of the jump are allowed if it lies within that rounding.
//
// Bounds are of the formula that stands beside them, computed without reduced precision. An algorithm that rounds
// more, such as a convolution through Winograd's transforms, needs its own bound.
package operators
