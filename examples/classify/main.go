// Command classify labels a photo with an ONNX network, such as SqueezeNet, that reads blue, green and red less their
// means over ImageNet, or of one channel gray, such as the digits of MNIST. It prints the five likeliest classes.
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strings"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/model"
	"github.com/gpuconv/gpuconv/tensor"
)

func main() {
	if len(os.Args) < 3 || len(os.Args) > 4 {
		log.Fatal("usage: classify MODEL.onnx PHOTO [LABELS.txt]")
	}
	if err := run(os.Stdout, os.Args[1], os.Args[2], strings.Join(os.Args[3:], "")); err != nil {
		log.Fatal(err)
	}
}

func run(to io.Writer, network, photo, labels string) error {
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
	if len(in) != 1 {
		return fmt.Errorf("%s has %d inputs, must have one", network, len(in))
	}
	x, err := input(photo, in[0])
	if err != nil {
		return err
	}
	outputs, err := net.Run(context.Background(), map[string]tensor.Array{in[0].Name: x})
	if err != nil {
		return err
	}
	return report(to, outputs[out[0].Name].Data, labels)
}

// means are ImageNet's, of blue, green and red.
var means = [3]float32{103.939, 116.779, 123.68}

// input makes a photo what the network reads.
func input(photo string, port model.Port) (x tensor.Array, err error) {
	s := port.Shape
	if len(s) != 4 || s[1] != 1 && s[1] != 3 || s[2] < 1 || s[3] < 1 {
		return x, fmt.Errorf("the network reads %s, must be one picture of 1 or 3 channels", port)
	}
	v, err := tensor.ReadImageFile(photo)
	if err != nil {
		return x, err
	}
	if v, err = tensor.Resize(v, s[2], s[3]); err != nil { // pixels are red, green and blue, from 0 to 1
		return x, err
	}
	to, err := tensor.NewVolume(1, s[2], s[3], s[1])
	if err != nil {
		return x, err
	}
	for i := range s[2] * s[3] {
		red, green, blue := 255*v.Data[3*i], 255*v.Data[3*i+1], 255*v.Data[3*i+2]
		if s[1] == 1 {
			to.Data[i] = 0.299*red + 0.587*green + 0.114*blue
			continue
		}
		for c, value := range [3]float32{blue, green, red} {
			to.Data[3*i+c] = value - means[c]
		}
	}
	return to.ArrayIn(tensor.NCHW)
}

// report prints the highest scores, with a line of the labels for each.
func report(to io.Writer, scores []float32, labels string) error {
	names := make([]string, len(scores))
	if labels != "" {
		text, err := os.ReadFile(labels)
		if err != nil {
			return err
		}
		copy(names, strings.Split(string(text), "\n"))
	}
	classes := make([]int, len(scores))
	for i := range classes {
		classes[i] = i
	}
	slices.SortStableFunc(classes, func(i, j int) int { return cmp.Compare(scores[j], scores[i]) })
	for _, class := range classes[:min(5, len(classes))] {
		fmt.Fprintln(to, strings.TrimSpace(fmt.Sprintf("class %d, score %.3f %s", class, scores[class], names[class])))
	}
	return nil
}
