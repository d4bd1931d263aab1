package shaders

import (
	"testing"

	"github.com/gpuconv/gpuconv/conv"
)

func TestFourierParams(t *testing.T) {
	e := conv.Epilogue{Activation: conv.Activation{Function: conv.LeakyReLU, Alpha: 0.5}, Residual: conv.AfterFunction}
	for d, threads := range map[string][4]uint32{ // for one channel: rows, columns, inverse columns, inverse rows
		"g2mb3ic8ih9iw16oc12kh3ph1+circular": {3 * 2 * 16, 3 * 2 * 23, 3 * 2 * 23, 3 * 2 * 14}, // tiles of 14 x 14
		"ic8ih17iw8oc12kh5kw2ph2pw0":         {2 * 16, 2 * 23, 2 * 23, 2 * 12},
		"mb2ic8ih9iw23oc12kh1kw7ph0pw3":      {2 * 9 * 3, 0, 0, 2 * 9 * 3},
		"ic8ih14iw5oc12kh13kw1ph6pw0":        {4 * 5, 0, 0, 4 * 5},
	} {
		p, err := conv.Parse(d)
		if err != nil {
			t.Fatal(err)
		}
		for _, vector := range []uint32{1, 4} {
			for i, k := range []Fourier{FourierRows(vector), FourierColumns(vector), FourierInverseColumns(vector),
				FourierInverseRows(vector)} {
				want, channels := Forward(p, conv.Epilogue{}), uint32(8)
				if i > 1 {
					channels = 12
				}
				if i == 3 {
					want = Forward(p, e)
				}
				if want.Outputs = threads[i] * channels / vector; want.Outputs == 0 {
					continue // no columns
				}
				if got := FourierParams(p, k, e); got != want {
					t.Errorf("%s, %s: parameters %+v, must be %+v", d, k.Name(), got, want)
				}
			}
		}
	}
}

func TestSpaceToDepthParams(t *testing.T) {
	p, err := conv.Parse("g2mb3ic8ih19iw14oc8kh5kw9sh2sw3ph2pw3")
	if err != nil {
		t.Fatal(err)
	}
	to, err := conv.Parse("g2mb3ic48ih12iw6oc8oh10ow4kh3ph0")
	if err != nil {
		t.Fatal(err)
	}
	want := Forward(p, conv.Epilogue{})
	want.Outputs = 3 * 12 * 6 * 2
	if got := SpaceToDepthParams(p, to); got != want {
		t.Errorf("parameters %+v, must be %+v", got, want)
	}
}
