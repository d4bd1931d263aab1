package tensor

import (
	"encoding/binary"
	"math"
	"strings"
)

// npyType is how one element lies in a .npy file.
type npyType struct {
	name string // such as "<f4"
	size int    // bytes
	big  bool   // big-endian
	// real makes a float32 of the size bytes of an element, least significant
	// first.
	real func(bits uint64) float32
}

// npyKinds are the types without their byte order.
var npyKinds = map[string]npyType{
	"f2": {size: 2, real: func(b uint64) float32 { return FromHalf(uint16(b)) }},
	"f4": {size: 4, real: func(b uint64) float32 { return math.Float32frombits(uint32(b)) }},
	"f8": {size: 8, real: func(b uint64) float32 { return float32(math.Float64frombits(b)) }},
	"i1": {size: 1, real: func(b uint64) float32 { return float32(int8(b)) }},
	"i2": {size: 2, real: func(b uint64) float32 { return float32(int16(b)) }},
	"i4": {size: 4, real: func(b uint64) float32 { return float32(int32(b)) }},
	"i8": {size: 8, real: func(b uint64) float32 { return float32(int64(b)) }},
	"u1": {size: 1, real: func(b uint64) float32 { return float32(b) }},
	"u2": {size: 2, real: func(b uint64) float32 { return float32(b) }},
	"u4": {size: 4, real: func(b uint64) float32 { return float32(b) }},
	"u8": {size: 8, real: func(b uint64) float32 { return float32(b) }},
	"b1": {size: 1, real: func(b uint64) float32 { return float32(min(b, 1)) }},
}

// parseNPYType reads a dtype such as "<f4".
func parseNPYType(name string) (npyType, error) {
	if name != "" && strings.IndexByte("<>=|", name[0]) >= 0 {
		if t, ok := npyKinds[name[1:]]; ok {
			t.name, t.big = name, name[0] == '>'
			return t, nil
		}
	}
	return npyType{}, formatErrorf("npy: dtype %q is not supported; use one of f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1 "+
		"after one of < > = |, as a.astype('<f4') gives it", name)
}

// appendTo appends the elements in src, a whole number of them, to dst.
func (t npyType) appendTo(dst []float32, src []byte) []float32 {
	for ; len(src) >= t.size; src = src[t.size:] {
		dst = append(dst, t.real(t.bits(src)))
	}
	return dst
}

func (t npyType) bits(b []byte) uint64 {
	var order binary.ByteOrder = binary.LittleEndian
	if t.big {
		order = binary.BigEndian
	}
	switch t.size {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(order.Uint16(b))
	case 4:
		return uint64(order.Uint32(b))
	default:
		return order.Uint64(b)
	}
}
