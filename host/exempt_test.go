package host_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// exempt are the tokens of shaders that no mutant changes, each kind with its reason. Deleting a line takes them
// all away; changing one of them alone is not tried.
var exempt = []struct {
	kind, why string
	words     string
}{
	{"punctuation", "!= and || are not tried; ++ and /= step loops, which might not end; the others have no other", `
		!= ++ -> /= = || ! >>= -= *=`},
	{"functions of float32", "another one is not tried: few take and give the same", `
		acos_of acosh_of asin_of asin_up_to_half asinh_of atan_of atanh_of binary ceil cos_of cosh_of cosine
		digits_of divided divisor_of erf_below_half erf_of erfc_above_half erfc_of exp_of expm1_of exponent_of
		floor gelu_tanh_of half_of head_of infinity_like is_infinite is_nan less_ln_2 located log1p_of log_of
		mish_of modulo modulus nan_like ordered pow_of power_of_2 quotient remainder rest_of_exp rest_of_log scaled
		shape_offsets shape_places shrunk sigmoid_of sign_like sin_of sine sine_at sinh_of size_of_pow smaller sqrt
		tan_of tanh_of to_int turned whole_pow whole_remainder`},
	{"values of kernels of tensors", "another one is not tried, though some have one of their type", `
		bits by ends exponents factor finite h highest limit lowest m most offset over p.ends p.shape.sizes p.value
		quarters rank rest root s s_tail shape sizes small square strides t.quarters t.r under under_head
		under_tail units value y_head zs`},
	{"kernels of rows", "another one is not tried: few give the same, and what stands beside them is changed", `
		a all_terms away beside best combined divisor endless exclusive factors found greatest inverses kept
		kept_offsets kept_places least length means numbers p.divisor p.kept.sizes p.last p.reduced.sizes p.results
		parts place_of plus power_of powers reduced reduced_offsets reduced_places results reverse same size_of
		squares summands term together within`},
	{"keywords", "they have no other", `
		alias case const default else fn for if let return struct switch var`},
	{"attributes and address spaces", "package shaders holds bindings and entries against Go's", `
		binding builtin compute group local_invocation_index num_workgroups storage uniform workgroup_id
		workgroup_size`},
	{"types", "they have no other of their size that would compile", `
		Axes Binary Cell Columns Frequency Line Neurons Outputs Params Plane Residue Row Shape Spectrum Strip Steps
		Sums Taps Tile Turned View array bool mat2x4 mat4x4 rgba32float texture_storage_2d`},
	{"functions", "another one is not tried: few take and give the same", `
		abs activate add all along between biases block_of clamp complete copy_residue cos derivative
		gradient_of_v element erf exp fetch finish finish_all finish_at flat fma frequency from_input
		from_output from_padded from_plane gelu_tangent half has input inverse keep limited locate main
		multiplied neuron next pack2x16float pair place product put reduce residual rows_of select sign
		signed_byte sin sixteen tangent textureLoad tile_of transform unflat unpack2x16float bitcast
		finish_output function keep_nan output_at quantized r_at slice store v_at x_at weigh weights window
		workgroupBarrier write`},
	{"buffers", "another one is not tried: where two of one type are swapped, whole layers are wrong", `
		db depthwise dslopes duplicate dw dz lines original p partials products residuals scales slopes sums u v values
		w_zeros ws xs y ys`},
	{"constants of the table", "the numbers that they stand for are changed where they are declared", `
		CHAINS EACH STORED STRIP`},
	{"values", "another one is not tried, though some have one of their type", `
		activation alpha around at.channel at.plane b_bank backward bands below beta block blocks both c
		channels.w channels.x channels.y channels.z copies count d dilation e f.x f.y f.z filter_size
		filters fits from_size.x from_size.y from_size.z grid group_inputs group_outputs images in_channels
		in_size index inputs left line mirrored nearest none nowhere out_channels out_size p.count
		over.y over.z p.dilation.yz p.filter_size.yz p.out_size.yz padding residue residue.first residue.step
		plane plane.first
		plane.inside position reach read round rounds series size size.x stride strips t t.o terms
		tile.inside tiles tiles.x to.count to.first to_size.x to_size.y to_size.z top total w_bank w_group
		w_input w_output w_tap wf word x_zero xf p.channels p.first p.pitch pitch r r_first r_pitch v_first v_pitch
		split split_k x_first x_pitch p.y_first p.y_pitch y_first y_pitch
		p.scale p.zero scale steps_from_zero v_scale v_zero zero words signed_bytes clamped dequantized`},
	{"numbers of a word", "another one is not tried: where two are swapped, whole layers are wrong", `
		f.xy f.zw`},
	{"tensors", "another one is not tried: few give the same, and what stands beside them is changed", `
		| corner corner.xy corner.z counted dot false i_first i_inner i_outer i_step larger n_inner n_outer n_step
		outer places pool shift strip true v_inner v_outer v_step x_inner x_outer x_step`},
}

// exemptNumbers are the numbers, and the names and members with numbers, of unrolled code that swaps and numbered
// do not know: they are not tried.
var exemptNumbers = regexp.MustCompile(`^(x?[0-9a-f]*\d+u?|x[0-9a-f]+u|[a-z]+\d+(_\d+)*|` +
	`[a-z]+\d*\.[a-z]+\d+|f\d\.(both|cos|sin))$`)

// TestWhatIsExempt holds that each token of the broken shaders is changed, or is one that the lists above name,
// and that these name no other. What is left out by where it stands is written at tokenMutants, at lines and at
// firstAndLast.
func TestWhatIsExempt(t *testing.T) {
	params, listed := nextParam(t), map[string]bool{}
	for _, e := range exempt {
		for _, word := range strings.Fields(e.words) {
			if _, twice := listed[word]; twice {
				t.Errorf("%s is listed twice", word)
			}
			listed[word] = false // not found yet
		}
	}
	for v, code := range lines(t) {
		for _, line := range code {
			text, _, _ := strings.Cut(line, "//")
			for _, word := range token.FindAllString(text, -1) {
				_, isListed := listed[word]
				switch changed := len(changes(params, word)) > 0; {
				case changed && isListed:
					t.Errorf("%s is listed as exempt, and is changed", word)
				case isListed:
					listed[word] = true
				case !changed && !exemptNumbers.MatchString(word):
					t.Errorf("%s, `%s`: nothing changes %s, which is not listed", v.Name(), strings.TrimSpace(line),
						word)
				}
			}
		}
	}
	var missing []string
	for word, found := range listed {
		if !found {
			missing = append(missing, word)
		}
	}
	if slices.Sort(missing); len(missing) > 0 {
		t.Errorf("listed as exempt, and in no shader: %q", missing)
	}
}
