package shaders

import (
	"testing"

	"github.com/gpuconv/gpuconv/conv"
)

func TestWinogradParams(t *testing.T) {
	for _, c := range []struct {
		d     string
		m     uint32
		h, w  uint32
		tiles uint32
	}{
		{"g2mb3ic8ih9iw6oc12kh3ph1+circular", 2, 4, 4, 3 * 5 * 3},
		{"g2mb3ic8ih9iw6oc12kh3ph1+circular", 4, 6, 6, 3 * 3 * 2},
		{"g2mb3ic8ih9iw6oc12kh5ph2", 4, 8, 8, 3 * 3 * 2}, {"ic8ih9iw6oc12kh7kw1ph3pw0", 2, 8, 1, 5 * 6},
		{"ic8ih9iw6oc12kh1kw5ph0pw2", 4, 1, 8, 9 * 2},
	} {
		p, err := conv.Parse(c.d)
		if err != nil {
			t.Fatal(err)
		}
		e := conv.Epilogue{Activation: conv.Activation{Function: conv.LeakyReLU, Alpha: 0.5},
			Residual: conv.AfterFunction}
		for _, vector := range []uint32{1, 4} {
			in, out := WinogradInputs(c.h, c.w, vector), WinogradOutputs(c.h, c.w, c.m, vector)
			want, got := Forward(p, conv.Epilogue{}), WinogradInput(p, in)
			if want.Outputs = c.tiles * 8 / vector; got != want {
				t.Errorf("%s, %s: parameters %+v, must be %+v", c.d, in.Name(), got, want)
			}
			want, got = Forward(p, e), WinogradOutput(p, out, e)
			if want.Outputs = c.tiles * 12 / vector; got != want {
				t.Errorf("%s, %s: parameters %+v, must be %+v", c.d, out.Name(), got, want)
			}
		}
	}
}

// TestWinogradRows holds that there is a row for each size of tile and each number of channels a thread.
func TestWinogradRows(t *testing.T) {
	var rows []Winograd
	for _, vector := range []uint32{1, 4} {
		for _, m := range [][]uint32{{4, 4, 2}, {5, 5, 3}, {6, 6, 2, 4}, {8, 8, 2, 4, 5, 6}, {8, 1, 2, 4, 5, 6},
			{1, 8, 2, 4, 5, 6}} {
			rows = append(rows, WinogradInputs(m[0], m[1], vector))
			for _, outputs := range m[2:] {
				rows = append(rows, WinogradOutputs(m[0], m[1], outputs, vector))
			}
		}
	}
	for _, k := range rows {
		if _, err := Source(k); err != nil {
			t.Error(err)
		}
	}
	if got := len(Winograds()); got != len(rows) {
		t.Errorf("%d rows, must be %d", got, len(rows))
	}
	if _, err := Source(WinogradInputs(7, 7, 1)); err == nil {
		t.Error("tiles of 7 x 7 inputs have a source")
	}
}
