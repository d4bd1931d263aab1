package conv

import (
	"fmt"
	"slices"
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
// a missing width takes the height's value; od, oh and ow default to the output of symmetric padding,
// but ow takes oh where the two axes are alike in all else. A 3D layer has id, kd, sd, pd, dd, od, and
// its missing heights take the depth's values. Without ih and id the layer is 1D: only widths are
// written. Keys stand in any order, each at most once. Words that benchdnn does not have come after
// them, each with a plus: +transposed, +unshared, +reflect, +replicate, +circular. n"..." is last.

// keys lists the descriptor's keys, in the order in which they are printed.
var keys = []string{
	"g",
	"mb",
	"ic",
	"id",
	"ih",
	"iw",
	"oc",
	"od",
	"oh",
	"ow",
	"kd",
	"kh",
	"kw",
	"sd",
	"sh",
	"sw",
	"pd",
	"ph",
	"pw",
	"dd",
	"dh",
	"dw",
}

// words sets what the words with a plus stand for, in the order in which they are printed.
var words = []struct {
	name string
	set  func(*Problem)
	is   func(Problem) bool
}{
	{"transposed", func(p *Problem) { p.Transposed = true }, func(p Problem) bool { return p.Transposed }},
	{"unshared", func(p *Problem) { p.Unshared = true }, func(p Problem) bool { return p.Unshared }},
	{"reflect", func(p *Problem) { p.Padding = Reflect }, func(p Problem) bool { return p.Padding == Reflect }},
	{"replicate", func(p *Problem) { p.Padding = Replicate }, func(p Problem) bool { return p.Padding == Replicate }},
	{"circular", func(p *Problem) { p.Padding = Circular }, func(p Problem) bool { return p.Padding == Circular }},
}

// Parse reads a descriptor. The error wraps [ErrInvalid] and names the part that is wrong.
func Parse(s string) (Problem, error) {
	p, err := parse(s)
	if err != nil {
		return Problem{}, fmt.Errorf("descriptor %q: %w", s, err)
	}
	return p, nil
}

func parse(s string) (p Problem, err error) {
	values, err := scan(s, &p)
	if err != nil {
		return p, err
	}
	if err := required(values); err != nil {
		return p, err
	}
	p.Batch, p.Groups = valueOr(values, "mb", 1), valueOr(values, "g", 1)
	p.InChannels, p.OutChannels = values["ic"], values["oc"]
	axes := axesOf(values)
	p.Z, p.H, p.W = axes[0], axes[1], axes[2]
	return New(p)
}

// firstAxis is the position in "dhw" of the first axis that is written: 0 for a 3D layer, 1, or 2 for a
// 1D one.
func firstAxis(values map[string]int) int {
	for i, suffix := range []string{"d", "h"} {
		for _, key := range []string{"i", "o", "k", "s", "p", "d"} {
			if _, ok := values[key+suffix]; ok {
				return i
			}
		}
	}
	if _, ok := values["iw"]; ok {
		return 2
	}
	return 1
}

// required reports the first key that is missing and cannot be derived.
func required(values map[string]int) error {
	suffix := "dhw"[firstAxis(values):][:1]
	for _, key := range []string{"ic", "oc", "i" + suffix, "k" + suffix} {
		if _, ok := values[key]; !ok {
			return invalidf("%s is missing", key)
		}
	}
	return nil
}

// axesOf builds the axes from the values; output sizes that are to be derived stay 0.
func axesOf(values map[string]int) (axes [3]Axis) {
	first := firstAxis(values)
	base := Axis{Stride: 1, Dilation: 1} // what a missing value is taken to be
	for i := range axes {
		if i < first {
			axes[i] = point
			continue
		}
		suffix := "dhw"[i : i+1]
		a := Axis{
			In: valueOr(values, "i"+suffix, base.In), Filter: valueOr(values, "k"+suffix, base.Filter),
			Stride: valueOr(values, "s"+suffix, base.Stride), Pad: valueOr(values, "p"+suffix, base.Pad),
			Dilation: valueOr(values, "d"+suffix, base.Dilation-1) + 1,
		}
		out := 0
		if i > first && sameButOut(a, base) {
			out = base.Out
		}
		a.Out = valueOr(values, "o"+suffix, out)
		axes[i], base = a, a
	}
	return axes
}

func valueOr(values map[string]int, key string, fallback int) int {
	if v, ok := values[key]; ok {
		return v
	}
	return fallback
}

// scan splits a descriptor into its numbers, and sets the words and the name in p.
func scan(s string, p *Problem) (values map[string]int, err error) {
	values = map[string]int{}
	for rest := s; rest != ""; {
		switch {
		case rest[0] == 'n':
			p.Name, err = scanName(rest[1:])
			return values, err
		case rest[0] == '+':
			word := leading(rest[1:], isLetter)
			if strings.HasPrefix(rest[1+len(word):], `"`) {
				word = strings.TrimSuffix(word, "n") // the name's
			}
			if err := setWord(p, word); err != nil {
				return nil, err
			}
			rest = rest[1+len(word):]
		default:
			if rest, err = scanValue(values, rest); err != nil {
				return nil, err
			}
		}
	}
	return values, nil
}

// scanValue reads one key and its number, and gives what comes after.
func scanValue(values map[string]int, rest string) (string, error) {
	key := leading(rest, isLetter)
	digits := leading(rest[len(key):], isDigit)
	if !slices.Contains(keys, key) {
		return "", invalidf(
			"at %q: expected one of %s, +%s or n\"name\"",
			clip(rest),
			strings.Join(keys, " "),
			words[0].name,
		)
	}
	low := 1 // a written 0 is wrong; only what is absent is derived
	if strings.ContainsAny(key[:1], "pd") {
		low = 0
	}
	value, err := strconv.Atoi(digits)
	if err != nil || value > MaxSize || value < low {
		return "", invalidf("%s wants a whole number from %d to %d, has %q", key, low, MaxSize, clip(rest[len(key):]))
	}
	if _, twice := values[key]; twice {
		return "", invalidf("%s stands twice", key)
	}
	values[key] = value
	return rest[len(key)+len(digits):], nil
}

// setWord sets what a word stands for.
func setWord(p *Problem, word string) error {
	var names []string
	for _, w := range words {
		if w.name != word {
			names = append(names, "+"+w.name)
			continue
		}
		if w.is(*p) {
			return invalidf("+%s stands twice", word)
		}
		before := p.Padding
		if w.set(p); before != Zero && p.Padding != before {
			return invalidf("+%s and +%v: a layer has one kind of padding", before, p.Padding)
		}
		return nil
	}
	return invalidf("+%s: must be one of %s", clip(word), strings.Join(names, " "))
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
	axes := p.Axes()
	first := p.firstAxis()
	each := func(key string, of func(Axis) int, first1 int) {
		for i := first; i < len(axes); i++ {
			fallback := first1
			if i > first {
				fallback = of(axes[i-1])
			}
			put(key+"dhw"[i:i+1], of(axes[i]), fallback)
		}
	}
	put("g", p.Groups, 1)
	put("mb", p.Batch, 1)
	put("ic", p.InChannels, always)
	each("i", func(a Axis) int { return a.In }, always)
	put("oc", p.OutChannels, always)
	for i := first; i < len(axes); i++ {
		fallback := axes[i].defaultOut(p.Transposed)
		if i > first && sameButOut(axes[i], axes[i-1]) {
			fallback = axes[i-1].Out
		}
		put("o"+"dhw"[i:i+1], axes[i].Out, fallback)
	}
	each("k", func(a Axis) int { return a.Filter }, always)
	each("s", func(a Axis) int { return a.Stride }, 1)
	each("p", func(a Axis) int { return a.Pad }, 0)
	each("d", func(a Axis) int { return a.Dilation - 1 }, 0)
	for _, w := range words {
		if w.is(p) {
			b.WriteString("+" + w.name)
		}
	}
	if p.Name != "" {
		b.WriteString(`n"` + p.Name + `"`)
	}
	return b.String()
}

// firstAxis is the first axis that the shortest descriptor writes.
func (p Problem) firstAxis() int {
	switch {
	case p.Z != point:
		return 0
	case p.H != point || p.W == point:
		return 1
	}
	return 2
}

func sameButOut(h, w Axis) bool {
	w.Out = h.Out
	return h == w
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
