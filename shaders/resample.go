package shaders

import "fmt"

// Resample is resample.wgsl: a thread mixes the numbers of a strip of coordinates on one axis by a table.
type Resample struct{ Threads uint32 }

// Resampling is the row of the table.
var Resampling = Resample{64}

// Name is, for example, resample_t64.
func (r Resample) Name() string { return fmt.Sprintf("resample_t%d", r.Threads) }

// Walk are the views around the axis.
func (Resample) Walk() Walk { return Walk{"around", []string{"x", "v"}} }

func (Resample) file() string             { return "resample.wgsl" }
func (r Resample) threads() uint32        { return r.Threads }
func (Resample) workgroupStorage() uint32 { return 0 }

// ResampleOutside is the step of a tap that stands for the number outside.
const ResampleOutside = 0xffffffff

// ResampleParams is the struct Params of resample.wgsl.
type ResampleParams struct {
	Outside, Size, Taps, Strip, VStep uint32
	Lines, Blocks                     uint32
	_                                 uint32
	Around                            Shape
	X, V                              View
}
