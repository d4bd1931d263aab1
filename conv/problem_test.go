package conv

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestOutputSize(t *testing.T) {
	for _, c := range []struct {
		name               string
		in, f, s, pad, dil int
		out                int
		fits               bool
		unread             []int
	}{
		{"the notes' example", 11, 5, 2, 0, 1, 4, true, nil},
		{"AlexNet conv1", 227, 11, 4, 0, 1, 55, true, nil},
		{"stride does not fit", 10, 3, 2, 0, 1, 4, false, []int{9}},
		{"stride above the window", 7, 1, 3, 0, 1, 3, true, []int{1, 2, 4, 5}},
		{"dilated", 7, 3, 2, 0, 2, 2, true, []int{1, 3, 5}},
		{"same padding", 5, 3, 1, 1, 1, 5, true, nil},
		{"one output", 3, 3, 1, 0, 1, 1, true, nil},
		{"filter wider than the input", 1, 3, 1, 1, 1, 1, true, nil},
	} {
		p, err := New(Problem{InChannels: 1, OutChannels: 1,
			H: Axis{In: c.in, Filter: c.f, Stride: c.s, Pad: c.pad, Dilation: c.dil},
			W: Axis{In: c.in, Filter: c.f, Stride: c.s, Pad: c.pad, Dilation: c.dil}})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if p.W.Out != c.out || p.H.Out != c.out {
			t.Errorf("%s: output %dx%d, want %d", c.name, p.W.Out, p.H.Out, c.out)
		}
		if p.W.Fits() != c.fits {
			t.Errorf("%s: Fits is %v", c.name, p.W.Fits())
		}
		if got := p.W.Unread(); !slices.Equal(got, c.unread) {
			t.Errorf("%s: unread %v, want %v", c.name, got, c.unread)
		}
	}
}

func TestNotesArithmetic(t *testing.T) {
	p, err := Square(227, 3, 96, 11, 4, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := Counts{Neurons: 290400, WeightsPerNeuron: 363, SharedWeights: 34848, Biases: 96, Shared: 34944,
		Unshared: 105705600}
	if got := p.Counts(); got != want {
		t.Errorf("Counts() = %+v, want %+v", got, want)
	}
	if got, want := p.FLOPs(), int64(2*290400*363); got != want {
		t.Errorf("FLOPs() = %d, want %d", got, want)
	}
	if got, want := p.Bytes(), (Bytes{4 * 227 * 227 * 3, 4 * 34944, 4 * 290400}); got != want {
		t.Errorf("Bytes() = %+v, want %+v", got, want)
	}
}

func TestCountsOfGroups(t *testing.T) {
	p, err := Parse("g2mb3ic4ih5oc6kh3")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := p.TapsPerOutput(), 3*3*2; got != want {
		t.Errorf("TapsPerOutput() = %d, want %d", got, want)
	}
	if got, want := p.FLOPs(), int64(2*3*6*3*3*18); got != want {
		t.Errorf("FLOPs() = %d, want %d", got, want)
	}
}

// TestRefused holds that every hyperparameter that makes no sense is named in the error.
func TestRefused(t *testing.T) {
	ok := Problem{Batch: 1, Groups: 1, InChannels: 4, OutChannels: 4, Z: point,
		H: Axis{5, 3, 3, 1, 0, 1}, W: Axis{5, 3, 3, 1, 0, 1}}
	if err := ok.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		change func(*Problem)
		words  []string
	}{
		{func(p *Problem) { p.Batch = -1 }, []string{"mb", "-1"}},
		{func(p *Problem) { p.InChannels = 0 }, []string{"ic", "0"}},
		{func(p *Problem) { p.OutChannels = MaxSize + 1 }, []string{"oc", "2147483648"}},
		{func(p *Problem) { p.Groups = 3 }, []string{"groups", "3", "4 input channels"}},
		{func(p *Problem) { p.Groups, p.OutChannels = 4, 6 }, []string{"groups", "4", "6 output channels"}},
		{func(p *Problem) { p.H.In = 0 }, []string{"input", "height"}},
		{func(p *Problem) { p.W.Filter = -2 }, []string{"filter", "-2", "width"}},
		{func(p *Problem) { p.W.Stride = -1 }, []string{"stride", "width"}},
		{func(p *Problem) { p.W.Pad = -1 }, []string{"padding", "width"}},
		{func(p *Problem) { p.W.Dilation = -1 }, []string{"dilation", "width"}},
		{func(p *Problem) { p.W.Out = -3 }, []string{"output", "width", "-3"}},
		{func(p *Problem) { p.W.Filter, p.W.Out = 6, 0 }, []string{"does not fit", "input of 5", "at most 5"}},
		{func(p *Problem) { p.W.Filter, p.W.Dilation = MaxSize, MaxSize }, []string{"spans"}},
		{func(p *Problem) { p.H.In, p.W.In, p.H.Out, p.W.Out = 1<<30, 1<<30, 0, 0 }, []string{"input volume"}},
		{func(p *Problem) { p.Batch, p.H.In, p.W.In, p.InChannels = 1<<30, 1<<30, 1<<30, 1<<30 },
			[]string{"input volume"}},
		{func(p *Problem) { p.Name = "a\"b" }, []string{"name"}},
		{func(p *Problem) { p.Name = "a\nb" }, []string{"name"}},
	} {
		p := ok
		c.change(&p)
		_, err := New(p)
		if !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: error %v, want ErrInvalid", p, err)
			continue
		}
		for _, w := range c.words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("error %q does not say %q", err, w)
			}
		}
	}
}

