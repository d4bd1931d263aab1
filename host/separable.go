package host

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/algo"
)

// Fusing says which depthwise layers of a program are computed together with the 1x1 layer that alone reads what they
// give.
type Fusing string

// What may be fused.
const (
	// FuseByRules fuses where the rules take that for quicker, and no algorithm was named or measured for either.
	FuseByRules Fusing = ""
	FuseAlways  Fusing = "always" // wherever a kernel can, whatever was measured
	FuseNever   Fusing = "never"
)

// ParseFusing gives what is named rules, always or never. The error wraps [gpu.ErrMisuse].
func ParseFusing(name string) (Fusing, error) {
	switch name {
	case "rules":
		return FuseByRules, nil
	case string(FuseAlways), string(FuseNever):
		return Fusing(name), nil
	}
	return "", fmt.Errorf("%w: fusing %q, must be rules, always or never", gpu.ErrMisuse, name)
}

// Fuse says which depthwise layers the program computes together with the 1x1 layer behind them. The name of a 1x1
// layer's algorithm, "separable", says the same of that layer alone.
func (b *Builder) Fuse(f Fusing) {
	if _, err := ParseFusing(string(f)); err != nil && f != FuseByRules {
		b.fail(err)
	}
	b.fusing = f
}

// fuse puts 1x1 layers in the place of the depthwise layers that they alone read, which are computed with them. It
// plans them.
func (c *compiler) fuse(ctx context.Context) error {
	for i, n := range c.nodes {
		if n.kind != convNode {
			continue
		}
		before := n.from[0]
		if !c.fusable(before, i) {
			if wantsSeparable(n.layer) {
				return fmt.Errorf("node %d, %s: %w: algorithm %s: it alone must read what a depthwise layer gives",
					i, n, ErrUnsupported, n.layer.options.Algorithm)
			}
			continue
		}
		plan, ok, err := c.separable(ctx, before, i)
		if err != nil {
			return fmt.Errorf("node %d, %s: %w", i, n, err)
		}
		if !ok {
			continue
		}
		layer := *n.layer
		layer.before = c.nodes[before].layer
		c.nodes[i].layer, c.nodes[i].from = &layer, slices.Clone(n.from)
		c.nodes[i].from[0] = c.nodes[before].from[0]
		c.nodes[before].kind = fusedNode
		c.layers[i] = plan
	}
	return nil
}

// fusable tells whether a layer is the only reader of another one, which is no output and no fused one itself.
func (c *compiler) fusable(before, reader int) bool {
	if c.nodes[before].kind != convNode || c.nodes[before].layer.before != nil ||
		slices.Contains(c.outputs, before) || c.nodes[reader].layer.options.Whole {
		return false
	}
	readers := 0
	for _, n := range c.nodes {
		for _, f := range n.from {
			if f == before {
				readers++
			}
		}
	}
	return readers == 1
}

// wantsSeparable tells whether the algorithm that a layer names computes it together with the one before.
func wantsSeparable(l *layerData) bool {
	name, _, _ := strings.Cut(l.options.Algorithm, "/")
	return name == algo.SeparableName
}

// separable plans two layers as one, unless that is not wanted, or not by the rules.
func (c *compiler) separable(ctx context.Context, before, i int) (plan algo.Plan, ok bool, err error) {
	first, second := c.nodes[before].layer, c.nodes[i].layer
	named := wantsSeparable(second)
	specs := [2]algo.Spec{c.spec(before, c.nodes[before]), c.spec(i, c.nodes[i])}
	name := ""
	if named {
		name = second.options.Algorithm
	}
	plan, err = algo.ChooseSeparable(name, specs[0], specs[1], c.dev.limits())
	switch {
	case err != nil && named:
		return plan, false, fmt.Errorf("%w: algorithm %s: %w", ErrUnsupported, name, err)
	case err != nil:
		return plan, false, nil
	}
	pair := Pair{first.problem, second.problem}
	c.program.pairs = append(c.program.pairs, pair)
	if named || c.fusing == FuseAlways || c.fusing == FuseNever {
		return plan, named || c.fusing == FuseAlways, nil
	}
	if choice, ok := second.options.Tunings.Lookup(pair.Key(c.dev.gpu.Info())); ok {
		return c.asMeasured(choice.Algorithm, specs)
	}
	return c.byRules(ctx, plan, [2]*layerData{first, second}, specs)
}

// asMeasured plans two layers as one by the algorithm that was measured to be the quickest, if it is one for both and
// serves still.
func (c *compiler) asMeasured(algorithm string, specs [2]algo.Spec) (plan algo.Plan, ok bool, err error) {
	plan, err = algo.ChooseSeparable(algorithm, specs[0], specs[1], c.dev.limits())
	return plan, err == nil, nil
}

// byRules tells whether the plan of two layers is quicker than theirs, where neither has an algorithm that was named
// or measured.
func (c *compiler) byRules(
	ctx context.Context, plan algo.Plan, layers [2]*layerData, specs [2]algo.Spec,
) (_ algo.Plan, ok bool, err error) {
	m, apart := algo.MachineOf(c.dev.limits()), 0.0
	for k, l := range layers {
		if _, settled, err := c.settled(ctx, l, specs[k]); settled || err != nil {
			return plan, false, err
		}
		quickest, err := algo.Choose("", specs[k], c.dev.limits())
		if err != nil {
			return plan, false, nil
		}
		apart += quickest.Cost(m)
	}
	return plan, plan.Cost(m) < apart, nil
}
