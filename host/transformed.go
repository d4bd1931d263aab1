package host

import (
	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/gpu"
	"github.com/gpuconv/gpuconv/shaders"
	"github.com/gpuconv/gpuconv/transform"
)

// transformed is Winograd's algorithm or Fourier's: X is transformed, an implicit GEMM multiplies what becomes of
// each position in a tile, as groups of a 1 x 1 convolution, and the products are transformed to V. Of layers with
// strides X goes from space to depth before.
type transformed struct {
	by      transform.Transform
	product tiled
}

func (a transformed) Name() string    { return a.by.String() }
func (a transformed) Variant() string { return a.product.Name() + "_" + a.product.Variant() }

// transformedAlgorithms are all of them.
func transformedAlgorithms() (all []transformed) {
	for _, by := range transform.All() {
		for _, t := range shaders.TileRows() {
			all = append(all, transformed{by, tiled{t, 1}})
		}
	}
	return all
}

func (a transformed) serves(p conv.Problem, o LayerOptions) error {
	if o.numbers() != Float32 {
		return errNotFloat32
	}
	if o.part {
		return errPart
	}
	plain, err := transform.SpaceToDepth(p)
	if err != nil {
		return err
	}
	product, err := a.by.Product(plain)
	if err != nil {
		return err
	}
	if o.Exact && !a.by.Exact(plain) {
		return errRounds
	}
	if !shaders.Fits(product) || !shaders.Fits(plain) {
		return errTooLong
	}
	return a.product.serves(product, LayerOptions{})
}

// plain is the layer of stride 1; serves has found it valid.
func plain(p conv.Problem) conv.Problem {
	to, err := transform.SpaceToDepth(p)
	if err != nil {
		panic(err)
	}
	return to
}

// layerOfProducts is the 1 x 1 convolution in the middle; serves has found it valid.
func (a transformed) layerOfProducts(p conv.Problem) conv.Problem {
	product, err := a.by.Product(plain(p))
	if err != nil {
		panic(err)
	}
	return product
}

func (a transformed) kernel() shaders.Variant { return a.product.tiles }

func (a transformed) sizes(p conv.Problem) []int64 {
	product := a.layerOfProducts(p)
	return append(a.product.sizes(product), product.InLen(), product.OutLen(), plain(p).InLen())
}

func (a transformed) pack(l *Layer) ([]float32, error) {
	filters, err := transform.SpaceToDepthFilters(l.problem, l.filters)
	if err != nil {
		return nil, err
	}
	if filters, err = a.by.Filters(plain(l.problem), filters); err != nil {
		return nil, err
	}
	return pack(a.layerOfProducts(l.problem), filters.Data, a.product.tiles), nil
}

func (a transformed) record(e *forward, fused conv.Epilogue) error {
	product := a.layerOfProducts(e.layer.problem)
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
	x, err := e.spaceToDepth()
	if err != nil {
		return err
	}
	before, behind := a.passes(plain(e.layer.problem), fused, e.dev.Info().Type == gpu.Software)
	if err := e.passes(before, x, product.InLen(), inputs.output()); err != nil {
		return err
	}
	if err := e.tiles(a.product, product, conv.Epilogue{}, inputs, e.w, none, products); err != nil {
		return err
	}
	return e.passes(behind, products, product.OutLen(), e.b.input(), e.slopes.input(), e.residual.input(), e.v.output())
}

// spaceToDepth records how X becomes the input of the layer of stride 1, which is X itself where p is that.
func (e *forward) spaceToDepth() (*guarded, error) {
	p := e.layer.problem
	to := plain(p)
	if to == p {
		return e.x, nil
	}
	y, err := e.newScratch("the input from space to depth", to.InLen())
	if err != nil {
		return nil, err
	}
	k := shaders.SpaceToDepthBy(vectorOf(p.InChannels/p.Groups, 1, false))
	params := shaders.SpaceToDepthParams(p, to)
	return y, e.threads(k, shaders.Encode(params), params.Outputs, e.x.input(), y.output())
}

// pass is one kernel of a transform, a thread of which reads and writes so many numbers or vectors.
type pass struct {
	kernel  shaders.Variant
	params  shaders.Params
	numbers uint32
}

// passes are the kernels before and behind the products, of a layer of stride 1.
func (a transformed) passes(p conv.Problem, fused conv.Epilogue, software bool) (before, behind []pass) {
	if a.by != transform.Fourier {
		h, w := a.tile(p)
		m := uint32(a.by)
		in, out := shaders.WinogradInputs(h, w, vectorOf(p.InChannels, h*w, software)), shaders.WinogradOutputs(h, w, m, vectorOf(p.OutChannels, h*w, software))
		return []pass{{in, shaders.WinogradInput(p, in), 2 * h * w}}, []pass{{out, shaders.WinogradOutput(p, out, fused), h*w + out.Count()}}
	}
	const numbers = shaders.FourierInputs + shaders.FourierOutputs
	of := func(k shaders.Fourier) pass { return pass{k, shaders.FourierParams(p, k, fused), numbers} }
	in, out := vectorOf(p.InChannels, numbers, software), vectorOf(p.OutChannels, numbers, software)
	before, behind = []pass{of(shaders.FourierRows(in))}, []pass{of(shaders.FourierInverseRows(out))}
	if p.H.Filter > 1 && p.W.Filter > 1 {
		before = append(before, of(shaders.FourierColumns(in)))
		behind = append([]pass{of(shaders.FourierInverseColumns(out))}, behind...)
	}
	return before, behind
}

// passes records kernels one behind the other: the first reads from, the last has the other bindings. Between
// two there are as many numbers as in all the products, but for those that rows have less than their spectra.
func (e *forward) passes(all []pass, from *guarded, products int64, last ...gpu.Binding) error {
	for i, pass := range all {
		bindings := last
		var lines *guarded
		if i < len(all)-1 {
			var err error
			if lines, err = e.newScratch("rows of transforms", products/shaders.FourierOutputs*shaders.FourierInputs); err != nil {
				return err
			}
			bindings = []gpu.Binding{lines.output()}
		}
		if err := e.threads(pass.kernel, shaders.Encode(pass.params), pass.params.Outputs, append([]gpu.Binding{from.input()}, bindings...)...); err != nil {
			return err
		}
		from = lines
	}
	return nil
}

// tile is how many inputs a tile has along each axis; serves has found it valid.
func (a transformed) tile(p conv.Problem) (h, w uint32) {
	down, across, err := a.by.Tile(p)
	if err != nil {
		panic(err)
	}
	return uint32(down), uint32(across)
}

func (a transformed) rounds(p conv.Problem) bool { return !a.by.Exact(plain(p)) }

func (a transformed) judgedBy() transform.Transform { return a.by }

// vectorOf is how many channels a thread of a transform that holds so many numbers takes at once. Four times 64
// are more than a GPU's thread has registers for; software adapters have no such bounds, and take as long for
// a number as for four.
func vectorOf(channels int, numbers uint32, software bool) uint32 {
	if channels%4 == 0 && (numbers < 64 || software) {
		return 4
	}
	return 1
}
