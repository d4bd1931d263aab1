package shaders

import (
	"fmt"
	"slices"
)

// FilterShared is filter_shared.wgsl: a workgroup computes the gradient with respect to Rows weights, a filter's
// counted one after the other, of each of Columns depth slices, both multiples of 8, in steps of Depth neurons. It
// loads what Vector weights read at once, 1 or 4, and four depth slices: a group's input channels must be a multiple
// of Vector, its depth slices of 4.
type FilterShared struct {
	Rows, Columns, Depth, Vector uint32
}

// Name is, for example, filter_shared_64x64x16_v4.
func (k FilterShared) Name() string {
	return fmt.Sprintf("filter_shared_%dx%dx%d_v%d", k.Rows, k.Columns, k.Depth, k.Vector)
}

// Load is the WGSL type that is loaded from X at once.
func (k FilterShared) Load() string { return vectorType(k.Vector) }

// XS and DS are how many fragments of eight numbers make a tile's side, Padded how many stand one behind the other.
func (k FilterShared) XS() uint32     { return k.Rows / 8 }
func (k FilterShared) DS() uint32     { return k.Columns / 8 }
func (k FilterShared) Padded() uint32 { return k.Depth + 1 }

// XLoads and DLoads number a thread's loads of a step, XStep and DStep are how many neurons such a load is behind the
// first one. Eight numbers a fragment's numbers.
func (k FilterShared) XLoads() []uint32      { return counting(k.Depth * k.Rows / k.Vector / k.Threads()) }
func (k FilterShared) DLoads() []uint32      { return counting(k.Depth * k.Columns / 4 / k.Threads()) }
func (k FilterShared) XStep(i uint32) uint32 { return i * k.Threads() * k.Vector / k.Rows }
func (k FilterShared) DStep(i uint32) uint32 { return i * k.Threads() * 4 / k.Columns }
func (FilterShared) Eight() []uint32         { return counting(8) }

// Threads is the workgroup's size: each thread computes 64 sums.
func (k FilterShared) Threads() uint32 { return k.Rows * k.Columns / 64 }

func (FilterShared) file() string               { return "filter_shared.wgsl" }
func (k FilterShared) threads() uint32          { return k.Threads() }
func (k FilterShared) workgroupStorage() uint32 { return 4 * k.Padded() * (k.Rows + k.Columns) }

// filterSharedRows are the table's.
var filterSharedRows = []FilterShared{{64, 64, 16, 4}, {64, 64, 16, 1}, {64, 32, 16, 4}}

// FilterSharedRows are those of the table.
func FilterSharedRows() []FilterShared { return slices.Clone(filterSharedRows) }
