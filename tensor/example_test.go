package tensor_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"

	"github.com/gpuconv/gpuconv/tensor"
)

func Example() {
	x, err := tensor.NewVolume(1, 2, 3, 2) // one image, 2 high, 3 wide, 2 deep
	if err != nil {
		fmt.Println(err)
		return
	}
	x.Set(2, 1, 0, 7) // X[x=2, y=1, d=0]
	fmt.Println(x)
	fmt.Println(x.Column(2, 1))
	fmt.Println(x.Slice(0))
	// Output:
	// 1x2x3x2 (NHWC)
	// [7 0]
	// [0 0 0 0 0 7]
}

// An array from PyTorch has its depth first.
func ExampleVolumeFrom() {
	a := tensor.Array{Shape: []int{2, 1, 3}, Data: []float32{1, 2, 3, 10, 20, 30}}
	v, err := tensor.VolumeFrom(a, tensor.NCHW)
	fmt.Println(v, v.Data, err)
	// Output: 1x1x3x2 (NHWC) [1 10 2 20 3 30] <nil>
}

func ExampleFiltersFrom() {
	a := tensor.Array{Shape: []int{2, 3, 1}, Data: []float32{1, 2, 3, 4, 5, 6}}
	f, err := tensor.FiltersFrom(a, tensor.OHWI) // rank 3: one filter
	fmt.Println(f, f.At(0, 2, 1, 0), f.BiasAt(0), err)
	// Output: 1x2x3x1 (OHWI) 6 0 <nil>
}

func ExampleReadNPY() {
	var file bytes.Buffer
	if err := tensor.WriteNPY(&file, tensor.Array{Shape: []int{2, 2}, Data: []float32{1, 2, 3, 4}}); err != nil {
		fmt.Println(err)
		return
	}
	half := bytes.NewReader(file.Bytes()[:file.Len()-6])
	a, err := tensor.ReadNPY(&file)
	fmt.Println(a.Shape, a.Data, err)
	_, err = tensor.ReadNPY(half)
	fmt.Println(err)
	// Output:
	// [2 2] [1 2 3 4] <nil>
	// tensor: npy: the data ends after 10 of 16 bytes (dtype <f4, shape [2 2]): unexpected EOF
}

func ExampleMaps() {
	v, err := tensor.NewVolume(1, 11, 11, 4)
	if err != nil {
		fmt.Println(err)
		return
	}
	tensor.FillReals(v.Data, rand.New(rand.NewPCG(1, 2)))
	img, err := tensor.Maps(v, tensor.MapOptions{Title: "four slices", Columns: 4})
	fmt.Println(img.Bounds().Size(), err)
	// Output: (616,246) <nil>
}
