package host_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/hosttest"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
	"github.com/gpuconv/gpuconv/transform"
)

// The kernels below run without the engines of package host, on X, V and R that are some channels of wider volumes.

// wider is a volume among the channels of a wider one, which is poison everywhere else.
type wider struct {
	at       shaders.Placement
	channels int
	kind     shaders.Numbers
	bits     []uint32 // of each number of the wider volume
}

// int32s is how int8 layers store sums.
const int32s shaders.Numbers = "int32"

// perWord is how many numbers a word holds.
func perWord(n shaders.Numbers) int {
	return map[shaders.Numbers]int{shaders.Float32: 1, int32s: 1, shaders.Float16: 2, shaders.Int8: 4}[n]
}

func poisonOf(n shaders.Numbers, i int) uint32 {
	switch n {
	case shaders.Float16:
		return 0x7e01 + uint32(i%200) // NaN, as below
	case shaders.Int8:
		return 127
	}
	return 0x7fc00001 + uint32(i)
}

// newWider is all poison. Behind its last pixel there is one more, so that no number begins the buffer's last word.
func newWider(pixels, channels int, at shaders.Placement, n shaders.Numbers) wider {
	w := wider{at, channels, n, make([]uint32, (pixels+1)*int(at.Pitch))}
	for i := range w.bits {
		w.bits[i] = poisonOf(n, i)
	}
	return w
}

// place is where the volume's number i is in the wider one.
func (w wider) place(i int) int {
	return i/w.channels*int(w.at.Pitch) + int(w.at.First) + i%w.channels
}

func (w wider) fill(data []float32) wider {
	for i, v := range data {
		bits := math.Float32bits(v)
		switch w.kind {
		case shaders.Float16:
			bits = uint32(tensor.ToHalf(v))
		case shaders.Int8, int32s:
			bits = uint32(int32(v))
		}
		w.bits[w.place(i)] = bits
	}
	return w
}

func (w wider) words() []uint32 {
	per := perWord(w.kind)
	words := make([]uint32, (len(w.bits)+per-1)/per)
	for i, bits := range w.bits {
		words[i/per] |= bits & (0xffffffff >> (32 - 32/per)) << (i % per * 32 / per)
	}
	return words
}

// numbers are those of the volume in what was read back. The error is about others that changed.
func (w wider) numbers(words []uint32, count int) ([]float32, error) {
	per := perWord(w.kind)
	now := make([]uint32, len(w.bits))
	for i := range now {
		now[i] = words[i/per] >> (i % per * 32 / per) & (0xffffffff >> (32 - 32/per))
	}
	data := make([]float32, count)
	mine := map[int]bool{}
	for i := range data {
		at := w.place(i)
		mine[at] = true
		switch w.kind {
		case shaders.Float16:
			data[i] = tensor.FromHalf(uint16(now[at]))
		case int32s:
			data[i] = float32(int32(now[at]))
		default:
			data[i] = math.Float32frombits(now[at])
		}
	}
	for i := range now {
		if !mine[i] && now[i] != w.bits[i] {
			return data, fmt.Errorf("%w: channel %d of pixel %d is %#x, must stay %#x: V has the %d channels from %d on",
				cpuref.ErrGuard, i%int(w.at.Pitch), i/int(w.at.Pitch), now[i], w.bits[i], w.channels, w.at.First)
		}
	}
	return data, nil
}

// chain is dispatches on buffers that have names. The first error stays.
type kernelChain struct {
	dev     *gpu.Device
	batch   *gpu.Batch
	buffers map[string]*gpu.Buffer
	closers []interface{ Close() error }
	err     error
}

func newKernelChain(dev *gpu.Device) *kernelChain {
	return &kernelChain{dev: dev, batch: dev.NewBatch(), buffers: map[string]*gpu.Buffer{}}
}

func (c *kernelChain) close() {
	for i := len(c.closers) - 1; i >= 0; i-- {
		c.closers[i].Close()
	}
}

