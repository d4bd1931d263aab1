// Each number of V is the sum of a row of X up to its place.

{{template "strided"}}

struct Params {
	kept: Shape,
	x: View, // by the kept axes
	v: View, // by the kept axes
	rows: u32,
	count: u32, // numbers of a row
	terms: u32, // from one number of a row of X to the next
	results: u32, // from one number of a row of V to the next
	exclusive: u32, // 1: without the number at the place itself
	reverse: u32, // 1: from the end of the row
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<{{.Type}}>;
@group(0) @binding(2) var<storage, read_write> v: array<{{.Type}}>;

{{template "rows" .}}

var<workgroup> parts: array<{{.Type}}, THREADS>;

{{template "walk" .Kept}}

// place_of is the place in a row of number t of those that are added up.
fn place_of(t: u32) -> u32 {
	return select(t, p.count - 1u - t, p.reverse == 1u);
}

{{template "row_of" .}}
	let at = kept_offsets(row);
	// Each thread has numbers beside each other.
	let length = (p.count + PARTS - 1u) / PARTS;
	let begin = min(part * length, p.count);
	let end = select(begin, min(begin + length, p.count), inside);
	var all = {{.Type}}(0);
	for (var t = begin; t < end; t++) {
		all += xs[at.x + place_of(t) * p.terms];
	}
	parts[thread] = all;
	workgroupBarrier(); // all parts are there
	var before = {{.Type}}(0);
	for (var k = thread % LANES; k < thread; k += LANES) {
		before += parts[k];
	}
	for (var t = begin; t < end; t++) {
		let behind = before + xs[at.x + place_of(t) * p.terms];
		v[at.v + place_of(t) * p.results] = select(behind, before, p.exclusive == 1u);
		before = behind;
	}
}
