package host

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// Builder joins layers to a program: volumes go from one to the next on the device, and are never read back. Its
// methods give volumes at once; what is wrong with one is said by [Builder.Compile]. It belongs to one goroutine.
type Builder struct {
	dev   *Device
	nodes []node
	err   error // the first thing that was wrong

	fusing Fusing
}

// Value is a volume of a program: what one of its nodes gives.
type Value struct {
	builder *Builder
	node    int
}

// nodeKind is what a node does.
type nodeKind int

const (
	inputNode      nodeKind = iota // gives what the host uploads
	convNode                       // a layer
	operatorNode                   // an elementwise operator
	concatNode                     // joins channels
	channelsNode                   // some of a volume's channels
	quantizedNode                  // a layer of 8-bit whole numbers
	quantizeNode                   // from float32 to int8
	dequantizeNode                 // and back
	kernelsNode                    // steps that the caller brings
	besideNode                     // another volume that those steps write
	constantNode                   // words that never change
	reshapeNode                    // a volume's numbers as those of another shape
	fusedNode                      // a layer that is computed together with the one that reads it
)

// node is one step of a program, and the volume that it gives.
type node struct {
	kind     nodeKind
	shape    shape
	from     []int // the nodes whose volumes it reads: of a layer X and, if it adds one, the residual
	layer    *layerData
	operator shaders.Operator
	first    int // of the channels that it gives
	// quantized is a layer of 8-bit whole numbers. quantization says what a volume of int8 stands for, nil of float32.
	quantized    *quantizedData
	quantization *quantization
	kernels      *Kernels
	words        []uint32 // of a constant
	stores       DType    // of what kernels read and write; "" is Float32, but for int8
}

// shape is a volume's: N x Z x H x W x D.
type shape struct{ n, z, h, w, d int }

func (s shape) pixels() int64  { return int64(s.n) * int64(s.z) * int64(s.h) * int64(s.w) }
func (s shape) numbers() int64 { return s.pixels() * int64(s.d) }

// String is, for example, 1x56x56x64; planes are named where there are several.
func (s shape) String() string {
	if s.z == 1 {
		return fmt.Sprintf("%dx%dx%dx%d", s.n, s.h, s.w, s.d)
	}
	return fmt.Sprintf("%dx%dx%dx%dx%d", s.n, s.z, s.h, s.w, s.d)
}

// shapeOf is a volume's.
func shapeOf(v tensor.Volume) shape { return shape{v.N, v.Planes(), v.H, v.W, v.D} }

// NewProgram begins a program for dev. Its inputs and outputs are float32, and so are volumes between layers but for
// those of [Builder.Quantize] and [Builder.QuantizedConv].
func NewProgram(dev *Device) *Builder { return &Builder{dev: dev} }

// add adds a node and gives its volume.
func (b *Builder) add(n node) Value {
	b.nodes = append(b.nodes, n)
	return Value{b, len(b.nodes) - 1}
}

// fail keeps the first error. The volume that is given stands for none.
func (b *Builder) fail(err error) Value {
	if b.err == nil {
		b.err = fmt.Errorf("node %d of a program: %w", len(b.nodes), err)
	}
	return Value{}
}

// check gives the node of a volume, where it is a float32 one of this builder's.
func (b *Builder) check(values ...Value) ([]int, error) {
	nodes, err := b.checkAny(values...)
	for _, n := range nodes {
		if b.nodes[n].quantization != nil {
			return nil, fmt.Errorf(
				"%w: a volume of int8 where one of float32 must be: take it through Dequantize",
				gpu.ErrMisuse,
			)
		}
	}
	return nodes, err
}

// checkAny gives the node of a volume of any number type.
func (b *Builder) checkAny(values ...Value) (nodes []int, err error) {
	for _, v := range values {
		if b.err != nil {
			return nil, b.err
		}
		if v.builder != b {
			return nil, fmt.Errorf("%w: a volume of another program, or of none", gpu.ErrMisuse)
		}
		nodes = append(nodes, v.node)
	}
	return nodes, nil
}

