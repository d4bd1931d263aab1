// Command gpuconv runs convolution layers on GPUs through WebGPU and proves every number that comes
// back. Run it without arguments for a list of what it does.
package main

import "os"

func main() { os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr)) }
