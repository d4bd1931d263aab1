{{- /*
Functions of float32 that are right to a few units in the last place on any driver, whose own ones need not be: WGSL
lets exp, log, sin and their like be wrong by much more. They use sums, products and quotients alone. Coefficients are
least maximum fits of this project's own. Where the head of a number is taken by its bits, the tail is exact, and no
compiler can take the difference for 0, as some do with (1 + x) - 1.
*/ -}}

{{- define "is_nan"}}

fn is_nan(x: f32) -> bool {
	return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}
{{- end}}

{{- define "is_infinite"}}

fn is_infinite(x: f32) -> bool {
	return (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u;
}
{{- end}}

{{- define "ordered"}}

// ordered tells whether neither is NaN: compilers may take a comparison for the opposite of another one.
fn ordered(x: f32, y: f32) -> bool {
	return !is_nan(x) && !is_nan(y);
}
{{- end}}

{{- define "larger"}}

// larger is NaN where either is.
fn larger(x: f32, y: f32) -> f32 {
	return select(select(x, y, y > x), y, is_nan(y));
}
{{- end}}

{{- define "smaller"}}

// smaller is NaN where either is.
fn smaller(x: f32, y: f32) -> f32 {
	return select(select(x, y, y < x), y, is_nan(y));
}
{{- end}}

{{- define "infinity_like"}}

// infinity_like has the sign of x.
fn infinity_like(x: f32) -> f32 {
	return bitcast<f32>((bitcast<u32>(x) & 0x80000000u) | 0x7f800000u);
}
{{- end}}

{{- define "nan_like"}}

fn nan_like(x: f32) -> f32 {
	return bitcast<f32>(bitcast<u32>(x) | 0x7fc00000u);
}
{{- end}}

{{- define "sign_like"}}

// sign_like is a size with the sign of x.
fn sign_like(size: f32, x: f32) -> f32 {
	return bitcast<f32>((bitcast<u32>(size) & 0x7fffffffu) | (bitcast<u32>(x) & 0x80000000u));
}
{{- end}}

{{- define "head_of"}}

// head_of is the first 12 bits of a number: the product of two heads is exact.
fn head_of(x: f32) -> f32 {
	return bitcast<f32>(bitcast<u32>(x) & 0xfffff000u);
}
{{- end}}

{{- define "power_of_2"}}

// power_of_2 is 2^n, for n from -126 to 127.
fn power_of_2(n: i32) -> f32 {
	return bitcast<f32>(u32(n + 127) << 23u);
}
{{- end}}

{{- define "scaled"}}

// scaled is x * 2^n, also where 2^n is out of range.
fn scaled(x: f32, n: i32) -> f32 {
	return x * power_of_2(n / 2) * power_of_2(n - n / 2);
}
{{- end}}

{{- define "half_of"}}

// half_of is x / 2 of a normal number. It is no product, which compilers may move behind one that overflows.
fn half_of(x: f32) -> f32 {
	return bitcast<f32>(bitcast<u32>(x) - 0x00800000u);
}
{{- end}}

{{- define "exponent_of"}}

// exponent_of is a number's exponent as its bits have it: 127 more, 0 below the normal numbers, 255 above.
fn exponent_of(x: f32) -> u32 {
	return (bitcast<u32>(x) >> 23u) & 255u;
}
{{- end}}

{{- define "digits_of"}}

// digits_of are the 24 digits of a normal number.
fn digits_of(x: f32) -> u32 {
	return (bitcast<u32>(x) & 0x007fffffu) | 0x00800000u;
}
{{- end}}

{{- define "divided"}}

// divided is x / y, rounded to nearest: a driver's own quotient may be 2.5 units off, and anything where y is above
// 2^126. The rest that it leaves is found in whole numbers, of which no compiler changes the order: it is so small
// that its last 32 bits are all of it.
fn divided(x: f32, y: f32) -> f32 {
	let scale = select(1.0, 0.25, abs(y) > 8.5e37);
	let part = x * scale;
	let by = y * scale;
	let q = part / by;
	let up = exponent_of(part) + 150u - exponent_of(q) - exponent_of(by); // about 23
	let rest = i32((digits_of(part) << (up & 31u)) - digits_of(q) * digits_of(by));
	let units = i32(round(f32(rest) / f32(digits_of(by))));
	let lowest = min(exponent_of(part), min(exponent_of(q), exponent_of(by)));
	let highest = max(exponent_of(part), max(exponent_of(q), exponent_of(by)));
	return select(q, bitcast<f32>(bitcast<u32>(q) + u32(units)), lowest > 0u && highest < 255u);
}
{{- end}}

{{- define "rest_of_exp"}}

// rest_of_exp is (e^r - 1 - r) / r^2, for r up to ln(2)/2 in size.
fn rest_of_exp(r: f32) -> f32 {
	return 0.5 + r * (0.166665196 + r * (0.041666206 + r * (0.00836887583 + r * 0.00139504613)));
}
{{- end}}

{{- define "less_ln_2"}}

// less_ln_2 is x - n * ln(2). The first product is exact.
fn less_ln_2(x: f32, n: f32) -> f32 {
	return x - n * 0.693359375 + n * 0.000212194440;
}
{{- end}}

{{- define "exp_of"}}

fn exp_of(x: f32) -> f32 {
	let held = min(max(x, -104.0), 89.0); // 0 below, infinity above
	let n = round(held * 1.44269504);
	let r = less_ln_2(held, n);
	return scaled(1.0 + (r + r * r * rest_of_exp(r)), i32(n));
}
{{- end}}

{{- define "expm1_of"}}

// expm1_of is e^x - 1, near 0 too. Half of 2^n is in range.
fn expm1_of(x: f32) -> f32 {
	let held = min(max(x, -30.0), 89.0);
	let n = round(held * 1.44269504);
	let r = less_ln_2(held, n);
	let half = power_of_2(i32(n) - 1);
	return 2.0 * (half * (r + r * r * rest_of_exp(r)) + (half - 0.5));
}
{{- end}}

{{- define "rest_of_log"}}

// rest_of_log is ln((1 + s) / (1 - s)) / s - 2, of z = s^2, for s up to 0.1716 in size.
fn rest_of_log(z: f32) -> f32 {
	return z * (0.666667759 + z * (0.399775624 + z * 0.298712254));
}
{{- end}}

{{- define "binary"}}

// Binary is a number as m * 2^n, for m from sqrt(1/2) on to below sqrt(2).
struct Binary {
	m: f32,
	n: f32,
}

// binary is for numbers above 0. Those that are too small for 24 bits are made larger first.
fn binary(x: f32) -> Binary {
	let small = bitcast<u32>(x) < 0x00800000u;
	let bits = bitcast<u32>(select(x, x * 8388608.0, small));
	let n = bitcast<i32>(bits - 0x3f3504f3u) >> 23u;
	return Binary(bitcast<f32>(bits - (bitcast<u32>(n) << 23u)), f32(n) - select(0.0, 23.0, small));
}
{{- end}}

{{- define "log_of"}}

fn log_of(x: f32) -> f32 {
	let b = binary(x);
	let f = b.m - 1.0;
	let s = f / (2.0 + f);
	let h = 0.5 * f * f;
	let finite = less_ln_2(f - (h - s * (h + rest_of_log(s * s))), -b.n);
	let ends = select(select(nan_like(x), infinity_like(-1.0), x == 0.0), x, x > 0.0);
	return select(ends, finite, x > 0.0 && !is_infinite(x));
}
{{- end}}

{{- define "log1p_of"}}

// log1p_of is ln(1 + x) for x from 0 on, near 0 too: that of the head of 1 + x, and what the tail adds.
fn log1p_of(x: f32) -> f32 {
	let head = head_of(1.0 + x);
	let tail = (x - (head - 1.0)) / head;
	return log_of(head) + select(tail - 0.5 * tail * tail, 0.0, is_infinite(x));
}
{{- end}}

{{- define "size_of_pow"}}

// size_of_pow is x^y for x above 0, as 2^(y * log2(x)). The logarithm is a sum of a head and a tail, for what is wrong
// with it is multiplied by y.
fn size_of_pow(x: f32, y: f32) -> f32 {
	let b = binary(x);
	// s = (m - 1) / (m + 1), and ln(m) = 2 * s + s * rest_of_log(s^2)
	let over = b.m - 1.0;
	let under = b.m + 1.0;
	let s = head_of(over / under);
	let under_head = head_of(under);
	let under_tail = b.m - (under_head - 1.0);
	let s_tail = ((over - s * under_head) - s * under_tail) / under;
	let rest = (s + s_tail) * rest_of_log((s + s_tail) * (s + s_tail));
	// log2(e) = 1.442382812 + 0.000312228...
	let main = 2.0 * s * 1.44238281;
	let less = 2.0 * s * 0.000312228389 + (2.0 * s_tail + rest) * 1.44269504;
	let head = head_of(b.n + (main + less));
	let tail = less - ((head - b.n) - main);
	let y_head = head_of(y);
	let product = y_head * head;
	let more = (y - y_head) * head + y * tail;
	let n = round(min(max(product + more, -160.0), 160.0));
	let r = min(max((product - n) + more, -1.0), 1.0) * 0.693147181;
	return scaled(1.0 + (r + r * r * rest_of_exp(r)), i32(n));
}
{{- end}}

{{- define "pow_of"}}

// pow_of is as in C: also where numbers are not finite, and with negative bases for whole exponents.
fn pow_of(x: f32, y: f32) -> f32 {
	let size = abs(x);
	let whole = floor(y) == y;
	let odd = whole && floor(0.5 * y) != 0.5 * y;
	let up = (size > 1.0) == (y > 0.0); // to infinity, if x is at an end or y is
	let extreme = size == 0.0 || is_infinite(x) || is_infinite(y);
	var v = size_of_pow(size, y);
	v = select(v, select(0.0, infinity_like(1.0), up), extreme);
	v = select(v, -v, odd && bitcast<u32>(x) >= 0x80000000u);
	v = select(v, nan_like(x), x < 0.0 && !whole && !extreme);
	v = select(v, 1.0, size == 1.0 && is_infinite(y));
	v = select(v, nan_like(x), is_nan(x) || is_nan(y));
	return select(v, 1.0, (y == 0.0 && !is_nan(y)) || (x == 1.0 && !is_nan(x)));
}
{{- end}}

{{- define "turned"}}

// Turned is an angle less a multiple of pi/2, to the nearest one.
struct Turned {
	r: f32,
	quarters: i32, // modulo 4
}

// turned is good for angles up to 2^24 quarters, and beyond that not far from 0. Of the parts of pi/2 all but the last
// have 11 bits, and the numbers of quarters 12: their products are exact.
fn turned(x: f32) -> Turned {
	let many = round(x * 0.000155424749) * 4096.0;
	let left = x - many * 1.5703125;
	let few = round((left - many * 0.000483826795) * 0.636619772);
	var r = left - few * 1.5703125;
	r = r - many * 0.000483751297 - few * 0.000483751297;
	r = r - many * 0.0000000754953362 - few * 0.0000000754953362;
	return Turned(min(max(r, -0.8), 0.8), i32(few) & 3);
}
{{- end}}

{{- define "sine"}}

// sine is for angles up to pi/4 in size.
fn sine(r: f32) -> f32 {
	let z = r * r;
	return r + r * z * (-0.166666552 + z * (0.00833217427 + z * -0.000195166838));
}
{{- end}}

{{- define "cosine"}}

// cosine is for angles up to pi/4 in size.
fn cosine(r: f32) -> f32 {
	let z = r * r;
	return 1.0 - 0.5 * z + z * z * (0.0416666456 + z * (-0.0013887363 + z * 0.0000244378298));
}
{{- end}}

{{- define "sine_at"}}

// sine_at is the sine of an angle that is some quarters further.
fn sine_at(t: Turned, further: i32) -> f32 {
	let quarters = t.quarters + further;
	let size = select(sine(t.r), cosine(t.r), (quarters & 1) == 1);
	return select(size, -size, (quarters & 2) == 2);
}
{{- end}}

{{- define "sin_of"}}

fn sin_of(x: f32) -> f32 {
	return select(sine_at(turned(x), 0), nan_like(x), is_infinite(x));
}
{{- end}}

{{- define "cos_of"}}

fn cos_of(x: f32) -> f32 {
	return select(sine_at(turned(x), 1), nan_like(x), is_infinite(x));
}
{{- end}}

{{- define "tan_of"}}

fn tan_of(x: f32) -> f32 {
	let t = turned(x);
	return select(sine_at(t, 0) / sine_at(t, 1), nan_like(x), is_infinite(x));
}
{{- end}}

{{- define "atan_of"}}

// atan_of takes numbers to those up to tan(pi/8) in size.
fn atan_of(x: f32) -> f32 {
	let size = abs(x);
	let far = size > 2.41421356;
	let middle = size > 0.414213562;
	let t = select(select(size, (size - 1.0) / (size + 1.0), middle), -1.0 / size, far);
	let start = select(select(0.0, 0.785398163, middle), 1.57079633, far);
	let z = t * t;
	let rest = z * (-0.333333164 + z * (0.199984878 + z * (-0.142438084 + z * (0.105955862 + z * -0.060821604))));
	return sign_like(start + (t + t * rest), x);
}
{{- end}}

{{- define "asin_up_to_half"}}

// asin_up_to_half is asin(t) for t up to 1/2 in size, of z = t^2.
fn asin_up_to_half(t: f32, z: f32) -> f32 {
	return t + t * z * (0.166667536 + z * (0.074952431 + z * (0.0454772525 + z * (0.0241457298 + z * 0.0422232747))));
}
{{- end}}

{{- define "asin_of"}}

fn asin_of(x: f32) -> f32 {
	let size = abs(x);
	let rest = 0.5 - 0.5 * size;
	let near = asin_up_to_half(size, size * size);
	let far = 1.57079633 - 2.0 * asin_up_to_half(sqrt(rest), rest);
	return select(sign_like(select(near, far, size > 0.5), x), nan_like(x), size > 1.0);
}
{{- end}}

{{- define "acos_of"}}

fn acos_of(x: f32) -> f32 {
	let size = abs(x);
	let rest = 0.5 - 0.5 * size;
	let near = 1.57079633 - asin_up_to_half(x, x * x);
	let far = 2.0 * asin_up_to_half(sqrt(rest), rest);
	let v = select(near, select(far, 3.14159265 - far, x < 0.0), size > 0.5);
	return select(v, nan_like(x), size > 1.0);
}
{{- end}}

{{- define "sinh_of"}}

// sinh_of and cosh_of are half of e^size where they are large, squared last, for e^size may be out of range.
fn sinh_of(x: f32) -> f32 {
	let size = abs(x);
	let e = expm1_of(size);
	let root = exp_of(0.5 * size);
	return sign_like(select(0.5 * (e + e / (e + 1.0)), half_of(root) * root, size > 40.0), x);
}
{{- end}}

{{- define "cosh_of"}}

fn cosh_of(x: f32) -> f32 {
	let e = exp_of(abs(x));
	let root = exp_of(0.5 * abs(x));
	return select(0.5 * (e + 1.0 / e), half_of(root) * root, abs(x) > 40.0);
}
{{- end}}

{{- define "tanh_of"}}

fn tanh_of(x: f32) -> f32 {
	let e = expm1_of(2.0 * min(abs(x), 10.0));
	return sign_like(e / (e + 2.0), x);
}
{{- end}}

{{- define "asinh_of"}}

// asinh_of and acosh_of are ln(2 * size) where the square would be out of range.
fn asinh_of(x: f32) -> f32 {
	let size = abs(x);
	let z = size * size;
	let near = log1p_of(size + z / (1.0 + sqrt(1.0 + z)));
	return sign_like(select(near, log_of(size) + 0.693147181, size > 1000000000.0), x);
}
{{- end}}

{{- define "acosh_of"}}

fn acosh_of(x: f32) -> f32 {
	let t = x - 1.0;
	let near = log1p_of(t + sqrt(t * (2.0 + t)));
	return select(select(near, log_of(x) + 0.693147181, x > 1000000000.0), nan_like(x), x < 1.0);
}
{{- end}}

{{- define "atanh_of"}}

fn atanh_of(x: f32) -> f32 {
	let size = abs(x);
	let v = sign_like(0.5 * log1p_of(2.0 * size / (1.0 - size)), x);
	return select(select(v, infinity_like(x), size == 1.0), nan_like(x), size > 1.0);
}
{{- end}}

{{- define "erfc_above_half"}}

// erfc_above_half is 1 - erf(x) for x from 1/2 on: e^(-x^2) times a polynomial of (x - 3) / (x + 3). The square is
// taken of the head of x, for what is wrong with it is multiplied by its size.
fn erfc_above_half(x: f32) -> f32 {
	let held = min(x, 10.2); // 0 above
	let t = (held - 3.0) / (held + 3.0);
	let low = 0.179001153 + t * (-0.326233566 + t * (0.245603666 + t * (-0.150115445 + t * 0.071668312)));
	let t5 = t * t * t * t * t;
	let factor = low + t5 * (-0.0243987311 + t * (0.00425198581 + t * (0.000735942856 + t * -0.000544264331)));
	let head = head_of(held);
	return exp_of(-head * head) * exp_of((head - held) * (head + held)) * factor;
}
{{- end}}

{{- define "erf_below_half"}}

// erf_below_half is erf(x) for x up to 1/2 in size.
fn erf_below_half(x: f32) -> f32 {
	let z = x * x;
	return x * (1.12837911 + z * (-0.376126081 + z * (0.112828225 + z * (-0.0267571844 + z * 0.00471798982))));
}
{{- end}}

{{- define "erf_of"}}

fn erf_of(x: f32) -> f32 {
	let size = abs(x);
	return sign_like(select(erf_below_half(size), 1.0 - erfc_above_half(size), size > 0.5), x);
}
{{- end}}

{{- define "erfc_of"}}

fn erfc_of(x: f32) -> f32 {
	let far = erfc_above_half(abs(x));
	return select(1.0 - erf_below_half(x), select(far, 2.0 - far, x < 0.0), abs(x) > 0.5);
}
{{- end}}

{{- define "sigmoid_of"}}

fn sigmoid_of(x: f32) -> f32 {
	let e = exp_of(-abs(x));
	return select(1.0, e, x < 0.0) / (1.0 + e);
}
{{- end}}

{{- define "gelu_tanh_of"}}

// gelu_tanh_of is x / 2 * (1 + tanh(z)), for tanh(z) = 2 / (1 + e^(-2 * z)) - 1.
fn gelu_tanh_of(x: f32) -> f32 {
	let z = 0.797884561 * (x + 0.044715 * x * x * x);
	return x / (1.0 + exp_of(-2.0 * z));
}
{{- end}}

{{- define "mish_of"}}

// mish_of is x * tanh(ln(1 + e^x)), which has no logarithm.
fn mish_of(x: f32) -> f32 {
	let e = exp_of(min(x, 20.0));
	let n = e * (e + 2.0);
	return x * (n / (n + 2.0));
}
{{- end}}

{{- define "shrunk"}}

fn shrunk(x: f32, limit: f32, bias: f32) -> f32 {
	return select(select(0.0, x - bias, x > limit), x + bias, x < -limit);
}
{{- end}}

{{- define "remainder"}}

// remainder is x - y * the whole part of x / y, exact: multiples of y by powers of 2 are taken away, each at least
// half as large as what is left.
fn remainder(x: f32, y: f32) -> f32 {
	let by = abs(y);
	var left = abs(x);
	for (var k = 0; k < 300 && left >= by; k++) {
		let exponents = ((bitcast<u32>(left) >> 23u) - (bitcast<u32>(by) >> 23u)) << 23u;
		let most = bitcast<f32>(bitcast<u32>(by) + exponents);
		left -= select(most, 0.5 * most, most > left);
	}
	return select(sign_like(left, x), nan_like(x), is_infinite(x) || y == 0.0 || is_nan(y));
}
{{- end}}

{{- define "divisor_of"}}

// divisor_of is y, or 1 where x / y is no number of 32 bits.
fn divisor_of(x: i32, y: i32) -> i32 {
	return select(y, 1, y == 0 || (y == -1 && u32(x) == 0x80000000u));
}
{{- end}}

{{- define "quotient"}}

fn quotient(x: i32, y: i32) -> i32 {
	return x / divisor_of(x, y);
}
{{- end}}

{{- define "modulus"}}

// modulus has the sign of y, or none where that is 0.
fn modulus(x: i32, y: i32) -> i32 {
	let rest = whole_remainder(x, y);
	return select(rest, rest + y, rest != 0 && (rest < 0) != (y < 0));
}
{{- end}}

{{- define "whole_remainder"}}

// whole_remainder has the sign of x. It is no %, which some GPUs take for one of numbers without a sign.
fn whole_remainder(x: i32, y: i32) -> i32 {
	let by = divisor_of(x, y);
	return x - x / by * by;
}
{{- end}}

{{- define "whole_pow"}}

// whole_pow is x^y modulo 2^32, and its whole part where y is negative.
fn whole_pow(x: i32, y: i32) -> i32 {
	var v = 1;
	var square = x;
	for (var rest = max(y, 0); rest > 0; rest >>= 1u) {
		v = select(v, v * square, (rest & 1) == 1);
		square *= square;
	}
	let inverse = select(select(0, select(1, -1, (y & 1) == 1), x == -1), 1, x == 1);
	return select(v, inverse, y < 0);
}
{{- end}}

{{- define "to_int"}}

// to_int drops what is behind the point, holds to the range of 32 bits, and makes NaN 0.
fn to_int(x: f32) -> i32 {
	let held = i32(min(max(x, -2147483648.0), 2147483520.0));
	return select(select(held, 2147483647, x >= 2147483648.0), 0, is_nan(x));
}
{{- end}}
