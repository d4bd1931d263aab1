package onnx

// Model is a network as an ONNX file holds it.
type Model struct {
	IRVersion       int64 // of the file's format; 3 or later
	Producer        string
	ProducerVersion string
	Domain          string // with Graph.Name, who the model is from
	Version         int64  // of the model itself
	Doc             string
	Metadata        map[string]string
	// Opsets are the versions of the operators, by domain. "" is ai.onnx, ONNX's own.
	Opsets map[string]int64
	Graph  Graph
}

// Graph is the nodes of a network, and the values that they are joined by. Every value has a name of its own.
type Graph struct {
	Name string
	// Nodes stand in an order in which they can run.
	Nodes []Node
	// Inputs and Outputs are those of the network. Files of IR version 3 list every initializer as an input too.
	Inputs, Outputs []ValueInfo
	// Values are what the file says of values between nodes, which need not be all of them.
	Values []ValueInfo
	// Initializers are values that the file holds.
	Initializers []Tensor
}

// Node is one use of an operator.
type Node struct {
	Name, Op string
	Domain   string // of the operator; "" is ai.onnx
	// Inputs and Outputs are names of values in the order that the operator gives them; "" is one that is left out.
	Inputs, Outputs []string
	Attributes      map[string]Attribute
}

// Attribute is a parameter of an operator. Kind says which one of the other fields holds it.
type Attribute struct {
	Kind    AttributeKind
	Float   float32
	Int     int64
	String  string
	Tensor  *Tensor
	Floats  []float32
	Ints    []int64
	Strings []string
}

// AttributeKind says what an attribute holds, with the numbers of AttributeProto.AttributeType in onnx.proto.
type AttributeKind int32

// The kinds of attributes that are read and written.
const (
	KindFloat   AttributeKind = 1
	KindInt     AttributeKind = 2
	KindString  AttributeKind = 3
	KindTensor  AttributeKind = 4
	KindFloats  AttributeKind = 6
	KindInts    AttributeKind = 7
	KindStrings AttributeKind = 8
)

// ValueInfo is the name and the type of a value.
type ValueInfo struct {
	Name string
	Type DataType // Undefined where the file does not say it
	// Dims are the sizes of the axes, first the slowest; none, with HasShape, is a scalar.
	Dims     []Dim
	HasShape bool // false where the file does not even say the rank
}

// Dim is the size of an axis.
type Dim struct {
	Size  int64  // -1 where it is not known, or symbolic
	Param string // the name of a symbolic size, which is the same wherever the name is
}
