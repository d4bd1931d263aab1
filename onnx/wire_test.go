package onnx

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// wired is a message as a test writes it, field by field, with the numbers of onnx.proto.
type wired []byte

func (w wired) number(field protowire.Number, values ...uint64) wired {
	for _, v := range values {
		w = protowire.AppendVarint(protowire.AppendTag(w, field, protowire.VarintType), v)
	}
	return w
}

func (w wired) word(field protowire.Number, values ...uint32) wired {
	for _, v := range values {
		w = protowire.AppendFixed32(protowire.AppendTag(w, field, protowire.Fixed32Type), v)
	}
	return w
}

func (w wired) long(field protowire.Number, values ...uint64) wired {
	for _, v := range values {
		w = protowire.AppendFixed64(protowire.AppendTag(w, field, protowire.Fixed64Type), v)
	}
	return w
}

func (w wired) bytes(field protowire.Number, content ...byte) wired {
	return protowire.AppendBytes(protowire.AppendTag(w, field, protowire.BytesType), content)
}

func (w wired) text(field protowire.Number, s string) wired { return w.bytes(field, []byte(s)...) }

// packed holds values of a field without tags, as varints.
func (w wired) packed(field protowire.Number, values ...uint64) wired {
	var content []byte
	for _, v := range values {
		content = protowire.AppendVarint(content, v)
	}
	return w.bytes(field, content...)
}

// tensorOf is a TensorProto of a type with 2 numbers, but for its data.
func tensorOf(d DataType) wired { return wired{}.number(1, 2).number(2, uint64(d)).text(8, "t") }

// modelOf is a ModelProto around a GraphProto.
func modelOf(graph wired) wired {
	return wired{}.number(1, 8).bytes(7, graph...).bytes(8, wired{}.number(2, 13)...)
}

// Each type's numbers, in each way that a TensorProto may hold them.
func TestTensorData(t *testing.T) {
	minus := func(v uint64) uint64 { return -v } // a varint of a negative number
	for _, c := range []struct {
		kind   DataType
		ways   []wired
		values [2]float64
	}{
		{Float, []wired{wired{}.word(4, 0x3f800000, 0xc0200000), wired{}.bytes(4, 0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0),
			wired{}.word(4, 0x3f800000).bytes(4, 0, 0, 0x20, 0xc0),
			wired{}.bytes(4, 0, 0, 0x80, 0x3f).word(4, 0xc0200000),
			wired{}.bytes(9, 0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0)}, [2]float64{1, -2.5}},
		{Double, []wired{wired{}.long(10, 0x3ff8000000000000, 0x7ff0000000000000),
			wired{}.bytes(10, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f),
			wired{}.bytes(9, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f)},
			[2]float64{1.5, math.Inf(1)}},
		{Float16, []wired{wired{}.number(5, 0x3e00, 0xfbff), wired{}.packed(5, 0x3e00, 0xfbff),
			wired{}.bytes(9, 0, 0x3e, 0xff, 0xfb)}, [2]float64{1.5, -65504}},
		{BFloat16, []wired{wired{}.packed(5, 0x3fc0, 0xc000), wired{}.bytes(9, 0xc0, 0x3f, 0, 0xc0)},
			[2]float64{1.5, -2}},
		{Uint8, []wired{wired{}.packed(5, 0, 255), wired{}.bytes(9, 0, 255)}, [2]float64{0, 255}},
		{Int8, []wired{wired{}.number(5, minus(128), 127), wired{}.packed(5, minus(128)).packed(5, 127),
			wired{}.bytes(9, 0x80, 0x7f)}, [2]float64{-128, 127}},
		{Uint16, []wired{wired{}.packed(5, 1, 65535), wired{}.bytes(9, 1, 0, 255, 255)}, [2]float64{1, 65535}},
		{Int16, []wired{wired{}.packed(5, minus(32768), 32767), wired{}.bytes(9, 0, 0x80, 255, 0x7f)},
			[2]float64{-32768, 32767}},
		{Int32, []wired{wired{}.packed(5, minus(1), 1<<31-1), wired{}.packed(5, 1<<32-1, 1<<31-1),
			wired{}.bytes(9, 255, 255, 255, 255, 255, 255, 255, 127)}, [2]float64{-1, 1<<31 - 1}},
		{Int64, []wired{wired{}.packed(7, minus(2), 1<<40), wired{}.number(7, minus(2), 1<<40),
			wired{}.bytes(9, 254, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 1, 0, 0)},
			[2]float64{-2, 1 << 40}},
		{Bool, []wired{wired{}.packed(5, 1, 0), wired{}.bytes(9, 1, 0)}, [2]float64{1, 0}},
		{Uint32, []wired{wired{}.packed(11, 7, 1<<32-1), wired{}.bytes(9, 7, 0, 0, 0, 255, 255, 255, 255)},
			[2]float64{7, 1<<32 - 1}},
		{Uint64, []wired{wired{}.packed(11, 7, 1<<63),
			wired{}.bytes(9, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80)},
			[2]float64{7, 1 << 63}},
	} {
		for i, way := range c.ways {
			file := append(tensorOf(c.kind), way...)
			before := bytes.Clone(file)
			x, err := UnmarshalTensor(file)
			if err != nil || !bytes.Equal(file, before) {
				t.Errorf("%v, way %d: %v, and the file is %x, was %x", c.kind, i, err, file, before)
				continue
			}
			tensorSurvives(t, x)
			doubles, err := x.Doubles()
			if err != nil || len(doubles) != 2 || [2]float64(doubles) != c.values {
				t.Errorf("%v, way %d: %v, %v, must be %v", c.kind, i, doubles, err, c.values)
			}
			floats, err := x.Floats()
			if err != nil || floats[0] != float32(c.values[0]) || floats[1] != float32(c.values[1]) {
				t.Errorf("%v, way %d: %v, %v as float32, must be %v", c.kind, i, floats, err, c.values)
			}
		}
		none, err := UnmarshalTensor(tensorOf(c.kind).number(1, 0))
		if err != nil {
			t.Error(err)
		}
		tensorSurvives(t, none)
	}
}

