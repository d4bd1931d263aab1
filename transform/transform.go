package transform

import (
	"errors"
	"fmt"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/tensor"
)

// The errors that this package's are wrapped around, for errors.Is.
var (
	// ErrUnsupported: the layer is none that the transform serves.
	ErrUnsupported = errors.New("no such transform")
	// ErrShape: filters do not fit the problem.
	ErrShape = errors.New("shape does not fit")
)

// Transform is an algorithm that cuts the output volume into tiles, and computes each as Aᵀ[(G g Gᵀ) ∘ (Bᵀ d B)]A of
// the inputs d that it reads and each channel's filter g.
type Transform int

// The transforms: Winograd's F(m x m, r x r) for tiles of m outputs along each axis, and the discrete Fourier
// transform of tiles of 16 inputs along each axis.
const (
	Winograd2 Transform = 2
	Winograd3 Transform = 3
	Winograd4 Transform = 4
	Winograd5 Transform = 5
	Winograd6 Transform = 6
	Fourier   Transform = fourierSize
)

// All are all transforms, those first that serve most.
func All() []Transform {
	return []Transform{Winograd4, Winograd6, Winograd2, Winograd3, Winograd5, Fourier}
}

// String is the algorithm's name.
func (f Transform) String() string {
	switch f {
	case Winograd2, Winograd3, Winograd4, Winograd5, Winograd6:
		return fmt.Sprintf("winograd%d", int(f))
	case Fourier:
		return "fourier"
	}
	return fmt.Sprintf("Transform(%d)", int(f))
}

// Line is the algorithm along one axis: the outputs of a filter g are Aᵀ[(G g) ∘ (Bᵀ d)] of the Outputs+Taps-1
// inputs d that they read, through so many Products. All layers share the matrices, which must not be written.
type Line struct {
	Outputs, Taps, Inputs, Products int

	G  [][]float64 // Products x Taps
	BT [][]float64 // Bᵀ, Products x Inputs
	AT [][]float64 // Aᵀ, Outputs x Products
}

// still is F(1, 1), which changes nothing: for the axis of a filter with one tap.
var still = &Line{
	Outputs:  1,
	Taps:     1,
	Inputs:   1,
	Products: 1,
	G:        [][]float64{{1}},
	BT:       [][]float64{{1}},
	AT:       [][]float64{{1}},
}

// Check reports whether the algorithm computes p: the layer is 2D, of stride 1, and neither transposed nor
// unshared. Winograd's for tiles of 2 x 2 outputs has filters of 3x3, 5x5 or 7x7, for 3 x 3 3x3, for 4 x 4 3x3 or
// 5x5, for 5 x 5 4x4, for 6 x 6 3x3, so that a tile has 4, 5, 6 or 8 inputs along each axis; where it has 8, the
// filter may also have one tap along one of the axes, as 1x7 has. Fourier's has filters of 2 to 13 taps along each
// axis, or along one of them. Batch, groups, padding and dilation may be any: a tile's outputs lie Dilation apart.
// The error wraps [ErrUnsupported], or is the problem's own.
func (f Transform) Check(p conv.Problem) error {
	_, _, err := f.Lines(p)
	return err
}

// Lines are the algorithm along the columns of a tile of p, h, and along its rows, w. Errors are those of Check.
func (f Transform) Lines(p conv.Problem) (h, w Line, err error) {
	if err := p.Validate(); err != nil {
		return h, w, err
	}
	refuse := func(must string) (Line, Line, error) {
		return Line{}, Line{}, fmt.Errorf("%w: %v of %s, must %s", ErrUnsupported, f, p, must)
	}
	const one = " along one axis and one along the other"
	filters, known := map[Transform]string{
		Winograd2: "square filters of side 3, 5 or 7, or of 7 taps" + one, Winograd3: "square filters of side 3",
		Winograd4: "square filters of side 3 or 5, or of 5 taps" + one,
		Winograd5: "square filters of side 4, or of 4 taps" + one,
		Winograd6: "square filters of side 3, or of 3 taps" + one,
		Fourier:   fmt.Sprintf("filters of 2 to %d taps along both axes, or", fourierTaps) + one,
	}[f]
	switch {
	case !known:
		return refuse("be winograd2 to winograd6 or fourier")
	case p.Transposed || p.Unshared:
		return refuse("be neither transposed nor unshared")
	case p.Z != (conv.Axis{In: 1, Filter: 1, Stride: 1, Dilation: 1, Out: 1}):
		return refuse("have no depth axis")
	case p.H.Stride != 1 || p.W.Stride != 1:
		return refuse("have stride 1")
	}
	down, across := f.line(p.H.Filter), f.line(p.W.Filter)
	if down == nil || across == nil || down == still && across == still || !f.pairs(down, across) {
		return refuse("have " + filters)
	}
	return *down, *across, nil
}

// line gives the algorithm for so many taps, nil where there is none.
func (f Transform) line(taps int) *Line {
	if taps == 1 {
		return still
	}
	return lines[f][taps]
}

