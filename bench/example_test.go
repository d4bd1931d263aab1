package bench_test

import (
	"fmt"
	"strings"

	"github.com/gpuconv/gpuconv/bench"
)

// A layer of a suite against what a device allows it.
func Example() {
	layers, err := bench.ReadSuite(strings.NewReader(`ic64ih56oc64kh3ph1n"conv2_3x3" x3`), "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	intensity := bench.Intensity(layers[0].Problem)
	fmt.Printf("%s: %.0f operations a byte\n", layers[0].Problem.Name, intensity)
	fmt.Printf("at most %.0f GFLOP/s\n", bench.Roofline(bench.Ceilings{GFLOPS: 10000, GBs: 50}, intensity))
	// Output:
	// conv2_3x3: 132 operations a byte
	// at most 6593 GFLOP/s
}
