package algo

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// Spec is what is to be computed: a layer, without its data.
type Spec struct {
	Problem  conv.Problem
	Epilogue conv.Epilogue
	Separate bool          // the activation in a step of its own behind the sums
	DType    shaders.DType // of X, W, the residual and V
	Exact    bool          // leaves out algorithms whose transforms round, and spread what is not finite
	Named    bool          // the algorithm was asked for by its name: with Exact it may spread what is not finite
	// X, V and Residual are where the volumes stand in operands that may have more channels.
	X, V, Residual shaders.Placement
	Block          bool   // of a layer that is computed in blocks, and judged by the bound of plain sums
	Direct         bool   // the direct algorithm was asked for by its name, for gradients too
	Threads        uint32 // of the direct algorithm's workgroups; 0 chooses
	FilterGradient string // the algorithm for the gradients with respect to W and b; "" chooses
	InputGradient  string // the algorithm of the layer that computes dX, where it serves; "" chooses
}

// Limits are those of a device, and what rules must know of it.
type Limits struct {
	gpu.Limits
	Software bool // no GPU, but a driver that computes on the CPU
	// SwiftShader tells that it is the one, whose compiler takes ten times as long as llvmpipe's, and which reads and
	// writes float16 bit by bit: GPUs and llvmpipe have instructions for it.
	SwiftShader bool
	// General asks for kernels that know all of an epilogue, which few plans have: see finished.
	General bool
}

// LimitsOf are those of an adapter.
func LimitsOf(info gpu.AdapterInfo) Limits {
	return Limits{
		Limits:      info.Limits,
		Software:    info.Type == gpu.Software,
		SwiftShader: strings.Contains(info.Name, "SwiftShader"),
	}
}

// Algorithm is one way to compute a layer forward, with its parameters: every one is held to the same proof.
type Algorithm interface {
	// Name is the algorithm's: direct, registers, shared, winograd2, winograd4, ...
	Name() string
	// Variant is what the name leaves open, such as the size of tiles.
	Variant() string
	// Plan says what the algorithm would do, or why the layer is none of its.
	Plan(Spec, Limits) (Plan, error)
}

// Name is how an algorithm is named in full: "name/variant".
func Name(a Algorithm) string { return a.Name() + "/" + a.Variant() }

// Plan is what an algorithm does for a layer. The layer's operands are the first of exec's plan.
type Plan struct {
	exec.Plan
	Algorithm Algorithm
	Spec      Spec
	// Work estimates how long its kernels take on a machine, in multiply-adds of one thread; nil where there is no
	// choice.
	Work func(Machine) float64
	// Pack gives the filters in the order that the kernels read; nil is as they are.
	Pack func(tensor.Filters) ([]float32, error)
}

// Cost estimates how long the plan takes on a machine: its kernels, and each of its dispatches.
func (plan Plan) Cost(m Machine) float64 { return plan.Work(m) + m.Dispatch*float64(len(plan.Steps)) }

// The layer's operands. Where there is nothing to bind, a number that no kernel reads stands in.
const (
	X = iota
	W
	B
	Slopes
	Residual
	V
	layerOperands
)

var (
	errNotFloat32  = errors.New("volumes must be float32")
	errNotOrdinary = errors.New("not for transposed or unshared layers")
	errBlock       = errors.New("not for layers that are computed in blocks")
	errRounds      = errors.New("its transforms round: not where integers must be exact")
	errTwice       = errors.New("a separate epilogue of float16 would round twice")
	errSpreads     = errors.New(
		"its transforms spread what is not finite over a tile: with Exact only where it is named",
	)
	// ErrTooLong is about layers that kernels cannot count.
	ErrTooLong = errors.New("volumes and filters of 2^32 numbers or more, or padded axes of 2^30")
	// ErrNotServed is about an algorithm that was asked for by its name.
	ErrNotServed = errors.New("not for this layer")
	// ErrLimits is about devices.
	ErrLimits = errors.New("this adapter's workgroups or bindings are too small for it")
)

// newPlan begins the plan of a, with the layer's operands, of whose packed filters there are so many numbers.
func newPlan(a Algorithm, s Spec, packed int64, work func(Machine) float64) Plan {
	p, slopes, residuals := s.Problem, int64(1), int64(1)
	if s.Epilogue.Activation.Function == conv.PReLU {
		slopes = int64(p.OutChannels)
	}
	residualRole := exec.Constant
	if s.Epilogue.Residual != conv.NoResidual {
		residuals, residualRole = placed(p.OutLen(), p.OutChannels, s.Residual), exec.Input
	}
	nothing := func() ([]uint32, error) { return []uint32{0}, nil }
	plan := Plan{Algorithm: a, Spec: s, Work: work}
	plan.Operands = []exec.Operand{
		{Name: "the input volume X", Role: exec.Input, Count: placed(p.InLen(), p.InChannels, s.X), DType: s.DType},
		{Name: "the filter bank W", Role: exec.Constant, Count: packed, DType: s.DType},
		{Name: "the biases b", Role: exec.Constant, Count: p.BiasLen(), DType: shaders.Float32},
		{Name: "the slopes of PReLU", Role: exec.Constant, Count: slopes, DType: shaders.Float32, Fill: nothing},
		{Name: "the residual R", Role: residualRole, Count: residuals, DType: s.DType, Fill: nothing},
		{Name: "the output volume V", Role: exec.Output, Count: placed(p.OutLen(), p.OutChannels, s.V),
			DType: s.DType},
	}
	return plan
}

