package tensor

import (
	"errors"
	"fmt"
	"strings"
)

// ErrShape is matched by errors about sizes: ones that are below 1, too large,
// or in disagreement with each other or with the amount of data.
var ErrShape = errors.New("tensor: wrong shape")

// ErrFormat is matched by errors about the content of a file: one that is
// damaged, cut short, of another type, or of a kind that is not supported.
var ErrFormat = errors.New("tensor: wrong format")

// kindError is an error with its own words that still matches a sentinel, whose
// text would only repeat what the words say.
type kindError struct {
	kind error
	err  error
}

func (e *kindError) Error() string   { return e.err.Error() }
func (e *kindError) Unwrap() []error { return []error{e.kind, e.err} }

func shapeErrorf(format string, args ...any) error {
	return &kindError{ErrShape, fmt.Errorf("tensor: "+format, args...)}
}

func formatErrorf(format string, args ...any) error {
	return &kindError{ErrFormat, fmt.Errorf("tensor: "+format, args...)}
}

// contextError is an error with what was being done, and "tensor:" only once.
type contextError struct {
	context string
	err     error
}

func (e *contextError) Error() string {
	return "tensor: " + e.context + ": " + strings.TrimPrefix(e.err.Error(), "tensor: ")
}
func (e *contextError) Unwrap() error { return e.err }

func inContext(context string, err error) error { return &contextError{context, err} }
