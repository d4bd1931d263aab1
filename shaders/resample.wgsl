// Each number of V is mixed of numbers beside each other along one axis of X, by a table: a row of it has the taps for
// one coordinate of V on that axis. Neighbouring threads have neighbouring lines along the axis, and all threads of a
// workgroup the same coordinates. Weights add up to 1: of equal numbers, and of one, the mix is that number, bit for
// bit, which need not be float32. The CPU twin is cpuref/operators/resize.go.

{{template "strided"}}

struct Tap {
	step: u32, // from the beginning of a line of X, or OUTSIDE
	weight: f32,
}

struct Params {
	outside: u32, // the number of V at coordinates whose first tap is OUTSIDE
	size: u32, // of the axis of V
	taps: u32, // of each coordinate
	strip: u32, // coordinates of a thread
	v_step: u32, // along the axis
	lines: u32,
	blocks: u32, // workgroups beside each other, which have the same coordinates
	around: Shape, // of the axes but the one
	x: View,
	v: View,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<u32>;
@group(0) @binding(2) var<storage, read> table: array<Tap>;
@group(0) @binding(3) var<storage, read_write> v: array<u32>;

const THREADS: u32 = {{.Threads}}u;
const OUTSIDE: u32 = 0xffffffffu;

{{template "walk" .Walk}}

// mixed is the number for a row of the table, whose first tap is given.
fn mixed(start: u32, first: u32) -> u32 {
	if table[first].step == OUTSIDE {
		return p.outside;
	}
	let one = xs[start + table[first].step];
	var same = true;
	var sum = table[first].weight * bitcast<f32>(one);
	for (var k = 1u; k < p.taps; k++) {
		let tap = table[first + k];
		let x = xs[start + tap.step];
		same = same && x == one;
		sum += tap.weight * bitcast<f32>(x);
	}
	return select(bitcast<u32>(sum), one, same);
}

{{template "kernel_main"}}
	let tile = workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z);
	let line = tile % p.blocks * THREADS + thread;
	let first = tile / p.blocks * p.strip;
	if line < p.lines {
		let at = around_offsets(line);
		for (var k = first; k < min(first + p.strip, p.size); k++) {
			v[at.v + k * p.v_step] = mixed(at.x, k * p.taps);
		}
	}
}
