package proof

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/transform"
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
	host.Operands
	Quantized *Quantized // of a case of int8 numbers, in place of X and W
}

// Data makes the case's operands: in exact mode integers so small that no sum rounds, and slopes that
// are powers of two, else numbers in [-1, 1). Cases of int8 numbers have whole ones of all sizes, which
// leave no sum beyond int32. The same seed gives the same data everywhere.
func (c Case) Data() (Operands, error) {
	if err := c.Problem.Validate(); err != nil {
		return Operands{}, err
	}
	limit := 0 // real numbers
	if c.Mode == cpuref.Exact && c.Options.DType != host.Int8 {
		var err error
		if limit, err = c.exactLimit(); err != nil {
			return Operands{}, err
		}
	}
	if c.Options.DType == host.Int8 {
		if err := c.checkInt8(); err != nil {
			return Operands{}, err
		}
		limit = 0 // of the residual's numbers
	}
	made, err := host.SeededOperands(c.Problem, c.Options, c.Seed, c.Backward, limit)
	o := Operands{Operands: made}
	if err == nil && c.Options.DType == host.Int8 {
		o.X, o.W = tensor.Volume{}, tensor.Filters{}
		o.Quantized = c.quantized(
			rand.New(rand.NewPCG(c.Seed, 0x696e7438)),
		) // the second word only has to stay as it is
		o.Quantized.Options.Slopes = o.Slopes
	}
	return o, err
}

// exactLimit is how large integers may be for every sum of the case to be exact. Gradients add up over
// all places of a filter, or over all filters.
func (c Case) exactLimit() (int, error) {
	limit, err := cpuref.ExactLimit(c.Problem)
	unstrided, none := transform.OfStride1(c.Problem)
	if none == nil && transform.Winograd2.Exact(unstrided) && err == nil {
		// the algorithm may be any that is exact
		limit, err = cpuref.TransformExactLimit(transform.Winograd2, unstrided)
	}
	if c.Options.DType == host.Float16 && err == nil {
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
	terms := max(
		places,
		int64(p.TapsPerOutput())*int64(p.OutChannels)*int64(places),
	) // generous: padding may read an input often
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
		return 0, fmt.Errorf(
			"%w: %s has %d taps an output, float16 is exact for up to 1023: check by the bound",
			cpuref.ErrNoVerdict,
			p,
			p.TapsPerOutput(),
		)
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
	_, report, err := layer.Verify(context.Background(), o.X, host.VerifyOptions{Mode: c.Mode}, o.Residual...)
	if err != nil {
		return report, err
	}
	return report, report.Err()
}

func (c Case) runBackward(layer *host.Layer, o Operands) (cpuref.Report, error) {
	_, judged, err := layer.VerifyBackward(context.Background(), o.X, o.DV, c.Mode, o.Residual...)
	if err != nil {
		return cpuref.Report{}, err
	}
	return WayBack(judged, c.Options.Epilogue.Activation)
}

// WayBack adds up what [host.Layer.VerifyBackward] judged. The error is that of the first stage that failed, or
// wraps [cpuref.ErrNoVerdict] where one was not judged: dX, dW and db, with an activation Z and dZ too, and the
// slopes' gradient of PReLU.
func WayBack(judged []host.Judged, a conv.Activation) (all cpuref.Report, err error) {
	missing := []string{"dX", "dW", "db"}
	if a.Function != conv.Identity {
		missing = append(missing, "Z", "dZ")
	}
	if a.Function == conv.PReLU {
		missing = append(missing, "dslope")
	}
	for _, j := range judged {
		if err := j.Report.Err(); err != nil {
			return j.Report, fmt.Errorf("%s: %w", j.What, err)
		}
		missing = slices.DeleteFunc(missing, func(what string) bool { return what == j.What })
		all.Mode = j.Report.Mode
		all.Checked += j.Report.Checked
		all.Total += j.Report.Total
		all.BoundUsed = max(all.BoundUsed, j.Report.BoundUsed)
	}
	if len(missing) > 0 {
		return all, fmt.Errorf("%w on %s, which nothing judged", cpuref.ErrNoVerdict, strings.Join(missing, ", "))
	}
	return all, nil
}

// Repro is the one command that runs the case again on dev.
func (c Case) Repro(dev *host.Device) string {
	var b strings.Builder
	fmt.Fprintf(&b, "gpuconv run %s --seed %d", quote(c.Problem.String()), c.Seed)
	if c.Options.DType != host.Int8 {
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
	if c.Options.DType != "" {
		fmt.Fprintf(&b, " --dtype %s", c.Options.DType)
	}
	if c.Options.Algorithm != "" {
		fmt.Fprintf(&b, " --algorithm %s", c.Options.Algorithm)
	}
	if c.Options.FilterGradient != "" {
		fmt.Fprintf(&b, " --filter-gradient %s", c.Options.FilterGradient)
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
