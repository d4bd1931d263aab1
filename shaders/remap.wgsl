// Words of V from other places of X: along each axis the coordinate c of V is start + step * c of X. What is outside
// of X is of the kind {{.Outside}}.

{{template "strided"}}

alias Steps = array<vec4<i32>, 2>; // as Axes

struct Params {
	shape: Shape, // of V
	x: View,
	v: View,
	start: Steps,
	step: Steps,
	ends: Axes, // the sizes of X
	value: u32, // outside of X
	outputs: u32, // words of V
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<u32>;
@group(0) @binding(2) var<storage, read_write> v: array<u32>;
{{- if or (eq .Outside "wrap") (eq .Outside "reflect")}}

// modulo is the rest of c / n, from 0 on. It is no %, which some GPUs take for one of numbers without a sign.
fn modulo(c: i32, n: i32) -> i32 {
	let rest = c - c / n * n;
	return select(rest, rest + n, rest < 0);
}
{{- end}}

// located is the coordinate of X, of n, that stands for c.
fn located(c: i32, n: i32) -> i32 {
{{- if eq .Outside "constant"}}
	return c;
{{- else if eq .Outside "edge"}}
	return clamp(c, 0, n - 1);
{{- else if eq .Outside "wrap"}}
	return modulo(c, n);
{{- else if eq .Outside "reflect"}}
	let around = modulo(c, max(2 * n - 2, 1)); // there and back again
	return min(around, 2 * n - 2 - around);
{{- end}}
}

fn element(i: u32) {
	var place = p.x.offset;
	var to = p.v.offset;
	var inside = true;
{{template "each_axis" "shape"}}
		let c = p.start[axis / 4u][axis % 4u] + p.step[axis / 4u][axis % 4u] * i32(coordinate);
		let n = p.ends[axis / 4u][axis % 4u];
		let at = u32(located(c, i32(n)));
		inside = inside && at < n;
		place += at * p.x.strides[axis / 4u][axis % 4u];
		to += coordinate * p.v.strides[axis / 4u][axis % 4u];
	}
	var word = p.value;
	if inside {
		word = xs[place];
	}
	v[to] = word;
}

{{template "several_elements" .}}
