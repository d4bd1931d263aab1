package shaders

// The rows of training: cross_entropy.wgsl has a thread for each image, pool_gradient.wgsl for each pixel, and the
// others for each number of their result.
var (
	CrossEntropy  = Elementwise{"cross_entropy", 64}
	PoolGradients = Elementwise{"pool_gradient", 64}
	Repack        = Elementwise{"repack", 64}
	SGD           = Elementwise{"sgd", 64}
	Adam          = Elementwise{"adam", 64}
)

// trainingRows are the table's.
var trainingRows = []Variant{CrossEntropy, PoolGradients, Repack, SGD, Adam}

// CrossEntropyParams is the struct Params of cross_entropy.wgsl.
type CrossEntropyParams struct {
	Outputs, Classes uint32
	Scale            float32
	_                uint32 // a uniform buffer's size is a multiple of 16 bytes
}

// PoolGradientParams is the struct Params of pool_gradient.wgsl.
type PoolGradientParams struct {
	Outputs, Channels   uint32
	InRows, InColumns   uint32
	OutRows, OutColumns uint32
	Window, Stride      uint32
}

// CountParams is the struct Params of repack.wgsl, sgd.wgsl and adam.wgsl: the numbers of their results.
type CountParams struct {
	Outputs uint32
	_       [3]uint32 // a uniform buffer's size is a multiple of 16 bytes
}
