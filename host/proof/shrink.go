package proof

import (
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
)

// maxTries bounds how often Shrink runs a case.
const maxTries = 1000

// Shrink looks for a small case that still fails: it takes away one thing after the other (the way back,
// the epilogue, groups, axes, kinds of padding, ...), makes each size 1, half or one less, and keeps what
// fails. c must fail. The result is one of which no further step fails, or what was reached after 1000
// calls of fails, which has to be about the failure alone: it is called with valid cases only.
func Shrink(c Case, fails func(Case) bool) Case {
	tries := 0
	for smaller := true; smaller; {
		smaller = false
		for _, step := range steps {
			for _, next := range step(c) {
				p, err := conv.New(next.Problem)
				if err != nil {
					continue
				}
				if tries++; tries > maxTries {
					return c
				}
				if next.Problem = p; fails(next) {
					c, smaller = next, true
					break // each step begins with its boldest
				}
			}
		}
	}
	return c
}

// steps give simpler cases, the boldest of each first. Every one of them makes a hyperparameter smaller
// or takes an option away, and none gives one back (only output sizes follow), so that no search goes
// round.
var steps = []func(Case) []Case{
	simplerOptions, simplerKind, fewerGroups,
	func(c Case) []Case { return each(c, func(c *Case) *int { return &c.Problem.Batch }, 1) },
	func(c Case) []Case { return channels(c, func(p *conv.Problem) *int { return &p.InChannels }) },
	func(c Case) []Case { return channels(c, func(p *conv.Problem) *int { return &p.OutChannels }) },
	func(c Case) []Case { return axis(c, func(p *conv.Problem) *conv.Axis { return &p.Z }) },
	func(c Case) []Case { return axis(c, func(p *conv.Problem) *conv.Axis { return &p.H }) },
	func(c Case) []Case { return axis(c, func(p *conv.Problem) *conv.Axis { return &p.W }) },
}

// smaller are the values below n to try, down to low.
func smaller(n, low int) []int {
	var list []int
	for _, v := range []int{low, n / 2, n - 1} {
		if v >= low && v < n && (len(list) == 0 || v > list[len(list)-1]) {
			list = append(list, v)
		}
	}
	return list
}

// each gives c with one of its fields at its smaller values.
func each(c Case, field func(*Case) *int, low int) []Case {
	var list []Case
	for _, v := range smaller(*field(&c), low) {
		next := c
		*field(&next) = v
		list = append(list, next)
	}
	return list
}

// simplerOptions takes away what is not the problem's.
func simplerOptions(c Case) []Case {
	var list []Case
	try := func(applies bool, change func(*Case)) {
		if next := c; applies {
			change(&next)
			list = append(list, next)
		}
	}
	e := c.Options.Epilogue
	try(c.Backward, func(n *Case) { n.Backward = false })
	try(e.Activation != conv.Activation{}, func(n *Case) { n.Options.Epilogue.Activation = conv.Activation{} })
	try(
		e.Activation.Function > conv.ReLU,
		func(n *Case) { n.Options.Epilogue.Activation = conv.Activation{Function: conv.ReLU} },
	)
	try(e.Residual != conv.NoResidual, func(n *Case) { n.Options.Epilogue.Residual = conv.NoResidual })
	try(c.Options.Separate, func(n *Case) { n.Options.Separate = false })
	try(c.Options.DType != "", func(n *Case) { n.Options.DType = "" })
	try(c.Options.Algorithm != "", func(n *Case) { n.Options.Algorithm = "" })
	try(c.Options.Threads != 0, func(n *Case) { n.Options.Threads = 0 })
	try(
		c.Mode == cpuref.Bounded && c.Options.DType != host.Int8 && cpuref.ExactEpilogue(e, []float32{1}),
		func(n *Case) { n.Mode = cpuref.Exact },
	)
	try(c.Seed > 1, func(n *Case) { n.Seed = 1 })
	try(c.Problem.Name != "", func(n *Case) { n.Problem.Name = "" })
	return list
}

// simplerKind makes an ordinary layer of another.
func simplerKind(c Case) []Case {
	var list []Case
	if next := c; c.Problem.Padding != conv.Zero {
		next.Problem.Padding = conv.Zero
		list = append(list, next)
	}
	if next := c; c.Problem.Unshared {
		next.Problem.Unshared = false
		list = append(list, next)
	}
	if c.Problem.Transposed {
		// The same sizes rarely fit both: the output is derived anew.
		next := c
		next.Problem.Transposed = false
		for _, a := range []*conv.Axis{&next.Problem.Z, &next.Problem.H, &next.Problem.W} {
			a.Out = 0
		}
		list = append(list, next)
	}
	return list
}

// fewerGroups leaves each group as large as it is.
func fewerGroups(c Case) []Case {
	var list []Case
	p := c.Problem
	for _, g := range smaller(p.Groups, 1) {
		next := c
		next.Problem.Groups, next.Problem.InChannels, next.Problem.OutChannels = g, p.InChannels/p.Groups*g,
			p.OutChannels/p.Groups*g
		list = append(list, next)
	}
	return list
}

// channels makes each group smaller.
func channels(c Case, of func(*conv.Problem) *int) []Case {
	var list []Case
	for _, n := range smaller(*of(&c.Problem)/c.Problem.Groups, 1) {
		next := c
		*of(&next.Problem) = n * c.Problem.Groups
		list = append(list, next)
	}
	return list
}

// axis makes one axis smaller, or a single point. An output size that is so many more or less than the
// ordinary one stays so.
func axis(c Case, of func(*conv.Problem) *conv.Axis) []Case {
	var list []Case
	a := *of(&c.Problem)
	add := func(a conv.Axis) {
		next := c
		*of(&next.Problem) = a
		list = append(list, next)
	}
	if a != point {
		add(point)
	}
	ordinary := ordinaryOut(a, c.Problem.Transposed)
	for _, field := range []struct {
		of  func(*conv.Axis) *int
		low int
	}{
		{func(a *conv.Axis) *int { return &a.Dilation }, 1}, {func(a *conv.Axis) *int { return &a.Stride }, 1},
		{func(a *conv.Axis) *int { return &a.Pad }, 0}, {func(a *conv.Axis) *int { return &a.Filter }, 1},
		{func(a *conv.Axis) *int { return &a.In }, 1},
	} {
		for _, v := range smaller(*field.of(&a), field.low) {
			next := a
			*field.of(&next) = v
			if next.Out = ordinaryOut(next, c.Problem.Transposed) + a.Out - ordinary; next.Out >= 1 {
				add(next)
			}
		}
	}
	return append(list, outputs(c, of, ordinary)...)
}

// outputs makes the output of an axis smaller: the ordinary one where that is smaller, or any.
func outputs(c Case, of func(*conv.Problem) *conv.Axis, ordinary int) []Case {
	var list []Case
	now := of(&c.Problem).Out
	for _, v := range append([]int{ordinary}, smaller(now, 1)...) {
		if next := c; v >= 1 && v < now {
			of(&next.Problem).Out = v
			list = append(list, next)
		}
	}
	return list
}
