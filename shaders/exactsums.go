package shaders

import "fmt"

// FromInt8 is from_int8.wgsl: a thread takes a word of four numbers.
var FromInt8 = Elementwise{"from_int8", 64}

// FromInt8Params is the struct Params of from_int8.wgsl.
type FromInt8Params struct {
	Outputs uint32
	Zero    int32
	_       [2]uint32 // a uniform buffer's size is a multiple of 16 bytes
}

// ToSums is to_sums.wgsl, of Vector numbers a thread. With a Vector of 4 the biases must be a multiple of 4.
type ToSums struct {
	Vector  uint32 // 4 or 1
	Threads uint32
}

// ToSumsBy is the kernel for sums of which so many have biases of their own.
func ToSumsBy(biases int64) ToSums {
	if biases%4 == 0 {
		return ToSums{4, 64}
	}
	return ToSums{1, 256}
}

// Name is, for example, to_sums_t64_x4.
func (k ToSums) Name() string { return fmt.Sprintf("to_sums_t%d_x%d", k.Threads, k.Vector) }

// Float is the WGSL type of a thread's numbers.
func (k ToSums) Float() string { return vectorType(k.Vector) }

// Sum is that of int32.
func (k ToSums) Sum() string { return wholeType(k.Float()) }

func (ToSums) file() string             { return "to_sums.wgsl" }
func (k ToSums) threads() uint32        { return k.Threads }
func (ToSums) workgroupStorage() uint32 { return 0 }

// ToSumsParams is the struct Params of to_sums.wgsl.
type ToSumsParams struct {
	Outputs, Biases, First uint32
	_                      uint32 // a uniform buffer's size is a multiple of 16 bytes
}
