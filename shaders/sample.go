package shaders

import "fmt"

// Sample is sample.wgsl: a thread reads a number between those of X.
type Sample struct{ Threads uint32 }

// Sampling is the row of the table.
var Sampling = Sample{64}

// Name is, for example, sample_t64.
func (k Sample) Name() string { return fmt.Sprintf("sample_t%d", k.Threads) }

// Walk are the views of V's numbers.
func (Sample) Walk() Walk { return Walk{"shape", []string{"x", "grid", "mask", "row", "column", "v"}} }

func (Sample) file() string             { return "sample.wgsl" }
func (k Sample) threads() uint32        { return k.Threads }
func (Sample) workgroupStorage() uint32 { return 0 }

// SampleParams is the struct Params of sample.wgsl. Arrays are in the order z, y, x.
type SampleParams struct {
	Size     [3]uint32
	Outputs  uint32
	Taps     [3]uint32
	Padding  uint32
	Step     [3]uint32
	Masked   uint32
	GridStep [3]uint32
	Low      float32
	Factor   [3]float32
	_        uint32
	Shift    [3]float32
	_        uint32
	Shape    Shape
	X, Grid  View
	Mask     View
	Row      View
	Column   View
	V        View
}