// put makes a buffer of words.
func (c *kernelChain) put(name string, words []uint32, usage gpu.Usage) {
	if c.err != nil {
		return
	}
	buffer, err := c.dev.NewBuffer(name, 4*uint64(len(words)), usage)
	if c.err = err; err != nil {
		return
	}
	c.buffers[name], c.closers = buffer, append(c.closers, buffer)
	c.err = buffer.Write(0, gpu.Bytes(words))
}

func (c *kernelChain) floats(name string, data []float32) {
	words := make([]uint32, len(data))
	for i, v := range data {
		words[i] = math.Float32bits(v)
	}
	c.put(name, words, gpu.Storage)
}

// scratch makes a buffer of so many NaN.
func (c *kernelChain) scratch(name string, numbers int64) {
	nans := make([]float32, numbers)
	cpuref.Poison(nans)
	c.floats(name, nans)
}

// run adds one dispatch.
func (c *kernelChain) run(v shaders.Variant, params []byte, workgroups int64, bindings ...string) {
	if c.err != nil {
		return
	}
	s, err := sourceOf(v)
	if c.err = err; err != nil {
		return
	}
	source := gpu.KernelSource{Name: s.Name, WGSL: s.WGSL, Entry: s.Entry, Workgroup: s.Workgroup, WorkgroupStorage: s.WorkgroupStorage}
	for _, access := range s.Bindings {
		source.Bindings = append(source.Bindings, map[shaders.Access]gpu.BindingKind{shaders.Uniform: gpu.UniformIn, shaders.Read: gpu.ReadOnly, shaders.Write: gpu.ReadWrite}[access])
	}
	kernel, err := c.dev.Kernel(source)
	if c.err = err; err != nil {
		return
	}
	words := make([]uint32, (len(params)+15)/16*4)
	for i, b := range params {
		words[i/4] |= uint32(b) << (i % 4 * 8)
	}
	name := fmt.Sprintf("parameters %d", len(c.buffers))
	if c.put(name, words, gpu.Uniform); c.err != nil {
		return
	}
	all := []gpu.Binding{{Buffer: c.buffers[name]}}
	for _, b := range bindings {
		all = append(all, gpu.Binding{Buffer: c.buffers[b]})
	}
	group, err := kernel.Bind(all...)
	if c.err = err; err != nil {
		return
	}
	c.closers = append(c.closers, group)
	grid, _ := foldSmall(uint64(workgroups), 0)
	c.batch.Dispatch(group, grid[0], grid[1], grid[2])
}

// threads adds a dispatch of a kernel with so many threads.
func (c *kernelChain) threads(v shaders.Variant, params []byte, count int64, bindings ...string) {
	s, err := shaders.Source(v)
	if c.err == nil {
		c.err = err
	}
	if c.err == nil {
		c.run(v, params, ceilDiv(count, int64(s.Workgroup[0])), bindings...)
	}
}

// read runs all and gives the words of a buffer.
func (c *kernelChain) read(name string) ([]uint32, error) {
	if c.err != nil {
		return nil, c.err
	}
	words := make([]uint32, c.buffers[name].Size()/4)
	return words, c.batch.RunRead(context.Background(), c.buffers[name], 0, gpu.Bytes(words))
}

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }

// placed is a layer that runs one row of the table in the midst of wider volumes.
type placed struct {
	row     shaders.Variant
	problem conv.Problem
	e       conv.Epilogue
	numbers shaders.Numbers
	by      transform.Transform // 0 for none
	x, v, r shaders.Placement

	input, residual tensor.Volume
	filters         tensor.Filters
	slopes          []float32
}

// placements are of X, V and R: at multiples of x and v, all different.
func placements(p conv.Problem, x, v uint32) (at [3]shaders.Placement) {
	in, out := uint32(p.InChannels), uint32(p.OutChannels)
	up := func(n, to uint32) uint32 { return (n + to - 1) / to * to }
	at[0] = shaders.Placement{Pitch: up(in+9, x), First: up(3, x)}
	at[1] = shaders.Placement{Pitch: up(out+13, v), First: up(5, v)}
	at[2] = shaders.Placement{Pitch: out + 7, First: 2}
	return at
}

