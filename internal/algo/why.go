package algo

// Chosen is the algorithm that computes something, and where that is the direct one why.
type Chosen struct {
	Algorithm Algorithm
	WhyDirect string
}

const (
	askedFor     = "it was asked for"
	threadsGiven = "the number of threads was given, which it alone has"
)

// WhyDirect says why the direct algorithm computes a layer: because it was asked for, or alone serves.
func WhyDirect(s Spec, l Limits) string { return whyDirect(All(s), s, l) }

// whyDirect is WhyDirect among the given algorithms, of which the direct one is the first.
func whyDirect(all []Algorithm, s Spec, l Limits) string {
	switch {
	case s.Direct:
		return askedFor
	case s.Threads != 0:
		return threadsGiven
	}
	most, times := "", map[string]int{}
	for _, a := range all[1:] {
		if _, err := a.Plan(s, l); err != nil {
			why := err.Error()
			if times[why]++; times[why] > times[most] {
				most = why
			}
		}
	}
	return "no other serves, most for this reason: " + most
}

// WhyDirect says it of the sums of a layer of int8.
func (s QuantizedSpec) WhyDirect(l Limits) string {
	switch {
	case s.Algorithm != "":
		return askedFor
	case s.Threads != 0:
		return threadsGiven
	case s.Parts == 0:
		return "sums over few of the input channels can exceed 2^24, up to which float32 has every whole number"
	}
	return WhyDirect(s.parts()[0].spec(s), l)
}
