package proof

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/tensor"
)

// Case is one layer with seeded data and the mode in which it is judged. One whose numbers are host.Int8
// is a layer of host.NewQuantizedLayer, with no mode: its sums must be exact, its outputs within the bound.
type Case struct {
	Problem  conv.Problem
	Seed     uint64
	Mode     cpuref.Mode
	Options  host.LayerOptions // without Slopes, which the seed makes
	Backward bool              // the gradients are computed and judged, not V
}

// Operands are the seeded data of a case.
type Operands struct {
	X         tensor.Volume
	W         tensor.Filters
	Slopes    []float32       // of PReLU
	Residual  []tensor.Volume // one where the epilogue adds it
	DV        tensor.Volume   // of a backward case
	Quantized *Quantized      // of a case of int8 numbers, in place of X and W
}

// maxBytes keeps a mistyped size from taking all of the host's memory.
const maxBytes = 8 << 30

// Data makes the case's operands: in exact mode integers so small that no sum rounds, and slopes that
// are powers of two, else numbers in [-1, 1). Cases of int8 numbers have whole ones of all sizes, which
// leave no sum beyond int32. The same seed gives the same data everywhere.
func (c Case) Data() (Operands, error) {
	var o Operands
	if err := c.Problem.Validate(); err != nil {
		return o, err
	}
	if total := c.Problem.Bytes().Total(); total > maxBytes {
		return o, fmt.Errorf("%w: seeded data for %s would take %d bytes, at most %d are made", host.ErrUnsupported, c.Problem, total, int64(maxBytes))
	}
	if c.Options.Numbers == host.Int8 {
		if err := c.checkInt8(); err != nil {
			return o, err
		}
		c.Mode = cpuref.Bounded // of the residual's numbers
	}
	if err := c.allocate(&o); err != nil {
		return o, err
	}
	rng := rand.New(rand.NewPCG(c.Seed, 0x67707563)) // the second word only has to stay as it is
	fill, err := c.filler(rng)
	if err != nil {
		return o, err
	}
	for _, data := range [][]float32{o.X.Data, o.W.Data, o.W.Bias, o.DV.Data} {
		fill(data)
	}
	for _, r := range o.Residual {
		fill(r.Data)
	}
	for i := range o.Slopes {
		o.Slopes[i] = []float32{0.5, 0.25, 2, -0.5}[rng.IntN(4)]
	}
	if c.Options.Numbers == host.Int8 {
		o.Quantized = c.quantized(rng)
		o.Quantized.Options.Slopes = o.Slopes
	}
	return o, nil
}

// allocate makes room for the operands that the case has.
func (c Case) allocate(o *Operands) (err error) {
	p := c.Problem
	if c.Options.Numbers != host.Int8 {
		if err := allocateFloats(p, o); err != nil {
			return err
		}
	}
	v, err := tensor.NewVolume3D(p.Batch, p.Z.Out, p.H.Out, p.W.Out, p.OutChannels)
	if err != nil {
		return err
	}
	if c.Options.Epilogue.Residual != conv.NoResidual {
		o.Residual = []tensor.Volume{v.Clone()}
	}
	if c.Backward {
		o.DV = v
	}
	if c.Options.Epilogue.Activation.Function == conv.PReLU {
		o.Slopes = make([]float32, p.OutChannels)
	}
	return nil
}

// allocateFloats makes room for X and W.
func allocateFloats(p conv.Problem, o *Operands) (err error) {
	banks := 1
	if p.Unshared {
		banks = p.Z.Out * p.H.Out * p.W.Out
	}
	if o.X, err = tensor.NewVolume3D(p.Batch, p.Z.In, p.H.In, p.W.In, p.InChannels); err != nil {
		return err
	}
	o.W, err = tensor.NewFilterBanks(banks, p.OutChannels, p.Z.Filter, p.H.Filter, p.W.Filter, p.InChannels/p.Groups)
	return err
}

func (c Case) filler(rng *rand.Rand) (func([]float32), error) {
	if c.Mode != cpuref.Exact {
		return func(data []float32) { tensor.FillReals(data, rng) }, nil
	}
	limit, err := c.exactLimit()
	if err != nil {
		return nil, err
	}
	return func(data []float32) { tensor.FillIntegers(data, rng, limit) }, nil
}

