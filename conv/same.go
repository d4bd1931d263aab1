package conv

// Same is the axis padded as ONNX's SAME_UPPER and SAME_LOWER say, which is TensorFlow's SAME: the output
// is In/Stride, rounded up, and the padding that this takes is halved between both sides. Where it is odd
// the larger half stands behind the input with upper, else before it. Pad and Out are replaced. The error
// wraps [ErrInvalid].
//
// Source: https://onnx.ai/onnx/operators/onnx__Conv.html, auto_pad.
func (a Axis) Same(upper bool) (Axis, error) {
	a.Pad = 0
	if err := a.validSizes(); err != nil {
		return Axis{}, err
	}
	a.Out = (a.In-1)/a.Stride + 1
	total := max(0, (a.Out-1)*a.Stride+a.Extent()-a.In) // a stride above the window needs none
	if a.Pad = total / 2; !upper {
		a.Pad = total - total/2
	}
	return a, nil
}

// SameTransposed is the axis of a transposed layer with ONNX's SAME_UPPER and SAME_LOWER: the output is
// In*Stride, and what the filters spread beyond that is cut off, half on each side. Where it is odd the
// larger half is cut off behind with upper, else before.
//
// Source: https://onnx.ai/onnx/operators/onnx__ConvTranspose.html, auto_pad and pads.
func (a Axis) SameTransposed(upper bool) (Axis, error) {
	a.Pad = 0
	if err := a.validSizes(); err != nil {
		return Axis{}, err
	}
	out := a
	if out.In = a.In * a.Stride; out.In > MaxSize {
		return Axis{}, invalidf("output of %d inputs with stride %d is above %d", a.In, a.Stride, MaxSize)
	}
	// The convolution whose gradient this is has SAME padding over the output.
	same, err := out.Same(upper)
	return same.Adjoint(), err
}

// Valid is the axis as ONNX's VALID says: without padding, as many outputs as there are whole windows.
func (a Axis) Valid() Axis {
	a.Pad, a.Out = 0, 0
	return a
}
