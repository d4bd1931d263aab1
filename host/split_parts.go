package host

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
)

// partwise runs the parts of a plan one after the other. Only one part's engine exists at a time: all
// together could be larger than the device. It is kept for the next part as long as that computes the
// same with the same filters, as with those of other images, and so filters stay resident where nothing
// else is split.
type partwise[E interface{ close() }] struct {
	plan
	current E // of key, if made
	made    bool
	key     partKey
}

// partKey tells parts apart that need engines of their own.
type partKey struct {
	problem  conv.Problem
	epilogue conv.Epilogue
	filters  part // without the dimensions that filters do not have
	finish   bool
}

// engineOf gives the engine of a key, the one that there is or a new one in its place.
func (s *partwise[E]) engineOf(key partKey, build func() (E, error)) (engine E, err error) {
	if s.made && s.key == key {
		return s.current, nil
	}
	s.close()
	if engine, err = build(); err != nil {
		return engine, s.failed(key.problem, err)
	}
	s.current, s.made, s.key = engine, true, key
	return engine, nil
}

func (s *partwise[E]) close() {
	if s.made {
		s.current.close()
		s.made = false
	}
}

// failed names the part in an error.
func (pl plan) failed(p conv.Problem, err error) error {
	return fmt.Errorf("part %s, one of %d: %w", p, pl.parts(), err)
}

// single tells whether each output is one part's.
func (pl plan) single() bool { return pl.added() == 1 }

// keyOf is the key of a part's engine, without its epilogue.
func (pl plan) keyOf(pt part) partKey {
	key := partKey{problem: pl.problemOf(pt), filters: pt}
	key.filters[dimImages] = span{}
	if !pl.problem.Unshared {
		key.filters[dimOutZ], key.filters[dimOutH], key.filters[dimOutW] = span{}, span{}, span{}
	}
	return key
}

// finishKey is the key of the engine that applies the layer's epilogue to whole sums. Its problem has the
// part's outputs, and a filter of one tap in a group for each channel.
func (pl plan) finishKey(pt part) partKey {
	p, depth := pl.problemOf(pt), int(pt[dimGroups].size()*pt[dimOuts].size())
	p = conv.Problem{Batch: p.Batch, Groups: depth, InChannels: depth, OutChannels: depth, Z: through(p.Z), H: through(p.H), W: through(p.W)}
	key := partKey{problem: p, finish: true}
	key.filters[dimGroups], key.filters[dimOuts] = pt[dimGroups], pt[dimOuts] // those of the slopes
	return key
}

// through is the axis of a filter of one tap over a's outputs.
func through(a conv.Axis) conv.Axis {
	return conv.Axis{In: a.Out, Out: a.Out, Filter: 1, Stride: 1, Dilation: 1}
}

// whole is one dimension of a part in the whole layer.
func (pl plan) whole(pt part, d int) dim {
	return dim{pt[d], wholePlan(pl.problem).block[d], nil}
}

// inputs are where a part's X stands in the layer's.
func (pl plan) inputs(pt part) []dim {
	dims := []dim{pl.whole(pt, dimImages)}
	wholes := pl.problem.Axes()
	for i, a := range pl.axes(pt) {
		dims = append(dims, dim{span{0, int64(a.In)}, int64(wholes[i].In), a.from})
	}
	return append(dims, pl.whole(pt, dimGroups), pl.whole(pt, dimIns))
}

// outputs are where a part's V stands.
func (pl plan) outputs(pt part) []dim {
	return append(append([]dim{pl.whole(pt, dimImages)}, pl.positions(pt)...), pl.channels(pt)...)
}

func (pl plan) positions(pt part) []dim {
	return []dim{pl.whole(pt, dimOutZ), pl.whole(pt, dimOutH), pl.whole(pt, dimOutW)}
}

// channels are where a part's output channels stand among the layer's.
func (pl plan) channels(pt part) []dim { return []dim{pl.whole(pt, dimGroups), pl.whole(pt, dimOuts)} }

// biases are where a part's stand.
func (pl plan) biases(pt part) []dim {
	if pl.problem.Unshared {
		return append(pl.positions(pt), pl.channels(pt)...)
	}
	return pl.channels(pt)
}

// weights are where a part's stand.
func (pl plan) weights(pt part) []dim {
	return append(pl.biases(pt), pl.whole(pt, dimTapZ), pl.whole(pt, dimTapH), pl.whole(pt, dimTapW), pl.whole(pt, dimIns))
}

// eachPart calls for every part, in order.
func (pl plan) eachPart(do func(part) error) error {
	for i := range pl.parts() {
		if err := do(pl.part(i)); err != nil {
			return err
		}
	}
	return nil
}

// eachSum calls for the first part of each sum: once for every output.
func (pl plan) eachSum(do func(part) error) error {
	return pl.eachPart(func(pt part) error {
		if !pl.first(pt) {
			return nil
		}
		return do(pt)
	})
}
