package proof_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
)

func parse(t *testing.T, descriptor string) conv.Problem {
	t.Helper()
	p, err := conv.Parse(descriptor)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// large is a case with nearly everything that there is to take away.
func large(t *testing.T) proof.Case {
	return proof.Case{Problem: parse(t, `g3mb2ic12id5ih17iw11oc6kd3kh5kw3sd1sh2sw3pd1ph2pw1dd0dh1dw0+reflectn"large"`),
		Seed: 77, Backward: true,
		Options: host.LayerOptions{Epilogue: conv.Epilogue{Activation: conv.Activation{Function: conv.SiLU},
			Residual: conv.BeforeFunction}, Separate: true, DType: host.Float16, Algorithm: "direct/t64", Threads: 64}}
}

// TestShrink holds that failures which were made up end at the smallest case that has them.
func TestShrink(t *testing.T) {
	for _, c := range []struct {
		name  string
		fails func(proof.Case) bool
		want  string
	}{
		{"always", func(proof.Case) bool { return true }, "ic1ih1oc1kh1"},
		{"stride and reflect", func(c proof.Case) bool {
			return c.Problem.W.Stride > 1 && c.Problem.Padding == conv.Reflect
		}, "ic1iw1oc1kw1sw2+reflect"},
		{"reflect that reads", func(c proof.Case) bool {
			return c.Problem.H.Pad > 0 && c.Problem.Padding == conv.Reflect
		}, "ic1ih2iw1oc1oh1kh1ph1pw0+reflect"},
		{"groups", func(c proof.Case) bool { return c.Problem.Groups > 1 }, "g2ic2ih1oc2kh1"},
		{"4 channels a group", func(c proof.Case) bool { return c.Problem.InChannels == 4*c.Problem.Groups },
			"ic4ih1oc1kh1"},
		{"3 channels and a batch", func(c proof.Case) bool {
			return c.Problem.InChannels >= 3*c.Problem.Groups && c.Problem.Batch > 1
		}, "mb2ic3ih1oc1kh1"},
		{"three axes", func(c proof.Case) bool {
			return c.Problem.Z.In > 1 && c.Problem.H.In > 1 && c.Problem.W.In > 1
		}, "ic1id2oc1od1kd1"},
		{"dilation", func(c proof.Case) bool { return c.Problem.H.Dilation > 1 && c.Problem.H.Filter > 1 },
			"ic1ih3iw1oc1kh2kw1dh1dw0"},
	} {
		if !c.fails(large(t)) {
			t.Fatalf("%s: the large case has to fail", c.name)
		}
		small := proof.Shrink(large(t), c.fails)
		if !c.fails(small) {
			t.Errorf("%s: %s does not fail", c.name, text(small))
		}
		if want := (proof.Case{Problem: parse(t, c.want), Seed: 1, Mode: cpuref.Exact}); !reflect.DeepEqual(small,
			want) {
			t.Errorf("%s: shrunk to\n\t%s, must be\n\t%s", c.name, text(small), text(want))
		}
	}
}

// TestShrinkOptions holds that what the failure needs beyond the problem stays.
func TestShrinkOptions(t *testing.T) {
	for name, fails := range map[string]func(proof.Case) bool{
		"backward":   func(c proof.Case) bool { return c.Backward },
		"activation": func(c proof.Case) bool { return c.Options.Epilogue.Activation.Function == conv.SiLU },
		"any":        func(c proof.Case) bool { return c.Options.Epilogue.Activation.Function >= conv.ReLU },
		"residual":   func(c proof.Case) bool { return c.Options.Epilogue.Residual == conv.BeforeFunction },
		"separate":   func(c proof.Case) bool { return c.Options.Separate },
		"float16":    func(c proof.Case) bool { return c.Options.DType == host.Float16 },
		"int8":       func(c proof.Case) bool { return c.Options.DType == host.Int8 },
		"algorithm":  func(c proof.Case) bool { return c.Options.Algorithm == "direct/t64" },
		"threads":    func(c proof.Case) bool { return c.Options.Threads == 64 },
		"reals":      func(c proof.Case) bool { return c.Mode == cpuref.Bounded },
		"seed":       func(c proof.Case) bool { return c.Seed == 77 },
	} {
		from := large(t)
		if name == "int8" {
			from.Options.DType, from.Options.Separate, from.Backward = host.Int8, false, false
		}
		small := proof.Shrink(from, fails)
		want := proof.Case{Problem: parse(t, "ic1ih1oc1kh1"), Seed: 1, Mode: cpuref.Exact}
		switch e := &want.Options.Epilogue; name {
		case "backward":
			want.Backward = true
		case "activation":
			e.Activation.Function, want.Mode = conv.SiLU, cpuref.Bounded // it rounds
		case "any":
			e.Activation.Function = conv.ReLU
		case "residual":
			e.Residual = conv.BeforeFunction
		case "separate":
			want.Options.Separate = true
		case "float16":
			want.Options.DType = host.Float16
		case "int8":
			want.Options.DType, want.Mode = host.Int8, cpuref.Bounded // it has no mode
		case "algorithm":
			want.Options.Algorithm = "direct/t64"
		case "threads":
			want.Options.Threads = 64
		case "reals":
			want.Mode = cpuref.Bounded
		case "seed":
			want.Seed = 77
		}
		if !reflect.DeepEqual(small, want) {
			t.Errorf("%s: shrunk to\n\t%s, must be\n\t%s", name, text(small), text(want))
		}
	}
}

// TestShrinkLeavesInt8 holds that a failure that is not of the numbers is shown in float32, bit for bit.
func TestShrinkLeavesInt8(t *testing.T) {
	c := proof.Case{Problem: parse(t, "mb2ic3ih9oc4kh3"), Seed: 1, Options: host.LayerOptions{DType: host.Int8}}
	small := proof.Shrink(c, func(c proof.Case) bool { return c.Problem.Batch > 1 })
	if want := (proof.Case{Problem: parse(t, "mb2ic1ih1oc1kh1"), Seed: 1,
		Mode: cpuref.Exact}); !reflect.DeepEqual(small, want) {
		t.Errorf("shrunk to\n\t%s, must be\n\t%s", text(small), text(want))
	}
}

// TestShrinkKinds does so for transposed and unshared layers, whose sizes depend on each other otherwise.
func TestShrinkKinds(t *testing.T) {
	for _, c := range []struct {
		from, want string
		fails      func(conv.Problem) bool
	}{
		{"g2ic4ih7iw5oc6oh16kh3kw2sh2ph1dh1+transposed", "ic1ih1oc1kh1+transposed",
			func(p conv.Problem) bool { return p.Transposed }},
		{"g2ic4ih7iw5oc6oh18kh3kw2sh2ph1dh1+transposed", "ic1ih1oc1oh2ow1kh1+transposed", func(p conv.Problem) bool {
			return p.Transposed && p.H.Out > (p.H.In-1)*p.H.Stride+p.H.Extent()-2*p.H.Pad
		}},
		{"g2ic4ih7iw5oc6oh18kh3kw2sh2ph1dh1+transposed", "ic1ih1oc1kh1", func(conv.Problem) bool { return true }},
		{"mb2ic3ih7oc4kh3ph1+unshared+circular", "ic1ih1oc1kh1+unshared",
			func(p conv.Problem) bool { return p.Unshared }},
		{"ic3ih9oc4oh5kh3sh2", "ic1ih1oc1oh2ow1kh1", func(p conv.Problem) bool { return p.H.PadAfter() > p.H.Pad }},
	} {
		from := proof.Case{Problem: parse(t, c.from), Seed: 1, Mode: cpuref.Exact}
		small := proof.Shrink(from, func(s proof.Case) bool { return c.fails(s.Problem) })
		if small.Problem.String() != c.want {
			t.Errorf("%s shrunk to %s, must be %s", c.from, small.Problem, c.want)
		}
	}
}

// TestShrinkStops holds that a search is only asked about valid cases, and gives back a case of which
// nothing smaller fails as it was.
func TestShrinkStops(t *testing.T) {
	for i := range 300 {
		c := proof.Draw(2, i)
		calls := 0
		small := proof.Shrink(c, func(s proof.Case) bool {
			calls++
			if err := s.Problem.Validate(); err != nil {
				t.Fatalf("case %d: asked about %+v: %v", i, s.Problem, err)
			}
			return i%2 == 1 && s.Problem.InChannels%2 == c.Problem.InChannels%2
		})
		if i%2 == 0 && (calls == 0 || !reflect.DeepEqual(small, c)) {
			t.Errorf("case %d: %s came out of %s after %d tries, though nothing smaller fails", i, text(small),
				text(c), calls)
		}
	}
}

// TestShrinkIsBounded has a search go on by ones, which would take 5000 times all steps.
func TestShrinkIsBounded(t *testing.T) {
	calls, batch := 0, 5000
	small := proof.Shrink(proof.Case{Problem: parse(t, "mb5000ic1ih1oc1kh1"), Seed: 1, Mode: cpuref.Exact},
		func(c proof.Case) bool {
			calls++
			if c.Problem.Batch != batch-1 {
				return false
			}
			batch--
			return true
		})
	if calls != 1000 || small.Problem.Batch != batch || batch == 5000 {
		t.Errorf("%d tries, to a batch of %d; must be 1000, to %d", calls, small.Problem.Batch, batch)
	}
}

// TestShrinkRuns shrinks a layer that is run for real, with a device that is broken: where the filter is
// dilated, the last weight is lost on its way.
func TestShrinkRuns(t *testing.T) {
	dev, err := host.Open(host.Options{Backend: host.CPU})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	c := proof.Case{Problem: parse(t, "g2mb2ic6ih11iw9oc4kh3sh2ph1dh1"), Seed: 9,
		Options: host.LayerOptions{Threads: 32}}
	if err := broken(dev, c); !errors.Is(err, cpuref.ErrMismatch) {
		t.Fatalf("the large case gives %v, must be wrong", err)
	}
	small := proof.Shrink(c, func(c proof.Case) bool { return errors.Is(broken(dev, c), cpuref.ErrMismatch) })
	// One tap of two that is dilated, in the one axis that may be: the other is a point.
	p := small.Problem
	if !errors.Is(broken(dev, small), cpuref.ErrMismatch) || max(p.H.Dilation, p.W.Dilation) != 2 || p.FLOPs() > 4 ||
		small.Seed != 1 || small.Options.Threads != 0 {
		t.Errorf("shrunk to %s", text(small))
	}
	if _, err := small.Run(dev); err != nil {
		t.Errorf("on a device that works: %v", err)
	}
}

// broken runs a case with a weight less where there is dilation, and judges it.
func broken(dev *host.Device, c proof.Case) error {
	o, err := c.Data()
	if err != nil {
		return err
	}
	ref, err := cpuref.Conv(c.Problem, o.X, o.W)
	if err != nil {
		return err
	}
	if max(c.Problem.H.Dilation, c.Problem.W.Dilation) > 1 {
		o.W.Data[len(o.W.Data)-1] = 0
	}
	layer, err := host.NewLayer(dev, c.Problem, o.W, c.Options)
	if err != nil {
		return err
	}
	defer layer.Close()
	v, err := layer.Run(context.Background(), o.X)
	if err != nil {
		return err
	}
	report, err := cpuref.Check(v.Data, ref, c.Mode)
	if err != nil {
		return fmt.Errorf("judging: %w", err)
	}
	return report.Err()
}
