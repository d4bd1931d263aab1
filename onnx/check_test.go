package onnx

import "testing"

// chain is a network of nodes that each take the first name and give the second.
func chain(nodes ...[2]string) *Model {
	m := &Model{IRVersion: 8, Opsets: map[string]int64{"": 13}}
	for _, n := range nodes {
		m.Graph.Nodes = append(m.Graph.Nodes, Node{Op: "Relu", Inputs: n[:1], Outputs: n[1:]})
	}
	m.Graph.Inputs = []ValueInfo{{Name: "x"}}
	m.Graph.Outputs = []ValueInfo{{Name: nodes[len(nodes)-1][1]}}
	return m
}

// What a model must not be, when it is written; it is the same check as of one that is read.
func TestCheck(t *testing.T) {
	if _, err := chain([2]string{"x", "a"}, [2]string{"a", "b"}).Marshal(); err != nil {
		t.Fatal(err)
	}
	with := func(change func(m *Model)) *Model {
		m := small()
		change(m)
		return m
	}
	long := chain([2]string{"d", "a"}, [2]string{"a", "b"}, [2]string{"x", "other"},
		[2]string{"b", "c"}, [2]string{"c", "d"})
	for _, c := range []struct {
		model *Model
		kind  error
		words string
	}{
		{&Model{}, ErrFormat, "no IR version"},
		{&Model{IRVersion: 8}, ErrFormat, "imports no opset"},
		{chain([2]string{"q", "a"}), ErrFormat, `node 0 (Relu) takes "q", which nothing gives`},
		{chain([2]string{"a", "a"}), ErrFormat,
			"cycle, in which each takes what the one before gives: node 0 (Relu), node 0 (Relu)"},
		{long, ErrFormat, "cycle, in which each takes what the one before gives: " +
			"node 0 (Relu), node 1 (Relu), node 3 (Relu), node 4 (Relu), node 0 (Relu)"},
		{chain([2]string{"b", "a"}, [2]string{"x", "b"}), ErrFormat,
			`node 0 (Relu) takes "b" before node 1 (Relu) gives it`},
		{chain([2]string{"x", "a"}, [2]string{"x", "a"}), ErrFormat,
			`"a" is given by node 0 (Relu) and by node 1 (Relu)`},
		{chain([2]string{"x", "x"}), ErrFormat, `"x" is given by an input or initializer and by node 0 (Relu)`},
		{with(func(m *Model) { m.Graph.Nodes[2].Outputs[0] = "w" }), ErrFormat,
			`"w" is given by an input or initializer and`},
		{with(func(m *Model) { m.Graph.Outputs[0].Name = "none" }), ErrFormat, `output "none": nothing gives it`},
		{with(func(m *Model) { m.Graph.Outputs[0].Name = "z" }), ErrFormat, `output "z" is there twice`},
		{with(func(m *Model) { m.Graph.Inputs[0].Name = "w" }), ErrFormat, `input "w" is there twice`},
		{with(func(m *Model) { m.Graph.Values = append(m.Graph.Values, m.Graph.Values...) }), ErrFormat,
			`value "a" is there twice`},
		{with(func(m *Model) { m.Graph.Inputs[1].Name = "" }), ErrFormat, "input 1 has no name"},
		{with(func(m *Model) { m.Graph.Initializers[1].Name = "" }), ErrFormat, "initializer 1 has no name"},
		{with(func(m *Model) { m.Graph.Initializers[1].Name = "w" }), ErrFormat, `initializer "w" is there twice`},
		{with(func(m *Model) { m.Graph.Initializers[0].Dims[0] = 2 }), ErrFormat,
			`tensor "w" of shape [2 2] has 8 bytes`},
		{with(func(m *Model) { m.Graph.Initializers[0].Type = 99 }), ErrUnsupported, `tensor "w" is of data type 99`},
		{with(func(m *Model) { m.Graph.Inputs[1].Type = 17 }), ErrUnsupported, `input "w" is of data type 17`},
		{with(func(m *Model) { m.Graph.Inputs[1].Dims = []Dim{{}} }), ErrFormat,
			`input "w" has dimensions, and by HasShape`},
		{with(func(m *Model) { m.Graph.Inputs[0].Dims[0].Size = 4 }), ErrFormat, `dimension 0 is 4 with name "batch"`},
		{with(func(m *Model) { m.Graph.Inputs[0].Dims[2].Size = -2 }), ErrFormat, "dimension 2 is -2"},
		{with(func(m *Model) { m.Graph.Nodes[0].Op = "" }), ErrFormat, `node 0 "conv" (): no operator`},
		{with(func(m *Model) { m.Graph.Nodes[1].Attributes["value"] = Attribute{Kind: KindTensor} }), ErrFormat,
			`attribute "value": is a tensor by its kind, and has none`},
		{with(func(m *Model) { m.Graph.Nodes[1].Attributes["value"] = Attribute{Int: 1} }), ErrUnsupported,
			`node 1 (Constant): attribute "value": kind 0`},
		{with(func(m *Model) { m.Graph.Nodes[1].Attributes[""] = Attribute{} }), ErrFormat,
			"an attribute without a name"},
		{with(func(m *Model) { delete(m.Opsets, "org.example") }), ErrFormat, `is of domain "org.example", of which`},
	} {
		_, err := c.model.Marshal()
		wantError(t, err, c.kind, c.words)
	}
}
