package split_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/split"
)

// planFor splits p for a device that holds so many numbers in a binding.
func planFor(p conv.Problem, numbers int64) (split.Plan, error) {
	bytes := uint64(4*numbers + 256)
	return split.New(p,
		split.LimitsOf(gpu.Limits{MaxStorageBinding: bytes, MaxBufferSize: bytes + 256, StorageOffsetAlignment: 256}))
}

const dimensions = split.Dimensions

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

// TestCutAxis holds that each tap of each output of every block of an axis reads what it reads in the
// whole, and that no block is larger than planned.
func TestCutAxis(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	cuts := map[string]int{}
	for cuts["all"] < 20000 {
		a := conv.Axis{In: 1 + rng.IntN(12), Filter: 1 + rng.IntN(5), Stride: 1 + rng.IntN(6), Pad: rng.IntN(9),
			Dilation: 1 + rng.IntN(4)}
		padding, transposed := conv.Padding(rng.IntN(4)), rng.IntN(3) == 0
		if transposed {
			padding = conv.Zero
		}
		if rng.IntN(3) == 0 {
			a.Out = 1 + rng.IntN(15)
		}
		p, err := conv.New(conv.Problem{InChannels: 1, OutChannels: 1, H: conv.Axis{In: 1, Filter: 1}, W: a,
			Padding: padding, Transposed: transposed})
		if err != nil {
			continue
		}
		a = p.W
		out, taps := splitSpan(rng, a.Out), splitSpan(rng, a.Filter)
		cut := split.CutAxis(a, padding, transposed, split.Span{From: out[0], To: out[1]},
			split.Span{From: taps[0], To: taps[1]})
		cuts["all"]++
		cuts[fmt.Sprint(padding, " ", transposed)]++
		name := fmt.Sprintf("%s, outputs %v, taps %v: %+v", p, out, taps, cut.Axis)
		checkCut(t, name, p, cut.Axis, cut.At, out, taps)
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
	block := p
	block.W = cut
	if err := block.Validate(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if int64(cut.Out) != out[1]-out[0] || int64(cut.Filter) != taps[1]-taps[0] {
		t.Fatalf("%s: wrong sizes", name)
	}
	if most := split.Reaching(p.W, p.Transposed, out[1]-out[0], taps[1]-taps[0]); int64(cut.In) > most {
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
		pl, err := planFor(p, binding)
		if err != nil {
			t.Errorf("%s: %v", c.problem, err)
			continue
		}
		t.Logf("%s: %d blocks: %s", c.problem, pl.Blocks(), splitKinds(pl))
		if got := strings.Join(splitKinds(pl), ","); got != c.splits {
			t.Errorf("%s is split in %s, must be in %s", c.problem, got, c.splits)
		}
		checkPlan(t, p, pl, binding)
	}
}

// TestSplitPlanSaturates holds that counts beyond 2^64 are too many, not few: a gradient that looks for
// each input at 2^22 places along each axis goes 2^66 steps.
func TestSplitPlanSaturates(t *testing.T) {
	p, err := conv.Parse("ic1id1ih1iw1oc1od1oh1ow1kd1kh1kw1pd4194303ph4194303pw4194303+replicate")
	if err != nil {
		t.Fatal(err)
	}
	pl, err := planFor(p, 1<<25)
	if err != nil {
		t.Fatal(err)
	}
	if block := pl.Problem(pl.Block(0)); block.Z.Pad != 0 {
		t.Errorf("%s is run as %s, must have its input gathered", p, block)
	}
}

// splitKinds names the dimensions that a plan splits.
func splitKinds(pl split.Plan) (kinds []string) {
	for d, n := range pl.Counts() {
		if n > 1 {
			kinds = append(kinds, split.DimensionNames[d])
		}
	}
	return kinds
}

// checkPlan holds that the blocks are within limits, tile the layer and cost what it costs.
func checkPlan(t *testing.T, p conv.Problem, pl split.Plan, numbers int64) {
	t.Helper()
	if pl.Blocks() > 1<<20 {
		t.Errorf("%s: %d blocks", p, pl.Blocks())
		return
	}
	seen := map[[dimensions]int64]bool{} // where blocks begin
	var flops, products int64
	for i := range pl.Blocks() {
		block, spans := pl.Problem(pl.Block(i)), pl.Block(i)
		if err := block.Validate(); err != nil {
			t.Fatalf("%s, block %d: %v", p, i, err)
		}
		if most := max(block.InLen(), block.OutLen(), block.FilterLen(), block.BiasLen()); most > numbers {
			t.Fatalf("%s, block %d, %s: %d numbers in a binding, must be at most %d", p, i, block, most, numbers)
		}
		flops += block.FLOPs()
		product := int64(1)
		var begin [dimensions]int64
		for d, s := range spans {
			begin[d] = s.From
			product *= s.Size()
			// Blocks begin on a grid: blocks that begin apart and are as long as the grid do not overlap.
			size := pl.Block(0)[d].To
			if s.From%size != 0 || s.To <= s.From || s.Size() > size || s.To > pl.Extents()[d] {
				t.Fatalf("%s, block %d: %s %v", p, i, split.DimensionNames[d], s)
			}
		}
		if seen[begin] {
			t.Fatalf("%s, block %d: twice at %v", p, i, begin)
		}
		seen[begin] = true
		products += product
	}
	want := int64(1)
	for _, n := range pl.Extents() {
		want *= n
	}
	if products != want {
		t.Errorf("%s: the blocks have %d products, must be %d", p, products, want)
	}
	if flops != p.FLOPs() && !p.Transposed { // whose blocks share inputs, by which it is counted
		t.Errorf("%s: the blocks take %d operations, must be %d", p, flops, p.FLOPs())
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
			pl, err := planFor(p, numbers)
			if err != nil {
				t.Fatalf("%s for %d numbers: %v", p, numbers, err)
			}
			if numbers > largest && pl.Blocks() != 1 {
				t.Errorf("%s fits, and has %d blocks", p, pl.Blocks())
			}
			checkPlan(t, p, pl, numbers)
		}
	}
}
