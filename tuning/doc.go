// Package tuning owns which algorithm computes a layer on a device where that was measured: a [Cache] keeps the
// choices in a file that many processes share and finds them by their [Key], and [Measure] finds out which of several
// [Contender]s is the quickest that is right.
//
// It must not import host: it knows algorithms by their names alone, and what it measures is handed to it.
package tuning
