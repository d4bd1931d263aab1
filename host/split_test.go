package host_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/internal/split"
	"github.com/gpuconv/gpuconv/tensor"
)

// enough is how many cases run, fewer in short tests.
func enough(cases int) int {
	if testing.Short() {
		return cases / 10
	}
	return cases
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

// TestSplitRuns runs drawn cases on a device of small bindings.
func TestSplitRuns(t *testing.T) {
	dev := hosttest.Open(t)
	ran, kinds := 0, map[string]int{}
	built := host.CountBlocks(t, dev)
	rng := rand.New(rand.NewPCG(5, 8))
	for i := 0; ran < enough(220); i++ {
		c := proof.Draw(21, i)
		p := c.Problem
		largest := max(p.InLen(), p.OutLen(), p.FilterLen())
		bytes := uint64(256 + 4*max(largest/int64(2+rng.IntN(5)), 4))
		if bytes > 4096 && rng.IntN(4) == 0 {
			bytes = 4096
		}
		host.SetBindingLimit(t, dev, bytes)
		plan := host.PlanOn
		if c.Options.DType == host.Int8 {
			plan = host.PlanQuantizedOn
		}
		pl, err := plan(dev, p)
		if err != nil {
			t.Fatalf("%s in bindings of %d bytes: %v", p, bytes, err)
		}
		if pl.Blocks() < 2 || pl.Blocks() > 40 {
			continue
		}
		ran++
		for _, k := range splitKinds(pl) {
			kinds[k]++
		}
		*built = 0
		if _, err := c.Run(dev); err != nil {
			t.Errorf("case %d in bindings of %d bytes, split in %v: %v\n\t%s", i, bytes, splitKinds(pl), err,
				c.Repro(dev))
		}
		wantBlocks(t, dev, c, *built)
	}
	t.Logf("%d cases: %v", ran, kinds)
	for _, d := range split.DimensionNames[:7] { // filters are so small that they are seldom split but by force
		if kinds[d] < 2 && !testing.Short() {
			t.Errorf("%s split %d times, must be 2 or more", d, kinds[d])
		}
	}
}

// wantBlocks fails unless a case that was just run, and is to be split, was computed in blocks: its numbers are
// those of the whole, and do not tell. built is how many blocks of floats were; of 8-bit numbers the layer says it.
func wantBlocks(t *testing.T, dev *host.Device, c proof.Case, built int) {
	t.Helper()
	if c.Options.DType != host.Int8 {
		if built == 0 {
			t.Errorf("%s was not computed in blocks\n\t%s", c.Problem, c.Repro(dev))
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
		t.Errorf("%s of 8-bit numbers is not computed in blocks\n\t%s", c.Problem, c.Repro(dev))
	}
}

// TestForcedSplits runs drawn cases split in a few dimensions of any kind, in blocks of any size.
func TestForcedSplits(t *testing.T) {
	dev := hosttest.Open(t)
	rng := rand.New(rand.NewPCG(6, 8))
	counts, ran := map[string]int{}, 0
	built := host.CountBlocks(t, dev)
	for i := 0; ran < enough(400); i++ {
		c := proof.Draw(31, i)
		whole := split.Whole(c.Problem)
		var block [split.Dimensions]int64
		blocks := int64(1)
		// few have planes
		for _, d := range []int{3, 7, rng.IntN(split.Dimensions), rng.IntN(split.Dimensions),
			rng.IntN(split.Dimensions)} {
			if n := whole.Extents()[d]; n > 1 && block[d] == 0 {
				block[d] = max(1, n/2+int64(rng.IntN(2))-int64(rng.IntN(int(n/3)+1)))
				blocks *= (n + block[d] - 1) / block[d]
			}
		}
		if blocks < 2 || blocks > 40 {
			continue
		}
		ran++
		for d, n := range block {
			if n == 0 || n >= whole.Extents()[d] {
				continue
			}
			counts[split.DimensionNames[d]]++
			for kind, is := range map[string]bool{"transposed": c.Problem.Transposed, "unshared": c.Problem.Unshared,
				"backward":                 c.Backward,
				c.Problem.Padding.String(): true, "float16": c.Options.DType == host.Float16,
				"int8":  c.Options.DType == host.Int8,
				"prelu": c.Options.Epilogue.Activation.Function == conv.PReLU,
				"residual " + c.Options.Epilogue.Residual.String(): true, "separate": c.Options.Separate} {
				if is {
					counts[kind+", added"] += map[bool]int{true: 1}[d >= 6]
					counts[kind+", apart"] += map[bool]int{true: 1}[d < 6]
				}
			}
		}
		host.ForceSplit(t, dev, block)
		*built = 0
		if _, err := c.Run(dev); err != nil {
			t.Errorf("case %d in blocks of %v: %v\n\t%s", i, block, err, c.Repro(dev))
		}
		wantBlocks(t, dev, c, *built)
	}
	t.Logf("%d cases: %v", ran, counts)
	for _, d := range split.DimensionNames {
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
	host.SetBindingLimit(t, dev, 4096)
	built := host.CountBlocks(t, dev)
	for _, problem := range []string{
		"mb3ic4ih15oc6kh3ph1", "g4ic32ih9oc16kh3ph1+reflect", "ic2ih40iw41oc3kh5sh2ph2+circular", "ic200ih3oc8kh3ph1",
		"ic3ih6oc4kh3ph1+unshared", "ic5ih13oc7kh3sh2ph1+transposed", "ic1ih40oc1kh33",
		"ic3id7ih8iw9oc5kd3kh3kw3pd1ph1pw1+replicate",
	} {
		p, err := conv.Parse(problem)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			c := proof.Case{Problem: p, Seed: 1, Mode: cpuref.Mode(i % 2), Backward: i == 1}
			c.Options.Epilogue = conv.Epilogue{Activation: conv.Activation{Function: conv.PReLU},
				Residual: conv.Residual(1 + i%2)}
			*built = 0
			if _, err := c.Run(dev); err != nil {
				t.Errorf("%v\n\t%s", err, c.Repro(dev))
			}
			wantBlocks(t, dev, c, *built)
		}
	}
}

// commonBinding is how many bytes a binding may have on most devices: what WebGPU promises.
const commonBinding = 128 << 20

// TestSplitForReal runs layers whose filters, or whose input, are beyond the bindings of most devices.
func TestSplitForReal(t *testing.T) {
	dev := hosttest.Open(t)
	host.SetBindingLimit(t, dev, commonBinding) // a device may have more
	built := host.CountBlocks(t, dev)
	for _, problem := range []string{"ic8192ih1oc8192kh1", "ic1iw40000000oc1kw3sw2000000"} {
		p, err := conv.Parse(problem)
		if err != nil {
			t.Fatal(err)
		}
		pl, err := host.PlanOn(dev, p)
		if err != nil {
			t.Fatal(err)
		}
		if t.Logf("%s: %d blocks, split in %v", problem, pl.Blocks(), splitKinds(pl)); pl == split.Whole(p) {
			t.Errorf("%s is left whole, which shows nothing", p)
		}
		c := proof.Case{Problem: p, Seed: 1, Mode: cpuref.Bounded}
		*built = 0
		if _, err := c.Run(dev); err != nil {
			t.Errorf("%v\n\t%s", err, c.Repro(dev))
		}
		wantBlocks(t, dev, c, *built)
	}
}

// TestSplitHalf holds that a float16 layer whose sums are split gives float16 numbers.
func TestSplitHalf(t *testing.T) {
	dev := hosttest.Open(t)
	p, err := conv.Square(9, 8, 3, 3, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	var block [split.Dimensions]int64
	block[6] = 3 // input channels
	built := host.CountBlocks(t, dev)
	for _, e := range []conv.Epilogue{{}, conv.Activate(conv.Sigmoid)} {
		o, err := proof.Case{Problem: p, Seed: 1, Mode: cpuref.Bounded}.Data()
		if err != nil {
			t.Fatal(err)
		}
		host.ForceSplit(t, dev, block)
		layer, err := host.NewLayer(dev, p, o.W, host.LayerOptions{DType: host.Float16, Epilogue: e})
		if err != nil {
			t.Fatal(err)
		}
		v, err := layer.Run(t.Context(), o.X)
		layer.Close()
		if err != nil {
			t.Fatal(err)
		}
		if *built == 0 {
			t.Errorf("%v: not computed in blocks", e)
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
	host.SetBindingLimit(t, dev, 258)
	if _, err := host.NewLayer(dev, p, w, host.LayerOptions{}); !errors.Is(err, host.ErrUnsupported) {
		t.Errorf("bindings of less than a number: %v, must wrap ErrUnsupported", err)
	}
	host.SetBindingLimit(t, dev, 600)
	none := &gpu.Error{Op: `making buffer "the filter bank W" of 12345 bytes`, Err: gpu.ErrOutOfMemory}
	for after := range 3 {
		host.FailBlocks(t, dev, after, none)
		layer, err := host.NewLayer(dev, p, w, host.LayerOptions{})
		if after > 0 && err == nil {
			x, _ := tensor.NewVolume(1, 9, 9, 2)
			_, err = layer.Run(t.Context(), x)
			if err == nil {
				t.Fatalf("after %d blocks: no error", after)
			}
			layer.Close()
		}
		if !errors.Is(err, gpu.ErrOutOfMemory) || !strings.Contains(err.Error(), "12345 bytes") {
			t.Errorf("after %d blocks: %v, must wrap ErrOutOfMemory and name 12345 bytes", after, err)
		}
		host.FailBlocks(t, dev, math.MaxInt, nil)
	}
}
