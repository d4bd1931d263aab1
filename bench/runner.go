package bench

import (
	"time"

	"github.com/gpuconv/gpuconv/conv"
)

// Runner is one layer on a device with its operands resident.
type Runner interface {
	Upload() error                                    // X to the device
	Compute() error                                   // all dispatches, and waits
	ComputeTimed() (gpuTime time.Duration, err error) // by the GPU's own clock; called only where there is one
	Download() error                                  // V to the host
	Verify() (boundUsed float64, err error)           // every output against the reference
	Algorithm() (algorithm, variant string)
	Close() error
}

// Opener builds the layers of one device.
type Opener interface {
	// Open builds the layer of a problem with seeded data, by an algorithm's name or "" for the default.
	Open(p conv.Problem, algorithm string, seed uint64) (Runner, error)
	// Algorithms are those that take the problem, by name.
	Algorithms(p conv.Problem) []string
}