// Input is a volume of n images of height h, width w and depth d that the host gives to each run.
func (b *Builder) Input(n, h, w, d int) Value { return b.Input3D(n, 1, h, w, d) }

// Input3D is one of z planes.
func (b *Builder) Input3D(n, z, h, w, d int) Value {
	v := tensor.Volume{N: n, Z: z, H: h, W: w, D: d}
	if err := fitsProgram(v); err != nil {
		return b.fail(err)
	}
	return b.add(node{kind: inputNode, shape: shapeOf(v)})
}

// fitsProgram reports a volume of no numbers, or of more than kernels can count.
func fitsProgram(v tensor.Volume) error {
	numbers := int64(1)
	for _, n := range []int{v.N, v.Z, v.H, v.W, v.D} {
		if n < 1 || int64(n) > math.MaxUint32/numbers {
			return fmt.Errorf(
				"%w: an input of %s, each must be 1 or more and all together fewer than 2^32",
				cpuref.ErrShape,
				shapeOf(v),
			)
		}
		numbers *= int64(n)
	}
	return nil
}

// Conv is V of a layer whose input volume is x, and whose residual, if its epilogue adds one, is the last argument.
// The filters are copied.
func (b *Builder) Conv(x Value, p conv.Problem, filters tensor.Filters, o LayerOptions, residual ...Value) Value {
	from, err := b.check(append([]Value{x}, residual...)...)
	if err != nil {
		return b.fail(err)
	}
	l := &layerData{problem: p, options: o}
	if err := b.checkLayer(l, filters, from); err != nil {
		return b.fail(err)
	}
	l.keep(filters)
	return b.add(node{kind: convNode, shape: outputShape(p), from: from, layer: l})
}

// outputShape is V's.
func outputShape(p conv.Problem) shape {
	return shape{p.Batch, p.Z.Out, p.H.Out, p.W.Out, p.OutChannels}
}

// checkLayer reports a layer that no program takes, or that the volumes do not fit.
func (b *Builder) checkLayer(l *layerData, filters tensor.Filters, from []int) error {
	p, o := l.problem, l.options
	if err := p.Validate(); err != nil {
		return err
	}
	if err := o.Validate(p); err != nil {
		return err
	}
	if o.dtype() != Float32 {
		return fmt.Errorf("%w: a layer of %s in a program, whose volumes are float32", ErrUnsupported, o.dtype())
	}
	if err := cpuref.CheckFilters(p, filters); err != nil {
		return err
	}
	return b.checkVolumes(p, o.Epilogue, from)
}

// checkVolumes reports volumes that are not a layer's X and, if it adds one, residual.
func (b *Builder) checkVolumes(p conv.Problem, e conv.Epilogue, from []int) error {
	want := []shape{{p.Batch, p.Z.In, p.H.In, p.W.In, p.InChannels}}
	if e.Residual != conv.NoResidual {
		want = append(want, outputShape(p))
	}
	if len(from) != len(want) {
		return fmt.Errorf("%w: %d residual volumes, layer %s adds %d", cpuref.ErrShape, len(from)-1, p, len(want)-1)
	}
	for i, f := range from {
		if has := b.nodes[f].shape; has != want[i] {
			return fmt.Errorf(
				"%w: layer %s reads a volume of %s, its %s must be %s",
				cpuref.ErrShape,
				p,
				has,
				[]string{"X", "residual"}[i],
				want[i],
			)
		}
	}
	return nil
}

// Operator is the elementwise operator of that name on volumes of one shape: copy, relu, add, sub, mul, max or min.
func (b *Builder) Operator(name string, volumes ...Value) Value {
	from, err := b.check(volumes...)
	if err != nil {
		return b.fail(err)
	}
	o, ok := shaders.OperatorOf(name)
	if !ok {
		var names []string
		for _, o := range shaders.Operators() {
			names = append(names, o.Kernel)
		}
		return b.fail(fmt.Errorf("%w: operator %q, must be one of %v", gpu.ErrMisuse, name, names))
	}
	if len(from) != o.Inputs() {
		return b.fail(fmt.Errorf("%w: %d volumes, operator %s takes %d", cpuref.ErrShape, len(from), name, o.Inputs()))
	}
	s := b.nodes[from[0]].shape
	for _, f := range from {
		if has := b.nodes[f].shape; has != s {
			return b.fail(
				fmt.Errorf("%w: operator %s of volumes of %s and %s, must be equal", cpuref.ErrShape, name, s, has),
			)
		}
	}
	return b.add(node{kind: operatorNode, shape: s, from: from, operator: o})
}

