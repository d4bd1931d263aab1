package shaders

import "fmt"

// Remap is remap.wgsl: words of V from other places of X, by a start and a step for each axis.
type Remap struct {
	Outside string // what stands where X has ended: constant, edge, reflect or wrap
	Threads uint32
	Each    uint32 // words that a thread copies
}

// Remaps are all rows of remap.wgsl.
func Remaps() []Remap {
	return []Remap{{"constant", 256, 4}, {"edge", 256, 4}, {"reflect", 256, 4}, {"wrap", 256, 4}}
}

// Name is, for example, remap_edge_t256_x4.
func (k Remap) Name() string { return fmt.Sprintf("remap_%s_t%d_x%d", k.Outside, k.Threads, k.Each) }

func (Remap) file() string             { return "remap.wgsl" }
func (k Remap) threads() uint32        { return k.Threads }
func (Remap) workgroupStorage() uint32 { return 0 }

// RemapParams is the struct Params of remap.wgsl.
type RemapParams struct {
	Shape       Shape
	X, V        View
	Start, Step Steps
	Ends        Axes
	Value       uint32 // the bits of a word
	Outputs     uint32
	_           [2]uint32 // a struct's size is a multiple of 16 bytes
}

// Steps are Axes with a sign.
type Steps [MaxAxes]int32
