package tensor

import (
	"math"
	"math/bits"
)

// maxElements bounds the number of elements of anything in this package. It is
// far above what fits in memory; it is there so that no product overflows. The
// second term is the bound where int has 32 bits.
const maxElements = min(1<<40, math.MaxInt/4)

// product returns the number of elements of a shape, 0 if any size is 0. It
// fails if a size is negative or the product exceeds maxElements; what names the
// thing for the error.
func product(what string, sizes []int) (int, error) {
	total, empty := uint64(1), false
	for _, s := range sizes {
		if s < 0 {
			return 0, shapeErrorf("%s: shape %v has the negative size %d; sizes must be 0 or more", what, sizes, s)
		}
		empty = empty || s == 0
	}
	if empty {
		return 0, nil
	}
	for _, s := range sizes {
		hi, lo := bits.Mul64(total, uint64(s))
		if hi != 0 || lo > maxElements {
			return 0, shapeErrorf(
				"%s: shape %v has more than %d elements, the most that is supported",
				what,
				sizes,
				int64(maxElements),
			)
		}
		total = lo
	}
	return int(total), nil
}

// orOne is a size that a literal may leave out: 1 where it is 0.
func orOne(size int) int {
	if size == 0 {
		return 1
	}
	return size
}

// is3D tells whether a Z has to be told to people: it is then part of shapes.
func is3D(z int) bool { return orOne(z) != 1 }

// oneOrMore refuses a size below 1.
func oneOrMore(what, name string, size int) error {
	if size < 1 {
		return shapeErrorf("%s: %s is %d; it must be at least 1", what, name, size)
	}
	return nil
}

// positiveProduct is product for shapes in which no axis may be empty; names are
// those of the axes.
func positiveProduct(what string, names []string, sizes []int) (int, error) {
	for i, s := range sizes {
		if err := oneOrMore(what, names[i], s); err != nil {
			return 0, err
		}
	}
	return product(what, sizes)
}
