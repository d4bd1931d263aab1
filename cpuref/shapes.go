package cpuref

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// MaxOutputs is the most outputs that a [Reference] or a [Sample] holds; a reference then takes 2 GiB.
// A layer with more is for [CheckSample].
const MaxOutputs = 1 << 27

// CheckShapes reports whether x and w are the operands of p: x is Batch x H.In x W.In x InChannels, w
// holds OutChannels filters of H.Filter x W.Filter x InChannels/Groups, and their data is as long as
// that. The error wraps [ErrShape], or is the problem's own, and says what the size must be.
func CheckShapes(p conv.Problem, x tensor.Volume, w tensor.Filters) error {
	if err := p.Validate(); err != nil {
		return err
	}
	// Dimensions first: "is 10x10, must be 11x11" helps more than a complaint about a length.
	has, want := [4]int{x.N, x.H, x.W, x.D}, [4]int{p.Batch, p.H.In, p.W.In, p.InChannels}
	if has != want {
		return shapeError(p, "input volume (NHWC)", has, want)
	}
	has, want = [4]int{w.K, w.H, w.W, w.D}, [4]int{p.OutChannels, p.H.Filter, p.W.Filter, p.InChannels / p.Groups}
	if has != want {
		return shapeError(p, "filter bank (OHWI)", has, want)
	}
	if err := x.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrShape, err)
	}
	if err := w.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrShape, err)
	}
	return nil
}

func shapeError(p conv.Problem, what string, has, want [4]int) error {
	return fmt.Errorf("%w: the %s is %dx%dx%dx%d, must be %dx%dx%dx%d for %s", ErrShape, what,
		has[0], has[1], has[2], has[3], want[0], want[1], want[2], want[3], p)
}

// checkHeld is [CheckShapes] for those who hold every output in memory.
func checkHeld(p conv.Problem, x tensor.Volume, w tensor.Filters) error {
	if err := CheckShapes(p, x, w); err != nil {
		return err
	}
	if p.OutLen() > MaxOutputs {
		return fmt.Errorf("%w: %s has %d outputs, a reference holds at most %d: use Sample and CheckSample",
			ErrShape, p, p.OutLen(), MaxOutputs)
	}
	return nil
}

// place is where an output is: V[x,y,d] of image n.
type place struct{ n, y, x, d int }

// placeOf is the place of the output with this NHWC index.
func placeOf(p conv.Problem, index int) place {
	row := index / p.OutChannels
	image := row / p.W.Out
	return place{n: image / p.H.Out, y: image % p.H.Out, x: row % p.W.Out, d: index % p.OutChannels}
}
