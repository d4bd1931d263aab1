package onnx

import "fmt"

// DataType is the type of a tensor's elements, with the numbers of TensorProto.DataType in onnx.proto.
type DataType int32

// The data types that are read and written. Undefined is that of a [ValueInfo] whose type the file does not say.
const (
	Undefined DataType = 0
	Float     DataType = 1 // float32
	Uint8     DataType = 2
	Int8      DataType = 3
	Uint16    DataType = 4
	Int16     DataType = 5
	Int32     DataType = 6
	Int64     DataType = 7
	String    DataType = 8
	Bool      DataType = 9
	Float16   DataType = 10 // IEEE 754 binary16
	Double    DataType = 11 // float64
	Uint32    DataType = 12
	Uint64    DataType = 13
	BFloat16  DataType = 16 // the upper half of a float32
)

// dataTypes has a row for each type that tensors of this package may have.
var dataTypes = map[DataType]struct {
	name string
	size int    // bytes of an element; 0 of strings
	data string // the field of TensorProto that holds such data, where raw_data does not
}{
	Float:    {"float32", 4, "float_data"},
	Uint8:    {"uint8", 1, "int32_data"},
	Int8:     {"int8", 1, "int32_data"},
	Uint16:   {"uint16", 2, "int32_data"},
	Int16:    {"int16", 2, "int32_data"},
	Int32:    {"int32", 4, "int32_data"},
	Int64:    {"int64", 8, "int64_data"},
	String:   {"string", 0, "string_data"},
	Bool:     {"bool", 1, "int32_data"},
	Float16:  {"float16", 2, "int32_data"},
	Double:   {"float64", 8, "double_data"},
	Uint32:   {"uint32", 4, "uint64_data"},
	Uint64:   {"uint64", 8, "uint64_data"},
	BFloat16: {"bfloat16", 2, "int32_data"},
}

// String is the type's name, such as float32; of one that is not supported, its number.
func (d DataType) String() string {
	if row, ok := dataTypes[d]; ok {
		return row.name
	}
	if d == Undefined {
		return "undefined"
	}
	return fmt.Sprintf("data type %d", int32(d))
}

// supported says whether tensors may have the type.
func (d DataType) supported() bool {
	_, ok := dataTypes[d]
	return ok
}