// Concat joins volumes along channels. Where it can, what gives them writes its channels in place, and nothing is
// copied.
func (b *Builder) Concat(volumes ...Value) Value {
	from, err := b.check(volumes...)
	if err != nil {
		return b.fail(err)
	}
	if len(from) == 0 {
		return b.fail(fmt.Errorf("%w: a concatenation of no volumes", gpu.ErrMisuse))
	}
	s := b.nodes[from[0]].shape
	s.d = 0
	for _, f := range from {
		has := b.nodes[f].shape
		s.d += has.d
		if has.d = s.d; has != s {
			return b.fail(
				fmt.Errorf(
					"%w: a concatenation of volumes of %s and %s, must differ in channels alone",
					cpuref.ErrShape,
					b.nodes[from[0]].shape,
					b.nodes[f].shape,
				),
			)
		}
	}
	return b.add(node{kind: concatNode, shape: s, from: from})
}

// Channels are the channels from first on of a volume, up to the one before end. Nothing is copied.
func (b *Builder) Channels(x Value, first, end int) Value {
	from, err := b.check(x)
	if err != nil {
		return b.fail(err)
	}
	s := b.nodes[from[0]].shape
	if first < 0 || first >= end || end > s.d {
		return b.fail(
			fmt.Errorf(
				"%w: channels %d to %d of a volume of %s, must be among its %d",
				cpuref.ErrShape,
				first,
				end-1,
				s,
				s.d,
			),
		)
	}
	s.d = end - first
	return b.add(node{kind: channelsNode, shape: s, from: from, first: first})
}

// Compile plans the memory of a program that gives these volumes, uploads its filters, and records what each run
// submits. Nodes that no output needs are left out. The error is the first one of the builder's calls, or wraps
// [ErrUnsupported], for the CPU reference too, or gpu's reasons.
func (b *Builder) Compile(outputs ...Value) (*Program, error) {
	return b.compile(context.Background(), false, outputs)
}

// CompileChecked compiles the same program for [Program.Verify]: no volumes share memory, and guards stand around
// each.
func (b *Builder) CompileChecked(outputs ...Value) (*Program, error) {
	return b.compile(context.Background(), true, outputs)
}

// CompileContext is Compile, or CompileChecked, until ctx ends: it is asked between one kernel and the next.
func (b *Builder) CompileContext(ctx context.Context, checked bool, outputs ...Value) (*Program, error) {
	return b.compile(ctx, checked, outputs)
}

func (b *Builder) compile(ctx context.Context, checked bool, outputs []Value) (*Program, error) {
	if b == nil {
		return nil, fmt.Errorf("compiling a program: %w: use a Builder from host.NewProgram", gpu.ErrMisuse)
	}
	p, err := b.compiled(ctx, checked, outputs)
	if err != nil {
		return nil, fmt.Errorf("compiling a program for %s: %w", b.dev, err)
	}
	return p, nil
}

func (b *Builder) compiled(ctx context.Context, checked bool, outputs []Value) (*Program, error) {
	if err := errors.Join(b.err, b.dev.Usable()); err != nil {
		return nil, err
	}
	if b.dev.gpu == nil {
		return nil, fmt.Errorf("%w: programs run on a GPU", ErrUnsupported)
	}
	if len(outputs) == 0 {
		return nil, fmt.Errorf("%w: a program without outputs", gpu.ErrMisuse)
	}
	wanted, err := b.check(outputs...)
	if err != nil {
		return nil, err
	}
	c := newCompiler(b, wanted)
	return c.compile(ctx, checked)
}

// Device is what the program will run on.
func (b *Builder) Device() *Device { return b.dev }
