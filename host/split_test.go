package host_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/hosttest"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/tensor"
)

const dimensions = len(host.SplitDimensions)

// splitSource is the index map of one axis, written down apart from the code that it judges: the input
// that tap f of output o reads, -1 for a zero.
func splitSource(a conv.Axis, p conv.Padding, transposed bool, o, f int) int {
	if transposed {
		for i := range a.In {
			if i*a.Stride+f*a.Dilation == o+a.Pad {
				return i
			}
		}
		return -1
	}
	for q := o*a.Stride - a.Pad + f*a.Dilation; ; {
		switch {
		case q >= 0 && q < a.In:
			return q
		case p == conv.Zero:
			return -1
		case p == conv.Reflect && q < 0:
			q = -q
		case p == conv.Reflect:
			q = 2*(a.In-1) - q
		case p == conv.Replicate && q < 0, p == conv.Circular && q >= a.In:
			q -= a.In * map[conv.Padding]int{conv.Circular: 1}[p]
			q = max(q, 0)
		case p == conv.Circular:
			q += a.In
		default:
			q = a.In - 1
		}
	}
}

// TestCutAxis holds that each tap of each output of every part of an axis reads what it reads in the
// whole, and that no part is larger than planned.
func TestCutAxis(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	cuts := map[string]int{}
	for cuts["all"] < 20000 {
		a := conv.Axis{In: 1 + rng.IntN(12), Filter: 1 + rng.IntN(5), Stride: 1 + rng.IntN(6), Pad: rng.IntN(9), Dilation: 1 + rng.IntN(4)}
		padding, transposed := conv.Padding(rng.IntN(4)), rng.IntN(3) == 0
		if transposed {
			padding = conv.Zero
		}
		if rng.IntN(3) == 0 {
			a.Out = 1 + rng.IntN(15)
		}
		p, err := conv.New(conv.Problem{InChannels: 1, OutChannels: 1, H: conv.Axis{In: 1, Filter: 1}, W: a, Padding: padding, Transposed: transposed})
		if err != nil {
			continue
		}
		a = p.W
		out, taps := splitSpan(rng, a.Out), splitSpan(rng, a.Filter)
		cut, from := host.CutAxis(a, padding, transposed, out, taps)
		cuts["all"]++
		cuts[fmt.Sprint(padding, " ", transposed)]++
		name := fmt.Sprintf("%s, outputs %v, taps %v: %+v", p, out, taps, cut)
		checkCut(t, name, p, cut, from, out, taps)
	}
	for _, kind := range []string{"zero false", "reflect false", "replicate false", "circular false", "zero true"} {
		if cuts[kind] < 1000 {
			t.Errorf("padding and transposed %s: %d cuts, must be 1000 or more", kind, cuts[kind])
		}
	}
}

func splitSpan(rng *rand.Rand, n int) [2]int64 {
	from := rng.IntN(n)
	return [2]int64{int64(from), int64(from + 1 + rng.IntN(n-from))}
}

