package op

import (
	"fmt"
	"slices"

	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/shaders"
)

// PoolKind is what a pool makes of the numbers under a window.
type PoolKind string

// The kinds: ONNX's MaxPool and AveragePool, and the sum.
const (
	MaxPool     PoolKind = "max"
	AveragePool PoolKind = "average"
	SumPool     PoolKind = "sum" // of which norms are made
)

// PoolOptions are those of ONNX's pools, with a number for each axis of windows, of which there are 1 to 3: z, y and
// x, or the last of these.
type PoolOptions struct {
	Kind               PoolKind
	Window             []int
	Stride, Dilation   []int // nil: 1
	PadBegin, PadEnd   []int // nil: 0
	CountIncludePad    bool  // the mean counts padding, as zeros
	ColumnMajorIndices bool  // MaxPool's storage_order 1
}

// Pool computes v of x as ONNX's MaxPool and AveragePool do (opset 22), or the sum under each window. Both have the
// shape (N, C, axes of windows): v's says how many windows there are, and thereby what ceil_mode is. indices is nil,
// or gets for each number of MaxPool's v the place of the first such number in x, counted as ONNX does (int32, of v's
// shape). Of x that is int32 there is the maximum alone. NaN is the largest number, and padding is none. The errors
// wrap [ErrShape], [ErrView] or [ErrType].
func Pool(p *exec.Plan, x, v Tensor, indices *Tensor, o PoolOptions) error {
	k, err := o.kernel(p, x, v, indices)
	if err != nil {
		return err
	}
	windows, err := o.windows(x.Shape, v.Shape)
	if err != nil {
		return err
	}
	params, err := o.params(windows)
	if err != nil {
		return err
	}
	uses := []exec.Use{exec.Whole(x.Operand), exec.Whole(v.Operand)}
	places := View{Strides: make([]int, v.Rank())}
	if indices != nil {
		places = indices.View
		uses = append(uses, exec.Whole(indices.Operand))
	}
	outer, inner := poolAxes(x.View, v.View, places, o.numbering(x.Shape))
	outer.setOuter(&params)
	inner.setInner(&params)
	setPoolSteps(&params, x.View, v.View, places, o.numbering(x.Shape))
	if quick := (shaders.Pool{Kind: k.Kind, DType: k.DType, Vector: 4,
		Threads: k.Threads}); slices.Contains(shaders.Pools(), quick) &&
		!k.Indices && poolInFours(&params) {
		k = quick
		if w := params.Window; w[0] == 1 && w[1] == w[2] {
			quick.Side = w[1]
		}
		if slices.Contains(shaders.Pools(), quick) {
			k = quick
		}
	}
	params.Outputs = uint32(outer.size) * params.OutSize[0] * params.OutSize[1] * params.Strips * params.Inner
	p.Threads(k, shaders.Encode(params), int64(params.Outputs), int64(k.Threads), uses...)
	return nil
}

// kernel is the row that loads one number at a time.
func (o PoolOptions) kernel(p *exec.Plan, x, v Tensor, indices *Tensor) (k shaders.Pool, err error) {
	types := []shaders.DType{shaders.Float32}
	if o.Kind == MaxPool {
		types = append(types, shaders.Int32)
	}
	if err := x.check(p, types...); err != nil {
		return k, err
	}
	kind := o.Kind
	if kind == SumPool {
		kind = AveragePool // of one
	}
	k = shaders.Pool{Kind: string(kind), Indices: indices != nil, DType: p.Operands[x.Operand].DType, Vector: 1,
		Threads: 64}
	if err := v.check(p, k.DType); err != nil {
		return k, err
	}
	switch {
	case o.Kind != MaxPool && o.Kind != AveragePool && o.Kind != SumPool:
		return k,
			fmt.Errorf("%w: a pool of kind %q, must be %s, %s or %s", ErrType, o.Kind, MaxPool, AveragePool, SumPool)
	case indices == nil:
		return k, nil
	case o.Kind != MaxPool:
		return k, fmt.Errorf("%w: indices of a pool of kind %q, must be %s", ErrType, o.Kind, MaxPool)
	case !slices.Equal(indices.Shape, v.Shape):
		return k, fmt.Errorf("%w: indices of shape %v, must be %v", ErrShape, indices.Shape, v.Shape)
	}
	return k, indices.check(p, shaders.Int32)
}

// poolWindow is one axis of windows.
type poolWindow struct{ in, out, window, stride, dilation, begin, end int }

// windows are the three axes.
func (o PoolOptions) windows(x, v []int) (all [3]poolWindow, err error) {
	axes := len(o.Window)
	if axes < 1 || axes > 3 || len(x) != axes+2 || len(v) != axes+2 || x[0] != v[0] || x[1] != v[1] {
		return all,
			fmt.Errorf("%w: windows of %v take %v to %v, must be (N, C, 1 to 3 axes) both", ErrShape, o.Window, x, v)
	}
	each := func(numbers []int, otherwise int) ([]int, error) {
		if numbers == nil {
			numbers = slices.Repeat([]int{otherwise}, axes)
		}
		if len(numbers) != axes || slices.Min(numbers) < otherwise || slices.Max(numbers) >= mostPadded {
			return nil, fmt.Errorf("%w: %v for windows of %v, must be %d numbers from %d on below 2^30", ErrShape,
				numbers, o.Window, axes, otherwise)
		}
		return append(slices.Repeat([]int{otherwise}, 3-axes), numbers...), nil
	}
	var of [5][]int
	for i, numbers := range [][]int{o.Window, o.Stride, o.Dilation, o.PadBegin, o.PadEnd} {
		otherwise := 1
		if i > 2 {
			otherwise = 0
		}
		if of[i], err = each(numbers, otherwise); err != nil {
			return all, err
		}
	}
	for i := range all {
		all[i] = poolWindow{1, 1, of[0][i], of[1][i], of[2][i], of[3][i], of[4][i]}
		if axis := i - (3 - axes); axis >= 0 {
			all[i].in, all[i].out = x[2+axis], v[2+axis]
		}
		if err := all[i].check(); err != nil {
			return all, err
		}
	}
	return all, nil
}

