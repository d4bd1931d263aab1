package cpuref

// ReLU is the reference of the layer followed by max(0, value), [Reference.Epilogue] with conv.ReLU and
// nothing else. Magnitudes and allowed errors stay: ReLU is 1-Lipschitz, |max(0,v) - max(0,r)| <= |v - r|,
// so that a result within the bound before it is within it after. The two references share them.
func (r Reference) ReLU() Reference {
	after := r
	after.Value = make([]float64, len(r.Value))
	for i, value := range r.Value {
		after.Value[i] = reluOf(value)
	}
	return after
}

// reluOf is max(0, value), NaN for NaN.
func reluOf(value float64) float64 { return max(0, value) }
