package shaders

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/conv"
)

// Unshared is unshared.wgsl: a thread computes a neuron of 4 depth slices in each of Images images. It loads Vector
// input channels at once, 1 or 4, and stores as many depth slices: a group's must be multiples.
type Unshared struct{ Images, Vector, Threads uint32 }

// Name is, for example, unshared_1_v4_t64.
func (u Unshared) Name() string {
	return fmt.Sprintf("unshared_%d_v%d_t%d", u.Images, u.Vector, u.Threads)
}

// Load is the WGSL type that is loaded from X at once, Stored the depth slices that are stored to V at once.
func (u Unshared) Load() string   { return vectorType(u.Vector) }
func (u Unshared) Stored() uint32 { return u.Vector }

// Each numbers the images, Components are the input channels of a load.
func (u Unshared) Each() []uint32       { return counting(u.Images) }
func (u Unshared) Components() []string { return components(u.Vector) }

// UnsharedBlock is how many vectors of depth slices have their weights beside each other.
const UnsharedBlock = 8

// Block is that number.
func (Unshared) Block() uint32 { return UnsharedBlock }

func (Unshared) file() string             { return "unshared.wgsl" }
func (u Unshared) threads() uint32        { return u.Threads }
func (Unshared) workgroupStorage() uint32 { return 0 }

// unsharedRows are the table's.
var unsharedRows = []Unshared{{1, 4, 64}, {4, 4, 64}, {1, 1, 64}, {4, 1, 64}}

// UnsharedRows are those of the table.
func UnsharedRows() []Unshared { return slices.Clone(unsharedRows) }

// FilterUnshared is filter_unshared.wgsl: a thread computes the gradient with respect to the weights of a tap, of
// Vector input channels, 1 or 4, of which a group must have a multiple, and of 4 depth slices.
type FilterUnshared struct{ Vector, Threads uint32 }

// Name is, for example, filter_unshared_v4_t64.
func (f FilterUnshared) Name() string {
	return fmt.Sprintf("filter_unshared_v%d_t%d", f.Vector, f.Threads)
}

// Load is the WGSL type that is loaded from X and stored to dW at once, Fours numbers the depth slices, and
// More all but the first.
func (f FilterUnshared) Load() string  { return vectorType(f.Vector) }
func (FilterUnshared) Fours() []uint32 { return counting(4) }
func (FilterUnshared) More() []uint32  { return counting(4)[1:] }

func (FilterUnshared) file() string             { return "filter_unshared.wgsl" }
func (f FilterUnshared) threads() uint32        { return f.Threads }
func (FilterUnshared) workgroupStorage() uint32 { return 0 }

// FilterUnsharedBy is the row that loads so many channels at once.
func FilterUnsharedBy(vector uint32) FilterUnshared { return FilterUnshared{vector, 64} }

// UnsharedInputs is unshared_inputs.wgsl: a thread computes what neurons add to the gradient with respect to X for six
// vectors of Vector weights, 1 or 4, of which a filter must have a multiple, in each of Images images.
type UnsharedInputs struct{ Images, Vector, Threads uint32 }

// Name is, for example, unshared_inputs_1_v4_t64.
func (u UnsharedInputs) Name() string {
	return fmt.Sprintf("unshared_inputs_%d_v%d_t%d", u.Images, u.Vector, u.Threads)
}

// Load is the WGSL type that is loaded and stored at once.
func (u UnsharedInputs) Load() string { return vectorType(u.Vector) }

// Each numbers the images, Parts a thread's vectors, and Block is how many threads read side by side.
func (u UnsharedInputs) Each() []uint32 { return counting(u.Images) }
func (UnsharedInputs) Parts() []uint32  { return counting(6) }
func (UnsharedInputs) Block() uint32    { return UnsharedBlock }

// Units is how many threads filters of so many weights take.
func (u UnsharedInputs) Units(weights uint32) uint32 {
	vectors, block := weights/u.Vector, u.Block()*uint32(len(u.Parts()))
	return (vectors + block - 1) / block * u.Block()
}

func (UnsharedInputs) file() string             { return "unshared_inputs.wgsl" }
func (u UnsharedInputs) threads() uint32        { return u.Threads }
func (UnsharedInputs) workgroupStorage() uint32 { return 0 }

// UnsharedInputsBy is the row that takes one image at a time or 4, and loads so many weights at once.
func UnsharedInputsBy(images, vector uint32) UnsharedInputs {
	return UnsharedInputs{images, vector, 64}
}

// UnsharedGather is unshared_gather.wgsl: a thread adds up the gradient with respect to Vector numbers of X, 1 or 4,
// of which a group's channels must be a multiple.
type UnsharedGather struct{ Vector, Threads uint32 }

// Name is, for example, unshared_gather_v4_t64.
func (u UnsharedGather) Name() string {
	return fmt.Sprintf("unshared_gather_v%d_t%d", u.Vector, u.Threads)
}

// Load is the WGSL type that is loaded and stored at once.
func (u UnsharedGather) Load() string { return vectorType(u.Vector) }

func (UnsharedGather) file() string             { return "unshared_gather.wgsl" }
func (u UnsharedGather) threads() uint32        { return u.Threads }
func (UnsharedGather) workgroupStorage() uint32 { return 0 }

// UnsharedGatherBy is the row that loads so many numbers at once.
func UnsharedGatherBy(vector uint32) UnsharedGather { return UnsharedGather{vector, 64} }

// UnsharedGathering gives the parameters of unshared_gather.wgsl; Outputs is the number of threads.
func UnsharedGathering(p conv.Problem, k UnsharedGather) Params {
	params := InputGradient(p)
	params.Outputs /= k.Vector
	return params
}
