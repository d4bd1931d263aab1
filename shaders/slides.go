package shaders

import (
	"fmt"
	"slices"
)

// Slide is slide.wgsl: a thread computes Rows x Strip neurons of 4 depth slices. Filters are Filter x
// Filter, 1 in z, with the given stride along x and y and no dilation; channels are a multiple of 4.
// Grouped layers have 4 input channels a group and a multiple of 4 depth slices, the others are
// depthwise with one depth slice for each.
type Slide struct {
	Grouped                              bool
	Strip, Rows, Filter, Stride, Threads uint32
}

// Name is, for example, depthwise_8x4_f3s1_t64.
func (s Slide) Name() string {
	kernel := "depthwise"
	if s.Grouped {
		kernel = "grouped"
	}
	return fmt.Sprintf("%s_%dx%d_f%ds%d_t%d", kernel, s.Strip, s.Rows, s.Filter, s.Stride, s.Threads)
}

// Weight is the WGSL type of a tap's weights.
func (s Slide) Weight() string {
	if s.Grouped {
		return "mat4x4<f32>"
	}
	return "vec4<f32>"
}

// Each numbers a row's neurons, Taps a filter's columns, Columns those of X that a row of windows covers.
func (s Slide) Each() []uint32    { return counting(s.Strip) }
func (s Slide) Taps() []uint32    { return counting(s.Filter) }
func (s Slide) Columns() []uint32 { return counting(s.covers(s.Strip)) }

// Channels are a thread's depth slices, Four numbers the input channels of a group.
func (Slide) Channels() uint32 { return 4 }
func (Slide) Four() []uint32   { return counting(4) }

// Stored is the depth slices that are stored to V at once.
func (Slide) Stored() uint32 { return 4 }

// Place is where the weights of a tap's input channel stand among those of a filter's row.
func (Slide) Place(tap, channel uint32) uint32 { return 4*tap + channel }

// Column is the column of X that a neuron's tap reads.
func (s Slide) Column(neuron, tap uint32) uint32 { return neuron*s.Stride + tap }

// covers is how many columns of X the windows of neurons beside each other cover.
func (s Slide) covers(neurons uint32) uint32 { return (neurons-1)*s.Stride + s.Filter }

// Open numbers the rows of windows that are open at once by their age, Down the rows of X from one to the
// next.
func (s Slide) Open() []uint32 { return counting(s.Oldest() + 1) }
func (s Slide) Down() []uint32 { return counting(s.Stride) }

// Oldest is the age at which windows end.
func (s Slide) Oldest() uint32 { return (s.Filter - 1) / s.Stride }

// Add says which row of a filter is added to the windows of an age.
type Add struct{ Age, Tap uint32 }

// Adds are those of the i-th row of X that a round loads.
func (s Slide) Adds(i uint32) (all []Add) {
	for tap := i; tap < s.Filter; tap += s.Stride {
		all = append(all, Add{tap / s.Stride, tap})
	}
	return all
}

// Aging is one step in the age of windows.
type Aging struct{ Age, Next uint32 }

// Ages are the steps of all windows that do not end, the oldest first.
func (s Slide) Ages() (all []Aging) {
	for age := s.Oldest(); age > 0; age-- {
		all = append(all, Aging{age - 1, age})
	}
	return all
}

func (Slide) file() string             { return "slide.wgsl" }
func (s Slide) threads() uint32        { return s.Threads }
func (Slide) workgroupStorage() uint32 { return 0 }

// slideRows are the table's: broad and high for adapters on which loads are dear, low for those with
// more threads than a small layer has neurons. Filters of 7x7 take more registers than a GPU's threads have.
var slideRows = []Slide{
	{false, 8, 8, 3, 1, 8}, {false, 14, 14, 3, 1, 8}, {false, 4, 2, 3, 1, 64},
	{false, 8, 8, 3, 2, 8}, {false, 14, 14, 3, 2, 8}, {false, 4, 2, 3, 2, 64},
	{false, 8, 8, 5, 1, 8}, {false, 14, 14, 5, 1, 8}, {false, 4, 2, 5, 1, 64},
	{false, 8, 8, 5, 2, 8}, {false, 14, 14, 5, 2, 8}, {false, 4, 2, 5, 2, 64},
	{false, 8, 8, 7, 1, 8}, {false, 14, 14, 7, 1, 8},
	{true, 8, 8, 3, 1, 8}, {true, 8, 28, 3, 1, 8}, {true, 4, 2, 3, 1, 64},
	{true, 8, 8, 3, 2, 8}, {true, 4, 2, 3, 2, 64},
}

// SlideRows are the sliding filters of the table.
func SlideRows() []Slide { return slices.Clone(slideRows) }

// Depthwise is depthwise.wgsl: a thread computes a strip of Strip neurons of 4 depth slices, of any
// depthwise layer. It loads Vector depth slices of X at once, and stores as many: 4, where X and V have
// the same number, a multiple of 4, or 1.
type Depthwise struct {
	Strip, Vector, Threads uint32
}

// Name is, for example, depthwise_4_v4_t64.
func (d Depthwise) Name() string {
	return fmt.Sprintf("depthwise_%d_v%d_t%d", d.Strip, d.Vector, d.Threads)
}

// Load is the WGSL type that is loaded from X at once, Stored the depth slices that are stored to V at once.
func (d Depthwise) Load() string   { return vectorType(d.Vector) }
func (d Depthwise) Stored() uint32 { return d.Vector }

// Rows and Channels are what a thread computes beside a strip, Each numbers a strip's neurons, Fours names
// the depth slices of a vector.
func (Depthwise) Rows() uint32     { return 1 }
func (Depthwise) Channels() uint32 { return 4 }
func (d Depthwise) Each() []uint32 { return counting(d.Strip) }
func (Depthwise) Fours() []string  { return components(4) }

func (Depthwise) file() string             { return "depthwise.wgsl" }
func (d Depthwise) threads() uint32        { return d.Threads }
func (Depthwise) workgroupStorage() uint32 { return 0 }

// depthwiseRows are the table's.
var depthwiseRows = []Depthwise{{4, 4, 64}, {8, 4, 8}, {4, 1, 64}}

// DepthwiseRows are those of the table for any filter.
func DepthwiseRows() []Depthwise { return slices.Clone(depthwiseRows) }

// plus is the WGSL that adds n, an integer of any type, nothing where there is nothing to add.
func plus(n any) string {
	if text := fmt.Sprint(n); text != "0" {
		return " + " + text + "u"
	}
	return ""
}
