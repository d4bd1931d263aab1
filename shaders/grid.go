package shaders

// Grid folds a number of workgroups into three axes of at most limit each. It holds at least count
// workgroups; shaders leave out the rest. ok is false where even three axes are too short.
func Grid(count uint64, limit uint32) (grid [3]uint32, ok bool) {
	grid = [3]uint32{1, 1, 1}
	rest := max(count, 1)
	if limit == 0 {
		return grid, false
	}
	for i := range grid {
		lines := (rest-1)/uint64(limit) + 1  // rounded up, and no sum that could overflow
		grid[i] = uint32((rest-1)/lines + 1) // of even length, so that few are left over
		if rest = lines; lines == 1 {
			return grid, true
		}
	}
	return grid, false
}
