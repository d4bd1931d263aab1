// Package tensor holds the data of a convolution: input and output volumes,
// filter banks, and the files that they come from and go to.
//
// The words are those of the CS231n notes. A [Volume] is W x H x D numbers,
// X[x,y,d], and a batch holds N of them; a [Filters] is K filters of Fw x Fh x D
// numbers and K biases. In memory a volume is NHWC (row-major images, depth
// innermost) and a filter bank is OHWI, always; 3D ones are NZHWC and OZHWI. Other layouts are named once,
// where data comes in ([VolumeFrom], [FiltersFrom]), and converted there.
//
// Files are NumPy's .npy ([ReadNPY], [WriteNPY]), PNG and JPEG pictures
// ([DecodeImage], [Resize]), either of them known by its content ([Read]), and
// pictures of activation maps ([Maps]). Seeded data for tests and benchmarks
// comes from [FillIntegers] and [FillReals].
//
// Errors start with "tensor:", name the wrong value and say what would be right.
// They match [ErrShape] or [ErrFormat] with errors.Is where one of the two is to
// blame. The package imports nothing else of this module and builds for
// GOOS=js GOARCH=wasm.
package tensor
