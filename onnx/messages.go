package onnx

import "google.golang.org/protobuf/encoding/protowire"

// The messages of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, as much of them as a network needs. Each has
// the fields of its namesake there, by their names.

type modelProto struct {
	irVersion                             int64
	producerName, producerVersion, domain string
	modelVersion                          int64
	docString                             string
	graph                                 *graphProto
	opsetImport                           []opsetProto
	metadataProps                         []entryProto
	functions                             []functionProto
}

func (m *modelProto) fields() []field {
	return []field{
		{1, "ir_version", plain[int64]{int64s, &m.irVersion}},
		{2, "producer_name", plain[string]{texts, &m.producerName}},
		{3, "producer_version", plain[string]{texts, &m.producerVersion}},
		{4, "domain", plain[string]{texts, &m.domain}},
		{5, "model_version", plain[int64]{int64s, &m.modelVersion}},
		{6, "doc_string", plain[string]{texts, &m.docString}},
		{7, "graph", nested(&m.graph)},
		{8, "opset_import", many(&m.opsetImport)},
		{14, "metadata_props", many(&m.metadataProps)},
		{25, "function", many(&m.functions)},
	}
}

// opsetProto is OperatorSetIdProto.
type opsetProto struct {
	domain  string
	version int64
}

func (o *opsetProto) fields() []field {
	return []field{
		{1, "domain", plain[string]{texts, &o.domain}},
		{2, "version", plain[int64]{int64s, &o.version}},
	}
}

// entryProto is StringStringEntryProto.
type entryProto struct{ key, value string }

func (e *entryProto) fields() []field {
	return []field{
		{1, "key", plain[string]{texts, &e.key}},
		{2, "value", plain[string]{texts, &e.value}},
	}
}

// functionProto is only known by its name.
type functionProto struct{ name, domain string }

func (f *functionProto) fields() []field {
	return []field{
		{1, "name", plain[string]{texts, &f.name}},
		{10, "domain", plain[string]{texts, &f.domain}},
	}
}

type graphProto struct {
	node                     []nodeProto
	name                     string
	initializer              []tensorProto
	input, output, valueInfo []valueInfoProto
	sparseInitializer        []sparseTensorProto
}

func (g *graphProto) fields() []field {
	return []field{
		{1, "node", many(&g.node)},
		{2, "name", plain[string]{texts, &g.name}},
		{5, "initializer", many(&g.initializer)},
		{11, "input", many(&g.input)},
		{12, "output", many(&g.output)},
		{13, "value_info", many(&g.valueInfo)},
		{15, "sparse_initializer", many(&g.sparseInitializer)},
	}
}

type nodeProto struct {
	input, output        []string
	name, opType, domain string
	attribute            []attributeProto
}

func (n *nodeProto) fields() []field {
	return []field{
		{1, "input", repeated[string]{texts, &n.input}},
		{2, "output", repeated[string]{texts, &n.output}},
		{3, "name", plain[string]{texts, &n.name}},
		{4, "op_type", plain[string]{texts, &n.opType}},
		{5, "attribute", many(&n.attribute)},
		{7, "domain", plain[string]{texts, &n.domain}},
	}
}

func (n *nodeProto) title() string { return n.name }

type attributeProto struct {
	name        string
	f           *float32
	i           *int64
	s           *string
	t           *tensorProto
	floats      []float32
	ints        []int64
	strings     []string
	kind        int32
	refAttrName string
}

func (a *attributeProto) fields() []field {
	return []field{
		{1, "name", plain[string]{texts, &a.name}},
		{2, "f", optional[float32]{floats, &a.f}},
		{3, "i", optional[int64]{int64s, &a.i}},
		{4, "s", optional[string]{texts, &a.s}},
		{5, "t", nested(&a.t)},
		{7, "floats", repeated[float32]{floats, &a.floats}},
		{8, "ints", repeated[int64]{int64s, &a.ints}},
		{9, "strings", repeated[string]{texts, &a.strings}},
		{20, "type", plain[int32]{int32s, &a.kind}},
		{21, "ref_attr_name", plain[string]{texts, &a.refAttrName}},
	}
}

