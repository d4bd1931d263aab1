package model

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/gpuconv/gpuconv/tensor"
)

// TestWaitEnds holds that who waits for a network that another goroutine uses waits until its context ends, and that
// what the network is asked meanwhile is answered.
func TestWaitEnds(t *testing.T) {
	g := body()
	net := g.network(t, Options{})
	inputs := map[string]tensor.Array{"x": g.array(1, 4, 6, 5)}
	net.mu.Lock()
	for name, call := range map[string]func(context.Context) error{
		"Run":     func(ctx context.Context) error { _, err := net.Run(ctx, inputs); return err },
		"Profile": func(ctx context.Context) error { _, err := net.Profile(ctx, inputs); return err },
		"Time":    func(ctx context.Context) error { _, err := net.Time(ctx, 1, inputs); return err },
		"Check":   func(ctx context.Context) error { _, _, err := net.Check(ctx, inputs); return err },
		"Plan":    func(ctx context.Context) error { _, err := net.Plan(ctx, inputs); return err },
		"Layers":  func(ctx context.Context) error { _, err := net.Layers(ctx, inputs); return err },
		"RunResident": func(ctx context.Context) error {
			_, err := net.RunResident(ctx, map[string]Input{"x": {Array: inputs["x"]}})
			return err
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: error %v, must be that of the context", name, err)
		}
		cancel()
	}
	if net.current() == nil || net.isClosed() {
		t.Error("the network has no device, or is closed")
	}
	net.mu.Unlock()
	if _, err := net.Run(t.Context(), inputs); err != nil {
		t.Error(err)
	}
}

// countdown is a context that ends when it has been asked so many times.
type countdown struct {
	context.Context
	left *int
}

func (c countdown) Err() error {
	if *c.left--; *c.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestCompilingEnds ends the context at each place where compiling asks for it: a run must say so and leave nothing
// behind, and the next one must be right.
func TestCompilingEnds(t *testing.T) {
	g := body()
	inputs := map[string]tensor.Array{"x": g.array(1, 4, 6, 5)}
	want, err := g.network(t, Options{}).Run(t.Context(), inputs)
	if err != nil {
		t.Fatal(err)
	}
	places, compiling, between := 0, 0, 0 // between two kernels
	for {
		net := g.network(t, Options{}) // which must close with nothing open
		left, bound := places, net.dev.GPU().Stats().BindGroups
		got, err := net.Run(countdown{t.Context(), &left}, inputs)
		if err == nil {
			if !slices.Equal(got["v6"].Data, want["v6"].Data) {
				t.Error("other numbers where the context did not end")
			}
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("ended at place %d: error %v", places, err)
		}
		if len(net.plans) == 0 {
			compiling++
			if net.dev.GPU().Stats().BindGroups > bound {
				between++
			}
		}
		if got, err := net.Run(t.Context(), inputs); err != nil || !slices.Equal(got["v6"].Data, want["v6"].Data) {
			t.Errorf("after one that ended at place %d: error %v, or other numbers", places, err)
		}
		places++
	}
	if between == 0 {
		t.Error("compiling never ended between two kernels")
	}
	if compiling < 10 {
		t.Errorf("compiling asked the context %d times, must be once for each constant and kernel", compiling)
	}
}
