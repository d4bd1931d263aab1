{{- define "fourier" -}}
// What Fourier's transforms share: tiles of 16 inputs along each axis where filters have more than one tap.
// 16 real numbers have a spectrum of 23: frequencies 0 and 8, real, and between them the sum of both parts, the
// real part and the negative imaginary part of each. In lines between two transforms all that one thread reads,
// or writes, is of one row or column of a tile.

{{template "transform" .}}

// sixteen is 16 along the axes that are transformed, else 1.
fn sixteen() -> vec2<u32> {
	return select(vec2<u32>(1u), vec2<u32>(16u), p.filter_size.yz > vec2<u32>(1u));
}

// outputs is how many outputs a tile has along each axis.
fn outputs() -> vec2<u32> {
	return sixteen() + 1u - p.filter_size.yz;
}

// along is a step along the rows of a tile, or along its only column.
fn along() -> vec3<u32> {
	return select(vec3<u32>(0u, 1u, 0u), vec3<u32>(0u, 0u, 1u), p.filter_size.z > 1u);
}

// rows_of is how many rows are transformed: none but the first where there is only one axis.
fn rows_of(size: vec2<u32>) -> u32 {
	return select(1u, size.x, all(p.filter_size.yz > vec2<u32>(1u)));
}

const COS1: f32 = 0.92387953; // of pi / 8, and the sine of 3 pi / 8
const COS2: f32 = 0.70710678;
const COS3: f32 = 0.38268343;

struct Line {
{{- range .Line}}
	e{{.}}: Cell,
{{- end}}
}

struct Spectrum {
{{- range .Spectrum}}
	z{{.}}: Cell,
{{- end}}
}
{{- end -}}

{{- define "spectrum" -}}
// both are a frequency's three numbers.
struct Frequency {
	both: Cell,
	cos: Cell,
	sin: Cell,
}

fn frequency(cos: Cell, sin: Cell) -> Frequency {
	return Frequency(cos + sin, cos, sin);
}

// transform is the spectrum of a line: even frequencies are those of the sums of numbers 8 apart, odd ones of
// their differences, and so on. No number passes more than 7 roundings, see cpuref/fourier.go.
fn transform(d: Line) -> Spectrum {
{{- range .Eight}}
	let s{{.}} = d.e{{.}} + d.e{{$.Add . 8}};
	let d{{.}} = d.e{{.}} - d.e{{$.Add . 8}};
{{- end}}
{{- range .Four}}
	let t{{.}} = s{{.}} + s{{$.Add . 4}};
	let u{{.}} = s{{.}} - s{{$.Add . 4}};
{{- end}}
	let t02 = t0 + t2;
	let t13 = t1 + t3;
	let u13 = COS2 * (u1 - u3);
	let u31 = COS2 * (u1 + u3);
	let m1 = d1 - d7;
	let m2 = COS2 * (d2 - d6);
	let m3 = d3 - d5;
	let n1 = d1 + d7;
	let n2 = COS2 * (d2 + d6);
	let n3 = d3 + d5;
	let near = d0 + m2;
	let far = d0 - m2;
	let nearer = COS1 * m1 + COS3 * m3;
	let farther = COS3 * m1 - COS1 * m3;
	let up = n2 + d4;
	let down = n2 - d4;
	let upper = COS3 * n1 + COS1 * n3;
	let lower = COS1 * n1 - COS3 * n3;
	let f1 = frequency(near + nearer, upper + up);
	let f2 = frequency(u0 + u13, u31 + u2);
	let f3 = frequency(far + farther, lower + down);
	let f4 = frequency(t0 - t2, t1 - t3);
	let f5 = frequency(far - farther, lower - down);
	let f6 = frequency(u0 - u13, u31 - u2);
	let f7 = frequency(near - nearer, upper - up);
	return Spectrum(t02 + t13, {{range .Between}}f{{.}}.both, f{{.}}.cos, f{{.}}.sin, {{end}}t02 - t13);
}
{{- end -}}

{{- define "inverse" -}}
// inverse is the line of a spectrum of products k1, k2, k3 for each frequency, which is k1 + k3 and k1 - k2: the
// steps of transform in reverse order. The filter has the scale.
fn inverse(d: Spectrum) -> Line {
{{- range .Between}}
	let r{{.}} = d.z{{$.First .}} + d.z{{$.Add ($.First .) 2}};
	let i{{.}} = d.z{{$.First .}} - d.z{{$.Add ($.First .) 1}};
{{- end}}
	let even = d.z0 + d.z22;
	let odd = d.z0 - d.z22;
	let r26 = COS2 * (r2 - r6);
	let i26 = COS2 * (i2 + i6);
	let p0 = even + r4;
	let p1 = odd + i4;
	let p2 = even - r4;
	let p3 = odd - i4;
	let q0 = r2 + r6;
	let q1 = i26 + r26;
	let q2 = i2 - i6;
	let q3 = i26 - r26;
	let r17 = r1 - r7;
	let r35 = r3 - r5;
	let i17 = i1 + i7;
	let i35 = i3 + i5;
	let c0 = (r1 + r7) + (r3 + r5);
	let c1 = COS1 * r17 + COS3 * r35;
	let c2 = COS2 * ((r1 + r7) - (r3 + r5));
	let c3 = COS3 * r17 - COS1 * r35;
	let s1 = COS3 * i17 + COS1 * i35;
	let s2 = COS2 * ((i1 - i7) + (i3 - i5));
	let s3 = COS1 * i17 - COS3 * i35;
	let s4 = (i1 - i7) - (i3 - i5);
{{- range .Four}}
	let e{{.}} = p{{.}} + q{{.}};
	let e{{$.Add . 4}} = p{{.}} - q{{.}};
{{- end}}
	let o1 = c1 + s1;
	let o2 = c2 + s2;
	let o3 = c3 + s3;
	let o5 = s3 - c3;
	let o6 = s2 - c2;
	let o7 = s1 - c1;
	return Line(
		e0 + c0, e1 + o1, e2 + o2, e3 + o3, e4 + s4, e5 + o5, e6 + o6, e7 + o7,
		e0 - c0, e1 - o1, e2 - o2, e3 - o3, e4 - s4, e5 - o5, e6 - o6, e7 - o7,
	);
}
{{- end -}}
