package host

import (
	"context"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
)

// contender is what is measured: its operands are on the device. It implements [tuning.Contender].
type contender struct {
	compute interface {
		Compute(context.Context) error
		ComputeTimed(ctx context.Context, runs int) (time.Duration, error)
	}
	verify func(context.Context) error // holds every output against the reference
	close  func() error
	timed  bool // by the device's own clock
	runs   int  // that are measured together, 0 before the first one
}

// newContender measures by the device's own clock where it has one.
func newContender(dev *Device) *contender {
	return &contender{timed: dev.gpu.Info().HasFeature(gpu.FeatureTimestamps)}
}

// openContender builds a layer and uploads its operands.
func openContender(
	ctx context.Context, dev *Device, p conv.Problem, o LayerOptions, data Operands,
) (*contender, error) {
	l, err := NewLayer(dev, p, data.W, o)
	if err != nil {
		return nil, err
	}
	uploaded, err := l.Upload(ctx, data.X, data.Residual...)
	if err != nil {
		l.Close()
		return nil, err
	}
	c := newContender(dev)
	c.compute, c.close = uploaded, l.Close
	c.verify = func(ctx context.Context) error {
		_, report, err := l.Verify(ctx, data.X, VerifyOptions{}, data.Residual...)
		if err != nil {
			return err
		}
		return report.Err()
	}
	return c, nil
}

// Sample computes once.
func (c *contender) Sample(ctx context.Context) (time.Duration, error) {
	if c.timed {
		took, err := c.compute.ComputeTimed(ctx, max(c.runs, 1))
		if c.runs == 0 {
			c.runs = RunsOf(took)
		}
		return took, err
	}
	begun := time.Now()
	err := c.compute.Compute(ctx)
	return time.Since(begun), err
}

func (c *contender) Verify(ctx context.Context) error { return c.verify(ctx) }
func (c *contender) Close() error                     { return c.close() }
