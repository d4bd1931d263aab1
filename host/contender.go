package host

import (
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
)

// contender is a layer that is measured: its operands are on the device.
type contender interface {
	sample() (time.Duration, error)
	verify() error
	Close() error
}

// layerContender is a real layer.
type layerContender struct {
	*Layer
	data  Operands
	timed bool // by the device's own clock
}

// openContender builds a real layer.
func openContender(dev *Device, p conv.Problem, o LayerOptions, data Operands) (contender, error) {
	l, err := NewLayer(dev, p, data.W, o)
	if err != nil {
		return nil, err
	}
	if err := l.Upload(data.X, data.Residual...); err != nil {
		l.Close()
		return nil, err
	}
	return &layerContender{l, data, dev.gpu.Info().HasFeature(gpu.FeatureTimestamps)}, nil
}

// sample runs the layer once.
func (t *layerContender) sample() (time.Duration, error) {
	if t.timed {
		return t.ComputeTimed()
	}
	begun := time.Now()
	err := t.Compute()
	return time.Since(begun), err
}

// verify holds every output against the reference.
func (t *layerContender) verify() error {
	_, report, err := t.Verify(t.data.X, VerifyOptions{}, t.data.Residual...)
	if err != nil {
		return err
	}
	return report.Err()
}
