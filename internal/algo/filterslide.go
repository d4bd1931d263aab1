package algo

import (
	"fmt"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// filterSlide is for dW of depthwise layers and of those of small groups, whose filters are literal in the kernel: it
// goes down strips of neurons, with sums that are split by rows.
type filterSlide struct {
	shaders.FilterSlide
	splitK uint32
}

// filterSlides are all of them.
func filterSlides() (all []filterSlide) {
	for _, f := range shaders.FilterSlideRows() {
		for _, splitK := range filterSplits {
			all = append(all, filterSlide{f, splitK})
		}
	}
	return all
}

// Name is depthwise or grouped.
func (a filterSlide) Name() string {
	if a.Grouped {
		return "grouped"
	}
	return "depthwise"
}

// Variant is, for example, 8_f3s1_t8_k4.
func (a filterSlide) Variant() string {
	_, variant, _ := strings.Cut(a.FilterSlide.Name(), a.Name()+"_")
	return fmt.Sprintf("%s_k%d", variant, a.splitK)
}

func (a filterSlide) Plan(s Spec, l Limits) (Plan, error) {
	p := s.Problem
	if err := servesSliding(s, a.Grouped, a.Filter, a.Stride); err != nil {
		return Plan{}, err
	}
	params := shaders.FilterGradient(p)
	if err := splits(a.splitK, params, p); err != nil {
		return Plan{}, err
	}
	params.SplitK = a.splitK
	plan := newFilterPlan(a, s, func(m Machine) float64 { return a.cost(p, m) })
	to := plan.parts("parts of dW", W, a.splitK)
	plan.Threads(a.FilterSlide, shaders.Encode(params), int64(a.splitK)*int64(p.OutChannels/4), int64(a.Threads),
		exec.Whole(X), exec.Whole(V), exec.Whole(to))
	plan.sumParts(to, W, a.splitK)
	plan.biases(p, l)
	return plan, plan.fits(l)
}

// splits reports sums of too few rows for so many parts, and parts that are too long.
func splits(splitK uint32, params shaders.Params, p conv.Problem) error {
	switch rows := rowsOf(params); {
	case splitK > 1 && 4*int64(splitK) > rows:
		return fmt.Errorf("%d rows of neurons, too few for %d parts", rows, splitK)
	case int64(splitK)*p.FilterLen() > 1<<31:
		return ErrTooLong
	}
	return nil
}

// rowsOf is how many rows of neurons there are in all images.
func rowsOf(params shaders.Params) int64 {
	return int64(params.Images) * int64(params.OutSize[0]) * int64(params.OutSize[1])
}

func (a filterSlide) cost(p conv.Problem, m Machine) float64 {
	rows := float64(ceilDiv(int64(p.Batch)*int64(p.Z.Out)*int64(p.H.Out), int64(a.splitK)))
	strips := float64(ceilDiv(int64(p.W.Out), int64(a.Strip)))
	taps, columns := float64(a.Filter*a.Filter), float64(len(a.Columns()))
	sums := float64(4 * len(a.Sums()))
	step := float64(a.Strip)*(taps*sums+m.Load) + float64(a.Stride)*columns*m.Load + m.Address
	begins := float64(a.Filter-a.Stride) * columns * m.Load
	units := ceilDiv(int64(a.splitK)*int64(p.OutChannels/4), int64(a.Threads)) * int64(a.Threads)
	return m.occupied(float64(units), strips*(rows*step+begins)+taps*sums*m.Store) + m.parts(p.FilterLen(), a.splitK)
}
