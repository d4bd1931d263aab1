package shaders

import "fmt"

// Half is from_half.wgsl or to_half.wgsl, between float32 and float16 as it is stored, two numbers to a word. A thread
// takes so many words: 4 or 1.
type Half struct {
	To      bool // float16, else from it
	Words   uint32
	Threads uint32
}

// HalfBy is the kernel for so many words.
func HalfBy(to bool, words int64) Half {
	if words%4 == 0 {
		return Half{to, 4, 64}
	}
	return Half{to, 1, 256}
}

// Halves are all rows of the table.
func Halves() []Half {
	return []Half{HalfBy(false, 4), HalfBy(false, 1), HalfBy(true, 4), HalfBy(true, 1)}
}

// Name is, for example, from_half_t64_x4.
func (k Half) Name() string { return fmt.Sprintf("%s_t%d_x%d", k.kernel(), k.Threads, k.Words) }

func (k Half) kernel() string {
	if k.To {
		return "to_half"
	}
	return "from_half"
}

func (k Half) file() string           { return k.kernel() + ".wgsl" }
func (k Half) threads() uint32        { return k.Threads }
func (Half) workgroupStorage() uint32 { return 0 }

// HalfParams is the struct Params of from_half.wgsl and to_half.wgsl.
type HalfParams struct {
	Outputs uint32
	_       [3]uint32 // a uniform buffer's size is a multiple of 16 bytes
}
