package shaders

// MaxAxes is how many axes kernels of tensors count with.
const MaxAxes = 8

// Axes are numbers for each axis of a tensor, as strided.wgsl has them: those of fewer axes stand last.
type Axes [MaxAxes]uint32

// Shape is the struct Shape of strided.wgsl.
type Shape struct {
	Sizes Axes
	Rank  uint32 // axes from the last one on that count
	_     [3]uint32
}

// View is the struct View of strided.wgsl: where a kernel finds a tensor's numbers.
type View struct {
	Strides Axes
	Offset  uint32 // of the first number
	_       [3]uint32
}

// Walk is the data of strided.wgsl's template walk: the function Name_offsets, which gives for a number of the shape
// p.Name where each of some views has it.
type Walk struct {
	Name  string
	Views []string // fields of Params, of type View
}
