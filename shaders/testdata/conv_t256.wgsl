// One workgroup computes one output of a convolution layer, the neuron at (x, y) of depth slice k:
//
//   V[x, y, k] = sum over (fx, fy, c) of X[x*S - P + fx, y*S - P + fy, c] * W_k[fx, fy, c] + b_k
//
// Its threads share the products and add up in workgroup memory. The CPU twin is cpuref/conv.go.
// X and V are NHWC, the filters OHWI.

struct Params {
	outputs: u32, // of all images
	in_w: u32,
	in_h: u32,
	in_channels: u32,
	out_w: u32,
	out_h: u32,
	out_channels: u32,
	filter_w: u32,
	filter_h: u32,
	stride_w: u32,
	stride_h: u32,
	pad_w: u32,
	pad_h: u32,
	dilation_w: u32,
	dilation_h: u32,
	group_inputs: u32, // input channels of one filter group
	group_outputs: u32, // filters in one group
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read_write> v: array<f32>;

const THREADS: u32 = 256u;
var<workgroup> sums: array<f32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) workgroup: vec3<u32>,
	@builtin(num_workgroups) grid: vec3<u32>,
	@builtin(local_invocation_index) thread: u32,
) {
	// Outputs are counted in memory order, across the axes of a grid that no single axis could hold.
	let output = workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z);
	let inside = output < p.outputs;
	let k = output % p.out_channels;
	let out_x = output / p.out_channels % p.out_w;
	let out_y = output / p.out_channels / p.out_w % p.out_h;
	let image = output / p.out_channels / p.out_w / p.out_h;
	let first_channel = k / p.group_outputs * p.group_inputs;
	let taps = p.filter_w * p.filter_h * p.group_inputs;

	var sum = 0.0;
	for (var tap = thread; inside && tap < taps; tap += THREADS) {
		let channel = tap % p.group_inputs;
		let filter_x = tap / p.group_inputs % p.filter_w;
		let filter_y = tap / p.group_inputs / p.filter_w;
		// What lies in the padding before the input wraps around to more than any size.
		let in_x = out_x * p.stride_w + filter_x * p.dilation_w - p.pad_w;
		let in_y = out_y * p.stride_h + filter_y * p.dilation_h - p.pad_h;
		if in_x < p.in_w && in_y < p.in_h {
			let column = ((image * p.in_h + in_y) * p.in_w + in_x) * p.in_channels;
			sum += x[column + first_channel + channel] * w[k * taps + tap];
		}
	}

	// No thread leaves early: all of them meet at every barrier.
	sums[thread] = sum;
	workgroupBarrier();
	for (var width = THREADS / 2u; width > 0u; width /= 2u) {
		if thread < width {
			sums[thread] += sums[thread + width];
		}
		workgroupBarrier();
	}
	if inside && thread == 0u {
		let value = sums[0] + b[k];
		v[output] = value;
	}
}
