package conv

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A descriptor names a problem in one line, in the grammar of oneDNN's benchdnn
// (https://github.com/uxlfoundation/oneDNN/blob/main/tests/benchdnn/doc/knobs_desc.md):
//
//	g1mb1ic64iw56ih56oc64ow56oh56kw3kh3sw1sh1pw1ph1dw0dh0n"name"
//
// Every part has a default or is derived: g, mb, sh default to 1, ph and dh to 0 (dh0 is no dilation);
// a missing width takes the height's value; oh and ow default to the output of symmetric padding, but
// ow takes oh where the two axes are alike in all else. Without ih the layer is 1D: the height axis
// is 1 and only widths are written. Keys stand in any order, each at most once, n"..." last.

// keys lists the descriptor's keys, in the order in which they are printed.
var keys = []string{"g", "mb", "ic", "ih", "iw", "oc", "oh", "ow", "kh", "kw", "sh", "sw", "ph", "pw", "dh", "dw"}

// Parse reads a descriptor. The error wraps [ErrInvalid] and names the part that is wrong.
func Parse(s string) (Problem, error) {
	values, name, err := scan(s)
	if err != nil {
		return Problem{}, fmt.Errorf("descriptor %q: %w", s, err)
	}
	if err := required(values); err != nil {
		return Problem{}, fmt.Errorf("descriptor %q: %w", s, err)
	}
	h, w := axesOf(values)
	p, err := New(Problem{
		Name: name, Batch: valueOr(values, "mb", 1), Groups: valueOr(values, "g", 1),
		InChannels: values["ic"], OutChannels: values["oc"],
		H: h, W: w,
	})
	if err != nil {
		return Problem{}, fmt.Errorf("descriptor %q: %w", s, err)
	}
	return p, nil
}

// required reports the first key that is missing and cannot be derived.
func required(values map[string]int) error {
	need := []string{"ic", "oc", "ih", "kh"}
	if is1D(values) {
		need = []string{"ic", "oc", "iw", "kw"}
	}
	for _, key := range need {
		if _, ok := values[key]; !ok {
			return invalidf("%s is missing", key)
		}
	}
	return nil
}

// is1D reports whether only widths are written.
func is1D(values map[string]int) bool {
	for _, key := range []string{"ih", "oh", "kh", "sh", "ph", "dh"} {
		if _, ok := values[key]; ok {
			return false
		}
	}
	_, ok := values["iw"]
	return ok
}

// point is the height axis of a 1D layer.
var point = Axis{In: 1, Out: 1, Filter: 1, Stride: 1, Dilation: 1}

// axesOf builds both axes from the values; output sizes that are to be derived stay 0.
func axesOf(values map[string]int) (h, w Axis) {
	axis := func(suffix string, base Axis) Axis {
		return Axis{
			In: valueOr(values, "i"+suffix, base.In), Filter: valueOr(values, "k"+suffix, base.Filter),
			Stride: valueOr(values, "s"+suffix, base.Stride), Pad: valueOr(values, "p"+suffix, base.Pad),
			Dilation: valueOr(values, "d"+suffix, base.Dilation-1) + 1,
		}
	}
	plain := Axis{Stride: 1, Dilation: 1}
	if is1D(values) {
		h, w = point, axis("w", plain)
		w.Out = values["ow"]
		return h, w
	}
	h = axis("h", plain)
	w = axis("w", h)
	alike := h == w
	h.Out, w.Out = values["oh"], values["ow"]
	if w.Out == 0 && alike {
		w.Out = h.Out
	}
	return h, w
}

func valueOr(values map[string]int, key string, fallback int) int {
	if v, ok := values[key]; ok {
		return v
	}
	return fallback
}

// scan splits a descriptor into its numbers and its name.
func scan(s string) (values map[string]int, name string, err error) {
	values = map[string]int{}
	rest := s
	for rest != "" {
		if strings.HasPrefix(rest, "n") {
			name, err = scanName(rest[1:])
			return values, name, err
		}
		key := leading(rest, isLetter)
		digits := leading(rest[len(key):], isDigit)
		if !known(key) {
			return nil, "", invalidf("at %q: expected one of %s or n\"name\"", clip(rest), strings.Join(keys, " "))
		}
		low := 1 // a written 0 is wrong; only what is absent is derived
		if strings.ContainsAny(key[:1], "pd") {
			low = 0
		}
		value, err := strconv.Atoi(digits)
		if err != nil || value > MaxSize || value < low {
			return nil, "", invalidf("%s wants a whole number from %d to %d, has %q", key, low, MaxSize, clip(rest[len(key):]))
		}
		if _, twice := values[key]; twice {
			return nil, "", invalidf("%s stands twice", key)
		}
		values[key] = value
		rest = rest[len(key)+len(digits):]
	}
	return values, "", nil
}

func scanName(s string) (string, error) {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return "", invalidf("the name must be n\"...\" and come last, has n%s", clip(s))
	}
	name := s[1 : len(s)-1]
	return name, validName(name)
}

// validName keeps a descriptor in one line and its name in one pair of quotes.
func validName(name string) error {
	if strings.ContainsAny(name, "\"\n\r") || !utf8.ValidString(name) {
		return invalidf("name %q holds a quote, a line break or bytes that are not UTF-8", name)
	}
	return nil
}

// String prints the shortest descriptor: what is at its default or can be derived is left out.
// Parse(p.String()) == p for every valid p.
func (p Problem) String() string {
	var b strings.Builder
	put := func(key string, value, fallback int) {
		if value != fallback {
			b.WriteString(key)
			b.WriteString(strconv.Itoa(value))
		}
	}
	const always = -1
	h, w := p.H, p.W
	base := h // what a missing width is taken to be
	base.Out = w.SymmetricOut()
	if oneD := h == point && w != point; oneD {
		base = Axis{In: always, Out: w.SymmetricOut(), Filter: always, Stride: 1, Dilation: 1}
		h.In, h.Filter = always, always // fallback and value agree: not printed
	} else if sameButOut(h, w) {
		base.Out = h.Out
	}
	put("g", p.Groups, 1)
	put("mb", p.Batch, 1)
	put("ic", p.InChannels, always)
	put("ih", h.In, always)
	put("iw", w.In, base.In)
	put("oc", p.OutChannels, always)
	put("oh", p.H.Out, p.H.SymmetricOut())
	put("ow", w.Out, base.Out)
	put("kh", h.Filter, always)
	put("kw", w.Filter, base.Filter)
	put("sh", h.Stride, 1)
	put("sw", w.Stride, base.Stride)
	put("ph", h.Pad, 0)
	put("pw", w.Pad, base.Pad)
	put("dh", h.Dilation-1, 0)
	put("dw", w.Dilation-1, base.Dilation-1)
	if p.Name != "" {
		b.WriteString(`n"` + p.Name + `"`)
	}
	return b.String()
}

func sameButOut(h, w Axis) bool {
	w.Out = h.Out
	return h == w
}

func known(key string) bool {
	for _, k := range keys {
		if k == key {
			return true
		}
	}
	return false
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

func leading(s string, class func(byte) bool) string {
	n := 0
	for n < len(s) && class(s[n]) {
		n++
	}
	return s[:n]
}

// clip keeps error messages short.
func clip(s string) string {
	const limit = 24
	if len(s) > limit {
		return s[:limit] + "..."
	}
	return s
}
