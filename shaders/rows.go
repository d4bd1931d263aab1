package shaders

import (
	"fmt"
	"strings"
)

// Rows is what kernels of rows of a tensor have in common: see rows.wgsl.
type Rows struct {
	Flat    bool   // the reduced axes are one
	Lanes   uint32 // rows of a workgroup, beside each other
	Threads uint32
}

// RowLanes are how many rows a workgroup may have: some where rows stand beside each other in memory, one where rows
// are long, and where they are short each thread has one.
var RowLanes = []uint32{16, 1, 256}

// rowForms are all forms of a kernel of rows, or the flat ones alone.
func rowForms(flatAlone bool) (all []Rows) {
	for _, lanes := range RowLanes {
		if all = append(all, Rows{true, lanes, 256}); !flatAlone {
			all = append(all, Rows{false, lanes, 256})
		}
	}
	return all
}

// rowKernels are all kernels of rows.
func rowKernels() (all []Variant) {
	for _, k := range Reductions() {
		all = append(all, k)
	}
	for _, k := range Softmaxes() {
		all = append(all, k)
	}
	for _, k := range Extremes() {
		all = append(all, k)
	}
	for _, k := range Normalizes() {
		all = append(all, k)
	}
	for _, k := range Cumulates() {
		all = append(all, k)
	}
	return all
}

// named is a kernel's name with the form behind it, for example flat_t256_r16.
func (r Rows) named(kernel string) string {
	form := "strided"
	if r.Flat {
		form = "flat"
	}
	return fmt.Sprintf("%s_%s_t%d_r%d", kernel, form, r.Threads, r.Lanes)
}

func (r Rows) threads() uint32          { return r.Threads }
func (r Rows) workgroupStorage() uint32 { return 4 * r.Threads }

// Together is the data of the template together: a function by which a row's threads put together what each has.
type Together struct{ Name, Array, Type, Combine string }

// ReduceAxes is reduce_axes.wgsl: a number for each row.
type ReduceAxes struct {
	Kernel string // sum, ...
	In     string // the type: f for float32, i for int32
	Rows
}

// reduction is a row of the table of reductions: what each term adds, what two of them come to, what one of no terms
// is, and what becomes of all, in WGSL.
type reduction struct {
	kernel, in                      string
	term, combine, identity, finish string
	firstOfSplits, secondOfSplits   string // the kernels of a row in parts, and of the parts
}

// reductions is the table. The references are in host/rows_killers_test.go.
var reductions = []reduction{
	{"sum", "f", "x", "a + b", "0.0", "all", "sum", "sum"},
	{"mean", "f", "x", "a + b", "0.0", "all / f32(p.divisor)", "sum", "mean"},
	{"max", "f", "x", "larger(a, b)", "infinity_like(-1.0)", "all", "max", "max"},
	{"min", "f", "x", "smaller(a, b)", "infinity_like(1.0)", "all", "min", "min"},
	{"prod", "f", "x", "a * b", "1.0", "all", "prod", "prod"},
	{"l1", "f", "abs(x)", "a + b", "0.0", "all", "l1", "sum"},
	{"l2", "f", "x * x", "a + b", "0.0", "sqrt(all)", "sum_square", "root_of_sum"},
	{"sum_square", "f", "x * x", "a + b", "0.0", "all", "sum_square", "sum"},
	{"root_of_sum", "f", "x", "a + b", "0.0", "sqrt(all)", "sum", "root_of_sum"},
	{"log_sum", "f", "x", "a + b", "0.0", "log_of(all)", "sum", "log_sum"},
	{"sum", "i", "x", "a + b", "0", "all", "sum", "sum"},
	{"mean", "i", "x", "a + b", "0", "all / i32(p.divisor)", "sum", "mean"},
	{"max", "i", "x", "max(a, b)", "-2147483647 - 1", "all", "max", "max"},
	{"min", "i", "x", "min(a, b)", "2147483647", "all", "min", "min"},
	{"prod", "i", "x", "a * b", "1", "all", "prod", "prod"},
}

// Reductions are all rows of reduce_axes.wgsl.
func Reductions() (all []ReduceAxes) {
	for _, r := range reductions {
		for _, form := range rowForms(false) {
			all = append(all, ReduceAxes{r.kernel, r.in, form})
		}
	}
	return all
}

// ReductionOf gives a kernel of the table for rows of a type, and those by which it is computed in two steps.
func ReductionOf(kernel string, t DType, form Rows) (k, first, second ReduceAxes, ok bool) {
	for _, r := range reductions {
		if r.kernel == kernel && letters[t] == r.in {
			k = ReduceAxes{kernel, r.in, form}
			return k, ReduceAxes{r.firstOfSplits, r.in, form}, ReduceAxes{r.secondOfSplits, r.in, form}, true
		}
	}
	return k, first, second, false
}