// placedLayer is the row's layer. x and v are what X and V must stand at multiples of.
func placedLayer(row shaders.Variant, descriptor string, x, v uint32) placed {
	p, err := conv.Parse(descriptor)
	if err != nil {
		panic(err)
	}
	at := placements(p, x, v)
	return placed{row: row, problem: p, e: prelu(conv.BeforeFunction), numbers: shaders.Float32, x: at[0], v: at[1], r: at[2]}
}

// placedBy is the layer of a row of the table; ok is false for those that have no volumes that could be placed.
func placedBy(row shaders.Variant) (l placed, ok bool) {
	switch k := row.(type) {
	case shaders.Sums:
		return placedSums(k)
	case shaders.Elementwise:
		if k == shaders.ActivationGradients {
			return l, false
		}
		l = placedLayer(k, "mb2ic64ih3iw5oc6kh2", 1, 1)
		if k == shaders.ReLU {
			l.e = conv.Activate(conv.ReLU)
		}
		return l, true
	case shaders.Tiles:
		n := k.Vectored()
		return placedLayer(k, fmt.Sprintf("g2mb3ic%dih6iw7oc%dkh3ph1", 6*n, 10*n), n, n), true
	case shaders.Stem:
		return placedLayer(k, fmt.Sprintf("mb2ic3ih19iw33oc24kh%dsh%dph1", k.Filter, k.Stride), 1, 4), true
	case shaders.Slide:
		groups := 8
		if k.Grouped {
			groups = 2
		}
		return placedLayer(k, fmt.Sprintf("g%dmb2ic8ih9iw19oc8kh3sh%dph1", groups, k.Stride), 4, 4), true
	case shaders.Depthwise:
		return placedLayer(k, fmt.Sprintf("g6mb2ic6ih5iw9oc%dkh2kw4ph1", 12), 1, 1).vectored(k), true
	case shaders.Winograd:
		m := outputsOf(k)[0]
		l = placedLayer(k, fmt.Sprintf("mb2ic%dih7iw11oc%dkh1", 8*k.Vector, 12*k.Vector), k.Vector, k.Vector)
		p, err := winogradLayer(fmt.Sprintf("mb2ic%dih7iw11oc%dkh3ph1", 8*k.Vector, 12*k.Vector), winogradFilter(k, m))
		if err != nil {
			panic(err)
		}
		l.problem, l.by = p, transform.Transform(m)
		return l, true
	case shaders.Fourier:
		l = placedLayer(k, fmt.Sprintf("mb2ic%dih5iw19oc%dkh3ph1", 2*k.Vector, 3*k.Vector), k.Vector, k.Vector)
		l.by = transform.Fourier
		return l, true
	case shaders.SpaceToDepth:
		l = placedLayer(k, fmt.Sprintf("g2mb2ic%dih9iw13oc8kh5sh2ph2", 4*k.Vector), k.Vector, 4)
		l.by = transform.Winograd2
		return l, true
	}
	return l, false
}

// vectored is the same layer for a kernel that takes 4 channels at once.
func (l placed) vectored(k shaders.Depthwise) placed {
	if k.Vector == 1 {
		return l
	}
	return placedLayer(k, "g8mb2ic8ih5iw9oc8kh2kw4ph1", 4, 4)
}

func placedSums(k shaders.Sums) (placed, bool) {
	l := placedLayer(k, "g2mb2ic6ih5iw4oc10kh3kw2ph1", 1, 1)
	switch {
	case k == shaders.BiasGradients:
		return l, false
	case k.Numbers == shaders.Float16:
		l = placedLayer(k, "g2mb2ic6ih5iw4oc10kh3kw2ph1", 1, 2)
	case k.Numbers == shaders.Int8:
		l.e = conv.Epilogue{}
	}
	l.numbers = k.Numbers
	return l, true
}

