package shaders

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/conv"
)

// Separable is separable.wgsl: a depthwise layer and the 1x1 layer behind it, whose tiles are those of [Shared] with a
// Vector of 4. Of both layers channels are multiples of 4.
type Separable struct{ Shared }

// Name is, for example, separable_64x64x16.
func (s Separable) Name() string {
	return fmt.Sprintf("separable_%dx%dx%d", s.Rows, s.Columns, s.Depth)
}

func (Separable) file() string { return "separable.wgsl" }

// separableRows are the table's: the narrow one is for the 1x1 layers of few depth slices that end a block.
var separableRows = []Separable{{Shared{64, 64, 16, 4}}, {Shared{128, 32, 16, 4}}}

// SeparableRows are those of the table.
func SeparableRows() []Separable { return slices.Clone(separableRows) }

// SeparableForward gives the parameters of separable.wgsl: windows are the depthwise layer's, channels and the
// epilogue those of the 1x1 layer behind it. X stands where the depthwise layer's does, V and the residual where those
// of the other one do. Both problems must be valid and fit.
func SeparableForward(depthwise, pointwise conv.Problem, e conv.Epilogue, x, v, residual Placement) Params {
	params := Forward(depthwise, e)
	params.InChannels, params.OutChannels = uint32(depthwise.InChannels), uint32(pointwise.OutChannels)
	params.GroupInputs, params.GroupOutputs = params.InChannels, params.OutChannels
	params.Outputs = uint32(pointwise.OutLen())
	return params.Place(x, v, residual)
}
