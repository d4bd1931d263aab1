{{- define "reduce" -}}
// Workgroups add up in a tree, always in the same order: the same sums give the same bits.

const THREADS: u32 = {{.Threads}}u;
var<workgroup> sums: array<{{.Sum}}, THREADS>;

// reduce gives thread 0 the sum over the workgroup. All threads must call it.
fn reduce(thread: u32, sum: {{.Sum}}) -> {{.Sum}} {
	sums[thread] = sum;
	workgroupBarrier();
	for (var width = THREADS / 2u; width > 0u; width /= 2u) {
		if thread < width {
			sums[thread] += sums[thread + width];
		}
		workgroupBarrier();
	}
	return sums[0];
}
{{- end -}}
