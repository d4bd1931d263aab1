package host

import (
	"context"
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// Int32 is the data type of volumes of whole numbers and truth values between [Kernels]: one in each 32-bit word.
const Int32 = shaders.Int32

// Kernels is what a program does beside layers and elementwise operators of volumes: steps that read and write
// operands of 32-bit words. Package model makes them of tensor operators.
type Kernels struct {
	Name    string   // for people: "MaxPool of 1x64x56x56"
	Outputs []Buffer // what the steps write, one or more
	// Plan adds the steps that compute the outputs of the inputs, which stand at these operands of p.
	Plan func(p *exec.Plan, inputs, outputs []int) error
	// Judge holds what the steps wrote against the reference, given what they really read.
	Judge func(inputs, outputs [][]uint32) (cpuref.Report, error)
}

// Buffer is how many numbers a volume has, and of which type, whatever its shape: [Float32] or [Int32].
type Buffer struct {
	Count int64
	DType DType
}

// shape is a buffer's as a volume: one pixel.
func (b Buffer) shape() shape { return shape{1, 1, 1, 1, int(b.Count)} }

func (b Buffer) validate() error {
	if b.DType != Float32 && b.DType != Int32 {
		return fmt.Errorf("%w: a buffer of %q, must be of %s or %s", gpu.ErrMisuse, b.DType, Float32, Int32)
	}
	if b.Count > int64(^uint32(0)) {
		return fmt.Errorf("%w: a buffer of %d numbers, must be fewer than 2^32", ErrUnsupported, b.Count)
	}
	return fitsProgram(tensor.Volume{N: 1, Z: 1, H: 1, W: 1, D: int(b.Count)})
}

// InputBuffer is a volume without a shape that the host gives to each run.
func (b *Builder) InputBuffer(of Buffer) Value {
	if err := of.validate(); err != nil {
		return b.fail(err)
	}
	return b.add(node{kind: inputNode, shape: of.shape(), stores: of.DType})
}

// Constant is a volume without a shape whose words never change. Where the program is not a checked one, they are let
// go once they are on the device.
func (b *Builder) Constant(of Buffer, words []uint32) Value {
	err := of.validate()
	if err == nil && int64(len(words)) != of.Count {
		err = fmt.Errorf("%w: %d words for a constant of %d numbers", cpuref.ErrShape, len(words), of.Count)
	}
	if err != nil {
		return b.fail(err)
	}
	return b.add(node{kind: constantNode, shape: of.shape(), stores: of.DType, words: words})
}

// Reshape is x as a volume of this shape. Nothing is copied, but for channels of a wider volume: the numbers stay in
// their order.
func (b *Builder) Reshape(x Value, n, z, h, w, d int) Value {
	from, err := b.checkAny(b.whole(x)...)
	if err != nil {
		return b.fail(err)
	}
	has, to := b.nodes[from[0]], shape{n, z, h, w, d}
	if has.quantization != nil || to.numbers() != has.shape.numbers() {
		return b.fail(fmt.Errorf(
			"%w: a volume of %s as one of %s, must have as many numbers, and none of int8",
			cpuref.ErrShape,
			has.shape,
			to,
		))
	}
	return b.add(node{kind: reshapeNode, shape: to, from: from, stores: has.stores})
}

// Apply adds steps that read these volumes, whatever their shapes, and gives the volumes that they write.
func (b *Builder) Apply(k Kernels, inputs ...Value) []Value {
	outputs := make([]Value, len(k.Outputs))
	from, err := b.checkAny(b.whole(inputs...)...)
	if err == nil && (len(k.Outputs) == 0 || k.Plan == nil || k.Judge == nil) {
		err = fmt.Errorf("%w: kernels %q without outputs, steps or a judge", gpu.ErrMisuse, k.Name)
	}
	for _, o := range k.Outputs {
		if err == nil {
			err = o.validate()
		}
	}
	if err != nil {
		b.fail(err)
		return outputs
	}
	main := b.add(node{
		kind:    kernelsNode,
		shape:   k.Outputs[0].shape(),
		stores:  k.Outputs[0].DType,
		from:    from,
		kernels: &k,
	})
	for i, o := range k.Outputs {
		outputs[i] = main
		if i > 0 {
			outputs[i] = b.add(node{kind: besideNode, shape: o.shape(), stores: o.DType, from: []int{main.node}})
		}
	}
	return outputs
}

// whole copies what stands among the channels of a wider volume.
func (b *Builder) whole(values ...Value) []Value {
	all := slices.Clone(values)
	for i, v := range all {
		if v.builder == b && b.err == nil && b.nodes[v.node].kind == channelsNode {
			all[i] = b.Operator("copy", v)
		}
	}
	return all
}

// emitKernels adds the steps of an Apply. The volumes that it gives beside its own are the nodes behind it.
func (c *compiler) emitKernels(i int, n node) error {
	var inputs, outputs []int
	for _, f := range n.from {
		operand, _ := c.placement(f)
		inputs = append(inputs, operand)
	}
	for k := range n.kernels.Outputs {
		operand, _ := c.placement(i + k)
		outputs = append(outputs, operand)
	}
	before := len(c.plan.Steps)
	if err := n.kernels.Plan(&c.plan, inputs, outputs); err != nil {
		return err
	}
	if len(c.plan.Steps) == before {
		return fmt.Errorf("%w: kernels %q of no steps", gpu.ErrMisuse, n.kernels.Name)
	}
	c.steps(i, nil)
	return nil
}

// fill gives a constant's words.
func (n node) fill() func() ([]uint32, error) {
	if n.kind != constantNode {
		return nil
	}
	return func() ([]uint32, error) { return n.words, nil }
}

// judgeKernels takes what an Apply's steps read and wrote, for the caller's judge.
func (step programStep) judgeKernels(ctx context.Context, s *exec.Session) (verdict, error) {
	var words [][]uint32
	for _, v := range step.volumes {
		read, err := s.ReadWords(ctx, v.operand)
		if err != nil {
			return nil, err
		}
		words = append(words, read)
	}
	inputs := len(step.node.from)
	return func() (cpuref.Report, error) {
		return step.node.kernels.Judge(words[:inputs], words[inputs:])
	}, nil
}
