package shaders

import (
	"testing"

	"github.com/gpuconv/gpuconv/conv"
)

func TestWinogradParams(t *testing.T) {
	p, err := conv.Parse("g2mb3ic8ih9iw6oc12kh3ph1+circular")
	if err != nil {
		t.Fatal(err)
	}
	e := conv.Epilogue{Activation: conv.Activation{Function: conv.LeakyReLU, Alpha: 0.5}, Residual: conv.AfterFunction}
	for _, k := range Winograds() {
		tiles := map[uint32]uint32{2: 3 * 5 * 3, 4: 3 * 3 * 2}[k.M]
		want, got := Forward(p, conv.Epilogue{}), WinogradInput(p, k)
		want.Outputs = tiles * 8 / k.Vector
		if k.Kernel == "winograd_output" {
			want, got = Forward(p, e), WinogradOutput(p, k, e)
			want.Outputs = tiles * 12 / k.Vector
		}
		if got != want {
			t.Errorf("%s: parameters %+v, must be %+v", k.Name(), got, want)
		}
	}
}

// TestWinogradRows holds that there is a row for each size of tile and each number of channels a thread.
func TestWinogradRows(t *testing.T) {
	for _, k := range []Winograd{WinogradInputs(2, 1), WinogradInputs(2, 4), WinogradInputs(4, 1), WinogradInputs(4, 4),
		WinogradOutputs(2, 1), WinogradOutputs(2, 4), WinogradOutputs(4, 1), WinogradOutputs(4, 4)} {
		if _, err := Source(k); err != nil {
			t.Error(err)
		}
	}
	if _, err := Source(WinogradInputs(3, 1)); err == nil {
		t.Error("tiles of 3 x 3 outputs have a source")
	}
}