// data makes whole numbers, or real ones where the transform rounds.
func (l *placed) data() cpuref.Mode {
	p, rng := l.problem, rand.New(rand.NewPCG(5, 6))
	mode := cpuref.Exact
	if plain, err := transform.SpaceToDepth(p); l.by != 0 && (err != nil || !l.by.Exact(plain)) {
		mode = cpuref.Bounded
	}
	fill := func(n int64) []float32 {
		data := make([]float32, n)
		tensor.FillIntegers(data, rng, 2)
		return data
	}
	volume := func(z, h, w, d int) tensor.Volume {
		return tensor.Volume{N: p.Batch, H: h, W: w, D: d, Data: fill(int64(p.Batch * z * h * w * d))}
	}
	l.input = volume(1, p.H.In, p.W.In, p.InChannels)
	l.residual = volume(1, p.H.Out, p.W.Out, p.OutChannels)
	l.filters = tensor.Filters{K: p.OutChannels, H: p.H.Filter, W: p.W.Filter, D: p.InChannels / p.Groups, Data: fill(p.FilterLen()), Bias: fill(p.BiasLen())}
	l.slopes = make([]float32, p.OutChannels)
	for i := range l.slopes {
		l.slopes[i] = []float32{0.5, 2, -2, 4, 0}[i%5]
	}
	return mode
}

// reference is what V must be.
func (l placed) reference() (cpuref.Reference, error) {
	p, x, f := l.problem, l.input, l.filters
	var ref cpuref.Reference
	var err error
	if l.by != 0 {
		ref, err = cpuref.Transformed(l.by, p, x, f)
	} else {
		ref, err = cpuref.Conv(p, x, f)
	}
	if err != nil {
		return ref, err
	}
	var slopes, residual []float32
	if l.e.Activation.Function == conv.PReLU {
		slopes = l.slopes
	}
	if l.e.Residual != conv.NoResidual {
		residual = l.residual.Data
	}
	return ref.Epilogue(l.e, slopes, residual)
}

// run runs the layer and judges V, and all that stands around it.
func (l placed) run(dev *gpu.Device) error {
	mode := l.data()
	ref, err := l.reference()
	if err != nil {
		return err
	}
	if l.row == shaders.FilterGradients {
		return l.filterGradient(dev)
	}
	kind := l.numbers
	if kind == shaders.Int8 {
		kind = int32s
	}
	p := l.problem
	outs := int(p.OutLen()) / p.OutChannels
	v := newWider(outs, p.OutChannels, l.v, kind)
	residual := l.numbers
	if residual == shaders.Int8 {
		residual = shaders.Float32
	}
	c := newKernelChain(dev)
	defer c.close()
	c.put("x", newWider(int(p.InLen())/p.InChannels, p.InChannels, l.x, l.numbers).fill(l.input.Data).words(), gpu.Storage)
	c.put("r", newWider(outs, p.OutChannels, l.r, residual).fill(l.residual.Data).words(), gpu.Storage)
	c.floats("slopes", l.slopes)
	c.floats("b", l.filters.Bias)
	if err := l.record(c, &v); err != nil {
		return err
	}
	words, err := c.read("v")
	if err != nil {
		return err
	}
	got, changed := v.numbers(words, int(p.OutLen()))
	report, err := cpuref.Check(got, ref, mode)
	return errors.Join(changed, err, report.Err())
}

