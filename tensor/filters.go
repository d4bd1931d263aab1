package tensor

import "fmt"

// Filters is a bank of K filters of H x W x D numbers (Fh, Fw and the depth that
// they look at) and K biases. The memory order is OHWI = (K, Fh, Fw, D): depth
// innermost, x next, y next, k outermost. A nil Bias means K zeros.
//
// As with [Volume], the methods other than Validate and String expect a valid
// bank.
type Filters struct {
	K, H, W, D int
	Data, Bias []float32
}

var filterAxes = []string{"K", "H", "W", "D"}

// NewFilters returns k zeroed filters of height h, width w and depth d, with k
// zeroed biases. It fails with [ErrShape] if a size is below 1 or if there are
// more than 1<<40 elements.
func NewFilters(k, h, w, d int) (Filters, error) {
	size, err := positiveProduct("filters", filterAxes, []int{k, h, w, d})
	if err != nil {
		return Filters{}, err
	}
	return Filters{K: k, H: h, W: w, D: d, Data: make([]float32, size), Bias: make([]float32, k)}, nil
}

// Validate reports with [ErrShape] a size below 1, too many elements, a Data
// whose length is not K*H*W*D, or a Bias that is neither nil nor K long.
func (f Filters) Validate() error {
	size, err := positiveProduct("filters", filterAxes, []int{f.K, f.H, f.W, f.D})
	if err != nil {
		return err
	}
	if len(f.Data) != size {
		return shapeErrorf("filters %v: they hold %d elements; their shape needs %d", f, len(f.Data), size)
	}
	if f.Bias != nil && len(f.Bias) != f.K {
		return shapeErrorf("filters %v: there are %d biases; there must be %d, one per filter, or a nil Bias", f, len(f.Bias), f.K)
	}
	return nil
}

// Len returns the number of weights, K*H*W*D; biases are not counted.
func (f Filters) Len() int { return f.K * f.H * f.W * f.D }

func (f Filters) index(k, y, x, d int) int {
	if uint(k) >= uint(f.K) || uint(y) >= uint(f.H) || uint(x) >= uint(f.W) || uint(d) >= uint(f.D) {
		f.outOfRange(k, y, x, d)
	}
	return ((k*f.H+y)*f.W+x)*f.D + d
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

// Filter returns the H*W*D weights of filter k, sharing Data. It panics, as a
// slice index does, if k is out of range.
func (f Filters) Filter(k int) []float32 {
	start, size := f.index(k, 0, 0, 0), f.H*f.W*f.D
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

// String returns the shape, such as "96x11x11x3 (OHWI)".
func (f Filters) String() string {
	return fmt.Sprintf("%dx%dx%dx%d (OHWI)", f.K, f.H, f.W, f.D)
}
