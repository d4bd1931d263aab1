package onnx

import (
	"fmt"
	"slices"
)

// Read reads a model. Its tensors may keep parts of data, which must not change after that. open gives the content of
// a file of external data by its location, a relative path with slashes that stays in the model's folder; it may be
// nil, and then a model with external data is not supported.
//
// The error wraps [ErrFormat], or [UnsupportedError], or what open returned beside ErrFormat.
func Read(data []byte, open func(location string) ([]byte, error)) (*Model, error) {
	m, err := read(data, open)
	if err != nil {
		return nil, named(err)
	}
	return m, nil
}

func read(data []byte, open func(location string) ([]byte, error)) (*Model, error) {
	var p modelProto
	if err := decode(data, &p); err != nil {
		return nil, err
	}
	switch {
	case p.irVersion == 0 && p.graph == nil:
		return nil, formatErrorf("neither an IR version nor a graph: this is no ONNX model")
	case p.graph == nil:
		return nil, formatErrorf("the model has no graph")
	}
	r := reader{files: files{open: open, content: map[string][]byte{}}}
	m, err := r.model(&p)
	if err != nil {
		return nil, err
	}
	if err := r.unsupported.err(); err != nil {
		return nil, err
	}
	return m, m.check()
}

// UnmarshalTensor reads a TensorProto, as it is in the .pb files of ONNX's operator tests. The tensor may keep parts
// of data, which must not change after that. The error wraps [ErrFormat] or [ErrUnsupported].
func UnmarshalTensor(data []byte) (Tensor, error) {
	t, err := unmarshalTensor(data)
	if err != nil {
		return Tensor{}, named(err)
	}
	return t, nil
}

func unmarshalTensor(data []byte) (Tensor, error) {
	var p tensorProto
	if err := decode(data, &p); err != nil {
		return Tensor{}, err
	}
	return p.tensor(files{})
}

// reader makes a model of messages, and notes what of them is not supported.
type reader struct {
	files       files
	unsupported UnsupportedError
}

func (r *reader) model(p *modelProto) (*Model, error) {
	m := &Model{
		IRVersion: p.irVersion, Producer: p.producerName, ProducerVersion: p.producerVersion, Domain: p.domain,
		Version: p.modelVersion, Doc: p.docString, Opsets: map[string]int64{},
	}
	for _, o := range p.opsetImport {
		domain := plainDomain(o.domain)
		if other, has := m.Opsets[domain]; has && other != o.version {
			return nil, formatErrorf("the model imports opsets %d and %d of %s, must be one",
				other, o.version, domainTitle(domain))
		}
		m.Opsets[domain] = o.version
	}
	for _, e := range p.metadataProps {
		if m.Metadata == nil {
			m.Metadata = map[string]string{}
		}
		m.Metadata[e.key] = e.value
	}
	for _, f := range p.functions {
		r.unsupported.add("function %q of %s", f.name, domainTitle(f.domain))
	}
	return m, r.graph(p.graph, &m.Graph)
}

func (r *reader) graph(p *graphProto, g *Graph) (err error) {
	g.Name = p.name
	for i := range p.node {
		n, err := r.node(i, &p.node[i])
		if err != nil {
			return fmt.Errorf("%s: %w", n.title(i), err)
		}
		g.Nodes = append(g.Nodes, n)
	}
	for i := range p.initializer {
		t, err := r.tensor("initializer", &p.initializer[i])
		if err != nil {
			return fmt.Errorf("initializer %d: %w", i, err)
		}
		g.Initializers = append(g.Initializers, t)
	}
	for _, s := range p.sparseInitializer {
		if s.values == nil {
			s.values = &tensorNameProto{}
		}
		r.unsupported.add("%s is a sparse tensor", quoted("initializer", s.values.name))
	}
	if g.Inputs, err = r.values("input", p.input); err != nil {
		return err
	}
	if g.Outputs, err = r.values("output", p.output); err != nil {
		return err
	}
	g.Values, err = r.values("value", p.valueInfo)
	return err
}

func (r *reader) node(index int, p *nodeProto) (Node, error) {
	n := Node{Name: p.name, Op: p.opType, Domain: plainDomain(p.domain), Inputs: p.input, Outputs: p.output}
	for i := range p.attribute {
		a := &p.attribute[i]
		if _, twice := n.Attributes[a.name]; twice {
			return n, formatErrorf("attribute %q is there twice", a.name)
		}
		attribute, err := r.attribute(n.title(index), a)
		if err != nil {
			return n, fmt.Errorf("attribute %q: %w", a.name, err)
		}
		if n.Attributes == nil {
			n.Attributes = map[string]Attribute{}
		}
		n.Attributes[a.name] = attribute
	}
	return n, nil
}

// otherKinds are those of attributes that are not supported.
var otherKinds = map[int32]string{
	5: "a subgraph", 10: "subgraphs",
	9: "a list of tensors", 11: "a sparse tensor", 12: "a list of sparse tensors", 13: "a type", 14: "a list of types",
}

