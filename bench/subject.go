package bench

import (
	"slices"

	"github.com/gpuconv/gpuconv/conv"
)

// Subject is what is measured in rounds: a layer by an algorithm (see [Layers]), or a network (see [Device.Network]).
type Subject struct {
	// About is what is known of it before it is built: its name, its problem or network, and the algorithm by which it
	// was asked for.
	About Result
	// Open builds it with seeded data.
	Open func(seed uint64) (Runner, error)
}

// Layers are layers by algorithms that are named, "" for the default and "all" for each that takes the problem; where
// none is named, by the default alone.
func Layers(open Opener, layers []Layer, algorithms ...string) (all []Subject) {
	for _, l := range layers {
		for _, a := range named(algorithms, l.Problem, open.Algorithms) {
			all = append(all, Subject{newResult(l, a), func(seed uint64) (Runner, error) {
				return open.Open(l.Problem, a, seed)
			}})
		}
	}
	return all
}

// named are the algorithms' names with those in the place of "all" that serve a problem, and "" where there are none.
func named(algorithms []string, p conv.Problem, served func(conv.Problem) []string) (names []string) {
	if len(algorithms) == 0 {
		return []string{""}
	}
	for _, a := range algorithms {
		if a == "all" {
			names = append(names, served(p)...)
		} else {
			names = append(names, a)
		}
	}
	return names
}

// Names are those of subjects, each once.
func Names(subjects []Subject) (names []string) {
	for _, s := range subjects {
		if name := s.About.Label(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
