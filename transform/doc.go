// Package transform is the mathematics of algorithms that compute a convolution through another one: Winograd's,
// Fourier's, and space to depth, which takes strides away. It says which layers each serves, what the layer of the
// products is, and what becomes of the filters. It imports conv and tensor alone.
//
// The letters are those of A. Lavin and S. Gray, "Fast Algorithms for Convolutional Neural Networks", 2015: of a
// filter g and a tile d of inputs U = G g Gᵀ, V = Bᵀ d B, M is the sum of U ∘ V over the channels, ∘ multiplies
// element by element, and Y = Aᵀ M A are the tile's outputs. V is not the output volume here.
//
// What computes takes its filters from here. What judges, cpuref, takes no more than the matrices, for the error
// that is allowed: what the outputs must be comes from the original layer, and owes nothing to this package.
package transform
