package host

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/turn"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// Program is layers that are joined: a run is one submission, and nothing is read back but its outputs. It may be used
// from many goroutines, one run after the other.
type Program struct {
	dev     *Device
	checked bool
	inputs  []port // in the order of the builder's calls
	outputs []port // in the order in which Compile was given them
	steps   []programStep
	pairs   []Pair

	mu      turn.Lock
	session *exec.Session // nil once closed
	runs    uint64        // counts what was written over the volumes on the device
}

// port is a volume that the host writes or reads. An input that no node reads has no operand, which is -1.
type port struct {
	shape   shape
	operand int
}

// programStep is what a node of the program does: the plan's steps up to the one before end.
type programStep struct {
	node      node
	what      string
	end       int
	volumes   []stored // that it reads, and the one that it writes
	algorithm Algorithm
	kernel    string // the first one
	sums      int    // the operand of a quantized layer's sums, -1 where kernels make outputs of them at once
	// quantization is that of the int8 volume that a dequantize node reads.
	quantization quantization
}

// stored is where a volume is.
type stored struct {
	operand int
	shape   shape
	at      shaders.Placement
	dtype   DType
}

// open allocates memory and records the plan.
func (p *Program) open(ctx context.Context, plan exec.Plan) (err error) {
	if len(plan.Steps) == 0 {
		return fmt.Errorf("%w: nothing to compute", gpu.ErrMisuse)
	}
	if p.session, err = exec.OpenContext(ctx, p.dev.exec, plan, p.checked); err == nil && !p.checked {
		p.release()
	}
	return unsupported(err)
}

// release lets go of the host's copies of filters, which only those need who judge: a network would hold its weights
// three times.
func (p *Program) release() {
	p.session.Release()
	for i, s := range p.steps {
		if s.node.layer != nil {
			l := *s.node.layer
			l.filters.Data, l.filters.Bias = nil, nil
			if l.before != nil {
				before := *l.before
				before.filters.Data, before.filters.Bias, l.before = nil, nil, &before
			}
			p.steps[i].node.layer = &l
		}
		if s.node.quantized != nil {
			p.steps[i].node.quantized = &quantizedData{
				problem: s.node.quantized.problem,
				options: s.node.quantized.options,
			}
		}
	}
}

// Memory says how a program's volumes share the device's memory, in bytes. Filters and other constants come on top, as
// they are.
type Memory struct {
	Planned    uint64 // of all buffers that volumes share
	Naive      uint64 // of volumes with a buffer each
	LowerBound uint64 // no plan that shares buffers whole takes less
	Live       uint64 // of the volumes that are needed at once at the worst moment: no plan at all takes less
	Textures   uint64 // that volumes are copied to for kernels which read from textures, beside all of these
}

// Memory says how the program's volumes share memory, or would if it were not a checked one.
func (p *Program) Memory() Memory {
	if p == nil || p.session == nil {
		return Memory{}
	}
	m, err := exec.PlanMemory(p.session.Plan())
	if err != nil {
		return Memory{} // Compile would have failed
	}
	return Memory{m.Planned, m.Naive, m.Bound, m.Live, p.session.Memory().Textures}
}

// Algorithms names what computes each of the program's nodes, in the order in which they run: the algorithm, or of
// what has none to choose from the first kernel.
func (p *Program) Algorithms() []string {
	return p.each(func(s programStep) string {
		if s.algorithm == nil {
			return s.kernel
		}
		return AlgorithmName(s.algorithm)
	})
}

// Nodes says of each of the program's nodes, in the order of [Program.Algorithms], where it stands and what it is.
func (p *Program) Nodes() []string { return p.each(func(s programStep) string { return s.what }) }

// Names are what the caller calls the nodes that run, in their order: a layer's by its problem, [Kernels] by theirs,
// and "" all others.
func (p *Program) Names() []string { return p.each(programStep.name) }

// FusedNames are, for each of [Program.Names], that of the depthwise layer that is computed together with the layer,
// and "" of all others.
func (p *Program) FusedNames() []string { return p.each(programStep.fusedName) }

// each is what is said of each node that runs.
func (p *Program) each(say func(programStep) string) (all []string) {
	if p == nil {
		return nil
	}
	for _, s := range p.steps {
		all = append(all, say(s))
	}
	return all
}

// Pairs are the layers that could be computed together, whether they are or not, in their order.
func (p *Program) Pairs() []Pair {
	if p == nil {
		return nil
	}
	return slices.Clone(p.pairs)
}

