package split

// Dim is one dimension of a block inside of a larger array: the block's j stands at from+j of size, or
// where at says, if it does.
type Dim struct {
	Span
	size int64
	at   func(j int) int // -1 is no place: a zero
}

// Count counts the numbers of a block.
func Count(dims []Dim) int {
	n := 1
	for _, d := range dims {
		n *= int(d.Span.Size())
	}
	return n
}

// merged puts dimensions of which the inner one is whole into one, so that blocks are copied in long runs.
func merged(dims []Dim) []Dim {
	out := []Dim{dims[0]}
	for _, inner := range dims[1:] {
		outer := &out[len(out)-1]
		if outer.at == nil && inner.at == nil && inner.Span == (Span{0, inner.size}) {
			n := inner.size
			*outer = Dim{Span{outer.From * n, outer.To * n}, outer.size * n, nil}
			continue
		}
		out = append(out, inner)
	}
	return out
}

// eachRun visits a block run by run: n numbers from one place of the block on, and from one of the whole
// on, which is -1 for zeros. The innermost dimension must have no at.
func eachRun(dims []Dim, visit func(block, whole, n int)) { runs(merged(dims), 0, 0, visit) }

func runs(dims []Dim, block, whole int, visit func(block, whole, n int)) {
	d := dims[0]
	if len(dims) == 1 {
		visit(block, whole*int(d.size)+int(d.From), int(d.Span.Size()))
		return
	}
	inner := Count(dims[1:])
	for j := range int(d.Span.Size()) {
		at := int(d.From) + j
		if d.at != nil {
			at = d.at(j)
		}
		if at < 0 {
			visit(block+j*inner, -1, inner)
			continue
		}
		runs(dims[1:], block+j*inner, whole*int(d.size)+at, visit)
	}
}

// Gather copies a block out of the whole.
func Gather[T any](whole []T, dims []Dim) []T {
	var zero T
	return GatherAround(whole, dims, zero)
}

// GatherAround has another number than 0 where the whole has no place.
func GatherAround[T any](whole []T, dims []Dim, none T) []T {
	block := make([]T, Count(dims))
	eachRun(dims, func(b, w, n int) {
		if w >= 0 {
			copy(block[b:b+n], whole[w:w+n])
			return
		}
		for i := range n {
			block[b+i] = none
		}
	})
	return block
}

// Scatter copies a block to its places in the whole.
func Scatter[T any](whole, block []T, dims []Dim) {
	eachRun(dims, func(b, w, n int) {
		if w >= 0 {
			copy(whole[w:w+n], block[b:b+n])
		}
	})
}

// Accumulate adds a block to its places in the whole, one number of which may have several.
func Accumulate[S, T int32 | float32 | float64](whole []S, block []T, dims []Dim) {
	eachRun(dims, func(b, w, n int) {
		if w < 0 {
			return
		}
		for i, v := range block[b : b+n] {
			whole[w+i] += S(v)
		}
	})
}

// Rounded copies float64 sums, each rounded once.
func Rounded(to []float32, from []float64) {
	for i, v := range from {
		to[i] = float32(v)
	}
}
