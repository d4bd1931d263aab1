package shaders

import "fmt"

// Lookup is gather.wgsl: a thread copies a number from where indices say.
type Lookup struct{ Threads uint32 }

// Gathering is the row of the table.
var Gathering = Lookup{64}

// Name is, for example, gather_t64.
func (k Lookup) Name() string { return fmt.Sprintf("gather_t%d", k.Threads) }

// Walk are the views of V's numbers.
func (Lookup) Walk() Walk { return Walk{"shape", []string{"x", "index", "v"}} }

func (Lookup) file() string             { return "gather.wgsl" }
func (k Lookup) threads() uint32        { return k.Threads }
func (Lookup) workgroupStorage() uint32 { return 0 }

// LookupParams is the struct Params of gather.wgsl.
type LookupParams struct {
	Shape                       Shape
	X, Index, V                 View
	Sizes, Steps                Axes
	Outputs, Lookups, IndexStep uint32
	_                           uint32
}

// TopK is topk.wgsl: a thread finds the place of a number in two sorted runs of a row.
type TopK struct{ Threads uint32 }

// Sorting is the row of the table.
var Sorting = TopK{64}

// Name is, for example, topk_t64.
func (k TopK) Name() string { return fmt.Sprintf("topk_t%d", k.Threads) }

// Walk are the views of rows.
func (TopK) Walk() Walk { return Walk{"rows", []string{"x", "x_index", "v", "v_index"}} }

func (TopK) file() string             { return "topk.wgsl" }
func (k TopK) threads() uint32        { return k.Threads }
func (TopK) workgroupStorage() uint32 { return 0 }

// TopKParams is the struct Params of topk.wgsl.
type TopKParams struct {
	Rows                                 Shape
	X, XIndex, V, VIndex                 View
	Outputs, Length, Run, Half, Kept     uint32
	XStep, XIndexStep, VStep, VIndexStep uint32
	Whole, Smallest                      uint32
	_                                    uint32
}
