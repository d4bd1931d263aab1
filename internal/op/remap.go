package op

import (
	"fmt"
	"math"
	"slices"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// Copy adds a step that copies in, which broadcasts to the shape of out. Both are of one type.
func Copy(p *exec.Plan, out, in Tensor) error { return Pointwise(p, "copy", 0, 0, out, in) }

// Axis says where the numbers of an axis come from: those at coordinate c of out from Start + Step*c of in.
type Axis struct{ Start, Step int }

// Outside is what stands where in has no number.
type Outside string

// The kinds of outsides, as ONNX's Pad names them. Edge is the nearest number, Reflect mirrors at the first and the
// last number, as often as needed, and Wrap begins again.
const (
	Constant Outside = "constant"
	Edge     Outside = "edge"
	Reflect  Outside = "reflect"
	Wrap     Outside = "wrap"
)

// Map adds a step that copies numbers from other places, by the axes' maps: ONNX's Slice, with any steps, Pad, with
// all its modes, and Tile, which is Wrap. In and out have as many axes and one type. Value is the word of outsides
// that are Constant, as the type has it. The errors wrap [ErrKernel], [ErrShape], [ErrView], [ErrRank] and [ErrType].
func Map(p *exec.Plan, out, in Tensor, axes []Axis, outside Outside, value uint32) error {
	if err := in.check(p, shaders.Float32, shaders.Int32); err != nil {
		return fmt.Errorf("map: %w", err)
	}
	if err := out.check(p, p.Operands[in.Operand].DType); err != nil {
		return fmt.Errorf("map: %w", err)
	}
	if in.Rank() != out.Rank() || len(axes) != out.Rank() {
		return fmt.Errorf("map: %w: %d maps from %v to %v, must be one for each axis",
			ErrShape, len(axes), in.Shape, out.Shape)
	}
	kernel := shaders.Remap{Outside: string(outside), Threads: 256, Each: 4}
	if !slices.Contains(shaders.Remaps(), kernel) {
		return fmt.Errorf("map: %w: outside of the kind %q, must be one of %v",
			ErrKernel, outside, []Outside{Constant, Edge, Reflect, Wrap})
	}
	m, err := mapped(out.View, in.View, axes)
	if err != nil {
		return fmt.Errorf("map: %w", err)
	}
	params := shaders.RemapParams{
		Shape: shapeOf(m.out.Shape), X: viewOf(m.in), V: viewOf(m.out), Value: value, Outputs: uint32(out.Count()),
		Ends: shapeOf(m.in.Shape).Sizes,
	}
	first := shaders.MaxAxes - len(m.axes)
	for i := range params.Step {
		params.Step[i] = 1
	}
	for i, a := range m.axes {
		params.Start[first+i], params.Step[first+i] = int32(a.Start), int32(a.Step)
	}
	p.Threads(kernel, shaders.Encode(params), int64(out.Count()), int64(kernel.Threads*kernel.Each), uses(out, in)...)
	return nil
}

// mapping is a copy by maps, with as few axes as can be.
type mapping struct {
	out, in View
	axes    []Axis
}

// mapped leaves out axes of one number, takes what is inside of in for a slice of it, and merges axes without a map.
func mapped(out, in View, axes []Axis) (m mapping, err error) {
	m.out.Offset, m.in.Offset = out.Offset, in.Offset
	plain := false // the last axis of m, so that the next one may join it
	for i, a := range axes {
		size, end := out.Shape[i], in.Shape[i]
		last := int64(a.Start) + int64(size-1)*int64(a.Step)
		if max(size, end) > math.MaxInt32/4 || !fits(int64(a.Start)) || !fits(int64(a.Step)) || !fits(last) {
			return m, fmt.Errorf("%w: from %d on in steps of %d, must be below 2^29 in size",
				ErrShape, a.Start, a.Step)
		}
		stride, inside := in.Strides[i], min(int64(a.Start), last) >= 0 && max(int64(a.Start), last) < int64(end)
		if inside && (a.Step >= 0 || size == 1) {
			m.in.Offset += a.Start * stride
			a, stride, end = Axis{0, 1}, stride*a.Step, size
		}
		if inside && size == 1 {
			continue
		}
		isPlain := a == Axis{0, 1} && size == end
		n := m.out.Rank() - 1
		if plain && isPlain && m.out.Strides[n] == size*out.Strides[i] && m.in.Strides[n] == size*stride {
			m.out.Shape[n], m.in.Shape[n] = m.out.Shape[n]*size, m.in.Shape[n]*size
			m.out.Strides[n], m.in.Strides[n] = out.Strides[i], stride
			continue
		}
		m.out.Shape, m.out.Strides = append(m.out.Shape, size), append(m.out.Strides, out.Strides[i])
		m.in.Shape, m.in.Strides = append(m.in.Shape, end), append(m.in.Strides, stride)
		m.axes, plain = append(m.axes, a), isPlain
	}
	if len(m.axes) > shaders.MaxAxes {
		return m, fmt.Errorf("%w: %v has %d that do not merge, must be %d at most",
			ErrRank, out.Shape, len(m.axes), shaders.MaxAxes)
	}
	return m, nil
}

// fits tells whether a coordinate is far inside of what kernels count with.
func fits(coordinate int64) bool { return coordinate > math.MinInt32/4 && coordinate < math.MaxInt32/4 }
