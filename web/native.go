//go:build !js

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "web: this program runs in a browser: make web builds it, gpuconv web serves it")
	os.Exit(2)
}