func checkCut(t *testing.T, name string, p conv.Problem, cut conv.Axis, from func(int) int, out, taps [2]int64) {
	t.Helper()
	part := p
	part.W = cut
	if err := part.Validate(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if int64(cut.Out) != out[1]-out[0] || int64(cut.Filter) != taps[1]-taps[0] {
		t.Fatalf("%s: wrong sizes", name)
	}
	if most := host.PlannedInputs(p.W, p.Transposed, out[1]-out[0], taps[1]-taps[0]); int64(cut.In) > most {
		t.Fatalf("%s: %d inputs, planned %d", name, cut.In, most)
	}
	for j := range cut.In {
		if i := from(j); i < -1 || i >= p.W.In {
			t.Fatalf("%s: input %d is the whole's %d", name, j, i)
		}
	}
	for o := range cut.Out {
		for f := range cut.Filter {
			got := splitSource(cut, p.Padding, p.Transposed, o, f)
			if got >= 0 {
				got = from(got)
			}
			if want := splitSource(p.W, p.Padding, p.Transposed, o+int(out[0]), f+int(taps[0])); got != want {
				t.Fatalf("%s: tap %d of output %d reads %d, must be %d", name, f, o, got, want)
			}
		}
	}
}

// TestSplitPlan plans problems beyond 2^31 and 2^32 numbers, and beyond what kernels count with.
func TestSplitPlan(t *testing.T) {
	const binding = 1 << 25 // numbers: 128 MiB
	for _, c := range []struct{ problem, splits string }{
		{"mb4096ic64iw224ih224oc64kh3ph1", "images"},
		{"mb1g64ic4096ih2048iw2048oc4096kh3ph1", "groups,output channels,output rows"},
		{"ic16ih512oc65536kh3ph1", "output channels"},
		{"mb64ic8192ih1oc8192kh1", "output channels"}, // fewer images would not help
		{"ic3ih65536oc8kh3ph1", "output channels,output rows"},
		{"ic1ih65537iw65539oc1kh5sh2ph2+reflect", "output rows"},
		{"ic1id2048ih2048iw2048oc1kd3kh3kw3pd1ph1pw1+circular", "output planes"},
		{"ic8id64ih16384iw16384oc8kd1kh1kw1", "output channels,output planes,output rows"},
		{"ic16777216ih4oc64kh3ph1", "output channels,output rows,output columns,input channels"},
		{"ic4ih65536oc4kh3sh2ph1+transposed", "output channels,output rows"},
		{"ic64ih64oc64kh3ph1+unshared", "output channels"},
		{"ic64ih1024oc64kh3ph1+unshared", "output channels,output rows"},
		{"ic1ih8192iw8192oc1kh8192kw8192", "filter rows"},
		{"ic1iw2147483647oc1kw1", "output columns"},
		{"ic1iw2147483647oc1ow2kw1sw1000000000", ""},
		{"ic1iw2147483647oc1kw3dw1000000000", "output columns"},
		{"mb3ic2ih100iw100000000oc1kh1kw3ph0pw1+replicate", "images,output rows,output columns"},
	} {
		p, err := conv.Parse(c.problem)
		if err != nil {
			t.Fatal(err)
		}
		pl, err := host.PlanSplit(p, binding)
		if err != nil {
			t.Errorf("%s: %v", c.problem, err)
			continue
		}
		t.Logf("%s: %d parts: %s", c.problem, pl.Parts(), splitKinds(pl))
		if got := strings.Join(splitKinds(pl), ","); got != c.splits {
			t.Errorf("%s is split in %s, must be in %s", c.problem, got, c.splits)
		}
		checkPlan(t, p, pl, binding)
	}
}

// enough is how many cases run, fewer in short tests.
func enough(cases int) int {
	if testing.Short() {
		return cases / 10
	}
	return cases
}

// TestSplitPlanSaturates holds that counts beyond 2^64 are too many, not few: a gradient that looks for
// each input at 2^22 places along each axis goes 2^66 steps.
func TestSplitPlanSaturates(t *testing.T) {
	p, err := conv.Parse("ic1id1ih1iw1oc1od1oh1ow1kd1kh1kw1pd4194303ph4194303pw4194303+replicate")
	if err != nil {
		t.Fatal(err)
	}
	pl, err := host.PlanSplit(p, 1<<25)
	if err != nil {
		t.Fatal(err)
	}
	if part := pl.Problem(0); part.Z.Pad != 0 {
		t.Errorf("%s is run as %s, must have its input gathered", p, part)
	}
}

// splitKinds names the dimensions that a plan splits.
func splitKinds(pl host.SplitPlan) (kinds []string) {
	for d, n := range pl.Counts() {
		if n > 1 {
			kinds = append(kinds, host.SplitDimensions[d])
		}
	}
	return kinds
}

// checkPlan holds that the parts are within limits, tile the layer and cost what it costs.
func checkPlan(t *testing.T, p conv.Problem, pl host.SplitPlan, numbers int64) {
	t.Helper()
	if pl.Parts() > 1<<20 {
		t.Errorf("%s: %d parts", p, pl.Parts())
		return
	}
	seen := map[[dimensions]int64]bool{} // where parts begin
	var flops, products int64
	for i := range pl.Parts() {
		part, spans := pl.Problem(i), pl.Spans(i)
		if err := part.Validate(); err != nil {
			t.Fatalf("%s, part %d: %v", p, i, err)
		}
		if most := max(part.InLen(), part.OutLen(), part.FilterLen(), part.BiasLen()); most > numbers {
			t.Fatalf("%s, part %d, %s: %d numbers in a binding, must be at most %d", p, i, part, most, numbers)
		}
		flops += part.FLOPs()
		product := int64(1)
		var begin [dimensions]int64
		for d, s := range spans {
			begin[d] = s[0]
			product *= s[1] - s[0]
			// Parts begin on a grid: blocks that begin apart and are as long as the grid do not overlap.
			size := (pl.Spans(0))[d][1]
			if s[0]%size != 0 || s[1] <= s[0] || s[1]-s[0] > size || s[1] > pl.Extents()[d] {
				t.Fatalf("%s, part %d: %s %v", p, i, host.SplitDimensions[d], s)
			}
		}
		if seen[begin] {
			t.Fatalf("%s, part %d: twice at %v", p, i, begin)
		}
		seen[begin] = true
		products += product
	}
	want := int64(1)
	for _, n := range pl.Extents() {
		want *= n
	}
	if products != want {
		t.Errorf("%s: the parts have %d products, must be %d", p, products, want)
	}
	if flops != p.FLOPs() && !p.Transposed { // whose parts share inputs, by which it is counted
		t.Errorf("%s: the parts take %d operations, must be %d", p, flops, p.FLOPs())
	}
}

// TestSplitPlanCovers plans drawn problems for small devices, down to a handful of numbers.
func TestSplitPlanCovers(t *testing.T) {
	for i := range 400 {
		p := proof.Draw(11, i).Problem
		largest := max(p.InLen(), p.OutLen(), p.FilterLen())
		for _, numbers := range []int64{largest + 1000000, largest, largest / 2, largest / 7, 50} {
			if numbers < 50 {
				continue
			}
			pl, err := host.PlanSplit(p, numbers)
			if err != nil {
				t.Fatalf("%s for %d numbers: %v", p, numbers, err)
			}
			if numbers > largest && pl.Parts() != 1 {
				t.Errorf("%s fits, and has %d parts", p, pl.Parts())
			}
			checkPlan(t, p, pl, numbers)
		}
	}
}

// TestSplitRuns runs drawn cases on a device of small bindings.
func TestSplitRuns(t *testing.T) {
	dev := hosttest.Open(t)
	split, kinds := 0, map[string]int{}
	built := host.CountParts(t)
	rng := rand.New(rand.NewPCG(5, 8))
	for i := 0; split < enough(220); i++ {
		c := proof.Draw(21, i)
		p := c.Problem
		largest := max(p.InLen(), p.OutLen(), p.FilterLen())
		bytes := uint64(256 + 4*max(largest/int64(2+rng.IntN(5)), 4))
		if bytes > 4096 && rng.IntN(4) == 0 {
			bytes = 4096
		}
		host.SetBindingLimit(t, bytes)
		plan := host.PlanOn
		if c.Options.Numbers == host.Int8 {
			plan = host.PlanQuantizedOn
		}
		pl, err := plan(dev, p)
		if err != nil {
			t.Fatalf("%s in bindings of %d bytes: %v", p, bytes, err)
		}
		if pl.Parts() < 2 || pl.Parts() > 40 {
			continue
		}
		split++
		for _, k := range splitKinds(pl) {
			kinds[k]++
		}
		*built = 0
		if _, err := c.Run(dev); err != nil {
			t.Errorf("case %d in bindings of %d bytes, split in %v: %v\n\t%s", i, bytes, splitKinds(pl), err, c.Repro(dev))
		}
		wantParts(t, dev, c, *built)
	}
	t.Logf("%d cases: %v", split, kinds)
	for _, d := range host.SplitDimensions[:7] { // filters are so small that they are seldom split but by force
		if kinds[d] < 2 && !testing.Short() {
			t.Errorf("%s split %d times, must be 2 or more", d, kinds[d])
		}
	}
}

// wantParts fails unless a case that was just run, and is to be split, was computed in parts: its numbers are
// those of the whole, and do not tell. built is how many parts of floats were; of 8-bit numbers the layer says it.
func wantParts(t *testing.T, dev *host.Device, c proof.Case, built int) {
	t.Helper()
	if c.Options.Numbers != host.Int8 {
		if built == 0 {
			t.Errorf("%s was not computed in parts\n\t%s", c.Problem, c.Repro(dev))
		}
		return
	}
	_, f := quantized(c.Problem, 1)
	l, err := host.NewQuantizedLayer(dev, c.Problem, f, host.QuantizedOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if !host.IsSplit(l) {
		t.Errorf("%s of 8-bit numbers is not computed in parts\n\t%s", c.Problem, c.Repro(dev))
	}
}

// TestForcedSplits runs drawn cases split in a few dimensions of any kind, in blocks of any size.
func TestForcedSplits(t *testing.T) {
	dev := hosttest.Open(t)
	rng := rand.New(rand.NewPCG(6, 8))
	counts, ran := map[string]int{}, 0
	built := host.CountParts(t)
	for i := 0; ran < enough(400); i++ {
		c := proof.Draw(31, i)
		whole, err := host.PlanSplit(c.Problem, 1<<40)
		if err != nil {
			t.Fatal(err)
		}
		var block [dimensions]int64
		parts := int64(1)
		for _, d := range []int{3, 7, rng.IntN(dimensions), rng.IntN(dimensions), rng.IntN(dimensions)} { // few have planes
			if n := whole.Extents()[d]; n > 1 && block[d] == 0 {
				block[d] = max(1, n/2+int64(rng.IntN(2))-int64(rng.IntN(int(n/3)+1)))
				parts *= (n + block[d] - 1) / block[d]
			}
		}
		if parts < 2 || parts > 40 {
			continue
		}
		ran++
		for d, n := range block {
			if n == 0 || n >= whole.Extents()[d] {
				continue
			}
			counts[host.SplitDimensions[d]]++
			for kind, is := range map[string]bool{"transposed": c.Problem.Transposed, "unshared": c.Problem.Unshared, "backward": c.Backward,
				c.Problem.Padding.String(): true, "float16": c.Options.Numbers == host.Float16, "int8": c.Options.Numbers == host.Int8, "prelu": c.Options.Epilogue.Activation.Function == conv.PReLU,
				"residual " + c.Options.Epilogue.Residual.String(): true, "separate": c.Options.Separate} {
				if is {
					counts[kind+", added"] += map[bool]int{true: 1}[d >= 6]
					counts[kind+", apart"] += map[bool]int{true: 1}[d < 6]
				}
			}
		}
		host.ForceSplit(t, block)
		*built = 0
		if _, err := c.Run(dev); err != nil {
			t.Errorf("case %d in blocks of %v: %v\n\t%s", i, block, err, c.Repro(dev))
		}
		wantParts(t, dev, c, *built)
	}
	t.Logf("%d cases: %v", ran, counts)
	for _, d := range host.SplitDimensions {
		if counts[d] < 10 && !testing.Short() {
			t.Errorf("%s split %d times, must be 10 or more", d, counts[d])
		}
	}
	for _, kind := range []string{"int8, added", "int8, apart"} {
		if counts[kind] < 10 && !testing.Short() {
			t.Errorf("%s: %d times, must be 10 or more", kind, counts[kind])
		}
	}
}

// TestSplitAtFourKiB runs layers in bindings of 4 KiB.
func TestSplitAtFourKiB(t *testing.T) {
	dev := hosttest.Open(t)
	host.SetBindingLimit(t, 4096)
	built := host.CountParts(t)
	for _, problem := range []string{
		"mb3ic4ih15oc6kh3ph1", "g4ic32ih9oc16kh3ph1+reflect", "ic2ih40iw41oc3kh5sh2ph2+circular", "ic200ih3oc8kh3ph1",
		"ic3ih6oc4kh3ph1+unshared", "ic5ih13oc7kh3sh2ph1+transposed", "ic1ih40oc1kh33", "ic3id7ih8iw9oc5kd3kh3kw3pd1ph1pw1+replicate",
	} {
		p, err := conv.Parse(problem)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			c := proof.Case{Problem: p, Seed: 1, Mode: cpuref.Mode(i % 2), Backward: i == 1}
			c.Options.Epilogue = conv.Epilogue{Activation: conv.Activation{Function: conv.PReLU}, Residual: conv.Residual(1 + i%2)}
			*built = 0
			if _, err := c.Run(dev); err != nil {
				t.Errorf("%v\n\t%s", err, c.Repro(dev))
			}
			wantParts(t, dev, c, *built)
		}
	}
}

// commonBinding is how many bytes a binding may have on most devices: what WebGPU promises.
const commonBinding = 128 << 20

// TestSplitForReal runs layers whose filters, or whose input, are beyond the bindings of most devices.
func TestSplitForReal(t *testing.T) {
	dev := hosttest.Open(t)
	host.SetBindingLimit(t, commonBinding) // a device may have more
	built := host.CountParts(t)
	for _, problem := range []string{"ic8192ih1oc8192kh1", "ic1iw40000000oc1kw3sw2000000"} {
		p, err := conv.Parse(problem)
		if err != nil {
			t.Fatal(err)
		}
		pl, err := host.PlanOn(dev, p)
		if err != nil {
			t.Fatal(err)
		}
		if t.Logf("%s: %d parts, split in %v", problem, pl.Parts(), splitKinds(pl)); pl.Whole() {
			t.Errorf("%s is left whole, which shows nothing", p)
		}
		c := proof.Case{Problem: p, Seed: 1, Mode: cpuref.Bounded}
		*built = 0
		if _, err := c.Run(dev); err != nil {
			t.Errorf("%v\n\t%s", err, c.Repro(dev))
		}
		wantParts(t, dev, c, *built)
	}
}

// TestSplitHalf holds that a float16 layer whose sums are split gives float16 numbers.
func TestSplitHalf(t *testing.T) {
	dev := hosttest.Open(t)
	p, err := conv.Square(9, 8, 3, 3, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	var block [dimensions]int64
	block[6] = 3 // input channels
	built := host.CountParts(t)
	for _, e := range []conv.Epilogue{{}, conv.Activate(conv.Sigmoid)} {
		o, err := proof.Case{Problem: p, Seed: 1, Mode: cpuref.Bounded}.Data()
		if err != nil {
			t.Fatal(err)
		}
		host.ForceSplit(t, block)
		layer, err := host.NewLayer(dev, p, o.W, host.LayerOptions{Numbers: host.Float16, Epilogue: e})
		if err != nil {
			t.Fatal(err)
		}
		v, err := layer.Run(o.X)
		layer.Close()
		if err != nil {
			t.Fatal(err)
		}
		if *built == 0 {
			t.Errorf("%v: not computed in parts", e)
		}
		*built = 0
		half := v.Clone()
		tensor.RoundHalf(half.Data)
		for i := range half.Data {
			if half.Data[i] != v.Data[i] {
				t.Fatalf("%v: output %d is %v, no float16 number", e, i, v.Data[i])
			}
		}
	}
}

// TestSplitRefuses holds that what cannot be split is refused, and that memory that is missing is told.
func TestSplitRefuses(t *testing.T) {
	dev := hosttest.Open(t)
	p, err := conv.Square(9, 2, 3, 3, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	w, err := tensor.NewFilters(3, 3, 3, 2)
	if err != nil {
		t.Fatal(err)
	}
	host.SetBindingLimit(t, 258)
	if _, err := host.NewLayer(dev, p, w, host.LayerOptions{}); !errors.Is(err, host.ErrUnsupported) {
		t.Errorf("bindings of less than a number: %v, must wrap ErrUnsupported", err)
	}
	host.SetBindingLimit(t, 600)
	none := &gpu.Error{Op: `making buffer "the filter bank W" of 12345 bytes`, Err: gpu.ErrOutOfMemory}
	for after := range 3 {
		host.FailParts(t, after, none)
		layer, err := host.NewLayer(dev, p, w, host.LayerOptions{})
		if after > 0 && err == nil {
			x, _ := tensor.NewVolume(1, 9, 9, 2)
			_, err = layer.Run(x)
			if err == nil {
				t.Fatalf("after %d parts: no error", after)
			}
			layer.Close()
		}
		if !errors.Is(err, gpu.ErrOutOfMemory) || !strings.Contains(err.Error(), "12345 bytes") {
			t.Errorf("after %d parts: %v, must wrap ErrOutOfMemory and name 12345 bytes", after, err)
		}
		host.FailParts(t, math.MaxInt, nil)
	}
}
