package proof_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/shaders"
)

// TestDrawCovers holds that 500 cases of any series have a few of every row.
func TestDrawCovers(t *testing.T) {
	for seed := range uint64(3) {
		counts := map[string]int{}
		for i := range 500 {
			c := proof.Draw(seed, i)
			counts[fmt.Sprint("threads ", c.Options.Threads)]++
			for _, row := range proof.Rows(c) {
				counts[row]++
			}
		}
		want := proof.AllRows()
		for _, threads := range append([]uint32{0}, shaders.ConvThreads...) {
			want = append(want, fmt.Sprint("threads ", threads))
		}
		for _, row := range want {
			if counts[row] < 3 {
				t.Errorf("series %d: %s %d times, must be 3 or more", seed, row, counts[row])
			}
		}
		if len(counts) != len(want) {
			t.Errorf("series %d: %d rows, must be the %d of %v", seed, len(counts), len(want), want)
		}
	}
}

// TestDrawIsCrossed holds that options are drawn together with each other, not only each alone.
func TestDrawIsCrossed(t *testing.T) {
	counts := map[string]int{}
	for i := range 500 {
		rows := proof.Rows(proof.Draw(1, i))
		for _, a := range rows {
			for _, b := range rows {
				counts[a+" x "+b]++
			}
		}
	}
	for _, a := range []string{"3D", "1D", "groups", "depthwise", "batch", "dilation", "padding more behind",
		"padding reflect", "padding replicate",
		"padding circular", "transposed", "unshared", "threads chosen"} {
		for _, b := range []string{"float32, bit for bit", "float32, by the bound", "forward", "backward",
			"activation relu", "activation none", "residual before",
			"epilogue fused", "epilogue separate"} {
			if n := counts[a+" x "+b]; n < 2 {
				t.Errorf("%s x %s: %d times, must be 2 or more", a, b, n)
			}
		}
	}
}

// TestDrawIsFixed holds the first cases of a series: a repro command or a report names a case by its
// number, and has to mean the same one tomorrow and on any platform.
func TestDrawIsFixed(t *testing.T) {
	for i, want := range []string{
		`g2mb2ic8ih9iw31oc16kh3sh2ph1pw0 ` +
			`seed 2569511209 exact none none separate false dtype "" threads 128 backward false`,
		`ic127ih31oc3kh1sw2ph1pw0dw2+replicate ` +
			`seed 4283098015 bound prelu none separate false dtype "" threads 32 backward true`,
		`g5ic20ih9iw11oc20kh3sh2 ` +
			`seed 3304433030 exact clip:-3:40 none separate false dtype "" threads 0 backward false`,
		`g3ic195ih31oc21kh1sh2ph1 ` +
			`seed 2438017916 bound none none separate false dtype "" threads 128 backward false`,
		`mb2ic8ih3iw7oc8kh1kw13sh2ph1pw3+reflect ` +
			`seed 526194867 exact prelu none separate true dtype "" threads 0 backward false`,
		`ic63ih31iw8oc3kh1sh5sw2pw1dh2dw0 ` +
			`seed 2282100118 bound none none separate true dtype "" threads 0 backward false`,
	} {
		c := proof.Draw(1, i)
		if got := text(c); got != want {
			t.Errorf("case %d is\n\t%s, must be\n\t%s", i, got, want)
		}
		if again := proof.Draw(1, i); !reflect.DeepEqual(again, c) {
			t.Errorf("case %d drawn again is %+v, was %+v", i, again, c)
		}
	}
	if reflect.DeepEqual(proof.Draw(1, 0), proof.Draw(2, 0)) {
		t.Error("two series begin alike")
	}
}

// text is all of a case in one line.
func text(c proof.Case) string {
	o := c.Options
	return fmt.Sprintf("%s seed %d %v %v %v separate %v dtype %q threads %d backward %v", c.Problem, c.Seed, c.Mode,
		o.Epilogue.Activation, o.Epilogue.Residual, o.Separate, o.DType, o.Threads, c.Backward)
}

// TestDataIsFixed does the same for the operands.
func TestDataIsFixed(t *testing.T) {
	p, err := conv.Parse("ic2ih3oc2kh2")
	if err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[cpuref.Mode]string{
		cpuref.Exact: "[-130 -9 723] [777 -433 678] [-896 -42]",
		cpuref.Bounded: "[0.5933145 0.67161536 -0.4447658] [-0.83643043 0.77548873 0.4376253] " +
			"[-0.8998394 0.47019625]",
	} {
		o, err := proof.Case{Problem: p, Seed: 1, Mode: mode}.Data()
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(o.X.Data[:3], o.W.Data[:3], o.W.Bias); got != want {
			t.Errorf("%v data is %s, must be %s", mode, got, want)
		}
	}
}

