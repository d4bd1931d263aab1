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
	{"if row == begin || row % p.out_size.y == 0u {", "if true || row % p.out_size.y == 0u {", false,
		"it loads again what it has"},
}
