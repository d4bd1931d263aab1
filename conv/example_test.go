package conv_test

import (
	"fmt"

	"github.com/gpuconv/gpuconv/conv"
)

// AlexNet's first layer, as in the notes' section on parameter sharing.
func Example() {
	p, err := conv.Parse("ic3ih227oc96kh11sh4")
	if err != nil {
		fmt.Println(err)
		return
	}
	c := p.Counts()
	fmt.Printf("output %dx%dx%d\n", p.W.Out, p.H.Out, p.OutChannels)
	fmt.Printf("%d neurons of %d weights: %d parameters, shared %d\n", c.Neurons, c.WeightsPerNeuron, c.Unshared,
		c.Shared)
	// Output:
	// output 55x55x96
	// 290400 neurons of 363 weights: 105705600 parameters, shared 34944
}
