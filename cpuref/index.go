package cpuref

import "github.com/gpuconv/gpuconv/conv"

// place is where an output is: V[x,y,d] of image n, in plane z of a 3D layer.
type place struct{ n, z, y, x, d int }

// tap is a position in a filter.
type tap struct{ z, y, x int }

// placeOf is the place of the output with this NHWC index.
func placeOf(p *conv.Problem, index int) place {
	return placeIn(index, p.Z.Out, p.H.Out, p.W.Out, p.OutChannels)
}

// placeIn is the place of an element of a volume of these sizes.
func placeIn(index, planes, height, width, depth int) place {
	row := index / depth
	plane := row / width
	image := plane / height
	return place{n: image / planes, z: image % planes, y: plane % height, x: row % width, d: index % depth}
}

// position is the place among its image's outputs, which chooses an unshared layer's filter bank.
func (at place) position(p *conv.Problem) int { return (at.z*p.H.Out+at.y)*p.W.Out + at.x }

// tapOf is the tap with this index in a filter: (z*Fh + y)*Fw + x.
func tapOf(p *conv.Problem, index int) tap {
	row := index / p.W.Filter
	return tap{z: row / p.H.Filter, y: row % p.H.Filter, x: index % p.W.Filter}
}

// source is the index map of one axis: which input tap f of output o reads. It is the only one: the
// forward reference gathers through it, the gradients scatter through it. With q = o*S - P + f*dilation
//
//	Zero       q, and nothing (ok is false) where q is outside of the input
//	Reflect    q mirrored at the first or the last input: -q, or 2(In-1) - q
//	Replicate  the input nearest to q
//	Circular   q modulo In
//	transposed the i with i*S - P + f*dilation == o, and nothing where there is none
//
// A valid problem's padding is so small that one mirroring or one turn is enough.
//
// It is the twin of shaders/index.wgsl.
func source(a *conv.Axis, padding conv.Padding, transposed bool, o, f int) (i int, ok bool) {
	if transposed {
		i = o + a.Pad - f*a.Dilation
		return i / a.Stride, i >= 0 && i%a.Stride == 0 && i/a.Stride < a.In
	}
	q := o*a.Stride - a.Pad + f*a.Dilation
	if q >= 0 && q < a.In {
		return q, true
	}
	before := q < 0
	switch {
	case padding == conv.Reflect && before:
		return -q, true
	case padding == conv.Reflect:
		return 2*(a.In-1) - q, true
	case padding == conv.Replicate:
		return min(max(q, 0), a.In-1), true
	case padding == conv.Circular && before:
		return q + a.In, true
	case padding == conv.Circular:
		return q - a.In, true
	}
	return 0, false
}

// reads is the depth column of the image, counted (z*H + y)*W + x, that tap f of the output at this
// place multiplies; ok is false where that is the zero of the padding.
func reads(p *conv.Problem, at place, f tap) (column int, ok bool) {
	iz, inZ := source(&p.Z, p.Padding, p.Transposed, at.z, f.z)
	iy, inY := source(&p.H, p.Padding, p.Transposed, at.y, f.y)
	ix, inX := source(&p.W, p.Padding, p.Transposed, at.x, f.x)
	return (iz*p.H.In+iy)*p.W.In + ix, inZ && inY && inX
}

// columns is the number of depth columns of one input image.
func columns(p *conv.Problem) int { return p.Z.In * p.H.In * p.W.In }

// positions is the number of output positions of one image.
func positions(p *conv.Problem) int { return p.Z.Out * p.H.Out * p.W.Out }

// banks is the number of filter banks.
func banks(p *conv.Problem) int {
	if p.Unshared {
		return positions(p)
	}
	return 1
}

// firstDepth is the first of the depth slices that the filters of output slice k see.
func firstDepth(p *conv.Problem, k int) int {
	return k / (p.OutChannels / p.Groups) * (p.InChannels / p.Groups)
}

// filterIndex is the number of the filter, counted over all banks, of the output at this place: filter
// i's weights are Data[i*TapsPerOutput:], its bias is Bias[i].
func filterIndex(p *conv.Problem, at place) int {
	if p.Unshared {
		return at.position(p)*p.OutChannels + at.d
	}
	return at.d
}
