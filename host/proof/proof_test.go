package proof_test

import (
	"flag"
	"testing"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/hosttest"
)

var count = flag.Int("count", 500, "random problems")

func TestRandom(t *testing.T) {
	dev := hosttest.Open(t)
	t.Log(dev)
	random(t, dev)
}

// TestRandomOnCPU holds the two references against each other.
func TestRandomOnCPU(t *testing.T) {
	dev, err := host.Open(host.Options{Backend: host.CPU})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	random(t, dev)
}

func random(t *testing.T, dev *host.Device) {
	t.Helper()
	cases := *count
	if testing.Short() { // on an adapter that takes ten times as long
		cases = (cases + 3) / 4
	}
	for i := range cases {
		c := proof.Draw(1, i).WithAlgorithm(dev)
		if _, err := c.Run(dev); err != nil {
			t.Errorf("case %d: %v\n\t%s", i, err, c.Repro(dev))
		}
	}
}
