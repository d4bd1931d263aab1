// From sums that float32 holds exactly to int32: with their biases, or on top of those of other input channels. The
// CPU twin is cpuref/quantize.go.

struct Params {
	outputs: u32, // of {{.Vector}} numbers each
	biases: u32, // which are alike for every so many outputs
	first: u32, // 1 where nothing was added up before
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<{{.Float}}>;
@group(0) @binding(2) var<storage, read> b: array<{{.Sum}}>;
@group(0) @binding(3) var<storage, read_write> sums: array<{{.Sum}}>;

fn element(i: u32) {
	var sum = b[i % p.biases];
	if p.first == 0u {
		sum = sums[i];
	}
	sums[i] = sum + {{.Sum}}(x[i]);
}

{{template "elementwise" .}}