// letters are the types in the tables of kernels of tensors.
var letters = map[DType]string{Float32: "f", Int32: "i"}

func (k ReduceAxes) row() reduction {
	for _, r := range reductions {
		if r.kernel == k.Kernel && r.in == k.In {
			return r
		}
	}
	return reduction{}
}

// Name is, for example, reduce_sum_f_flat_t256_r16.
func (k ReduceAxes) Name() string { return k.named("reduce_" + k.Kernel + "_" + k.In) }

// Type is the WGSL type of the numbers.
func (k ReduceAxes) Type() string { return wgslTypes[k.In] }

// Term, Combine, Identity and Finish are the reduction in WGSL.
func (k ReduceAxes) Term() string     { return k.row().term }
func (k ReduceAxes) Combine() string  { return k.row().combine }
func (k ReduceAxes) Identity() string { return k.row().identity }
func (k ReduceAxes) Finish() string   { return k.row().finish }

// Functions is the WGSL of the functions that these call.
func (k ReduceAxes) Functions() (string, error) {
	return functions(strings.Join([]string{k.Term(), k.Combine(), k.Identity(), k.Finish()}, " "))
}

// Together puts the terms of a row together.
func (k ReduceAxes) Together() Together { return Together{"together", "parts", k.Type(), "combined"} }

// Kept has the views by the kept axes.
func (ReduceAxes) Kept() Walk { return Walk{"kept", []string{"x", "v"}} }

// Reduced has the view by the reduced axes.
func (ReduceAxes) Reduced() Walk { return Walk{"reduced", []string{"terms"}} }

func (ReduceAxes) file() string { return "reduce_axes.wgsl" }

// ReduceAxesParams is the struct Params of reduce_axes.wgsl.
type ReduceAxesParams struct {
	Kept, Reduced                         Shape
	X, Terms, V                           View
	Divisor, Outputs, Rows, Count, Length uint32
	_                                     [3]uint32 // a struct's size is a multiple of 16 bytes
}

// Softmax is softmax.wgsl: powers of e of the numbers of a row, less the largest one.
type Softmax struct {
	Kernel string // softmax, log_softmax or log_sum_exp
	Rows
}

// Softmaxes are all rows of softmax.wgsl.
func Softmaxes() (all []Softmax) {
	for _, kernel := range []string{"softmax", "log_softmax", "log_sum_exp"} {
		for _, form := range rowForms(false) {
			all = append(all, Softmax{kernel, form})
		}
	}
	return all
}

// Name is, for example, softmax_flat_t256_r16.
func (k Softmax) Name() string { return k.named(k.Kernel) }

// Result is V's number in WGSL.
func (k Softmax) Result() string {
	if k.Kernel == "softmax" {
		return "exp_of(x - largest) / all"
	}
	return "x - largest - log_of(all)"
}

// Functions is the WGSL of the functions that the template calls.
func (k Softmax) Functions() (string, error) {
	return functions("larger( is_nan( is_infinite( nan_like( infinity_like( exp_of( log_of(")
}

// Most and Sum put what a row's threads have together.
func (Softmax) Most() Together { return Together{"most", "parts", "f32", "larger"} }
func (Softmax) Sum() Together  { return Together{"sum", "parts", "f32", "plus"} }

// Kept has the views by the kept axes.
func (Softmax) Kept() Walk { return Walk{"kept", []string{"x", "v"}} }

// Reduced has the views by the reduced axes.
func (Softmax) Reduced() Walk { return Walk{"reduced", []string{"terms", "results"}} }

func (Softmax) file() string { return "softmax.wgsl" }

// RowsParams is the struct Params of softmax.wgsl and extreme.wgsl.
type RowsParams struct {
	Kept, Reduced        Shape
	X, Terms, V, Results View
	Last                 uint32 // of extreme.wgsl
	Rows, Count          uint32
	_                    uint32 // a struct's size is a multiple of 16 bytes
}

// Extreme is extreme.wgsl: where the largest or the smallest number of a row is.
type Extreme struct {
	Kernel string // largest or smallest, or hardmax, which writes 1 there and 0 else
	In     string // the type: f for float32, i for int32
	Rows
}

// Extremes are all rows of extreme.wgsl.
func Extremes() (all []Extreme) {
	for _, kernel := range []string{"largest", "smallest"} {
		for _, in := range []string{"f", "i"} {
			for _, form := range rowForms(true) {
				all = append(all, Extreme{kernel, in, form})
			}
		}
	}
	for _, form := range rowForms(false) {
		all = append(all, Extreme{"hardmax", "f", form})
	}
	return all
}

// ExtremeOf is the row for numbers of a type.
func ExtremeOf(kernel string, t DType, form Rows) Extreme { return Extreme{kernel, letters[t], form} }

