package shaders

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
)

// Hash tells apart programs whose layers are computed by other WGSL: what was measured with one says
// nothing about the other. Kernels that no layer's time depends on are left out: those that measure a device's
// ceilings, elementwise operators of programs, and those of tensors.
func Hash() string { return hashOnce() }

// HashAll tells apart programs with other WGSL, of whatever kernel.
func HashAll() string { return hashAllOnce() }

var (
	hashOnce    = sync.OnceValue(func() string { return hash(Variants(), timed) })
	hashAllOnce = sync.OnceValue(func() string { return hash(Variants(), func(Variant) bool { return true }) })
)

// timed tells whether layers' times depend on a kernel.
func timed(v Variant) bool {
	switch v.(type) {
	case Peak, Copy, Operator, Pool, Pointwise, Remap, MatMul, Resample, Lookup, TopK, Sample,
		ReduceAxes, Softmax, Extreme, Normalize, Cumulate:
		return false
	}
	return true
}

func hash(variants []Variant, of func(Variant) bool) string {
	h := sha256.New()
	for _, v := range variants {
		if !of(v) {
			continue
		}
		s, err := Source(v)
		if err != nil {
			panic(err) // embedded: a test would have seen it
		}
		fmt.Fprintf(h, "%s\n%d\n%s\n", s.Name, s.Workgroup, s.WGSL)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
