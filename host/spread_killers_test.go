package host_test

import (
	"fmt"
	"strings"

	"github.com/gpuconv/gpuconv/host"
	"github.com/gpuconv/gpuconv/internal/algo"
	"github.com/gpuconv/gpuconv/shaders"
)

// brokenSpreads are the shortest kernels of transposed depthwise layers, of each filter.
func brokenSpreads() (all []shaders.Variant) {
	for _, s := range shaders.SpreadRows() {
		if s.Strip == 4 {
			all = append(all, s)
		}
	}
	return all
}

// Their killers have padding that leaves one of the stride and none, along either axis, three axes, output padding,
// and X that ends at each column that a strip loads, with neurons behind it that no tap reaches.
func init() {
	for _, k := range brokenSpreads() {
		s := k.(shaders.Spread)
		of := func(layer string) string { return fmt.Sprintf(layer, s.Filter) }
		layers := []string{
			of("g8mb2ic8id3ih5iw7oc8oh13ow16kd1kh%[1]dkw%[1]dsh2sw2ph1pw0+transposed"),
			of("g4mb2ic4ih4iw6oc4kh%dsh2ph0pw1+transposed"),
			of("g4mb3ic4id2ih3iw5oc4od3oh8ow7kd1kh%[1]dkw%[1]dsh2sw2ph3pw2+transposed"),
			of("g4ic4ih3oc4oh5ow5kh%dsh2+transposed"),           // a row and a column in the last strips
			of("g8mb4ic8ih40iw16oc8oh80ow32kh%dsh2+transposed"), // fills the folded grid's workgroups
		}
		for width := 1; width < 6; width++ {
			layers = append(layers,
				fmt.Sprintf("g4ic4ih3iw%doc4oh6ow%dkh%dsh2ph1+transposed", width, 2*width+9, s.Filter))
		}
		name := fmt.Sprintf("depthwise/transposed_4x4_f%ds2_t64", s.Filter)
		killers[k] = append(killers[k], stripKillers(name, layers...)...)
		placedAlone[k] = func(dev *host.Device) error { return placedBy(dev, name, layers[0]) }
	}
}

// spreadLayers is a layer for each row of the table.
func spreadLayers() (all []killer) {
	for _, s := range shaders.SpreadRows() {
		variant := strings.TrimPrefix(s.Name(), "depthwise_")
		all = append(all, exact(fmt.Sprintf("g4ic4ih3oc4kh%dsh2ph1+transposed", s.Filter),
			host.LayerOptions{Algorithm: "depthwise/" + variant}))
	}
	return all
}

// placedBy runs a layer by an algorithm in the midst of wider volumes.
func placedBy(dev *host.Device, name, descriptor string) error {
	s := among(placedSpecs(descriptor)[0], 4, 4)
	for _, a := range algo.All(s) {
		if algo.Name(a) == name {
			return placed{s, a}.run(dev)
		}
	}
	return fmt.Errorf("%w: %s", algo.ErrUnknown, name)
}
