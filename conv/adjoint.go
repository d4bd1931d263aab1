package conv

// Adjoint is the layer that computes the gradient with respect to p's input volume from that with respect to its sums:
// of an ordinary layer a transposed one, and the other way round. Its filters are p's with input and output channels
// exchanged in each group. The error wraps [ErrInvalid] where p is unshared or pads otherwise than with zeros: such
// gradients are no layer's.
func (p Problem) Adjoint() (Problem, error) {
	switch {
	case p.Unshared:
		return Problem{}, invalidf("an unshared layer has no adjoint, must share its filters")
	case p.Padding != Zero:
		return Problem{}, invalidf("a layer with %v padding has no adjoint, must pad with zeros", p.Padding)
	}
	p.InChannels, p.OutChannels = p.OutChannels, p.InChannels
	p.Z, p.H, p.W = p.Z.Adjoint(), p.H.Adjoint(), p.W.Adjoint()
	p.Transposed = !p.Transposed
	return New(p)
}
