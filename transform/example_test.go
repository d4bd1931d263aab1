package transform_test

import (
	"fmt"
	"log"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/transform"
)

// F(4x4, 3x3) computes a layer through another one, of 1x1 filters over as many pixels as there are tiles, with a
// group for each of a tile's 36 numbers.
func Example() {
	p, err := conv.Parse("ic64ih56oc64kh3ph1")
	if err != nil {
		log.Fatal(err)
	}
	if err := transform.Winograd4.Check(p); err != nil { // what it serves
		log.Fatal(err)
	}
	h, w, err := transform.Winograd4.Tile(p)
	if err != nil {
		log.Fatal(err)
	}
	product, err := transform.Winograd4.Product(p)
	fmt.Printf("%v: tiles of %dx%d inputs, products %v, %v\n", transform.Winograd4, h, w, product, err)
	// Output: winograd4: tiles of 6x6 inputs, products g36ic2304iw196oc2304kw1, <nil>
}

// A layer of stride 4 over 3 channels is one of stride 1 over 48.
func ExampleSpaceToDepth() {
	p, err := conv.Parse("ic3ih227oc96kh11sh4")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(transform.SpaceToDepth(p))
	// Output: ic48ih57oc96kh3 <nil>
}
