// Package glyphs has a small network, glyphs.onnx, that reads a digit in a picture by comparing it with a drawing of
// each, and such a picture, seven.png. They are for a machine without any other network, and are made by the package's
// test:
//
//	gpuconv infer examples/glyphs/glyphs.onnx --input examples/glyphs/seven.png --check
package glyphs
