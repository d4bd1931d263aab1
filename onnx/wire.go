package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// The encoding of protobuf (https://protobuf.dev/programming-guides/encoding). Each message has one table, by which
// it is read and written.

// A message is a struct with a table of its fields.
type message interface{ fields() []field }

// A field is a row of a message's table: its number and name in onnx.proto, and where its value is kept.
type field struct {
	number protowire.Number
	name   string
	place  place
}

// A place reads values of a field, of which there may be many, and appends what it keeps to a message.
type place interface {
	read(v value) error
	append(b []byte, number protowire.Number) []byte
}

// A value is what follows a field's tag.
type value struct {
	wire   protowire.Type
	number uint64 // of all but BytesType
	bytes  []byte // of BytesType; a part of what is read
}

// consume splits the value of the given wire type from b.
func consume(b []byte, wire protowire.Type) (v value, rest []byte, err error) {
	v.wire = wire
	n := 0
	switch wire {
	case protowire.VarintType:
		v.number, n = protowire.ConsumeVarint(b)
	case protowire.Fixed32Type:
		var word uint32
		word, n = protowire.ConsumeFixed32(b)
		v.number = uint64(word)
	case protowire.Fixed64Type:
		v.number, n = protowire.ConsumeFixed64(b)
	case protowire.BytesType:
		v.bytes, n = protowire.ConsumeBytes(b)
	default:
		return v, nil, formatErrorf("wire type %d, and ONNX has no groups", wire)
	}
	if n < 0 {
		return v, nil, formatErrorf("cut short or damaged, %d bytes before the end of what it is in: %w",
			len(b), protowire.ParseError(n))
	}
	return v, b[n:], nil
}

// decode reads b into m. What m holds already is kept, as protobuf has it for a message that comes in parts, and
// fields that m's table does not have are skipped. Nothing is nested deeper than the tables are.
func decode(b []byte, m message) error {
	table := m.fields()
	for len(b) > 0 {
		number, wire, n := protowire.ConsumeTag(b)
		if n < 0 {
			return formatErrorf("no field where one must be, %d bytes before the end: %w", len(b),
				protowire.ParseError(n))
		}
		v, rest, err := consume(b[n:], wire)
		if err != nil {
			return fmt.Errorf("%s: %w", nameOf(table, number), err)
		}
		for _, f := range table {
			if f.number != number {
				continue
			}
			if err := f.place.read(v); err != nil {
				return fmt.Errorf("%s: %w", f.title(), err)
			}
		}
		b = rest
	}
	return nil
}

// nameOf is how errors call a field, which the table may not have.
func nameOf(table []field, number protowire.Number) string {
	for _, f := range table {
		if f.number == number {
			return f.name
		}
	}
	return fmt.Sprintf("field %d", number)
}

// title is the field's name, and where there are many which one was read last.
func (f field) title() string {
	if many, ok := f.place.(interface{ last() string }); ok {
		return f.name + many.last()
	}
	return f.name
}

// encode appends m to b, its fields in the order of its table.
func encode(b []byte, m message) []byte {
	for _, f := range m.fields() {
		b = f.place.append(b, f.number)
	}
	return b
}

// A scalar is a type of values that are no messages.
type scalar[T any] struct {
	wire protowire.Type
	from func(v value) T
	to   func(b []byte, t T) []byte
}

var (
	int64s = scalar[int64]{protowire.VarintType,
		func(v value) int64 { return int64(v.number) },
		func(b []byte, n int64) []byte { return protowire.AppendVarint(b, uint64(n)) }}
	int32s = scalar[int32]{protowire.VarintType, // a longer number loses its upper bits, as in protobuf
		func(v value) int32 { return int32(v.number) },
		func(b []byte, n int32) []byte { return protowire.AppendVarint(b, uint64(int64(n))) }}
	uint64s = scalar[uint64]{protowire.VarintType, func(v value) uint64 { return v.number }, protowire.AppendVarint}
	floats  = scalar[float32]{protowire.Fixed32Type,
		func(v value) float32 { return math.Float32frombits(uint32(v.number)) },
		func(b []byte, f float32) []byte { return protowire.AppendFixed32(b, math.Float32bits(f)) }}
	texts = scalar[string]{protowire.BytesType, func(v value) string { return string(v.bytes) },
		protowire.AppendString}
	blobs = scalar[[]byte]{protowire.BytesType, func(v value) []byte { return v.bytes }, protowire.AppendBytes}
)

// check holds a value's wire type against the scalar's.
func (s scalar[T]) check(v value) error {
	if v.wire != s.wire {
		return formatErrorf("wire type %d, must be %d", v.wire, s.wire)
	}
	return nil
}

func (s scalar[T]) append(b []byte, number protowire.Number, t T) []byte {
	return s.to(protowire.AppendTag(b, number, s.wire), t)
}

