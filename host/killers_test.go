package host_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/conv"
	"github.com/gpuconv/gpuconv/cpuref"
	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/host/proof"
	"github.com/gpuconv/gpuconv/internal/exec"
	"github.com/gpuconv/gpuconv/internal/hosttest"
	"github.com/gpuconv/gpuconv/shaders"
)

// killer is a layer that must notice broken shaders.
type killer struct {
	name string
	run  func(*host.Device) error
}

// killers are those of each broken variant, the quickest first.
var killers = map[shaders.Variant][]killer{
	shaders.ReLU: {
		// the last workgroup half full, and some left over
		exact("ic1iw700oc1kw1", separate(conv.Activate(conv.ReLU))),
		exact("ic1iw5120oc1kw1", separate(conv.Activate(conv.ReLU))), // 20 workgroups, which fill the folded grid
		{"numbers behind V", reluBehind},
	},
	shaders.Activate: append(functions(true, false),
		exact("ic1iw700oc1kw1", separate(leaky)), exact("ic1iw5120oc1kw1", separate(leaky)),
		exact("ic1iw100oc3kw1", separate(prelu(conv.BeforeFunction))),
		exact("ic1iw100oc3kw1", separate(prelu(conv.AfterFunction))),
		exact("ic1iw9oc2kw1",
			separate(conv.Epilogue{Activation: conv.Activation{Function: conv.ReLU}, Residual: conv.BeforeFunction}))),
	shaders.ActivationGradients: append(functions(false, true),
		gradients("ic1iw700oc1kw1", fused(leaky)), gradients("ic1iw5120oc1kw1", fused(leaky)),
		gradients("ic1iw100oc3kw1", fused(prelu(conv.NoResidual)))),
	shaders.BiasGradients: {
		gradients("mb2ic1iw73oc3kw1", directly),         // more positions than threads
		gradients("mb3ic1ih2oc2kh1+unshared", directly), // one position
		gradients("mb2ic1iw5oc20kw1", directly),         // fills the folded grid
	},
	shaders.FilterGradients: {
		// no two parameters beside each other are alike
		gradients("g2mb2ic4id3ih4iw5oc6od4oh3ow2kd2kh3kw4sd1sh2sw3pd2ph3pw1dd1dh0dw0", directly),
		// more positions than threads
		gradients("mb3ic2ih9iw10oc3kh2kw1+reflect", directly),
		gradients("g2mb2ic4ih3iw4oc2kh2kw3+unshared", directly),
		gradients("g2mb2ic2ih3iw4oc6kh2kw3sh2ph1+transposed", directly),
		gradients("mb3ic1iw25oc2kw2+transposed", directly), // more positions than threads
		gradients("mb2ic1iw3oc1kw1+unshared", directly),    // banks of one weight
		gradients("ic1ih4iw5oc2kh3kw4ph2pw3+reflect", directly),
		gradients("ic1ih4iw5oc2kh3kw4ph2pw3+replicate", directly),
		gradients("ic1ih4iw5oc2kh3kw4ph2pw3+circular", directly),
		gradients("ic5iw3oc4kw1", directly), // 20 weights fill the folded grid
	},
	shaders.Conv(256, shaders.Float32): convKillers(wide(shaders.Float32)),
	shaders.Conv(256, shaders.Float16): halfKillers(wide(shaders.Float16)),
	shaders.HalfBy(false, 4):           convertedKillers("8x16_v4_t8", "ic8iw700oc8kw1", "ic8iw640oc8kw1"),
	shaders.HalfBy(true, 4):            convertedKillers("8x16_v4_t8", "ic8iw700oc8kw1", "ic8iw640oc8kw1"),
	shaders.HalfBy(false, 1):           convertedKillers("8x4_v1_t64", "ic1iw5629oc1kw1", "ic1iw5117oc1kw1"),
	shaders.HalfBy(true, 1):            convertedKillers("8x4_v1_t64", "ic1iw5629oc1kw1", "ic1iw5117oc1kw1"),
	shaders.FromInt8:                   exactSumsKillers("ic8iw700oc8kw1", "ic8iw320oc8kw1", "mb2ic3iw9oc4kw2pw1"),
	shaders.ToSumsBy(4): exactSumsKillers("ic8iw700oc8kw1", "ic8iw320oc8kw1", "mb2ic4iw9oc4kw2+unshared",
		"ic4000iw3oc4kw1"), // the last one in parts
	shaders.ToSumsBy(1): exactSumsKillers("ic3iw900oc3kw1", "ic3iw2560oc1kw1", "mb2ic4iw9oc3kw2+unshared",
		"ic4000iw3oc3kw1"),
	shaders.Dequantize: {
		quantizedKiller("ic1iw700oc1kw1", leaky, 256), quantizedKiller("ic1iw5120oc1kw1", leaky, 256),
		quantizedKiller("ic1iw100oc3kw1", prelu(conv.AfterFunction), 256),
	},
	shaders.Requantize: {
		// the last word with three numbers
		requantizeKiller("ic1iw333oc3kw1", prelu(conv.AfterFunction)),
		// with one, and with four
		requantizeKiller("ic1iw2801oc1kw1", leaky), requantizeKiller("ic1iw2804oc1kw1", leaky),
		requantizeKiller("ic1iw20480oc1kw1", prelu(conv.BeforeFunction)),
	},
	shaders.Conv(256, shaders.Int8): {
		quantizedKiller("mb2ic1ih3iw4oc2kh3ph1", conv.Epilogue{}, 256),
		quantizedKiller("g2mb2ic10ih6iw5oc6oh3ow2kh2kw3sh2sw3ph3pw1dh2dw1", conv.Epilogue{}, 256),
		quantizedKiller("ic65ih2iw3oc3kh2", conv.Epilogue{}, 256),
		quantizedKiller("g2mb2ic4ih3iw4oc6kh2kw3sh2ph1+transposed", conv.Epilogue{}, 256),
		quantizedKiller("g2mb2ic4ih3iw4oc6kh2kw3+unshared", conv.Epilogue{}, 256),
		quantizedKiller("ic2iw5oc2kw3", conv.Epilogue{}, 256),
	},
}