// What a TensorProto must not be, with words of the error that say why.
func TestTensorsThatAreWrong(t *testing.T) {
	external := wired{}.text(1, "location").text(2, "w.bin")
	for _, c := range []struct {
		tensor wired
		kind   error
		words  string
	}{
		{tensorOf(Float).bytes(9, 1, 2, 3), ErrFormat,
			`tensor "t" of shape [2] has 3 bytes of data, must have 2 of 4 bytes`},
		{tensorOf(Float).bytes(4, 1, 2, 3), ErrFormat, "float_data: 3 bytes, must be a multiple of 4"},
		{tensorOf(Float).word(4, 1), ErrFormat, "has 4 bytes of data"},
		{tensorOf(Float).long(4, 1), ErrFormat, "float_data: wire type 1, must be 5"},
		{tensorOf(Float).packed(7, 1, 2), ErrFormat, "int64_data, must be float_data for float32"},
		{tensorOf(Float).word(4, 1, 2).bytes(9, 1), ErrFormat, "raw_data and float_data, must be one"},
		{tensorOf(Uint8).packed(5, 1, 256), ErrFormat, "number 1 is 256, must be from 0 to 255 for uint8"},
		{tensorOf(Int8).packed(5, 128, 0), ErrFormat, "number 0 is 128, must be from -128 to 127"},
		{tensorOf(Bool).packed(5, 1, 2), ErrFormat, "number 1 is 2, must be from 0 to 1"},
		{tensorOf(Float16).packed(5, 1, 1<<16), ErrFormat, "number 1 is 65536"},
		{tensorOf(Float16).packed(5, 1, 1<<64-1), ErrFormat, "number 1 is -1"},
		{tensorOf(Uint32).packed(11, 1, 1<<32), ErrFormat, "number 1 is 4294967296"},
		{tensorOf(Int64).bytes(7, 1, 0x80), ErrFormat, "int64_data: cut short"},
		{tensorOf(Undefined).bytes(9, 1), ErrFormat, `tensor "t" has no data type`},
		{tensorOf(14).bytes(9, 1), ErrUnsupported, "data type 14"},
		{tensorOf(Float).bytes(3), ErrUnsupported, "segment"},
		{tensorOf(String).bytes(9, 1, 2), ErrFormat, "raw_data, must be string_data"},
		{tensorOf(String).text(6, "one"), ErrFormat, "has 1 strings, must have 2"},
		{tensorOf(Float).number(1, 1<<64-1).word(4, 1, 2), ErrFormat, "dimension 1 is -1, must be 0 or more"},
		{tensorOf(Float).number(1, 1<<62, 1<<62), ErrFormat, "product of the dimensions"},
		{tensorOf(Float).number(1, 0, 1<<62, 1<<62), ErrFormat, "product of the dimensions"},
		{tensorOf(Double).number(1, 1<<61), ErrFormat, "has 0 bytes of data"},
		{tensorOf(Float).number(1, 1<<40), ErrFormat, "has 0 bytes of data"},
		{tensorOf(Float).number(14, 2), ErrFormat, "data_location 2, must be 0 or 1"},
		{tensorOf(Float).number(14, 1).bytes(13, external...).word(4, 1, 2), ErrFormat,
			"float_data and external data"},
		{tensorOf(Float).number(14, 1).bytes(13, external...), ErrUnsupported, `data in file "w.bin"`},
		{tensorOf(String).number(14, 1).bytes(13, external...), ErrFormat, "external data of strings"},
		{append(tensorOf(Float), 0x4a, 0xff, 0xff, 0xff, 0xff, 0x7f), ErrFormat, "raw_data: cut short"},
		{append(tensorOf(Float), 0x4b), ErrFormat, "raw_data: wire type 3, and ONNX has no groups"},
		{append(tensorOf(Float), 0xfb, 0x7f), ErrFormat, "wire type 3, and ONNX has no groups"},
		{append(tensorOf(Float), 0), ErrFormat, "no field where one must be"},
		{append(tensorOf(Float), 0xff), ErrFormat, "no field where one must be"},
		{append(tensorOf(Float), 0x08, 0xff), ErrFormat, "dims: cut short"},
		{tensorOf(Float).text(2, "a"), ErrFormat, "data_type: wire type 2, must be 0"},
		{tensorOf(Float).number(8, 1), ErrFormat, "name: wire type 0, must be 2"},
		{tensorOf(Float).number(13, 1), ErrFormat, "external_data 0: wire type 0, must be 2"},
	} {
		_, err := UnmarshalTensor(c.tensor)
		wantError(t, err, c.kind, c.words)
	}
}

