package gpu

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrClosed is about something used after its Close.
	ErrClosed = errors.New("already closed")
	// ErrOutOfMemory is about memory that the device has not got. The device goes on working.
	ErrOutOfMemory = errors.New("out of GPU memory")
	// ErrDeviceLost is about a device that is gone for good: open a new one.
	ErrDeviceLost = errors.New("the GPU device is lost")
	// ErrNoAdapter is about a machine on which no adapter serves.
	ErrNoAdapter = errors.New("no usable GPU adapter")
	// ErrLimit is about a size beyond what the device offers.
	ErrLimit = errors.New("beyond the device's limits")
	// ErrShader is about WGSL that does not compile.
	ErrShader = errors.New("the shader does not compile")
	// ErrMisuse is about a call with arguments that make no sense.
	ErrMisuse = errors.New("wrong use")
	// ErrLeak is about buffers and bind groups still open when their device was closed.
	ErrLeak = errors.New("closed with something open")
)

// Error says what was being done, on which adapter, why it failed and what would help.
type Error struct {
	Op      string // what was being done
	Adapter string // name of the adapter, empty before one was chosen
	Err     error  // wraps one of the package's errors where the reason is known
	Hint    string // what would help, or empty
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Adapter != "" {
		fmt.Fprintf(&b, " on %s", e.Adapter)
	}
	fmt.Fprintf(&b, ": %v", e.Err)
	if e.Hint != "" {
		fmt.Fprintf(&b, " (%s)", e.Hint)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// hint says what helps against each reason, where something does.
func hint(err error) string {
	switch {
	case errors.Is(err, ErrOutOfMemory):
		return "close what is no longer needed, or use a smaller problem"
	case errors.Is(err, ErrDeviceLost):
		return "close the device and open a new one"
	}
	return ""
}

// classify finds the reason in a driver's message: wgpu reports memory and loss as validation errors.
func classify(message string) error {
	message = strings.TrimSpace(message)
	lower := strings.ToLower(message)
	for _, c := range []struct {
		words  string
		reason error
	}{
		{"not enough memory left", ErrOutOfMemory},
		{"out of memory", ErrOutOfMemory},
		{"outofmemory", ErrOutOfMemory},
		{"device is lost", ErrDeviceLost},
		{"device lost", ErrDeviceLost},
		{"device was lost", ErrDeviceLost},
		{"device is invalid", ErrDeviceLost},
	} {
		if strings.Contains(lower, c.words) {
			return fmt.Errorf("%w: %s", c.reason, message)
		}
	}
	return errors.New(message)
}
