package conv

// Counts is the arithmetic of the notes' section on parameter sharing for one problem.
type Counts struct {
	Neurons int64 `json:"neurons"` // outputs of one image: W x H x K (x Z)
	// F x F x D (of the neuron's group, x Fz); each neuron also has one bias
	WeightsPerNeuron int64 `json:"weights_per_neuron"`
	SharedWeights    int64 `json:"shared_weights"` // one filter for each depth slice
	Biases           int64 `json:"biases"`         // one bias for each depth slice
	Shared           int64 `json:"shared"`         // parameters with sharing: SharedWeights + Biases
	Unshared         int64 `json:"unshared"`       // parameters if each neuron had its own weights and bias
}

// Saved is how many times fewer parameters sharing needs.
func (c Counts) Saved() float64 { return float64(c.Unshared) / float64(c.Shared) }

// Counts computes the problem's parameters as the notes do, for one image: parameters do not depend
// on the batch. p must be valid.
func (p Problem) Counts() Counts {
	c := Counts{
		Neurons:          p.OutLen() / int64(p.Batch),
		WeightsPerNeuron: int64(p.TapsPerOutput()),
		Biases:           int64(p.OutChannels),
	}
	c.SharedWeights = c.Biases * c.WeightsPerNeuron
	c.Shared = c.SharedWeights + c.Biases
	c.Unshared = c.Neurons * (c.WeightsPerNeuron + 1)
	return c
}

// TapsPerOutput is the number of products in one output: Fh x Fw x D of the output's group.
func (p Problem) TapsPerOutput() int {
	return p.Z.Filter * p.H.Filter * p.W.Filter * (p.InChannels / p.Groups)
}

// positions is the number of places where one image's filters are laid: each output's, or of a
// transposed layer each input's.
func (p Problem) positions() int {
	if p.Transposed {
		return p.Z.In * p.H.In * p.W.In
	}
	return p.Z.Out * p.H.Out * p.W.Out
}

// banks is the number of filter banks: one, or of an unshared layer one for each output position.
func (p Problem) banks() int {
	if p.Unshared {
		return p.positions()
	}
	return 1
}

// FLOPs is 2*mb*oc*oh*ow*(ic/g)*kh*kw, padding counted, whatever the algorithm; of a transposed layer
// ih*iw stands for oh*ow.
func (p Problem) FLOPs() int64 {
	return 2 * int64(p.Batch) * int64(p.positions()) * int64(p.OutChannels) * int64(p.TapsPerOutput())
}

// InLen is the number of elements of the input volume, all images.
func (p Problem) InLen() int64 {
	return int64(p.Batch) * int64(p.Z.In) * int64(p.H.In) * int64(p.W.In) * int64(p.InChannels)
}

// OutLen is the number of elements of the output volume, all images.
func (p Problem) OutLen() int64 {
	return int64(p.Batch) * int64(p.Z.Out) * int64(p.H.Out) * int64(p.W.Out) * int64(p.OutChannels)
}

// FilterLen is the number of weights, without biases: of one filter bank, or of an unshared layer's all.
func (p Problem) FilterLen() int64 {
	return int64(p.banks()) * int64(p.OutChannels) * int64(p.TapsPerOutput())
}

// BiasLen is the number of biases: one for each filter, or of an unshared layer one for each neuron.
func (p Problem) BiasLen() int64 { return int64(p.banks()) * int64(p.OutChannels) }

// Bytes is what the layer's float32 operands take: input, filters with biases, output.
type Bytes struct {
	Input   int64 `json:"input"`
	Filters int64 `json:"filters"`
	Output  int64 `json:"output"`
}

// Total is the sum of the three.
func (b Bytes) Total() int64 { return b.Input + b.Filters + b.Output }

// Bytes counts four bytes for each number.
func (p Problem) Bytes() Bytes {
	return Bytes{Input: 4 * p.InLen(), Filters: 4 * (p.FilterLen() + p.BiasLen()), Output: 4 * p.OutLen()}
}
