package onnx

import (
	"errors"
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// nodeOf is a NodeProto of an operator that takes x and gives y.
func nodeOf(attributes ...wired) wired {
	w := wired{}.text(1, "x").text(2, "y").text(3, "n").text(4, "Op")
	for _, a := range attributes {
		w = w.bytes(5, a...)
	}
	return w
}

// graphOf is a GraphProto of a node, its input x, and what else is given.
func graphOf(node wired, more ...byte) wired {
	x, y := wired{}.text(1, "x"), wired{}.text(1, "y")
	return append(wired{}.bytes(1, node...).bytes(11, x...).bytes(12, y...), more...)
}

// valueOf is a ValueInfoProto of x with such a field of TypeProto.
func valueOf(field protowire.Number, content wired) wired {
	return wired{}.text(1, "v").bytes(2, wired{}.bytes(field, content...)...)
}

// dimOf is a value of float32 with one dimension.
func dimOf(dim wired) wired {
	return valueOf(1, wired{}.number(1, 1).bytes(2, wired{}.bytes(1, dim...)...))
}

// Each kind of attribute, also with its value left out where that is zero.
func TestAttributes(t *testing.T) {
	attribute := func(kind uint64) wired { return wired{}.text(1, "a").number(20, kind) }
	for _, c := range []struct {
		attribute wired
		holds     func(a Attribute) bool
	}{
		{attribute(1).word(2, 0x40200000), func(a Attribute) bool { return a.Float == 2.5 }},
		{attribute(1), func(a Attribute) bool { return a.Kind == KindFloat && a.Float == 0 }},
		{attribute(2).number(3, 1<<64-1), func(a Attribute) bool { return a.Int == -1 }},
		{attribute(2).number(3, 1).word(2, 1), func(a Attribute) bool { return a.Int == 1 && a.Float == 0 }},
		{attribute(3).text(4, "SAME"), func(a Attribute) bool { return a.String == "SAME" }},
		{attribute(4).bytes(5, tensorOf(Int8).bytes(9, 1, 2)...), func(a Attribute) bool {
			v, err := a.Tensor.Ints()
			return err == nil && slices.Equal(v, []int64{1, 2})
		}},
		{attribute(6).word(7, 0x40200000).bytes(7, 0, 0, 0x80, 0x3f), func(a Attribute) bool {
			return slices.Equal(a.Floats, []float32{2.5, 1})
		}},
		{attribute(7).number(8, 5).packed(8, 6, 300), func(a Attribute) bool {
			return slices.Equal(a.Ints, []int64{5, 6, 300})
		}},
		{attribute(7), func(a Attribute) bool { return a.Kind == KindInts && len(a.Ints) == 0 }},
		{attribute(8).text(9, "").text(9, "b"), func(a Attribute) bool {
			return slices.Equal(a.Strings, []string{"", "b"})
		}},
	} {
		m, err := Read(modelOf(graphOf(nodeOf(c.attribute))), nil)
		if err != nil {
			t.Error(err)
			continue
		}
		if a := m.Graph.Nodes[0].Attributes["a"]; !c.holds(a) {
			t.Errorf("% x became %+v", c.attribute, a)
		}
		survives(t, m)
	}
}

// Dimensions have a size, a name or neither, and a value may have no shape, or no type.
func TestValues(t *testing.T) {
	for _, c := range []struct {
		value wired
		want  ValueInfo
	}{
		{wired{}.text(1, "v"), ValueInfo{}},
		{wired{}.text(1, "v").bytes(2), ValueInfo{}},
		{valueOf(1, wired{}.number(1, 10)), ValueInfo{Type: Float16}},
		{valueOf(1, wired{}.number(1, 1).bytes(2)), ValueInfo{Type: Float, HasShape: true}},
		{valueOf(1, wired{}.bytes(2)), ValueInfo{HasShape: true}},
		{dimOf(wired{}.number(1, 7)), ValueInfo{Type: Float, HasShape: true, Dims: []Dim{{Size: 7}}}},
		{dimOf(wired{}.number(1, 0)), ValueInfo{Type: Float, HasShape: true, Dims: []Dim{{Size: 0}}}},
		{dimOf(wired{}.text(2, "N")), ValueInfo{Type: Float, HasShape: true, Dims: []Dim{{Size: -1, Param: "N"}}}},
		{dimOf(wired{}.text(3, "DATA_BATCH")), ValueInfo{Type: Float, HasShape: true, Dims: []Dim{{Size: -1}}}},
	} {
		m, err := Read(modelOf(graphOf(nodeOf(), wired{}.bytes(13, c.value...)...)), nil)
		if err != nil {
			t.Error(err)
			continue
		}
		v := m.Graph.Values[0]
		if v.Name != "v" || v.Type != c.want.Type ||
			v.HasShape != c.want.HasShape || !slices.Equal(v.Dims, c.want.Dims) {
			t.Errorf("%+v, must be %+v", v, c.want)
		}
		survives(t, m)
	}
}

// What a file must not be, with words of the error that say why.
func TestModelsThatAreWrong(t *testing.T) {
	good := graphOf(nodeOf())
	if _, err := Read(modelOf(good), nil); err != nil {
		t.Fatal(err)
	}
	attribute := func(a wired) wired { return modelOf(graphOf(nodeOf(a))) }
	value := func(v wired) wired { return modelOf(graphOf(nodeOf(), wired{}.bytes(13, v...)...)) }
	opset := func(o wired) wired { return append(modelOf(good), wired{}.bytes(8, o...)...) }
	cut := modelOf(good)
	for _, c := range []struct {
		model wired
		kind  error
		words string
	}{
		{nil, ErrFormat, "this is no ONNX model"},
		{wired{}.number(1, 8), ErrFormat, "no graph"},
		{wired("solid\n"), ErrFormat, "metadata_props: wire type 3, and ONNX has no groups"},
		{cut[:len(cut)-2], ErrFormat, "opset_import: cut short"},
		{cut[:12], ErrFormat, "graph: cut short"},
		{cut[2:], ErrFormat, "no IR version"},
		{modelOf(good).number(1, 2), ErrUnsupported, "IR version 2, must be 3 or later"},
		{cut[:len(cut)-4], ErrFormat, "imports no opset"},
		{opset(wired{}.text(1, "ai.onnx").number(2, 12)), ErrFormat, "opsets 13 and 12 of ai.onnx"},
		{opset(wired{}.text(1, "other")), ErrFormat, `opset 0 of domain "other", must be 1 or more`},
		{modelOf(graphOf(nodeOf().text(7, "other"))), ErrFormat, `node 0 "n" (Op) is of domain "other", of which`},
		{modelOf(graphOf(nodeOf().text(4, ""))), ErrFormat, `node 0 "n" (): no operator`},
		{attribute(wired{}.number(20, 2)), ErrFormat, `node 0 "n" (Op): an attribute without a name`},
		{attribute(wired{}.text(1, "a").number(3, 1)), ErrFormat, `attribute "a": has no type`},
		{attribute(wired{}.text(1, "a").number(20, 4)), ErrFormat,
			`attribute "a": is a tensor by its type, and has none`},
		{attribute(wired{}.text(1, "a").number(20, 2).text(21, "b")), ErrFormat, `takes the value of "b"`},
		{attribute(wired{}.text(1, "a").number(20, 4).bytes(5, tensorOf(Float)...)), ErrFormat,
			`node 0 "n" (Op): attribute "a": tensor "t" of shape [2] has 0 bytes`},
		{attribute(wired{}.text(1, "a").text(2, "?")), ErrFormat,
			`graph: node 0 "n": attribute 0 "a": f: wire type 2`},
		{modelOf(graphOf(nodeOf(wired{}.text(1, "a").number(20, 2), wired{}.text(1, "a").number(20, 2)))), ErrFormat,
			`attribute "a" is there twice`},
		{modelOf(graphOf(nodeOf(), wired{}.bytes(5, tensorOf(Float)...)...)), ErrFormat,
			`initializer 0: tensor "t" of shape`},
		{modelOf(graphOf(nodeOf(), wired{}.bytes(5, wired{}.text(8, "t")...)...)), ErrFormat,
			`initializer 0: tensor "t" has no data type`},
		{value(wired{}.text(1, "")), ErrFormat, "value 0 has no name"},
		{value(dimOf(wired{}.number(1, 1<<64-1))), ErrFormat, `value "v": dimension 0: -1, must be 0 or more`},
		{value(dimOf(wired{}.number(1, 1).text(2, "N"))), ErrFormat, `both a value, 1, and a name, "N"`},
		{value(valueOf(1, wired{}.number(1, 1).bytes(2, wired{}.bytes(1, wired{}.number(1, 1<<62)...).
			bytes(1, wired{}.number(1, 2)...)...))), ErrFormat, `value "v": the product of the dimensions`},
	} {
		_, err := Read(c.model, nil)
		wantError(t, err, c.kind, c.words)
	}
}

// All that is not supported is named at once.
func TestUnsupported(t *testing.T) {
	attribute := func(name string, kind uint64) wired { return wired{}.text(1, name).number(20, kind) }
	// A subgraph within a subgraph, and so on: nothing follows it.
	deep := wired{}
	for range 20000 {
		deep = wired{}.bytes(1, wired{}.bytes(5, wired{}.bytes(6, deep[:min(len(deep), 100)]...)...)...)
	}
	tensor := wired{}.text(8, "odd").number(2, 15)
	graph := graphOf(nodeOf(attribute("then_branch", 5).bytes(6, deep...), attribute("else_branch", 5)))
	graph = graph.bytes(1, wired{}.text(2, "u").text(4, "Loop").bytes(5, attribute("bodies", 10)...)...)
	graph = graph.bytes(1, wired{}.text(2, "v").text(4, "Constant").
		bytes(5, attribute("sparse_value", 11)...).bytes(5, attribute("later", 99)...).
		bytes(5, attribute("value", 4).bytes(5, tensor...)...)...)
	graph = graph.bytes(5, tensor...).bytes(15, wired{}.bytes(1, wired{}.text(8, "thin")...)...).bytes(15)
	graph = graph.bytes(11, wired{}.text(1, "s").bytes(2, wired{}.bytes(4)...)...)
	graph = graph.bytes(12, wired{}.text(1, "m").bytes(2, wired{}.bytes(5)...)...)
	graph = graph.bytes(13, wired{}.text(1, "o").bytes(2, wired{}.bytes(9)...)...)
	graph = graph.bytes(13, wired{}.text(1, "c").bytes(2, wired{}.bytes(1, wired{}.number(1, 14)...)...)...)
	_, err := Read(modelOf(graph).bytes(25, wired{}.text(1, "Gelu").text(10, "own")...), nil)
	var parts *UnsupportedError
	if !errors.As(err, &parts) {
		t.Fatalf("error %v", err)
	}
	wantError(t, err, ErrUnsupported, `node 1 (Loop): attribute "bodies" is subgraphs; node 2`)
	if want := []string{
		`function "Gelu" of domain "own"`,
		`node 0 "n" (Op): attribute "then_branch" is a subgraph`,
		`node 0 "n" (Op): attribute "else_branch" is a subgraph`,
		`node 1 (Loop): attribute "bodies" is subgraphs`,
		`node 2 (Constant): attribute "sparse_value" is a sparse tensor`,
		`node 2 (Constant): attribute "later" is of type 99`,
		`node 2 (Constant): attribute "value": tensor "odd" is of data type 15`,
		`initializer tensor "odd" is of data type 15`,
		`initializer "thin" is a sparse tensor`,
		`initializer without a name is a sparse tensor`,
		`input "s" is a sequence`,
		`output "m" is a map`,
		`value "o" is optional`,
		`value "c" is of data type 14`,
	}; !slices.Equal(parts.Parts, want) {
		t.Errorf("%q, must be\n%q", parts.Parts, want)
	}
}
