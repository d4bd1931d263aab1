package host_test

func init() { equivalents = append(equivalents, dividedEquivalents...) }

// dividedEquivalents are those of the mended quotient.
var dividedEquivalents = []equivalent{
	{
		"return (bitcast<u32>(x) >> 23u) & 255u;",
		"return (bitcast<u32>(x) << 23u) & 255u;",
		true, "software adapters have nothing to mend: TestQuotientsAreMended",
	},
	{
		"return (bitcast<u32>(x) >> 23u) & 255u;",
		"return (bitcast<u32>(x) >> 23u) | 255u;",
		true, "software adapters have nothing to mend: TestQuotientsAreMended",
	},
	{
		"let scale = select(1.0, 0.25, abs(y) > 8.5e37);",
		"let scale = select(1.0, 1.01 * 0.25, abs(y) > 8.5e37);",
		true, "quotients of software adapters are right above 2^126 too",
	},
	{
		"let scale = select(1.0, 0.25, abs(y) > 8.5e37);",
		"let scale = select(1.0, 0.25, abs(y) >= 8.5e37);",
		true, "quotients of software adapters are right above 2^126 too",
	},
	{
		"let scale = select(1.0, 0.25, abs(y) > 8.5e37);",
		"let scale = select(1.0, 0.25, abs(y) < 8.5e37);",
		true, "quotients of software adapters are right above 2^126 too",
	},
	{
		"let scale = select(1.0, 0.25, abs(y) > 8.5e37);",
		"let scale = select(1.0, 0.25, abs(y) > 1.01 * 8.5e37);",
		true, "quotients of software adapters are right above 2^126 too",
	},
	{
		"let lowest = min(exponent_of(part), min(exponent_of(q), exponent_of(by)));",
		"let lowest = max(exponent_of(part), min(exponent_of(q), exponent_of(by)));",
		true, "software adapters have nothing to mend: TestQuotientsAreMended",
	},
	{
		"let lowest = min(exponent_of(part), min(exponent_of(q), exponent_of(by)));",
		"let lowest = min(exponent_of(part), max(exponent_of(q), exponent_of(by)));",
		true, "software adapters have nothing to mend: TestQuotientsAreMended",
	},
	{
		"return select(q, bitcast<f32>(bitcast<u32>(q) + u32(units)), lowest > 0u && highest < 255u);",
		"return select(q, bitcast<f32>(bitcast<u32>(q) - u32(units)), lowest > 0u && highest < 255u);",
		true, "software adapters have nothing to mend: TestQuotientsAreMended",
	},
	{
		"return select(q, bitcast<f32>(bitcast<u32>(q) + u32(units)), lowest > 0u && highest < 255u);",
		"return select(q, bitcast<f32>(bitcast<u32>(q) + u32(units)), lowest < 0u && highest < 255u);",
		true, "software adapters have nothing to mend: TestQuotientsAreMended",
	},
	{
		"return select(q, bitcast<f32>(bitcast<u32>(q) + u32(units)), lowest > 0u && highest < 255u);",
		"return select(q, bitcast<f32>(bitcast<u32>(q) + u32(units)), lowest > 1u && highest < 255u);",
		true, "software adapters have nothing to mend: TestQuotientsAreMended",
	},
	{
		"return select(q, bitcast<f32>(bitcast<u32>(q) + u32(units)), lowest > 0u && highest < 255u);",
		"return select(q, bitcast<f32>(bitcast<u32>(q) + u32(units)), lowest > 0u && highest > 255u);",
		true, "software adapters have nothing to mend: TestQuotientsAreMended",
	},
}
