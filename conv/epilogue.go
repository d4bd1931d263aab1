package conv

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Activation is a function applied to each output after the bias. Alpha and Beta are its parameters,
// where Function's comment names them; elsewhere they are 0. Activations are comparable with ==.
type Activation struct {
	Function    Function
	Alpha, Beta float32
}

// Function is the kind of an activation; z is what it is applied to. The definitions are ONNX's
// (https://onnx.ai/onnx/operators/). Of NaN each gives NaN, as ONNX's and PyTorch's do. WGSL lets a device
// compute as if there were no NaN, so that no shader can promise as much; ours ask for its bits, which leaves
// no comparison to be optimized away, and tests hold it on the adapters that they run on.
type Function int

// The functions.
const (
	Identity    Function = iota
	ReLU                 // max(0, z)
	Clip                 // min(max(z, Alpha), Beta); relu6 is 0 to 6
	LeakyReLU            // z, below 0 Alpha * z
	PReLU                // z, below 0 slope * z with a slope for each channel
	Sigmoid              // 1 / (1 + exp(-z))
	Tanh                 // tanh z
	SiLU                 // z * sigmoid(z)
	HardSigmoid          // min(max(Alpha * z + Beta, 0), 1)
	HardSwish            // z * min(max(z/6 + 1/2, 0), 1)
	GELU                 // z/2 * (1 + erf(z/sqrt 2))
	GELUTanh             // z/2 * (1 + tanh(sqrt(2/pi) * (z + 0.044715 z^3)))
	ELU                  // z, below 0 Alpha * (exp(z) - 1)
)

// functions gives each Function its name, the number of its parameters and their defaults.
var functions = []struct {
	name       string
	parameters int
	defaults   [2]float32
}{
	{"none", 0, [2]float32{}}, {"relu", 0, [2]float32{}}, {"clip", 2, [2]float32{0, 6}},
	{"leaky", 1, [2]float32{0.01}},
	{"prelu", 0, [2]float32{}}, {"sigmoid", 0, [2]float32{}}, {"tanh", 0, [2]float32{}}, {"silu", 0, [2]float32{}},
	{"hardsigmoid", 2, [2]float32{0.2, 0.5}}, {"hardswish", 0, [2]float32{}}, {"gelu", 0, [2]float32{}},
	{"gelutanh", 0, [2]float32{}}, {"elu", 1, [2]float32{1}},
}

func (f Function) String() string {
	if f < Identity || f > ELU {
		return fmt.Sprintf("Function(%d)", int(f))
	}
	return functions[f].name
}

// Activations gives every function once, with its default parameters.
func Activations() []Activation {
	list := make([]Activation, len(functions))
	for i, f := range functions {
		list[i] = Activation{Function(i), f.defaults[0], f.defaults[1]}
	}
	return list
}

// ParseActivation reads a name, which its parameters follow after colons where they are not the
// defaults: "relu", "clip:-1:1", "leaky:0.2". relu6 is clip:0:6.
func ParseActivation(s string) (Activation, error) {
	if s == "relu6" {
		return Activation{Clip, 0, 6}, nil
	}
	parts := strings.Split(s, ":")
	i := slices.IndexFunc(Activations(), func(a Activation) bool { return a.Function.String() == parts[0] })
	if i < 0 {
		var names []string
		for _, f := range functions {
			names = append(names, f.name)
		}
		return Activation{}, invalidf("activation %q, must be one of %s or relu6", s, strings.Join(names, ", "))
	}
	a := Activations()[i]
	if len(parts) == 1 {
		return a, nil
	}
	if len(parts) != 1+functions[i].parameters {
		return a, invalidf(
			"activation %q: %s takes %d parameters, each after a colon",
			s,
			parts[0],
			functions[i].parameters,
		)
	}
	for k, to := range []*float32{&a.Alpha, &a.Beta}[:len(parts)-1] {
		v, err := strconv.ParseFloat(parts[1+k], 32)
		if err != nil {
			return a, invalidf("activation %q: %q is no number", s, parts[1+k])
		}
		*to = float32(v)
	}
	return a, a.Validate()
}

// String prints what ParseActivation reads.
func (a Activation) String() string {
	if a.Function < Identity || a.Function > ELU {
		return a.Function.String()
	}
	f := functions[a.Function]
	s := f.name
	if (a == Activation{a.Function, f.defaults[0], f.defaults[1]}) {
		return s
	}
	for _, v := range []float32{a.Alpha, a.Beta}[:f.parameters] {
		s += ":" + strconv.FormatFloat(float64(v), 'g', -1, 32)
	}
	return s
}

// Validate reports parameters that make no sense.
func (a Activation) Validate() error {
	if a.Function < Identity || a.Function > ELU {
		return invalidf("activation %d, must be from 0 to %d", a.Function, ELU)
	}
	for i, v := range []float32{a.Alpha, a.Beta} {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) || i >= functions[a.Function].parameters && v != 0 {
			return invalidf(
				"activation %s with parameter %d of %v: %s takes %d finite ones",
				a.Function,
				i+1,
				v,
				a.Function,
				functions[a.Function].parameters,
			)
		}
	}
	if a.Function == Clip && a.Alpha > a.Beta {
		return invalidf("activation %s: the lower end %v is above the upper end %v", a, a.Alpha, a.Beta)
	}
	return nil
}

// Residual says where a second volume of V's size is added to the outputs.
type Residual int

// The places of the residual.
const (
	NoResidual     Residual = iota
	BeforeFunction          // V = f(conv + b + R), as in ResNet
	AfterFunction           // V = f(conv + b) + R, as in MobileNetV2
)

func (r Residual) String() string {
	if r < NoResidual || r > AfterFunction {
		return fmt.Sprintf("Residual(%d)", int(r))
	}
	return [...]string{"none", "before", "after"}[r]
}

// Epilogue is what happens to each sum before it is written: the bias is added always.
type Epilogue struct {
	Activation Activation
	Residual   Residual
}

// Activate is the epilogue that applies f, with its default parameters, and adds nothing.
func Activate(f Function) Epilogue {
	e := Epilogue{Activation: Activation{Function: f}}
	if f >= Identity && f <= ELU {
		e.Activation.Alpha, e.Activation.Beta = functions[f].defaults[0], functions[f].defaults[1]
	}
	return e
}

// Validate reports what makes no sense.
func (e Epilogue) Validate() error {
	if e.Residual < NoResidual || e.Residual > AfterFunction {
		return invalidf("residual %d, must be from 0 to %d", e.Residual, AfterFunction)
	}
	return e.Activation.Validate()
}
