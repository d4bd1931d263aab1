package host

import (
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
)

// SplitDimensions are the names of what layers are split in.
var SplitDimensions = dimensionNames

// SetBindingLimit has devices hold fewer bytes in a binding until the test ends.
func SetBindingLimit(t testing.TB, bytes uint64) {
	old := bindingLimit
	bindingLimit = bytes
	t.Cleanup(func() { bindingLimit = old })
}

// ForceSplit has layers split into blocks of the given sizes, 0 for whole dimensions, until the test ends.
func ForceSplit(t testing.TB, block [len(SplitDimensions)]int64) {
	old := planFor
	planFor = func(p conv.Problem, _ limits) (plan, error) {
		pl := wholePlan(p)
		for d, n := range block {
			if n > 0 {
				pl = pl.with(d, n)
			}
		}
		return pl, nil
	}
	t.Cleanup(func() { planFor = old })
}

// FailParts has building a part fail with what f gives, after so many parts, until the test ends.
func FailParts(t testing.TB, after int, err error) {
	old := newPart
	newPart = func(dev *gpu.Device, l *Layer) (engine, error) {
		if after--; after < 0 {
			return nil, err
		}
		return old(dev, l)
	}
	t.Cleanup(func() { newPart = old })
}

// CountParts counts the parts of layers of floats that are built until the test ends.
func CountParts(t testing.TB) *int {
	old, built := newPart, 0
	newPart = func(dev *gpu.Device, l *Layer) (engine, error) {
		built++
		return old(dev, l)
	}
	t.Cleanup(func() { newPart = old })
	return &built
}

// SplitPlan is a plan for tests.
type SplitPlan struct{ plan }

// PlanSplit splits p for a device that holds so many numbers in a binding.
func PlanSplit(p conv.Problem, numbers int64) (SplitPlan, error) {
	bytes := uint64(4*numbers + 256)
	most := deviceLimits(gpu.Limits{MaxStorageBinding: bytes, MaxBufferSize: bytes + 256, StorageOffsetAlignment: 256})
	pl, err := newPlan(p, most)
	return SplitPlan{pl}, err
}

// PlanOn splits p for a device.
func PlanOn(dev *Device, p conv.Problem) (SplitPlan, error) {
	pl, err := newPlan(p, deviceLimits(dev.gpu.Limits()))
	return SplitPlan{pl}, err
}

// PlanQuantizedOn splits a layer of 8-bit numbers.
func PlanQuantizedOn(dev *Device, p conv.Problem) (SplitPlan, error) {
	pl, err := newPlan(p, deviceLimits(dev.gpu.Limits()).packed())
	return SplitPlan{pl}, err
}

// IsSplit tells whether a quantized layer is computed in parts.
func IsSplit(l *QuantizedLayer) bool {
	_, is := l.engine.(*quantizedSplit)
	return is
}

// Whole tells whether the layer is left in one piece: one part may also be all windows of a strided layer, gathered.
func (s SplitPlan) Whole() bool { return s.plan == wholePlan(s.problem) }

// Extents are the sizes of the whole's dimensions.
func (s SplitPlan) Extents() [len(SplitDimensions)]int64 { return wholePlan(s.problem).block }

// Counts is how many blocks each dimension has.
func (s SplitPlan) Counts() [len(SplitDimensions)]int64 { return s.counts() }

// Parts is how many there are.
func (s SplitPlan) Parts() int64 { return s.parts() }

// Problem is what a part computes.
func (s SplitPlan) Problem(number int64) conv.Problem { return s.problemOf(s.part(number)) }

// Spans are a part's dimensions, from the first to behind the last.
func (s SplitPlan) Spans(number int64) (spans [len(SplitDimensions)][2]int64) {
	for d, sp := range s.part(number) {
		spans[d] = [2]int64{sp.from, sp.to}
	}
	return spans
}

// CutAxis gives a part of an axis and where its inputs stand.
func CutAxis(a conv.Axis, p conv.Padding, transposed bool, out, taps [2]int64) (conv.Axis, func(int) int) {
	part := cutAxis(a, p, transposed, span{out[0], out[1]}, span{taps[0], taps[1]})
	return part.Axis, part.from
}

// PlannedInputs is how many inputs a plan takes that part to have at most.
func PlannedInputs(a conv.Axis, transposed bool, outs, taps int64) int64 {
	if transposed {
		return reaching(a, outs, taps)
	}
	return windowed(a, outs, taps)
}
