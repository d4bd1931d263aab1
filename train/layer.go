package train

import (
	"errors"
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
)

// ErrOptions is about networks that cannot be trained as they are described.
var ErrOptions = errors.New("train: wrong options")

// Shape is that of a picture, or of a layer's volume.
type Shape struct{ H, W, C int }

// Layer is one of [Conv], [MaxPool] and [Linear].
type Layer interface {
	// plan gives what the layer is for a batch of volumes of the shape.
	plan(batch int, in Shape) (layer, error)
}

// Conv is a convolution of square filters with biases, and ReLU behind it where that is asked for.
type Conv struct {
	Filters int
	Size    int
	Stride  int // 0: 1
	Pad     int // zeros on each side
	ReLU    bool
}

// MaxPool has the largest number of each square window. Windows lie inside of the volume: what is left over at its
// right and lower edge is in none.
type MaxPool struct {
	Size   int
	Stride int // 0: Size
}

// Linear has outputs that are each connected with all of its input, and ReLU behind it where that is asked for.
type Linear struct {
	Outputs int
	ReLU    bool
}

// layer is one of a network. It has a convolution, or else a pool.
type layer struct {
	in, out Shape
	conv    conv.Problem // a linear layer's filter covers all of its input
	relu    bool
	linear  bool
	pool    *MaxPool
}

// largest is more than any size of these networks, and small enough for numbers to be counted.
const largest = 1 << 20

func (c Conv) plan(batch int, in Shape) (layer, error) {
	if c.Stride == 0 {
		c.Stride = 1
	}
	axis := conv.Axis{Filter: c.Size, Stride: c.Stride, Pad: c.Pad}
	l, err := convolution(batch, in, c.Filters, axis, axis)
	l.relu = c.ReLU
	return l, err
}

func (c Linear) plan(batch int, in Shape) (layer, error) {
	l, err := convolution(batch, in, c.Outputs, conv.Axis{Filter: in.H, Stride: 1}, conv.Axis{Filter: in.W, Stride: 1})
	l.relu, l.linear = c.ReLU, true
	return l, err
}

func convolution(batch int, in Shape, filters int, h, w conv.Axis) (layer, error) {
	h.In, w.In = in.H, in.W
	p, err := conv.New(conv.Problem{Batch: batch, InChannels: in.C, OutChannels: filters, H: h, W: w})
	if err != nil {
		return layer{}, fmt.Errorf("%w: %w", ErrOptions, err)
	}
	return layer{in: in, out: Shape{p.H.Out, p.W.Out, filters}, conv: p}, nil
}

func (m MaxPool) plan(_ int, in Shape) (layer, error) {
	if m.Stride == 0 {
		m.Stride = m.Size
	}
	if m.Size < 1 || m.Size > min(in.H, in.W) || m.Stride < 1 || m.Stride > largest {
		return layer{},
			fmt.Errorf("%w: windows of %d with a stride of %d in a volume of %dx%d, must be from 1 on, and "+
				"windows no larger than the volume", ErrOptions, m.Size, m.Stride, in.H, in.W)
	}
	out := Shape{(in.H-m.Size)/m.Stride + 1, (in.W-m.Size)/m.Stride + 1, in.C}
	return layer{in: in, out: out, pool: &m}, nil
}

// numbers is how many a batch of volumes has.
func (s Shape) numbers(batch int) int64 { return int64(batch) * int64(s.H) * int64(s.W) * int64(s.C) }

// layersOf plans the layers one behind the other.
func layersOf(o Options) ([]layer, error) {
	if o.Batch < 1 || o.Batch > largest || len(o.Layers) == 0 {
		return nil,
			fmt.Errorf("%w: batches of %d pictures through %d layers, must be 1 or more of each, and batches at "+
				"most %d", ErrOptions, o.Batch, len(o.Layers), largest)
	}
	at := o.Input
	if min(at.H, at.W, at.C) < 1 || max(at.H, at.W, at.C) > largest {
		return nil, fmt.Errorf("%w: pictures of %+v, must have from 1 to %d numbers along each axis", ErrOptions, at,
			largest)
	}
	var all []layer
	for i, of := range o.Layers {
		if of == nil {
			return nil, fmt.Errorf("%w: layer %d is nil", ErrOptions, i)
		}
		l, err := of.plan(o.Batch, at)
		if err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
		all, at = append(all, l), l.out
	}
	switch last := all[len(all)-1]; {
	case last.pool != nil || last.relu:
		return nil, fmt.Errorf("%w: the last layer is a pool or has ReLU, must be one that gives scores", ErrOptions)
	case at.H*at.W != 1 || at.C < 2 || at.C > mostClasses:
		return nil, fmt.Errorf("%w: scores of %+v, must be 1x1 with 2 to %d classes", ErrOptions, at, mostClasses)
	}
	return all, nil
}

// mostClasses is how many a thread counts in one loop.
const mostClasses = 50_000