// directly has the gradients with respect to W and b by the direct algorithm.
var directly = host.LayerOptions{FilterGradient: "direct"}

// reluBehind has negative numbers behind V: guards are NaN, of which ReLU makes what they are.
func reluBehind(dev *host.Device) error {
	const outputs = 300
	data := slices.Repeat([]float32{-1}, 2*outputs)
	params := shaders.Encode(shaders.ReLUParams{Outputs: outputs, Channels: 1, Pitch: 1})
	after, err := attemptKernel(dev, shaders.ReLU, params, 2, exec.Bits(data))
	clear(data[:outputs])
	return sameNumbers(exec.Floats(after), data, err)
}

var leaky = conv.Epilogue{Activation: conv.Activation{Function: conv.LeakyReLU, Alpha: 0.5}}

func prelu(r conv.Residual) conv.Epilogue {
	return conv.Epilogue{Activation: conv.Activation{Function: conv.PReLU}, Residual: r}
}

func separate(e conv.Epilogue) host.LayerOptions {
	return host.LayerOptions{Epilogue: e, Separate: true}
}
func fused(e conv.Epilogue) host.LayerOptions { return host.LayerOptions{Epilogue: e} }
func wide(n host.DType) host.LayerOptions     { return host.LayerOptions{Threads: 256, DType: n} }

// convKillers run conv.wgsl forward and, for gradients with respect to X, backward.
func convKillers(o host.LayerOptions) []killer {
	finished := o
	finished.Epilogue = prelu(conv.BeforeFunction)
	all := []killer{
		// each edge of each image is read over
		exact("mb2ic1ih3iw4oc2kh3ph1", o),
		// no two parameters beside each other are alike
		exact("g2mb2ic10id5ih6iw7oc6od4oh3ow2kd2kh3kw2sd1sh2sw3pd2ph3pw1dd1dh0dw1", o),
		// more taps than threads
		exact("ic65ih2iw3oc3kh2", o),
		exact("g2mb2ic4id2ih3iw4oc6od4oh8ow9kd2kh3kw2sd2sh3sw2pd1ph2pw0dd1dh0dw2+transposed", o), // the way back
		// each neuron its own
		exact("g2mb2ic4id2ih3iw4oc6kd2kh1kw3+unshared", o),
		gradients("g2mb2ic4ih3iw4oc6kh2kw3+unshared", o), // and back
		exact("ic1ih3oc2kh2", finished),                  // all operands
	}
	all = append(all, gradients("ic1id3ih2iw2oc1kd4kh1kw2pd2ph0pw1+replicate", o)) // most copies along z
	for _, kind := range []conv.Padding{conv.Reflect, conv.Replicate, conv.Circular} {
		all = append(all, exact(fmt.Sprintf("ic1ih4iw5oc2kh3kw4ph2pw3+%v", kind), o),
			gradients(fmt.Sprintf("mb2ic1id3ih5iw4oc2kd2kh3kw4sh1sw2pd1ph3pw2+%v", kind), o))
	}
	return all
}

