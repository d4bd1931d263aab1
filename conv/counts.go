package conv

// Counts is the arithmetic of the notes' section on parameter sharing for one problem.
type Counts struct {
	Neurons          int64 // outputs of one image: W x H x K
	WeightsPerNeuron int64 // F x F x D (of the neuron's group); each neuron also has one bias
	SharedWeights    int64 // one filter for each depth slice
	Biases           int64 // one bias for each depth slice
	Shared           int64 // parameters with sharing: SharedWeights + Biases
	Unshared         int64 // parameters if each neuron had its own weights and bias
}

// Saved is how many times fewer parameters sharing needs.
func (c Counts) Saved() float64 { return float64(c.Unshared) / float64(c.Shared) }

// Counts computes the problem's parameters as the notes do, for one image: parameters do not depend
// on the batch. p must be valid.
func (p Problem) Counts() Counts {
	c := Counts{
		Neurons:          int64(p.W.Out) * int64(p.H.Out) * int64(p.OutChannels),
		WeightsPerNeuron: int64(p.TapsPerOutput()),
		Biases:           int64(p.OutChannels),
	}
	c.SharedWeights = c.Biases * c.WeightsPerNeuron
	c.Shared = c.SharedWeights + c.Biases
	c.Unshared = c.Neurons * (c.WeightsPerNeuron + 1)
	return c
}

// TapsPerOutput is the number of products in one output: Fh x Fw x D of the output's group.
func (p Problem) TapsPerOutput() int { return p.H.Filter * p.W.Filter * (p.InChannels / p.Groups) }

// FLOPs is 2*mb*oc*oh*ow*(ic/g)*kh*kw, padding counted, whatever the algorithm.
func (p Problem) FLOPs() int64 { return 2 * p.OutLen() * int64(p.TapsPerOutput()) }

// InLen is the number of elements of the input volume, all images.
func (p Problem) InLen() int64 {
	return int64(p.Batch) * int64(p.H.In) * int64(p.W.In) * int64(p.InChannels)
}

// OutLen is the number of elements of the output volume, all images.
func (p Problem) OutLen() int64 {
	return int64(p.Batch) * int64(p.H.Out) * int64(p.W.Out) * int64(p.OutChannels)
}

// FilterLen is the number of weights of the filter bank, without biases.
func (p Problem) FilterLen() int64 { return int64(p.OutChannels) * int64(p.TapsPerOutput()) }

// Bytes is what the layer's float32 operands take: input, filters with biases, output.
type Bytes struct{ Input, Filters, Output int64 }

// Total is the sum of the three.
func (b Bytes) Total() int64 { return b.Input + b.Filters + b.Output }

// Bytes counts four bytes for each number.
func (p Problem) Bytes() Bytes {
	return Bytes{Input: 4 * p.InLen(), Filters: 4 * (p.FilterLen() + int64(p.OutChannels)), Output: 4 * p.OutLen()}
}
