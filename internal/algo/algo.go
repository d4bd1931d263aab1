package algo

import (
	"cmp"
	"errors"
	"slices"

	"github.com/gpuconv/gpuconv/shaders"
)

// All are all algorithms, whether they serve the layer or not.
func All(s Spec) []Algorithm {
	list := ordinary()
	list = append(list, texturedAlgorithms(list)...)
	if s.Problem.Transposed {
		list = transposedAlgorithms(list)
	}
	if s.DType == shaders.Float16 {
		list = halvedAlgorithms(list)
	}
	return append([]Algorithm{newDirect(s)}, list...)
}

// ordinary are the algorithms for ordinary layers but the direct one, which serves all.
func ordinary() (list []Algorithm) {
	for _, a := range tiledAlgorithms() {
		list = append(list, a)
	}
	for _, a := range transformedAlgorithms() {
		list = append(list, a)
	}
	return slices.Concat(list, Strips(), unshareds())
}

// Candidates are the plans of the algorithms that serve a layer on a device, the one first that is likely the
// quickest, knowing nothing but the problem and the kind of device. Where the device can run its workgroups the direct
// algorithm's is the last of them.
func Candidates(s Spec, l Limits) []Plan { return candidates(All(s), s, l) }

// candidates are the plans of those of the algorithms that serve, by their cost. The direct one is the last, whatever
// it costs: it is for what no other serves.
func candidates(all []Algorithm, s Spec, l Limits) []Plan {
	var list []Plan
	for _, a := range all {
		if p, err := PlanBy(a, s, l); err == nil {
			list = append(list, p)
		}
	}
	m := MachineOf(l)
	last := func(p Plan) int {
		if Is(p.Algorithm, direct{}.Name()) {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(list, func(a, b Plan) int {
		return cmp.Or(cmp.Compare(last(a), last(b)), cmp.Compare(a.Cost(m), b.Cost(m)))
	})
	return list
}

// PlanBy is what a would do, with the epilogue as cheap as it can be, or why the layer is none of its.
func PlanBy(a Algorithm, s Spec, l Limits) (Plan, error) {
	p, err := a.Plan(s, l)
	if err != nil {
		return p, err
	}
	return finished(p, l), nil
}

// Choose gives the plan of the algorithm of that name, "name" or "name/variant", or where that is empty the one that
// the rules choose. A name alone takes the quickest of its variants by the rules. The error wraps [ErrUnknown] or
// says why the algorithm does not serve the layer.
func Choose(name string, s Spec, l Limits) (Plan, error) {
	if s.Threads != 0 && name == "" {
		return newDirect(s).Plan(s, l) // threads are about the direct algorithm
	}
	s.Named = name != ""
	return chooseOf(All(s), name, s, l)
}

// chooseOf is Choose among the given algorithms.
func chooseOf(all []Algorithm, name string, s Spec, l Limits) (Plan, error) {
	for _, p := range candidates(all, s, l) {
		if name == "" || Is(p.Algorithm, name) {
			return p, nil
		}
	}
	var why error
	for _, a := range all {
		if !Is(a, name) {
			continue
		}
		// Of several variants the reason counts that is not about this variant's device alone.
		if _, err := a.Plan(s, l); why == nil || errors.Is(why, ErrLimits) {
			why = err
		}
	}
	return Plan{}, cmp.Or(why, ErrUnknown)
}

// ErrUnknown is about a name that is no algorithm's.
var ErrUnknown = errors.New("no such algorithm")

// Is tells whether a is named so, with its variant or without it.
func Is(a Algorithm, name string) bool { return a.Name() == name || Name(a) == name }

// Names lists the names of the plans' algorithms without their variants, each once.
func Names(list []Plan) (all []string) {
	var algorithms []Algorithm
	for _, p := range list {
		algorithms = append(algorithms, p.Algorithm)
	}
	return NamesOf(algorithms)
}

// AllNames are the names of all algorithms, without their variants, whatever they serve.
func AllNames() (all []string) { return NamesOf(All(Spec{Threads: shaders.ConvThreads[0]})) }

// FilterGradientNames are those of all algorithms for dW and db.
func FilterGradientNames() []string { return NamesOf(FilterGradients()) }

// NamesOf are the names of algorithms without their variants, each once.
func NamesOf(list []Algorithm) (all []string) {
	for _, a := range list {
		if !slices.Contains(all, a.Name()) {
			all = append(all, a.Name())
		}
	}
	return all
}
