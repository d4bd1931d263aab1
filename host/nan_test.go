package host_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// nanArguments are NaN of both signs, numbers where functions bend, and infinities at the end.
func nanArguments() []float32 {
	nan := float32(math.NaN())
	return []float32{nan, -7, -1, -0.25, 0, nan, 0.25, 1, 3, 7, math.Float32frombits(0xffc00123), 50, -50,
		float32(math.Inf(1)), float32(math.Inf(-1))}
}

// functionLayer is a layer of one channel that hands numbers to its epilogue as they are.
func functionLayer(dev *host.Device, o host.LayerOptions, width int) (*host.Layer, error) {
	p, err := conv.New(conv.Problem{InChannels: 1, OutChannels: 1, H: conv.Axis{In: 1, Filter: 1},
		W: conv.Axis{In: width, Filter: 1}})
	if err != nil {
		return nil, err
	}
	if o.Epilogue.Activation.Function == conv.PReLU {
		o.Slopes = []float32{0.5}
	}
	return host.NewLayer(dev, p, tensor.Filters{K: 1, H: 1, W: 1, D: 1, Data: []float32{1}, Bias: []float32{0}}, o)
}

func rowOf(data []float32) tensor.Volume {
	return tensor.Volume{N: 1, H: 1, W: len(data), D: 1, Data: data}
}

// nanForward holds that outputs are NaN where what their function is applied to is, and nowhere else. The arguments
// come from X, or from the residual that is added before it. ReLU and clip are also held to infinities, which they
// have an end for.
func nanForward(dev *host.Device, o host.LayerOptions) error {
	data := nanArguments()
	if o.DType == host.Float16 {
		data = data[:len(data)-2] // WGSL's pack2x16float takes infinities for anything, and SwiftShader for NaN
	}
	l, err := functionLayer(dev, o, len(data))
	if err != nil {
		return err
	}
	defer l.Close()
	x, residual := rowOf(data), []tensor.Volume(nil)
	zeros := rowOf(make([]float32, len(data)))
	switch o.Epilogue.Residual {
	case conv.BeforeFunction:
		x, residual = zeros, []tensor.Volume{x}
	case conv.AfterFunction:
		residual = []tensor.Volume{zeros}
	}
	v, err := l.Run(context.Background(), x, residual...)
	if err != nil {
		return err
	}
	return nanWhere(data, v.Data, o.Epilogue.Activation)
}

func nanWhere(z, got []float32, a conv.Activation) error {
	for i, z := range z {
		want := z
		switch infinite := math.IsInf(float64(z), 0); {
		case infinite && a.Function == conv.ReLU:
			want = max(z, 0)
		case infinite && a.Function == conv.Clip:
			want = min(max(z, a.Alpha), a.Beta)
		case infinite:
			continue // exp and powers leave float32's range there
		case got[i] == got[i] && z == z:
			continue // how near it is, the proof tells
		}
		if got[i] != want && (want == want || got[i] == got[i]) {
			return fmt.Errorf("%w: %v of %v is %v, must be %v", cpuref.ErrMismatch, a, z, got[i], want)
		}
	}
	return nil
}

// nanBackward holds that gradients are NaN where z is, and of PReLU the slope's.
func nanBackward(dev *host.Device, a conv.Activation) error {
	data := nanArguments()
	data = data[:len(data)-2]
	l, err := functionLayer(dev, host.LayerOptions{Epilogue: conv.Epilogue{Activation: a}}, len(data))
	if err != nil {
		return err
	}
	defer l.Close()
	dv := make([]float32, len(data))
	for i := range dv {
		dv[i] = 2
	}
	g, err := l.Backward(context.Background(), rowOf(data), rowOf(dv))
	if err != nil {
		return err
	}
	if err := nanWhere(data, g.X.Data, a); err != nil {
		return fmt.Errorf("the gradient: %w", err)
	}
	if a.Function == conv.PReLU && g.Slopes[0] == g.Slopes[0] {
		return fmt.Errorf("%w: the gradient of PReLU's slope is %v, must be NaN", cpuref.ErrMismatch, g.Slopes[0])
	}
	return nil
}

// NaN, and infinities beside it, are killers of the kernels that first have the functions.
func init() {
	for _, a := range []conv.Activation{{Function: conv.ReLU}, {Function: conv.Clip, Beta: 6},
		{Function: conv.PReLU}} {
		e := conv.Epilogue{Activation: a}
		forward := killer{"NaN of " + a.String(), func(dev *host.Device) error { return nanForward(dev, separate(e)) }}
		backward := killer{"NaN of the gradient of " + a.String(),
			func(dev *host.Device) error { return nanBackward(dev, a) }}
		if a.Function == conv.ReLU {
			killers[shaders.ReLU] = append(killers[shaders.ReLU], forward)
		} else {
			killers[shaders.Activate] = append(killers[shaders.Activate], forward)
		}
		killers[shaders.ActivationGradients] = append(killers[shaders.ActivationGradients], backward)
	}
}

// TestNaNStays: a network whose numbers are lost must not go on with ones that look well.
func TestNaNStays(t *testing.T) {
	dev := hosttest.Open(t)
	for _, a := range hosttest.Activations() {
		for _, residual := range []conv.Residual{conv.NoResidual, conv.BeforeFunction, conv.AfterFunction} {
			e := conv.Epilogue{Activation: a, Residual: residual}
			for _, o := range []host.LayerOptions{{Epilogue: e}, {Epilogue: e, Separate: true},
				{Epilogue: e, Algorithm: "direct"}, {Epilogue: e, DType: host.Float16}} {
				if err := nanForward(dev, o); err != nil {
					t.Errorf("%+v: %v", o, err)
				}
			}
		}
		if a.Function == conv.Identity {
			continue // without an activation there is no z that gradients depend on
		}
		if err := nanBackward(dev, a); err != nil {
			t.Errorf("backward: %v", err)
		}
	}
}
