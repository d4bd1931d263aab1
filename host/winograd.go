package host

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// winograd is F(m x m, r x r) for filters of r x r: X is transformed, an implicit GEMM multiplies what becomes
// of each position in a tile, as groups of a 1 x 1 convolution, and the products are transformed to V.
type winograd struct {
	m       uint32 // 2, 4 or 6
	product tiled
}

func (a winograd) Name() string    { return fmt.Sprintf("winograd%d", a.m) }
func (a winograd) Variant() string { return a.product.Name() + "_" + a.product.Variant() }

// winogradAlgorithms are all of them.
func winogradAlgorithms() (all []winograd) {
	for _, m := range []uint32{4, 6, 2} {
		for _, t := range shaders.TileRows() {
			all = append(all, winograd{m, tiled{t, 1}})
		}
	}
	return all
}

func (a winograd) serves(p conv.Problem, o LayerOptions) error {
	if o.numbers() != Float32 {
		return errNotFloat32
	}
	if o.part {
		return errPart
	}
	product, err := cpuref.WinogradProduct(p, int(a.m))
	if err != nil {
		return err
	}
	if o.Exact && a.rounds(p) {
		return errRounds
	}
	if !shaders.Fits(product) {
		return errTooLong
	}
	return a.product.serves(product, LayerOptions{})
}

// layerOfProducts is the 1 x 1 convolution in the middle; serves has found it valid.
func (a winograd) layerOfProducts(p conv.Problem) conv.Problem {
	product, err := cpuref.WinogradProduct(p, int(a.m))
	if err != nil {
		panic(err)
	}
	return product
}

func (a winograd) kernel() shaders.Variant { return a.product.tiles }

func (a winograd) sizes(p conv.Problem) []int64 {
	product := a.layerOfProducts(p)
	return append(a.product.sizes(product), product.InLen(), product.OutLen())
}

func (a winograd) pack(l *Layer) ([]float32, error) {
	filters, err := cpuref.WinogradFilters(l.problem, int(a.m), l.filters)
	if err != nil {
		return nil, err
	}
	return pack(a.layerOfProducts(l.problem), filters.Data, a.product.tiles), nil
}

func (a winograd) record(e *forward, fused conv.Epilogue) error {
	p := e.layer.problem
	product := a.layerOfProducts(p)
	inputs, err := e.newScratch("the transformed input", product.InLen())
	if err != nil {
		return err
	}
	products, err := e.newScratch("the products", product.OutLen())
	if err != nil {
		return err
	}
	none, err := e.newInput("no biases", make([]float32, product.OutChannels))
	if err != nil {
		return err
	}
	in, out := a.transforms(p, e.dev.Info())
	params := shaders.WinogradInput(p, in)
	if err := e.threads(in, shaders.Encode(params), params.Outputs, e.x.input(), inputs.output()); err != nil {
		return err
	}
	if err := e.tiles(a.product, product, conv.Epilogue{}, inputs, e.w, none, products); err != nil {
		return err
	}
	params = shaders.WinogradOutput(p, out, fused)
	return e.threads(out, shaders.Encode(params), params.Outputs, products.input(), e.b.input(), e.slopes.input(), e.residual.input(), e.v.output())
}

// tile is how many inputs a tile has along each axis; serves has found it valid.
func (a winograd) tile(p conv.Problem) (h, w uint32) {
	down, across, err := cpuref.WinogradTile(p, int(a.m))
	if err != nil {
		panic(err)
	}
	return uint32(down), uint32(across)
}

// transforms are the kernels before and behind the products.
func (a winograd) transforms(p conv.Problem, info gpu.AdapterInfo) (in, out shaders.Winograd) {
	h, w := a.tile(p)
	software := info.Type == gpu.Software
	return shaders.WinogradInputs(h, w, vectorOf(p.InChannels, h*w, software)), shaders.WinogradOutputs(h, w, a.m, vectorOf(p.OutChannels, h*w, software))
}

// rounds: transforms of more than 4 inputs have thirds in them.
func (a winograd) rounds(p conv.Problem) bool {
	h, w := a.tile(p)
	return max(h, w) > 4
}

func (a winograd) reference(p conv.Problem, x tensor.Volume, f tensor.Filters) (cpuref.Reference, error) {
	return cpuref.Winograd(p, int(a.m), x, f)
}

// vectorOf is how many channels a thread of a transform takes at once. Four times 64 numbers are more than a
// GPU's thread has registers for; software adapters have no such bounds, and take as long for a number as for
// four.
func vectorOf(channels int, area uint32, software bool) uint32 {
	if channels%4 == 0 && (area < 64 || software) {
		return 4
	}
	return 1
}
