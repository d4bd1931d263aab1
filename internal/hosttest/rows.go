package hosttest

import (
	"github.com/gpuconv/gpuconv/conv"
)

// row is one kind of layer: small, and odd in one way or a few.
type row struct{ name, problem string }

var shapes = []row{
	{"one number", "ic1ih1oc1kh1"},
	{"the notes' example", "ic4ih11oc2kh5sh2"},
	{"1x1", "ic5ih4oc3kh1"},
	{"1x1, strided", "ic5ih7oc3kh1sh3"},
	{"1D", "ic3iw13oc4kw5pw2"},
	{"1D along the height", "ic3ih13iw1oc4kh5kw1ph2pw0"},
	{"the filter is the input", "ic3ih5iw4oc7kh5kw4"},
	{"one filter", "ic3ih6oc1kh3"},
	{"batch", "mb3ic2ih5oc3kh3ph1"},
	{"batch of 1x1 inputs", "mb7ic5ih1oc3kh1"},
	{"rectangular input, wide", "ic2ih3iw9oc3kh3"},
	{"rectangular input, high", "ic2ih9iw3oc3kh3"},
	{"rectangular filter, wide", "ic2ih7oc3kh1kw5ph0pw2"},
	{"rectangular filter, high", "ic2ih7oc3kh5kw1ph2pw0"},
	{"rectangular stride", "ic2ih9oc3kh3sh2sw3"},
	{"rectangular padding", "ic2ih5oc3kh3ph0pw2"},
	{"stride that does not fit", "ic2ih8oc3kh3sh2"},
	{"stride larger than the filter", "ic2ih11oc3kh2sh5"},
	{"stride larger than the input", "ic2ih3oc3kh2sh7ph1"},
	{"fewer outputs than fit", "ic2ih9oc3oh2ow3kh3ph1"},
	{"dilation", "ic2ih7oc3kh3ph2dh1"},
	{"dilation larger than the input", "ic2ih4oc3kh3ph5dh4"},
	{"rectangular dilation", "ic2ih9oc3kh3ph2pw1dh2dw0"},
	{"dilation and stride", "ic2ih11oc3kh3sh2ph1dh2"},
	{"3D", "ic2id4ih5iw3oc3kd2kh3kw2"},
	{"3D cube", "ic3id4oc2kd3pd1"},
	{"3D, 1x1x1", "mb2ic3id3ih2iw4oc5kd1kh1kw1"},
	{"3D, filter of depth alone", "ic2id5ih3oc3kd3kh1pd1ph0"},
	{"3D, strides", "ic2id7ih6iw8oc2kd3kh2kw3sd2sh1sw3"},
	{"3D, padding", "ic2id3ih4iw3oc2kd3kh3kw2pd2ph1pw0"},
	{"3D, dilation", "ic1id6ih5iw7oc2kd2kh3kw2pd1ph1pw2dd2dh0dw1"},
	{"everything at once", "g2mb2ic6ih9iw8oc10oh4ow3kh3kw2sh2sw3ph3pw1dh1dw2"},
	{"everything at once, 3D", "g2mb2ic4id5ih6iw7oc6od3oh4ow2kd3kh2kw3sd2sh1sw3pd2ph1pw3dd0dh2dw1"},
}

var groups = []row{
	{"groups", "g3ic6ih5oc9kh3ph1"},
	{"groups of one filter", "g3ic6ih5oc3kh3"},
	{"groups of 1x1", "g2mb2ic6ih3oc4kh1"},
	{"groups, strided and dilated", "g2ic4ih9oc6kh3sh2ph2dh1"},
	{"groups, 1D", "g4ic8iw9oc4kw3pw1"},
	{"groups, 3D", "g2ic4id3ih4iw3oc6kd2kh3kw2pd1"},
	{"groups, circular", "g2mb2ic4ih5oc6kh3ph2+circular"},
	{"depthwise", "g7ic7ih5oc7kh3ph1"},
	{"depthwise, batch and stride", "mb2g5ic5ih8oc5kh3sh2ph1"},
	{"depth multiplier", "g4ic4ih5oc12kh3ph1"},
}

