package shaders_test

import (
	"fmt"

	"github.com/gpuconv/gpuconv/shaders"
)

func ExampleSource() {
	s, err := shaders.Source(shaders.Conv(64, shaders.Float32))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Name, s.Workgroup, s.WorkgroupStorage, "bytes of workgroup memory")
	// Output: conv_t64 [64 1 1] 256 bytes of workgroup memory
}