// ShadersHash tells apart builds whose kernels have other WGSL, those of tensors included.
func ShadersHash() string { return shaders.HashAll() }

// Run uploads the inputs, in the order in which the builder made them, runs all nodes in one submission and reads the
// outputs back, in the order in which Compile was given them. It waits until ctx ends at most. The error wraps
// [cpuref.ErrShape] where a volume does not fit, [gpu.ErrClosed], or ctx's.
func (p *Program) Run(ctx context.Context, inputs ...tensor.Volume) (outputs []tensor.Volume, err error) {
	words, err := p.run(ctx, p.volumes(inputs))
	if err != nil {
		return nil, err
	}
	return p.asVolumes(words), nil
}

// RunWords is [Program.Run] of inputs and outputs as the device stores them, of any data type.
func (p *Program) RunWords(ctx context.Context, inputs ...[]uint32) (outputs [][]uint32, err error) {
	return p.run(ctx, p.words(inputs))
}

func (p *Program) run(ctx context.Context, inputs given) (outputs [][]uint32, err error) {
	err = p.use(ctx, "running", func(s *exec.Session) error {
		words, err := inputs()
		if err != nil {
			return err
		}
		var results []exec.Result
		outputs, results = p.results()
		return s.Process(ctx, words, false, results...)
	})
	return outputs, err
}

// Running is a run under way: see [Program.Submit].
type Running struct {
	program *Program
	number  uint64
	sent    *gpu.Submission
}

