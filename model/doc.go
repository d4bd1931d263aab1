// Package model runs trained ONNX networks on a GPU.
//
//	net, err := model.Load(dev, "squeezenet.onnx", model.Options{})
//	out, err := net.Run(ctx, map[string]tensor.Array{"data_0": x})
//
// A network is compiled for the shapes of its inputs when it first meets them: what follows from constants and shapes
// alone is computed once, batch normalization and activations are fused into the convolutions before them, volumes are
// kept with their channels innermost, and all nodes run in one submission, with nothing read back but the outputs.
//
// NonMaxSuppression alone is computed by the host, for how many boxes it keeps follows from their values: what comes
// before it and behind it are submissions of their own, and a plan's [Summary] counts such nodes.
//
// [Network.Check] runs the same network with every tensor in memory of its own between guards, and holds the outputs
// of every node against a reference in float64, given what the node really read.
//
// Operators that the package does not know are reported by [Load], all at once, and nothing ever runs elsewhere in
// silence. The package owns graphs and their compilation. What computes is below it: layers are package host's, other
// operators internal/op's. What judges is package cpuref and its operators.
package model
