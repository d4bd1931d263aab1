package host

import (
	"context"
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/shaders"
)

// choose plans the layers of the program that are not yet: each by the algorithm that its options name or that was
// measured to be the quickest, and all others together, by the rules.
func (c *compiler) choose(ctx context.Context) error {
	var settled []algo.Plan
	var open []int
	var specs []algo.Spec
	for i, n := range c.nodes {
		if n.kind != convNode {
			continue
		}
		if plan, ok := c.layers[i]; ok { // of a layer that is computed together with the one before
			settled = append(settled, plan)
			continue
		}
		s := c.spec(i, n)
		plan, ok, err := c.settled(ctx, n.layer, s)
		switch {
		case err != nil:
			return fmt.Errorf("node %d, %s: %w", i, n, err)
		case ok:
			c.layers[i], settled = plan, append(settled, plan)
		default:
			open, specs = append(open, i), append(specs, s)
		}
	}
	for k, a := range algo.Together(specs, settled, c.dev.limits()) {
		var plan algo.Plan
		var err error
		if a != nil {
			plan, err = algo.PlanBy(a, specs[k], c.dev.limits())
		} else {
			plan, err = choose(c.dev, "", specs[k]) // which says why none serves
		}
		if err != nil {
			return fmt.Errorf("node %d, %s: %w", open[k], c.nodes[open[k]], err)
		}
		c.layers[open[k]] = plan
	}
	return nil
}

// spec is a layer's, its volumes where they stand.
func (c *compiler) spec(i int, n node) algo.Spec {
	s := n.layer.spec()
	s.X, s.V = c.standing(n.from[0]), c.standing(i)
	if n.layer.options.Epilogue.Residual != conv.NoResidual {
		s.Residual = c.standing(n.from[1])
	}
	return s
}

// settled plans a layer whose algorithm the rules do not choose. What was measured was measured on volumes that stand
// alone: where it does not take these placements the rules choose.
func (c *compiler) settled(
	ctx context.Context, l *layerData, s algo.Spec,
) (plan algo.Plan, ok bool, err error) {
	if !shaders.Fits(l.problem) {
		return plan, false, unsupported(algo.ErrTooLong)
	}
	named := l.options.Algorithm
	o, err := (&Layer{layerData: *l, dev: c.dev}).tuned(ctx)
	if err != nil {
		return plan, false, err
	}
	if named == "" && o.Algorithm != "" {
		if plan, err := algo.Choose(o.Algorithm, s, c.dev.limits()); err == nil {
			return plan, true, nil
		}
	}
	if named == "" && s.Threads == 0 {
		return plan, false, nil
	}
	plan, err = choose(c.dev, named, s)
	return plan, true, err
}
