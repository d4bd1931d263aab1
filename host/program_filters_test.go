package host_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/hosttest"
)

// TestConvFrom runs each kind of layer with filters that each run gives, of whole numbers, whose sums are exact: V is
// that of a layer which keeps them, to the bit, nothing is compiled for others, and the judge holds.
func TestConvFrom(t *testing.T) {
	dev := hosttest.Open(t)
	for _, descriptor := range kinds {
		p := problem(t, descriptor)
		if p.Unshared {
			continue
		}
		b := host.NewProgram(dev)
		x := b.Reshape(buffer(b, p.InLen()), p.Batch, p.Z.In, p.H.In, p.W.In, p.InChannels)
		v := b.ConvFrom(x, p, buffer(b, p.FilterLen()), buffer(b, p.BiasLen()))
		program := compiled(t)(b.CompileChecked(v))
		for seed := range uint64(2) {
			data, err := host.SeededOperands(p, host.LayerOptions{}, seed, false, 4)
			if err != nil {
				t.Fatal(err)
			}
			want, err := build(t, dev, p, data.W, host.LayerOptions{Algorithm: "direct"}).Run(t.Context(), data.X)
			if err != nil {
				t.Fatal(err)
			}
			before := dev.GPU().Stats()
			words := [][]uint32{exec.Bits(data.X.Data), exec.Bits(data.W.Data), exec.Bits(data.W.Bias)}
			got, reports, err := program.VerifyWords(t.Context(), host.VerifyOptions{}, words...)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(exec.Floats(got[0]), want.Data) {
				t.Errorf("%s: V is %v, must be %v", p, exec.Floats(got[0]), want.Data)
			}
			for _, r := range reports {
				if err := r.Report.Err(); err != nil {
					t.Errorf("%s: %s: %v", p, r.Node, err)
				}
			}
			if after := dev.GPU().Stats(); seed > 0 && after.Kernels != before.Kernels {
				t.Errorf("%s: other filters had %d kernels compiled", p, after.Kernels-before.Kernels)
			}
		}
	}
}

// TestFilterGradientFrom computes the gradient with respect to the filters of each kind of layer, of volumes that each
// run gives: whole numbers, whose sums are exact, give to the bit what the layer's way back does.
func TestFilterGradientFrom(t *testing.T) {
	dev := hosttest.Open(t)
	for _, descriptor := range kinds {
		p := problem(t, descriptor)
		if p.Unshared {
			continue
		}
		b := host.NewProgram(dev)
		x := b.Reshape(buffer(b, p.InLen()), p.Batch, p.Z.In, p.H.In, p.W.In, p.InChannels)
		dz := b.Reshape(buffer(b, p.OutLen()), p.Batch, p.Z.Out, p.H.Out, p.W.Out, p.OutChannels)
		program := compiled(t)(b.CompileChecked(b.FilterGradientFrom(x, p, dz)))
		data, err := host.SeededOperands(p, host.LayerOptions{}, 3, true, 4)
		if err != nil {
			t.Fatal(err)
		}
		layer := build(t, dev, p, data.W, host.LayerOptions{FilterGradient: "direct"})
		want, err := layer.Backward(t.Context(), data.X, data.DV)
		if err != nil {
			t.Fatal(err)
		}
		got, reports, err := program.VerifyWords(t.Context(), host.VerifyOptions{}, exec.Bits(data.X.Data),
			exec.Bits(data.DV.Data))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(exec.Floats(got[0]), want.W.Data) {
			t.Errorf("%s: dW is %v, must be %v", p, exec.Floats(got[0]), want.W.Data)
		}
		for _, r := range reports {
			if err := r.Report.Err(); err != nil {
				t.Errorf("%s: %s: %v", p, r.Node, err)
			}
		}
	}
}

func buffer(b *host.Builder, count int64) host.Value {
	return b.InputBuffer(host.Buffer{Count: count, DType: host.Float32})
}

// TestConvFromErrors names what cannot be.
func TestConvFromErrors(t *testing.T) {
	dev := hosttest.Open(t)
	p := problem(t, "ic2ih4oc3kh3")
	for _, c := range []struct {
		name string
		make func(*host.Builder) host.Value
		is   error
		says string
	}{
		{"filters", func(b *host.Builder) host.Value {
			return b.ConvFrom(b.Input(1, 4, 4, 2), p, buffer(b, 53))
		}, cpuref.ErrShape, "filters of 53 numbers, must be 54"},
		{"biases", func(b *host.Builder) host.Value {
			return b.ConvFrom(b.Input(1, 4, 4, 2), p, buffer(b, 54), buffer(b, 2))
		}, cpuref.ErrShape, "biases of 2 numbers, must be 3"},
		{"many", func(b *host.Builder) host.Value {
			return b.ConvFrom(b.Input(1, 4, 4, 2), p, buffer(b, 54), buffer(b, 3), buffer(b, 3))
		}, gpu.ErrMisuse, "2 volumes of biases"},
		{"X", func(b *host.Builder) host.Value { return b.ConvFrom(b.Input(1, 4, 5, 2), p, buffer(b, 54)) },
			cpuref.ErrShape, "its X must be"},
		{"unshared", func(b *host.Builder) host.Value {
			q := p
			q.Unshared = true
			return b.ConvFrom(b.Input(1, 4, 4, 2), q, buffer(b, q.FilterLen()))
		}, host.ErrUnsupported, "must be of a layer that is shared"},
		{"dZ", func(b *host.Builder) host.Value {
			return b.FilterGradientFrom(b.Input(1, 4, 4, 2), p, b.Input(1, 2, 3, 3))
		}, cpuref.ErrShape, "with dZ of"},
		{"X of a gradient", func(b *host.Builder) host.Value {
			return b.FilterGradientFrom(b.Input(1, 4, 3, 2), p, b.Input(1, 2, 2, 3))
		}, cpuref.ErrShape, "its X must be"},
		{"invalid gradient", func(b *host.Builder) host.Value {
			return b.FilterGradientFrom(b.Input(1, 4, 4, 2), conv.Problem{}, b.Input(1, 2, 2, 3))
		}, conv.ErrInvalid, ""},
		{"invalid", func(b *host.Builder) host.Value {
			return b.ConvFrom(b.Input(1, 4, 4, 2), conv.Problem{}, buffer(b, 54))
		}, conv.ErrInvalid, ""},
		{"another program", func(b *host.Builder) host.Value {
			return b.ConvFrom(b.Input(1, 4, 4, 2), p, buffer(host.NewProgram(dev), 54))
		}, gpu.ErrMisuse, "another program"},
	} {
		b := host.NewProgram(dev)
		_, err := b.Compile(c.make(b))
		if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v, must be %v and say %q", c.name, err, c.is, c.says)
		}
	}
}
