package tuning_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tuning"
)

// A choice is kept in a file, and counts where all of its key is the same.
func Example() {
	folder, err := os.MkdirTemp("", "tuning")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	p, err := conv.Parse("ic64ih56oc64kh3ph1")
	if err != nil {
		log.Fatal(err)
	}
	cache, err := tuning.Open(filepath.Join(folder, "tuning.json")) // or "", the file in the user's folder for caches
	if err != nil {
		log.Fatal(err)
	}
	key := tuning.KeyOf(gpu.AdapterInfo{Name: "a GPU", Backend: "vulkan"}, p, shaders.Float32)
	if err := cache.Keep(tuning.Choice{Key: key, Algorithm: "registers/16x16_v4_t8", Millis: 1.5, Clock: gpu.ClockGPU,
		Date: time.Now()}); err != nil {
		log.Fatal(err)
	}
	choice, ok := cache.Lookup(key)
	fmt.Println(choice.Algorithm, ok)
	key.Driver = "a later one"
	_, ok = cache.Lookup(key)
	fmt.Println(ok)
	// Output:
	// registers/16x16_v4_t8 true
	// false
}
