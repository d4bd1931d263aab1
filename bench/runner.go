package bench

import (
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
)

// Runner is one layer on a device with its operands resident, or a network whose runs transfer them.
type Runner interface {
	Upload() error                          // X to the device
	Compute() error                         // all dispatches, and waits
	Timed() bool                            // whether the GPU's own clock can time it, where there is one
	Profile() ([]host.Dispatch, error)      // all dispatches, each by the GPU's own clock; called only where that can
	Download() error                        // V to the host
	Verify() (boundUsed float64, err error) // every output against the reference
	Algorithm() (algorithm, variant string)
	Close() error
}

// continuous is a Runner of which the GPU's own clock can time some runs together: the time of one.
type continuous interface {
	ComputeTimed(runs int) (time.Duration, error)
}

// counter is a Runner that knows only once it is built how many operations its layers make.
type counter interface{ FLOP() int64 }

// Opener builds the layers of one device.
type Opener interface {
	// Open builds the layer of a problem with seeded data, by an algorithm's name or "" for the default.
	Open(p conv.Problem, algorithm string, seed uint64) (Runner, error)
	// Algorithms are those that take the problem, by name.
	Algorithms(p conv.Problem) []string
}