// plain is a place for a value that is left out where it is T's zero.
type plain[T comparable] struct {
	scalar[T]
	at *T
}

func (p plain[T]) read(v value) error {
	*p.at = p.from(v)
	return p.check(v)
}

func (p plain[T]) append(b []byte, number protowire.Number) []byte {
	var zero T
	if *p.at == zero {
		return b
	}
	return p.scalar.append(b, number, *p.at)
}

// optional is a place for a value that may not be there, which is not the same as zero.
type optional[T any] struct {
	scalar[T]
	at **T
}

func (p optional[T]) read(v value) error {
	t := p.from(v)
	*p.at = &t
	return p.check(v)
}

func (p optional[T]) append(b []byte, number protowire.Number) []byte {
	if *p.at == nil {
		return b
	}
	return p.scalar.append(b, number, **p.at)
}

// repeated is a place for many values. Numbers are read one at a time and packed, and written one at a time, as
// onnx.proto has them outside of tensors.
type repeated[T any] struct {
	scalar[T]
	at *[]T
}

func (p repeated[T]) read(v value) error {
	if p.wire == protowire.BytesType || v.wire != protowire.BytesType {
		*p.at = append(*p.at, p.from(v))
		return p.check(v)
	}
	for b := v.bytes; len(b) > 0; {
		one, rest, err := consume(b, p.wire)
		if err != nil {
			return err
		}
		*p.at, b = append(*p.at, p.from(one)), rest
	}
	return nil
}

func (p repeated[T]) append(b []byte, number protowire.Number) []byte {
	for _, t := range *p.at {
		b = p.scalar.append(b, number, t)
	}
	return b
}

// words is a place for many numbers of a fixed size, which are kept as they are in the file: little-endian. They are
// only read.
type words struct {
	wire protowire.Type
	at   *[]byte
}

func (p words) read(v value) error {
	size := map[protowire.Type]int{protowire.Fixed32Type: 4, protowire.Fixed64Type: 8}[p.wire]
	switch {
	case v.wire == p.wire:
		*p.at = append(*p.at, binary.LittleEndian.AppendUint64(nil, v.number)[:size]...)
	case v.wire != protowire.BytesType:
		return formatErrorf("wire type %d, must be %d", v.wire, p.wire)
	case len(v.bytes)%size != 0:
		return formatErrorf("%d bytes, must be a multiple of %d", len(v.bytes), size)
	case len(*p.at) == 0:
		*p.at = slices.Clip(v.bytes) // no copy, unless there is more
	default:
		*p.at = append(*p.at, v.bytes...)
	}
	return nil
}

func (words) append(b []byte, _ protowire.Number) []byte { return b }

// pointerTo is the pointer to M, which is a message.
type pointerTo[M any] interface {
	*M
	message
}

// nested is a place for a message that may not be there.
func nested[M any, P pointerTo[M]](at *P) place { return nestedPlace[M, P]{at} }

type nestedPlace[M any, P pointerTo[M]] struct{ at *P }

func (p nestedPlace[M, P]) read(v value) error {
	if err := blobs.check(v); err != nil {
		return err
	}
	if *p.at == nil {
		*p.at = new(M)
	}
	return decode(v.bytes, *p.at)
}

func (p nestedPlace[M, P]) append(b []byte, number protowire.Number) []byte {
	if *p.at == nil {
		return b
	}
	return appendMessage(b, number, *p.at)
}

// many is a place for any number of messages.
func many[M any, P pointerTo[M]](at *[]M) place { return manyPlace[M, P]{at} }

type manyPlace[M any, P pointerTo[M]] struct{ at *[]M }

func (p manyPlace[M, P]) read(v value) error {
	*p.at = append(*p.at, *new(M))
	if err := blobs.check(v); err != nil {
		return err
	}
	return decode(v.bytes, P(&(*p.at)[len(*p.at)-1]))
}

func (p manyPlace[M, P]) append(b []byte, number protowire.Number) []byte {
	for i := range *p.at {
		b = appendMessage(b, number, P(&(*p.at)[i]))
	}
	return b
}

// last says which message was read last: its number, and its name as far as that was read.
func (p manyPlace[M, P]) last() string {
	i := len(*p.at) - 1
	if i < 0 {
		return ""
	}
	if m, ok := any(P(&(*p.at)[i])).(interface{ title() string }); ok && m.title() != "" {
		return fmt.Sprintf(" %d %q", i, m.title())
	}
	return fmt.Sprintf(" %d", i)
}

// appendMessage appends m with its tag and its length, which is put before it once it is known.
func appendMessage(b []byte, number protowire.Number, m message) []byte {
	b = protowire.AppendTag(b, number, protowire.BytesType)
	start := len(b)
	b = encode(b, m)
	return slices.Insert(b, start, protowire.AppendVarint(nil, uint64(len(b)-start))...)
}
