package cpuref

import (
	"math/rand/v2"
	"slices"

	"github.com/gpuconv/gpuconv/conv"
)

// sampleStream keeps Sample's choice apart from data that was filled with the same seed.
const sampleStream = 0x73616d706c65 // "sample"

// Sample chooses count different outputs of p: their NHWC indices over all images, ascending, the same
// for the same seed. The corners are always among them, which are the first and the last column, row,
// depth slice and image (and plane, of a 3D layer) in every combination and so include the first and
// the last output; there are up to 16 (32), even where count is smaller. All outputs are chosen where
// count is at least their number. It takes memory in proportion to count, never to the outputs, and
// chooses at most [MaxOutputs]. An invalid problem has no outputs to choose.
func Sample(p conv.Problem, seed uint64, count int) []int {
	if p.Validate() != nil {
		return nil
	}
	total := int(p.OutLen())
	count = min(max(count, 0), total, MaxOutputs)
	if count == total {
		all := make([]int, total)
		for i := range all {
			all[i] = i
		}
		return all
	}
	chosen := corners(p)
	if more := count - len(chosen); more > 0 {
		rng := rand.New(rand.NewPCG(seed, sampleStream))
		chosen = append(chosen, without(chosen, choose(rng, total-len(chosen), more))...)
		slices.Sort(chosen)
	}
	return chosen
}

// corners are the indices of the outputs that are first or last in every direction, ascending.
func corners(p conv.Problem) []int {
	at := []int{0}
	for _, size := range outputShape(p) {
		var next []int
		for _, i := range at {
			next = append(next, i*size, i*size+size-1)
		}
		at = slices.Compact(next)
	}
	return at
}

// choose gives count different numbers below n, ascending: R. W. Floyd's algorithm (J. Bentley, R. Floyd,
// "Programming Pearls: A Sample of Brilliance", Communications of the ACM 30(9), 1987).
func choose(rng *rand.Rand, n, count int) []int {
	has := make(map[int]bool, count)
	chosen := make([]int, 0, count)
	for last := n - count; last < n; last++ {
		i := rng.IntN(last + 1)
		if has[i] {
			i = last
		}
		has[i] = true
		chosen = append(chosen, i)
	}
	slices.Sort(chosen)
	return chosen
}

// without maps ranks among the outputs that are not taken to the outputs' indices. Both ascend.
func without(taken, ranks []int) []int {
	indices := make([]int, len(ranks))
	skip := 0
	for i, rank := range ranks {
		for skip < len(taken) && taken[skip] <= rank+skip {
			skip++
		}
		indices[i] = rank + skip
	}
	return indices
}