// placed is how many numbers the operand holds in which a volume stands.
func placed(numbers int64, channels int, at shaders.Placement) int64 {
	if at == (shaders.Placement{}) {
		return numbers
	}
	return numbers / int64(channels) * int64(at.Pitch)
}

// check reports placements that the problem's volumes cannot have, and those that kernels which load so many channels
// of X, and store so many of V, at once do not take.
func (s Spec) check(load, store uint32) error {
	p := s.Problem
	pixels := p.OutLen() / int64(p.OutChannels)
	if err := errors.Join(s.X.Check(p.InLen()/int64(p.InChannels), int64(p.InChannels)),
		s.V.Check(pixels, int64(p.OutChannels)), s.Residual.Check(pixels, int64(p.OutChannels))); err != nil {
		return err
	}
	if !s.X.Aligned(load) || !s.V.Aligned(store) {
		return fmt.Errorf("%w: X must stand at multiples of %d channels and V of %d", shaders.ErrPlacement, load,
			store)
	}
	return nil
}

// place has a kernel's X, V and residual where the layer's are.
func (s Spec) place(params shaders.Params) shaders.Params {
	return params.Place(s.X, s.V, s.Residual)
}

// Fill says what the constants are filled with: valid filters, and the slopes where there are any.
func (plan *Plan) Fill(filters tensor.Filters, slopes []float32) {
	stored := plan.Operands[W].DType
	plan.Operands[W].Fill = func() ([]uint32, error) {
		if plan.Pack == nil {
			return exec.Words(stored, filters.Data), nil
		}
		packed, err := plan.Pack(filters)
		return exec.Words(stored, packed), err
	}
	plan.Operands[B].Fill = func() ([]uint32, error) { return exec.Bits(filters.Bias), nil }
	if len(slopes) > 0 {
		plan.Operands[Slopes].Fill = func() ([]uint32, error) { return exec.Bits(slopes), nil }
	}
}

// fused is the epilogue of the kernels that compute sums.
func (s Spec) fused() conv.Epilogue {
	if s.Separate {
		return conv.Epilogue{}
	}
	return s.Epilogue
}

// layer are the uses of the layer's operands, as the kernels that compute it bind them.
func layer() []exec.Use {
	return []exec.Use{
		exec.Whole(X),
		exec.Whole(W),
		exec.Whole(B),
		exec.Whole(Slopes),
		exec.Whole(Residual),
		exec.Whole(V),
	}
}

// finished adds the epilogue where it is to be a step of its own, and holds the plan against the device.
func (plan Plan) finished(l Limits) (Plan, error) {
	if s := plan.Spec; s.Separate {
		plan.separate(s)
	}
	return plan, plan.fits(l)
}

// separate adds the epilogue over V, in place.
func (plan *Plan) separate(s Spec) {
	p, e := s.Problem, s.Epilogue
	if e == conv.Activate(conv.ReLU) {
		params := shaders.Encode(shaders.ReLUInPlace(p, s.V))
		plan.Threads(shaders.ReLU, params, p.OutLen(), int64(shaders.ReLU.Threads), exec.Whole(V))
		return
	}
	params := shaders.Encode(s.place(shaders.Forward(p, e)))
	plan.Threads(
		shaders.Activate,
		params,
		p.OutLen(),
		int64(shaders.Activate.Threads),
		exec.Whole(Slopes),
		exec.Whole(Residual),
		exec.Whole(V),
	)
}

// fits reports kernels and memory, beside the layer's own volumes, that are too large for the device: volumes are
// looked at by those who split layers.
func (plan Plan) fits(l Limits) error {
	for i, o := range plan.Operands {
		if i < layerOperands && (i != W || plan.Pack == nil) {
			continue
		}
		if !l.holds(o) {
			return fmt.Errorf("%w: %s takes %d bytes", ErrLimits, o.Name, o.Bytes())
		}
	}
	for _, step := range plan.Steps {
		s, err := shaders.Source(step.Kernel)
		if err != nil {
			return err
		}
		if s.Workgroup[0] > min(l.MaxWorkgroupInvocations, l.MaxWorkgroupSizeX) ||
			s.WorkgroupStorage > l.MaxWorkgroupStorage {
			return fmt.Errorf("%w: %s", ErrLimits, step.Kernel.Name())
		}
	}
	return nil
}

// holds tells whether a binding is large enough for an operand and its guards.
func (l Limits) holds(o exec.Operand) bool {
	guard := exec.GuardBytes(l.Limits)
	return o.Bytes()+guard <= min(l.MaxStorageBinding, l.MaxBufferSize-guard)
}
