package proof

import (
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/shaders"
)

// row is one thing that a layer can do and that has to be proved.
type row struct {
	name string
	has  func(Case) bool
}

// rows are all of them, in the order of a report.
var rows = slices.Concat(
	shapeRows,
	paddingRows,
	groupRows,
	transposedRows,
	epilogueRows(),
	wayRows,
	int8Rows,
	sizeRows,
	edgeRows,
)

// Rows names the rows that c covers, in the order of [AllRows] and behind them [AlgorithmRows].
func Rows(c Case) []string {
	var names []string
	for _, r := range rows {
		if r.has(c) {
			names = append(names, r.name)
		}
	}
	if name, _, _ := strings.Cut(c.Options.Algorithm, "/"); name != "" && !c.Backward {
		names = append(names, algorithmRow(name))
	}
	return names
}

// AlgorithmRows names what a series of cases has to cover besides on a device that has algorithms, where
// cases are given one by [Case.WithAlgorithm].
func AlgorithmRows() []string {
	var names []string
	for _, name := range host.AlgorithmNames() {
		names = append(names, algorithmRow(name))
	}
	return names
}

func algorithmRow(name string) string { return "algorithm " + name }

// AllRows names everything that a series of cases has to cover.
func AllRows() []string {
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = r.name
	}
	return names
}

var shapeRows = []row{
	{"1D", func(c Case) bool { return c.Problem.Z == point && c.Problem.H == point && c.Problem.W != point }},
	{"2D", func(c Case) bool { return c.Problem.Z == point && c.Problem.H != point }},
	{"3D", func(c Case) bool { return c.Problem.Z != point }},
	{"batch", func(c Case) bool { return c.Problem.Batch > 1 }},
	{"rectangular input", differ(func(a conv.Axis) int { return a.In })},
	{"rectangular filter", differ(func(a conv.Axis) int { return a.Filter })},
	{"rectangular stride", differ(func(a conv.Axis) int { return a.Stride })},
	{"rectangular padding", differ(func(a conv.Axis) int { return a.Pad })},
	{"rectangular dilation", differ(func(a conv.Axis) int { return a.Dilation })},
	{"stride", anyAxis(func(a conv.Axis) bool { return a.Stride > 1 && a.Out > 1 })},
	{"dilation", anyAxis(func(a conv.Axis) bool { return a.Dilation > 1 && a.Filter > 1 })},
}

var paddingRows = []row{
	{"padding VALID", func(c Case) bool {
		return ordinary(c) && c.Problem.W.Pad == 0 && c.Problem.H.Pad == 0 && !padded(c.Problem)
	}},
	{"padding SAME_UPPER", anyAxis(func(a conv.Axis) bool { return same(a, true) && !same(a, false) })},
	{"padding SAME_LOWER", anyAxis(func(a conv.Axis) bool { return same(a, false) && !same(a, true) })},
	{"padding more behind", anyAxis(func(a conv.Axis) bool { return a.PadAfter() > a.Pad })},
	{"padding more before", anyAxis(func(a conv.Axis) bool { return a.Pad > max(0, a.PadAfter()) })},
	{"padding zero", pads(conv.Zero)},
	{"padding reflect", pads(conv.Reflect)},
	{"padding replicate", pads(conv.Replicate)},
	{"padding circular", pads(conv.Circular)},
}

var groupRows = []row{
	{"groups", func(c Case) bool { return c.Problem.Groups > 1 && c.Problem.InChannels > c.Problem.Groups }},
	{"depthwise", func(c Case) bool { return depthwise(c.Problem) }},
	{"depth multiplier",
		func(c Case) bool { return depthwise(c.Problem) && c.Problem.OutChannels > c.Problem.Groups }},
	{"unshared", func(c Case) bool { return c.Problem.Unshared }},
	{"unshared, groups", func(c Case) bool { return c.Problem.Unshared && c.Problem.Groups > 1 }},
	{"unshared, batch", func(c Case) bool { return c.Problem.Unshared && c.Problem.Batch > 1 }},
}

