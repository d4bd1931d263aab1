{{- define "strided" -}}
// What all kernels of tensors share: views of memory by sizes and strides. There are eight axes, the last one the
// quickest; a tensor of fewer has its own behind others of size 1 and stride 0.

alias Axes = array<vec4<u32>, 2>;

struct Shape {
	sizes: Axes,
	rank: u32, // axes from the last one on that are not of size 1 alone
}

struct View {
	strides: Axes, // numbers from one coordinate of an axis to the next
	offset: u32, // of the first number
}

// offset_of is where a view has the number at some coordinates.
fn offset_of(view: View, at: Axes) -> u32 {
	let steps = view.strides[0] * at[0] + view.strides[1] * at[1];
	return view.offset + steps.x + steps.y + steps.z + steps.w;
}
{{- end -}}

{{- define "each_axis"}}	var rest = i;
	for (var k = 1u; k <= p.{{.}}.rank; k++) {
		let axis = 8u - k;
		let size = p.{{.}}.sizes[axis / 4u][axis % 4u];
		let quotient = rest / size;
		let coordinate = rest - quotient * size;
		rest = quotient;
{{- end -}}

{{- define "walk" -}}
// {{.Name}}_offsets are where views have the number i of the shape p.{{.Name}}, in the order of memory.
struct {{.Name}}_places {
{{- range .Views}}
	{{.}}: u32,
{{- end}}
}

fn {{.Name}}_offsets(i: u32) -> {{.Name}}_places {
	var to = {{.Name}}_places({{range $n, $view := .Views}}{{if $n}}, {{end}}p.{{$view}}.offset{{end}});
{{template "each_axis" .Name}}
{{- range .Views}}
		to.{{.}} += coordinate * p.{{.}}.strides[axis / 4u][axis % 4u];
{{- end}}
	}
	return to;
}
{{- end -}}
