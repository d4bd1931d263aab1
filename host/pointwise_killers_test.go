package host_test

import (
	"fmt"
	"math"
	"math/big"
	"slices"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/internal/op"
	"github.com/gpuconv/gpuconv/shaders"
)

// The killers of pointwise.wgsl: every kernel of numbers that need care, and on tensors of every kind of view.
func init() {
	for _, k := range shaders.Pointwises() {
		r, ok := pointwise[k.Kernel+" "+k.In]
		if !ok {
			panic(fmt.Sprintf("%s has no reference", k.Name()))
		}
		if !k.Flat {
			killers[k] = []killer{
				r.on(k, "two axes", 3, 5), r.on(k, "eight axes", 2, 3, 2, 2, 3, 2, 2, 4),
			}
			continue
		}
		killers[k] = []killer{
			r.on(k, "numbers that need care"), r.on(k, "one full workgroup and a number", 1025),
			r.on(k, "20 full workgroups", 20480),
		}
	}
}

// reference is a kernel in float64.
type reference struct {
	f           func(x, y, z float64) float64
	alpha, beta float32
	// How wrong a result may be: in units of 2^-24 of its size, 0 for what is exact; in what a rounding of x changes
	// it; and two roundings of what is added up.
	units, arguments float64
	terms            func(x, y, z float64) float64
	least, most      float64 // of x; both 0 for any number
}

// on is a killer by a shape.
func (r reference) on(k shaders.Pointwise, name string, shape ...int) killer {
	return killer{name, func(dev *host.Device) error { return r.run(dev, k, shape) }}
}

// run puts a kernel to tensors of a shape, which are parts of wider ones, their axes in other orders and some
// broadcast. Without a shape the numbers are all pairs of those that need care.
func (r reference) run(dev *host.Device, k shaders.Pointwise, shape []int) error {
	in := inputsOf(k, r)
	views := make([]op.View, k.Inputs())
	v := op.Contiguous(len(in[0].Words))
	for i := range views {
		views[i] = v
	}
	if shape != nil {
		v = spread(shape, 0)
		for i := range views {
			views[i] = spread(shape, i+1)
			in[i].Words = cycled(in[i].Words, end(views[i]))
		}
	}
	out := hosttest.Numbers{DType: k.Gives(types(in)...), Words: make([]uint32, end(v))}
	steps := func(p *exec.Plan, ins, outs []int) error {
		var tensors []op.Tensor
		for i, at := range ins {
			tensors = append(tensors, views[i].Of(at))
		}
		return op.Pointwise(p, k.Kernel, r.alpha, r.beta, v.Of(outs[0]), tensors...)
	}
	got, err := hosttest.RunSteps(host.Exec(dev), in, []hosttest.Numbers{out}, steps)
	if err != nil {
		return err
	}
	if err := hosttest.Untouched(v, got[0]); err != nil {
		return err
	}
	seen := make([][]float64, 3)
	for i := range seen {
		seen[i] = make([]float64, v.Count())
		if i < len(in) {
			wide, err := op.Broadcast(views[i], v.Shape)
			if err != nil {
				return err
			}
			seen[i] = values(in[i].DType, hosttest.Seen(wide, in[i].Words))
		}
	}
	for i, g := range values(out.DType, hosttest.Seen(v, got[0])) {
		if err := r.judge(k, g, seen[0][i], seen[1][i], seen[2][i]); err != nil {
			return err
		}
	}
	return nil
}

func types(in []hosttest.Numbers) (all []shaders.DType) {
	for _, n := range in {
		all = append(all, n.DType)
	}
	return all
}

// spread is a view of a shape with room between its numbers and before them, whose axes stand in memory in another
// order for each way. The ways from 2 on have one number for each axis in three.
func spread(shape []int, way int) op.View {
	v := op.View{Shape: slices.Clone(shape), Strides: make([]int, len(shape)), Offset: 3 + way}
	step, by := 2+way, 2*way+1
	for new(big.Int).GCD(nil, nil, big.NewInt(int64(by)), big.NewInt(int64(len(shape)))).Int64() != 1 {
		by++
	}
	for i := range shape {
		axis := (i*by + way) % len(shape)
		if way >= 2 && len(shape) > 1 && axis%3 == way%3 {
			v.Shape[axis] = 1
			continue
		}
		v.Strides[axis] = step
		step *= shape[axis]
	}
	return v
}

