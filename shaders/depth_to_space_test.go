package shaders

import (
	"testing"

	"github.com/gpuconv/gpuconv/conv"
)

func TestDepthToSpaceParams(t *testing.T) {
	p, err := conv.Parse("g2mb3ic4id2ih3iw4oc6kd2kh4kw3sd3sh2sw5pd0ph1pw0ow2+transposed")
	if err != nil {
		t.Fatal(err)
	}
	e := conv.Epilogue{Activation: conv.Activation{Function: conv.LeakyReLU, Alpha: 0.5}, Residual: conv.AfterFunction}
	k := DepthToSpace{Vector: 1, Lanes: 16, Threads: 64}
	got := DepthToSpaceParams(p, [3]int{2, 5, 7}, 90, 3, k, e)
	want := Forward(p, e)
	want.Outputs, want.InChannels, want.XPitch = 3*5*6*2*16, 90, 90
	want.InSize, want.OutSize, want.Stride = [3]uint32{2, 5, 7}, [3]uint32{5, 6, 2}, [3]uint32{3, 2, 2}
	if got != want {
		t.Errorf("parameters %+v, must be %+v", got, want)
	}
}

// Threads share a pixel on GPUs, where there are channels for all of them.
func TestDepthToSpaceLanes(t *testing.T) {
	for _, c := range []struct {
		layer    string
		together int
		vector   uint32
		software bool
		lanes    uint32
	}{
		{"ic1ih4oc64kh2sh2+transposed", 64, 4, false, 16}, {"ic1ih4oc64kh2sh2+transposed", 64, 4, true, 1},
		{"ic1ih4oc60kh2sh2+transposed", 60, 4, false, 1}, {"ic1ih4oc17kh2sh2+transposed", 17, 1, false, 16},
		{"ic1ih4oc15kh2sh2+transposed", 15, 1, false, 1},
		{"ic1ih16384iw8192oc16kh2sh2+transposed", 16, 1, false, 1}, // 2^33 threads
	} {
		p, err := conv.Parse(c.layer)
		if err != nil {
			t.Fatal(err)
		}
		if k := DepthToSpaceBy(p, c.together, c.vector, c.software); k.Lanes != c.lanes || k.Vector != c.vector {
			t.Errorf("%s, %v: %s, must have %d lanes", c.layer, c.software, k.Name(), c.lanes)
		}
	}
}

// The products of a neuron are those of the taps that reach it, which read X as far before as they stand behind.
func TestSpreadReads(t *testing.T) {
	for _, s := range SpreadRows() {
		for residue := range s.Stride {
			for neuron := range s.Strip {
				seen := 0
				for row := range s.Filter {
					for column := range s.Filter {
						if row%s.Stride == residue && column%s.Stride == neuron%s.Stride {
							seen++
						}
					}
				}
				reads := s.Reads(residue, neuron)
				if len(reads) != seen {
					t.Errorf("%s: %d products of neuron %d, must be %d", s.Name(), len(reads), neuron, seen)
				}
				for _, r := range reads {
					// Neuron = stride * (X - oldest) + column, and as much of the rows.
					if int(neuron) != int(s.Stride)*(int(r.X)-int(s.Oldest()))+int(r.Column) ||
						r.Row != residue+s.Stride*r.Age {
						t.Errorf("%s: neuron %d reads %+v", s.Name(), neuron, r)
					}
				}
			}
		}
	}
}
