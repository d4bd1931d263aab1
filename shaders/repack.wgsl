// Filters in the order in which a kernel reads them: each is one of W, or the zero that fills a block up. What package
// algo packs on the host for layers whose filters stay is packed here for those whose filters are trained.

struct Params {
	outputs: u32, // packed weights
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> places: array<u32>; // 1 more than a weight's place in W, or 0 for a zero
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> packed: array<f32>;

fn element(i: u32) {
	packed[i] = select(0.0, w[max(places[i], 1u) - 1u], places[i] > 0u);
}

{{template "elementwise" .}}
