// As many multiply-adds as fit: chains that do not wait for each other, over numbers from a buffer that
// no compiler can foresee. Each pair of them multiplies by a power of two and by its inverse: the sums
// stay whole numbers and grow by the same amount in every pair, which tells how many were made.
// The CPU twin is cpuref/peak.go.

struct Params {
	rounds: u32,
	count: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> values: array<{{.Number}}>;
@group(0) @binding(2) var<storage, read_write> sums: array<{{.Number}}>;

const THREADS: u32 = {{.Threads}}u;
const CHAINS: u32 = {{len .Chains}}u;

fn pair(sum: {{.Number}}, up: {{.Number}}, more: {{.Number}}, down: {{.Number}}, less: {{.Number}}) -> {{.Number}} {
{{- if .Fused}}
	return fma(fma(sum, up, more), down, less);
{{- else}}
	return (sum * up + more) * down + less;
{{- end}}
}

{{template "kernel_main"}}
	let i = (workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * THREADS + thread;
	if i >= p.count {
		return;
	}
	let up = values[CHAINS];
	let more = values[CHAINS + 1u];
	let down = values[CHAINS + 2u];
	let less = values[CHAINS + 3u];
	let start = {{.Number}}(f32(thread));
{{- range .Chains}}
	var s{{.}} = start + values[{{.}}];
{{- end}}
	for (var round = 0u; round < p.rounds; round++) {
{{- range .Pairs}}
{{- range $.Chains}}
		s{{.}} = pair(s{{.}}, up, more, down, less);
{{- end}}
{{- end}}
	}
	sums[i] = {{range $i, $c := .Chains}}{{if $i}} + {{end}}s{{$c}}{{end}};
}