// lines are those of all numbers of taps.
var lines = func() map[Transform]map[int]*Line {
	all := map[Transform]map[int]*Line{Fourier: {}}
	for taps := 2; taps <= fourierTaps; taps++ {
		all[Fourier][taps] = fourierLine(taps)
	}
	for f, taps := range map[Transform][]int{Winograd2: {3, 5, 7}, Winograd3: {3}, Winograd4: {3, 5}, Winograd5: {4},
		Winograd6: {3}} {
		all[f] = map[int]*Line{}
		for _, r := range taps {
			all[f][r] = interpolations[int(f)+r-1].line(int(f))
		}
	}
	return all
}()

// pairs tells whether lines go together: Winograd's kernels are made for squares, and for tiles of 8 inputs
// along one axis.
func (f Transform) pairs(h, w *Line) bool {
	return f == Fourier || h.Taps == w.Taps || h.Inputs*w.Inputs == 8
}

// Tile is how many inputs a tile of p has along each axis. Errors are those of Check.
func (f Transform) Tile(p conv.Problem) (h, w int, err error) {
	down, across, err := f.Lines(p)
	return down.Inputs, across.Inputs, err
}

// Product is the layer in the middle of the algorithm: its input is [tiles][positions][C], of the tiles Bᵀ d B, its
// output [tiles][positions][K], with a position for each product of a tile, and it multiplies them position by
// position, which is a 1 x 1 convolution with a group for each position and each group of p, and a pixel for
// each tile. Its filters are those of Filters, without biases. Errors are those of Check, or that layer's own
// where its sizes leave what a problem may have.
func (f Transform) Product(p conv.Problem) (conv.Problem, error) {
	h, w, err := f.Lines(p)
	if err != nil {
		return conv.Problem{}, err
	}
	positions, tiles := h.Products*w.Products, p.Batch*p.H.Tiles(h.Outputs)*p.W.Tiles(w.Outputs)
	return conv.New(conv.Problem{
		Groups: positions * p.Groups, InChannels: positions * p.InChannels, OutChannels: positions * p.OutChannels,
		H: conv.Axis{In: 1, Filter: 1}, W: conv.Axis{In: tiles, Filter: 1},
	})
}

// Exact reports whether the algorithm computes p, and whole numbers so that nothing rounds: where tiles have no more
// than 4 inputs along an axis. The transforms of more have numbers that no float32 holds.
func (f Transform) Exact(p conv.Problem) bool {
	h, w, err := f.Lines(p)
	return err == nil && max(h.Inputs, w.Inputs) <= 4
}

// Filters are the filters U = G g Gᵀ of the layer of Product: K of them for each position, that of position i in a
// tile and of output channel k being the one with number i*K + k; each is 1 x 1 and as deep as the filters g. They
// are computed in float64 and rounded once. Where a matrix has a zero nothing is multiplied, so that a weight may be
// infinite. Errors are those of Check, and [ErrShape] where the filters are not p's.
func (f Transform) Filters(p conv.Problem, g tensor.Filters) (tensor.Filters, error) {
	h, w, err := f.Lines(p)
	if err != nil {
		return tensor.Filters{}, err
	}
	if err := checkFilters(p, g); err != nil {
		return tensor.Filters{}, err
	}
	out := tensor.Filters{K: h.Products * w.Products * g.K, H: 1, W: 1, D: g.D}
	out.Data = make([]float32, out.Len())
	filter, half, row := general(g.H, g.W*g.D), general(h.Products, g.W*g.D), general(w.Products, g.D)
	down, across := matrix(h.G), matrix(w.G)
	for k := range g.K {
		for i, v := range g.Filter(k) {
			filter.Data[i] = float64(v)
		}
		blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, down, filter, 0, half)
		for y := range h.Products {
			taps := blas64.General{Rows: g.W, Cols: g.D, Stride: g.D, Data: half.Data[y*g.W*g.D:]}
			blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, across, taps, 0, row)
			for x := range w.Products {
				to := out.Filter((y*w.Products+x)*g.K + k)
				for c := range to {
					to[c] = float32(row.Data[x*g.D+c])
				}
			}
		}
	}
	return out, nil
}

// general is a matrix of zeros.
func general(rows, columns int) blas64.General {
	return blas64.General{Rows: rows, Cols: columns, Stride: columns, Data: make([]float64, rows*columns)}
}

// matrix copies rows of equal lengths.
func matrix(rows [][]float64) blas64.General {
	m := general(len(rows), len(rows[0]))
	for i, row := range rows {
		copy(m.Data[i*m.Cols:], row)
	}
	return m
}

// checkFilters reports whether the filters are those of p, which has neither planes nor banks.
func checkFilters(p conv.Problem, g tensor.Filters) error {
	has := [...]int{g.BankCount(), g.K, g.Planes(), g.H, g.W, g.D}
	want := [...]int{1, p.OutChannels, 1, p.H.Filter, p.W.Filter, p.InChannels / p.Groups}
	if has != want {
		return fmt.Errorf("%w: the filters (banks, OZHWI) are %v, must be %v for %s", ErrShape, has, want, p)
	}
	if err := g.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrShape, err)
	}
	return nil
}