// transposed layers have oh where output padding or a given output size asks for another one.
var transposed = []row{
	{"ordinary", "ic3ih4oc2kh3+transposed"},
	{"one number", "ic1ih1oc1kh1+transposed"},
	{"1x1", "ic4ih3oc5kh1+transposed"},
	{"batch", "mb3ic2ih3iw4oc3kh2kw3+transposed"},
	{"1D", "ic3iw5oc2kw4sw2pw1+transposed"},
	{"3D", "ic2id3ih2iw3oc3kd2kh3kw3sd2sh1sw2pd0ph1pw1+transposed"},
	{"stride", "ic2ih4oc3kh3sh2+transposed"},
	{"rectangular stride", "ic2ih4iw3oc3kh3kw4sh2sw3+transposed"},
	{"stride larger than the filter", "ic2ih4oc3kh2sh5+transposed"},
	{"padding", "ic2ih5oc3kh3ph1+transposed"},
	{"padding asymmetric in each axis", "ic2ih5iw4oc3oh5ow7kh4kw3sh1sw2ph1pw2+transposed"},
	{"padding larger than the filter", "ic2ih7oc2kh2ph3+transposed"},
	{"output padding", "ic2ih4oc3oh9kh3sh2ph1ow9+transposed"},
	{"output padding, one axis", "ic2ih4oc3oh7ow8kh3sh2ph1+transposed"},
	{"output beyond what is spread", "ic2ih3oc2oh12kh3sh2+transposed"},
	{"output cropped", "ic2ih4oc3oh5kh3sh2ph1+transposed"},
	{"output of one", "ic3ih4oc2oh1kh3sh2ph2+transposed"},
	{"dilation", "ic2ih4oc3kh3dh1+transposed"},
	{"dilation and stride", "ic2ih4iw3oc3kh3kw2sh3sw2ph2pw1dh1dw3+transposed"},
	{"groups", "g2ic4ih3oc6kh3sh2ph1+transposed"},
	{"depthwise", "g3mb2ic3ih4oc3kh4sh2ph1+transposed"},
	{"depth multiplier", "g3ic3ih4oc6kh2sh2+transposed"},
	{"everything at once", "g2mb2ic4ih4iw3oc6oh8ow12kh3kw2sh2sw4ph2pw1dh1dw2+transposed"},
	{"everything at once, 3D", "g2mb2ic4id2ih4iw3oc2od3oh7ow6kd2kh3kw2sd3sh2sw2pd1ph2pw0dd1dh0dw1+transposed"},
}

var unshared = []row{
	{"ordinary", "ic3ih4oc2kh3+unshared"},
	{"one number", "ic1ih1oc1kh1+unshared"},
	{"1x1", "ic4ih3oc5kh1+unshared"},
	{"1D", "ic3iw9oc2kw3pw1+unshared"},
	{"3D", "ic2id3ih4iw3oc2kd2kh3kw2pd1ph1pw0+unshared"},
	{"batch", "mb4ic2ih4iw5oc3kh3kw2+unshared"},
	{"strided", "ic2ih7iw8oc3kh3sh2sw3+unshared"},
	{"padded", "ic2ih4oc3kh3ph2pw1+unshared"},
	{"padded behind only", "ic2ih6oc3oh3kh3sh2+unshared"},
	{"reflect", "mb2ic2ih4iw5oc3kh3ph2+unshared+reflect"},
	{"replicate", "mb2ic2ih4iw5oc3kh3ph2+unshared+replicate"},
	{"circular", "mb2ic2ih4iw5oc3kh3ph2+unshared+circular"},
	{"dilation", "ic2ih7oc3kh3ph1dh1+unshared"},
	{"groups", "g2ic4ih4oc6kh3ph1+unshared"},
	{"depthwise", "g3mb2ic3ih5oc3kh3sh2ph1+unshared"},
	{"everything at once", "g2mb2ic4ih7iw6oc6oh4ow3kh3kw2sh2sw3ph3pw1dh1dw2+unshared"},
}

