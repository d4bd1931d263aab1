package tensor

import "fmt"

// Filters is a bank of K filters of H x W x D numbers (Fh, Fw and the depth that
// they look at) and K biases. The memory order is OHWI = (K, Fh, Fw, D): depth
// innermost, x next, y next, k outermost. A nil Bias means zeros.
//
// The filters of a 3D layer have Z planes: (K, Fz, Fh, Fw, D). An unshared layer
// has a bank for each position of its output, in the output's order: Data is
// (Banks, K, Fz, Fh, Fw, D) and Bias (Banks, K). A Z or a Banks of 0, as in a
// literal that does not name it, is 1.
//
// As with [Volume], the methods other than Validate and String expect valid
// filters. Those that take no bank are about bank 0, and those that take no z
// about the plane z = 0.
type Filters struct {
	Banks, K, Z, H, W, D int
	Data, Bias           []float32
}

// NewFilters returns k zeroed filters of height h, width w and depth d, with k
// zeroed biases. It fails with [ErrShape] if a size is below 1 or if there are
// more than 1<<40 elements.
func NewFilters(k, h, w, d int) (Filters, error) { return NewFilterBanks(1, k, 1, h, w, d) }

// NewFilterBanks returns banks of k zeroed filters each, of z planes, height h,
// width w and depth d, with k zeroed biases each. It fails as [NewFilters] does.
func NewFilterBanks(banks, k, z, h, w, d int) (Filters, error) {
	if err := oneOrMore("filters", "Banks", banks); err != nil {
		return Filters{}, err
	}
	if err := oneOrMore("filters", "Z", z); err != nil {
		return Filters{}, err
	}
	f := Filters{Banks: banks, K: k, Z: z, H: h, W: w, D: d}
	size, err := f.size()
	if err != nil {
		return Filters{}, err
	}
	f.Data, f.Bias = make([]float32, size), make([]float32, banks*k)
	return f, nil
}

// shape gives the names of the axes and their sizes, without Banks and Z where
// they are 1.
func (f Filters) shape() (names []string, sizes []int) {
	if f.BankCount() != 1 {
		names, sizes = append(names, "Banks"), append(sizes, f.Banks)
	}
	names, sizes = append(names, "K"), append(sizes, f.K)
	if is3D(f.Z) {
		names, sizes = append(names, "Z"), append(sizes, f.Z)
	}
	return append(names, "H", "W", "D"), append(sizes, f.H, f.W, f.D)
}

// size is the number of weights that the shape asks for.
func (f Filters) size() (int, error) {
	names, sizes := f.shape()
	return positiveProduct("filters", names, sizes)
}

// Validate reports with [ErrShape] a size below 1 (Z and Banks may be 0), too
// many elements, a Data whose length is not Banks*K*Z*H*W*D, or a Bias that is
// neither nil nor Banks*K long.
func (f Filters) Validate() error {
	size, err := f.size()
	if err != nil {
		return err
	}
	if len(f.Data) != size {
		return shapeErrorf("filters %v: they hold %d elements; their shape needs %d", f, len(f.Data), size)
	}
	if biases := f.BankCount() * f.K; f.Bias != nil && len(f.Bias) != biases {
		return shapeErrorf(
			"filters %v: there are %d biases; there must be %d, one per filter, or a nil Bias",
			f,
			len(f.Bias),
			biases,
		)
	}
	return nil
}

// Planes returns the number of planes of each filter: Z, or 1 where Z is 0.
func (f Filters) Planes() int { return orOne(f.Z) }

// BankCount returns the number of banks: Banks, or 1 where Banks is 0.
func (f Filters) BankCount() int { return orOne(f.Banks) }

// Len returns the number of weights, Banks*K*Z*H*W*D; biases are not counted.
func (f Filters) Len() int { return f.BankCount() * f.K * f.Planes() * f.H * f.W * f.D }

// Bank returns bank b alone, as filters with Banks = 1 that share Data and Bias.
// It panics, as a slice index does, if b is out of range.
func (f Filters) Bank(b int) Filters {
	weights := f.K * f.Planes() * f.H * f.W * f.D
	one := f
	one.Banks = 1
	one.Data = f.Data[b*weights : (b+1)*weights : (b+1)*weights]
	if f.Bias != nil {
		one.Bias = f.Bias[b*f.K : (b+1)*f.K : (b+1)*f.K]
	}
	return one
}

func (f Filters) index(k, y, x, d int) int {
	if uint(k) >= uint(f.K) || uint(y) >= uint(f.H) || uint(x) >= uint(f.W) || uint(d) >= uint(f.D) {
		f.outOfRange(k, y, x, d)
	}
	return ((k*f.Planes()*f.H+y)*f.W+x)*f.D + d
}

// outOfRange is apart so that index stays small: inner loops call it.
//
//go:noinline
func (f Filters) outOfRange(k, y, x, d int) {
	panic(fmt.Sprintf("tensor: index k=%d y=%d x=%d d=%d out of range of filters %v", k, y, x, d, f))
}

// At returns W_k[x,y,d]. It panics, as a slice index does, if an index is out of
// range.
func (f Filters) At(k, x, y, d int) float32 { return f.Data[f.index(k, y, x, d)] }

// Set sets W_k[x,y,d]. It panics, as a slice index does, if an index is out of
// range.
func (f Filters) Set(k, x, y, d int, value float32) { f.Data[f.index(k, y, x, d)] = value }

// Filter returns the Z*H*W*D weights of filter k, sharing Data. It panics, as a
// slice index does, if k is out of range.
func (f Filters) Filter(k int) []float32 {
	start, size := f.index(k, 0, 0, 0), f.Planes()*f.H*f.W*f.D
	return f.Data[start : start+size : start+size]
}

// BiasAt returns the bias of filter k, 0 where Bias is nil. It panics, as a slice
// index does, if k is out of range of a Bias that is not nil.
func (f Filters) BiasAt(k int) float32 {
	if f.Bias == nil {
		return 0
	}
	return f.Bias[k]
}

// String returns the shape, such as "96x11x11x3 (OHWI)", "8x3x3x3x4 (OZHWI)" where
// Z is not 1, or "25 banks of 8x3x3x4 (OHWI)" where Banks is not 1.
func (f Filters) String() string {
	text := fmt.Sprintf("%dx%dx%dx%d (OHWI)", f.K, f.H, f.W, f.D)
	if is3D(f.Z) {
		text = fmt.Sprintf("%dx%dx%dx%dx%d (OZHWI)", f.K, f.Z, f.H, f.W, f.D)
	}
	if f.BankCount() != 1 {
		text = fmt.Sprintf("%d banks of %s", f.Banks, text)
	}
	return text
}