var transposedRows = []row{
	{"transposed", func(c Case) bool { return c.Problem.Transposed }},
	{"transposed, stride", transposed(func(a conv.Axis) bool { return a.Stride > 1 && a.In > 1 })},
	{"transposed, padding", transposed(func(a conv.Axis) bool { return a.Pad > 0 })},
	{"transposed, output padding", transposed(func(a conv.Axis) bool { return a.Out > ordinaryOut(a, true) })},
	{"transposed, output size cut", transposed(func(a conv.Axis) bool { return a.Out < ordinaryOut(a, true) })},
	{"transposed, dilation", transposed(func(a conv.Axis) bool { return a.Dilation > 1 && a.Filter > 1 })},
	{"transposed, groups", func(c Case) bool { return c.Problem.Transposed && c.Problem.Groups > 1 }},
}

// epilogueRows has one row for each function.
func epilogueRows() []row {
	list := []row{}
	for _, a := range conv.Activations() {
		list = append(
			list,
			row{
				"activation " + a.Function.String(),
				func(c Case) bool { return c.Options.Epilogue.Activation.Function == a.Function },
			},
		)
	}
	fused := func(c Case) bool {
		return c.Options.Epilogue != conv.Epilogue{} && !c.Options.Separate && c.Options.DType != host.Int8
	}
	separate := func(c Case) bool { return c.Options.Epilogue != conv.Epilogue{} && c.Options.Separate }
	return append(list,
		row{"residual before", func(c Case) bool { return c.Options.Epilogue.Residual == conv.BeforeFunction }},
		row{"residual after", func(c Case) bool { return c.Options.Epilogue.Residual == conv.AfterFunction }},
		row{"epilogue fused", fused}, row{"epilogue separate", separate})
}

var wayRows = []row{
	{"forward", func(c Case) bool { return !c.Backward }},
	{"backward", func(c Case) bool { return c.Backward }},
	{"backward, 3D", func(c Case) bool { return c.Backward && c.Problem.Z != point }},
	{
		"backward, padding not zero",
		func(c Case) bool { return c.Backward && c.Problem.Padding != conv.Zero && padded(c.Problem) },
	},
	{"backward, groups", func(c Case) bool { return c.Backward && c.Problem.Groups > 1 }},
	{"backward, transposed", func(c Case) bool { return c.Backward && c.Problem.Transposed }},
	{"backward, unshared", func(c Case) bool { return c.Backward && c.Problem.Unshared }},
	{
		"backward, activation",
		func(c Case) bool { return c.Backward && c.Options.Epilogue.Activation.Function != conv.Identity },
	},
	{"backward, residual", func(c Case) bool { return c.Backward && c.Options.Epilogue.Residual != conv.NoResidual }},
	{"float32, bit for bit", stores("", cpuref.Exact)},
	{"float32, by the bound", stores("", cpuref.Bounded)},
	{"float16, bit for bit", stores(host.Float16, cpuref.Exact)},
	{"float16, by the bound", stores(host.Float16, cpuref.Bounded)},
}

var int8Rows = []row{
	{"int8, sums exact", int8s(func(Case) bool { return true })},
	{"int8, padding", int8s(func(c Case) bool { return ordinary(c) && padded(c.Problem) })},
	{"int8, groups", int8s(func(c Case) bool { return c.Problem.Groups > 1 })},
	{"int8, transposed", int8s(func(c Case) bool { return c.Problem.Transposed })},
	{"int8, unshared", int8s(func(c Case) bool { return c.Problem.Unshared })},
	{"int8, activation", int8s(func(c Case) bool { return c.Options.Epilogue.Activation.Function != conv.Identity })},
	{"int8, residual", int8s(func(c Case) bool { return c.Options.Epilogue.Residual != conv.NoResidual })},
}

// sizeRows are about the products of an output and the threads of a workgroup.
var sizeRows = []row{
	{"one product less than threads", around(-1)},
	{"as many products as threads", around(0)},
	{"one product more than threads", around(1)},
	{
		"more products than any workgroup",
		func(c Case) bool { return c.Problem.TapsPerOutput() > int(slices.Max(shaders.ConvThreads)) },
	},
	{"threads chosen", func(c Case) bool { return c.Options.Threads != 0 }},
}

