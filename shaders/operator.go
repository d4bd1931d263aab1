package shaders

import "fmt"

// Operator is operator.wgsl: a kernel with a thread for each number of V, computed of the numbers at its place in one
// or two volumes of V's shape.
type Operator struct {
	Kernel  string // add, ...
	Threads uint32
}

// operators is the table: of each kernel how many volumes it reads, and its WGSL in x and y. The references are in
// cpuref/operator.go, under the same names.
var operators = []struct {
	kernel     string
	inputs     int
	expression string
}{
	{"copy", 1, "x"},
	{"relu", 1, "select(max(x, 0.0), x, (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u)"}, // NaN stays NaN
	{"add", 2, "x + y"},
	{"sub", 2, "x - y"},
	{"mul", 2, "x * y"},
	{"max", 2, "select(select(x, y, y > x), y, (bitcast<u32>(y) & 0x7fffffffu) > 0x7f800000u)"}, // of either
	{"min", 2, "select(select(x, y, y < x), y, (bitcast<u32>(y) & 0x7fffffffu) > 0x7f800000u)"},
}

// Operators are all rows of the table.
func Operators() (all []Operator) {
	for _, o := range operators {
		all = append(all, Operator{o.kernel, 256})
	}
	return all
}

// OperatorOf gives the row of a kernel, and whether there is one.
func OperatorOf(kernel string) (o Operator, ok bool) {
	for _, o := range Operators() {
		if o.Kernel == kernel {
			return o, true
		}
	}
	return o, false
}

// Name is, for example, operator_add_t256.
func (o Operator) Name() string { return fmt.Sprintf("operator_%s_t%d", o.Kernel, o.Threads) }

// Inputs is how many volumes the operator reads.
func (o Operator) Inputs() int {
	for _, row := range operators {
		if row.kernel == o.Kernel {
			return row.inputs
		}
	}
	return 0
}

// Expression is the operator in WGSL.
func (o Operator) Expression() string {
	for _, row := range operators {
		if row.kernel == o.Kernel {
			return row.expression
		}
	}
	return ""
}

func (Operator) file() string             { return "operator.wgsl" }
func (o Operator) threads() uint32        { return o.Threads }
func (Operator) workgroupStorage() uint32 { return 0 }

// OperatorParams is the struct Params of operator.wgsl.
type OperatorParams struct {
	Outputs, Channels uint32
	XPitch, XFirst    uint32
	YPitch, YFirst    uint32
	VPitch, VFirst    uint32
}

// OperatorOn gives the parameters for volumes of so many numbers and channels, where they are placed.
func OperatorOn(numbers int64, channels int, x, y, v Placement) OperatorParams {
	n := uint32(channels)
	x, y, v = x.of(n), y.of(n), v.of(n)
	return OperatorParams{uint32(numbers), n, x.Pitch, x.First, y.Pitch, y.First, v.Pitch, v.First}
}
