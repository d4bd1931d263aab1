{{- define "each_thread" -}}
// Each thread computes one element, on its own.

const THREADS: u32 = {{.Threads}}u;

{{template "kernel_main"}}
	// Elements are counted in memory order, across the axes of a grid that no single axis could hold.
	let i = (workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * THREADS + thread;
{{- end -}}

{{- define "elementwise" -}}
{{template "each_thread" .}}
	if i < p.outputs {
		element(i);
	}
}
{{- end -}}

{{- define "several_elements" -}}
// Each thread computes EACH elements, on its own: those of a workgroup's threads stand beside each other.

const THREADS: u32 = {{.Threads}}u;
const EACH: u32 = {{.Each}}u;

{{template "kernel_main"}}
	let first = (workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * THREADS * EACH + thread;
	for (var k = 0u; k < EACH; k++) {
		let i = first + k * THREADS;
		if i < p.outputs {
			element(i);
		}
	}
}
{{- end -}}

{{- define "wordwise" -}}
// element writes a word of four numbers, the first in its lowest byte. Bytes behind the last number are 0.
fn element(i: u32) {
	var word = 0u;
	for (var k = 0u; k < 4u; k++) {
		if 4u * i + k < p.outputs {
			word += number(4u * i + k) << (8u * k);
		}
	}
	v[i] = word;
}

{{template "each_thread" .}}
	if i <= (p.outputs - 1u) / 4u {
		element(i);
	}
}
{{- end -}}
