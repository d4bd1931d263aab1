package host

import (
	"context"
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// compiler turns a graph of nodes into a plan.
type compiler struct {
	dev     *Device
	nodes   []node // the builder's that are needed, and copies
	outputs []int
	// root is, for each node, the node in whose volume its own stands, and first its first channel there. The volume
	// of a root is an operand of its own.
	root, first []int
	operand     []int // of each root, -1 for inputs that no node reads
	emitted     []bool
	fusing      Fusing
	layers      map[int]algo.Plan // of the nodes that are layers
	plan        exec.Plan
	program     *Program
}

// newCompiler takes the nodes that the outputs need, in their order.
func newCompiler(b *Builder, outputs []int) *compiler {
	c := &compiler{dev: b.dev, outputs: slices.Clone(outputs), fusing: b.fusing, layers: map[int]algo.Plan{}}
	needed := make([]bool, len(b.nodes))
	for _, o := range outputs {
		needed[o] = true
	}
	for i := len(b.nodes) - 1; i >= 0; i-- {
		for _, f := range b.nodes[i].from {
			needed[f] = needed[f] || needed[i]
		}
	}
	for i, n := range b.nodes { // kernels write all of their volumes, needed or not
		if n.kind == besideNode {
			needed[i] = needed[n.from[0]]
		}
	}
	number := make([]int, len(b.nodes))
	for i, n := range b.nodes {
		if !needed[i] && n.kind != inputNode { // a run is given all inputs
			continue
		}
		n.from = renumbered(n.from, number)
		number[i] = len(c.nodes)
		c.nodes = append(c.nodes, n)
	}
	c.outputs = renumbered(outputs, number)
	return c
}

func renumbered(nodes, number []int) []int {
	all := make([]int, len(nodes))
	for i, n := range nodes {
		all[i] = number[n]
	}
	return all
}

func (c *compiler) compile(ctx context.Context, checked bool) (*Program, error) {
	c.ownOutputs()
	c.place()
	c.program = &Program{dev: c.dev, checked: checked}
	if err := c.fuse(ctx); err != nil {
		return nil, err
	}
	c.allocate()
	if err := c.choose(ctx); err != nil {
		return nil, err
	}
	c.emitted = make([]bool, len(c.nodes))
	for i := range c.nodes {
		if err := c.emit(i); err != nil {
			return nil, err
		}
	}
	return c.program, c.program.open(ctx, c.plan)
}

// String says what a node does.
func (n node) String() string {
	switch n.kind {
	case inputNode:
		return fmt.Sprintf("an input of %s", n.shape)
	case convNode, fusedNode:
		if n.layer.before != nil {
			return fmt.Sprintf("layers %s and %s", n.layer.before.problem, n.layer.problem)
		}
		return fmt.Sprintf("layer %s", n.layer.problem)
	case operatorNode:
		return fmt.Sprintf("%s of %s", n.operator.Kernel, n.shape)
	case concatNode:
		return fmt.Sprintf("a concatenation to %s", n.shape)
	case quantizedNode:
		return fmt.Sprintf("layer %s of int8", n.quantized.problem)
	case quantizeNode:
		return fmt.Sprintf("%s as int8", n.shape)
	case dequantizeNode:
		return fmt.Sprintf("%s from int8", n.shape)
	case kernelsNode:
		return n.kernels.Name
	case besideNode:
		return fmt.Sprintf("%s beside it", n.shape)
	case constantNode:
		return fmt.Sprintf("a constant of %s", n.shape)
	case reshapeNode:
		return fmt.Sprintf("a volume as %s", n.shape)
	}
	return fmt.Sprintf("channels of %s", n.shape)
}

// computes tells whether kernels give the node's volume.
func (n node) computes() bool {
	switch n.kind {
	case inputNode, concatNode, channelsNode, constantNode, reshapeNode, fusedNode:
		return false
	}
	return true
}

// alone tells whether a volume must be all of its operand: what kernels of the caller read and write has no placement,
// and a volume of another shape has none of its own.
func (c *compiler) alone(i int) bool {
	switch kind := c.nodes[i].kind; {
	case kind == kernelsNode || kind == besideNode || !c.nodes[i].computes() && kind != concatNode:
		return true
	}
	return slices.ContainsFunc(c.nodes, func(n node) bool {
		return (n.kind == kernelsNode || n.kind == reshapeNode) && slices.Contains(n.from, i)
	})
}

// ownOutputs sees to it that what is read back stands alone, written by a kernel: else it is copied.
func (c *compiler) ownOutputs() {
	seen := map[int]bool{}
	for i, o := range c.outputs {
		used := slices.ContainsFunc(
			c.nodes,
			func(n node) bool { return n.kind == concatNode && slices.Contains(n.from, o) },
		)
		computed := c.nodes[o].computes() || c.nodes[o].kind == concatNode
		if seen[o] || used || !computed {
			c.outputs[i] = c.copyOf(o)
		}
		seen[o] = true
	}
}

// copyOf adds a node that copies a volume.
func (c *compiler) copyOf(of int) int {
	o, _ := shaders.OperatorOf("copy")
	c.nodes = append(c.nodes, node{kind: operatorNode, shape: c.nodes[of].shape, from: []int{of}, operator: o})
	return len(c.nodes) - 1
}

// where gives the root in whose operand a node's volume stands, and its first channel there.
func (c *compiler) where(i int) (root, first int) {
	switch {
	case c.nodes[i].kind == channelsNode || c.nodes[i].kind == reshapeNode:
		root, first = c.where(c.nodes[i].from[0])
		return root, first + c.nodes[i].first
	case c.root[i] != i:
		root, first = c.where(c.root[i])
		return root, first + c.first[i]
	}
	return i, 0
}

// placement is where a node's volume stands in its operand: the zero one where it is all of it.
func (c *compiler) placement(i int) (operand int, at shaders.Placement) {
	root, _ := c.where(i)
	return c.operand[root], c.standing(i)
}

// standing is the same without the operand, which there need not be yet.
func (c *compiler) standing(i int) (at shaders.Placement) {
	_, first := c.where(i)
	if pitch := c.pitch(i); pitch != c.nodes[i].shape.d {
		at = shaders.Placement{Pitch: uint32(pitch), First: uint32(first)}
	}
	return at
}

// pitch is how many numbers of its operand lie between a volume's pixels.
func (c *compiler) pitch(i int) int {
	switch {
	case c.nodes[i].kind == channelsNode:
		return c.pitch(c.nodes[i].from[0])
	case c.root[i] != i:
		return c.pitch(c.root[i])
	}
	return c.nodes[i].shape.d
}

// allocate adds an operand for each root.
func (c *compiler) allocate() {
	c.operand = make([]int, len(c.nodes))
	for i, n := range c.nodes {
		if root, _ := c.where(i); root != i || n.kind == fusedNode {
			continue
		}
		if n.kind == inputNode && !c.isRead(i) {
			c.operand[i] = -1
			c.program.inputs = append(c.program.inputs, port{n.shape, -1})
			continue
		}
		role := exec.Scratch
		switch {
		case n.kind == inputNode:
			role = exec.Input
		case n.kind == constantNode:
			role = exec.Constant
		case slices.Contains(c.outputs, i):
			role = exec.Output
		}
		c.operand[i] = c.plan.Add(
			exec.Operand{
				Name:  fmt.Sprintf("the volume of node %d, %s", i, n),
				Role:  role,
				Count: n.shape.numbers(),
				DType: n.dtype(),
				Fill:  n.fill(),
			},
		)
		if n.kind == inputNode {
			c.program.inputs = append(c.program.inputs, port{n.shape, c.operand[i]})
		}
	}
	for _, o := range c.outputs {
		root, _ := c.where(o)
		c.program.outputs = append(c.program.outputs, port{c.nodes[o].shape, c.operand[root]})
	}
}

// numbers is the number type of the node's volume.
func (n node) dtype() DType {
	switch {
	case n.quantization != nil:
		return Int8
	case n.stores != "":
		return n.stores
	}
	return Float32
}

// isRead tells whether a node reads this one's volume.
func (c *compiler) isRead(i int) bool {
	return slices.ContainsFunc(c.nodes, func(n node) bool { return slices.Contains(n.from, i) })
}

// emit adds the steps of a node behind those of the nodes that it reads: copies are the last nodes, and come before
// others.
func (c *compiler) emit(i int) (err error) {
	if c.emitted[i] {
		return nil
	}
	c.emitted[i] = true
	n := c.nodes[i]
	for _, f := range n.from {
		if err := c.emit(f); err != nil {
			return err
		}
	}
	switch n.kind {
	case convNode:
		c.emitLayer(i, n)
	case operatorNode:
		c.emitOperator(i, n)
	case quantizedNode:
		err = c.emitQuantized(i, n)
	case kernelsNode:
		err = c.emitKernels(i, n)
	case quantizeNode:
		c.emitLinear(i, n, shaders.QuantizeLinear, n.from[0], *n.quantization, exec.WordsOf(Int8, n.shape.numbers()))
	case dequantizeNode:
		c.emitLinear(i, n, shaders.DequantizeLinear, i, *c.nodes[n.from[0]].quantization, n.shape.numbers())
	}
	if err != nil {
		return fmt.Errorf("node %d, %s: %w", i, n, err)
	}
	return nil
}

func (c *compiler) emitLayer(i int, n node) {
	same := map[int]int{}
	same[algo.X], _ = c.placement(n.from[0])
	same[algo.V], _ = c.placement(i)
	if n.layer.options.Epilogue.Residual != conv.NoResidual {
		same[algo.Residual], _ = c.placement(n.from[1])
	}
	plan := c.layers[i]
	plan.Fill(n.layer.filters, n.layer.options.Slopes)
	if n.layer.before != nil {
		plan.FillDepthwise(n.layer.before.filters)
	}
	c.plan.Append(plan.Plan, same)
	c.steps(i, plan.Algorithm)
}

func (c *compiler) emitOperator(i int, n node) {
	var at [3]shaders.Placement
	var uses []exec.Use
	for k, f := range append(slices.Clone(n.from), i) {
		operand, place := c.placement(f)
		uses = append(uses, exec.Whole(operand))
		if k == len(n.from) {
			k = 2 // V
		}
		at[k] = place
	}
	params := shaders.Encode(shaders.OperatorOn(n.shape.numbers(), n.shape.d, at[0], at[1], at[2]))
	c.plan.Threads(n.operator, params, n.shape.numbers(), int64(n.operator.Threads), uses...)
	c.steps(i, nil)
}

func (c *compiler) emitQuantized(i int, n node) error {
	q := *n.quantized
	if !shaders.Fits(q.problem) {
		return unsupported(algo.ErrTooLong)
	}
	q.options.Algorithm = (&QuantizedLayer{quantizedData: q, dev: c.dev}).tuned()
	s := q.spec(true, outputKinds{n.quantization == nil, n.quantization != nil})
	same := map[int]int{}
	x, _ := c.placement(n.from[0])
	v, at := c.placement(i)
	s.V = at
	residual := -1
	if q.options.Epilogue.Residual != conv.NoResidual {
		residual, s.Residual = c.placement(n.from[1])
	}
	plan, err := q.plan(c.dev, s)
	if err != nil {
		return err
	}
	same[plan.X] = x
	same[max(plan.V, plan.Bytes)] = v // there is one of them
	if residual >= 0 {
		same[plan.Residual] = residual
	}
	index := c.plan.Append(plan.Plan, same)
	c.steps(i, nil)
	step := &c.program.steps[len(c.program.steps)-1]
	if step.sums = -1; plan.Sums >= 0 {
		step.sums = index[plan.Sums]
	}
	return nil
}

// emitLinear adds a step between a float32 volume, which is the node's own or the one that it reads, and one of int8.
func (c *compiler) emitLinear(i int, n node, k shaders.Elementwise, float int, of quantization, threads int64) {
	x, _ := c.placement(n.from[0])
	v, _ := c.placement(i)
	_, at := c.placement(float)
	params := shaders.Encode(shaders.Linear(n.shape.numbers(), n.shape.d, at, of.scale, of.zero))
	c.plan.Threads(k, params, threads, int64(k.Threads), exec.Whole(x), exec.Whole(v))
	c.steps(i, nil)
}

// steps notes that the plan's steps up to here are the node's.
func (c *compiler) steps(i int, a Algorithm) {
	n := c.nodes[i]
	begin := 0
	if before := c.program.steps; len(before) > 0 {
		begin = before[len(before)-1].end
	}
	step := programStep{
		node:      n,
		what:      fmt.Sprintf("node %d, %s", i, n),
		end:       len(c.plan.Steps),
		algorithm: a,
		kernel:    c.plan.Steps[begin].Kernel.Name(),
	}
	if n.kind == dequantizeNode {
		step.quantization = *c.nodes[n.from[0]].quantization
	}
	volumes := append(slices.Clone(n.from), i)
	if n.kind == kernelsNode {
		for k := range n.kernels.Outputs[1:] {
			volumes = append(volumes, i+1+k)
		}
	}
	for _, f := range volumes {
		operand, at := c.placement(f)
		step.volumes = append(step.volumes, stored{operand, c.nodes[f].shape, at, c.nodes[f].dtype()})
	}
	c.program.steps = append(c.program.steps, step)
}
