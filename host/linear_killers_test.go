package host_test

import (
	"context"
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// The killers of the kernels between float32 and int8: among channels of wider volumes, in few and in many workgroups,
// with one number in the last word and with four, and of numbers that need care.
func init() {
	both := []killer{
		{"a few pixels", func(dev *host.Device) error { return placedLinear(dev, 7, 3) }},
		{"two workgroups, the second not full", func(dev *host.Device) error { return placedLinear(dev, 401, 3) }},
		{"four channels", func(dev *host.Device) error { return placedLinear(dev, 51, 4) }},
		{"20 full workgroups of words", func(dev *host.Device) error { return placedLinear(dev, 5120, 4) }},
	}
	killers[shaders.DequantizeLinear] = append([]killer{}, both...)
	killers[shaders.QuantizeLinear] = append(both, killer{"numbers that need care", quantizeWithCare})
}

// placedLinear takes channels in the midst of a wider volume to int8 and back, into the midst of another one.
func placedLinear(dev *host.Device, pixels, channels int) error {
	b := host.NewProgram(dev)
	x := b.Input(1, 1, pixels, channels+5)
	v := b.Dequantize(b.Quantize(b.Channels(x, 2, 2+channels), 0.03125, 11))
	before, behind := b.Operator("copy", b.Channels(x, 0, 2)), b.Operator("copy", b.Channels(x, 3, 4))
	p, err := b.CompileChecked(b.Concat(before, v, behind))
	if err != nil {
		return err
	}
	defer p.Close()
	in := tensor.Volume{N: 1, H: 1, W: pixels, D: channels + 5, Data: reals(pixels * (channels + 5))}
	_, reports, err := p.Verify(context.Background(), host.VerifyOptions{}, in)
	if err != nil {
		return err
	}
	for _, r := range reports {
		if err := r.Report.Err(); err != nil {
			return err
		}
	}
	return nil
}

// careful are numbers and what becomes of them in steps of 2 with the zero point -3: of two numbers that are as near
// the even one, what is beyond int8 the nearest that it has, NaN the zero point, and there is no -0.
var careful = map[float32]float32{
	0: 0, 1: 0, 3: 4, 5: 4, 7: 8, -1: 0, -3: -4, -5: -4, 2.9: 2, 3.1: 4, 252: 252, 259: 260, 260: 260, 261: 260,
	263: 260, 1e30: 260,
	-250: -250, -251: -250, 0x1p-140: 0, -0x1p-140: 0, -1e30: -250, math.MaxFloat32: 260, -math.MaxFloat32: -250,
}

func quantizeWithCare(dev *host.Device) error {
	inf, nan := float32(math.Inf(1)), []uint32{0x7fc00000, 0xffc00000, 0x7f800001, 0xff800001, 0x7fffffff}
	x, want := []float32{inf, -inf}, []float32{260, -250}
	for _, bits := range nan {
		x, want = append(x, math.Float32frombits(bits)), append(want, 0)
	}
	for from, to := range careful {
		x, want = append(x, from), append(want, to)
	}
	b := host.NewProgram(dev)
	p, err := b.CompileChecked(b.Dequantize(b.Quantize(b.Input(1, 1, 1, len(x)), 2, -3)))
	if err != nil {
		return err
	}
	defer p.Close()
	v, _, err := p.Verify(context.Background(), host.VerifyOptions{},
		tensor.Volume{N: 1, H: 1, W: 1, D: len(x), Data: x})
	if err != nil {
		return err
	}
	for i, got := range v[0].Data {
		if got != want[i] {
			return fmt.Errorf("%w: %g in steps of 2 is %g, must be %g", cpuref.ErrMismatch, x[i], got, want[i])
		}
	}
	return nil
}