// Submit uploads the inputs, sends all nodes to the device and returns at once, but for who else uses the program,
// whom it waits for until ctx ends at most. Wait gives the outputs.
func (p *Program) Submit(ctx context.Context, inputs ...tensor.Volume) (r *Running, err error) {
	err = p.use(ctx, "submitting", func(s *exec.Session) error {
		words, err := p.volumes(inputs)()
		if err != nil {
			return err
		}
		if err := s.WriteAll(words); err != nil {
			return err
		}
		sent, err := s.Submit()
		r = &Running{p, p.runs, sent}
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Wait waits for the run until ctx ends at most, and reads the outputs back. The error wraps [gpu.ErrMisuse] where
// another run of the program has taken the place of this one.
func (r *Running) Wait(ctx context.Context) (outputs []tensor.Volume, err error) {
	if r == nil || r.program == nil {
		return nil, fmt.Errorf("waiting for a program: %w: nothing was submitted", gpu.ErrMisuse)
	}
	p := r.program
	if err := r.sent.Wait(ctx); err != nil {
		return nil, p.failed("waiting for", err)
	}
	err = p.look(ctx, "waiting for", func(s *exec.Session) error {
		if p.runs != r.number {
			return fmt.Errorf(
				"%w: another run has taken the place of this one: wait for each before the next",
				gpu.ErrMisuse,
			)
		}
		var words [][]uint32
		for _, port := range p.outputs {
			read, err := s.ReadWords(ctx, port.operand)
			if err != nil {
				return err
			}
			words = append(words, read)
		}
		outputs = p.asVolumes(words)
		return nil
	})
	return outputs, err
}

// NodeTime is the time that one node took by the device's own clock.
type NodeTime struct {
	Node      string
	Algorithm string
	Dispatch
}

// Profile runs the program and gives the time of each dispatch, in their order, with the node that it belongs to. The
// device must have [gpu.FeatureTimestamps].
func (p *Program) Profile(ctx context.Context, inputs ...tensor.Volume) (all []NodeTime, err error) {
	return p.profile(ctx, p.volumes(inputs))
}

// ProfileWords is [Program.Profile] of inputs as the device stores them.
func (p *Program) ProfileWords(ctx context.Context, inputs ...[]uint32) (all []NodeTime, err error) {
	return p.profile(ctx, p.words(inputs))
}

func (p *Program) profile(ctx context.Context, inputs given) (all []NodeTime, err error) {
	names := p.Algorithms()
	err = p.use(ctx, "timing", func(s *exec.Session) error {
		words, err := inputs()
		if err != nil {
			return err
		}
		if err := s.WriteAll(words); err != nil {
			return err
		}
		times, err := s.Times(ctx)
		at := 0
		for i, t := range times {
			for i >= p.steps[at].end {
				at++
			}
			all = append(all, NodeTime{p.steps[at].what, names[at], Dispatch{s.Plan().Steps[i].Kernel.Name(), t}})
		}
		return err
	})
	return all, err
}

// TimeWords runs the program a number of times, one run after the other, with its inputs as the device stores them,
// and gives the time of one run by the device's own clock, as the clock measures them together: less than the sum of
// what Profile gives, for it costs to begin and to end each measurement. The device must have [gpu.FeatureTimestamps].
// The error wraps [gpu.ErrMisuse] for less than one run, or more than 1,000.
func (p *Program) TimeWords(ctx context.Context, runs int, inputs ...[]uint32) (took time.Duration, err error) {
	err = p.use(ctx, "timing", func(s *exec.Session) error {
		words, err := p.words(inputs)()
		if err != nil {
			return err
		}
		if err := s.WriteAll(words); err != nil {
			return err
		}
		took, err = timed(ctx, s, runs)
		return err
	})
	return took, err
}

// volumes gives what is to be written of inputs, which must have the shapes that the program takes.
func (p *Program) volumes(inputs []tensor.Volume) given {
	return func() (map[int][]uint32, error) {
		words := make([][]uint32, len(inputs))
		for i, v := range inputs {
			if i < len(p.inputs) && shapeOf(v) != p.inputs[i].shape {
				return nil, fmt.Errorf(
					"%w: input %d is %s, must be %s",
					cpuref.ErrShape,
					i,
					shapeOf(v),
					p.inputs[i].shape,
				)
			}
			words[i] = exec.Bits(v.Data)
		}
		return p.words(words)()
	}
}

// given are the words of a program's inputs, by operand, once they were held against it.
type given func() (map[int][]uint32, error)

// words gives what is to be written of the inputs' words.
func (p *Program) words(inputs [][]uint32) given {
	return func() (map[int][]uint32, error) {
		if len(inputs) != len(p.inputs) {
			return nil, fmt.Errorf("%w: %d inputs, the program takes %d", cpuref.ErrShape, len(inputs), len(p.inputs))
		}
		all := map[int][]uint32{}
		for i, words := range inputs {
			port := p.inputs[i]
			if int64(len(words)) != port.shape.numbers() {
				return nil, fmt.Errorf(
					"%w: input %d is a volume with %d numbers, must have the %d of %s",
					cpuref.ErrShape,
					i,
					len(words),
					port.shape.numbers(),
					port.shape,
				)
			}
			if port.operand >= 0 {
				all[port.operand] = words
			}
		}
		return all, nil
	}
}

// results makes room for the outputs.
func (p *Program) results() (words [][]uint32, results []exec.Result) {
	for _, o := range p.outputs {
		w := make([]uint32, o.shape.numbers())
		words, results = append(words, w), append(results, exec.Result{Operand: o.operand, Words: w})
	}
	return words, results
}

// asVolumes views the outputs' words as volumes of float32.
func (p *Program) asVolumes(words [][]uint32) (volumes []tensor.Volume) {
	for i, w := range words {
		s := p.outputs[i].shape
		volumes = append(volumes, tensor.Volume{N: s.n, Z: s.z, H: s.h, W: s.w, D: s.d, Data: exec.Floats(w)})
	}
	return slices.Clip(volumes)
}

// use does something with the program's session that writes over what is on the device.
func (p *Program) use(ctx context.Context, doing string, do func(*exec.Session) error) error {
	return p.look(ctx, doing, func(s *exec.Session) error {
		p.runs++
		return do(s)
	})
}

// look does something with the program's session, one goroutine at a time.
func (p *Program) look(ctx context.Context, doing string, do func(*exec.Session) error) error {
	if p == nil || p.dev == nil {
		return fmt.Errorf("%s a program: %w, or never compiled: use one from Builder.Compile", doing, gpu.ErrClosed)
	}
	if err := p.dev.Usable(); err != nil {
		return p.failed(doing, err)
	}
	if err := p.mu.LockFor(ctx); err != nil {
		return p.failed(doing, err)
	}
	defer p.mu.Unlock()
	if p.session == nil {
		return p.failed(doing, fmt.Errorf("program %w", gpu.ErrClosed))
	}
	if err := do(p.session); err != nil {
		return p.failed(doing, err)
	}
	return nil
}

func (p *Program) failed(doing string, err error) error {
	return fmt.Errorf("%s a program of %d nodes on %s: %w", doing, len(p.steps), p.dev, err)
}

// Close frees the program's memory on the device.
func (p *Program) Close() error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.session.Close()
	p.session = nil
	return nil
}
