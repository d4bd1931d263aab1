// Command style paints a photo in the style that an ONNX network has learned, such as candy of the fast neural style
// transfer: a network that reads and gives pictures of three channels from 0 to 255.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/tensor"
)

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: style MODEL.onnx PHOTO PAINTED.png")
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		log.Fatal(err)
	}
}

func run(network, photo, painted string) error {
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
	in, out := net.Inputs(), net.Outputs()
	if len(in) != 1 || len(in[0].Shape) != 4 || in[0].Shape[1] != 3 {
		return fmt.Errorf("the network reads %v, must be one picture of 3 channels", in)
	}
	x, err := input(photo, in[0].Shape[2], in[0].Shape[3])
	if err != nil {
		return err
	}
	outputs, err := net.Run(context.Background(), map[string]tensor.Array{in[0].Name: x})
	if err != nil {
		return err
	}
	v, err := tensor.VolumeFrom(outputs[out[0].Name], tensor.NCHW)
	if err != nil {
		return err
	}
	for i := range v.Data {
		v.Data[i] /= 255
	}
	return tensor.WriteImageFile(painted, v) // what lies outside of 0 to 1 is clipped
}

// input is a photo as the network reads it: in its own size where the network's is open.
func input(photo string, h, w int) (x tensor.Array, err error) {
	v, err := tensor.ReadImageFile(photo)
	if err != nil {
		return x, err
	}
	if h < 1 || w < 1 {
		h, w = v.H, v.W
	}
	if v, err = tensor.Cover(v, h, w); err != nil { // the middle, in its proportions
		return x, err
	}
	for i := range v.Data {
		v.Data[i] *= 255
	}
	return v.ArrayIn(tensor.NCHW)
}
