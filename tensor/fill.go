package tensor

import "math/rand/v2"

// maxInteger is the largest n such that float32 holds every integer up to n.
const maxInteger = 1 << 24

// FillIntegers fills data with integers drawn uniformly from [-limit, limit].
// Small ones make every partial sum of a convolution exact, so that results can
// be compared bit for bit. limit must be from 1 to 1<<24, the largest for which
// float32 holds all the integers; a limit outside is moved to the nearer of the
// two. With rng from rand.New(rand.NewPCG(seed1, seed2)) the same seeds give the
// same data on every platform.
func FillIntegers(data []float32, rng *rand.Rand, limit int) {
	limit = min(max(limit, 1), maxInteger)
	for i := range data {
		data[i] = float32(int(rng.Uint32N(uint32(2*limit+1))) - limit)
	}
}

// FillReals fills data with multiples of 2^-23 drawn uniformly from [-1, 1).
// With rng from rand.New(rand.NewPCG(seed1, seed2)) the same seeds give the same
// data on every platform: each step of the computation is exact.
func FillReals(data []float32, rng *rand.Rand) {
	for i := range data {
		data[i] = 2*rng.Float32() - 1
	}
}