// Name is, for example, extreme_largest_f_flat_t256_r16.
func (k Extreme) Name() string { return k.named("extreme_" + k.Kernel + "_" + k.In) }

// Type is the WGSL type of X's numbers.
func (k Extreme) Type() string { return wgslTypes[k.In] }

// OneHot tells that V has as many numbers as X.
func (k Extreme) OneHot() bool { return k.Kernel == "hardmax" }

// Combine is the function that gives the better one of two numbers.
func (k Extreme) Combine() string {
	switch {
	case k.In == "i" && k.Kernel == "smallest":
		return "least"
	case k.In == "i":
		return "greatest"
	case k.Kernel == "smallest":
		return "smaller"
	}
	return "larger"
}

// Functions is the WGSL of the functions that the template calls.
func (k Extreme) Functions() (string, error) {
	if k.In == "i" {
		return "", nil
	}
	return functions("is_nan( " + k.Combine() + "(")
}

// Best, First and Last put what a row's threads have together.
func (k Extreme) Best() Together { return Together{"together", "parts", k.Type(), k.Combine()} }
func (Extreme) First() Together  { return Together{"first", "found", "i32", "least"} }
func (Extreme) Last() Together   { return Together{"last", "found", "i32", "greatest"} }

// Kept has the views by the kept axes.
func (Extreme) Kept() Walk { return Walk{"kept", []string{"x", "v"}} }

// Reduced has the views by the reduced axes.
func (Extreme) Reduced() Walk { return Walk{"reduced", []string{"terms", "results"}} }

func (Extreme) file() string               { return "extreme.wgsl" }
func (k Extreme) workgroupStorage() uint32 { return 8 * k.Threads }

// Normalize is normalize.wgsl: rows with the mean 0 and the variance 1.
type Normalize struct {
	Scaled     bool // with a scale and a bias
	Statistics bool // with the means and one divided by the deviations as outputs
	Rows
}

// Normalizes are all rows of normalize.wgsl.
func Normalizes() (all []Normalize) {
	for _, form := range rowForms(false) {
		all = append(all, Normalize{false, false, form}, Normalize{true, false, form}, Normalize{true, true, form})
	}
	return all
}

// Name is, for example, normalize_scaled_flat_t256_r16.
func (k Normalize) Name() string {
	name := "normalize"
	if k.Scaled {
		name += "_scaled"
	}
	if k.Statistics {
		name += "_statistics"
	}
	return k.named(name)
}

// Sum puts what a row's threads have together.
func (Normalize) Sum() Together { return Together{"sum", "parts", "f32", "plus"} }

// Kept has the views by the kept axes.
func (k Normalize) Kept() Walk {
	if k.Scaled {
		return Walk{"kept", []string{"x", "v", "scale", "bias"}}
	}
	return Walk{"kept", []string{"x", "v"}}
}

// Reduced has the views by the reduced axes.
func (k Normalize) Reduced() Walk {
	if k.Scaled {
		return Walk{"reduced", []string{"terms", "results", "factors", "summands"}}
	}
	return Walk{"reduced", []string{"terms", "results"}}
}

func (Normalize) file() string { return "normalize.wgsl" }

// NormalizeParams is the struct Params of normalize.wgsl.
type NormalizeParams struct {
	Kept, Reduced                  Shape
	X, Terms, V, Results           View
	Scale, Factors, Bias, Summands View
	Rows, Count                    uint32
	Within, Beside, Numbers        float32
	_                              [3]uint32 // a struct's size is a multiple of 16 bytes
}

// Cumulate is cumulate.wgsl: sums of a row up to each of its places.
type Cumulate struct {
	In string // the type: f for float32, i for int32
	Rows
}

// Cumulates are all rows of cumulate.wgsl.
func Cumulates() (all []Cumulate) {
	for _, in := range []string{"f", "i"} {
		for _, form := range rowForms(true) {
			all = append(all, Cumulate{in, form})
		}
	}
	return all
}

// CumulateOf is the row for numbers of a type.
func CumulateOf(t DType, form Rows) Cumulate { return Cumulate{letters[t], form} }

// Name is, for example, cumulate_f_flat_t256_r16.
func (k Cumulate) Name() string { return k.named("cumulate_" + k.In) }

// Type is the WGSL type of the numbers.
func (k Cumulate) Type() string { return wgslTypes[k.In] }

// Kept has the views by the kept axes.
func (Cumulate) Kept() Walk { return Walk{"kept", []string{"x", "v"}} }

func (Cumulate) file() string { return "cumulate.wgsl" }

// CumulateParams is the struct Params of cumulate.wgsl.
type CumulateParams struct {
	Kept                        Shape
	X, V                        View
	Rows, Count, Terms, Results uint32
	Exclusive, Reverse          uint32
	_                           [2]uint32 // a struct's size is a multiple of 16 bytes
}
