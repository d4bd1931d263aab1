package proof

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/tensor"
)

// Case is one layer with seeded data and the mode in which it is judged.
type Case struct {
	Problem conv.Problem
	Seed    uint64
	Mode    cpuref.Mode
	Options host.LayerOptions
}

// maxBytes keeps a mistyped size from taking all of the host's memory.
const maxBytes = 8 << 30

// Data makes the case's operands: in exact mode integers so small that no sum rounds, else numbers in
// [-1, 1). The same seed gives the same data everywhere.
func (c Case) Data() (tensor.Volume, tensor.Filters, error) {
	p := c.Problem
	if err := p.Validate(); err != nil {
		return tensor.Volume{}, tensor.Filters{}, err
	}
	if total := p.Bytes().Total(); total > maxBytes {
		return tensor.Volume{}, tensor.Filters{}, fmt.Errorf("%w: seeded data for %s would take %d bytes, at most %d are made", host.ErrUnsupported, p, total, int64(maxBytes))
	}
	x, err := tensor.NewVolume(p.Batch, p.H.In, p.W.In, p.InChannels)
	if err != nil {
		return x, tensor.Filters{}, err
	}
	w, err := tensor.NewFilters(p.OutChannels, p.H.Filter, p.W.Filter, p.InChannels/p.Groups)
	if err != nil {
		return x, w, err
	}
	fill, err := c.filler()
	if err != nil {
		return x, w, err
	}
	for _, data := range [][]float32{x.Data, w.Data, w.Bias} {
		fill(data)
	}
	return x, w, nil
}

func (c Case) filler() (func([]float32), error) {
	rng := rand.New(rand.NewPCG(c.Seed, 0x67707563)) // the second word only has to stay as it is
	if c.Mode != cpuref.Exact {
		return func(data []float32) { tensor.FillReals(data, rng) }, nil
	}
	limit, err := cpuref.ExactLimit(c.Problem)
	if err != nil {
		return nil, err
	}
	return func(data []float32) { tensor.FillIntegers(data, rng, limit) }, nil
}

// Run builds the layer on dev, runs it and has every output judged. The error says why it could not
// run, or wraps [cpuref.ErrMismatch], [cpuref.ErrGuard] or [cpuref.ErrChanged].
func (c Case) Run(dev *host.Device) (cpuref.Report, error) {
	x, w, err := c.Data()
	if err != nil {
		return cpuref.Report{}, err
	}
	layer, err := host.NewLayer(dev, c.Problem, w, c.Options)
	if err != nil {
		return cpuref.Report{}, err
	}
	defer layer.Close()
	_, report, err := layer.Verify(x, host.VerifyOptions{Mode: c.Mode})
	if err != nil {
		return report, err
	}
	return report, report.Err()
}

// Repro is the one command that runs the case again on dev.
func (c Case) Repro(dev *host.Device) string {
	var b strings.Builder
	fmt.Fprintf(&b, "gpuconv run %s --seed %d --data %s", quote(c.Problem.String()), c.Seed, DataName(c.Mode))
	switch c.Options.Activation {
	case host.ReLU:
		b.WriteString(" --relu")
	case host.SeparateReLU:
		b.WriteString(" --relu=separate")
	}
	if c.Options.Threads != 0 {
		fmt.Fprintf(&b, " --threads %d", c.Options.Threads)
	}
	if g := dev.GPU(); g == nil {
		b.WriteString(" --backend cpu")
	} else {
		fmt.Fprintf(&b, " --backend %s --adapter %s", g.Info().Backend, quote(g.Info().Name))
	}
	return b.String()
}

// quote makes one word of s for a shell, whatever is in it.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// DataName is what the command line calls the data of a mode.
func DataName(m cpuref.Mode) string {
	if m == cpuref.Exact {
		return "integers"
	}
	return "reals"
}