// mostPadded is what positions along padded axes stay below, so that what lies before an axis is never taken for what
// lies behind it.
const mostPadded = 1 << 30

// check reports windows that would begin behind the axis, and axes that kernels could not count.
func (w poolWindow) check() error {
	last := int64(w.out-1)*int64(w.stride) - int64(w.begin)
	switch {
	case last >= int64(w.in):
		return fmt.Errorf("%w: the last of %d windows begins at %d of %d numbers, must begin before their end",
			ErrShape, w.out, last, w.in)
	case int64(w.window-1)*int64(w.dilation) >= mostPadded || w.in >= mostPadded:
		return fmt.Errorf("%w: a window of %d taps, %d apart, over %d numbers, must be shorter than 2^30", ErrShape,
			w.window, w.dilation, w.in)
	}
	return nil
}

// maxRounds is how many rounds the loops of a thread have at most: llvmpipe ends them after 65,535.
const maxRounds = 60000

// poolStrip is how many neurons a thread computes: enough for the cost of finding them to be small beside that of
// windows.
const poolStrip = 4

// params are those of the windows.
func (o PoolOptions) params(windows [3]poolWindow) (shaders.PoolParams, error) {
	to := shaders.PoolParams{Strip: poolStrip}
	rounds := 1
	for i, w := range slices.Backward(windows[:]) {
		to.InSize[i], to.OutSize[i], to.Window[i] = uint32(w.in), uint32(w.out), uint32(w.window)
		to.Stride[i], to.Dilation[i], to.Pad[i] = uint32(w.stride), uint32(w.dilation), uint32(w.begin)
		switch {
		case o.Kind == SumPool: // counts nothing
		case o.CountIncludePad:
			to.Shift[i], to.Counted[i] = uint32(w.begin), uint32(w.begin+w.in+w.end)
		default:
			to.Counted[i] = uint32(w.in)
		}
		if w.window >= maxRounds/(rounds+1) {
			return to, fmt.Errorf("%w: a window of %v, must have fewer than %d taps", ErrShape, o.Window, maxRounds)
		}
		rounds = w.window * (rounds + 1)
	}
	if rounds > maxRounds/poolStrip {
		to.Strip = 1
	}
	to.Strips = (to.OutSize[2] + to.Strip - 1) / to.Strip
	return to, nil
}

// numbering is how ONNX numbers the places of x: the steps from one coordinate of each axis to the next.
func (o PoolOptions) numbering(x []int) []int {
	steps := Contiguous(x...).Strides
	if !o.ColumnMajorIndices {
		return steps
	}
	step := 1
	for i := 2; i < len(x); i++ {
		steps[i] = step
		step *= x[i]
	}
	return steps
}

// poolAxis is an axis without windows: its size, and the steps from one coordinate to the next in X, in V, among the
// places of maxima, and in their numbers.
type poolAxis struct{ size, x, v, place, number int }

// poolAxes are the axes without windows. The inner one is of channels where these are beside each other in memory, or
// do not join with images; else it has one coordinate.
func poolAxes(x, v, places View, numbering []int) (outer, inner poolAxis) {
	axis := func(i int) poolAxis {
		return poolAxis{x.Shape[i], x.Strides[i], v.Strides[i], places.Strides[i], numbering[i]}
	}
	outer, inner = axis(0), axis(1)
	step := func(of poolAxis) [3]int { return [3]int{of.x, of.v, of.place} }
	times := func(of poolAxis, n int) [3]int { return [3]int{of.x * n, of.v * n, of.place * n} }
	if joins := outer.size == 1 || step(outer) == times(inner, inner.size); joins && inner.v != 1 {
		inner.size *= outer.size
		return inner, poolAxis{size: 1}
	}
	return outer, inner
}

func (a poolAxis) setOuter(to *shaders.PoolParams) {
	to.XOuter, to.VOuter, to.IOuter, to.NOuter = uint32(a.x), uint32(a.v), uint32(a.place), uint32(a.number)
}

func (a poolAxis) setInner(to *shaders.PoolParams) {
	to.Inner = uint32(a.size)
	to.XInner, to.VInner, to.IInner, to.NInner = uint32(a.x), uint32(a.v), uint32(a.place), uint32(a.number)
}

// setPoolSteps sets where numbers begin, and their steps along the axes of windows.
func setPoolSteps(to *shaders.PoolParams, x, v, places View, numbering []int) {
	to.XFirst, to.VFirst, to.IFirst = uint32(x.Offset), uint32(v.Offset), uint32(places.Offset)
	lastAxes(to.XStep[:], x.Strides[2:])
	lastAxes(to.VStep[:], v.Strides[2:])
	lastAxes(to.IStep[:], places.Strides[2:])
	lastAxes(to.NStep[:], numbering[2:])
}

// poolInFours makes parameters in single numbers those in vectors of four along the inner axis. It is false where X or
// V can not be seen as such vectors.
func poolInFours(to *shaders.PoolParams) bool {
	if to.XInner != 1 || to.VInner != 1 {
		return false
	}
	counts := []*uint32{&to.Inner, &to.XFirst, &to.XOuter, &to.VFirst, &to.VOuter}
	for i := range 3 {
		counts = append(counts, &to.XStep[i], &to.VStep[i])
	}
	for _, n := range counts {
		if *n%4 != 0 {
			return false
		}
	}
	for _, n := range counts {
		*n /= 4
	}
	return true
}
