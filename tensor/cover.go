package tensor

// Cover returns the pictures of v at height h and width w without a change of their proportions: resized as [Resize]
// does it until they just cover that size, of which the middle is cut out. What is cut off is one pixel more below, or
// on the right, where it cannot be halved. It fails as Resize does.
func Cover(v Volume, h, w int) (Volume, error) {
	if err := checkResize(v, h, w); err != nil {
		return Volume{}, err
	}
	tall, wide := h, w
	if v.W*h > v.H*w {
		wide = (2*v.W*h + v.H) / (2 * v.H) // rounded to the nearest
	} else {
		tall = (2*v.H*w + v.W) / (2 * v.W)
	}
	whole, err := Resize(v, tall, wide)
	if err != nil {
		return Volume{}, err
	}
	out, err := NewVolume(v.N, h, w, v.D)
	if err != nil {
		return Volume{}, inContext("resize", err)
	}
	top, left := (tall-h)/2, (wide-w)/2
	for n := range v.N {
		for y := range h {
			from := whole.Index(n, top+y, left, 0)
			copy(out.Data[out.Index(n, y, 0, 0):], whole.Data[from:from+w*v.D])
		}
	}
	return out, nil
}
