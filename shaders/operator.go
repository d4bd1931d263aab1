package shaders

import "fmt"

// Operator is operator.wgsl: a kernel with a thread for each number of V, computed of the numbers at its place in one
// or two volumes of V's shape.
type Operator struct {
	Kernel  string // add, ...
	Threads uint32
}

// Operators are the rows of the table that are placed.
func Operators() (all []Operator) {
	for _, e := range expressions {
		if e.placed {
			all = append(all, Operator{e.kernel, 256})
		}
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

func (o Operator) row() expression {
	for _, e := range expressions {
		if e.placed && e.kernel == o.Kernel {
			return e
		}
	}
	return expression{}
}

// Inputs is how many volumes the operator reads.
func (o Operator) Inputs() int { return len(o.row().in) }

// Expression is the operator in WGSL.
func (o Operator) Expression() string { return o.row().wgsl }

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
