{{- define "rows" -}}
// A row is what the reduced axes of X have at one place of the kept ones. Some threads of a workgroup share a row, and
// some rows share a workgroup: LANES of them, beside each other. What threads have of a row is put together in a tree,
// always in the same order: the same numbers give the same bits.

const THREADS: u32 = {{.Threads}}u;
const LANES: u32 = {{.Lanes}}u;
const PARTS: u32 = THREADS / LANES; // threads of a row
{{- end -}}

{{- define "together"}}

// {{.Name}} gives each thread what the parts of its row come to. All threads must call it.
fn {{.Name}}(thread: u32, part: {{.Type}}) -> {{.Type}} {
	if LANES == THREADS {
		return part; // which is the whole row
	}
	workgroupBarrier(); // what came before was read
	{{.Array}}[thread] = part;
	workgroupBarrier();
	for (var width = THREADS / 2u; width >= LANES; width /= 2u) {
		if thread < width {
			{{.Array}}[thread] = {{.Combine}}({{.Array}}[thread], {{.Array}}[thread + width]);
		}
		workgroupBarrier();
	}
	return {{.Array}}[thread % LANES];
}
{{- end -}}

{{- define "row_of" -}}
{{template "kernel_main"}}
	let row = (workgroup.x + grid.x * (workgroup.y + grid.y * workgroup.z)) * LANES + thread % LANES;
	let part = thread / LANES;
	let inside = row < p.rows;
{{- end -}}
