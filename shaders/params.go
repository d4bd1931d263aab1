package shaders

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/gpuconv/gpuconv/conv"
)

// Params is the struct Params of index.wgsl, field by field.
type Params struct {
	InSize                               [3]uint32
	XPitch                               uint32
	OutSize                              [3]uint32
	OutChannels                          uint32
	FilterSize                           [3]uint32
	GroupInputs                          uint32
	Stride                               [3]uint32
	GroupOutputs                         uint32
	Pad                                  [3]uint32
	Padding                              uint32
	Dilation                             [3]uint32
	Backward                             uint32
	Copies                               [3]uint32
	Outputs                              uint32
	Images                               uint32
	WBank, WGroup, WOutput, WInput, WTap uint32
	BBank                                uint32
	Activation, Residual                 uint32
	Alpha, Beta                          float32
	SplitK                               uint32
	FirstColumn, Columns                 uint32
	XZero                                int32
	VScale                               float32
	VZero                                int32
	InChannels, XFirst                   uint32
	RPitch, RFirst                       uint32
	VPitch, VFirst                       uint32
}

// BiasParams is the struct Params of bias_gradient.wgsl.
type BiasParams struct{ Terms, Outputs uint32 }

// ReLUParams is the struct Params of relu.wgsl.
type ReLUParams struct{ Outputs, Channels, Pitch, First uint32 }

// Fits reports whether the problem's volumes and filters each hold fewer than 2^32 numbers and its
// padded axes fewer than 2^30, which is what kernels count with.
func Fits(p conv.Problem) bool {
	for _, a := range p.Axes() {
		if p.Transposed {
			a = a.Adjoint()
		}
		if (a.Out-1)*a.Stride+a.Extent() >= 1<<30 || a.In >= 1<<30 || a.Pad >= 1<<30 {
			return false
		}
	}
	return max(p.InLen(), p.OutLen(), p.FilterLen(), p.BiasLen()) <= math.MaxUint32
}

// Forward gives the parameters of conv.wgsl for the layer itself. p must be valid and fit.
func Forward(p conv.Problem, e conv.Epilogue) Params {
	params := layer(p)
	params.Outputs = uint32(p.OutLen())
	params.Activation, params.Residual = uint32(e.Activation.Function), uint32(e.Residual)
	params.Alpha, params.Beta = e.Activation.Alpha, e.Activation.Beta
	if p.Unshared {
		params.BBank = uint32(p.OutChannels)
	}
	return params
}

// InputGradient gives the parameters of conv.wgsl for the gradient with respect to X: the way back,
// with the channels exchanged.
func InputGradient(p conv.Problem) Params {
	params := layer(p)
	params.Outputs = uint32(p.InLen())
	params.InChannels, params.OutChannels = params.OutChannels, params.InChannels
	params.GroupInputs, params.GroupOutputs = params.GroupOutputs, params.GroupInputs
	params.WInput, params.WOutput = params.WOutput, params.WInput
	params.setBackward(p, !p.Transposed)
	return params.Place(Placement{}, Placement{}, Placement{})
}

// FilterGradient gives the parameters of filter_gradient.wgsl, which reads dV where others write V.
func FilterGradient(p conv.Problem) Params {
	params := layer(p)
	params.Outputs = uint32(p.FilterLen())
	return params
}

// BiasGradient gives the parameters of bias_gradient.wgsl.
func BiasGradient(p conv.Problem) BiasParams {
	return BiasParams{Terms: uint32(p.OutLen() / p.BiasLen()), Outputs: uint32(p.BiasLen())}
}

// ReLUInPlace gives the parameters of relu.wgsl for the layer's V.
func ReLUInPlace(p conv.Problem, v Placement) ReLUParams {
	channels := uint32(p.OutChannels)
	at := v.of(channels)
	return ReLUParams{Outputs: uint32(p.OutLen()), Channels: channels, Pitch: at.Pitch, First: at.First}
}

// layer gives what all kernels of a layer agree on.
func layer(p conv.Problem) Params {
	taps := uint32(p.Z.Filter * p.H.Filter * p.W.Filter)
	inputs, outputs := uint32(p.InChannels/p.Groups), uint32(p.OutChannels/p.Groups)
	params := Params{
		InChannels: uint32(
			p.InChannels,
		), OutChannels: uint32(p.OutChannels), GroupInputs: inputs, GroupOutputs: outputs,
		Padding: uint32(p.Padding), Images: uint32(p.Batch), SplitK: 1,
		WGroup: outputs * taps * inputs, WOutput: taps * inputs, WInput: 1, WTap: inputs,
	}
	for i, a := range p.Axes() {
		if p.Transposed {
			a = a.Adjoint()
		}
		params.InSize[i], params.OutSize[i], params.FilterSize[i] = uint32(a.In), uint32(a.Out), uint32(a.Filter)
		params.Stride[i], params.Pad[i], params.Dilation[i] = uint32(a.Stride), uint32(a.Pad), uint32(a.Dilation)
	}
	if p.Unshared {
		params.WBank = uint32(p.OutChannels) * taps * inputs
	}
	params.setBackward(p, p.Transposed)
	return params.Place(Placement{}, Placement{}, Placement{})
}

// setBackward says which way the kernel goes. Backward, an input may be read at several places: at its
// own and, through padding, at others.
func (params *Params) setBackward(p conv.Problem, backward bool) {
	params.Backward, params.Copies = 0, [3]uint32{1, 1, 1}
	if !backward {
		return
	}
	params.Backward = 1
	for i, a := range p.Axes() {
		switch before, after := a.Pad, max(0, a.PadAfter()); {
		case before == 0 && after == 0:
		case p.Padding == conv.Reflect || p.Padding == conv.Circular:
			params.Copies[i] = 3
		case p.Padding == conv.Replicate:
			params.Copies[i] = uint32(1 + before + after)
		}
	}
}

// WithXZero gives encoded [Params] with a zero point of X, which of others would be an error.
func WithXZero(params []byte, zero int8) ([]byte, error) {
	var p Params
	if len(params) != binary.Size(p) {
		return nil, fmt.Errorf("%d bytes of parameters, must be %d", len(params), binary.Size(p))
	}
	if _, err := binary.Decode(params, binary.LittleEndian, &p); err != nil {
		return nil, err
	}
	p.XZero = int32(zero)
	return Encode(p), nil
}

// Encode lays a params struct, which has fields of fixed size alone, out as WGSL does, little-endian.
func Encode[P any](p P) []byte {
	data, err := binary.Append(nil, binary.LittleEndian, p)
	if err != nil {
		panic(err) // a field without a fixed size: every test of the kernel would have seen it
	}
	return data
}