// record adds the layer's dispatches. v is what V begins with, which passes in place change.
func (l placed) record(c *kernelChain, v *wider) error {
	p := l.problem
	alone := shaders.Placement{}
	none := shaders.Forward(p, conv.Epilogue{})
	params := shaders.Forward(p, l.e).Place(l.x, l.v, l.r)
	epilogue := shaders.Encode(shaders.Forward(p, l.e).Place(alone, l.v, l.r))
	if l.row == shaders.ReLU || l.row == shaders.Activate || l.row == shaders.Dequantize {
		sums, err := cpuref.Conv(p, l.input, l.filters)
		if err != nil {
			return err
		}
		if z := sums.Volume().Data; l.row == shaders.Dequantize {
			c.put("sums", newWider(int(p.OutLen()), 1, shaders.Placement{Pitch: 1}, int32s).fill(z).words(), gpu.Storage)
			c.floats("scales", slices.Repeat([]float32{1}, p.OutChannels))
		} else {
			v.fill(z)
		}
	}
	c.put("v", v.words(), gpu.Storage)
	switch k := l.row.(type) {
	case shaders.Sums:
		l.direct(c, k, shaders.Encode(params))
	case shaders.Elementwise:
		switch k {
		case shaders.ReLU:
			c.threads(k, shaders.Encode(shaders.ReLUInPlace(p, l.v)), p.OutLen(), "v")
		case shaders.Activate:
			c.threads(k, epilogue, p.OutLen(), "slopes", "r", "v")
		case shaders.Dequantize:
			c.threads(k, epilogue, p.OutLen(), "sums", "scales", "slopes", "r", "v")
		case shaders.SumSplitK:
			const parts = 4
			c.scratch("parts", parts*p.OutLen())
			none.SplitK = parts
			l.tiles(c, shaders.Registers{Pixels: 8, Channels: 16, Vector: 1, Threads: 8}, none.Place(l.x, alone, alone), p, l.filters.Data, "x", "b", "parts")
			params := shaders.Forward(p, l.e).Place(alone, l.v, l.r)
			params.SplitK = parts
			c.threads(k, shaders.Encode(params), p.OutLen(), "parts", "b", "slopes", "r", "v")
		}
	case shaders.Tiles:
		l.tiles(c, k, params, p, l.filters.Data, "x", "b", "v")
	case shaders.Stem:
		c.floats("w", packedBlocks(p, l.filters.Data, int(k.Channels), 1))
		l.strips(c, k, k.Strip, k.Rows, k.Channels, params)
	case shaders.Slide:
		packed := packedTaps(p, l.filters.Data)
		if k.Grouped {
			packed = packedBlocks(p, l.filters.Data, 4, 1)
		}
		c.floats("w", packed)
		l.strips(c, k, k.Strip, k.Rows, 4, params)
	case shaders.Depthwise:
		c.floats("w", packedTaps(p, l.filters.Data))
		l.strips(c, k, k.Strip, 1, 4, params)
	default:
		return l.transform(c)
	}
	return c.err
}

func (l placed) direct(c *kernelChain, k shaders.Sums, params []byte) {
	p := l.problem
	c.put("w", newWider(int(p.FilterLen()), 1, shaders.Placement{Pitch: 1}, l.numbers).fill(l.filters.Data).words(), gpu.Storage)
	switch k.Numbers {
	case shaders.Float16:
		c.run(k, params, (p.OutLen()+1)/2, "x", "w", "b", "slopes", "r", "v")
	case shaders.Int8:
		c.put("b", newWider(p.OutChannels, 1, shaders.Placement{Pitch: 1}, int32s).fill(l.filters.Bias).words(), gpu.Storage)
		c.put("zeros", make([]uint32, p.OutChannels), gpu.Storage)
		c.run(k, params, p.OutLen(), "x", "w", "b", "zeros", "v")
	default:
		c.run(k, params, p.OutLen(), "x", "w", "b", "slopes", "r", "v")
	}
}

// tiles adds an implicit GEMM in one dispatch.
func (l placed) tiles(c *kernelChain, t shaders.Tiles, params shaders.Params, p conv.Problem, filters []float32, x, b, v string) {
	pixels, channels := t.Tile()
	params.Columns = uint32(ceilDiv(int64(p.OutChannels/p.Groups), int64(channels)) * int64(p.Groups))
	packed := packedBlocks(p, filters, int(channels), int(t.Step()))
	usage := gpu.Storage
	if r, ok := t.(shaders.Registers); ok && r.Uniform {
		usage = gpu.Uniform
		packed = append(packed, make([]float32, max(0, shaders.UniformBytes/4-len(packed)))...)
	}
	words := make([]uint32, len(packed))
	for i, w := range packed {
		words[i] = math.Float32bits(w)
	}
	c.put("w", words, usage)
	rows := ceilDiv(p.OutLen()/int64(p.OutChannels), int64(pixels))
	c.run(t, shaders.Encode(params), rows*int64(params.Columns)*int64(params.SplitK), x, "w", b, "slopes", "r", v)
}

