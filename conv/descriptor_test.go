package conv

import (
	"errors"
	"strings"
	"testing"
)

func TestDescriptor(t *testing.T) {
	for _, c := range []struct {
		in, shortest string
		h, w         Axis // {In, Out, Filter, Stride, Pad, Dilation}
	}{
		{`ic4ih11oc2kh5sh2`, `ic4ih11oc2kh5sh2`, Axis{11, 4, 5, 2, 0, 1}, Axis{11, 4, 5, 2, 0, 1}},
		{`g1mb1ic3iw227ih227oc96ow55oh55kw11kh11sw4sh4pw0ph0dw0dh0n"alexnet_conv1"`,
			`ic3ih227oc96kh11sh4n"alexnet_conv1"`,
			Axis{227, 55, 11, 4, 0, 1}, Axis{227, 55, 11, 4, 0, 1}},
		{`ic192ih17oc192oh17kh1kw7ph0pw3`, `ic192ih17oc192kh1kw7pw3`, Axis{17, 17, 1, 1, 0, 1},
			Axis{17, 17, 7, 1, 3, 1}},
		{`ic1ih33oc1kh3ph12dh11`, `ic1ih33oc1kh3ph12dh11`, Axis{33, 33, 3, 1, 12, 12}, Axis{33, 33, 3, 1, 12, 12}},
		{`ic1ih6oc1oh3kh3sh2`, `ic1ih6oc1oh3kh3sh2`, Axis{6, 3, 3, 2, 0, 1}, Axis{6, 3, 3, 2, 0, 1}},
		{`ic1ih6oc1oh3ow2kh3sh2`, `ic1ih6oc1oh3ow2kh3sh2`, Axis{6, 3, 3, 2, 0, 1}, Axis{6, 2, 3, 2, 0, 1}},
		{`ic1ih6iw8oc1oh3kh3sh2`, `ic1ih6iw8oc1oh3kh3sh2`, Axis{6, 3, 3, 2, 0, 1}, Axis{8, 3, 3, 2, 0, 1}},
		{`ic1iw9oc1kw3sw2`, `ic1iw9oc1kw3sw2`, Axis{1, 1, 1, 1, 0, 1}, Axis{9, 4, 3, 2, 0, 1}},
		{`ic1ih1iw9oc1kh1kw3`, `ic1iw9oc1kw3`, Axis{1, 1, 1, 1, 0, 1}, Axis{9, 7, 3, 1, 0, 1}},
		{`ic1ih1oc1kh1`, `ic1ih1oc1kh1`, point, point},
		{`ic1ih5oc1kh3sh2sw1ph1pw0`, `ic1ih5oc1kh3sh2sw1ph1pw0`, Axis{5, 3, 3, 2, 1, 1}, Axis{5, 3, 3, 1, 0, 1}},
	} {
		p, err := Parse(c.in)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if p.H != c.h || p.W != c.w || p.Z != point {
			t.Errorf("Parse(%s) = %+v %+v, want %+v %+v", c.in, p.H, p.W, c.h, c.w)
		}
		if got := p.String(); got != c.shortest {
			t.Errorf("Parse(%s) prints %s, want %s", c.in, got, c.shortest)
		}
		if again, err := Parse(p.String()); err != nil || again != p {
			t.Errorf("Parse(%s) = %+v, %v, want %+v", p, again, err, p)
		}
	}
}

// TestDescriptorWords holds 3D layers and the words with a plus.
func TestDescriptorWords(t *testing.T) {
	for _, c := range []struct {
		in, shortest string
		want         Problem // beyond Batch, Groups and channels of 1
	}{
		{"ic1id4oc1kd3pd1", "ic1id4oc1kd3pd1",
			Problem{Z: Axis{4, 4, 3, 1, 1, 1}, H: Axis{4, 4, 3, 1, 1, 1}, W: Axis{4, 4, 3, 1, 1, 1}}},
		{"ic1id4ih5iw6oc1kd1kh2kw3", "ic1id4ih5iw6oc1kd1kh2kw3",
			Problem{Z: Axis{4, 4, 1, 1, 0, 1}, H: Axis{5, 4, 2, 1, 0, 1}, W: Axis{6, 4, 3, 1, 0, 1}}},
		{"ic1id4ih5oc1kd3sd2sh1", "ic1id4ih5oc1kd3sd2sh1",
			Problem{Z: Axis{4, 1, 3, 2, 0, 1}, H: Axis{5, 3, 3, 1, 0, 1}, W: Axis{5, 3, 3, 1, 0, 1}}},
		{"ic1ih4oc1kh3+transposed", "ic1ih4oc1kh3+transposed",
			Problem{Transposed: true, Z: point, H: Axis{4, 6, 3, 1, 0, 1}, W: Axis{4, 6, 3, 1, 0, 1}}},
		{`ic1iw4oc1kw3pw2+replicate+unsharedn"x"`, `ic1iw4oc1kw3pw2+unshared+replicaten"x"`,
			Problem{Name: "x", Unshared: true, Padding: Replicate, Z: point, H: point, W: Axis{4, 6, 3, 1, 2, 1}}},
		{"ic1ih4oc1kh3ph3+reflect", "ic1ih4oc1kh3ph3+reflect",
			Problem{Padding: Reflect, Z: point, H: Axis{4, 8, 3, 1, 3, 1}, W: Axis{4, 8, 3, 1, 3, 1}}},
		{"ic1ih4oc1kh3ph4+circular", "ic1ih4oc1kh3ph4+circular",
			Problem{Padding: Circular, Z: point, H: Axis{4, 10, 3, 1, 4, 1}, W: Axis{4, 10, 3, 1, 4, 1}}},
	} {
		c.want.Batch, c.want.Groups, c.want.InChannels, c.want.OutChannels = 1, 1, 1, 1
		p, err := Parse(c.in)
		if err != nil || p != c.want || p.String() != c.shortest {
			t.Errorf("Parse(%s) = %+v, %v, prints %s; want %+v, %s", c.in, p, err, p, c.want, c.shortest)
		}
	}
}