var edgeRows = []row{
	{"1x1 filter", func(c Case) bool { return c.Problem.Z.Filter*c.Problem.H.Filter*c.Problem.W.Filter == 1 }},
	{"1x1 output", func(c Case) bool { return c.Problem.Z.Out*c.Problem.H.Out*c.Problem.W.Out == 1 }},
	{"filter larger than the input", anyAxis(func(a conv.Axis) bool { return a.Extent() > a.In })},
	{"padding as large as the filter", anyAxis(func(a conv.Axis) bool { return a.Pad >= a.Extent() })},
	{"stride that does not fit", anyAxis(func(a conv.Axis) bool { return !a.Fits() })},
	{"inputs that no output depends on", anyAxis(func(a conv.Axis) bool { return len(a.Unread()) > 0 })},
	{"one input channel a group", func(c Case) bool { return c.Problem.InChannels == c.Problem.Groups }},
	{"3, 5 or 7 input channels a group", func(c Case) bool {
		return slices.Contains([]int{3, 5, 7}, c.Problem.InChannels/c.Problem.Groups)
	}},
}

var point = conv.Axis{In: 1, Out: 1, Filter: 1, Stride: 1, Dilation: 1}

// ordinary reports an ordinary layer, whose padding stands around its input.
func ordinary(c Case) bool { return !c.Problem.Transposed }

func depthwise(p conv.Problem) bool { return p.Groups > 1 && p.InChannels == p.Groups }

// padded reports whether some window reads outside of the input.
func padded(p conv.Problem) bool {
	return slices.ContainsFunc(spatial(p), func(a conv.Axis) bool { return a.Pad > 0 || a.PadAfter() > 0 })
}

// spatial are the axes that a layer has.
func spatial(p conv.Problem) []conv.Axis {
	axes := p.Axes()
	switch {
	case p.Z != point:
		return axes[:]
	case p.H != point:
		return axes[1:]
	}
	return axes[2:]
}

// anyAxis is about ordinary layers, one axis of which has it.
func anyAxis(has func(conv.Axis) bool) func(Case) bool {
	return func(c Case) bool { return ordinary(c) && slices.ContainsFunc(spatial(c.Problem), has) }
}

// transposed is about transposed layers, one axis of which has it.
func transposed(has func(conv.Axis) bool) func(Case) bool {
	return func(c Case) bool { return !ordinary(c) && slices.ContainsFunc(spatial(c.Problem), has) }
}

// differ is about layers of more than one axis that are not alike.
func differ(of func(conv.Axis) int) func(Case) bool {
	return func(c Case) bool {
		axes := spatial(c.Problem)
		return slices.ContainsFunc(axes, func(a conv.Axis) bool { return of(a) != of(axes[0]) })
	}
}

func pads(kind conv.Padding) func(Case) bool {
	return func(c Case) bool { return ordinary(c) && c.Problem.Padding == kind && padded(c.Problem) }
}

// stores is about numbers stored in one way and judged in one.
func stores(n host.DType, mode cpuref.Mode) func(Case) bool {
	return func(c Case) bool { return c.Options.DType == n && c.Mode == mode }
}

// int8s is about layers of int8 numbers.
func int8s(has func(Case) bool) func(Case) bool {
	return func(c Case) bool { return c.Options.DType == host.Int8 && has(c) }
}

func around(off int) func(Case) bool {
	return func(c Case) bool { return slices.Contains(shaders.ConvThreads, uint32(c.Problem.TapsPerOutput()-off)) }
}

// same reports padding as ONNX's SAME_UPPER or SAME_LOWER have it.
func same(a conv.Axis, upper bool) bool {
	s, err := a.Same(upper)
	return err == nil && s == a
}

// ordinaryOut is the output size that a descriptor need not write.
func ordinaryOut(a conv.Axis, transposed bool) int {
	if transposed {
		return (a.In-1)*a.Stride + a.Extent() - 2*a.Pad
	}
	return a.SymmetricOut()
}
