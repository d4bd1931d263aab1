package host

import (
	"context"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
)

// contender is a layer that is measured: its operands are on the device. It implements [tuning.Contender].
type contender struct {
	layer    *Layer
	uploaded *Uploaded
	data     Operands
	timed    bool // by the device's own clock
	runs     int  // that are measured together, 0 before the first one
}

// openContender builds a layer and uploads its operands.
func openContender(dev *Device, p conv.Problem, o LayerOptions, data Operands) (*contender, error) {
	l, err := NewLayer(dev, p, data.W, o)
	if err != nil {
		return nil, err
	}
	c := &contender{layer: l, data: data, timed: dev.gpu.Info().HasFeature(gpu.FeatureTimestamps)}
	if c.uploaded, err = l.Upload(data.X, data.Residual...); err != nil {
		l.Close()
		return nil, err
	}
	return c, nil
}

// Sample runs the layer once.
func (c *contender) Sample(ctx context.Context) (time.Duration, error) {
	if c.timed {
		took, err := c.uploaded.ComputeTimed(ctx, max(c.runs, 1))
		if c.runs == 0 {
			c.runs = RunsOf(took)
		}
		return took, err
	}
	begun := time.Now()
	err := c.uploaded.Compute(ctx)
	return time.Since(begun), err
}

// Verify holds every output against the reference.
func (c *contender) Verify(ctx context.Context) error {
	_, report, err := c.layer.Verify(ctx, c.data.X, VerifyOptions{}, c.data.Residual...)
	if err != nil {
		return err
	}
	return report.Err()
}

// Close lets go of the layer.
func (c *contender) Close() error { return c.layer.Close() }
