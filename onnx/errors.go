package onnx

import (
	"errors"
	"fmt"
	"strings"
)

// ErrFormat is matched by errors about a model or tensor that is damaged, cut short, not what ONNX demands, or whose
// external data is not where it says.
var ErrFormat = errors.New("onnx: wrong format")

// ErrUnsupported is matched by errors about what ONNX allows and this package does not read.
var ErrUnsupported = errors.New("onnx: not supported")

// UnsupportedError matches [ErrUnsupported], and names all that is not supported in a model.
type UnsupportedError struct {
	// Parts are whole phrases, such as `node 3 "loop" (Loop): attribute "body" is a subgraph`, in the order of the
	// file.
	Parts []string
}

func (e *UnsupportedError) Error() string { return "not supported: " + strings.Join(e.Parts, "; ") }

// Unwrap gives [ErrUnsupported].
func (e *UnsupportedError) Unwrap() error { return ErrUnsupported }

// add is as fmt.Sprintf, for one more part.
func (e *UnsupportedError) add(format string, args ...any) {
	e.Parts = append(e.Parts, fmt.Sprintf(format, args...))
}

// err is e, or nil where nothing was added.
func (e *UnsupportedError) err() error {
	if len(e.Parts) == 0 {
		return nil
	}
	return e
}

// kindError is an error with its own words that still matches a sentinel, whose text would only repeat them.
type kindError struct {
	kind error
	err  error
}

func (e *kindError) Error() string   { return e.err.Error() }
func (e *kindError) Unwrap() []error { return []error{e.kind, e.err} }

func formatErrorf(format string, args ...any) error {
	return &kindError{ErrFormat, fmt.Errorf(format, args...)}
}

func unsupportedErrorf(format string, args ...any) error {
	return &kindError{ErrUnsupported, fmt.Errorf(format, args...)}
}

// named is err as it leaves the package, or nil.
func named(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("onnx: %w", err)
}
