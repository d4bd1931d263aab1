package proof_test

import (
	"fmt"
	"log"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
)

// The first layers of a random series, each judged by the reference on the best GPU.
func Example() {
	dev, err := host.Open(host.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer dev.Close()
	for number := range 3 {
		c := proof.Draw(1, number)
		report, err := c.Run(dev)
		if err != nil {
			fmt.Println(err, "- see it again:", c.Repro(dev))
		}
		fmt.Println(c.Problem, c.Mode, report.OK())
	}
	// Output:
	// mb2ic1ih9iw1oc13kh7kw11sh2sw1ph1pw6 exact true
	// g26mb3ic26ih3iw9oc26kh1kw3sh5sw1ph1pw2dw2 bound true
	// mb2ic1ih3iw31oc8kh1kw3sw2ph2dh1dw0 exact true
}
