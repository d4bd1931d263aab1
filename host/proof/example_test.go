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
	// g2mb2ic8ih9iw31oc16kh3sh2ph1pw0 exact true
	// ic127ih31oc3kh1sw2ph1pw0dw2+replicate bound true
	// g5ic20ih9iw11oc20kh3sh2 exact true
}
