package host

// dim is one dimension of a block inside of a larger array: the block's j stands at from+j of size, or
// where at says, if it does.
type dim struct {
	span
	size int64
	at   func(j int) int // -1 is no place: a zero
}

// blockOf counts the numbers of a block.
func blockOf(dims []dim) int {
	n := 1
	for _, d := range dims {
		n *= int(d.span.size())
	}
	return n
}

// merged puts dimensions of which the inner one is whole into one, so that blocks are copied in long runs.
func merged(dims []dim) []dim {
	out := []dim{dims[0]}
	for _, inner := range dims[1:] {
		outer := &out[len(out)-1]
		if outer.at == nil && inner.at == nil && inner.span == (span{0, inner.size}) {
			n := inner.size
			*outer = dim{span{outer.from * n, outer.to * n}, outer.size * n, nil}
			continue
		}
		out = append(out, inner)
	}
	return out
}

// eachRun visits a block run by run: n numbers from one place of the block on, and from one of the whole
// on, which is -1 for zeros. The innermost dimension must have no at.
func eachRun(dims []dim, visit func(block, whole, n int)) { runs(merged(dims), 0, 0, visit) }

func runs(dims []dim, block, whole int, visit func(block, whole, n int)) {
	d := dims[0]
	if len(dims) == 1 {
		visit(block, whole*int(d.size)+int(d.from), int(d.span.size()))
		return
	}
	inner := blockOf(dims[1:])
	for j := range int(d.span.size()) {
		at := int(d.from) + j
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

// gather copies a block out of the whole.
func gather[T any](whole []T, dims []dim) []T {
	var zero T
	return gatherAround(whole, dims, zero)
}

// gatherAround has another number than 0 where the whole has no place.
func gatherAround[T any](whole []T, dims []dim, none T) []T {
	block := make([]T, blockOf(dims))
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

// scatter copies a block to its places in the whole.
func scatter[T any](whole, block []T, dims []dim) {
	eachRun(dims, func(b, w, n int) {
		if w >= 0 {
			copy(whole[w:w+n], block[b:b+n])
		}
	})
}

// accumulate adds a block to its places in the whole, one number of which may have several.
func accumulate[S, T int32 | float32 | float64](whole []S, block []T, dims []dim) {
	eachRun(dims, func(b, w, n int) {
		if w < 0 {
			return
		}
		for i, v := range block[b : b+n] {
			whole[w+i] += S(v)
		}
	})
}

// rounded copies float64 sums, each rounded once.
func rounded(to []float32, from []float64) {
	for i, v := range from {
		to[i] = float32(v)
	}
}
