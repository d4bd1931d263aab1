package hosttest

import (
	"fmt"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/shaders"
)

// Layer runs every kind of layer on dev, forward and backward, and holds every number against the
// reference, bit for bit with integers and by the bound with real numbers. Every algorithm on every
// adapter has to pass. Its parts may be run one by one.
func Layer(t *testing.T, dev *host.Device) {
	for _, part := range []struct {
		name string
		run  func(*testing.T, *host.Device)
	}{
		{"shapes", Shapes}, {"padding", Padding}, {"groups", Groups}, {"transposed", Transposed},
		{"unshared", Unshared},
		{"epilogues", Epilogues}, {"sizes", Sizes}, {"backward", Backward},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, dev) })
	}
}

// Shapes runs layers of all shapes.
func Shapes(t *testing.T, dev *host.Device) { forward(t, dev, shapes) }

// Padding runs all ways to pad, and all that may be read there.
func Padding(t *testing.T, dev *host.Device) { forward(t, dev, padding()) }

// Groups runs layers of several filter groups.
func Groups(t *testing.T, dev *host.Device) { forward(t, dev, groups) }

// Transposed runs layers that upsample.
func Transposed(t *testing.T, dev *host.Device) { forward(t, dev, transposed) }

// Unshared runs layers in which each neuron has its own weights.
func Unshared(t *testing.T, dev *host.Device) { forward(t, dev, unshared) }

// forward runs each row as it comes, as float16 and int8, and with a workgroup and an epilogue that differ
// from row to row. Sizes has the other workgroups, Epilogues the other epilogues.
func forward(t *testing.T, dev *host.Device, rows []row) {
	relu := conv.Activate(conv.ReLU)
	for i, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			judge(t, dev, r.problem, host.LayerOptions{})
			judge(t, dev, r.problem, host.LayerOptions{DType: host.Float16})
			judge(t, dev, r.problem, host.LayerOptions{DType: host.Float16, Threads: 64}) // directly
			judge(
				t,
				dev,
				r.problem,
				host.LayerOptions{DType: host.Int8, Threads: shaders.ConvThreads[(i+1)%len(shaders.ConvThreads)]},
			)
			judge(
				t,
				dev,
				r.problem,
				host.LayerOptions{
					Epilogue: relu,
					Separate: i%2 == 1,
					Threads:  shaders.ConvThreads[i%len(shaders.ConvThreads)],
				},
			)
		})
	}
}

// Backward computes the gradients of all the other parts' layers.
func Backward(t *testing.T, dev *host.Device) {
	for _, part := range []struct {
		name string
		rows []row
	}{{"shapes", shapes}, {"padding", padding()}, {"groups", groups}, {"transposed", transposed},
		{"unshared", unshared}} {
		t.Run(part.name, func(t *testing.T) {
			for i, r := range part.rows {
				t.Run(r.name, func(t *testing.T) {
					judgeBackward(
						t,
						dev,
						r.problem,
						host.LayerOptions{Threads: shaders.ConvThreads[i%len(shaders.ConvThreads)]},
					)
				})
			}
		})
	}
	t.Run("epilogues", func(t *testing.T) {
		for _, e := range epilogues() {
			t.Run(name(e), func(t *testing.T) { judgeBackward(t, dev, finished, host.LayerOptions{Epilogue: e}) })
		}
	})
	for _, a := range Activations() {
		t.Run("function "+a.String(), func(t *testing.T) { judgeFunction(t, dev, a, true) })
	}
	t.Run("float16", func(t *testing.T) { judgeBackward(t, dev, finished, host.LayerOptions{DType: host.Float16}) })
}

// finished is the layer that epilogues are tried on: more than one image and channel, and odd sizes.
const finished = "g2mb2ic4ih5iw4oc6kh3ph1"

// Epilogues runs every activation, with and without a residual before and after it, fused and as a step
// of its own.
func Epilogues(t *testing.T, dev *host.Device) {
	for _, e := range epilogues() {
		t.Run(name(e), func(t *testing.T) {
			for _, separate := range []bool{false, true} {
				judge(t, dev, finished, host.LayerOptions{Epilogue: e, Separate: separate})
			}
			judge(t, dev, finished, host.LayerOptions{Epilogue: e, DType: host.Float16})
			judge(t, dev, finished, host.LayerOptions{Epilogue: e, DType: host.Int8})
		})
	}
	for _, a := range Activations() {
		t.Run("function "+a.String(), func(t *testing.T) { judgeFunction(t, dev, a, false) })
	}
}

// epilogues are all activations with and without a residual.
func epilogues() []conv.Epilogue {
	var all []conv.Epilogue
	for _, a := range Activations() {
		for _, r := range []conv.Residual{conv.NoResidual, conv.BeforeFunction, conv.AfterFunction} {
			all = append(all, conv.Epilogue{Activation: a, Residual: r})
		}
	}
	return all
}

func name(e conv.Epilogue) string {
	if e.Residual == conv.NoResidual {
		return e.Activation.String()
	}
	return fmt.Sprintf("%v, residual %v", e.Activation, e.Residual)
}

// modes are those in which a layer can be judged: integers go through functions that round nothing alone,
// and int8 layers have none. The slopes of a case are powers of two.
func modes(o host.LayerOptions) []cpuref.Mode {
	if e := o.Epilogue; o.DType != host.Int8 && cpuref.ExactEpilogue(e, []float32{0.5}) {
		return []cpuref.Mode{cpuref.Exact, cpuref.Bounded}
	}
	return []cpuref.Mode{cpuref.Bounded}
}

// Sizes puts the taps of an output around each size of a workgroup, as channels and as a filter's
// width, for one output, two and a prime number of them. The smallest workgroup then goes round many
// times.
func Sizes(t *testing.T, dev *host.Device) {
	for _, size := range shaders.ConvThreads {
		for taps := int(size) - 1; taps <= int(size)+1; taps++ {
			for i, outputs := range []int{1, 2, 13} {
				o := []host.LayerOptions{{}, {Epilogue: conv.Activate(conv.ReLU)},
					{Epilogue: conv.Activate(conv.ReLU), Separate: true}}[(taps+i)%3]
				for _, o.Threads = range []uint32{0, shaders.ConvThreads[0], size} {
					judge(t, dev, fmt.Sprintf("ic%diw%doc1kw1", taps, outputs), o)
					judge(t, dev, fmt.Sprintf("ic1iw%doc%dkw%d", taps, outputs, taps), o)
				}
			}
		}
	}
}

// judge runs one layer in each mode.
func judge(t *testing.T, dev *host.Device, problem string, o host.LayerOptions) {
	t.Helper()
	run(t, dev, problem, o, false)
}

// judgeBackward computes its gradients in each mode.
func judgeBackward(t *testing.T, dev *host.Device, problem string, o host.LayerOptions) {
	t.Helper()
	run(t, dev, problem, o, true)
}

func run(t *testing.T, dev *host.Device, problem string, o host.LayerOptions, backward bool) {
	t.Helper()
	p, err := conv.Parse(problem)
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range modes(o) {
		c := proof.Case{Problem: p, Seed: 1, Mode: mode, Options: o, Backward: backward}
		if _, err := c.Run(dev); err != nil {
			t.Errorf("%v\n\t%s", err, c.Repro(dev))
		}
	}
}
