package host_test

// equivalents are the mutants that no run could tell from the original, and those that only some adapters
// tell: where threads race, or where the original keeps away from infinities, which WGSL leaves open.
var equivalents = []equivalent{
	{"if thread < width {", "if true {", true, "threads from width on add to sums that are read in this round for the last time"},
	{"if thread < width {", "if thread <= width {", true, "thread width adds to a sum that is read in this round for the last time, by thread 0"},
	{"if thread < width {", "if 0u < width {", true, "threads from width on add to sums that are read in this round for the last time"},
	{"if inside && thread == 0u {", "if inside && thread == 1u {", false, "after the last barrier any one thread may write the output"},
	{"if inside && thread == 0u {", "if inside && thread != 0u {", false, "the others all write the same value that the first would"},
	{"if inside && thread == 0u {", "if inside && 0u == 0u {", false, "all write the same value"},
	{"if inside && thread == 0u {", "if inside && true {", false, "all write the same value"},
	{"if thread == 0u && output < p.outputs {", "if thread == 1u && output < p.outputs {", false, "after the last barrier any one thread may write the output"},
	{"if thread == 0u && output < p.outputs {", "if thread != 0u && output < p.outputs {", false, "the others all write the same value that the first would"},
	{"if thread == 0u && output < p.outputs {", "if 0u == 0u && output < p.outputs {", false, "all write the same value"},
	{"if thread == 0u && output < p.outputs {", "if true && output < p.outputs {", false, "all write the same value"},
	{"if thread == 0u && 2u * output < p.outputs {", "if thread == 1u && 2u * output < p.outputs {", true, "another thread may read the first sum when thread 0 has begun the second"},
	{"if thread == 0u && 2u * output < p.outputs {", "if thread != 0u && 2u * output < p.outputs {", true, "others may read the first sum when thread 0 has begun the second"},
	{"if thread == 0u && 2u * output < p.outputs {", "if 0u == 0u && 2u * output < p.outputs {", true, "others may read the first sum when thread 0 has begun the second"},
	{"if thread == 0u && 2u * output < p.outputs {", "if true && 2u * output < p.outputs {", true, "others may read the first sum when thread 0 has begun the second"},

	{"let inside = output < p.outputs;", "let inside = true;", false, "spares work alone: what lies outside is not written"},
	{"let inside = output < p.outputs;", "let inside = output <= p.outputs;", false, "spares work alone: what lies outside is not written"},
	{"let filters = group * p.w_group + k % p.group_outputs * p.w_output;", "let filters = group * p.w_group + output % p.group_outputs * p.w_output;", false, "the outputs of a group divide the output channels"},
	{"sum += product(column * p.in_channels + group * p.group_inputs + channel, weight, k);", "sum += product(column * p.in_channels + group * p.group_inputs + channel, weight, output);", true, "no product but int8's asks for the channel, and there it is noticed"},
	{"if copy == 1 {", "if copy != 1 {", false, "the two mirrored copies change places"},
	{"if copy == 1 {", "if copy == 2 {", false, "the two mirrored copies change places"},
	{"return select(i + n, i - n, copy == 1);", "return select(i + n, i - n, copy != 1);", false, "the two shifted copies change places"},
	{"return select(i + n, i - n, copy == 1);", "return select(i + n, i - n, copy == 2);", false, "the two shifted copies change places"},

	{"var slope = 0.0;", "var slope = 1.0;", false, "nothing but PReLU reads the slope"},
	{"if p.activation == 4u {", "if true {", false, "nothing but PReLU reads the slope"},
	{"case 3u: { return select(z, p.alpha * z, z < 0.0); }", "case 3u: { return select(z, p.alpha * z, z <= 0.0); }", false, "0 times the slope is 0"},
	{"case 4u: { return select(z, slope * z, z < 0.0); }", "case 4u: { return select(z, slope * z, z <= 0.0); }", false, "0 times the slope is 0"},
	{"case 12u: { return select(z, p.alpha * (exp(z) - 1.0), z < 0.0); }", "case 12u: { return select(z, p.alpha * (exp(z) - 1.0), z <= 0.0); }", false, "exp(0) - 1 is 0"},
	{"case 8u: { return select(0.0, p.alpha, p.alpha * z + p.beta > 0.0 && p.alpha * z + p.beta < 1.0); }", "case 8u: { return select(0.0, p.alpha, p.alpha * z + p.beta >= 0.0 && p.alpha * z + p.beta < 1.0); }", false, "at the ends either derivative is right"},
	{"case 8u: { return select(0.0, p.alpha, p.alpha * z + p.beta > 0.0 && p.alpha * z + p.beta < 1.0); }", "case 8u: { return select(0.0, p.alpha, p.alpha * z + p.beta > 0.0 && p.alpha * z + p.beta <= 1.0); }", false, "at the ends either derivative is right"},

	{"return sigmoid(held) * (1.0 + held * sigmoid(-held));", "return sigmoid(z) * (1.0 + held * sigmoid(-held));", true, "the results lie below float32's normal numbers"},
	{"return sigmoid(held) * (1.0 + held * sigmoid(-held));", "return sigmoid(held) * (1.0 + held * sigmoid(-z));", true, "the results lie below float32's normal numbers"},
	{"let t = gelu_tangent(held);", "let t = gelu_tangent(z);", true, "an infinity's tanh is 1, where there are infinities"},
	{"return 0.5 * (1.0 + t) + 0.5 * held * (1.0 - t) * (1.0 + t) * 0.79788456 * (1.0 + 0.134145 * held * held);", "return 0.5 * (1.0 + t) + 0.5 * z * (1.0 - t) * (1.0 + t) * 0.79788456 * (1.0 + 0.134145 * held * held);", true, "where z is held 1 - |t| is 0"},
	{"return 0.5 * (1.0 + t) + 0.5 * held * (1.0 - t) * (1.0 + t) * 0.79788456 * (1.0 + 0.134145 * held * held);", "return 0.5 * (1.0 + t) + 0.5 * held * (1.0 - t) * (1.0 + t) * 0.79788456 * (1.0 + 0.134145 * z * held);", true, "where z is held 1 - |t| is 0"},
	{"return 0.5 * (1.0 + t) + 0.5 * held * (1.0 - t) * (1.0 + t) * 0.79788456 * (1.0 + 0.134145 * held * held);", "return 0.5 * (1.0 + t) + 0.5 * held * (1.0 - t) * (1.0 + t) * 0.79788456 * (1.0 + 0.134145 * held * z);", true, "where z is held 1 - |t| is 0"},
	{"case 12u: { return select(p.alpha * exp(min(z, 0.0)), 1.0, z > 0.0); }", "case 12u: { return select(p.alpha * exp(min(z, 1.0)), 1.0, z > 0.0); }", false, "above 0 the other result is taken"},

	{"if p.activation != 0u || p.residual != 0u {", "if p.activation != 0u || p.parts != 0u {", false, "spares work alone: where there is no epilogue, numbers stay what they are"},

	{"let column0 = select(0u, ((image0 + flat(from0, p.in_size)) * p.in_channels + tile.group * p.group_inputs) / VECTOR, inside0);", "let column0 = select(1u, ((image0 + flat(from0, p.in_size)) * p.in_channels + tile.group * p.group_inputs) / VECTOR, inside0);", false, "what is loaded outside is not taken: the address is one that no adapter has to hold back"},
	{"let column3 = select(0u, ((image3 + flat(from3, p.in_size)) * p.in_channels + tile.group * p.group_inputs) / VECTOR, inside3);", "let column3 = select(1u, ((image3 + flat(from3, p.in_size)) * p.in_channels + tile.group * p.group_inputs) / VECTOR, inside3);", false, "what is loaded outside is not taken: the address is one that no adapter has to hold back"},
	{"let inside = tile.inside && pixel < p.images * p.out_size.x * p.out_size.y * p.out_size.z && tile.channel < p.group_outputs;", "let inside = tile.inside && pixel < p.images * p.out_size.x * p.out_size.y * p.out_size.z && true;", true, "a thread begins behind its group's depth slices only where threads have slices of their own, and there it is noticed"},
	{"let inside = tile.inside && pixel < p.images * p.out_size.x * p.out_size.y * p.out_size.z && tile.channel < p.group_outputs;", "let inside = tile.inside && pixel < p.images * p.out_size.x * p.out_size.y * p.out_size.z && tile.channel <= p.group_outputs;", false, "no depth slice is left there"},
	{"let steps = (p.group_inputs + DEPTH - 1u) / DEPTH;", "let steps = (p.group_inputs + DEPTH - 2u) / DEPTH;", false, "a group's input channels are a multiple of 4 here"},
	{"return select(vec4<f32>(b[first], b[first + 1u], b[first + 2u], b[first + 3u]), vec4<f32>(), p.parts > 1u);", "return select(vec4<f32>(b[first], b[first + 1u], b[first + 2u], b[first + 3u]), vec4<f32>(), p.parts > 2u);", false, "sums are split into 4 or 16 parts"},
	{"if p.parts > 1u || p.activation == 0u && p.residual == 0u {", "if p.parts > 2u || p.activation == 0u && p.residual == 0u {", false, "sums are split into 4 or 16 parts"},
	{"if p.parts > 1u || p.activation == 0u && p.residual == 0u {", "if p.parts > 1u || p.activation == 0u && p.parts == 0u {", false, "spares work alone: where there is no epilogue, numbers stay what they are"},
	{"xs[row0 / 8u][lane + 0u][row0 / 4u % 2u] = vec4<f32>(x0_0, x0_1, x0_2, x0_3);", "xs[row0 / 7u][lane + 0u][row0 / 4u % 2u] = vec4<f32>(x0_0, x0_1, x0_2, x0_3);", false, "the first rows are 0, 4, 8 and 12"},
	{"xs[row0 / 8u][lane + 0u][row0 / 4u % 2u] = vec4<f32>(x0_0, x0_1, x0_2, x0_3);", "xs[row0 / 8u][lane + 0u][row1 / 4u % 2u] = vec4<f32>(x0_0, x0_1, x0_2, x0_3);", false, "16 rows on, the same half of a fragment"},
	{"xs[row3 / 8u][lane + 0u][row3 / 4u % 2u] = vec4<f32>(x3_0, x3_1, x3_2, x3_3);", "xs[row3 / 8u][lane + 0u][row2 / 4u % 2u] = vec4<f32>(x3_0, x3_1, x3_2, x3_3);", false, "16 rows on, the same half of a fragment"},

	{"const EACH: u32 = 1u;", "const EACH: u32 = 2u;", false, "copies some elements twice"},
	{"const EACH: u32 = 4u;", "const EACH: u32 = 5u;", false, "copies some elements twice"},
	{"let i = first + k * THREADS;", "let i = first - k * THREADS;", true, "where a thread copies one element k is 0"},
	{"let i = first + k * THREADS;", "let i = first + k * 1u;", true, "where a thread copies one element k is 0"},

	{"return;", "", false, "spares work alone: an epilogue of nothing changes nothing"},
	{"const ROWS: u32 = 2u; // along y", "const ROWS: u32 = 3u; // along y", false, "threads compute more neurons, and some threads none"},
	{"if p.activation == 0u && p.residual == 0u {", "if p.activation == 0u && p.parts == 0u {", false, "spares work alone: an epilogue of nothing changes nothing"},
}
