package host_test

func init() { equivalents = append(equivalents, sampleEquivalents...) }

// sampleEquivalents are those of what is mirrored: places are whole numbers, and low is 0 or half of one below.
var sampleEquivalents = []equivalent{
	{
		"let t = x - p.low - period * floor((x - p.low) / period);",
		"let t = x - p.low - period * floor((x - 0.0) / period);",
		false, "no whole number lies between a multiple of the period and a half below",
	},
	{
		"return p.low + min(t, period - t);",
		"return 0.0 + min(t, period - t);",
		false, "it is half of a number more, which is cut off",
	},
}
