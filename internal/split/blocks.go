package split

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
)

// Engines runs the blocks of a plan one after the other. Only one block's engine exists at a time: all
// together could be larger than the device. It is kept for the next block as long as that computes the
// same with the same filters, as with those of other images, and so filters stay resident where nothing
// else is split.
type Engines[E interface{ Close() }] struct {
	Plan
	current E // of key, if made
	made    bool
	key     Key
}

// Key tells blocks apart that need engines of their own.
type Key struct {
	Problem  conv.Problem
	Epilogue conv.Epilogue
	Filters  Block // without the dimensions that filters do not have
	Finish   bool
}

// Engine gives the engine of a key, the one that there is or a new one in its place.
func (s *Engines[E]) Engine(key Key, build func() (E, error)) (engine E, err error) {
	if s.made && s.key == key {
		return s.current, nil
	}
	s.Close()
	if engine, err = build(); err != nil {
		return engine, s.failed(key.Problem, err)
	}
	s.current, s.made, s.key = engine, true, key
	return engine, nil
}

// Current is the engine that there is.
func (s *Engines[E]) Current() (engine E, made bool) { return s.current, s.made }

// Failed names the block of the current engine in an error.
func (s *Engines[E]) Failed(err error) error { return s.failed(s.key.Problem, err) }

// Close closes the engine that there is.
func (s *Engines[E]) Close() {
	if s.made {
		s.current.Close()
		s.made = false
	}
}

// failed names a block in an error.
func (pl Plan) failed(p conv.Problem, err error) error {
	return fmt.Errorf("block %s, one of %d: %w", p, pl.Blocks(), err)
}

// Single tells whether each output is one block's.
func (pl Plan) Single() bool { return pl.added() == 1 }

// KeyOf is the key of a block's engine, without its epilogue.
func (pl Plan) KeyOf(b Block) Key {
	key := Key{Problem: pl.Problem(b), Filters: b}
	key.Filters[Images] = Span{}
	if !pl.problem.Unshared {
		key.Filters[OutZ], key.Filters[OutH], key.Filters[OutW] = Span{}, Span{}, Span{}
	}
	return key
}

// FinishKey is the key of the engine that applies the layer's epilogue to whole sums. Its problem has the
// block's outputs, and a filter of one tap in a group for each channel.
func (pl Plan) FinishKey(b Block) Key {
	p, depth := pl.Problem(b), int(b[Groups].Size()*b[Outs].Size())
	p = conv.Problem{
		Batch:       p.Batch,
		Groups:      depth,
		InChannels:  depth,
		OutChannels: depth,
		Z:           through(p.Z),
		H:           through(p.H),
		W:           through(p.W),
	}
	key := Key{Problem: p, Finish: true}
	key.Filters[Groups], key.Filters[Outs] = b[Groups], b[Outs] // those of the slopes
	return key
}

// through is the axis of a filter of one tap over a's outputs.
func through(a conv.Axis) conv.Axis {
	return conv.Axis{In: a.Out, Out: a.Out, Filter: 1, Stride: 1, Dilation: 1}
}

// whole is one dimension of a block in the whole layer.
func (pl Plan) whole(b Block, d int) Dim {
	return Dim{b[d], Whole(pl.problem).block[d], nil}
}

// Inputs are where a block's X stands in the layer's.
func (pl Plan) Inputs(b Block) []Dim {
	dims := []Dim{pl.whole(b, Images)}
	wholes := pl.problem.Axes()
	for i, a := range pl.axes(b) {
		dims = append(dims, Dim{Span{0, int64(a.In)}, int64(wholes[i].In), a.At})
	}
	return append(dims, pl.whole(b, Groups), pl.whole(b, Ins))
}

// Outputs are where a block's V stands.
func (pl Plan) Outputs(b Block) []Dim {
	return append(append([]Dim{pl.whole(b, Images)}, pl.positions(b)...), pl.Channels(b)...)
}

func (pl Plan) positions(b Block) []Dim {
	return []Dim{pl.whole(b, OutZ), pl.whole(b, OutH), pl.whole(b, OutW)}
}

// Channels are where a block's output channels stand among the layer's.
func (pl Plan) Channels(b Block) []Dim { return []Dim{pl.whole(b, Groups), pl.whole(b, Outs)} }

// Biases are where a block's stand.
func (pl Plan) Biases(b Block) []Dim {
	if pl.problem.Unshared {
		return append(pl.positions(b), pl.Channels(b)...)
	}
	return pl.Channels(b)
}

// Weights are where a block's stand.
func (pl Plan) Weights(b Block) []Dim {
	return append(pl.Biases(b), pl.whole(b, TapZ), pl.whole(b, TapH), pl.whole(b, TapW), pl.whole(b, Ins))
}

// EachBlock calls for every block, in order.
func (pl Plan) EachBlock(do func(Block) error) error {
	for i := range pl.Blocks() {
		if err := do(pl.Block(i)); err != nil {
			return err
		}
	}
	return nil
}

// EachSum calls for the first block of each sum: once for every output.
func (pl Plan) EachSum(do func(Block) error) error {
	return pl.EachBlock(func(b Block) error {
		if !pl.First(b) {
			return nil
		}
		return do(b)
	})
}
