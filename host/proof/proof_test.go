package proof_test

import (
	"flag"
	"testing"

	"github.com/gpuconv/gpuconv/host/hosttest"
	"github.com/gpuconv/gpuconv/host/proof"
)

var count = flag.Int("count", 500, "random problems")

func TestRandom(t *testing.T) {
	dev := hosttest.Open(t)
	t.Log(dev)
	for i := range *count {
		c := proof.Draw(1, i)
		if _, err := c.Run(dev); err != nil {
			t.Errorf("case %d: %v\n\t%s", i, err, c.Repro(dev))
		}
	}
}
