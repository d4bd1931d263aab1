package hosttest

import (
	"context"
	"math"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/tensor"
)

// Activations are those of conv, of which clip is relu6, and some with other parameters.
func Activations() []conv.Activation {
	return append(conv.Activations(), conv.Activation{Function: conv.Clip, Alpha: -1, Beta: 1},
		conv.Activation{Function: conv.LeakyReLU, Alpha: 0.5}, conv.Activation{Function: conv.ELU, Alpha: 1.7},
		conv.Activation{Function: conv.HardSigmoid, Alpha: -0.75, Beta: 0.25})
}

// judgeFunction puts an activation to numbers, fused and separate, or its gradient.
func judgeFunction(t *testing.T, dev *host.Device, a conv.Activation, backward bool) {
	t.Helper()
	for _, separate := range []bool{false, true} {
		if err := Function(dev, a, separate, backward); err != nil {
			t.Error(err)
		}
	}
}

// Function puts an activation to numbers of all sizes: where it bends, where it has long been flat, and
// where exp and powers would pass the range of float32. The layer below hands them through. Backward
// does so with the gradient. The error is that of a report.
func Function(dev *host.Device, a conv.Activation, separate, backward bool) error {
	data := arguments()
	axis := conv.Axis{In: len(data), Filter: 1}
	p, err := conv.New(conv.Problem{InChannels: 1, OutChannels: 2, H: conv.Axis{In: 1, Filter: 1}, W: axis})
	if err != nil {
		return err
	}
	o := host.LayerOptions{Epilogue: conv.Epilogue{Activation: a}, Separate: separate}
	if a.Function == conv.PReLU {
		o.Slopes = []float32{0.3, -1.7}
	}
	through := tensor.Filters{K: 2, H: 1, W: 1, D: 1, Data: []float32{1, 1}, Bias: make([]float32, 2)}
	l, err := host.NewLayer(dev, p, through, o)
	if err != nil {
		return err
	}
	defer l.Close()
	x := tensor.Volume{N: 1, H: 1, W: len(data), D: 1, Data: data}
	if backward {
		return functionBackward(l, a, x)
	}
	_, report, err := l.Verify(context.Background(), x, host.VerifyOptions{Mode: cpuref.Bounded})
	if err != nil {
		return err
	}
	return report.Err()
}

func functionBackward(l *host.Layer, a conv.Activation, x tensor.Volume) error {
	dv := tensor.Volume{N: 1, H: 1, W: x.W, D: 2, Data: make([]float32, 2*x.W)}
	for i := range dv.Data {
		dv.Data[i] = []float32{1, -0.7, 1.3}[i%3]
	}
	_, judged, err := l.VerifyBackward(context.Background(), x, dv, cpuref.Bounded)
	if err != nil {
		return err
	}
	_, err = proof.WayBack(judged, a)
	return err
}

// arguments are a range of numbers and a few far from it.
func arguments() []float32 {
	all := []float32{float32(math.Copysign(0, -1))}
	for i := -40; i <= 40; i++ {
		all = append(all, float32(i)/4)
	}
	for _, v := range []float32{1.0 / (1 << 20), 1.0 / (1 << 60), 1.0 / 3, 2.9, 11, 15, 44, 86.9, 87.1, 88.9, 104, 1e3,
		1e6, 1e12} {
		all = append(all, v, -v)
	}
	return all
}
