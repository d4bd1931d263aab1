package gomlx_test

import (
	"fmt"
	"log"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gpuconv/gpuconv/integrations/gomlx"
)

func Example() {
	backend, err := backends.NewWithConfig(gomlx.BackendName)
	if err != nil {
		log.Fatal(err)
	}
	defer backend.Finalize()
	layer, err := graph.NewExec(backend, func(x, w *graph.Node) *graph.Node {
		v := graph.Convolve(x, w).NoPadding().Done()
		return graph.MaxPool(graph.MaxScalar(v, 0)).Window(2).Done()
	})
	if err != nil {
		log.Fatal(err)
	}
	x := tensors.FromFlatDataAndDimensions([]float32{1, 2, 3, 4, 5, 6, 7, 8, 9}, 1, 3, 3, 1) // N, H, W, C
	w := tensors.FromFlatDataAndDimensions([]float32{1, 0, 0, -2, -1, 0, 0, 2}, 2, 2, 1, 2)  // H, W, C, K
	v, err := layer.Exec(x, w)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(v[0].GoStr())
	fmt.Println(backend.(*gomlx.Backend).Report())
	// Output:
	// (Float32)[1 1 1 2]: [][][][]float32{{{{0, 6}}}}
	// 1 run: 3 nodes on the GPU in 1 submission (ConvGeneral, Max, ReduceWindow), none elsewhere
}
