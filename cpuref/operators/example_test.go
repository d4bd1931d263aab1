package operators_test

import (
	"fmt"
	"log"

	"github.com/gpuconv/gpuconv/cpuref/operators"
	"github.com/gpuconv/gpuconv/onnx"
)

// Somebody's float32 result is held against what the operator is in float64.
func Example() {
	node := onnx.Node{Op: "Exp", Inputs: []string{"x"}, Outputs: []string{"y"}}
	x := &operators.Array{Type: onnx.Float, Shape: []int{2}, Data: []float64{0, 1}}
	results, err := operators.Reference(node, 13, []*operators.Array{x})
	if err != nil {
		log.Fatal(err)
	}
	for _, y := range []float64{2.7182817, 2.718} {
		got := operators.Array{Type: onnx.Float, Shape: []int{2}, Data: []float64{1, y}}
		report, err := operators.Check(got, results[0])
		fmt.Println(report.OK(), err)
	}
	// Output:
	// true <nil>
	// false <nil>
}