func (l placed) strips(c *kernelChain, v shaders.Variant, strip, rows, channels uint32, params shaders.Params) {
	p := l.problem
	threads := int64(p.Batch) * ceilDiv(int64(p.H.Out), int64(rows)) * ceilDiv(int64(p.W.Out), int64(strip)) * ceilDiv(int64(p.OutChannels), int64(channels))
	c.threads(v, shaders.Encode(params), threads, "x", "w", "b", "slopes", "r", "v")
}

// packedBlocks are filters in blocks of so many depth slices of each group, depth slice innermost, then input channel,
// filled up to whole steps, then tap.
func packedBlocks(p conv.Problem, filters []float32, block, step int) []float32 {
	inputs, outs, taps := p.InChannels/p.Groups, p.OutChannels/p.Groups, p.H.Filter*p.W.Filter
	blocks, padded := (outs+block-1)/block, (inputs+step-1)/step*step
	packed := make([]float32, p.Groups*blocks*taps*padded*block)
	for i, weight := range filters {
		k, tap, c := i/inputs/taps, i/inputs%taps, i%inputs
		column := k/outs*blocks + k%outs/block
		packed[((column*taps+tap)*padded+c)*block+k%outs%block] = weight
	}
	return packed
}

// packedTaps are filters of one input channel tap by tap, depth slice innermost.
func packedTaps(p conv.Problem, filters []float32) []float32 {
	taps, channels := p.H.Filter*p.W.Filter, (p.OutChannels+3)/4*4
	packed := make([]float32, taps*channels)
	for i, weight := range filters {
		if at := i%taps*channels + i/taps; at < len(packed) {
			packed[at] = weight
		}
	}
	return packed
}

// transform adds a transform's kernels, with space to depth before them where the layer has strides.
func (l placed) transform(c *kernelChain) error {
	plain, err := transform.SpaceToDepth(l.problem)
	if err != nil {
		return err
	}
	filters, err := transform.SpaceToDepthFilters(l.problem, l.filters)
	if err != nil {
		return err
	}
	x, at := "x", l.x
	if plain != l.problem {
		x, at = "y", shaders.Placement{}
		c.scratch("y", plain.InLen())
		k, ok := l.row.(shaders.SpaceToDepth)
		if !ok {
			k = shaders.SpaceToDepthBy(1)
		}
		params := shaders.SpaceToDepthParams(l.problem, plain).Place(l.x, shaders.Placement{}, shaders.Placement{})
		c.threads(k, shaders.Encode(params), int64(params.Outputs), "x", "y")
	}
	product, err := l.by.Product(plain)
	if err != nil {
		return err
	}
	if filters, err = l.by.Filters(plain, filters); err != nil {
		return err
	}
	before, behind, err := l.passes(plain)
	if err != nil {
		return err
	}
	before[0].params = before[0].params.Place(at, shaders.Placement{}, shaders.Placement{})
	last := len(behind) - 1
	behind[last].params = behind[last].params.Place(shaders.Placement{}, l.v, l.r)

	c.scratch("u", product.InLen())
	c.scratch("products", product.OutLen())
	c.scratch("lines in", product.InLen())
	c.scratch("lines out", product.OutLen())
	c.floats("no biases", make([]float32, product.OutChannels))
	if len(before) == 1 {
		before[0].add(c, x, "u")
	} else {
		before[0].add(c, x, "lines in")
		before[1].add(c, "lines in", "u")
	}
	tile := shaders.Registers{Pixels: 8, Channels: 4, Vector: vectorOf(min(plain.InChannels/plain.Groups, 4) * (plain.OutChannels / plain.Groups)), Threads: 64}
	if plain.InChannels/plain.Groups%4 != 0 || plain.OutChannels/plain.Groups%4 != 0 {
		tile.Vector = 1
	}
	l.tiles(c, tile, shaders.Forward(product, conv.Epilogue{}), product, filters.Data, "u", "no biases", "products")
	from := "products"
	if last == 1 {
		behind[0].add(c, from, "lines out")
		from = "lines out"
	}
	behind[last].add(c, from, "b", "slopes", "r", "v")
	return c.err
}