// end is how many words an operand must have for a view.
func end(v op.View) int {
	last := v.Offset
	for i, size := range v.Shape {
		last += (size - 1) * v.Strides[i]
	}
	return last + 1
}

func cycled(words []uint32, n int) []uint32 {
	all := make([]uint32, n)
	for i := range all {
		all[i] = words[i*7%len(words)]
	}
	return all
}

// values are words as numbers.
func values(t shaders.DType, words []uint32) []float64 {
	all := make([]float64, len(words))
	for i, w := range words {
		all[i] = float64(math.Float32frombits(w))
		if t == shaders.Int32 {
			all[i] = float64(int32(w))
		}
	}
	return all
}

// inputsOf are the numbers that a kernel is put to: of one tensor a range of them, and of several all pairs of fewer.
func inputsOf(k shaders.Pointwise, r reference) []hosttest.Numbers {
	floats, whole := carefulFloats(r, k.Inputs() > 1), carefulWhole()
	pools := make([]hosttest.Numbers, k.Inputs())
	for i, t := range k.In {
		switch {
		case t == 'i':
			pools[i] = hosttest.Whole(whole)
		default:
			pools[i] = hosttest.Floats(floats)
		}
	}
	if len(pools) == 1 {
		return pools
	}
	all := make([]hosttest.Numbers, len(pools))
	first, second := pools[0].Words, pools[1].Words
	for i := range len(first) * len(second) {
		for at, n := range []int{i % len(first), i / len(first), i * 5}[:len(pools)] {
			words := pools[at].Words
			all[at].DType, all[at].Words = pools[at].DType, append(all[at].Words, words[n%len(words)])
		}
	}
	return all
}

func carefulWhole() []int32 {
	all := []int32{math.MinInt32}
	for _, n := range []int32{0, 1, 2, 3, 4, 5, 7, 10, 31, 100, 127, 128, 129, 255, 256, 1 << 16, math.MaxInt32} {
		all = append(all, n, -n)
	}
	return all
}

// carefulFloats are numbers of all sizes, whole ones and halves, infinities and NaN, and unless there may be few, a
// range of numbers beside each other.
func carefulFloats(r reference, few bool) (all []float32) {
	sizes := []float64{
		0, 1, 2, 3, 0.5, 1.5, 2.5, 0.3, 1.0 / 3, 5, 7.25, 1e-3, 1e-6, 1e-20, 12.34, 40, 88.5, 100, 1e4, 3e6, 16777215,
		2147483648, 2.15e9, 3e9, 1e20, math.MaxFloat32, math.Inf(1),
	}
	if !few {
		for i := range 400 {
			sizes = append(sizes, float64(i)/64, float64(i)/4, 1+float64(i)/1e4, math.Exp(float64(i)/5-40))
		}
	}
	for _, size := range sizes {
		for _, x := range []float64{size, -size} {
			if r.least == r.most || x >= r.least && x <= r.most {
				all = append(all, float32(x))
			}
		}
	}
	for _, bits := range []uint32{0x7fc00000, 0xffc00000, 0x7f800001, 0x7fffffff} {
		all = append(all, math.Float32frombits(bits))
	}
	return all
}

// judge holds a result against the reference.
func (r reference) judge(k shaders.Pointwise, got, x, y, z float64) error {
	want := r.f(x, y, z)
	wrong := fmt.Errorf("%w: %s of %g, %g and %g is %g, must be %g", cpuref.ErrMismatch, k.Kernel, x, y, z, got, want)
	const u, tiny = 1.0 / (1 << 24), 0x1p-126
	if rounded := float64(float32(want)); r.units == 0 || math.IsNaN(want) || math.IsInf(rounded, 0) {
		large := math.Abs(want) > math.MaxFloat32 && math.Abs(got) > 0.999*math.MaxFloat32 && (got > 0) == (want > 0)
		if got == rounded || got == want || got != got && want != want || large && !math.IsInf(want, 0) {
			return nil
		}
		return wrong
	}
	// Adapters may take numbers below the normal ones for 0, also those that are multiplied by x.
	allowed := r.units*u*math.Abs(want) + tiny*(1+min(math.Abs(x), 128))
	if r.arguments != 0 {
		allowed += r.arguments * math.Abs(r.f(x*(1+u), y, z)-r.f(x*(1-u), y, z))
	}
	if r.terms != nil {
		allowed += 2 * u * r.terms(x, y, z)
	}
	if math.Abs(got-want) <= allowed {
		return nil
	}
	return wrong
}
