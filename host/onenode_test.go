package host_test

import (
	"slices"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/tensor"
)

// TestLayerIsAProgramOfOneNode holds that a layer dispatches what a program of it alone does, kernel by kernel with
// the same parameters, and gives the same bits.
func TestLayerIsAProgramOfOneNode(t *testing.T) {
	sum := conv.Activate(conv.ReLU)
	sum.Residual = conv.BeforeFunction
	for _, descriptor := range []string{
		"mb2ic8ih12oc16kh3ph1", "ic3ih23oc8kh7sh2ph3", "ic16ih9oc8kh1", "g8ic8ih11oc8kh3ph1",
		"ic8ih7oc8kh4sh2ph1+transposed", "ic4ih6oc4kh3ph1+unshared",
	} {
		t.Run(descriptor, func(t *testing.T) {
			oneNode(t, newPart(t, descriptor, 1, host.LayerOptions{}))
			oneNode(t, newPart(t, descriptor, 2, host.LayerOptions{Epilogue: sum}))
		})
	}
}

func oneNode(t *testing.T, l part) {
	dev := hosttest.Open(t)
	layer := build(t, dev, l.problem, l.data.W, l.options)
	volumes := append([]tensor.Volume{l.data.X}, l.data.Residual...)
	b := host.NewProgram(dev)
	var values []host.Value
	for _, v := range volumes {
		values = append(values, b.Input3D(v.N, v.Planes(), v.H, v.W, v.D))
	}
	o := l.options
	o.Algorithm = host.AlgorithmName(layer.Algorithm())
	p := compiled(t)(b.Compile(b.Conv(values[0], l.problem, l.data.W, o, values[1:]...)))
	if want, is := host.Dispatched(t, layer), host.ProgramDispatched(p); len(want) == 0 || !slices.Equal(is, want) {
		t.Errorf("epilogue %v: a program of the layer dispatches\n%q, the layer\n%q", o.Epilogue, is, want)
	}
	got, err := p.Run(t.Context(), volumes...)
	if err != nil {
		t.Fatal(err)
	}
	if want := l.alone(t, dev, o.Algorithm, volumes[0], volumes[1:]...); !slices.Equal(got[0].Data, want.Data) {
		t.Errorf("epilogue %v: a program of the layer gives other numbers than the layer", o.Epilogue)
	}
}
