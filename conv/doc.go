// Package conv says what a convolution layer is: its hyperparameters (a [Problem]), the size of what
// it gives, how many parameters, operations and bytes it takes, and the one-line descriptor that names
// it everywhere. It holds no data and computes no layer.
//
// The words are those of the CS231n notes on convolutional networks
// (https://cs231n.github.io/convolutional-networks/) and, where those are silent, of oneDNN's benchdnn.
package conv