func TestDescriptorRefused(t *testing.T) {
	for in, word := range map[string]string{
		"":                                 "ic is missing",
		"ic3ih5oc4":                        "kh is missing",
		"ic3oc4kh3iw5":                     "ih is missing",
		"ic3ih5oc4kh3ic4":                  "twice",
		"ic3ih5oc4kh3zz4":                  `"zz4"`,
		"ic3ih5oc4kh":                      "kh wants a whole number",
		"ic3ih5oc4kh-1":                    "kh wants a whole number",
		"ic3ih5oc4kh99999999999":           "kh wants a whole number",
		"ic3ih5oc4kh3 ":                    "expected one of",
		"ic3ih5oc4oh0kh3":                  "oh wants a whole number from 1",
		"ic3ih5oc4kh7":                     "does not fit",
		"g2ic3ih5oc4kh3":                   "groups",
		`ic3ih5oc4kh3n"a`:                  "name",
		`ic3ih5oc4kh3n"a"b"`:               "name",
		`ic3ih5oc4kh3na`:                   "name",
		"ic3ih5oc4kh3+mirror":              "+mirror: must be one of +transposed",
		"ic3ih5oc4kh3+unshared+unshared":   "stands twice",
		"ic3ih5oc4kh3ph1+reflect+circular": "one kind of padding",
		"ic3ih5oc4kh3+transposed+unshared": "not both",
		"ic3ih5oc4kh3+transposed+reflect":  "zeros only",
		"ic3ih5oc4kh3ph5+reflect":          "must be at most 4",
		"ic3ih5oc4kh3ph6+circular":         "must be at most 5",
		"ic3ih2oc4kh3ph4+transposed":       "is not positive",
		"ic3id5oc4kh3":                     "kd is missing",
		"ic3ih5oc4kh3sh0":                  "sh wants a whole number from 1",
	} {
		_, err := Parse(in)
		if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), word) {
			t.Errorf("Parse(%q): error %v, want ErrInvalid with %q", in, err, word)
		}
	}
}

// FuzzParse holds that whatever parses prints a descriptor that parses to the same problem, and that
// the counts of a problem that was accepted do not overflow.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`g1mb1ic64iw56ih56oc64ow56oh56kw3kh3sw1sh1pw1ph1dw0dh0n"x"`, `ic1iw9oc1kw3ow9`,
		`ic1ih6iw8oc1oh3kh3sh2`, `ic1ih3oc1oh9ow1kh2ph4dh3`} {
		f.Add(s)
	}
	for _, s := range []string{`ic1id3ih4oc1kd2kw3+unshared`, `ic1ih4oc1oh9kh3sh2+transposed`,
		`ic1ih4oc1kh3ph2+reflectn"r"`, `ic1ih4oc1kh3ph2+circular+unshared`, `ic1id1oc1kd1`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := Parse(s)
		if err != nil {
			if !errors.Is(err, ErrInvalid) {
				t.Fatalf("Parse(%q): %v is not ErrInvalid", s, err)
			}
			return
		}
		again, err := Parse(p.String())
		if err != nil || again != p {
			t.Fatalf("Parse(%q) = %+v prints %s, which parses to %+v, %v", s, p, p, again, err)
		}
		if p.FLOPs() <= 0 || p.Bytes().Total() <= 0 || p.Counts().Shared <= 0 {
			t.Fatalf("Parse(%q): counts overflow: %d FLOPs, %+v, %+v", s, p.FLOPs(), p.Bytes(), p.Counts())
		}
	})
}