// padding is zeros first, then each kind of padding in the same places.
func padding() []row {
	rows := []row{
		{"1x1, padded", "ic2ih3oc3kh1ph2"},
		{"before and behind", "ic2ih5oc3kh3ph1"},
		{"behind only", "ic2ih6oc3oh3kh3sh2"},
		{"before only", "ic2ih6oc3oh6kh3ph2"},
		{"asymmetric in each axis", "ic2ih5iw6oc3oh7ow5kh3ph1pw2"},
		{"as large as the filter", "ic2ih4oc2kh3ph3"},
		{"larger than the filter", "ic2ih3oc2kh2ph5"},
		{"filter larger than the input", "ic2ih3oc2kh7ph3"},
		{"VALID", "ic2ih8iw7oc3kh3sh2"},
		{"SAME upper", same("ic2ih6iw8oc3kh3kw4sh2", true)},
		{"SAME lower", same("ic2ih6iw8oc3kh3kw4sh2", false)},
		{"SAME upper, dilated", same("ic2ih5iw6oc3kh2kw4dh2dw0", true)},
		{"SAME lower, dilated", same("ic2ih5iw6oc3kh2kw4dh2dw0", false)},
		{"SAME upper, 1D", same("ic2iw7oc3kw4sw2", true)},
		{"SAME lower, 3D", same("ic2id4ih3iw5oc2kd2kh3kw4sd1sh2sw2", false)},
	}
	for _, kind := range []conv.Padding{conv.Reflect, conv.Replicate, conv.Circular} {
		for _, r := range []row{
			{"1D", "ic3iw7oc2kw5pw2"},
			{"2D", "mb2ic2ih4iw5oc3kh3kw4ph1pw2"},
			{"3D", "ic2id3ih4iw3oc2kd3kh2kw3pd1ph1pw2"},
			{"strides", "ic2ih7iw8oc3kh3sh2sw3ph2"},
			{"dilation", "ic2ih6iw5oc3kh3kw2ph3pw2dh1dw2"},
			{"asymmetric", "ic2ih5iw6oc3oh7ow5kh3ph1pw2"},
			{"behind only", "ic2ih6oc3oh6kh3"},
			{"before only", "ic2ih6oc3oh6kh3ph2"},
			{"SAME upper", same("ic2ih6iw8oc3kh3kw4sh2", true)},
			{"1x1, padded", "ic2ih4oc3kh1ph2"},
			{"fewer outputs than fit", "ic2ih9oc3oh2ow3kh3ph1"},
			{"filter larger than the input", "ic2ih4oc2kh7ph3"},
			{"everything at once", "g2mb2ic4ih7iw6oc6oh4ow3kh3kw2sh2sw3ph3pw1dh1dw2"},
		} {
			rows = append(rows, row{kind.String() + ", " + r.name, r.problem + "+" + kind.String()})
		}
	}
	return append(rows,
		row{"reflect, as wide as it may be", "ic2ih4iw2oc2kh3ph3pw1+reflect"},
		row{"reflect, one input and no padding", "ic3iw1oc2kw1+reflect"},
		row{"replicate, wider than the input", "ic2ih2iw3oc2kh3ph5pw4+replicate"},
		row{"replicate, one input", "ic3iw1oc2kw3pw2+replicate"},
		row{"circular, as wide as it may be", "ic2ih3iw2oc2kh3ph3pw2+circular"},
		row{"circular, one input", "ic3iw1oc2kw3pw1+circular"})
}

// same is the layer with SAME padding in all of its axes.
func same(problem string, upper bool) string {
	p, err := conv.Parse(problem)
	if err != nil {
		panic(err)
	}
	for _, a := range []*conv.Axis{&p.Z, &p.H, &p.W} {
		if *a, err = a.Same(upper); err != nil {
			panic(err)
		}
	}
	return p.String()
}
