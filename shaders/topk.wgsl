// One step of sorting rows, for ONNX's TopK. A row comes in runs that are sorted, the best number first; each two runs
// beside each other become one, of which the best numbers are kept. A number's place is the number of those before it
// in its own run and in the other one, which is searched by halves. Of equal numbers that of the left run is the
// better one. The CPU twin is cpuref/operators/reduce.go.

{{template "strided"}}

struct Params {
	rows: Shape,
	x: View, // a row's first number
	x_index: View, // its first index
	v: View, // and of the results
	v_index: View,
	outputs: u32, // numbers of all rows of X
	length: u32, // of a row of X
	run: u32, // numbers of a run, but for the last one of a row
	half: u32, // the largest power of 2 that is no more than a run
	kept: u32, // of two runs
	x_step: u32, // from one number of a row to the next
	x_index_step: u32,
	v_step: u32,
	v_index_step: u32,
	whole: u32, // 1 for whole numbers
	smallest: u32, // 1 where the smallest number is the best
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> xs: array<u32>;
@group(0) @binding(2) var<storage, read> indices: array<i32>;
@group(0) @binding(3) var<storage, read_write> v: array<u32>;
@group(0) @binding(4) var<storage, read_write> v_indices: array<i32>;

{{template "walk" .Walk}}

// key has the order of numbers: the larger one is better. The two zeros are equal, and NaN is the largest number.
fn key(word: u32) -> u32 {
	var order = select(word | 0x80000000u, ~word, word >= 0x80000000u);
	if (word & 0x7fffffffu) == 0u {
		order = 0x80000000u;
	}
	if (word & 0x7fffffffu) > 0x7f800000u {
		order = 0xffffffffu;
	}
	if p.whole == 1u {
		order = word ^ 0x80000000u;
	}
	return select(order, ~order, p.smallest == 1u);
}

fn element(i: u32) {
	let at = rows_offsets(i / p.length);
	let place = i % p.length;
	let run = place / p.run;
	let other = (run ^ 1u) * p.run; // the first number of the other run
	let count = min(max(p.length, other) - other, p.run);
	let word = xs[at.x + place * p.x_step];
	let mine = key(word);
	let left = run % 2u == 0u;
	var before = 0u; // numbers of the other run that are better
	for (var more = p.half; more > 0u; more /= 2u) {
		let last = before + more;
		if last <= count {
			let its = key(xs[at.x + (other + last - 1u) * p.x_step]);
			if its > mine || (its == mine && !left) {
				before = last;
			}
		}
	}
	let rank = place % p.run + before;
	if rank < p.kept {
		let to = run / 2u * p.kept + rank;
		v[at.v + to * p.v_step] = word;
		v_indices[at.v_index + to * p.v_index_step] = indices[at.x_index + place * p.x_index_step];
	}
}

{{template "elementwise" .}}
