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

// The killers of elementwise operators: among channels of wider volumes, in few and in many workgroups, and of numbers
// that are not finite.
func init() {
	for _, o := range shaders.Operators() {
		killers[o] = []killer{
			{"a few pixels", func(dev *host.Device) error { return placedOperator(dev, o, 5) }},
			{"30 full workgroups", func(dev *host.Device) error { return placedOperator(dev, o, 1280) }},
			{"numbers that are not finite", func(dev *host.Device) error { return operatorOfAll(dev, o) }},
		}
	}
}

// operatorOf adds an operator that reads some channels of a volume, and of another one if it reads two.
func operatorOf(b *host.Builder, o shaders.Operator, x, y host.Value) host.Value {
	if o.Inputs() == 1 {
		return b.Operator(o.Kernel, x)
	}
	return b.Operator(o.Kernel, x, y)
}

// placedOperator runs an operator on channels in the midst of wider volumes, and judges them.
func placedOperator(dev *host.Device, o shaders.Operator, pixels int) error {
	b := host.NewProgram(dev)
	left, right := b.Input(1, 1, pixels, 13), b.Input(1, 1, pixels, 11)
	v := operatorOf(b, o, b.Channels(left, 3, 9), b.Channels(right, 4, 10))
	before := b.Operator("add", b.Channels(left, 0, 2), b.Channels(right, 0, 2))
	joined := b.Concat(before, v, b.Operator("add", b.Channels(left, 10, 13), b.Channels(right, 8, 11)))
	p, err := b.CompileChecked(joined)
	if err != nil {
		return err
	}
	defer p.Close()
	x, y := reals(pixels*13), reals(pixels*11 + 1)[1:]
	_, reports, err := p.Verify(context.Background(), host.VerifyOptions{},
		tensor.Volume{N: 1, H: 1, W: pixels, D: 13, Data: x}, tensor.Volume{N: 1, H: 1, W: pixels, D: 11, Data: y})
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

// reals are numbers of either sign, no two alike.
func reals(n int) []float32 {
	all := make([]float32, n)
	for i := range all {
		all[i] = float32(math.Sin(float64(i+1))) * float32(1+i%7)
	}
	return all
}

// operatorOfAll runs an operator on all pairs of numbers that need care: NaN stays NaN, and infinity is a number.
func operatorOfAll(dev *host.Device, o shaders.Operator) error {
	var some []float32
	for _, bits := range []uint32{0, 0x3f800000, 0x7f7fffff, 0x7f800000, 0x7fc00000, 0x7f800001, 0x7fffffff} {
		some = append(some, math.Float32frombits(bits), math.Float32frombits(bits|1<<31))
	}
	var x, y []float32
	for _, a := range some {
		for _, b := range some {
			x, y = append(x, a), append(y, b)
		}
	}
	b := host.NewProgram(dev)
	left, right := b.Input(1, 1, 1, len(x)), b.Input(1, 1, 1, len(y))
	p, err := b.Compile(operatorOf(b, o, left, right))
	if err != nil {
		return err
	}
	defer p.Close()
	v, err := p.Run(context.Background(), tensor.Volume{N: 1, H: 1, W: 1, D: len(x), Data: x},
		tensor.Volume{N: 1, H: 1, W: 1, D: len(y), Data: y})
	if err != nil {
		return err
	}
	for i, got := range v[0].Data {
		want := of(o.Kernel, x[i], y[i])
		if got != want && !(got != got && want != want) {
			return fmt.Errorf("%w: %s of %g and %g is %g, must be %g", cpuref.ErrMismatch, o.Kernel, x[i], y[i], got,
				want)
		}
	}
	return nil
}

// of is an operator in Go's arithmetic.
func of(kernel string, x, y float32) float32 {
	switch kernel {
	case "add":
		return x + y
	case "sub":
		return x - y
	case "mul":
		return x * y
	case "relu":
		return max(x, 0)
	case "max":
		return max(x, y)
	case "min":
		return min(x, y)
	}
	return x
}
