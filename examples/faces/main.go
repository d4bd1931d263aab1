// Command faces finds the faces in a photo with the network version-RFB-320_simplified.onnx of Linzaer's
// Ultra-Light-Fast-Generic-Face-Detector-1MB, and writes the photo with a box around each.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/tensor"
)

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: faces MODEL.onnx PHOTO BOXED.png")
	}
	if err := run(os.Stdout, os.Args[1], os.Args[2], os.Args[3]); err != nil {
		log.Fatal(err)
	}
}

func run(to io.Writer, network, photo, boxed string) error {
	dev, err := host.Open(host.Options{}) // the best GPU
	if err != nil {
		return err
	}
	defer dev.Close()
	net, err := model.Load(dev, network, model.Options{}) // weights go to the GPU with the first run
	if err != nil {
		return err
	}
	defer net.Close()
	in := net.Inputs()
	if len(in) != 1 || len(in[0].Shape) != 4 || in[0].Shape[2] < 1 || in[0].Shape[3] < 1 {
		return fmt.Errorf("the network reads %v, must be one picture", in)
	}
	h, w := in[0].Shape[2], in[0].Shape[3]
	v, err := tensor.ReadImageFile(photo)
	if err != nil {
		return err
	}
	x, err := input(v, h, w)
	if err != nil {
		return err
	}
	outputs, err := net.Run(context.Background(), map[string]tensor.Array{in[0].Name: x})
	if err != nil {
		return err
	}
	faces, err := find(outputs["scores"].Data, outputs["boxes"].Data, h, w)
	if err != nil {
		return err
	}
	for _, f := range faces {
		r := f.pixels(v)
		fmt.Fprintf(to, "a face at %v, score %.4f\n", r, f.score)
		for x := r.Min.X; x < r.Max.X; x++ {
			for y := r.Min.Y; y < r.Max.Y; y++ {
				if inner := r.Inset(2); x < inner.Min.X || x >= inner.Max.X || y < inner.Min.Y || y >= inner.Max.Y {
					copy(v.Column(x, y), []float32{0, 1, 0}) // green
				}
			}
		}
	}
	return tensor.WriteImageFile(boxed, v)
}

// input is the photo in the network's size, each of its numbers (v - 127) / 128.
func input(v tensor.Volume, h, w int) (x tensor.Array, err error) {
	if v, err = tensor.Resize(v, h, w); err != nil { // pixels are red, green and blue, from 0 to 1
		return x, err
	}
	for i := range v.Data {
		v.Data[i] = (255*v.Data[i] - 127) / 128
	}
	return v.ArrayIn(tensor.NCHW)
}
