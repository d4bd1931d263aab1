package host

import (
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/split"
)

// SetBindingLimit has dev hold fewer bytes in a binding until the test ends.
func SetBindingLimit(t testing.TB, dev *Device, bytes uint64) {
	old := dev.hooks.bindingLimit
	dev.hooks.bindingLimit = bytes
	t.Cleanup(func() { dev.hooks.bindingLimit = old })
}

// ForceSplit has dev split layers into blocks of the given sizes, 0 for whole dimensions, until the test ends.
func ForceSplit(t testing.TB, dev *Device, block [split.Dimensions]int64) {
	old := dev.hooks.split
	dev.hooks.split = func(p conv.Problem) (split.Plan, error) {
		pl := split.Whole(p)
		for d, n := range block {
			if n > 0 {
				pl = pl.With(d, n)
			}
		}
		return pl, nil
	}
	t.Cleanup(func() { dev.hooks.split = old })
}

// FailBlocks has building a block on dev fail with err, after so many blocks, until the test ends.
func FailBlocks(t testing.TB, dev *Device, after int, err error) {
	onBlock(t, dev, func() error {
		if after--; after < 0 {
			return err
		}
		return nil
	})
}

// CountBlocks counts the blocks of layers of floats that dev builds until the test ends.
func CountBlocks(t testing.TB, dev *Device) *int {
	built := 0
	onBlock(t, dev, func() error {
		built++
		return nil
	})
	return &built
}

// onBlock has do called before a block is built, until the test ends.
func onBlock(t testing.TB, dev *Device, do func() error) {
	old := dev.hooks.newBlock
	dev.hooks.newBlock = do
	t.Cleanup(func() { dev.hooks.newBlock = old })
}

// PlanOn splits p for a device.
func PlanOn(dev *Device, p conv.Problem) (split.Plan, error) { return dev.plan(p) }

// PlanQuantizedOn splits a layer of 8-bit numbers.
func PlanQuantizedOn(dev *Device, p conv.Problem) (split.Plan, error) { return dev.planQuantized(p) }

// IsSplit tells whether a quantized layer is computed in blocks.
func IsSplit(l *QuantizedLayer) bool {
	_, is := l.engine.(*quantizedBlocks)
	return is
}
