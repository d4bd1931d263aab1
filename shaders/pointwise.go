package shaders

import (
	"fmt"
	"strings"
)

// Pointwise is pointwise.wgsl: each number of V is computed of the numbers at its place in one to three tensors.
type Pointwise struct {
	Kernel  string // add, ...
	In      string // the types of what it reads, a letter each: f for float32, i for int32, w for words of either
	Flat    bool   // tensors have one axis
	Threads uint32
	Each    uint32 // numbers that a thread computes
}

// Pointwises are all rows of pointwise.wgsl.
func Pointwises() (all []Pointwise) {
	for _, e := range expressions {
		all = append(all, Pointwise{e.kernel, e.in, true, 256, 4}, Pointwise{e.kernel, e.in, false, 256, 4})
	}
	return all
}

// PointwiseOf gives the rows of a kernel for tensors of these types: the flat one, and that for any number of axes.
// There may be none.
func PointwiseOf(kernel string, in ...DType) (flat, strided Pointwise, ok bool) {
	for _, e := range expressions {
		if e.kernel == kernel && e.takes(in) {
			return Pointwise{e.kernel, e.in, true, 256, 4}, Pointwise{e.kernel, e.in, false, 256, 4}, true
		}
	}
	return flat, strided, false
}

// takes tells whether an expression reads tensors of these types. Words are all of one type.
func (e expression) takes(in []DType) bool {
	if len(in) != len(e.in) {
		return false
	}
	words := DType("")
	for i, t := range in {
		switch {
		case e.in[i] == 'f' && t == Float32, e.in[i] == 'i' && t == Int32:
		case e.in[i] == 'w' && (words == "" || words == t) && (t == Float32 || t == Int32):
			words = t
		default:
			return false
		}
	}
	return true
}

// Gives is the type of what a kernel of the table writes, where it reads tensors of these types.
func (k Pointwise) Gives(in ...DType) DType {
	switch k.row().out {
	case "f":
		return Float32
	case "i":
		return Int32
	}
	return in[strings.Index(k.In, "w")]
}

func (k Pointwise) row() expression {
	for _, e := range expressions {
		if e.kernel == k.Kernel && e.in == k.In {
			return e
		}
	}
	return expression{}
}

// Name is, for example, pointwise_add_ff_flat_t256_x4.
func (k Pointwise) Name() string {
	form := "strided"
	if k.Flat {
		form = "flat"
	}
	return fmt.Sprintf("pointwise_%s_%s_%s_t%d_x%d", k.Kernel, k.In, form, k.Threads, k.Each)
}

// Inputs is how many tensors are read.
func (k Pointwise) Inputs() int { return len(k.In) }

// Out is the binding of V.
func (k Pointwise) Out() int { return len(k.In) + 1 }

// Type is the WGSL type of an input's numbers.
func (k Pointwise) Type(input int) string { return wgslTypes[k.In[input:input+1]] }

// Result is the WGSL type of V's numbers.
func (k Pointwise) Result() string { return wgslTypes[k.row().out] }

var wgslTypes = map[string]string{"f": "f32", "i": "i32", "w": "u32"}

// Expression is V's number in WGSL.
func (k Pointwise) Expression() string { return k.row().wgsl }

// Careful tells that the result is x where that is NaN.
func (k Pointwise) Careful() bool { return k.row().careful }

// Functions is the WGSL of the functions that the expression calls.
func (k Pointwise) Functions() (string, error) {
	wgsl := k.Expression()
	if k.Careful() {
		wgsl += " is_nan(x)"
	}
	return functions(wgsl)
}

// Walk has the views of all tensors.
func (k Pointwise) Walk() Walk {
	return Walk{"shape", append([]string{"x", "y", "z"}[:len(k.In):len(k.In)], "v")}
}

func (Pointwise) file() string             { return "pointwise.wgsl" }
func (k Pointwise) threads() uint32        { return k.Threads }
func (Pointwise) workgroupStorage() uint32 { return 0 }

// PointwiseParams is the struct Params of pointwise.wgsl.
type PointwiseParams struct {
	Shape       Shape
	X, Y, Z, V  View
	Alpha, Beta float32
	Outputs     uint32
	_           uint32 // a struct's size is a multiple of 16 bytes
}
