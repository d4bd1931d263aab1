package host_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/tensor"
)

// TestWaitEnds holds that who waits for a layer or a program that another goroutine uses waits until its context ends.
func TestWaitEnds(t *testing.T) {
	dev := hosttest.Open(t)
	p := must(conv.Parse("ic4ih5oc8kh3ph1"))
	x, w := must(tensor.NewVolume(1, 5, 5, 4)), must(tensor.NewFilters(8, 3, 3, 4))
	l := must(host.NewLayer(dev, p, w, host.LayerOptions{}))
	defer l.Close()
	bytes, f := quantized(p, 1)
	q := must(host.NewQuantizedLayer(dev, p, f, host.QuantizedOptions{}))
	defer q.Close()
	b := host.NewProgram(dev)
	program := must(b.Compile(b.Conv(b.Input(1, 5, 5, 4), p, w, host.LayerOptions{})))
	defer program.Close()
	g := must(host.NewFilterGradient(dev, p, host.LayerOptions{}))
	defer g.Close()
	release := host.Hold(l, q, program, g)
	for name, call := range map[string]func(context.Context) error{
		"Layer.Run": func(ctx context.Context) error { _, err := l.Run(ctx, x); return err },
		"Layer.Verify": func(ctx context.Context) error {
			_, _, err := l.Verify(ctx, x, host.VerifyOptions{})
			return err
		},
		"QuantizedLayer.Run":     func(ctx context.Context) error { _, err := q.Run(ctx, bytes); return err },
		"Program.Run":            func(ctx context.Context) error { _, err := program.Run(ctx, x); return err },
		"FilterGradient.Compute": g.Compute,
		"Layer.Upload":           func(ctx context.Context) error { _, err := l.Upload(ctx, x); return err },
		"QuantizedLayer.Upload":  func(ctx context.Context) error { _, err := q.Upload(ctx, bytes); return err },
		"Program.Submit":         func(ctx context.Context) error { _, err := program.Submit(ctx, x); return err },
		"FilterGradient.Upload": func(ctx context.Context) error {
			return g.Upload(ctx, x, must(tensor.NewVolume(1, 5, 5, 8)))
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: error %v, must be that of the context", name, err)
		}
		cancel()
	}
	release()
	if _, err := l.Run(t.Context(), x); err != nil {
		t.Error(err)
	}
}

// TestTuningEnds holds that a layer that is tuned when it is built is not built once its context has ended.
func TestTuningEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := must(conv.Parse("ic4ih5oc8kh3ph1"))
	w := must(tensor.NewFilters(8, 3, 3, 4))
	l, err := host.NewLayerContext(ctx, hosttest.Open(t), p, w, host.LayerOptions{Autotune: true})
	if !errors.Is(err, context.Canceled) || l != nil {
		t.Errorf("error %v, must be that of the context", err)
	}
}
