package onnx

import (
	"fmt"
	"slices"
	"strings"
)

// check holds a model against what ONNX demands of one (docs/IR.md), but for what operators demand.
func (m *Model) check() error {
	switch {
	case m.IRVersion == 0:
		return formatErrorf("the model has no IR version")
	case m.IRVersion < 3:
		return unsupportedErrorf("IR version %d, must be 3 or later", m.IRVersion)
	case len(m.Opsets) == 0:
		return formatErrorf("the model imports no opset, must import one")
	}
	for _, domain := range sortedKeys(m.Opsets) {
		if version := m.Opsets[domain]; version < 1 {
			return formatErrorf("opset %d of %s, must be 1 or more", version, domainTitle(domain))
		}
	}
	for i := range m.Graph.Nodes {
		n := &m.Graph.Nodes[i]
		if _, has := m.Opsets[n.Domain]; !has {
			return formatErrorf("%s is of %s, of which the model imports no opset", n.title(i), domainTitle(n.Domain))
		}
		if err := n.check(); err != nil {
			return fmt.Errorf("%s: %w", n.title(i), err)
		}
	}
	for i, t := range m.Graph.Initializers {
		if err := t.check(); err != nil {
			return fmt.Errorf("initializer %d: %w", i, err)
		}
	}
	return m.Graph.check()
}

func (n *Node) check() error {
	if n.Op == "" {
		return formatErrorf("no operator")
	}
	for _, name := range sortedKeys(n.Attributes) {
		a := n.Attributes[name]
		if name == "" {
			return formatErrorf("an attribute without a name")
		}
		if err := a.check(); err != nil {
			return fmt.Errorf("attribute %q: %w", name, err)
		}
	}
	return nil
}

func (a *Attribute) check() error {
	switch a.Kind {
	case KindTensor:
		if a.Tensor == nil {
			return formatErrorf("is a tensor by its kind, and has none")
		}
		return a.Tensor.check()
	case KindFloat, KindInt, KindString, KindFloats, KindInts, KindStrings:
		return nil
	}
	return unsupportedErrorf("kind %d", a.Kind)
}

// check holds the graph's values against each other: each has one name and one giver, and is given before it is taken.
func (g *Graph) check() error {
	for _, list := range []struct {
		what   string
		values []ValueInfo
	}{{"input", g.Inputs}, {"output", g.Outputs}, {"value", g.Values}} {
		if err := checkValues(list.what, list.values); err != nil {
			return err
		}
	}
	givers, err := g.givers()
	if err != nil {
		return err
	}
	for i := range g.Nodes {
		for _, name := range g.Nodes[i].Inputs {
			giver, given := givers[name]
			switch {
			case name == "":
			case !given:
				return formatErrorf("%s takes %q, which nothing gives", g.Nodes[i].title(i), name)
			case giver >= i:
				return g.disorder(givers, i, giver, name)
			}
		}
	}
	for _, o := range g.Outputs {
		if _, given := givers[o.Name]; !given {
			return formatErrorf("output %q: nothing gives it", o.Name)
		}
	}
	return nil
}

// checkValues holds that values have distinct names, and sizes that can be.
func checkValues(what string, values []ValueInfo) error {
	seen := map[string]bool{}
	for i, v := range values {
		switch {
		case v.Name == "":
			return formatErrorf("%s %d has no name", what, i)
		case seen[v.Name]:
			return formatErrorf("%s is there twice", quoted(what, v.Name))
		case v.Type != Undefined && !v.Type.supported():
			return unsupportedErrorf("%s is of %v", quoted(what, v.Name), v.Type)
		case !v.HasShape && len(v.Dims) > 0:
			return formatErrorf("%s has dimensions, and by HasShape no shape", quoted(what, v.Name))
		}
		seen[v.Name] = true
		var known []int64
		for i, d := range v.Dims {
			switch {
			case d.Size < -1 || d.Size != -1 && d.Param != "":
				return formatErrorf("%s: dimension %d is %d with name %q, must be 0 or more, or -1 and perhaps a name",
					quoted(what, v.Name), i, d.Size, d.Param)
			case d.Size >= 0:
				known = append(known, d.Size)
			}
		}
		if _, err := elements(known); err != nil {
			return fmt.Errorf("%s: %w", quoted(what, v.Name), err)
		}
	}
	return nil
}

// givers says of each value which node gives it: its index, or -1 of inputs and initializers.
func (g *Graph) givers() (map[string]int, error) {
	givers, initial := map[string]int{}, map[string]bool{}
	for _, v := range g.Inputs {
		givers[v.Name] = -1
	}
	for i, t := range g.Initializers {
		switch {
		case t.Name == "":
			return nil, formatErrorf("initializer %d has no name", i)
		case initial[t.Name]:
			return nil, formatErrorf("initializer %q is there twice", t.Name)
		}
		initial[t.Name] = true
		givers[t.Name] = -1
	}
	for i := range g.Nodes {
		for _, name := range g.Nodes[i].Outputs {
			if name == "" {
				continue
			}
			if first, twice := givers[name]; twice {
				other := "an input or initializer"
				if first >= 0 {
					other = g.Nodes[first].title(first)
				}
				return nil, formatErrorf("%q is given by %s and by %s", name, other, g.Nodes[i].title(i))
			}
			givers[name] = i
		}
	}
	return givers, nil
}

// disorder is the error of a node that takes a value which itself or a later node gives: nodes that are out of order,
// or a cycle, which has none.
func (g *Graph) disorder(givers map[string]int, taker, giver int, name string) error {
	// What the giver follows from, and for each the node that takes it.
	takers, next := map[int]int{giver: taker}, []int{giver}
	for len(next) > 0 && next[0] != taker {
		for _, input := range g.Nodes[next[0]].Inputs {
			from, given := givers[input]
			if _, seen := takers[from]; given && from >= 0 && !seen {
				takers[from] = next[0]
				next = append(next, from)
			}
		}
		next = next[1:]
	}
	if len(next) == 0 {
		return formatErrorf("%s takes %q before %s gives it: nodes must be in the order in which they run",
			g.Nodes[taker].title(taker), name, g.Nodes[giver].title(giver))
	}
	cycle := []string{g.Nodes[taker].title(taker)}
	for at := takers[taker]; at != taker; at = takers[at] {
		cycle = append(cycle, g.Nodes[at].title(at))
	}
	return formatErrorf("nodes make a cycle, in which each takes what the one before gives: %s",
		strings.Join(slices.Concat(cycle, cycle[:1]), ", "))
}
