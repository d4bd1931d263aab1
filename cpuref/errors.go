package cpuref

import "errors"

// The errors that this package's are wrapped around, for errors.Is.
var (
	// ErrMismatch: a result is not what it must be.
	ErrMismatch = errors.New("wrong result")
	// ErrGuard: words around a buffer were overwritten.
	ErrGuard = errors.New("guard overwritten")
	// ErrChanged: data that a run may only read is not what it was.
	ErrChanged = errors.New("input changed")
	// ErrShape: data does not fit the problem, or the problem does not fit this package.
	ErrShape = errors.New("shape does not fit")
	// ErrNoVerdict: the reference says nothing about a float32 result: it is not finite, passes
	// float32's range, or sums so many terms that no bound exists.
	ErrNoVerdict = errors.New("no verdict possible")
)
