package host

import (
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
)

// byRule puts the algorithm first that is likely the quickest, knowing nothing but the problem and the
// kind of adapter.
func byRule(list []algorithm, _ gpu.AdapterInfo, _ conv.Problem) []algorithm { return list }
