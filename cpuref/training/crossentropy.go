package training

import (
	"math"

	"github.com/gpuconv/gpuconv/cpuref"
)

// The relative error of exp, and what log may be off by: WGSL's own functions have 3 + 2|x| units and, from 1/2 to 2,
// 2^-21 (WGSL, "Accuracy of Built-in Functions"), and those of shaders/functions.wgsl are nearer than either.
const (
	expUnits  = 4
	logSmall  = 1.0 / (1 << 21)
	logUnits  = 3
	divUnits  = 2.5
	smallest  = cpuref.SmallestNormal
	roundings = 3 // of a power's argument, and what is beyond the first order
)

// crossEntropy gives each image's loss, log of the sum of e^x over its scores less the label's score, and the gradient
// of scale times that with respect to the scores: scale * (softmax(x) - 1 for the label).
func crossEntropy(scores Numbers, labels []int, scale float64) (losses, gradient Numbers) {
	losses, gradient = newNumbers(len(labels)), newNumbers(len(scores.Value))
	classes := len(scores.Value) / len(labels)
	for i, label := range labels {
		image := Numbers{scores.Value[i*classes:][:classes], scores.Error[i*classes:][:classes]}
		to := Numbers{gradient.Value[i*classes:][:classes], gradient.Error[i*classes:][:classes]}
		losses.Value[i], losses.Error[i] = image.crossEntropy(label, scale, to)
	}
	return losses, gradient
}

func (n Numbers) crossEntropy(label int, scale float64, gradient Numbers) (loss, allowed float64) {
	largest, given := math.Inf(-1), 0.0 // given is the error that scores come with
	for k, x := range n.Value {
		largest, given = max(largest, x), max(given, n.Error[k])
	}
	all, off := 0.0, 0.0 // the powers, and what float32 adds to their error
	units := func(k int) float64 {
		below := largest - n.Value[k] + 2*given
		return (expUnits + roundings + 3*below) * cpuref.Unit
	}
	for k, x := range n.Value {
		power := math.Exp(x - largest)
		all += power
		off += power*math.Exp(2*given)*units(k) + smallest
	}
	// As a share of all. The largest score is 0 on the GPU, so that its power is exact and all is 1 or more.
	share := (off + cpuref.Growth(float64(len(n.Value)))*(all+off)) / all
	loss = math.Log(all) + largest - n.Value[label]
	log := logUnits * cpuref.Unit * (math.Abs(math.Log(all)) + 2*given + 2*share)
	label1 := math.Abs(n.Value[label]-largest) + 2*given
	allowed = n.Error[label] + given + 2*share + max(logSmall, log) + cpuref.Unit*(2*label1+math.Abs(loss)+2*given)
	for k, x := range n.Value {
		part := math.Exp(x-largest) / all
		high := part * math.Exp(n.Error[k]+given)
		own := high*(units(k)+2*share+divUnits*cpuref.Unit) + smallest
		minus := 0.0
		if k == label {
			minus = 1
		}
		gradient.Value[k] = scale * (part - minus)
		before := high - part + own
		gradient.Error[k] = scale * (before + 2*cpuref.Unit*(math.Abs(part-minus)+before))
	}
	return loss, allowed
}
