package shaders

import (
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/conv"
)

// DepthToSpace is depth_to_space.wgsl, which copies Vector channels at once; Lanes threads share a pixel. With a
// Vector of 4 the channels that stand together in Y must be a multiple of 4.
type DepthToSpace struct {
	Vector  uint32 // 4 or 1
	Lanes   uint32 // 1 or 16
	Threads uint32
}

// depthToSpaceLanes are neighbours that load and store beside each other, which GPUs want.
const depthToSpaceLanes = 16

// DepthToSpaces are all rows of the table.
func DepthToSpaces() (all []DepthToSpace) {
	for _, vector := range []uint32{4, 1} {
		for _, lanes := range []uint32{1, depthToSpaceLanes} {
			all = append(all, DepthToSpace{vector, lanes, transformThreads})
		}
	}
	return all
}

// DepthToSpaceBy copies vector channels at once to the outputs of p, of which so many stand together in Y. On a GPU
// threads share a pixel where all of them have channels; software adapters find each pixel once.
func DepthToSpaceBy(p conv.Problem, together int, vector uint32, software bool) DepthToSpace {
	k := DepthToSpace{vector, depthToSpaceLanes, transformThreads}
	pixels := uint64(p.OutLen()) / uint64(p.OutChannels)
	if software || uint32(together) < vector*k.Lanes || pixels*uint64(k.Lanes) > math.MaxUint32 {
		k.Lanes = 1
	}
	return k
}

// Name is, for example, depth_to_space_t64_x4_l16.
func (k DepthToSpace) Name() string {
	return fmt.Sprintf("depth_to_space_t%d_x%d_l%d", k.Threads, k.Vector, k.Lanes)
}

// Cell is the WGSL type of a thread's channels.
func (k DepthToSpace) Cell() string { return vectorType(k.Vector) }

// Stored is the depth slices that are stored to V at once.
func (k DepthToSpace) Stored() uint32 { return k.Vector }

func (DepthToSpace) file() string             { return "depth_to_space.wgsl" }
func (k DepthToSpace) threads() uint32        { return k.Threads }
func (DepthToSpace) workgroupStorage() uint32 { return 0 }

// DepthToSpaceParams gives the parameters for the transposed layer p, whose residues' outputs are pitch channels of as
// many places of each image, z, y and x, with so many channels of an output together; see transform.DepthToSpace.
// Outputs is the number of threads.
func DepthToSpaceParams(
	p conv.Problem,
	places [3]int,
	pitch, together int,
	k DepthToSpace,
	e conv.Epilogue,
) Params {
	params := Forward(p, e)
	params.Outputs = uint32(p.OutLen()/int64(p.OutChannels)) * k.Lanes
	params.InChannels, params.GroupOutputs = uint32(pitch), uint32(together)
	for i, a := range p.Axes() {
		params.InSize[i], params.OutSize[i] = uint32(places[i]), uint32(a.Out)
		params.Stride[i] = uint32(min(a.Stride, a.Out))
	}
	return params.Place(Placement{}, Placement{}, Placement{})
}