// placedPass is one kernel of a transform.
type placedPass struct {
	kernel shaders.Variant
	params shaders.Params
}

func (p placedPass) add(c *kernelChain, bindings ...string) {
	c.threads(p.kernel, shaders.Encode(p.params), int64(p.params.Outputs), bindings...)
}

// passes are the kernels before and behind the products, of which the row is one.
func (l placed) passes(p conv.Problem) (before, behind []placedPass, err error) {
	in, out := vectorOf(p.InChannels), vectorOf(p.OutChannels)
	if k, ok := l.row.(shaders.Winograd); ok {
		in, out = k.Vector, k.Vector
	}
	if l.by == transform.Fourier {
		in, out = l.row.(shaders.Fourier).Vector, l.row.(shaders.Fourier).Vector
		of := func(k shaders.Fourier) placedPass { return placedPass{k, shaders.FourierParams(p, k, l.e)} }
		return []placedPass{of(shaders.FourierRows(in)), of(shaders.FourierColumns(in))},
			[]placedPass{of(shaders.FourierInverseColumns(out)), of(shaders.FourierInverseRows(out))}, nil
	}
	h, w, err := l.by.Tile(p)
	if err != nil {
		return nil, nil, err
	}
	first, last := shaders.WinogradInputs(uint32(h), uint32(w), in), shaders.WinogradOutputs(uint32(h), uint32(w), uint32(l.by), out)
	return []placedPass{{first, shaders.WinogradInput(p, first)}}, []placedPass{{last, shaders.WinogradOutput(p, last, l.e)}}, nil
}

// filterGradient judges the gradient with respect to the filters, of a placed X and a placed dV.
func (l placed) filterGradient(dev *gpu.Device) error {
	p := l.problem
	want, err := cpuref.FilterGradient(p, l.input, l.residual)
	if err != nil {
		return err
	}
	c := newKernelChain(dev)
	defer c.close()
	c.put("x", newWider(int(p.InLen())/p.InChannels, p.InChannels, l.x, shaders.Float32).fill(l.input.Data).words(), gpu.Storage)
	c.put("dv", newWider(int(p.OutLen())/p.OutChannels, p.OutChannels, l.v, shaders.Float32).fill(l.residual.Data).words(), gpu.Storage)
	c.scratch("dw", p.FilterLen())
	c.run(l.row, shaders.Encode(shaders.FilterGradient(p).Place(l.x, l.v, shaders.Placement{})), p.FilterLen(), "x", "dv", "dw")
	words, err := c.read("dw")
	if err != nil {
		return err
	}
	got := make([]float32, len(words))
	for i, w := range words {
		got[i] = math.Float32frombits(w)
	}
	report, err := cpuref.Check(got, want, cpuref.Exact)
	return errors.Join(err, report.Err())
}

// placedKillers adds the placed layer of every row to its killers: without it nothing would notice a first channel that
// is taken for another one. It waits until all files have their killers, for some replace a row's.
var placedKillers = sync.OnceFunc(func() {
	for _, v := range broken {
		if l, ok := placedBy(v); ok {
			killers[v] = append(killers[v], killer{"placed " + l.problem.String(), func(dev *host.Device) error { return l.run(dev.GPU()) }})
		}
	}
})

// TestPlacement runs the rows of the table with X, V and R in the midst of wider volumes.
func TestPlacement(t *testing.T) {
	dev := hosttest.Open(t)
	ran := map[string]int{}
	for _, v := range shaders.Variants() {
		_, many := v.(shaders.Winograd) // whose sizes differ in nothing that has to do with placements
		if (many || testing.Short()) && !slices.Contains(broken, v) {
			continue
		}
		l, ok := placedBy(v)
		if !ok {
			continue
		}
		kind, _, _ := strings.Cut(v.Name(), "_")
		ran[kind]++
		if err := l.run(dev.GPU()); err != nil {
			t.Errorf("%s: %s: %v", v.Name(), l.problem, err)
		}
	}
	t.Logf("rows by kind: %v", ran)
}