// attribute takes what the attribute's type says; a value that is left out is the type's zero, as in proto3.
func (r *reader) attribute(node string, p *attributeProto) (a Attribute, err error) {
	if p.refAttrName != "" {
		return a, formatErrorf("takes the value of %q, which only functions may", p.refAttrName)
	}
	a.Kind = AttributeKind(p.kind)
	switch a.Kind {
	case KindFloat:
		a.Float = given(p.f)
	case KindInt:
		a.Int = given(p.i)
	case KindString:
		a.String = given(p.s)
	case KindTensor:
		if p.t == nil {
			return a, formatErrorf("is a tensor by its type, and has none")
		}
		var t Tensor
		t, err = r.tensor(fmt.Sprintf("%s: attribute %q:", node, p.name), p.t)
		a.Tensor = &t
	case KindFloats:
		a.Floats = p.floats
	case KindInts:
		a.Ints = p.ints
	case KindStrings:
		a.Strings = p.strings
	case 0:
		return a, formatErrorf("has no type, must have one since IR version 2")
	default:
		what, known := otherKinds[p.kind]
		if !known {
			what = fmt.Sprintf("of type %d", p.kind)
		}
		r.unsupported.add("%s: attribute %q is %s", node, p.name, what)
	}
	return a, err
}

// given is the value, or zero where there is none.
func given[T any](p *T) (t T) {
	if p != nil {
		t = *p
	}
	return t
}

// tensor reads a tensor, or notes that its type is not supported.
func (r *reader) tensor(where string, p *tensorProto) (Tensor, error) {
	if d := DataType(p.dataType); d != Undefined && !d.supported() {
		r.unsupported.add("%s %s is of %v", where, quoted("tensor", p.name), d)
		return Tensor{}, nil
	}
	return p.tensor(r.files)
}

func (r *reader) values(what string, list []valueInfoProto) (all []ValueInfo, err error) {
	for i := range list {
		v, err := r.value(quoted(what, list[i].name), &list[i])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", quoted(what, list[i].name), err)
		}
		all = append(all, v)
	}
	return all, nil
}

func (r *reader) value(title string, p *valueInfoProto) (v ValueInfo, err error) {
	v.Name = p.name
	if p.typeInfo == nil {
		return v, nil
	}
	if other := p.typeInfo.other(); other != "" {
		r.unsupported.add("%s is %s", title, other)
		return v, nil
	}
	t := p.typeInfo.tensor
	if t == nil {
		return v, nil
	}
	if v.Type = DataType(t.elemType); v.Type != Undefined && !v.Type.supported() {
		r.unsupported.add("%s is of %v", title, v.Type)
	}
	if t.shape == nil {
		return v, nil
	}
	v.HasShape = true
	for i := range t.shape.dim {
		d, err := t.shape.dim[i].dim()
		if err != nil {
			return v, fmt.Errorf("dimension %d: %w", i, err)
		}
		v.Dims = append(v.Dims, d)
	}
	return v, nil
}

// other is what the type is where it is no tensor.
func (t *typeProto) other() string {
	switch {
	case t.sequence != nil:
		return "a sequence"
	case t.mapType != nil:
		return "a map"
	case t.optionals != nil:
		return "optional"
	case t.sparse != nil:
		return "a sparse tensor"
	case t.opaque != nil:
		return "opaque"
	}
	return ""
}

func (d *dimProto) dim() (Dim, error) {
	switch {
	case d.dimValue != nil && d.dimParam != nil:
		return Dim{}, formatErrorf("both a value, %d, and a name, %q, must be one", *d.dimValue, *d.dimParam)
	case d.dimValue == nil:
		return Dim{Size: -1, Param: given(d.dimParam)}, nil
	case *d.dimValue < 0:
		return Dim{}, formatErrorf("%d, must be 0 or more", *d.dimValue)
	}
	return Dim{Size: *d.dimValue}, nil
}

// plainDomain is the domain, of which ai.onnx has two names.
func plainDomain(domain string) string {
	if domain == "ai.onnx" {
		return ""
	}
	return domain
}

// domainTitle is how errors call a domain.
func domainTitle(domain string) string {
	if domain == "" {
		return "ai.onnx"
	}
	return fmt.Sprintf("domain %q", domain)
}

// quoted is how errors call a thing that may have a name.
func quoted(what, name string) string {
	if name == "" {
		return what + " without a name"
	}
	return fmt.Sprintf("%s %q", what, name)
}

// title is how errors call the node that stands at an index of the graph.
func (n *Node) title(index int) string {
	if n.Name == "" {
		return fmt.Sprintf("node %d (%s)", index, n.Op)
	}
	return fmt.Sprintf("node %d %q (%s)", index, n.Name, n.Op)
}

// sortedKeys are those of a map, in the order in which they are written and checked.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