// hasKind holds that an error is of one of the package's kinds.
func hasKind(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrUnsupported) {
		t.Fatalf("error of no kind: %v", err)
	}
}

// wantError holds an error's kind and words, and that it is said whose it is once.
func wantError(t *testing.T, err, kind error, words string) {
	t.Helper()
	other := map[error]error{ErrFormat: ErrUnsupported, ErrUnsupported: ErrFormat}[kind]
	if !errors.Is(err, kind) || errors.Is(err, other) {
		t.Errorf("error %v, must be of kind %q alone, with %q", err, kind, words)
		return
	}
	s := err.Error()
	if !strings.Contains(s, words) || !strings.HasPrefix(s, "onnx: ") || strings.Count(s, "onnx:") > 1 {
		t.Errorf("error %q, must have %q, and onnx: once", s, words)
	}
}

// Fields that are not known are skipped, and messages that come in parts are joined, as protobuf has it.
func TestProtobuf(t *testing.T) {
	half := wired{}.bytes(1, wired{}.text(4, "Relu").text(1, "x").text(2, "y").text(7, "ai.onnx")...)
	unknown := wired{}.number(900, 1).word(901, 2).long(902, 3).text(903, "skipped")
	half = append(append(half, unknown...), wired{}.bytes(11, wired{}.text(1, "x")...)...)
	data := append(unknown, modelOf(half)...)
	data = data.bytes(7, wired{}.bytes(12, wired{}.text(1, "y")...).text(2, "joined")...).number(1, 9)
	data = data.text(2, "p").text(3, "v").text(4, "d").number(5, 1<<64-7).text(6, "doc")
	data = data.bytes(14, wired{}.text(1, "key").text(2, "value")...)
	m, err := Read(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	if m.IRVersion != 9 || m.Graph.Name != "joined" || len(m.Graph.Nodes) != 1 || len(m.Graph.Inputs) != 1 ||
		len(m.Graph.Outputs) != 1 || m.Graph.Nodes[0].Op != "Relu" || m.Graph.Nodes[0].Domain != "" {
		t.Errorf("%+v", m)
	}
	if m.Producer != "p" || m.ProducerVersion != "v" || m.Domain != "d" || m.Version != -7 || m.Doc != "doc" ||
		m.Metadata["key"] != "value" || m.Opsets[""] != 13 {
		t.Errorf("%+v", m)
	}
	survives(t, m)
}
