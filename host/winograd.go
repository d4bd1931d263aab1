package host

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/tensor"
)

// winograd is F(m x m, 3 x 3): X is transformed, an implicit GEMM multiplies what becomes of each position
// in a tile, as groups of a 1 x 1 convolution, and the products are transformed to V.
type winograd struct {
	m       uint32 // 2 or 4
	product tiled
}

func (a winograd) Name() string    { return fmt.Sprintf("winograd%d", a.m) }
func (a winograd) Variant() string { return a.product.Name() + "_" + a.product.Variant() }

// winogradAlgorithms are all of them.
func winogradAlgorithms() (all []winograd) {
	for _, m := range []uint32{4, 2} {
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
	if o.Exact && a.rounds() {
		return errRounds
	}
	if o.part {
		return errPart
	}
	product, err := cpuref.WinogradProduct(p, int(a.m))
	if err != nil {
		return err
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
	in, out := shaders.WinogradInputs(a.m, vectorOf(p.InChannels)), shaders.WinogradOutputs(a.m, vectorOf(p.OutChannels))
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

// rounds: the transforms of F(4x4,3x3) have sixths in them.
func (a winograd) rounds() bool { return a.m == 4 }

func (a winograd) reference(p conv.Problem, x tensor.Volume, f tensor.Filters) (cpuref.Reference, error) {
	return cpuref.Winograd(p, int(a.m), x, f)
}

// vectorOf is how many channels are loaded at once.
func vectorOf(channels int) uint32 {
	if channels%4 == 0 {
		return 4
	}
	return 1
}
