// The gradient with respect to the biases, a thread for {{.Vector}} of them and a part of the sum:
//
//   db_k = sum over images and (x, y) of dV[x, y, k]
//
// or of an unshared layer, whose neurons have biases of their own, over images alone. Sums that are split stand one
// db after the other. The CPU twin is cpuref/gradients.go.

struct Params {
	terms: u32, // of each sum
	outputs: u32, // biases, and numbers of dV from one term of a sum to the next
	split_k: u32, // parts of each sum
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dv: array<{{.Load}}>;
@group(0) @binding(2) var<storage, read_write> db: array<{{.Load}}>;

const THREADS: u32 = {{.Threads}}u;

{{template "kernel_main"}}
	let unit = (workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * THREADS + thread;
	let columns = p.outputs{{if eq .Vector 4}} / 4u{{end}};
	let column = unit % columns;
	let split = unit / columns;
	if split >= p.split_k {
		return;
	}
	let each = (p.terms + p.split_k - 1u) / p.split_k;
	let begin = min(split * each, p.terms);
	let end = min(begin + each, p.terms);
	var sum = {{.Load}}();
	for (var term = begin; term < end; term++) {
		sum += dv[term * columns + column];
	}
	db[split * columns + column] = sum;
}
