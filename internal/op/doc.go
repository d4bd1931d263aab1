// Package op adds the steps of tensor operators to plans. A tensor is a view of an operand, so that transposing,
// slicing, splitting and expanding copy nothing. It computes nothing on the host, and judges nothing.
package op