func (a *attributeProto) title() string { return a.name }

type tensorProto struct {
	dims                  []int64
	dataType              int32
	segment               *[]byte
	floatData, doubleData []byte // little-endian, which is how raw_data would be
	int32Data             []int32
	stringData            []string
	int64Data             []int64
	uint64Data            []uint64
	name                  string
	rawData               *[]byte
	externalData          []entryProto
	dataLocation          int32
}

func (t *tensorProto) fields() []field {
	return []field{
		{1, "dims", repeated[int64]{int64s, &t.dims}},
		{2, "data_type", plain[int32]{int32s, &t.dataType}},
		{3, "segment", optional[[]byte]{blobs, &t.segment}},
		{4, "float_data", words{protowire.Fixed32Type, &t.floatData}},
		{5, "int32_data", repeated[int32]{int32s, &t.int32Data}},
		{6, "string_data", repeated[string]{texts, &t.stringData}},
		{7, "int64_data", repeated[int64]{int64s, &t.int64Data}},
		{8, "name", plain[string]{texts, &t.name}},
		{9, "raw_data", optional[[]byte]{blobs, &t.rawData}},
		{10, "double_data", words{protowire.Fixed64Type, &t.doubleData}},
		{11, "uint64_data", repeated[uint64]{uint64s, &t.uint64Data}},
		{13, "external_data", many(&t.externalData)},
		{14, "data_location", plain[int32]{int32s, &t.dataLocation}},
	}
}

func (t *tensorProto) title() string { return t.name }

// sparseTensorProto is only known by its name, which is that of its values.
type sparseTensorProto struct{ values *tensorNameProto }

func (s *sparseTensorProto) fields() []field { return []field{{1, "values", nested(&s.values)}} }

// tensorNameProto is a TensorProto of which nothing but the name is read.
type tensorNameProto struct{ name string }

func (t *tensorNameProto) fields() []field {
	return []field{{8, "name", plain[string]{texts, &t.name}}}
}

type valueInfoProto struct {
	name     string
	typeInfo *typeProto
}

func (v *valueInfoProto) fields() []field {
	return []field{
		{1, "name", plain[string]{texts, &v.name}},
		{2, "type", nested(&v.typeInfo)},
	}
}

func (v *valueInfoProto) title() string { return v.name }

// typeProto has of all types but tensors whether they are there.
type typeProto struct {
	tensor                                       *tensorTypeProto
	sequence, mapType, opaque, sparse, optionals *[]byte
}

func (t *typeProto) fields() []field {
	return []field{
		{1, "tensor_type", nested(&t.tensor)},
		{4, "sequence_type", optional[[]byte]{blobs, &t.sequence}},
		{5, "map_type", optional[[]byte]{blobs, &t.mapType}},
		{7, "opaque_type", optional[[]byte]{blobs, &t.opaque}},
		{8, "sparse_tensor_type", optional[[]byte]{blobs, &t.sparse}},
		{9, "optional_type", optional[[]byte]{blobs, &t.optionals}},
	}
}

// tensorTypeProto is TypeProto.Tensor.
type tensorTypeProto struct {
	elemType int32
	shape    *shapeProto
}

func (t *tensorTypeProto) fields() []field {
	return []field{
		{1, "elem_type", plain[int32]{int32s, &t.elemType}},
		{2, "shape", nested(&t.shape)},
	}
}

// shapeProto is TensorShapeProto.
type shapeProto struct{ dim []dimProto }

func (s *shapeProto) fields() []field { return []field{{1, "dim", many(&s.dim)}} }

// dimProto is TensorShapeProto.Dimension.
type dimProto struct {
	dimValue *int64
	dimParam *string
}

func (d *dimProto) fields() []field {
	return []field{
		{1, "dim_value", optional[int64]{int64s, &d.dimValue}},
		{2, "dim_param", optional[string]{texts, &d.dimParam}},
	}
}
