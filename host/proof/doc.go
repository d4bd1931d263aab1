// Package proof makes up convolution layers with seeded data and runs them against the reference. The
// command `gpuconv verify` and the tests of every algorithm draw from here, so that a failure found by
// one is shown again by the other: see [Case.Repro].
package proof
