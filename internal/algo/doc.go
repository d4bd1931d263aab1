// Package algo holds the algorithms that compute layers, and the rules that choose among them where nothing was
// measured.
//
// An [Algorithm] answers one question: what would it dispatch for a [Spec] on a device of certain [Limits], and at
// what cost? Its [Plan] is data that package exec runs. The package owns no memory, opens no device, and must not
// import what judges results; see docs/adding.md for how to add an algorithm.
package algo