// exactLimit is how large integers may be for every sum of the case to be exact. Gradients add up over
// all places of a filter, or over all filters.
func (c Case) exactLimit() (int, error) {
	limit, err := cpuref.ExactLimit(c.Problem)
	if cpuref.CheckWinograd(c.Problem, 2) == nil && err == nil {
		limit, err = cpuref.WinogradExactLimit(c.Problem, 2) // the algorithm may be any that is exact
	}
	if c.Options.Numbers == host.Float16 && err == nil {
		limit, err = exactHalf(c.Problem, limit)
	}
	if err != nil {
		return limit, err
	}
	if limit = c.exactResidual(limit); !c.Backward {
		return limit, nil
	}
	p := c.Problem
	places := max(p.OutLen()/int64(p.OutChannels), p.InLen()/int64(p.InChannels))
	terms := max(places, int64(p.TapsPerOutput())*int64(p.OutChannels)*int64(places)) // generous: padding may read an input often
	if terms > 1<<22 {
		terms = max(places, 1<<22)
	}
	// Slopes may double dV, and leave quarters of it: 2^24 less four bits.
	limit = min(limit, int(math.Sqrt((1<<20)/float64(terms))))
	if limit < 1 {
		return 1, nil
	}
	return limit, nil
}

// exactResidual leaves room for the residual, and for the quarters that slopes make of the sums before
// it is added (see cpuref.ExactEpilogue).
func (c Case) exactResidual(limit int) int {
	e := c.Options.Epilogue
	if e.Residual == conv.NoResidual {
		return limit
	}
	limit--
	if f := e.Activation.Function; e.Residual == conv.AfterFunction && (f == conv.PReLU || f == conv.LeakyReLU) {
		limit /= 4
	}
	return max(limit, 1)
}

// exactHalf is how large integers may be for every output, and with a residual its double, to be exact in
// float16, which holds those to 2^11.
func exactHalf(p conv.Problem, limit int) (int, error) {
	limit = min(limit, int(math.Sqrt((1<<10)/float64(p.TapsPerOutput()+1))))
	if limit < 1 {
		return 0, fmt.Errorf("%w: %s has %d taps an output, float16 is exact for up to 1023: check by the bound", cpuref.ErrNoVerdict, p, p.TapsPerOutput())
	}
	return limit, nil
}

// Run builds the layer on dev, runs it and has every output judged, of a backward case those of each
// stage. The error says why it could not run, or wraps [cpuref.ErrMismatch], [cpuref.ErrGuard] or
// [cpuref.ErrChanged].
func (c Case) Run(dev *host.Device) (cpuref.Report, error) {
	o, err := c.Data()
	if err != nil {
		return cpuref.Report{}, err
	}
	if o.Quantized != nil {
		return c.runInt8(dev, o)
	}
	options := c.Options
	options.Slopes, options.Exact = o.Slopes, c.Mode == cpuref.Exact
	layer, err := host.NewLayer(dev, c.Problem, o.W, options)
	if err != nil {
		return cpuref.Report{}, err
	}
	defer layer.Close()
	if c.Backward {
		return c.runBackward(layer, o)
	}
	_, report, err := layer.Verify(o.X, host.VerifyOptions{Mode: c.Mode}, o.Residual...)
	if err != nil {
		return report, err
	}
	return report, report.Err()
}

func (c Case) runBackward(layer *host.Layer, o Operands) (all cpuref.Report, err error) {
	_, judged, err := layer.VerifyBackward(o.X, o.DV, c.Mode, o.Residual...)
	if err != nil {
		return all, err
	}
	all.Mode = c.Mode
	for _, j := range judged {
		if err := j.Report.Err(); err != nil {
			return j.Report, fmt.Errorf("%s: %w", j.What, err)
		}
		all.Checked += j.Report.Checked
		all.Total += j.Report.Total
		all.BoundUsed = max(all.BoundUsed, j.Report.BoundUsed)
	}
	return all, nil
}

// Repro is the one command that runs the case again on dev.
func (c Case) Repro(dev *host.Device) string {
	var b strings.Builder
	fmt.Fprintf(&b, "gpuconv run %s --seed %d", quote(c.Problem.String()), c.Seed)
	if c.Options.Numbers != host.Int8 {
		fmt.Fprintf(&b, " --data %s", DataName(c.Mode))
	}
	if e := c.Options.Epilogue; e != (conv.Epilogue{}) {
		fmt.Fprintf(&b, " --activation %s --residual %s", e.Activation, e.Residual)
	}
	if c.Options.Separate {
		b.WriteString(" --separate")
	}
	if c.Backward {
		b.WriteString(" --backward")
	}
	if c.Options.Numbers != "" {
		fmt.Fprintf(&b, " --numbers %s", c.Options.Numbers)
	}
	if c.Options.Algorithm != "" {
		fmt.Fprintf(&b, " --algorithm %s", c.Options.Algorithm)
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
