package shaders

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
)

// SpaceToDepth is space_to_depth.wgsl, which copies Vector channels at once. With a Vector of 4 a group's number
// of input channels must be a multiple of 4.
type SpaceToDepth struct {
	Vector  uint32 // 4 or 1
	Threads uint32
}

// SpaceToDepthBy copies vector channels at once.
func SpaceToDepthBy(vector uint32) SpaceToDepth { return SpaceToDepth{vector, transformThreads} }

// Name is, for example, space_to_depth_t64_x4.
func (k SpaceToDepth) Name() string {
	return fmt.Sprintf("space_to_depth_t%d_x%d", k.Threads, k.Vector)
}

// Cell is the WGSL type of a thread's channels.
func (k SpaceToDepth) Cell() string { return vectorType(k.Vector) }

func (SpaceToDepth) file() string             { return "space_to_depth.wgsl" }
func (k SpaceToDepth) threads() uint32        { return k.Threads }
func (SpaceToDepth) workgroupStorage() uint32 { return 0 }

// SpaceToDepthParams gives the parameters for a layer with strides, which must be valid and fit, and become to,
// see transform.SpaceToDepth; Outputs is the number of threads.
func SpaceToDepthParams(p, to conv.Problem) Params {
	params := layer(p)
	params.Outputs = uint32(to.Batch * to.H.In * to.W.In * p.H.Stride)
	return params
}