// TestTransposedSize holds output sizes against PyTorch's ConvTranspose2d formula
// (In-1)*S - 2P + dilation*(F-1) + output padding + 1.
func TestTransposedSize(t *testing.T) {
	for _, c := range []struct {
		descriptor     string
		out, after     int // after: outputs cut behind the last one, less the output padding
		flops, neurons int64
	}{
		{"ic1ih4oc1kh3sh2+transposed", 9, 0, 2 * 16 * 9, 81},
		{"ic1ih4oc1kh3sh2ph1+transposed", 7, 1, 2 * 16 * 9, 49},
		{"ic1ih4oc1oh8kh3sh2ph1+transposed", 8, 0, 2 * 16 * 9, 64},
		{"ic1ih4oc1oh10kh3sh2+transposed", 10, -1, 2 * 16 * 9, 100},
		{"ic2ih3oc4kh2dh2+transposed", 6, 0, 2 * 9 * 4 * 4 * 2, 144},
	} {
		p, err := Parse(c.descriptor)
		if err != nil {
			t.Error(err)
			continue
		}
		if p.H.Out != c.out || p.H.Adjoint().PadAfter() != c.after {
			t.Errorf("%s: output %d with %d cut behind, want %d and %d", p, p.H.Out, p.H.Adjoint().PadAfter(), c.out,
				c.after)
		}
		if p.FLOPs() != c.flops || p.Counts().Neurons != c.neurons {
			t.Errorf("%s: %d FLOPs, %d neurons, want %d and %d", p, p.FLOPs(), p.Counts().Neurons, c.flops, c.neurons)
		}
	}
}

func TestCountsOf3DAndUnshared(t *testing.T) {
	p, err := Parse("mb2ic3id5ih6iw7oc4kd1kh3kw5+unshared")
	if err != nil {
		t.Fatal(err)
	}
	const places, taps = 5 * 4 * 3, 1 * 3 * 5 * 3
	if p.OutLen() != 2*places*4 || p.FilterLen() != places*4*taps || p.BiasLen() != places*4 ||
		p.FLOPs() != 2*2*places*4*taps {
		t.Errorf("%s: %d outputs, %d weights, %d biases, %d FLOPs", p, p.OutLen(), p.FilterLen(), p.BiasLen(),
			p.FLOPs())
	}
	if c := p.Counts(); c.Unshared != p.FilterLen()+p.BiasLen() {
		t.Errorf("%d parameters unshared, the layer has %d", c.Unshared, p.FilterLen()+p.BiasLen())
	}
}

// TestInvalidPrints holds that a problem that nobody checked can be printed in an error.
func TestInvalidPrints(t *testing.T) {
	for _, p := range []Problem{{}, {H: Axis{Stride: -1}}, {Transposed: true, Padding: 9}} {
		if p.String() == "" || p.Padding.String() == "" || p.H.Fits() && p.H.Out > 0 {
			t.Errorf("%#v prints nothing", p)
		}
	}
}
