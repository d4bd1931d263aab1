package onnx

import (
	"fmt"
	"math"
	"os"
)

// Marshal is the model as the bytes of a file, the same ones for the same model, with all tensors in it. It fails with
// [ErrFormat] for what [Read] would refuse, and with [ErrUnsupported] beyond 2 GiB, which is protobuf's limit.
func (m *Model) Marshal() ([]byte, error) {
	if err := m.check(); err != nil {
		return nil, named(err)
	}
	data := encode(nil, m.proto())
	if len(data) > math.MaxInt32 {
		return nil, named(unsupportedErrorf("a model of %d bytes, must be %d at most", len(data), math.MaxInt32))
	}
	return data, nil
}

// WriteFile writes the model to a file as [Model.Marshal] has it.
func (m *Model) WriteFile(path string) error {
	data, err := m.Marshal()
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		return fmt.Errorf("onnx: %w", err)
	}
	return nil
}

// MarshalTensor is the tensor as the bytes of a .pb file, a TensorProto. It fails with [ErrFormat] for a tensor whose
// data does not fit its dimensions, and with [ErrUnsupported] for one of an unknown type.
func MarshalTensor(t Tensor) ([]byte, error) {
	if err := t.check(); err != nil {
		return nil, named(err)
	}
	return encode(nil, t.proto()), nil
}

func (m *Model) proto() *modelProto {
	p := &modelProto{
		irVersion: m.IRVersion, producerName: m.Producer, producerVersion: m.ProducerVersion, domain: m.Domain,
		modelVersion: m.Version, docString: m.Doc, graph: m.Graph.proto(),
	}
	for _, domain := range sortedKeys(m.Opsets) {
		p.opsetImport = append(p.opsetImport, opsetProto{domain, m.Opsets[domain]})
	}
	for _, key := range sortedKeys(m.Metadata) {
		p.metadataProps = append(p.metadataProps, entryProto{key, m.Metadata[key]})
	}
	return p
}

func (g *Graph) proto() *graphProto {
	p := &graphProto{
		name: g.Name, input: valueProtos(g.Inputs), output: valueProtos(g.Outputs), valueInfo: valueProtos(g.Values),
	}
	for _, n := range g.Nodes {
		p.node = append(p.node, n.proto())
	}
	for _, t := range g.Initializers {
		p.initializer = append(p.initializer, *t.proto())
	}
	return p
}

func (n *Node) proto() nodeProto {
	p := nodeProto{input: n.Inputs, output: n.Outputs, name: n.Name, opType: n.Op, domain: n.Domain}
	for _, name := range sortedKeys(n.Attributes) {
		a := n.Attributes[name]
		p.attribute = append(p.attribute, a.proto(name))
	}
	return p
}

// proto has the field of the attribute's kind alone, and has it also where it is zero.
func (a *Attribute) proto(name string) attributeProto {
	p := attributeProto{name: name, kind: int32(a.Kind)}
	switch a.Kind {
	case KindFloat:
		p.f = &a.Float
	case KindInt:
		p.i = &a.Int
	case KindString:
		p.s = &a.String
	case KindTensor:
		p.t = a.Tensor.proto()
	case KindFloats:
		p.floats = a.Floats
	case KindInts:
		p.ints = a.Ints
	case KindStrings:
		p.strings = a.Strings
	}
	return p
}

// proto has numbers as raw_data.
func (t *Tensor) proto() *tensorProto {
	p := &tensorProto{dims: t.Dims, dataType: int32(t.Type), stringData: t.strings, name: t.Name}
	if t.Type != String {
		p.rawData = &t.data
	}
	return p
}

func valueProtos(list []ValueInfo) (all []valueInfoProto) {
	for _, v := range list {
		p := valueInfoProto{name: v.Name}
		if v.Type != Undefined || v.HasShape {
			p.typeInfo = &typeProto{tensor: &tensorTypeProto{elemType: int32(v.Type), shape: v.shapeProto()}}
		}
		all = append(all, p)
	}
	return all
}

func (v *ValueInfo) shapeProto() *shapeProto {
	if !v.HasShape {
		return nil
	}
	p := &shapeProto{}
	for _, d := range v.Dims {
		var dim dimProto
		switch {
		case d.Param != "":
			dim.dimParam = &d.Param
		case d.Size >= 0:
			dim.dimValue = &d.Size
		}
		p.dim = append(p.dim, dim)
	}
	return p
}
