// Package train trains small networks for pictures on a GPU: convolutions, max pools and linear layers, with the
// softmax's cross-entropy for their loss.
//
//	net, err := train.New(dev, train.Options{
//		Input: train.Shape{H: 28, W: 28, C: 1},
//		Layers: []train.Layer{
//			train.Conv{Filters: 8, Size: 3, ReLU: true}, train.MaxPool{Size: 2}, train.Linear{Outputs: 10},
//		},
//		Batch:  64,
//		Update: train.SGD{Rate: 0.05, Momentum: 0.9},
//	})
//	loss, err := net.Step(ctx, pictures, labels)
//	trained, err := net.Model(ctx, train.ModelOptions{})
//
// It is what the CS231n notes say of a convolutional layer's way back: each neuron has a gradient for its weights,
// these are added up over the depth slice, and one set of weights is updated. Forward, backward and the update are one
// submission, and all of them stay on the device: a step uploads pictures, labels and rates, and reads the loss back.
// Filters are packed on the device, for the host does not know them; so algorithms that transform filters take no
// part.
//
// With the same options, pictures and adapter each run gives the same weights to the bit. Options.Checked holds each
// step against the training of package cpuref/training, in float64, within the bound of what rounding may come to:
// see [Verdict].
//
// Volumes are NHWC and filters OHWI, as everywhere here. The package owns layers with gradients and their updates;
// convolutions and what else computes come from the packages below it. It must not import package model: what is
// trained leaves as an onnx.Model.
package train
