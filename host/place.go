package host

import "slices"

// placing decides where the volumes of a graph stand.
type placing struct {
	*compiler
	readers [][]int // of each node, who reads its volume
	views   [][]int // of each node, what stands in its volume whatever is decided
}

// place decides where each volume stands. Channels of a volume stand in it. What is joined stands where it is joined,
// if a kernel gives it and it stands nowhere else yet, and if then no kernel reads and writes one operand, which
// WebGPU forbids even where the ranges are apart; else it is copied there.
func (c *compiler) place() {
	c.root, c.first = make([]int, len(c.nodes)), make([]int, len(c.nodes))
	for i := range c.nodes {
		c.root[i] = i
	}
	uses := map[int]int{} // by concatenations
	for _, n := range c.nodes {
		for _, f := range n.from {
			if n.kind == concatNode {
				uses[f]++
			}
		}
	}
	p := newPlacing(c)
	// From the last concatenation to the first one: one that is itself joined takes its volumes with it.
	for i := len(c.nodes) - 1; i >= 0; i-- {
		if c.nodes[i].kind != concatNode {
			continue
		}
		at := 0
		for k, f := range c.nodes[i].from {
			if uses[f] > 1 || c.alone(f) || !p.join(f, i, at) {
				f = p.insertCopy(i, k)
				p.stand(f, i, at)
			}
			at += c.nodes[f].shape.d
		}
	}
}

func newPlacing(c *compiler) *placing {
	p := &placing{c, make([][]int, len(c.nodes)), make([][]int, len(c.nodes))}
	for i, n := range c.nodes {
		for _, f := range n.from {
			p.readers[f] = append(p.readers[f], i)
		}
		if n.isView() {
			p.views[n.from[0]] = append(p.views[n.from[0]], i)
		}
	}
	return p
}

// isView tells whether the node's volume is another one, or some of it: no kernel gives it, and it is copied into
// concatenations.
func (n node) isView() bool { return n.kind == channelsNode || n.kind == reshapeNode }

// insertCopy has the k-th volume of a concatenation copied.
func (p *placing) insertCopy(concat, k int) int {
	of := p.nodes[concat].from[k]
	f := p.copyOf(of)
	p.root, p.first = append(p.root, f), append(p.first, 0)
	p.nodes[concat].from = slices.Clone(p.nodes[concat].from)
	p.nodes[concat].from[k] = f
	p.readers[of] = append(p.readers[of], f)
	p.readers, p.views = append(p.readers, []int{concat}), append(p.views, nil)
	return f
}

// stand has a volume stand in a concatenation, from channel at of it on. Concatenations are placed before what they
// join, so the root of this one is known.
func (p *placing) stand(f, concat, at int) {
	root, first := p.where(concat)
	p.root[f], p.first[f] = root, first+at
}

// join has a volume stand in a concatenation, unless kernels would then read what they write.
func (p *placing) join(f, concat, at int) bool {
	p.stand(f, concat, at)
	if p.clashes(f) {
		p.root[f], p.first[f] = f, 0
		return false
	}
	return true
}

// clashes tells whether some kernel would read and write the operand that a volume has come to stand in, or a view
// that is still to be copied into a concatenation would stand in it. Only what reads or gives this volume, or a view
// of it, can: all others stand where they stood before.
func (p *placing) clashes(f int) bool {
	root, _ := p.where(f)
	if slices.ContainsFunc(p.nodes[f].from, func(from int) bool { return p.clash(f, from, root) }) {
		return true
	}
	moved := []int{f}
	for len(moved) > 0 {
		m := moved[0]
		if slices.ContainsFunc(p.readers[m], func(reader int) bool { return p.clash(reader, m, root) }) {
			return true
		}
		moved = append(moved[1:], p.views[m]...)
	}
	return false
}

// clash tells whether a kernel would read a volume from the operand that it writes to, or a view be copied within it.
func (p *placing) clash(to, from, root int) bool {
	n := p.nodes[to]
	// A copy has taken the place of what a concatenation does not read any more.
	if !n.computes() && (n.kind != concatNode || !p.nodes[from].isView() || !slices.Contains(n.from, from)) {
		return false
	}
	written, _ := p.where(to)
	read, _ := p.where(from)
	return written == root && read == root
}
