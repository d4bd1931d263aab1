package shaders

import (
	"fmt"
	"slices"
)

// Pool is pool.wgsl: a thread computes a strip of neurons of Vector channels, 1 or 4. With 4 these are beside each
// other in X and in V. Indices also gives the place of each maximum, where channels are loaded one at a time.
type Pool struct {
	Kind    string // max or average
	Indices bool
	DType   DType // Float32, or Int32 where whole numbers are compared
	Vector  uint32
	Threads uint32
	Side    uint32 // of windows that are square and have one z, of maxima by fours; 0 for any
}

// Name is, for example, pool_max_v4_t64, or pool_max_3x3_v4_t64.
func (k Pool) Name() string {
	name := "pool_" + k.Kind
	if k.Indices {
		name += "_indices"
	}
	if k.DType != Float32 {
		name += "_" + string(k.DType)
	}
	if k.Side > 0 {
		name += fmt.Sprintf("_%dx%d", k.Side, k.Side)
	}
	return fmt.Sprintf("%s_v%d_t%d", name, k.Vector, k.Threads)
}

// What is computed, for people.
func (k Pool) What() string {
	return map[string]string{"max": "the largest one", "average": "the mean, or the sum,"}[k.Kind]
}

// Number is the WGSL type that is loaded at once, Bits that of its bits where it may be NaN, and Flags that of
// comparisons.
func (k Pool) Number() string { return vectorOf(scalarOf(k.DType), k.Vector) }
func (k Pool) Flags() string  { return vectorOf("bool", k.Vector) }
func (k Pool) Bits() string {
	if k.DType == Int32 {
		return ""
	}
	return vectorOf("u32", k.Vector)
}

func (Pool) file() string             { return "pool.wgsl" }
func (k Pool) threads() uint32        { return k.Threads }
func (Pool) workgroupStorage() uint32 { return 0 }

// poolRows are the table's.
var poolRows = []Pool{
	{"average", false, Float32, 4, 64, 0}, {"average", false, Float32, 1, 64, 0}, {"max", false, Float32, 4, 64, 0},
	{"max", false, Float32, 4, 64, 2}, {"max", false, Float32, 4, 64, 3}, {"max", false, Float32, 1, 64, 0},
	{"max", false, Int32, 1, 64, 0}, {"max", true, Float32, 1, 64, 0}, {"max", true, Int32, 1, 64, 0},
}

// Pools are the pools of the table.
func Pools() []Pool { return slices.Clone(poolRows) }

// PoolParams is the struct Params of pool.wgsl. Arrays are in the order z, y, x.
type PoolParams struct {
	InSize   [3]uint32
	Outputs  uint32
	OutSize  [3]uint32
	Inner    uint32
	Window   [3]uint32
	Strip    uint32
	Stride   [3]uint32
	Strips   uint32
	Dilation [3]uint32
	VInner   uint32
	Pad      [3]uint32
	XFirst   uint32
	XStep    [3]uint32
	XOuter   uint32
	VStep    [3]uint32
	VOuter   uint32
	IStep    [3]uint32
	IOuter   uint32
	NStep    [3]uint32
	NOuter   uint32
	Counted  [3]uint32
	XInner   uint32
	Shift    [3]uint32
	VFirst   uint32
	IFirst   uint32
	IInner   uint32
	NInner   uint32
}

// scalarOf is the WGSL type of a tensor's numbers.
func scalarOf(t DType) string {
	if t == Int32 {
		return "i32"
	}
	return "f32"
}

// vectorOf is the WGSL type of n scalars, 1 or 4.
func vectorOf(scalar string, n uint32) string {
	if n == 4 {
		return "vec4<" + scalar + ">"
	}
	return scalar
}
