package conv

// Axis is one spatial axis of a [Problem]: an input of In numbers, slid over by a filter of Filter
// taps, giving Out numbers. The zero padding before the input is Pad; the padding after it is what the
// last output reaches, see [Axis.PadAfter].
type Axis struct {
	In       int // input size, W or H in the notes
	Out      int // output size
	Filter   int // receptive field, F in the notes
	Stride   int // S in the notes
	Pad      int // zeros before the input, P in the notes
	Dilation int // distance between the taps; 1 is an ordinary filter
}

// Extent is how many inputs one window spans: (Filter-1)*Dilation + 1.
func (a Axis) Extent() int { return (a.Filter-1)*a.Dilation + 1 }

// Tiles is how many tiles of m outputs each, at distances of Dilation, cover the axis, as Winograd's
// algorithms do where Stride is 1: their outputs share inputs.
func (a Axis) Tiles(m int) int {
	residues := min(a.Dilation, a.Out)
	outputs := (a.Out + a.Dilation - 1) / a.Dilation // of the first residue, which has most
	return residues * ((outputs + m - 1) / m)
}

// Tile is where the i-th of these tiles begins: one of each residue, then the next of each.
func (a Axis) Tile(m, i int) int {
	residues := min(a.Dilation, a.Out)
	return i%residues + i/residues*m*a.Dilation
}

// SymmetricOut is the output size when both sides are padded with Pad zeros: the notes'
// (W - F + 2P)/S + 1, rounded down as every framework does. It is below 1 where no window fits.
func (a Axis) SymmetricOut() int {
	span := a.In + 2*a.Pad - a.Extent()
	if span < 0 || a.Stride < 1 { // a stride of 0 is invalid, but may be printed
		return 0
	}
	return span/a.Stride + 1
}

// PadAfter is the number of zeros that the last window reads behind the input. It is negative where
// the last window ends before the input does; -PadAfter inputs are then never the last ones of a
// window, see [Axis.Unread].
func (a Axis) PadAfter() int { return (a.Out-1)*a.Stride + a.Extent() - a.In - a.Pad }

// Fits reports whether the stride fits the padded input: (W - F + 2P)/S is whole.
func (a Axis) Fits() bool { return (a.In+2*a.Pad-a.Extent())%max(a.Stride, 1) == 0 }

// Unread gives the positions of the inputs that no window reads, in order: those behind the last
// window, those that a stride larger than the window jumps over, those between the taps of a dilated
// filter. It takes time in proportion to Out and memory in proportion to In.
func (a Axis) Unread() []int {
	read := make([]bool, a.In)
	left := a.In
	for o := 0; o < a.Out && left > 0; o++ {
		start := o*a.Stride - a.Pad
		first := max(0, (-start+a.Dilation-1)/a.Dilation) // the first tap inside the input
		for f := first; f < a.Filter && start+f*a.Dilation < a.In; f++ {
			if i := start + f*a.Dilation; !read[i] {
				read[i] = true
				left--
			}
		}
	}
	var unread []int
	for i, r := range read {
		if !r {
			unread = append(unread, i)
		}
	}
	return unread
}

// Adjoint is the axis with input and output exchanged: that of the convolution whose gradient with
// respect to its input a transposed one computes, and the other way round.
func (a Axis) Adjoint() Axis {
	a.In, a.Out = a.Out, a.In
	return a
}

// transposedOut is the output size of a transposed convolution that cuts Pad outputs off both sides:
// (In - 1)*Stride + Extent - 2*Pad.
func (a Axis) transposedOut() int { return (a.In-1)*a.Stride + a.Extent() - 2*a.Pad }

// point is an axis of one number that a filter of one tap reads.
var point = Axis{In: 1, Out: 1, Filter: 1, Stride: 1, Dilation: 1}

// defaultOut is the output size that a descriptor need not write.
func (a Axis) defaultOut(transposed bool) int {
	if transposed {
		return a.transposedOut()
	}
	return a.SymmetricOut()
}

// complete fills what was left out: stride and dilation 1, and the output size of symmetric padding.
func (a Axis) complete(transposed bool) Axis {
	if a.Stride == 0 {
		a.Stride = 1
	}
	if a.Dilation == 0 {
		a.Dilation = 1
	}
	// Sizes that validate would refuse are left alone here, lest the arithmetic overflow.
	if a.Out == 0 && a.validSizes() == nil {
		a.Out = a.defaultOut(transposed)
	}
	return a
}
