package shaders

import (
	"fmt"
	"slices"
)

// FilterSlide is filter_slide.wgsl: the gradient with respect to filters that are Filter x Filter, 1 in z, with the
// given stride along x and y and no dilation; channels are a multiple of 4. Grouped layers have 4 input channels a
// group and a multiple of 4 depth slices, the others are depthwise with one depth slice for each.
type FilterSlide struct {
	Grouped                        bool
	Strip, Filter, Stride, Threads uint32
}

// Name is, for example, filter_depthwise_8_f3s1_t8.
func (f FilterSlide) Name() string {
	kernel := "depthwise"
	if f.Grouped {
		kernel = "grouped"
	}
	return fmt.Sprintf("filter_%s_%d_f%ds%d_t%d", kernel, f.Strip, f.Filter, f.Stride, f.Threads)
}

// Each numbers a strip's neurons, Taps a filter's rows and columns, Columns those of X that a strip's windows cover.
func (f FilterSlide) Each() []uint32    { return counting(f.Strip) }
func (f FilterSlide) Taps() []uint32    { return counting(f.Filter) }
func (f FilterSlide) Columns() []uint32 { return counting((f.Strip-1)*f.Stride + f.Filter) }

// Column is the column of X that a neuron's tap reads.
func (f FilterSlide) Column(neuron, tap uint32) uint32 { return neuron*f.Stride + tap }

// Kept numbers the rows of a window that the window above has, too, New the others; Below is the kept row's number in
// the window above.
func (f FilterSlide) Kept() []uint32          { return counting(f.Filter - f.Stride) }
func (f FilterSlide) New() []uint32           { return counting(f.Filter)[f.Filter-f.Stride:] }
func (f FilterSlide) Below(row uint32) uint32 { return row + f.Stride }

// Sums numbers the sums of a tap: one for 4 depth slices, or of groups one for each, with 4 input channels.
func (f FilterSlide) Sums() []uint32 {
	if f.Grouped {
		return counting(4)
	}
	return counting(1)
}

// Lane is the part of dV that a sum takes.
func (f FilterSlide) Lane(sum uint32) string {
	if f.Grouped {
		return components(4)[sum]
	}
	return ""
}

// Apart is how far the weights of a sum are apart: input channels of a filter, or filters.
func (f FilterSlide) Apart() string {
	if f.Grouped {
		return "1u"
	}
	return "p.w_output"
}

// Place is where a tap's weights stand in a filter.
func (f FilterSlide) Place(row, column uint32) uint32 {
	if f.Grouped {
		return 4 * (row*f.Filter + column)
	}
	return row*f.Filter + column
}

func (FilterSlide) file() string             { return "filter_slide.wgsl" }
func (f FilterSlide) threads() uint32        { return f.Threads }
func (FilterSlide) workgroupStorage() uint32 { return 0 }

// filterSlideRows are the table's.
var filterSlideRows = []FilterSlide{
	{false, 8, 3, 1, 8}, {false, 8, 3, 2, 8}, {false, 8, 5, 1, 8}, {false, 8, 5, 2, 8}, {false, 8, 7, 1, 8},
	{false, 4, 3, 1, 64}, {false, 4, 3, 2, 64},
	{true, 8, 3, 1, 8}, {true, 8, 3, 2, 8},
}

// FilterSlideRows are those of the table.
func FilterSlideRows() []FilterSlide { return slices.Clone(filterSlideRows) }
