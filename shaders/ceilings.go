package shaders

import "fmt"

// Peak is peak.wgsl, which measures how fast a device multiplies and adds.
type Peak struct {
	Threads uint32
	Fused   bool   // fma(a, b, c) instead of a * b + c
	Lanes   uint32 // numbers in a chain's element: 1, or 4 for a vec4
}

// PeakChains is how many numbers of a thread are in work at once, and PeakPairs how many pairs of
// multiply-adds each of them passes in a round of the loop.
const (
	PeakChains = 16
	PeakPairs  = 4
)

// Name is, for example, peak_t64_fma_x4.
func (k Peak) Name() string {
	how := "mad"
	if k.Fused {
		how = "fma"
	}
	return fmt.Sprintf("peak_t%d_%s_x%d", k.Threads, how, k.Lanes)
}

// Number is the WGSL type of a chain.
func (k Peak) Number() string {
	if k.Lanes == 4 {
		return "vec4<f32>"
	}
	return "f32"
}

// Chains numbers the chains, which the template unrolls.
func (k Peak) Chains() []uint32 { return counting(PeakChains / k.Lanes) }

// Pairs numbers the pairs of a round, which it unrolls too.
func (k Peak) Pairs() []uint32 { return counting(PeakPairs) }

// FLOPs is how many operations a thread makes in so many rounds.
func (k Peak) FLOPs(rounds uint32) uint64 {
	return uint64(rounds) * PeakPairs * PeakChains * 4 // two multiplications and two additions a pair
}

func counting(n uint32) []uint32 {
	all := make([]uint32, n)
	for i := range all {
		all[i] = uint32(i)
	}
	return all
}

func (Peak) file() string             { return "peak.wgsl" }
func (k Peak) threads() uint32        { return k.Threads }
func (Peak) workgroupStorage() uint32 { return 0 }

// Copy is copy.wgsl, which measures the memory's bandwidth.
type Copy struct {
	Threads uint32
	Each    uint32 // elements of 16 bytes that a thread copies
}

// Name is, for example, copy_t256_x4.
func (k Copy) Name() string { return fmt.Sprintf("copy_t%d_x%d", k.Threads, k.Each) }

func (Copy) file() string             { return "copy.wgsl" }
func (k Copy) threads() uint32        { return k.Threads }
func (Copy) workgroupStorage() uint32 { return 0 }

// Peaks are the shapes of peak.wgsl that are tried: the best is the ceiling.
func Peaks() []Peak {
	var all []Peak
	for _, threads := range []uint32{64, 128, 256} {
		for _, lanes := range []uint32{1, 4} {
			all = append(all, Peak{threads, true, lanes}, Peak{threads, false, lanes})
		}
	}
	return all
}

// Copies are the shapes of copy.wgsl that are tried.
func Copies() []Copy {
	return []Copy{{64, 1}, {128, 1}, {256, 1}, {64, 4}, {256, 4}}
}

// PeakParams is the struct Params of peak.wgsl.
type PeakParams struct{ Rounds, Count uint32 }

// CopyParams is the struct Params of copy.wgsl.
type CopyParams struct{ Count uint32 }
