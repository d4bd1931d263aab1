package cpuref

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// MaxOutputs is the most outputs that a [Reference] or a [Sample] holds; a reference then takes 2 GiB.
// A layer with more is for [CheckSample].
const MaxOutputs = 1 << 27

// CheckShapes reports whether x and w are the operands of p: x is Batch x H.In x W.In x InChannels, w
// holds OutChannels filters of H.Filter x W.Filter x InChannels/Groups, and their data is as long as
// that. A 3D layer's have Z.In and Z.Filter planes; an unshared layer's w has Z.Out*H.Out*W.Out banks.
// The error wraps [ErrShape], or is the problem's own, and says what the size must be.
func CheckShapes(p conv.Problem, x tensor.Volume, w tensor.Filters) error {
	if err := CheckInput(p, x); err != nil {
		return err
	}
	return CheckFilters(p, w)
}

// CheckInput reports whether x alone is p's input volume, as [CheckShapes] has it.
func CheckInput(p conv.Problem, x tensor.Volume) error {
	return checkVolume(p, "input volume", x, inputShape(p))
}

// CheckOutput reports whether v, a residual or a gradient that what names in the error, has the size of
// p's output volume: Batch x H.Out x W.Out x OutChannels, in 3D with Z.Out planes, and data as long as
// that. The error is as [CheckShapes]'s.
func CheckOutput(p conv.Problem, what string, v tensor.Volume) error {
	return checkVolume(p, what, v, outputShape(p))
}

// inputShape and outputShape are N, Z, H, W, D of p's volumes.
func inputShape(p conv.Problem) [5]int {
	return [5]int{p.Batch, p.Z.In, p.H.In, p.W.In, p.InChannels}
}

func outputShape(p conv.Problem) [5]int {
	return [5]int{p.Batch, p.Z.Out, p.H.Out, p.W.Out, p.OutChannels}
}

// checkVolume reports whether p and v are valid and v has the shape that p wants.
func checkVolume(p conv.Problem, what string, v tensor.Volume, want [5]int) error {
	if err := p.Validate(); err != nil {
		return err
	}
	// Dimensions first: "is 10x10, must be 11x11" helps more than a complaint about a length.
	has := [5]int{v.N, v.Planes(), v.H, v.W, v.D}
	if has != want {
		layout, drop := "NHWC", []int{1}
		if has[1] != 1 || want[1] != 1 {
			layout, drop = "NZHWC", nil
		}
		return shapeError(p, what+" ("+layout+")", has[:], want[:], drop)
	}
	if err := v.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrShape, err)
	}
	return nil
}

// CheckFilters is [CheckShapes] for those who have no input volume yet.
func CheckFilters(p conv.Problem, w tensor.Filters) error {
	if err := p.Validate(); err != nil {
		return err
	}
	has := [6]int{w.BankCount(), w.K, w.Planes(), w.H, w.W, w.D}
	want := [6]int{banks(&p), p.OutChannels, p.Z.Filter, p.H.Filter, p.W.Filter, p.InChannels / p.Groups}
	if has != want {
		layout, drop := "OHWI", []int(nil)
		if has[2] != 1 || want[2] != 1 {
			layout = "OZHWI"
		} else {
			drop = append(drop, 2)
		}
		what := "filter bank (" + layout + ")"
		if has[0] != 1 || want[0] != 1 {
			what = "set of filter banks (banks, " + layout + ")"
		} else {
			drop = append(drop, 0)
		}
		return shapeError(p, what, has[:], want[:], drop)
	}
	if err := w.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrShape, err)
	}
	return nil
}

// shapeError says what the sizes are and must be, without those at the places drop.
func shapeError(p conv.Problem, what string, has, want, drop []int) error {
	text := func(sizes []int) string {
		var parts []string
		for i, s := range sizes {
			if !slices.Contains(drop, i) {
				parts = append(parts, strconv.Itoa(s))
			}
		}
		return strings.Join(parts, "x")
	}
	return fmt.Errorf("%w: the %s is %s, must be %s for %s", ErrShape, what, text(has), text(want), p)
}

// checkHeld is [CheckShapes] for those who hold every output in memory.
func checkHeld(p conv.Problem, x tensor.Volume, w tensor.Filters) error {
	if err := CheckShapes(p, x, w); err != nil {
		return err
	}
	if p.OutLen() > MaxOutputs {
		return fmt.Errorf(
			"%w: %s has %d outputs, a reference holds at most %d: judge a sample of them, as Sample and CheckSample "+
				"do",
			ErrShape,
			p,
			p.OutLen(),
			MaxOutputs,
		)
	}
	return nil
}
