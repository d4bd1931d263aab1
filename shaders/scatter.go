package shaders

import "fmt"

// Scatter is scatter.wgsl: a thread combines numbers of V with those of a line of updates.
type Scatter struct {
	Kernel  string // none, add, mul, max or min, as ONNX calls the reduction
	In      string // the type: f for float32, i for int32, w for words of either
	Threads uint32
}

// scatters is the table: what x of V and an update y come to, in WGSL.
var scatters = []struct{ kernel, in, wgsl string }{
	{"none", "w", "y"},
	{"add", "f", "x + y"},
	{"mul", "f", "x * y"},
	{"max", "f", "larger(x, y)"},
	{"min", "f", "smaller(x, y)"},
	{"add", "i", "x + y"},
	{"mul", "i", "x * y"},
	{"max", "i", "max(x, y)"},
	{"min", "i", "min(x, y)"},
}

// Scatters are all rows of scatter.wgsl.
func Scatters() (all []Scatter) {
	for _, s := range scatters {
		all = append(all, Scatter{s.kernel, s.in, 64})
	}
	return all
}

// ScatterOf is the row of a reduction for numbers of a type.
func ScatterOf(kernel string, t DType) (k Scatter, ok bool) {
	for _, k := range Scatters() {
		if k.Kernel == kernel && (k.In == "w" || k.In == letters[t]) {
			return k, true
		}
	}
	return k, false
}

// Name is, for example, scatter_add_f_t64.
func (k Scatter) Name() string { return fmt.Sprintf("scatter_%s_%s_t%d", k.Kernel, k.In, k.Threads) }

// Type is the WGSL type of the numbers.
func (k Scatter) Type() string { return wgslTypes[k.In] }

// Expression is what a number of V becomes, in WGSL.
func (k Scatter) Expression() string {
	for _, s := range scatters {
		if s.kernel == k.Kernel && s.in == k.In {
			return s.wgsl
		}
	}
	return ""
}

// Functions is the WGSL of the functions that it calls.
func (k Scatter) Functions() (string, error) { return functions(k.Expression()) }

// Walk are the views of lines.
func (Scatter) Walk() Walk { return Walk{"shape", []string{"index", "update", "v"}} }

func (Scatter) file() string             { return "scatter.wgsl" }
func (k Scatter) threads() uint32        { return k.Threads }
func (Scatter) workgroupStorage() uint32 { return 0 }

// ScatterParams is the struct Params of scatter.wgsl.
type ScatterParams struct {
	Shape                          Shape
	Index, Update, V               View
	Sizes, Steps                   Axes
	Outputs, Lookups, IndexStep    uint32
	Updates, IndexNext, UpdateNext uint32
	_                              [2]uint32 // a struct's size is a multiple of 16 bytes
}
