package host_test

func init() { equivalents = append(equivalents, filterEquivalents...) }

// filterEquivalents are those of the gradients with respect to W and b.
var filterEquivalents = []equivalent{
	{"let each = (rows + p.split_k - 1u) / p.split_k;", "let each = (rows + p.split_k + 1u) / p.split_k;", false,
		"parts may be longer: the last ones are then shorter"},
	{"let each = (rows + p.split_k - 1u) / p.split_k;", "let each = (rows + p.split_k - 0u) / p.split_k;", false,
		"parts may be longer: the last ones are then shorter"},
	{"let each = (rows + p.split_k - 1u) / p.split_k;", "let each = (rows + p.split_k - 1u) * p.split_k;", false,
		"the first part may be all"},
	{"let each = (rows + p.split_k - 1u) / p.split_k;", "let each = (rows + p.split_k - 1u) / p.first_column;", false,
		"the first part may be all: what is divided by zero stays"},
	{"let each = (p.terms + p.split_k - 1u) / p.split_k;", "let each = (p.terms + p.split_k + 1u) / p.split_k;", false,
		"parts may be longer: the last ones are then shorter"},
	{"let each = (p.terms + p.split_k - 1u) / p.split_k;", "let each = (p.terms + p.split_k - 0u) / p.split_k;", false,
		"parts may be longer: the last ones are then shorter"},
	{"let each = (p.terms + p.split_k - 1u) / p.split_k;", "let each = (p.terms + p.split_k - 1u) * p.split_k;", false,
		"the first part may be all"},
	{"dw[to + i * apart] = sums[i];", "dw[to + i * 1u] = sums[i];", false, "weights of a group stand side by side"},
	{"if row == begin || row % p.out_size.y == 0u {", "if true || row % p.out_size.y == 0u {", false,
		"it loads again what it has"},
	{"let first = unit / BLOCK % across * BLOCK * PARTS + unit % BLOCK;",
		"let first = unit / BLOCK % across * BLOCK * PARTS + thread % BLOCK;", false,
		"blocks divide a workgroup"},
	{"if (image < p.images) & (place5 < step) {",
		"if (true) & (place5 < step) {", true,
		"what stands behind all images is written nowhere"},
	{"if (image < p.images) & (place5 < step) {",
		"if (0u < p.images) & (place5 < step) {", true,
		"what stands behind all images is written nowhere"},
	{"if (image < p.images) & (place5 < step) {",
		"if (image <= p.images) & (place5 < step) {", true,
		"what stands behind all images is written nowhere"},
	{"if (image < p.images) & (place5 < step) {",
		"if (image < p.w_bank) & (place5 < step) {", true,
		"what stands behind all images is written nowhere"},
	{"if (image < p.images) & (place5 < step) {",
		"if (image < p.images) & (place4 < step) {", true,
		"the next filter's thread writes there, too"},
	{"if (image < p.images) & (place5 < step) {",
		"if (image < p.images) & (place5 <= step) {", true,
		"the next filter's thread writes there, too"},
	{"if (image + 3u < p.images) & (place5 < step) {",
		"if (0u + 3u < p.images) & (place5 < step) {", true,
		"what stands behind all images is written nowhere"},
	{"if (image + 3u < p.images) & (place5 < step) {",
		"if (image + 2u < p.images) & (place5 < step) {", true,
		"what stands behind all images is written nowhere"},
	{"if (image + 3u < p.images) & (place5 < step) {",
		"if (image + 3u <= p.images) & (place5 < step) {", true,
		"what stands behind all images is written nowhere"},
	{"if (image + 3u < p.images) & (place5 < step) {",
		"if (image + 3u < p.w_bank) & (place5 < step) {", true,
		"what stands behind all images is written nowhere"},
	{"if (image + 3u < p.images) & (place5 < step) {",
		"if (image + 3u < p.images) & (place4 < step) {", true,
		"the next filter's thread writes there, too"},
	{"if (image + 3u < p.images) & (place5 < step) {",
		"if (image + 3u < p.images) & (place5 <= step) {", true,
		"the next filter's thread writes there, too"},
}

// filterSharedEquivalents are those of tiles in workgroup memory.
var filterSharedEquivalents = []equivalent{
	{"let across = (p.w_output + ROWS - 1u) / ROWS;", "let across = (p.w_output + ROWS - 2u) / ROWS;", false,
		"weights by fours are no multiple of tiles and one; those one by one notice"},
	{"let down = (p.group_outputs + COLUMNS - 1u) / COLUMNS;",
		"let down = (p.group_outputs + COLUMNS - 2u) / COLUMNS;", false, "depth slices come by fours"},
	{"let mine = thread / (COLUMNS / 8u);", "let mine = thread / (COLUMNS / 7u);", false, "both are 4"},
	{"let my_slice = thread % (COLUMNS / 8u);", "let my_slice = thread % (COLUMNS / 7u);", false, "both are 4"},
}

func init() {
	const each = "let each = (neurons + p.split_k - 1u) / p.split_k;"
	for _, longer := range []string{
		"let each = (neurons + p.split_k + 1u) / p.split_k;", "let each = (neurons + p.split_k - 0u) / p.split_k;",
		"let each = (neurons + p.split_k - 1u) * p.split_k;",
		"let each = (neurons + p.split_k - 1u) / p.first_column;",
	} {
		filterSharedEquivalents = append(filterSharedEquivalents, equivalent{each, longer, false,
			"parts may be longer, the last ones are then shorter; what is divided by zero stays"})
	}
	equivalents = append(equivalents, filterSharedEquivalents...)
}
