package tensor

import (
	"math"
	"testing"
)

// Every half comes back, and what lies between two neighbours goes to the nearer
// one, from halfway to the even one.
func TestHalfRounding(t *testing.T) {
	for h := range uint16(halfInfinite) {
		low, high := FromHalf(h), FromHalf(h+1)
		if h+1 == halfInfinite {
			high = 65536 // as if the range went on
		}
		middle := low + (high-low)/2
		even := h + h&1
		for _, c := range []struct {
			f    float32
			want uint16
		}{{low, h}, {math.Nextafter32(middle, low), h}, {middle, even}, {math.Nextafter32(middle, high), h + 1}} {
			if got := ToHalf(c.f); got != c.want {
				t.Fatalf("ToHalf(%v) is %#04x, must be %#04x", c.f, got, c.want)
			}
			if got := ToHalf(-c.f); got != c.want|0x8000 {
				t.Fatalf("ToHalf(-%v) is %#04x, must be %#04x", c.f, got, c.want|0x8000)
			}
		}
	}
}

func TestHalfEnds(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, c := range []struct {
		f    float32
		want uint16
	}{
		{0, 0}, {1, 0x3c00}, {-2, 0xc000}, {65504, 0x7bff}, {65519.996, 0x7bff}, {65520, 0x7c00}, {1e30, 0x7c00},
		{inf, 0x7c00}, {-inf, 0xfc00},
		{0x1p-24, 1}, {0x1p-25, 0}, {0x1.000002p-25, 1}, {0x1p-149, 0}, {0x1p-14, 0x0400},
		{float32(math.Copysign(0, -1)), 0x8000},
	} {
		if got := ToHalf(c.f); got != c.want {
			t.Errorf("ToHalf(%v) is %#04x, must be %#04x", c.f, got, c.want)
		}
	}
	for _, bits := range []uint32{0x7fc00000, 0xffc00001, 0x7f800001} {
		if got := FromHalf(ToHalf(math.Float32frombits(bits))); got == got {
			t.Errorf("NaN %#08x becomes %v", bits, got)
		}
	}
	data := []float32{1, 1.0001, 2049, 1e6}
	RoundHalf(data)
	if data[0] != 1 || data[1] != 1 || data[2] != 2048 || data[3] != inf {
		t.Errorf("RoundHalf: %v", data)
	}
}
