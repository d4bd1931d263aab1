package host

import (
	"context"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
)

// contender is a layer that is measured: its operands are on the device.
type contender interface {
	sample(ctx context.Context) (time.Duration, error)
	verify(ctx context.Context) error
	Close() error
}

// layerContender is a real layer.
type layerContender struct {
	*Layer
	uploaded *Uploaded
	data     Operands
	timed    bool // by the device's own clock
}

// openContender builds a real layer.
func openContender(dev *Device, p conv.Problem, o LayerOptions, data Operands) (contender, error) {
	l, err := NewLayer(dev, p, data.W, o)
	if err != nil {
		return nil, err
	}
	c := &layerContender{Layer: l, data: data, timed: dev.gpu.Info().HasFeature(gpu.FeatureTimestamps)}
	if c.uploaded, err = l.Upload(data.X, data.Residual...); err != nil {
		l.Close()
		return nil, err
	}
	return c, nil
}

// sample runs the layer once.
func (t *layerContender) sample(ctx context.Context) (time.Duration, error) {
	if t.timed {
		return t.uploaded.ComputeTimed(ctx)
	}
	begun := time.Now()
	err := t.uploaded.Compute(ctx)
	return time.Since(begun), err
}

// verify holds every output against the reference.
func (t *layerContender) verify(ctx context.Context) error {
	_, report, err := t.Verify(ctx, t.data.X, VerifyOptions{}, t.data.Residual...)
	if err != nil {
		return err
	}
	return report.Err()
}
