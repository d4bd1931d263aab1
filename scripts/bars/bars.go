package main

// bar is one line of the table.
type bar struct {
	what, want string
	figure     func(dir string) (string, error)
}

const bodies = `^(resnet_3x3_.*|vgg_conv3_1|superres_3x3_128)$`

// bars are all of them: what the software adapters are held to, then a GPU.
func bars() (all []bar) {
	all = append(all, peers...)
	all = append(all, ofCeilings...)
	for _, adapter := range [][2]string{{"llvmpipe", "llvmpipe"}, {"SwiftShader", "swiftshader"}} {
		all = append(all, kinds(adapter[0], adapter[1])...)
	}
	return append(append(all, compiled), gpu...)
}

// quicker is how much quicker the files of b are than those of a.
func quicker(a, b string) func(dir string) (string, error) {
	return func(dir string) (string, error) { return ratios(dir, a, b) }
}

// peers are other programs on the same adapter, with all transfers.
var peers = []bar{
	{
		"SwiftShader, times as fast as ONNX Runtime's WebGPU provider",
		"every layer above 1, geometric mean 20",
		quicker("swiftshader-ort.json", "swiftshader.json"),
	},
	{
		"SwiftShader, networks, times as fast as ONNX Runtime's WebGPU provider",
		"geometric mean 12",
		quicker("swiftshader-ort-networks*.json", "swiftshader-networks*.json"),
	},
	{
		"Chromium on SwiftShader, times as fast as ONNX Runtime Web's WebGPU provider",
		"geometric mean 12",
		quicker("browser-ort*.json", "browser[0-9]*.json"),
	},
	{
		"SwiftShader, dX and dW of ResNet's layers, times as fast as TensorFlow.js' WebGPU backend",
		"geometric mean 20",
		quicker("swiftshader-tfjs.json", "swiftshader-gradients.json"),
	},
	{
		"llvmpipe, times as fast as ncnn's Vulkan in float32",
		"geometric mean 4, each at least 2",
		quicker("llvmpipe-ncnn.json", "llvmpipe.json"),
	},
	{
		"llvmpipe, networks, times as fast as ncnn's Vulkan in float32",
		"each at least 3",
		quicker("llvmpipe-ncnn-networks*.json", "llvmpipe-networks*.json"),
	},
	{
		"SwiftShader, SqueezeNet, start of the process to the first answer, times as fast as ONNX Runtime",
		"at least 2",
		quicker("swiftshader-ort-start.json", "swiftshader-start.json"),
	},
}

// ofCeilings are what the core suite reaches of what llvmpipe can do, and choices against each other.
var ofCeilings = []bar{
	{
		"llvmpipe, 3x3 bodies, percent of the arithmetic ceiling",
		"each at least 35",
		func(dir string) (string, error) { return percents(dir, "llvmpipe.json", bodies, ofPeak) },
	},
	{
		"llvmpipe, core suite, percent of the arithmetic ceiling",
		"geometric mean 28",
		func(dir string) (string, error) { return percents(dir, "llvmpipe.json", "", ofPeak) },
	},
	{
		"llvmpipe, Winograd, times as fast as the best GEMM, 3x3 from 64 channels",
		"at least 1.5",
		func(dir string) (string, error) { return gains(dir, "llvmpipe-winograd.json", "winograd") },
	},
	{
		"llvmpipe, default against tuned",
		"geometric mean 0.7",
		quicker("llvmpipe.json", "llvmpipe-default.json"),
	},
	{
		"SwiftShader, default against tuned",
		"geometric mean 0.7",
		quicker("swiftshader.json", "swiftshader-default.json"),
	},
	{
		"llvmpipe, depthwise 3x3, percent of the roofline",
		"each at least 60",
		func(dir string) (string, error) { return percents(dir, "llvmpipe-depthwise.json", "_3x3_", ofRoofline) },
	},
	{
		"llvmpipe, depthwise 5x5, percent of the roofline",
		"each at least 50",
		func(dir string) (string, error) { return percents(dir, "llvmpipe-depthwise.json", "_5x5_", ofRoofline) },
	},
	{
		"llvmpipe, depthwise 7x7, percent of the roofline",
		"each at least 40",
		func(dir string) (string, error) { return percents(dir, "llvmpipe-depthwise.json", "_7x7_", ofRoofline) },
	},
}

// kinds are other layers and numbers beside plain layers of float32, on an adapter whose files begin with a word.
func kinds(adapter, file string) []bar {
	backward := []string{file + "-training.json", file + "-segment.json"}
	return []bar{
		{
			adapter + ", transposed layers and dX, times as fast as the plain layer of the same product",
			"geometric mean 0.7, each at least 0.4",
			func(dir string) (string, error) {
				return times(dir, backward, func(p product) float64 { return p.transposed })
			},
		},
		{
			adapter + ", dW, times as fast as the plain layer of the same product",
			"geometric mean 0.6, each at least 0.3",
			func(dir string) (string, error) {
				return times(dir, backward, func(p product) float64 { return p.gradient })
			},
		},
		{
			adapter + ", float16, times as fast as float32",
			"geometric mean 0.8",
			quicker(file+"-float32.json", file+"-float16.json"),
		},
		{
			adapter + ", int8, times as fast as float32's GEMM",
			"geometric mean 0.8",
			quicker(file+"-gemm.json", file+"-int8.json"),
		},
		{
			adapter + ", unshared layers, percent of the copy bandwidth",
			"each at least 60",
			func(dir string) (string, error) { return percents(dir, file+"-unshared.json", "", ofBandwidth) },
		},
	}
}

// compiled is what a compiler for a GPU makes of kernels.
var compiled = bar{
	"RDNA2, loops of the tiles and others, percent of multiply-adds; spills; waves",
	"each at least 80; 0; at least 8",
	func(dir string) (string, error) { return loops(dir, "rdna2.txt") },
}

// gpu are what a GPU is held to.
var gpu = []bar{
	{
		"GPU, 3x3 bodies at batch 16, percent of the arithmetic ceiling",
		"at least 45",
		func(dir string) (string, error) { return percents(dir, "gpu-b16.json", "_b16$", ofPeak) },
	},
	{"GPU, times as fast as cuDNN in float32", "at least 0.8", quicker("gpu-cudnn.json", "gpu.json")},
	{"GPU, times as fast as ONNX Runtime's WebGPU provider", "above 1", quicker("gpu-ort.json", "gpu.json")},
	{
		"GPU, networks, times as fast as ONNX Runtime's WebGPU provider",
		"above 1",
		quicker("gpu-ort-networks*.json", "gpu-networks*.json"),
	},
	{"GPU, times as fast as ncnn's Vulkan in float32", "above 1", quicker("gpu-ncnn.json", "gpu.json")},
}
