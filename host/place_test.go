package host

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// graph is a drawn graph of nodes: layers, operators, concatenations, channels and volumes of other shapes.
func graph(rng *rand.Rand, nodes int) *compiler {
	c := &compiler{nodes: []node{{kind: inputNode, shape: shape{1, 1, 1, 1, 4}}}}
	for len(c.nodes) < nodes {
		any := func() int { return max(0, len(c.nodes)-1-rng.IntN(min(len(c.nodes), 6))) }
		n := node{kind: operatorNode, from: []int{any()}}
		n.shape = c.nodes[n.from[0]].shape
		switch rng.IntN(8) {
		case 0, 1, 2:
			n.kind = concatNode
			for range 1 + rng.IntN(2) {
				n.from = append(n.from, any())
			}
			n.shape.d = 0
			for _, f := range n.from {
				n.shape.d += c.nodes[f].shape.d
			}
		case 3, 4:
			n.kind, n.first = channelsNode, rng.IntN(n.shape.d)
			n.shape.d -= n.first
		case 5:
			n.kind = reshapeNode
		case 6:
			n.from = append(n.from, any())
		}
		c.nodes = append(c.nodes, n)
	}
	return c
}

// placedSlowly decides as place does, and looks at all nodes for each volume that is joined.
func placedSlowly(c *compiler) {
	c.root, c.first = make([]int, len(c.nodes)), make([]int, len(c.nodes))
	uses := map[int]int{}
	for i, n := range c.nodes {
		c.root[i] = i
		for _, f := range n.from {
			if n.kind == concatNode {
				uses[f]++
			}
		}
	}
	for i := len(c.nodes) - 1; i >= 0; i-- {
		at := 0
		for k, f := range c.nodes[i].from {
			if c.nodes[i].kind != concatNode {
				break
			}
			joined := uses[f] == 1 && !c.alone(f)
			if joined {
				c.root[f], c.first[f] = i, at
				if joined = len(clashing(c)) == 0; !joined {
					c.root[f], c.first[f] = f, 0
				}
			}
			if !joined {
				f = c.copyOf(f)
				c.root, c.first = append(c.root, i), append(c.first, at)
				c.nodes[i].from = slices.Clone(c.nodes[i].from)
				c.nodes[i].from[k] = f
			}
			at += c.nodes[f].shape.d
		}
	}
}

// clashing are the nodes that read and write one operand, or will when views are copied.
func clashing(c *compiler) (all []int) {
	for i, n := range c.nodes {
		to, _ := c.where(i)
		for _, f := range n.from {
			if from, _ := c.where(f); from == to && (n.computes() || n.kind == concatNode && c.nodes[f].isView()) {
				all = append(all, i)
			}
		}
	}
	return all
}

// TestPlace holds that no kernel reads and writes one operand, and that as much is joined as can be, which is what
// looking at all nodes each time gives.
func TestPlace(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	joined, copied := 0, 0
	for range 3000 {
		c := graph(rng, 3+rng.IntN(30))
		slowly := &compiler{nodes: slices.Clone(c.nodes)}
		nodes := len(c.nodes)
		c.place()
		placedSlowly(slowly)
		if bad := clashing(c); len(bad) > 0 {
			t.Fatalf("nodes %v of %v read and write one operand", bad, c.nodes)
		}
		if len(c.nodes) != len(slowly.nodes) {
			t.Fatalf("%v: %d copies, must be %d", c.nodes, len(c.nodes)-nodes, len(slowly.nodes)-nodes)
		}
		for i := range c.nodes {
			root, first := c.where(i)
			wantRoot, wantFirst := slowly.where(i)
			if root != wantRoot || first != wantFirst || !slices.Equal(c.nodes[i].from, slowly.nodes[i].from) {
				t.Fatalf("%v: node %d reads %v and stands in %d from %d on, must read %v and stand in %d from %d on",
					c.nodes, i, c.nodes[i].from, root, first, slowly.nodes[i].from, wantRoot, wantFirst)
			}
			if i < nodes && root != i && !c.nodes[i].isView() {
				joined++
			}
		}
		copied += len(c.nodes) - nodes
	}
	if joined < 1000 || copied < 1000 {
		t.Errorf("%d volumes joined and %d copied, must be 1000 or more of each", joined, copied)
	}
}

// TestPlaceLarge places a network of many concatenations, each of all that came before, as DenseNet's are. Looking at
// all nodes for each volume that is joined takes minutes for it.
func TestPlaceLarge(t *testing.T) {
	one := shape{1, 1, 1, 1, 1}
	c := &compiler{nodes: []node{{kind: operatorNode, shape: one}}}
	const concatenations = 3000
	for i := range concatenations {
		before := len(c.nodes) - 1
		c.nodes = append(c.nodes, node{kind: operatorNode, shape: one, from: []int{max(0, before-5)}})
		wide := shape{1, 1, 1, 1, i + 2}
		c.nodes = append(c.nodes, node{kind: concatNode, shape: wide, from: []int{before, len(c.nodes) - 1}})
	}
	nodes := len(c.nodes)
	c.place()
	if len(c.nodes) == nodes {
		t.Error("no copies: the layers that read their own concatenation need them")
	}
	if bad := clashing(c); len(bad) > 0 {
		t.Errorf("nodes %v read and write one operand", bad)
	}
}
