package tensor

import "math"

// The limits of IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction.
const (
	halfInfinite = 0x7c00
	halfQuiet    = 0x0200           // the bit that makes a NaN a quiet one
	halfNormal   = 113 << 23        // the float32 2^-14, the smallest normal half
	halfOverflow = (127 + 16) << 23 // the float32 2^16; what is below rounds to infinity by itself, from 65520 on
)

// FromHalf widens an IEEE 754 binary16, which is always exact.
func FromHalf(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exponent, fraction := uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exponent {
	case 0: // zero or subnormal: fraction * 2^-24
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)*0x1p-24))
	case 0x1f: // infinite or NaN
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	default:
		return math.Float32frombits(sign | (exponent-15+127)<<23 | fraction<<13)
	}
}

// ToHalf rounds to the nearest IEEE 754 binary16, of two that are equally near to
// the even one. What is 65520 or more in size becomes infinite; a NaN stays one,
// with the bits of its payload that fit.
func ToHalf(f float32) uint16 {
	bits := math.Float32bits(f)
	sign, size := uint16(bits>>16&0x8000), bits&0x7fffffff
	switch {
	case size > 0xff<<23:
		return sign | halfInfinite | halfQuiet | uint16(size>>13&0x3ff)
	case size >= halfOverflow:
		return sign | halfInfinite
	case size >= halfNormal:
		// Half of the last place, less one where the rest is even; a carry moves
		// on into the exponent, as it must.
		return sign | uint16((size-112<<23+0xfff+size>>13&1)>>13)
	}
	// Subnormal: whole multiples of 2^-24. The product is exact, and below 2^10.
	return sign | uint16(math.RoundToEven(float64(math.Float32frombits(size))*0x1p24))
}

// RoundHalf rounds every number to the nearest that a binary16 holds, as [ToHalf]
// does, in place.
func RoundHalf(data []float32) {
	for i, x := range data {
		data[i] = FromHalf(ToHalf(x))
	}
}
