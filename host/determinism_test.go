package host_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/hosttest"
)

// digest is the sha256 of both ways' bits, little-endian: V, dX, dW, db, the residual's and the slopes'
// gradients. Zeros have no sign, which WGSL leaves open.
func digest(p bothWays) string {
	h := sha256.New()
	for _, data := range [][]float32{p.V, p.X.Data, p.W.Data, p.W.Bias, p.Residual.Data, p.Slopes} {
		for _, v := range data {
			if v == 0 {
				v = 0
			}
			h.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(v)))
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// runDigest builds a case's layer and runs it so many times, which must all give the same bits.
func runDigest(t *testing.T, dev *host.Device, c proof.Case, times int) string {
	t.Helper()
	data, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	c.Options.Slopes = data.Slopes
	l := build(t, dev, c.Problem, data.W, c.Options)
	first := digest(both(t, l, data))
	for range times - 1 {
		if again := digest(both(t, l, data)); again != first {
			t.Errorf("%s: ran again and gave %s, was %s", c.Problem, again, first)
		}
	}
	return first
}

// integerDigests are what integer layers give, forward and backward, on every adapter.
var integerDigests = []struct {
	problem  string
	epilogue conv.Epilogue
	digest   string
}{
	{"ic4ih11oc2kh5sh2", conv.Epilogue{}, "dea0c4645155d7c787d7c405c24e91597261ffbb9d31a99ab34a95ffa17ec0f1"},
	{"g2mb2ic4id3ih5iw4oc6kd2kh3kw2sd1sh2sw1pd1ph2pw1+replicate",
		conv.Epilogue{Activation: conv.Activation{Function: conv.PReLU}, Residual: conv.BeforeFunction},
		"6ff4603bee9cc75bd0d9f7a629aeab3b6546d4490e7b08aaf67f87f7320e531a"},
	{"mb2ic3ih4oc5kh3sh2ph1+transposed", conv.Activate(conv.ReLU),
		"d61e42b7de358134a215db3aa8489d038b8ec67e65d79445b97db82101c5a9d6"},
	{"mb2ic3ih5oc4kh3ph1+unshared+circular", conv.Epilogue{Activation: leaky.Activation, Residual: conv.AfterFunction},
		"4995b760276ed2830c6acd75e3c2eae53150809a87bdca79398cfae5be8cc902"},
	{"ic200ih4oc3kh3ph1+reflect", conv.Epilogue{Activation: conv.Activation{Function: conv.Clip, Alpha: -3, Beta: 40}},
		"0ffe90d66330090959d7a6a7d173792ea6cc2af4118f90c6d8e02d999c36014a"},
}

// TestDeterminism holds that integer layers give the same bits on every adapter and with every
// workgroup, and real ones on one adapter in every run and from every layer built alike.
func TestDeterminism(t *testing.T) {
	dev := hosttest.Open(t)
	for _, c := range integerDigests {
		t.Run(c.problem, func(t *testing.T) {
			k := proof.Case{Problem: problem(t, c.problem), Seed: 1, Mode: cpuref.Exact, Backward: true,
				Options: host.LayerOptions{Epilogue: c.epilogue}}
			for _, k.Options.Threads = range []uint32{0, 32, 256} {
				got := runDigest(t, dev, k, 1)
				if t.Logf("integers, %d threads: sha256 %s", k.Options.Threads, got); got != c.digest {
					t.Errorf("%d threads give %s, must give %s", k.Options.Threads, got, c.digest)
				}
			}
			if got := runDigest(t, cpu(t), k, 1); got != c.digest {
				t.Errorf("the CPU gives %s, must give %s", got, c.digest)
			}
			k.Mode, k.Options.Threads = cpuref.Bounded, 0
			if one, other := runDigest(t, dev, k, 3), runDigest(t, dev, k, 3); one != other {
				t.Errorf("real numbers: a layer built alike gives %s, the first gave %s", other, one)
			}
		})
	}
}