// TestInt8DataIsFixed does so for 8-bit operands.
func TestInt8DataIsFixed(t *testing.T) {
	c := proof.Case{Problem: parse(t, "ic2ih3oc2kh2"), Seed: 1,
		Options: host.LayerOptions{DType: host.Int8, Threads: 64, Epilogue: conv.Activate(conv.PReLU)}}
	o, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	q := o.Quantized
	got := fmt.Sprint(q.X[:3], q.Filters.Weights[:3], q.Filters.Zero, q.Filters.Scale, q.Filters.Bias, q.Options.XZero,
		q.Options.XScale, q.Options.Slopes, q.Options.Threads)
	if want := "[102 -88 99] [62 11 60] [-28 -102] [0.0025025327] [3608 -1340] 13 3 [0.25 0.5] 64"; got != want ||
		len(q.X) != 18 || len(q.Filters.Weights) != 16 || o.X.Data != nil || o.W.Data != nil {
		t.Errorf("data is %s, must be %s; %d inputs, %d weights", got, want, len(q.X), len(q.Filters.Weights))
	}
}

// TestInt8Data holds that operands go from end to end of their range, that what may be left out sometimes
// is, and that no sum leaves int32, however many products it has.
func TestInt8Data(t *testing.T) {
	counts := map[string]int{}
	for i := 0; counts["cases"] < 100; i++ {
		c := proof.Draw(1, i)
		if c.Options.DType != host.Int8 {
			continue
		}
		o, err := c.Data()
		if err != nil {
			t.Fatal(err)
		}
		q := o.Quantized
		counts["cases"]++
		for kind, n := range map[string]int{"zero points": len(q.Filters.Zero), "scales": len(q.Filters.Scale),
			"biases": len(q.Filters.Bias)} {
			counts[fmt.Sprint(kind, " ", min(n, 2))]++
		}
		if slices.Contains(q.X, -128) && slices.Contains(q.X, 127) {
			counts["all of the range"]++
		}
		if q.Options.XScale == 0 {
			counts["no scale of X"]++
		}
	}
	for _, kind := range []string{"zero points 0", "zero points 1", "zero points 2", "scales 0", "scales 1",
		"scales 2", "biases 0", "biases 2", "all of the range", "no scale of X"} {
		if counts[kind] < 5 {
			t.Errorf("%s: %d of 100, must be 5 or more", kind, counts[kind])
		}
	}
	for descriptor, most := range map[string]int{"ic16384ih1oc1kh1": 128, "ic65536ih1oc1kh1": 64,
		"ic1048576ih1oc1kh1": 16} {
		o, err := proof.Case{Problem: parse(t, descriptor), Options: host.LayerOptions{DType: host.Int8}}.Data()
		if err != nil {
			t.Fatal(err)
		}
		if least := int(slices.Min(o.Quantized.X)); least != -most {
			t.Errorf("%s: the least number is %d, must be %d", descriptor, least, -most)
		}
	}
}

// TestTooMuchData asks for more than a test, or a mistyped command, should take. Nothing is made.
func TestTooMuchData(t *testing.T) {
	for _, s := range []string{"ic1000ih100000oc1kh1", "ic1ih1oc1kh1ph60000"} {
		p, err := conv.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = (proof.Case{Problem: p}).Data(); !errors.Is(err, host.ErrUnsupported) ||
			!strings.Contains(err.Error(), s) {
			t.Errorf("%s: error %v, must wrap %q", s, err, host.ErrUnsupported)
		}
	}
}

// TestBadCases holds that what cannot be a case is an error, not a panic.
func TestBadCases(t *testing.T) {
	dev := hosttest.Open(t)
	for _, c := range []struct {
		c      proof.Case
		reason error
	}{
		{proof.Case{}, conv.ErrInvalid},
		{proof.Case{Mode: cpuref.Exact}, conv.ErrInvalid},
		{proof.Case{Problem: conv.Problem{Batch: -1}}, conv.ErrInvalid},
		{proof.Case{Problem: parse(t, "ic1ih1oc1kh1"), Options: host.LayerOptions{DType: host.Int8}, Backward: true},
			gpu.ErrMisuse},
		{proof.Case{Problem: parse(t, "ic1ih1oc1kh1"), Options: host.LayerOptions{DType: host.Int8, Separate: true}},
			gpu.ErrMisuse},
		{proof.Case{Problem: parse(t, "ic1ih1oc1kh1"), Options: host.LayerOptions{DType: host.Int8, Threads: 3}},
			gpu.ErrMisuse},
	} {
		if _, err := c.c.Run(dev); !errors.Is(err, c.reason) {
			t.Errorf("%+v: error %v, must wrap %q", c.c, err, c.reason)
		}
	}
}