// halfKillers have odd numbers of everything, so that words hold numbers of two columns.
func halfKillers(o host.LayerOptions) []killer {
	finished := o
	finished.Epilogue = prelu(conv.BeforeFunction)
	return []killer{
		exact("mb3ic1ih3oc3kh2ph1", o), exact("ic3ih3oc5kh2", finished), exact("ic5iw5oc1kw1", o),
		exact("ic1iw10oc4kw1", o), exact("ic65ih2iw3oc3kh2", o),
	}
}

// convertedKillers are layers of float16 that an algorithm for float32 computes between steps that convert them.
func convertedKillers(tile string, descriptors ...string) (all []killer) {
	o := host.LayerOptions{DType: host.Float16, Algorithm: "registers/" + tile + "_converted"}
	for _, d := range descriptors {
		all = append(all, exact(d, o))
	}
	return all
}

// functions put every activation to its range of numbers.
func functions(separate, backward bool) []killer {
	var all []killer
	for _, a := range hosttest.Activations() {
		all = append(all, killer{"function " + a.String(),
			func(dev *host.Device) error { return hosttest.Function(dev, a, separate, backward) }})
	}
	return all
}

// exact is a layer of integers.
func exact(descriptor string, o host.LayerOptions) killer { return caseOf(descriptor, o, false) }

// gradients are those of a layer of integers.
func gradients(descriptor string, o host.LayerOptions) killer { return caseOf(descriptor, o, true) }

func caseOf(descriptor string, o host.LayerOptions, backward bool) killer {
	p, err := conv.Parse(descriptor)
	if err != nil {
		panic(err)
	}
	c := proof.Case{Problem: p, Seed: 1, Mode: cpuref.Exact, Options: o, Backward: backward}
	return killer{descriptor, func(dev *host.Device) error {
		_, err := c.Run(dev)
		return err
	}}
}

// quantizedKiller is a layer of 8-bit numbers, with zero points.
func quantizedKiller(descriptor string, e conv.Epilogue, threads uint32) killer {
	return killerOf(descriptor, host.QuantizedOptions{XZero: -5, XScale: 0.5, Epilogue: e, Threads: threads})
}

// exactSumsKillers are layers of 8-bit numbers that steps turn into float32, and whose sums they turn into int32.
func exactSumsKillers(descriptors ...string) (all []killer) {
	for _, d := range descriptors {
		o := host.QuantizedOptions{XZero: -5, XScale: 0.5, Algorithm: "registers/8x4_v1_t64_converted"}
		if strings.HasSuffix(d, "+unshared") {
			o.Algorithm = "unshared/1_v1_t64_converted"
		}
		all = append(all, killerOf(d, o))
	}
	return all
}

// requantizeKiller is one with outputs as int8, some of which saturate.
func requantizeKiller(descriptor string, e conv.Epilogue) killer {
	return killerOf(descriptor, host.QuantizedOptions{XZero: -5, XScale: 0.5, VScale: 50, VZero: 9, Epilogue: e})
}

// killerOf is a layer of int8, to whose biases some number may be added.
func killerOf(descriptor string, o host.QuantizedOptions, more ...int32) killer {
	p, err := conv.Parse(descriptor)
	if err != nil {
		panic(err)
	}
	return killer{"int8 " + descriptor, func(dev *host.Device) error { return runQuantized(dev, p, o, more...) }}
}

func runQuantized(dev *host.Device, p conv.Problem, o host.QuantizedOptions, more ...int32) error {
	c := proof.Case{Problem: p, Seed: 1, Options: host.LayerOptions{Epilogue: o.Epilogue}}
	data, err := c.Data()
	if err != nil {
		return err
	}
	x, filters := quantized(p, 1)
	for i := range filters.Bias {
		for _, n := range more {
			filters.Bias[i] += n
		}
	}
	o.Slopes = data.Slopes
	l, err := host.NewQuantizedLayer(dev, p, filters, o)
	if err != nil {
		return err
	}
	defer l.Close()
	_, report, err := l.Verify(context.Background(), x, data.Residual...)
	if err != nil {
		return err
	}
	return report.Err()
}
