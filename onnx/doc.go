// Package onnx reads and writes ONNX files: the networks that other programs export, and the tensors of ONNX's own
// operator tests.
//
// A [Model] is what a file says: nodes, attributes, the types of values, and initializers, which are tensors that the
// file holds. [Read] and [ReadFile] check it as ONNX demands (https://github.com/onnx/onnx/blob/main/docs/IR.md):
// each value has one name and one giver, nodes come in the order in which they can run, and each tensor has as much
// data as its dimensions say. What operators mean is no business of this package: it reads files of any opset.
//
// Not supported are functions, subgraphs (of If, Loop and Scan), sparse tensors, values that are sequences, maps or
// optional, and complex numbers and those of less than 16 bits that are no int8 or uint8. A model that has any of
// them is refused with an [UnsupportedError] that names all of them at once. Documentation, annotations and what is
// for training alone are skipped, as is every field of a file that this package does not know.
//
// Files may come from anywhere. Whatever is in one, reading it gives a model or an error and no panic. Memory grows
// with the bytes that are there, and not with the sizes that they claim. Errors start with "onnx:", name the wrong
// thing and say what would be right, and match [ErrFormat] or [ErrUnsupported] with errors.Is.
//
// The package imports nothing else of this module and builds for GOOS=js GOARCH=wasm.
package onnx
