package model

import "errors"

// What is wrong: the errors of this package wrap one of these, or those of the packages below it.
var (
	// ErrUnsupported is about operators, data types and attributes that no network of ours runs.
	ErrUnsupported = errors.New("not supported")
	// ErrInput is about inputs of a run: a name, a shape or a data type that is not the network's.
	ErrInput = errors.New("wrong input")
	// ErrGraph is about nodes that contradict ONNX's definitions.
	ErrGraph = errors.New("invalid graph")
)
