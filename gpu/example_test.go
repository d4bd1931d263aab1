package gpu_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gpuconv/gpuconv/gpu"
)

func Example() {
	options, err := gpu.Options{}.FromEnvironment()
	check(err)
	device, err := gpu.Open(options)
	check(err)
	defer device.Close()

	numbers := []float32{1, 2, 3, 4}
	buffer, err := device.NewBuffer("numbers", 16, gpu.Storage)
	check(err)
	defer buffer.Close()
	check(buffer.Write(0, gpu.Bytes(numbers)))

	square, err := device.Kernel(gpu.KernelSource{
		Name: "square",
		WGSL: `
			@group(0) @binding(0) var<storage, read_write> numbers: array<f32>;

			@compute @workgroup_size(4)
			fn main(@builtin(global_invocation_id) id: vec3<u32>) {
				numbers[id.x] = numbers[id.x] * numbers[id.x];
			}`,
		Entry:     "main",
		Bindings:  []gpu.BindingKind{gpu.ReadWrite},
		Workgroup: [3]uint32{4, 1, 1},
	})
	check(err)
	group, err := square.Bind(gpu.Binding{Buffer: buffer})
	check(err)
	defer group.Close()

	batch := device.NewBatch()
	batch.Dispatch(group, 1, 1, 1)
	batch.Dispatch(group, 1, 1, 1) // sees what the first wrote
	check(batch.Run(context.Background()))

	check(buffer.Read(context.Background(), 0, gpu.Bytes(numbers)))
	fmt.Println(numbers)
	// Output: [1 16 81 256]
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
