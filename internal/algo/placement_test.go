package algo_test

import (
	"errors"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/shaders"
)

// anything is a device that takes all plans.
var anything = algo.Limits{Software: true, Limits: gpu.Limits{
	MaxBufferSize: 1 << 40, MaxStorageBinding: 1 << 40, MaxUniformBinding: 1 << 20,
	StorageOffsetAlignment: 256, UniformOffsetAlignment: 256, MaxStorageBuffers: 16,
	MaxWorkgroupStorage: 1 << 20, MaxWorkgroupInvocations: 1 << 10, MaxWorkgroupSizeX: 1 << 10,
	MaxWorkgroupsPerDimension: 1 << 16,
}}

// TestPlacementsWithoutRoom: no algorithm takes a volume that is larger than what it stands in, or stands partly
// beside it; and what it stands in is as large as it says.
func TestPlacementsWithoutRoom(t *testing.T) {
	served := 0
	for _, descriptor := range []string{
		"g2mb2ic8ih9iw13oc8kh3ph1", "g2mb2ic8ih9iw13oc8kh5sh2ph2", "ic64ih9oc8kh3", "g8ic8ih9oc8kh3ph1",
		"g8ic8ih9oc8kh3sh2ph1",
		"g2ic8ih9oc8kh3ph1", "ic3ih9oc8kh3ph1", "ic3ih12oc8kh7sh2ph3", "ic3ih23oc8kh11sh4",
		"g2ic8ih9oc8kh3ph1+transposed", "g2ic8ih9oc8kh5sh2ph1+transposed", "g8ic8ih9oc8kh3sh2ph1+transposed",
	} {
		p, err := conv.Parse(descriptor)
		if err != nil {
			t.Fatal(err)
		}
		room := algo.Spec{Problem: p, Epilogue: conv.Epilogue{Residual: conv.BeforeFunction}, DType: shaders.Float32}
		room.X = shaders.Placement{Pitch: uint32(p.InChannels+3)/4*4 + 8, First: 4}
		room.V = shaders.Placement{Pitch: uint32(p.OutChannels) + 4, First: 4}
		room.Residual = shaders.Placement{Pitch: uint32(p.OutChannels) + 1, First: 1}
		for _, a := range algo.All(room) {
			plan, err := a.Plan(room, anything)
			if err != nil {
				continue
			}
			served++
			inputs, outputs := p.InLen()/int64(p.InChannels), p.OutLen()/int64(p.OutChannels) // pixels
			for operand, want := range map[int]int64{
				algo.X: inputs * int64(room.X.Pitch), algo.V: outputs * int64(room.V.Pitch),
				algo.Residual: outputs * int64(room.Residual.Pitch),
			} {
				if o := plan.Operands[operand]; o.Count != want {
					t.Errorf("%s by %s: %s holds %d numbers, must be %d", descriptor, algo.Name(a), o.Name, o.Count,
						want)
				}
			}
			for name, move := range map[string]func(*algo.Spec){
				"X":             func(s *algo.Spec) { s.X.First = s.X.Pitch },
				"no pitch of X": func(s *algo.Spec) { s.X.Pitch = 0 },
				"V":             func(s *algo.Spec) { s.V.First += 4 },
				"no pitch of V": func(s *algo.Spec) { s.V.Pitch = 0 },
				"R":             func(s *algo.Spec) { s.Residual.First++ },
			} {
				s := room
				move(&s)
				if _, err := a.Plan(s, anything); !errors.Is(err, shaders.ErrPlacement) {
					t.Errorf("%s by %s, %s without room: %v, must wrap ErrPlacement", descriptor, algo.Name(a), name,
						err)
				}
			}
		}
	}
	if served < 100 {
		t.Errorf("only %d plans", served)
	}
}
