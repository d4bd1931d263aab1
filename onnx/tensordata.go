package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
)

// tensor is the message's tensor, its data in one form wherever it was kept. files has what is external.
func (p *tensorProto) tensor(from files) (Tensor, error) {
	t := Tensor{Name: p.name, Type: DataType(p.dataType), Dims: p.dims}
	switch {
	case t.Type == Undefined:
		return t, formatErrorf("%s has no data type", t.title())
	case !t.Type.supported():
		return t, unsupportedErrorf("%s is of %v", t.title(), t.Type)
	case p.segment != nil:
		return t, unsupportedErrorf("%s is a segment of a larger one", t.title())
	}
	field, err := p.dataField()
	if err == nil {
		switch own := dataTypes[t.Type].data; {
		case p.dataLocation == 1 && field != "":
			err = formatErrorf("%s and external data too, must be one", field)
		case p.dataLocation == 1:
			t.data, err = p.external(t, from)
		case p.dataLocation != 0:
			err = formatErrorf("data_location %d, must be 0 or 1", p.dataLocation)
		case field == "raw_data" && t.Type != String:
			t.data = *p.rawData
		case field != "" && field != own:
			err = formatErrorf("%s, must be %s for %v", field, own, t.Type)
		default:
			err = p.typed(&t)
		}
	}
	if err != nil {
		return t, fmt.Errorf("%s: %w", t.title(), err)
	}
	return t, t.check()
}

// dataField is the name of the one field that has data, or "".
func (p *tensorProto) dataField() (name string, err error) {
	for _, f := range []struct {
		name   string
		length int
	}{
		{"raw_data", len(given(p.rawData))}, {"float_data", len(p.floatData)}, {"int32_data", len(p.int32Data)},
		{"string_data", len(p.stringData)}, {"int64_data", len(p.int64Data)}, {"double_data", len(p.doubleData)},
		{"uint64_data", len(p.uint64Data)},
	} {
		if f.length == 0 {
			continue
		}
		if name != "" {
			return "", formatErrorf("%s and %s, must be one", name, f.name)
		}
		name = f.name
	}
	return name, nil
}

// typed takes t's data from the field of its type.
func (p *tensorProto) typed(t *Tensor) (err error) {
	switch dataTypes[t.Type].data {
	case "float_data":
		t.data = p.floatData
	case "double_data":
		t.data = p.doubleData
	case "string_data":
		t.strings = p.stringData
	case "int64_data":
		t.data, err = narrowed(t.Type, p.int64Data)
	case "uint64_data":
		t.data, err = narrowed(t.Type, p.uint64Data)
	default:
		t.data, err = narrowed(t.Type, p.int32Data)
	}
	return err
}

// narrowed are numbers in as many bytes as the type has. The bits of floats are whole numbers here.
func narrowed[T int32 | int64 | uint64](d DataType, values []T) ([]byte, error) {
	least, most := limits(d)
	size := dataTypes[d].size
	data := make([]byte, 0, size*len(values))
	var word [8]byte
	for i, v := range values {
		if v < 0 && int64(v) < least || v > 0 && uint64(v) > most {
			return nil, formatErrorf("number %d is %d, must be from %d to %d for %v", i, v, least, most, d)
		}
		binary.LittleEndian.PutUint64(word[:], uint64(v))
		data = append(data, word[:size]...)
	}
	return data, nil
}

// limits are the least and the largest whole number that a typed field may have for the type.
func limits(d DataType) (least int64, most uint64) {
	switch d {
	case Int8:
		return math.MinInt8, math.MaxInt8
	case Int16:
		return math.MinInt16, math.MaxInt16
	case Int32:
		return math.MinInt32, math.MaxInt32
	case Int64:
		return math.MinInt64, math.MaxInt64
	case Bool:
		return 0, 1
	case Uint32:
		return 0, math.MaxUint32
	case Uint64:
		return 0, math.MaxUint64
	case Uint8:
		return 0, math.MaxUint8
	}
	return 0, math.MaxUint16 // uint16, and the bits of float16 and bfloat16
}
