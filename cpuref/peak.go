package cpuref

// Peak is the twin of peak.wgsl for one lane of its thread number thread: the chains begin at starts, pass
// pairs of multiply-adds and are added up. It is exact where all that arises is a whole number below 2^24.
func Peak(starts []float32, up, more, down, less float32, thread, pairs int) float32 {
	sum := 0.0
	for _, start := range starts {
		s := float64(start) + float64(thread)
		for range pairs {
			s = (s*float64(up)+float64(more))*float64(down) + float64(less)
		}
		sum += s
	}
	return float32(sum)
}
