// Package training is the reference of networks that are trained on a GPU: the same training in float64, from the same
// first weights, and with each number how far a float32 computation may lie from it.
//
// That error is carried along. What a layer reads is off by some error already; its sums are off by what follows from
// that, and by what float32 adds in any order of summation, [cpuref.Bound]. So the bound of a weight after some steps
// has every rounding in it that came before. Where a number decides something, ReLU's sign and the largest number of a
// pool, and its error leaves open how, the error is as large as the difference: a gradient that may or may not pass is
// off by all of it. Bounds grow with each step, and are for the first few.
//
// Files carry the names of what they are the twin of: pool.go of shaders/pool_gradient.wgsl, crossentropy.go of
// shaders/cross_entropy.wgsl, update.go of shaders/sgd.wgsl and shaders/adam.wgsl. The package imports no shader and
// no GPU, and only what is true of float32 from package cpuref.
package training
