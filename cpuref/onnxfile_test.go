package cpuref

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/gpuconv/gpuconv/tensor"
)

// A reader of as much of ONNX's files as its operators' own test data needs. Field numbers are those of
// https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3.

// onnxTensor is a TensorProto; every number type that a float64 holds is read.
type onnxTensor struct {
	name   string
	shape  []int
	values []float64
	kind   uint64
}

// The data types of a TensorProto.
const (
	onnxFloat = 1
	onnxUint8 = 2
	onnxInt8  = 3
	onnxInt32 = 6
	onnxInt64 = 7
)

// array is the tensor as package tensor has it.
func (t onnxTensor) array() tensor.Array {
	a := tensor.Array{Shape: t.shape, Data: make([]float32, len(t.values))}
	for i, v := range t.values {
		a.Data[i] = float32(v)
	}
	return a
}

// onnxNode is a NodeProto.
type onnxNode struct {
	op      string
	inputs  []string
	ints    map[string][]int
	floats  map[string]float64
	strings map[string]string
}

// onnxCase is one test of an operator: a model of a single node, its operands and what must come out.
type onnxCase struct {
	name    string
	nodes   []onnxNode
	tensors map[string]onnxTensor
	want    onnxTensor
}

// fields calls visit with each field of a message: number holds varints and fixed ones, data the rest.
func fields(b []byte, visit func(field protowire.Number, number uint64, data []byte) error) error {
	for len(b) > 0 {
		field, wire, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		var number uint64
		var data []byte
		switch wire {
		case protowire.VarintType:
			number, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			number = uint64(v)
		case protowire.Fixed64Type:
			number, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			data, n = protowire.ConsumeBytes(b)
		default:
			return fmt.Errorf("field %d of wire type %d", field, wire)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		if err := visit(field, number, data); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// varints are those of a repeated field, packed or one at a time.
func varints(number uint64, data []byte) (all []int) {
	if data == nil {
		return []int{int(number)}
	}
	for len(data) > 0 {
		v, n := protowire.ConsumeVarint(data)
		if n < 0 {
			return all
		}
		all, data = append(all, int(int64(v))), data[n:]
	}
	return all
}

func parseTensor(b []byte) (t onnxTensor, err error) {
	var raw, floats []byte
	var whole []int
	err = fields(b, func(field protowire.Number, number uint64, data []byte) error {
		switch field {
		case 1:
			t.shape = append(t.shape, varints(number, data)...)
		case 2:
			t.kind = number
		case 4:
			if data == nil { // not packed
				data = binary.LittleEndian.AppendUint32(nil, uint32(number))
			}
			floats = append(floats, data...)
		case 5, 7:
			whole = append(whole, varints(number, data)...)
		case 8:
			t.name = string(data)
		case 9:
			raw = data
		}
		return nil
	})
	for _, v := range whole {
		t.values = append(t.values, float64(v))
	}
	t.values = append(t.values, rawValues(onnxFloat, floats)...)
	t.values = append(t.values, rawValues(t.kind, raw)...)
	size := 1
	for _, n := range t.shape {
		size *= n
	}
	if err == nil && len(t.values) != size &&
		slices.Contains([]uint64{onnxFloat, onnxUint8, onnxInt8, onnxInt32, onnxInt64}, t.kind) {
		err = fmt.Errorf("tensor %q of shape %v has %d values", t.name, t.shape, len(t.values))
	}
	return t, err
}

// rawValues are little-endian numbers of a data type; none for types that nothing here needs.
func rawValues(kind uint64, raw []byte) (values []float64) {
	size := map[uint64]int{onnxFloat: 4, onnxUint8: 1, onnxInt8: 1, onnxInt32: 4, onnxInt64: 8}[kind]
	for ; size > 0 && len(raw) >= size; raw = raw[size:] {
		switch kind {
		case onnxFloat:
			values = append(values, float64(math.Float32frombits(binary.LittleEndian.Uint32(raw))))
		case onnxUint8:
			values = append(values, float64(raw[0]))
		case onnxInt8:
			values = append(values, float64(int8(raw[0])))
		case onnxInt32:
			values = append(values, float64(int32(binary.LittleEndian.Uint32(raw))))
		case onnxInt64:
			values = append(values, float64(int64(binary.LittleEndian.Uint64(raw))))
		}
	}
	return values
}

func parseNode(b []byte) (n onnxNode, err error) {
	n = onnxNode{ints: map[string][]int{}, floats: map[string]float64{}, strings: map[string]string{}}
	err = fields(b, func(field protowire.Number, _ uint64, data []byte) error {
		switch field {
		case 1:
			n.inputs = append(n.inputs, string(data))
		case 4:
			n.op = string(data)
		case 5:
			return n.parseAttribute(data)
		}
		return nil
	})
	return n, err
}

func (n onnxNode) parseAttribute(b []byte) error {
	var name string
	return fields(b, func(field protowire.Number, number uint64, data []byte) error {
		switch field {
		case 1: // the name comes first
			name = string(data)
		case 2:
			n.floats[name] = float64(math.Float32frombits(uint32(number)))
		case 3, 8:
			n.ints[name] = append(n.ints[name], varints(number, data)...)
		case 4:
			n.strings[name] = string(data)
		}
		return nil
	})
}

// readOnnxCase reads a folder with model.onnx and test_data_set_0.
func readOnnxCase(folder string) (c onnxCase, err error) {
	c = onnxCase{name: filepath.Base(folder), tensors: map[string]onnxTensor{}}
	var inputs []string
	keep := func(data []byte) error {
		t, err := parseTensor(data)
		c.tensors[t.name] = t
		return err
	}
	model, err := os.ReadFile(filepath.Join(folder, "model.onnx"))
	if err != nil {
		return c, err
	}
	err = fields(model, func(field protowire.Number, _ uint64, graph []byte) error {
		if field != 7 {
			return nil
		}
		return fields(graph, func(field protowire.Number, _ uint64, data []byte) error {
			switch field {
			case 1:
				n, err := parseNode(data)
				c.nodes = append(c.nodes, n)
				return err
			case 5:
				return keep(data)
			case 11:
				return fields(data, func(field protowire.Number, _ uint64, name []byte) error {
					if field == 1 {
						inputs = append(inputs, string(name))
					}
					return nil
				})
			}
			return nil
		})
	})
	if err != nil {
		return c, err
	}
	return c, c.readData(filepath.Join(folder, "test_data_set_0"), inputs)
}

// readData reads the inputs that are no part of the model, in order, and the first output.
func (c *onnxCase) readData(folder string, inputs []string) error {
	given := 0
	for _, name := range inputs {
		if _, has := c.tensors[name]; has {
			continue // an initializer, which older files list as an input too
		}
		t, err := readOnnxTensor(filepath.Join(folder, fmt.Sprintf("input_%d.pb", given)))
		if err != nil {
			return err
		}
		given++
		c.tensors[name] = t
	}
	var err error
	c.want, err = readOnnxTensor(filepath.Join(folder, "output_0.pb"))
	return err
}

func readOnnxTensor(path string) (onnxTensor, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return onnxTensor{}, err
	}
	return parseTensor(data)
}

// input is operand i of the node, ok false where it is left out.
func (c onnxCase) input(i int) (t onnxTensor, ok bool) {
	if i >= len(c.nodes[0].inputs) || c.nodes[0].inputs[i] == "" {
		return t, false
	}
	t, ok = c.tensors[c.nodes[0].inputs[i]]
	return t, ok
}

// ints is an attribute of so many whole numbers.
func (n onnxNode) list(name string, length, fallback int) []int {
	if v := n.ints[name]; len(v) == length {
		return v
	}
	return slices.Repeat([]int{fallback}, length)
}

// A file that is damaged is an error, and no panic.
func TestOnnxReaderOnDamage(t *testing.T) {
	for _, b := range [][]byte{{0xff}, {0x0a, 0x05, 1}, {0x0b}, {0x3a, 0x02, 0x0a, 0x7f}} {
		if err := fields(b, func(protowire.Number, uint64, []byte) error { return nil }); err == nil && b[0] != 0x3a {
			t.Errorf("% x: no error", b)
		}
	}
	if _, err := parseTensor([]byte{0x08, 2, 0x10, onnxFloat}); err == nil {
		t.Error("a tensor of 2 with no values: no error")
	}
	if _, err := readOnnxCase(t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}
