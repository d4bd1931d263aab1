package host

import (
	"fmt"
	"math/rand/v2"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// Operands are all that a layer is built from and run on.
type Operands struct {
	X        tensor.Volume
	W        tensor.Filters
	Slopes   []float32       // of PReLU
	Residual []tensor.Volume // one where the epilogue adds it
	DV       tensor.Volume   // where gradients are asked for
}

// maxSeeded keeps a mistyped size from taking all of the host's memory.
const maxSeeded = 8 << 30

// SeededOperands makes operands of a layer: integers from -limit to limit, or with a limit of 0 numbers
// in [-1, 1); slopes are powers of two. The same seed gives the same numbers everywhere. The error wraps
// [conv.ErrInvalid], or [ErrUnsupported] for more than 8 GiB.
func SeededOperands(p conv.Problem, o LayerOptions, seed uint64, backward bool, limit int) (Operands, error) {
	if err := p.Validate(); err != nil {
		return Operands{}, err
	}
	if total := p.Bytes().Total(); total > maxSeeded {
		return Operands{}, fmt.Errorf(
			"%w: seeded data for %s would take %d bytes, at most %d are made",
			ErrUnsupported,
			p,
			total,
			int64(maxSeeded),
		)
	}
	all, err := newOperands(p, o.Epilogue, backward)
	if err != nil {
		return all, err
	}
	rng := rand.New(rand.NewPCG(seed, 0x67707563)) // the second word only has to stay as it is
	fill := func(data []float32) { tensor.FillReals(data, rng) }
	if limit > 0 {
		fill = func(data []float32) { tensor.FillIntegers(data, rng, limit) }
	}
	for _, data := range [][]float32{all.X.Data, all.W.Data, all.W.Bias, all.DV.Data} {
		fill(data)
	}
	for _, r := range all.Residual {
		fill(r.Data)
	}
	for i := range all.Slopes {
		all.Slopes[i] = []float32{0.5, 0.25, 2, -0.5}[rng.IntN(4)]
	}
	return all, nil
}

// newOperands makes room for the operands that the layer has.
func newOperands(p conv.Problem, e conv.Epilogue, backward bool) (o Operands, err error) {
	banks := 1
	if p.Unshared {
		banks = p.Z.Out * p.H.Out * p.W.Out
	}
	if o.X, err = tensor.NewVolume3D(p.Batch, p.Z.In, p.H.In, p.W.In, p.InChannels); err != nil {
		return o, err
	}
	if o.W, err = tensor.NewFilterBanks(banks, p.OutChannels, p.Z.Filter, p.H.Filter, p.W.Filter,
		p.InChannels/p.Groups); err != nil {
		return o, err
	}
	v, err := tensor.NewVolume3D(p.Batch, p.Z.Out, p.H.Out, p.W.Out, p.OutChannels)
	if err != nil {
		return o, err
	}
	if e.Residual != conv.NoResidual {
		o.Residual = []tensor.Volume{v.Clone()}
	}
	if backward {
		o.DV = v
	}
	if e.Activation.Function == conv.PReLU {
		o.Slopes = make([]float32, p.OutChannels)
	}
	return o, nil
}
