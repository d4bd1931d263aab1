package train

// Change adds to one weight of a layer on the device, so that the training goes on from another one.
func (n *Network) Change(layer, weight int, by float32) error {
	w := n.weights[layer]
	data := make([]float32, len(w.filters.Data))
	copy(data, w.filters.Data)
	data[weight] += by
	return n.session.WriteNumbers(w.w, data)
}
